package redstuff

import (
	"fmt"
	"io"

	"github.com/walrus-go/walrus/rs"
)

// A source is the matrix that a blob fills: k1 rows of k2 symbols, zero after the blob's end.
// Sources are safe for concurrent use.
type source interface {
	// rows appends bytes [from, to) of the symbols of the rows [top, bottom) to into: their k2 symbols are
	// columns of the rectangles there. It may use w.read.
	rows(w *worker, into []rs.Rect, top, bottom, from, to int) ([]rs.Rect, error)
	// columns appends columns [first, end), both below k2, to into, in rectangles from the top row to
	// the last. It may use w.read and load columns up to ahead, which it keeps there for the next call.
	columns(w *worker, into []rs.Rect, first, end, ahead int) ([]rs.Rect, error)
}

// shape is what the geometry of a matrix of symbols consists of.
type shape struct{ k1, k2, s int }

func (m shape) rowSize() int { return m.k2 * m.s }

// A memory is the source over a blob in memory. Whole rows are the blob's own bytes.
type memory struct {
	shape
	blob    []byte
	full    int    // rows that lie in blob
	partial []byte // the row that the blob fills in part, or nil
	zero    []byte // all further rows, or nil
}

func newMemory(m shape, blob []byte) *memory {
	row := m.rowSize()
	mem := &memory{shape: m, blob: blob, full: len(blob) / row}
	if mem.full == m.k1 {
		return mem
	}
	pad := make([]byte, 2*row)
	mem.partial, mem.zero = pad[:row:row], pad[row:]
	if copy(mem.partial, blob[mem.full*row:]) == 0 {
		mem.partial = nil
	}
	return mem
}

// sliver returns row i, which nobody may change.
func (m *memory) sliver(i int) []byte {
	size := m.rowSize()
	switch {
	case i < m.full:
		return m.blob[i*size : (i+1)*size : (i+1)*size]
	case i == m.full && m.partial != nil:
		return m.partial
	}
	return m.zero
}

// parts calls do for the runs of the rows [top, bottom) that are full, partial and zero: data and
// the distance of rows in it.
func (m *memory) parts(top, bottom int, do func(data []byte, rows, step int)) {
	if n := min(m.full, bottom) - top; n > 0 {
		do(m.blob[top*m.rowSize():], n, m.rowSize())
		top += n
	}
	if m.partial != nil && top == m.full && top < bottom {
		do(m.partial, 1, 0)
		top++
	}
	if top < bottom {
		do(m.zero, bottom-top, 0)
	}
}

func (m *memory) rows(_ *worker, into []rs.Rect, top, bottom, from, _ int) ([]rs.Rect, error) {
	m.parts(top, bottom, func(data []byte, rows, step int) {
		into = append(into, rs.Rect{Data: data[from:], Cols: rows, ColStep: step, Rows: m.k2, RowStep: m.s})
	})
	return into, nil
}

func (m *memory) columns(_ *worker, into []rs.Rect, first, end, _ int) ([]rs.Rect, error) {
	m.parts(0, m.k1, func(data []byte, rows, step int) {
		into = append(into, rs.Rect{Data: data[first*m.s:], Cols: end - first, ColStep: m.s, Rows: rows, RowStep: step})
	})
	return into, nil
}

// A file is the source over a blob that stays where it is.
type file struct {
	shape
	from io.ReaderAt
	size int64
}

// read fills b from the blob at offset at, with zeros after its end.
func (f *file) read(b []byte, at int64) error {
	have := max(0, min(int64(len(b)), f.size-at))
	clear(b[have:])
	if have == 0 {
		return nil
	}
	n, err := f.from.ReadAt(b[:have], at)
	if int64(n) == have {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("redstuff: blob of %d bytes ends at %d: %w", f.size, at+int64(n), err)
}

func (f *file) rows(w *worker, into []rs.Rect, top, bottom, from, to int) ([]rs.Rect, error) {
	size, row := to-from, int64(f.rowSize())
	buf := grow(&w.read, (bottom-top)*f.k2*size)
	into = append(into, rs.Rect{Data: buf, Cols: bottom - top, ColStep: f.k2 * size, Rows: f.k2, RowStep: size})
	if size == f.s {
		return into, f.read(buf, int64(top)*row)
	}
	for i := top; i < bottom; i++ {
		for j := range f.k2 {
			if err := f.read(buf[:size], int64(i)*row+int64(j*f.s+from)); err != nil {
				return nil, err
			}
			buf = buf[size:]
		}
	}
	return into, nil
}

func (f *file) columns(w *worker, into []rs.Rect, first, end, ahead int) ([]rs.Rect, error) {
	if w.readEnd == 0 || first < w.readFirst || end > w.readEnd {
		width := (ahead - first) * f.s
		buf := grow(&w.read, f.k1*width)
		for i := range f.k1 {
			if err := f.read(buf[i*width:(i+1)*width], int64(i)*int64(f.rowSize())+int64(first*f.s)); err != nil {
				w.readEnd = 0
				return nil, err
			}
		}
		w.readFirst, w.readEnd = first, ahead
	}
	width := (w.readEnd - w.readFirst) * f.s
	return append(into, rs.Rect{Data: w.read[(first-w.readFirst)*f.s:], Cols: end - first, ColStep: f.s, Rows: f.k1, RowStep: width}), nil
}
