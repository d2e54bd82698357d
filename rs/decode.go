package rs

import (
	"fmt"
	"slices"

	"github.com/walrus-go/walrus/gf"
)

// A Decoder brings the originals back from one pattern of k received positions. The work that
// depends on the pattern alone is done once, in [Code.Decoder]. It is safe for concurrent use.
//
// With Lambda the polynomial that is zero at the erased points, the product of the received values
// and Lambda is a polynomial known everywhere; its derivative at an erased point, divided by the
// derivative of Lambda there, is the missing value. Source: spec: encoding.md section 3.7.
type Decoder struct {
	code     *Code
	received []int    // positions in the order given
	missing  []int    // original positions that are not received
	rows     int      // points of the transform, a power of two
	end      int      // points from here on are known zeros
	scale    []uint16 // per point: what the received value is multiplied by, or zero
	unscale  []uint16 // per missing original: what the result is multiplied by
}

// Decoder returns the decoder for symbols at the given positions: exactly k of them, distinct, in
// any order.
//
// Errors: [ErrTooFew], [ErrSymbolCount] for more than k, [ErrPosition], [ErrDuplicate].
func (c *Code) Decoder(positions []int) (*Decoder, error) {
	switch {
	case len(positions) < c.k:
		return nil, fmt.Errorf("%w: %d, need %d", ErrTooFew, len(positions), c.k)
	case len(positions) > c.k:
		return nil, fmt.Errorf("%w: %d, need exactly %d", ErrSymbolCount, len(positions), c.k)
	}
	have := make([]bool, c.k+c.r)
	for _, p := range positions {
		if p < 0 || p >= len(have) {
			return nil, fmt.Errorf("%w: %d of %d", ErrPosition, p, len(have))
		}
		if have[p] {
			return nil, fmt.Errorf("%w: position %d", ErrDuplicate, p)
		}
		have[p] = true
	}
	d := &Decoder{code: c, received: slices.Clone(positions), rows: c.domain(), end: c.end()}
	for i := range c.k {
		if !have[i] {
			d.missing = append(d.missing, i)
		}
	}
	if len(d.missing) > 0 {
		d.locate(have)
	}
	return d, nil
}

// locate computes the factors from the values of the erasure locator.
func (d *Decoder) locate(have []bool) {
	c := d.code
	erased := make([]uint16, d.rows)
	for p, ok := range have {
		if !ok {
			erased[c.point(p)] = 1
		}
	}
	if c.high {
		for p := c.r; p < c.chunk; p++ {
			erased[p] = 1
		}
	} else {
		for p := d.end; p < d.rows; p++ {
			erased[p] = 1
		}
	}
	lambda := locator(erased, c.logs())
	d.scale = make([]uint16, d.rows)
	for _, p := range d.received {
		d.scale[c.point(p)] = gf.Exp(lambda[c.point(p)])
	}
	d.unscale = make([]uint16, len(d.missing))
	for i, p := range d.missing {
		d.unscale[i] = gf.Exp(gf.Modulus - lambda[c.point(p)])
	}
}

// point returns the point of the decoding domain that a position stands for.
func (c *Code) point(position int) int {
	switch original := position < c.k; {
	case c.high && original:
		return c.chunk + position
	case c.high:
		return position - c.k
	case original:
		return position
	default:
		return c.chunk + position - c.k
	}
}

// end returns the first point after all positions.
func (c *Code) end() int {
	if c.high {
		return c.chunk + c.k
	}
	return c.chunk + c.r
}

// domain returns the number of points that decoding works on, a power of two.
func (c *Code) domain() int { return pow2(c.end()) }

// Missing returns the originals that are not among the received positions, in ascending order. The
// caller must not change it. If it is empty there is nothing to decode.
func (d *Decoder) Missing() []int { return d.missing }

// Rows returns how many rows the work area of [Decoder.DecodeRows] has.
func (d *Decoder) Rows() int { return d.rows }

// Row returns the row that the symbol at a position, received or missing, has in the work area.
func (d *Decoder) Row(position int) int { return d.code.point(position) }

// DecodeRows recovers the missing originals within a work area of Rows() rows of width bytes. On
// entry Row(p) holds the symbol at every received position p; other rows may hold anything. On
// return Row(m) holds every missing original m, and the other rows nothing of use.
func (d *Decoder) DecodeRows(work []byte, width int) {
	if len(d.missing) == 0 {
		return
	}
	t := newTransform(work[:d.rows*width], width)
	defer t.done()
	for p, factor := range d.scale {
		if row := t.rows(p, p+1); factor == 0 {
			clear(row)
		} else {
			t.kernel.Scale(row, row, factor)
		}
	}
	t.inverse(d.rows, 0, d.end)
	for i := 1; i < d.rows; i++ {
		h := i & -i
		t.kernel.Xor(t.rows(i-h, i), t.rows(i, i+h))
	}
	last := d.code.point(d.missing[len(d.missing)-1])
	t.forward(d.rows, 0, last+1)
	for i, p := range d.missing {
		row := t.rows(d.Row(p), d.Row(p)+1)
		t.kernel.Scale(row, row, d.unscale[i])
	}
}

// Reconstruct fills in the missing originals of a vector of k+r symbols, where nil stands for a
// missing one. Exactly the first k symbols present are used; the others, and missing recovery
// symbols, stay as they are.
//
// Errors: [ErrSymbolCount], [ErrTooFew], [ErrSymbolSize].
func (c *Code) Reconstruct(symbols [][]byte) error {
	if len(symbols) != c.k+c.r {
		return fmt.Errorf("%w: %d, want %d", ErrSymbolCount, len(symbols), c.k+c.r)
	}
	var positions []int
	var present [][]byte
	for p, s := range symbols {
		if s != nil && len(positions) < c.k {
			positions = append(positions, p)
			present = append(present, s)
		}
	}
	d, err := c.Decoder(positions)
	if err != nil {
		return err
	}
	size, err := commonSize(present)
	if err != nil {
		return err
	}
	layout := NewLayout(size, 1)
	width := layout.Width()
	work := make([]byte, d.rows*width)
	for i, p := range positions {
		layout.Put(work[d.Row(p)*width:], 0, present[i])
	}
	d.DecodeRows(work, width)
	for _, m := range d.missing {
		symbols[m] = make([]byte, size)
		layout.Get(symbols[m], work[d.Row(m)*width:], 0)
	}
	return nil
}
