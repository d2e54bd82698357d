package rs

import (
	"encoding/binary"

	"github.com/walrus-go/walrus/gf"
)

// A Layout places symbols of one size side by side in a row of a work area.
//
// First come the whole blocks of every symbol, then their tails. A tail, what a symbol has beyond
// whole blocks, is split into low and high bytes on the wire and becomes a few elements of a block
// here; as many tails share a block as fit, so that a row of 2-byte symbols holds 32 of them per block.
// Bytes of a row that belong to no symbol take part in the arithmetic and mean nothing.
//
// Source: spec: encoding.md section 3.6.
type Layout struct {
	size  int // bytes of a symbol, even
	count int // symbols in a row
	whole int // bytes of a symbol in whole blocks
	tail  int // elements of a symbol beyond that, below 32
	slots int // tails that share a block
}

// half is the number of elements in a block.
const half = gf.BlockSize / 2

// NewLayout returns the layout of count symbols of size bytes, which must be even and positive.
func NewLayout(size, count int) Layout {
	l := Layout{size: size, count: count, whole: size &^ (gf.BlockSize - 1)}
	l.tail = (size - l.whole) / 2
	if l.tail > 0 {
		l.slots = half / l.tail
	}
	return l
}

// Fit returns how many symbols of size bytes, at least one, a row of width bytes holds.
func Fit(size, width int) int {
	l := NewLayout(size, 1)
	if l.tail == 0 {
		return max(1, width/l.whole)
	}
	// A group is as many symbols as share a tail block.
	group := l.slots*l.whole + gf.BlockSize
	count := width / group * l.slots
	if left := width%group - gf.BlockSize; left > 0 && l.whole > 0 {
		count += left / l.whole
	}
	return max(1, count)
}

// Width returns the bytes of a row, a multiple of [gf.BlockSize].
func (l Layout) Width() int {
	width := l.count * l.whole
	if l.tail > 0 {
		width += (l.count + l.slots - 1) / l.slots * gf.BlockSize
	}
	return width
}

// lanes returns where the low bytes of the tail of symbol i begin; the high bytes are half further.
func (l Layout) lanes(i int) int {
	if l.tail == 0 {
		return 0
	}
	return l.count*l.whole + i/l.slots*gf.BlockSize + i%l.slots*l.tail
}

// Put places symbol i in row.
func (l Layout) Put(row []byte, i int, symbol []byte) {
	copy(row[i*l.whole:(i+1)*l.whole], symbol)
	if l.tail > 0 {
		at, tail := l.lanes(i), symbol[l.whole:l.size]
		copy(row[at:at+l.tail], tail)
		copy(row[at+half:at+half+l.tail], tail[l.tail:])
	}
}

// Get copies symbol i of row to symbol.
func (l Layout) Get(symbol, row []byte, i int) {
	copy(symbol, row[i*l.whole:(i+1)*l.whole])
	if l.tail > 0 {
		at, tail := l.lanes(i), symbol[l.whole:l.size]
		copy(tail, row[at:at+l.tail])
		copy(tail[l.tail:], row[at+half:at+half+l.tail])
	}
}

// Load places symbols from src, stride bytes apart, as symbol i of count rows of work.
func (l Layout) Load(work []byte, i int, src []byte, stride, count int) {
	width, block, low := l.Width(), i*l.whole, l.lanes(i)
	if count == 0 {
		return
	}
	m := moves{
		dst: pieces(work, block, low, low+half, count*width), dstStep: width,
		src: pieces(src, 0, l.whole, l.whole+l.tail, (count-1)*stride+l.size), srcStep: stride,
		count: count, whole: l.whole, tail: l.tail,
	}
	if moveRows(gf.Active().Name, &m) {
		return
	}
	for r := range count {
		row, symbol := work[r*width:(r+1)*width], src[r*stride:][:l.size]
		if l.whole > 0 {
			copy(row[block:block+l.whole], symbol)
		}
		if l.tail > 0 {
			move(row[low:], symbol[l.whole:], l.tail)
			move(row[low+half:], symbol[l.whole+l.tail:], l.tail)
		}
	}
}

// Store copies symbol i of count rows of work to dst, stride bytes apart.
func (l Layout) Store(dst []byte, stride int, work []byte, i, count int) {
	width, block, low := l.Width(), i*l.whole, l.lanes(i)
	if count == 0 {
		return
	}
	m := moves{
		dst: pieces(dst, 0, l.whole, l.whole+l.tail, (count-1)*stride+l.size), dstStep: stride,
		src: pieces(work, block, low, low+half, count*width), srcStep: width,
		count: count, whole: l.whole, tail: l.tail,
	}
	if moveRows(gf.Active().Name, &m) {
		return
	}
	for r := range count {
		row, symbol := work[r*width:(r+1)*width], dst[r*stride:][:l.size]
		if l.whole > 0 {
			copy(symbol, row[block:block+l.whole])
		}
		if l.tail > 0 {
			move(symbol[l.whole:], row[low:], l.tail)
			move(symbol[l.whole+l.tail:], row[low+half:], l.tail)
		}
	}
}

// Copy copies count symbols of size bytes, even and positive, from src to dst. They lie srcStride
// and dstStride bytes apart.
func Copy(dst []byte, dstStride int, src []byte, srcStride, size, count int) {
	if count == 0 {
		return
	}
	whole := size &^ (gf.BlockSize - 1)
	tail := (size - whole) / 2
	m := moves{
		dst: pieces(dst, 0, whole, whole+tail, (count-1)*dstStride+size), dstStep: dstStride,
		src: pieces(src, 0, whole, whole+tail, (count-1)*srcStride+size), srcStep: srcStride,
		count: count, whole: whole, tail: tail,
	}
	if moveRows(gf.Active().Name, &m) {
		return
	}
	for r := range count {
		copy(dst[r*dstStride:][:size], src[r*srcStride:])
	}
}

// move copies n bytes, 1 to 31, faster than copy does.
func move(dst, src []byte, n int) {
	dst, src = dst[:n], src[:n]
	switch {
	case n >= 16:
		a, b := *(*[16]byte)(src), *(*[16]byte)(src[n-16:])
		*(*[16]byte)(dst), *(*[16]byte)(dst[n-16:]) = a, b
	case n >= 8:
		a, b := binary.LittleEndian.Uint64(src), binary.LittleEndian.Uint64(src[n-8:])
		binary.LittleEndian.PutUint64(dst, a)
		binary.LittleEndian.PutUint64(dst[n-8:], b)
	case n >= 4:
		a, b := binary.LittleEndian.Uint32(src), binary.LittleEndian.Uint32(src[n-4:])
		binary.LittleEndian.PutUint32(dst, a)
		binary.LittleEndian.PutUint32(dst[n-4:], b)
	default:
		a, b, c := src[0], src[n/2], src[n-1]
		dst[0], dst[n/2], dst[n-1] = a, b, c
	}
}
