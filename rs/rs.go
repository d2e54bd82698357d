// Package rs is the one-dimensional Reed-Solomon code: k symbols are extended by r recovery symbols,
// and any k of the k+r bring the k back.
//
// The idea: the symbols are values of a polynomial over GF(2^16), the recovery symbols its values at
// other points. Additive Fourier transforms move between values and coefficients in n log n steps.
// Two arrangements exist, and which one applies is part of the format: at low rate (few originals)
// one polynomial is evaluated at several chunks of points; at high rate (few recovery symbols) the
// originals are chunks of values of several polynomials, whose sum is evaluated once.
//
// Positions 0..k-1 are the originals, k..k+r-1 the recovery symbols. Symbols are an even number of
// bytes. Work happens in a work area, a flat slice of rows; each row holds the same position of many
// vectors side by side, as a [Layout] lays them out, so that all of them are transformed at once.
//
// This package is pure. Start with [New], [Code.Encode] and [Code.Reconstruct]; bulk users go on to
// [Code.EncodeRows] and [Code.Decoder]. Source: spec: encoding.md section 3.
package rs

import (
	"errors"
	"fmt"
	"math/bits"
	"sync"
)

// Errors of this package.
var (
	// ErrCounts: numbers of original and recovery symbols that no code exists for.
	ErrCounts = errors.New("rs: no code of this shape")
	// ErrSymbolSize: a symbol of odd or zero length, or of another length than its fellows.
	ErrSymbolSize = errors.New("rs: wrong symbol size")
	// ErrSymbolCount: another number of symbols than the code has.
	ErrSymbolCount = errors.New("rs: wrong number of symbols")
	// ErrTooFew: fewer than k symbols to decode from.
	ErrTooFew = errors.New("rs: too few symbols")
	// ErrDuplicate: the same position given twice.
	ErrDuplicate = errors.New("rs: duplicate symbol")
	// ErrPosition: a position outside the code.
	ErrPosition = errors.New("rs: position out of range")
)

// order is the number of points there are: the size of the field.
const order = 1 << 16

// A Code is a code of k original and r recovery symbols. It is safe for concurrent use.
type Code struct {
	k, r  int
	high  bool
	chunk int // points per transform, a power of two
	ramp  marks

	// logs holds what every erasure locator of this code needs, computed at the first decoding.
	logs func() []uint16
}

// New returns the code of k original and r recovery symbols, both at least 1. It is cheap.
//
// Errors: [ErrCounts]. Source: spec: encoding.md sections 1.1 and 3.4.
func New(k, r int) (*Code, error) {
	if k < 1 || r < 1 || k > order || r > order || min(pow2(k), pow2(r))+max(k, r) > order {
		return nil, fmt.Errorf("%w: %d original and %d recovery symbols", ErrCounts, k, r)
	}
	c := &Code{k: k, r: r}
	a, b := pow2(k), pow2(r)
	c.high = a > b || a == b && k <= r
	if c.high {
		c.chunk = b
	} else {
		c.chunk = a
	}
	c.ramp = ramp(c.chunk)
	c.logs = sync.OnceValue(func() []uint16 { return transformedLogs(c.domain()) })
	return c, nil
}

// pow2 returns the smallest power of two that is at least x, for x >= 1.
func pow2(x int) int { return 1 << bits.Len(uint(x-1)) }

// Originals returns k.
func (c *Code) Originals() int { return c.k }

// Recoveries returns r.
func (c *Code) Recoveries() int { return c.r }

// Rows returns how many rows the work area of [Code.EncodeRows] has.
func (c *Code) Rows() int {
	if c.high {
		return c.rows(c.k)
	}
	return c.rows(c.r)
}

// rows returns how many rows the first used ones of all chunks take: whole chunks, of which the last, unless
// it is the first, is no larger than it has to be.
func (c *Code) rows(used int) int {
	last := (used - 1) / c.chunk * c.chunk
	if last == 0 {
		return c.chunk
	}
	return last + pow2(used-last)
}

// EncodeRows computes recovery symbols within a work area of Rows() rows of width bytes. On entry
// row i holds original i, for i < k; other rows may hold anything. On return row j holds recovery
// symbol j, for j < keep, and the other rows nothing of use. keep, at most r, saves work below r.
//
// width is a multiple of [gf.BlockSize]. Source: spec: encoding.md section 3.5.
func (c *Code) EncodeRows(work []byte, width, keep int) {
	t := newTransform(work[:c.Rows()*width], width)
	t.words = true
	defer t.done()
	if c.high {
		c.encodeHigh(&t, keep)
	} else {
		c.encodeLow(&t, keep)
	}
}

func (c *Code) encodeHigh(t *transform, keep int) {
	n := c.chunk
	for first := 0; first < c.k; first += n {
		have := min(n, c.k-first)
		size := n
		if first > 0 {
			size = pow2(have)
		}
		clear(t.rows(first+have, first+size))
		t.inverse(first, size, first+n, c.first(have, size))
		if first > 0 {
			t.spread(0, n, first, size, first+n)
		}
	}
	t.forward(0, n, 0, c.first(keep, n))
}

func (c *Code) encodeLow(t *transform, keep int) {
	n := c.chunk
	clear(t.rows(c.k, n))
	t.inverse(0, n, 0, c.first(c.k, n))
	for first := (keep - 1) / n * n; first >= 0; first -= n {
		need := min(n, keep-first)
		size := n
		if first > 0 {
			size = pow2(need)
			t.reduce(first, size, 0, n, first+n)
		}
		t.forward(first, size, first+n, c.first(need, size))
	}
}

// first marks the first k of n rows.
func (c *Code) first(k, n int) marks { return first(c.ramp, k, n) }

// Encode returns the r recovery symbols of the k originals, all of one even length.
//
// Errors: [ErrSymbolCount], [ErrSymbolSize].
func (c *Code) Encode(originals [][]byte) ([][]byte, error) {
	if len(originals) != c.k {
		return nil, fmt.Errorf("%w: %d originals, want %d", ErrSymbolCount, len(originals), c.k)
	}
	size, err := commonSize(originals)
	if err != nil {
		return nil, err
	}
	layout := NewLayout(size, 1)
	width := layout.Width()
	work := make([]byte, c.Rows()*width)
	for i, symbol := range originals {
		layout.Put(work[i*width:], 0, symbol)
	}
	c.EncodeRows(work, width, c.r)
	out := make([][]byte, c.r)
	for j := range out {
		out[j] = make([]byte, size)
		layout.Get(out[j], work[j*width:], 0)
	}
	return out, nil
}

// commonSize returns the length of all symbols, which must be even and positive.
func commonSize(symbols [][]byte) (int, error) {
	size := len(symbols[0])
	if size == 0 || size%2 != 0 {
		return 0, fmt.Errorf("%w: %d bytes", ErrSymbolSize, size)
	}
	for _, s := range symbols {
		if len(s) != size {
			return 0, fmt.Errorf("%w: %d and %d bytes", ErrSymbolSize, size, len(s))
		}
	}
	return size, nil
}
