package rs

import "github.com/walrus-go/walrus/gf"

// A Layout places symbols of one size side by side in a row of a work area.
//
// First come the whole blocks of every symbol, then their tails. A tail, what a symbol has beyond
// whole blocks, is split into low and high bytes on the wire and becomes a few elements of a block
// here; as many tails share a block as fit, so that a row of 2-byte symbols holds 32 of them per block.
// Bytes of a row that belong to no symbol take part in the arithmetic and mean nothing.
//
// Methods take pointers: a copy of fields that were stored a moment ago, one by one, waits for all of them,
// which small symbols notice.
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

// Fit returns how many symbols of size bytes, at least one, a row of width bytes holds, which [Layout.Width] may add a block
// to.
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
func (l *Layout) Width() int {
	width := l.count * l.whole
	if l.tail > 0 {
		width += (l.count + l.slots - 1) / l.slots * gf.BlockSize
	}
	if width%page == 0 {
		width += gf.BlockSize
	}
	return width
}

// page is the distance at which bytes share a place in a first-level cache. Transforms work on up to 16 rows at once, for
// which there is no room in one place; with a block more between them they take half the time.
const page = 4 << 10

// lanes returns where the low bytes of the tail of symbol i begin; the high bytes are half further.
func (l *Layout) lanes(i int) int {
	if l.tail == 0 {
		return 0
	}
	return l.count*l.whole + i/l.slots*gf.BlockSize + i%l.slots*l.tail
}

// Put places symbol i in row.
func (l *Layout) Put(row []byte, i int, symbol []byte) {
	copy(row[i*l.whole:(i+1)*l.whole], symbol)
	if l.tail > 0 {
		at, tail := l.lanes(i), symbol[l.whole:l.size]
		copy(row[at:at+l.tail], tail)
		copy(row[at+half:at+half+l.tail], tail[l.tail:])
	}
}

// Get copies symbol i of row to symbol.
func (l *Layout) Get(symbol, row []byte, i int) {
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
func (r *Rect) span(size int) []byte {
	return r.Data[:(r.Cols-1)*r.ColStep+(r.Rows-1)*r.RowStep+size]
}

// Load places columns of symbols in work: column c becomes symbol first+c of as many rows as it has symbols.
func (l *Layout) Load(work []byte, first int, from Rect) {
	if from.Cols == 0 || from.Rows == 0 {
		return
	}
	width := l.Width()
	m := moves{l, work[:from.Rows*width], from.span(l.size), width, from.RowStep, from.Rows, 0}
	for c := 0; c < from.Cols; c += m.cols {
		place, next := l.place(first + c)
		m.cols = l.run(first+c, from.Cols-c)
		m.run(place, l.wire(c*from.ColStep), next, step{from.ColStep, from.ColStep})
	}
}

// Store is the opposite of [Layout.Load]: it copies symbols out of work.
func (l *Layout) Store(to Rect, work []byte, first int) { l.StoreEnds(to, work, first, 0) }

// StoreEnds copies what symbols have from byte from on, a multiple of [gf.BlockSize] below their size, out
// of work; to places those ends.
func (l *Layout) StoreEnds(to Rect, work []byte, first, from int) {
	if to.Cols == 0 || to.Rows == 0 {
		return
	}
	ends := *l
	ends.size, ends.whole = l.size-from, l.whole-from
	width := l.Width()
	m := moves{&ends, to.span(ends.size), work[:to.Rows*width], to.RowStep, width, to.Rows, 0}
	for c := 0; c < to.Cols; c += m.cols {
		place, next := l.place(first + c)
		place.whole += from
		m.cols = l.run(first+c, to.Cols-c)
		m.run(ends.wire(c*to.ColStep), place, step{to.ColStep, to.ColStep}, next)
	}
}

// Whole returns how many bytes of a symbol, from its first one on, are in a row of a work area as they are in the symbol.
// Those of symbol i begin at i times as many.
func (l *Layout) Whole() int { return l.whole }

// Copy copies symbols of size bytes, even and positive, to as many others.
func Copy(to, from Rect, size int) {
	if from.Cols == 0 || from.Rows == 0 {
		return
	}
	l := NewLayout(size, 1)
	m := moves{&l, to.span(size), from.span(size), to.RowStep, from.RowStep, from.Rows, from.Cols}
	m.run(l.wire(0), l.wire(0), step{to.ColStep, to.ColStep}, step{from.ColStep, from.ColStep})
}

// wire returns where the pieces of a symbol are that begins at byte at.
func (l *Layout) wire(at int) pieces {
	if l.tail == 0 {
		return pieces{at, at, at}
	}
	return pieces{at, at + l.whole, at + l.whole + l.tail}
}

// place returns where the pieces of symbol i are in a row, and how far those of the next one are, as long as
// the run goes on.
func (l *Layout) place(i int) (pieces, step) {
	if l.tail == 0 {
		return pieces{i * l.whole, 0, 0}, step{l.whole, 0}
	}
	low, next := l.lanes(i), l.tail
	if l.slots == 1 {
		next = gf.BlockSize
	}
	return pieces{i * l.whole, low, low + half}, step{l.whole, next}
}

// run returns for how many symbols from symbol i on, at most most, the distance to the next one is the same:
// as far as their tails share a block or have one each.
func (l *Layout) run(i, most int) int {
	if l.slots <= 1 {
		return most
	}
	return min(most, l.slots-i%l.slots)
}
