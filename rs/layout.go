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

// A Rect is symbols in memory, Cols columns of Rows of them: symbol r of column c begins at
// c*ColStep + r*RowStep of Data. Symbols that are only read may lie over one another.
type Rect struct {
	Data             []byte
	Cols, Rows       int
	ColStep, RowStep int
}

// One is the rectangle of a single symbol.
func One(symbol []byte) Rect { return Rect{Data: symbol, Cols: 1, Rows: 1} }

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
// Kernels are for columns; a symbol by itself is copied faster without.
func (l Layout) Load(work []byte, first int, from Rect) {
	if from.Cols == 0 || from.Rows == 0 {
		return
	}
	kernel, width := gf.Active().Name, l.Width()
	src, work := from.span(l.size), work[:from.Rows*width]
	m := moves{dstStep: width, srcStep: from.RowStep, count: from.Rows, whole: l.whole, tail: l.tail}
	for c := range from.Cols {
		at, to := l.wire(c*from.ColStep), l.place(first+c)
		m.src, m.dst = at.in(src), to.in(work)
		if m.count == 1 || !moveRows(kernel, &m) {
			m.generic(work, src, to, at)
		}
	}
}

// Store is the opposite of [Layout.Load]: it copies symbols out of work.
func (l Layout) Store(to Rect, work []byte, first int) {
	if to.Cols == 0 || to.Rows == 0 {
		return
	}
	kernel, width := gf.Active().Name, l.Width()
	dst, work := to.span(l.size), work[:to.Rows*width]
	m := moves{dstStep: to.RowStep, srcStep: width, count: to.Rows, whole: l.whole, tail: l.tail}
	for c := range to.Cols {
		at, from := l.wire(c*to.ColStep), l.place(first+c)
		m.src, m.dst = from.in(work), at.in(dst)
		if m.count == 1 || !moveRows(kernel, &m) {
			m.generic(dst, work, at, from)
		}
	}
}

// Copy copies symbols of size bytes, even and positive, to as many others.
func Copy(to, from Rect, size int) {
	if from.Cols == 0 || from.Rows == 0 {
		return
	}
	l, kernel := NewLayout(size, 1), gf.Active().Name
	src, dst := from.span(size), to.span(size)
	m := moves{dstStep: to.RowStep, srcStep: from.RowStep, count: from.Rows, whole: l.whole, tail: l.tail}
	for c := range from.Cols {
		at, place := l.wire(c*from.ColStep), l.wire(c*to.ColStep)
		m.src, m.dst = at.in(src), place.in(dst)
		if m.count == 1 || !moveRows(kernel, &m) {
			m.generic(dst, src, place, at)
		}
	}
}

// wire returns where the pieces of a symbol are that begins at byte at.
func (l Layout) wire(at int) pieces {
	if l.tail == 0 {
		return pieces{at, at, at}
	}
	return pieces{at, at + l.whole, at + l.whole + l.tail}
}

// place returns where the pieces of symbol i are in a row.
func (l Layout) place(i int) pieces {
	low := l.lanes(i)
	return pieces{i * l.whole, low, low + half}
}
