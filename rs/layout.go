package rs

import "github.com/walrus-go/walrus/gf"

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

// A Rect is symbols in memory, Cols columns of Rows of them: symbol r of column c begins at
// c*ColStep + r*RowStep of Data. Symbols that are only read may lie over one another.
type Rect struct {
	Data             []byte
	Cols, Rows       int
	ColStep, RowStep int
}

// From returns the rectangle that begins at byte at.
func (r Rect) From(at int) Rect {
	r.Data = r.Data[at:]
	return r
}

// Columns returns the columns [first, end).
func (r Rect) Columns(first, end int) Rect {
	r.Data, r.Cols = r.Data[first*r.ColStep:], end-first
	return r
}

// span returns the memory of symbols of size bytes, of which there is at least one.
func (r Rect) span(size int) []byte {
	return r.Data[:(r.Cols-1)*r.ColStep+(r.Rows-1)*r.RowStep+size]
}

// Load places columns of symbols in work: column c becomes symbol first+c of as many rows as it has symbols.
func (l Layout) Load(work []byte, first int, from Rect) {
	if from.Cols == 0 || from.Rows == 0 {
		return
	}
	width := l.Width()
	src, work := from.span(l.size), work[:from.Rows*width]
	m := moves{kernel: gf.Active().Name, dstStep: width, srcStep: from.RowStep, count: from.Rows, whole: l.whole, tail: l.tail}
	at, to := l.wire(), l.place(first)
	for range from.Cols {
		m.run(work, src, to.pieces, at)
		at.add(from.ColStep)
		to.next(l)
	}
}

// Store is the opposite of [Layout.Load]: it copies symbols out of work.
func (l Layout) Store(to Rect, work []byte, first int) {
	if to.Cols == 0 || to.Rows == 0 {
		return
	}
	width := l.Width()
	dst, work := to.span(l.size), work[:to.Rows*width]
	m := moves{kernel: gf.Active().Name, dstStep: to.RowStep, srcStep: width, count: to.Rows, whole: l.whole, tail: l.tail}
	at, from := l.wire(), l.place(first)
	for range to.Cols {
		m.run(dst, work, at, from.pieces)
		at.add(to.ColStep)
		from.next(l)
	}
}

// Copy copies symbols of size bytes, even and positive, to as many others.
func Copy(to, from Rect, size int) {
	if from.Cols == 0 || from.Rows == 0 {
		return
	}
	l := NewLayout(size, 1)
	src, dst := from.span(size), to.span(size)
	m := moves{kernel: gf.Active().Name, dstStep: to.RowStep, srcStep: from.RowStep, count: from.Rows, whole: l.whole, tail: l.tail}
	at, place := l.wire(), l.wire()
	for range from.Cols {
		m.run(dst, src, place, at)
		at.add(from.ColStep)
		place.add(to.ColStep)
	}
}

// wire returns where the pieces of a symbol are from its beginning.
func (l Layout) wire() pieces {
	if l.tail == 0 {
		return pieces{}
	}
	return pieces{0, l.whole, l.whole + l.tail}
}

// A place is where the pieces of a symbol are in a row.
type place struct {
	pieces
	slot int // of its tail in the block
}

// place returns the place of symbol i.
func (l Layout) place(i int) place {
	low := l.lanes(i)
	p := place{pieces: pieces{i * l.whole, low, low + half}}
	if l.tail > 0 {
		p.slot = i % l.slots
	}
	return p
}

// next moves on to the next symbol.
func (p *place) next(l Layout) {
	p.pieces[0] += l.whole
	if l.tail == 0 {
		return
	}
	step := l.tail
	if p.slot++; p.slot == l.slots {
		p.slot, step = 0, gf.BlockSize-(l.slots-1)*l.tail
	}
	p.pieces[1] += step
	p.pieces[2] += step
}
