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
// [Code.Commit] for checks of the result. [Code.Rows] does without room for the result.
//
// If dst has the capacity for the whole matrix, [Code.PaddedSize], the blob is put there; otherwise,
// or if dst is nil, memory is allocated. The result has size bytes and shares nothing with the slivers.
//
// Errors: [ErrBlobTooLarge], [ErrTooFewSlivers], [ErrIndex], [ErrDuplicate], [ErrSliverSize].
// Source: spec: encoding.md section 9.
func (c *Code) Decode(dst []byte, axis Axis, size uint64, slivers []Sliver) ([]byte, error) {
	in, err := c.known(axis, size, slivers)
	if err != nil {
		return nil, err
	}
	row := c.Source(Secondary) * in.s
	grow(&dst, c.Source(Primary)*row)
	if axis == Primary {
		in.out, in.step = split(dst, row, len(in.data)), in.s
	} else {
		in.out, in.step = split(dst, in.s, len(in.data)), row
	}
	in.decode()
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
	in := &lines{s: s, count: 1}
	for _, symbol := range symbols[:k] {
		if len(symbol.Data) != s {
			return nil, fmt.Errorf("%w: %d and %d bytes", ErrSymbolSize, s, len(symbol.Data))
		}
		in.add(symbol.Index, symbol.Data)
	}
	if err := in.prepare(c.lines[axis.Other()]); err != nil {
		return nil, err
	}
	sliver := make([]byte, k*s)
	in.out, in.step = split(sliver, s, k), s
	in.decode()
	return sliver, nil
}

// Lines are parallel codewords of which the same positions are known.
type lines struct {
	*rs.Decoder
	s, count  int      // symbol size and number of lines
	positions []int    // what is known, in any order
	data      [][]byte // for each position the symbols of all lines, end to end

	// Original m of line l goes to out[m][l*step:], unless out[m] is nil, as it may be for one that is known.
	out  [][]byte
	step int
}

// known checks the slivers that a blob of size bytes is to be decoded from and returns them as lines,
// which are columns for primary slivers and rows for secondary ones.
func (c *Code) known(axis Axis, size uint64, slivers []Sliver) (*lines, error) {
	s, err := c.SymbolSize(size)
	if err != nil {
		return nil, err
	}
	if c.cells()*uint64(s) > math.MaxInt {
		return nil, fmt.Errorf("%w: %d bytes do not fit the address space", ErrBlobTooLarge, size)
	}
	k := c.Source(axis)
	if len(slivers) < k {
		return nil, fmt.Errorf("%w: %d %v ones, need %d", ErrTooFewSlivers, len(slivers), axis, k)
	}
	in := &lines{s: s, count: c.Symbols(axis)}
	for _, sliver := range slivers[:k] {
		if len(sliver.Data) != c.SliverSize(axis, s) {
			return nil, fmt.Errorf("%w: %v sliver %d has %d bytes, want %d", ErrSliverSize, axis, sliver.Index, len(sliver.Data), c.SliverSize(axis, s))
		}
		in.add(sliver.Index, sliver.Data)
	}
	return in, in.prepare(c.lines[axis])
}

func (in *lines) add(position int, data []byte) {
	in.positions, in.data = append(in.positions, position), append(in.data, data)
}

// prepare makes the decoder once everything known has been added.
func (in *lines) prepare(code *rs.Code) (err error) {
	in.Decoder, err = code.Decoder(in.positions)
	switch {
	case errors.Is(err, rs.ErrDuplicate):
		return fmt.Errorf("%w: %w", ErrDuplicate, err)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrIndex, err)
	}
	return nil
}

// split returns the count slices of b that begin at 0, step, 2*step and so on.
func split(b []byte, step, count int) [][]byte {
	parts := make([][]byte, count)
	for i := range parts {
		parts[i] = b[i*step:]
	}
	return parts
}

// decode fills in the originals of all lines.
func (in *lines) decode() {
	solve := len(in.Missing()) > 0
	strip, batch := fit(in.Rows(), in.s, max(1, in.count/8))
	if !solve {
		strip, batch = in.s, max(1, min(in.count, copyBytes/(in.s*len(in.data))))
	}
	strips := (in.s + strip - 1) / strip
	batches := (in.count + batch - 1) / batch
	limit := goroutines(in.count*len(in.data), in.s)
	// Decoding cannot fail.
	_ = parallel(limit, strips*batches, func(w *worker, t int) error {
		from, first := t%strips*strip, t/strips*batch
		to, end := min(from+strip, in.s), min(first+batch, in.count)
		in.keep(first, end, from, to)
		if solve {
			in.solve(w, first, end, from, to)
		}
		return nil
	})
}

// copyBytes is about how much one task copies when there is nothing to solve.
const copyBytes = 4 << 20

// keep copies bytes [from, to) of the known originals of the lines [first, end).
func (in *lines) keep(first, end, from, to int) {
	whole := in.step == in.s && to-from == in.s
	for i, p := range in.positions {
		switch {
		case p >= len(in.out) || in.out[p] == nil:
		case whole:
			copy(in.out[p][first*in.s:], in.data[i][first*in.s:end*in.s])
		default:
			rs.Copy(
				rs.Rect{Data: in.out[p][first*in.step+from:], Cols: 1, Rows: end - first, RowStep: in.step},
				rs.Rect{Data: in.data[i][first*in.s+from:], Cols: 1, Rows: end - first, RowStep: in.s}, to-from)
		}
	}
}

// solve recovers bytes [from, to) of the missing originals of the lines [first, end). It has read what is
// known of these before it writes.
func (in *lines) solve(w *worker, first, end, from, to int) {
	layout := rs.NewLayout(to-from, end-first)
	width := layout.Width()
	work := grow(&w.rows, in.Rows()*width)
	for i, p := range in.positions {
		row := work[in.Row(p)*width:][:width]
		for l := first; l < end; l++ {
			layout.Put(row, l-first, in.data[i][l*in.s+from:l*in.s+to])
		}
	}
	in.DecodeRows(work, width)
	for _, m := range in.Missing() {
		row := work[in.Row(m)*width:][:width]
		for l := first; l < end; l++ {
			layout.Get(in.out[m][l*in.step+from:l*in.step+to], row, l-first)
		}
	}
}
