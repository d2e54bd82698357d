package redstuff

import (
	"fmt"
	"io"
)

// A segment is a rectangle of symbols in memory: that of row r and column c begins at
// r*rowStep + c*colStep. A rowStep of zero repeats one row.
type segment struct {
	data             []byte
	rows             int
	rowStep, colStep int
}

// A source is the matrix that a blob fills: k1 rows of k2 symbols, zero after the blob's end.
// Sources are safe for concurrent use.
type source interface {
	// row returns bytes [from, to) of each symbol of row i, step bytes apart. It may use w.read.
	row(w *worker, i, from, to int) (symbols []byte, step int, err error)
	// columns appends columns [first, end), both below k2, to into, in segments from the top row to
	// the last. It may use w.read and load columns up to ahead, which it keeps there for the next call.
	columns(w *worker, into []segment, first, end, ahead int) ([]segment, error)
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

func (m *memory) row(_ *worker, i, from, _ int) ([]byte, int, error) {
	return m.sliver(i)[from:], m.s, nil
}

func (m *memory) columns(_ *worker, into []segment, first, _, _ int) ([]segment, error) {
	at := first * m.s
	left := m.k1
	if m.full > 0 {
		into = append(into, segment{m.blob[at:], m.full, m.rowSize(), m.s})
		left -= m.full
	}
	if m.partial != nil {
		into = append(into, segment{m.partial[at:], 1, 0, m.s})
		left--
	}
	if left > 0 {
		into = append(into, segment{m.zero[at:], left, 0, m.s})
	}
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

func (f *file) row(w *worker, i, from, to int) ([]byte, int, error) {
	at, size := int64(i)*int64(f.rowSize()), to-from
	buf := grow(&w.read, f.k2*size)
	if size == f.s {
		return buf, size, f.read(buf, at)
	}
	for j := range f.k2 {
		if err := f.read(buf[j*size:(j+1)*size], at+int64(j*f.s+from)); err != nil {
			return nil, 0, err
		}
	}
	return buf, size, nil
}

func (f *file) columns(w *worker, into []segment, first, end, ahead int) ([]segment, error) {
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
	return append(into, segment{w.read[(first-w.readFirst)*f.s:], f.k1, width, f.s}), nil
}
