package redstuff

import (
	"errors"
	"fmt"
	"math"

	"github.com/walrus-go/walrus/rs"
)

// A Sliver is a sliver's bytes with its index on its axis.
type Sliver struct {
	Index int
	Data  []byte
}

// Decode brings back a blob of size bytes from slivers of one axis: the first Source(axis) of
// slivers are used and further ones ignored. Nothing is verified; see [Code.Systematic] and
// [Code.Commit] for checks of the result.
//
// If dst has the capacity for the whole matrix, [Code.PaddedSize], the blob is put there; otherwise,
// or if dst is nil, memory is allocated. The result has size bytes and shares nothing with the slivers.
//
// Errors: [ErrBlobTooLarge], [ErrTooFewSlivers], [ErrIndex], [ErrDuplicate], [ErrSliverSize].
// Source: spec: encoding.md section 9.
func (c *Code) Decode(dst []byte, axis Axis, size uint64, slivers []Sliver) ([]byte, error) {
	s, err := c.SymbolSize(size)
	if err != nil {
		return nil, err
	}
	padded := c.cells() * uint64(s)
	if padded > math.MaxInt {
		return nil, fmt.Errorf("%w: %d bytes do not fit the address space", ErrBlobTooLarge, size)
	}
	k := c.Source(axis)
	if len(slivers) < k {
		return nil, fmt.Errorf("%w: %d %v ones, need %d", ErrTooFewSlivers, len(slivers), axis, k)
	}
	in := lines{code: c.lines[axis], s: s, count: c.Symbols(axis)}
	for _, sliver := range slivers[:k] {
		if len(sliver.Data) != c.SliverSize(axis, s) {
			return nil, fmt.Errorf("%w: %v sliver %d has %d bytes, want %d", ErrSliverSize, axis, sliver.Index, len(sliver.Data), c.SliverSize(axis, s))
		}
		in.positions = append(in.positions, sliver.Index)
		in.data = append(in.data, sliver.Data)
	}
	in.lineStep, in.symbolStep = s, c.Source(Secondary)*s
	if axis == Secondary {
		in.lineStep, in.symbolStep = in.symbolStep, in.lineStep
	}
	grow(&dst, int(padded))
	if err := in.decode(dst); err != nil {
		return nil, err
	}
	return dst[:size:size], nil
}

// PaddedSize returns the bytes of the whole matrix of a blob of size bytes: what [Code.Decode] needs
// of room. Errors: [ErrBlobTooLarge].
func (c *Code) PaddedSize(size uint64) (uint64, error) {
	s, err := c.SymbolSize(size)
	return c.cells() * uint64(s), err
}

// A Symbol is one symbol of the sliver to recover, with the index of the sliver of the other axis
// that it was taken from.
type Symbol struct {
	Index int
	Data  []byte
}

// Recover rebuilds a sliver from the symbols where slivers of the other axis cross it.
//
// The first Symbols(axis) of symbols are used and further ones ignored; all have one size. The
// result is freshly allocated and not yet checked: compare its [Code.SliverRoot] before use.
//
// Errors: [ErrTooFewSymbols], [ErrSymbolSize], [ErrIndex], [ErrDuplicate]. Source: spec: encoding.md
// section 11.1.
func (c *Code) Recover(axis Axis, symbols []Symbol) ([]byte, error) {
	k := c.Symbols(axis)
	if len(symbols) < k {
		return nil, fmt.Errorf("%w: %d for a %v sliver, need %d", ErrTooFewSymbols, len(symbols), axis, k)
	}
	s := len(symbols[0].Data)
	if err := checkSymbolSize(s); err != nil {
		return nil, err
	}
	in := lines{code: c.lines[axis.Other()], s: s, count: 1, lineStep: s, symbolStep: s}
	for _, symbol := range symbols[:k] {
		if len(symbol.Data) != s {
			return nil, fmt.Errorf("%w: %d and %d bytes", ErrSymbolSize, s, len(symbol.Data))
		}
		in.positions = append(in.positions, symbol.Index)
		in.data = append(in.data, symbol.Data)
	}
	sliver := make([]byte, k*s)
	if err := in.decode(sliver); err != nil {
		return nil, err
	}
	return sliver, nil
}

// Lines are parallel codewords of which the same positions are known.
type lines struct {
	code      *rs.Code
	s, count  int      // symbol size and number of lines
	positions []int    // what is known, in any order
	data      [][]byte // for each position the symbols of all lines, end to end

	lineStep, symbolStep int // where original m of line l goes: l*lineStep + m*symbolStep
}

// decode writes the originals of all lines to dst.
func (in *lines) decode(dst []byte) error {
	d, err := in.code.Decoder(in.positions)
	switch {
	case errors.Is(err, rs.ErrDuplicate):
		return fmt.Errorf("%w: %w", ErrDuplicate, err)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrIndex, err)
	}
	strip, batch := fit(d.Rows(), in.s, max(1, in.count/8))
	if len(d.Missing()) == 0 {
		strip, batch = in.s, max(1, min(in.count, copyBytes/(in.s*len(in.data))))
	}
	strips := (in.s + strip - 1) / strip
	batches := (in.count + batch - 1) / batch
	limit := goroutines(in.count*len(in.data), in.s)
	return parallel(limit, strips*batches, func(w *worker, t int) error {
		from, first := t%strips*strip, t/strips*batch
		to, end := min(from+strip, in.s), min(first+batch, in.count)
		in.keep(dst, first, end, from, to)
		if len(d.Missing()) > 0 {
			in.solve(w, d, dst, first, end, from, to)
		}
		return nil
	})
}

// copyBytes is about how much one task copies when there is nothing to solve.
const copyBytes = 4 << 20

// keep copies bytes [from, to) of the known originals of the lines [first, end) to dst.
func (in *lines) keep(dst []byte, first, end, from, to int) {
	k := in.code.Originals()
	whole := in.lineStep == in.s && to-from == in.s
	for i, p := range in.positions {
		switch {
		case p >= k:
		case whole:
			copy(dst[first*in.s+p*in.symbolStep:], in.data[i][first*in.s:end*in.s])
		default:
			rs.Copy(
				rs.Rect{Data: dst[first*in.lineStep+p*in.symbolStep+from:], Cols: 1, Rows: end - first, RowStep: in.lineStep},
				rs.Rect{Data: in.data[i][first*in.s+from:], Cols: 1, Rows: end - first, RowStep: in.s}, to-from)
		}
	}
}

// solve recovers bytes [from, to) of the missing originals of the lines [first, end).
func (in *lines) solve(w *worker, d *rs.Decoder, dst []byte, first, end, from, to int) {
	layout := rs.NewLayout(to-from, end-first)
	width := layout.Width()
	work := grow(&w.rows, d.Rows()*width)
	for i, p := range in.positions {
		row := work[d.Row(p)*width:][:width]
		for l := first; l < end; l++ {
			layout.Put(row, l-first, in.data[i][l*in.s+from:l*in.s+to])
		}
	}
	d.DecodeRows(work, width)
	for _, m := range d.Missing() {
		row := work[d.Row(m)*width:][:width]
		for l := first; l < end; l++ {
			at := l*in.lineStep + m*in.symbolStep
			layout.Get(dst[at+from:at+to], row, l-first)
		}
	}
}
