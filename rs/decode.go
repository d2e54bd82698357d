package rs

import (
	"fmt"
	"slices"

	"github.com/walrus-go/walrus/gf"
)

// A Decoder brings the originals back from one pattern of k received positions. The work that
// depends on the pattern alone is done once, in [Code.Decoder]. It is safe for concurrent use.
//
// With Lambda the polynomial that is zero at the erased points, the product F of the received values
// and Lambda is known everywhere; its derivative at an erased point, divided by the derivative of
// Lambda there, is the missing value. That is the specification's algorithm, which takes transforms
// over all points at once. Here each chunk of points has its own polynomial N, found by a transform of
// the chunk's size, and at an erased point of chunk q
//
//	F' = N[q]' + the sum over other chunks p of N[p] / (p^q)
//
// because the product of (x - point) over the points of chunk p is s(x) + p, where s is constant on
// chunks and has derivative 1. Source: spec: encoding.md section 3.7.
type Decoder struct {
	code     *Code
	received []int    // positions in the order given
	missing  []int    // original positions that are not received
	scale    []uint16 // per point: what the received value is multiplied by, or zero
	unscale  []uint16 // per missing original: what the result is multiplied by
	chunks   int      // chunks up to the last position
	targets  []int    // chunks that originals are missing in, ascending
	have     marks    // points received
	need     marks    // points missing
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
	d := &Decoder{code: c, received: slices.Clone(positions), chunks: (c.end() + c.chunk - 1) / c.chunk}
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
	erased := make([]uint16, c.domain())
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
		for p := c.end(); p < len(erased); p++ {
			erased[p] = 1
		}
	}
	lambda := locator(erased, c.logs())
	points := d.chunks * c.chunk
	d.scale = make([]uint16, points)
	d.have, d.need = make(marks, points+1), make(marks, points+1)
	for _, p := range d.received {
		at := c.point(p)
		d.scale[at] = gf.Exp(lambda[at])
		d.have[at+1] = 1
	}
	d.unscale = make([]uint16, len(d.missing))
	for i, p := range d.missing {
		at := c.point(p)
		d.unscale[i] = gf.Exp(gf.Modulus - lambda[at])
		d.need[at+1] = 1
		if q := at / c.chunk; len(d.targets) == 0 || d.targets[len(d.targets)-1] != q {
			d.targets = append(d.targets, q)
		}
	}
	for i := range points {
		d.have[i+1] += d.have[i]
		d.need[i+1] += d.need[i]
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
func (d *Decoder) Rows() int {
	return (d.chunks + max(0, len(d.targets)-1)) * d.code.chunk
}

// Row returns the row that the symbol at a position has in the work area: a received one on entry, a
// missing original on return.
func (d *Decoder) Row(position int) int {
	at := d.code.point(position)
	if len(d.targets) > 1 && d.need[at+1] > d.need[at] {
		i, _ := slices.BinarySearch(d.targets, at/d.code.chunk)
		return d.place(i)*d.code.chunk + at%d.code.chunk
	}
	return at
}

// place returns the chunk of rows that the result for target i is computed in: its own for the last,
// which is then no longer needed, and one beyond all points for the others.
func (d *Decoder) place(i int) int {
	if i == len(d.targets)-1 {
		return d.targets[i]
	}
	return d.chunks + i
}

// DecodeRows recovers the missing originals within a work area of Rows() rows of width bytes. On
// entry Row(p) holds the symbol at every received position p; other rows may hold anything. On
// return Row(m) holds every missing original m, and the other rows nothing of use.
func (d *Decoder) DecodeRows(work []byte, width int) {
	if len(d.missing) == 0 {
		return
	}
	t := newTransform(work[:d.Rows()*width], width)
	defer t.done()
	for p, factor := range d.scale {
		if row := t.rows(p, p+1); factor == 0 {
			clear(row)
		} else {
			t.kernel.Enter(row, row, factor)
		}
	}
	n := d.code.chunk
	for q := range d.chunks {
		t.inverse(q*n, n, q*n, d.have[q*n:(q+1)*n+1])
	}
	for i := range d.targets {
		d.solve(&t, i)
	}
	for i, p := range d.missing {
		row := t.rows(d.Row(p), d.Row(p)+1)
		t.kernel.Leave(row, row, d.unscale[i])
	}
}

// solve evaluates F' at the missing points of target i.
func (d *Decoder) solve(t *transform, i int) {
	n, target, place := d.code.chunk, d.targets[i], d.place(i)
	out := t.rows(place*n, (place+1)*n)
	if place != target {
		copy(out, t.rows(target*n, (target+1)*n))
	}
	if !d.empty(target) {
		t.derive(place*n, n)
	}
	for q := range d.chunks {
		if q != target && !d.empty(q) {
			t.kernel.MulAdd(out, t.rows(q*n, (q+1)*n), gf.Inv(uint16(q^target)))
		}
	}
	t.forward(place*n, n, target*n, d.need[target*n:(target+1)*n+1])
}

// empty reports whether nothing was received in a chunk.
func (d *Decoder) empty(chunk int) bool {
	n := d.code.chunk
	return d.have[chunk*n : (chunk+1)*n+1].none()
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
	work := make([]byte, d.Rows()*width)
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
