package rs

import (
	"sync"

	"github.com/walrus-go/walrus/gf"
)

// A transform is a work area with what is needed to run additive Fourier transforms over its rows.
//
// Both directions work depth first: a block whose rows fit the first-level cache goes through all
// its layers before the next block is touched. Source: spec: encoding.md section 3.3.
type transform struct {
	kernel *gf.Kernel
	work   []byte
	width  int // bytes of a row, a multiple of gf.BlockSize

	// factors is where the factors of a butterfly are handed to the kernel.
	factors *[3]uint16
}

// factors keeps what would otherwise be allocated for every transform.
var factors = sync.Pool{New: func() any { return new([3]uint16) }}

func newTransform(work []byte, width int) transform {
	return transform{kernel: gf.Active(), work: work, width: width, factors: factors.Get().(*[3]uint16)}
}

// done ends the use of the transform.
func (t transform) done() { factors.Put(t.factors) }

// rows returns the rows [first, end) as one slice.
func (t transform) rows(first, end int) []byte { return t.work[first*t.width : end*t.width] }

// part returns the transform of n rows from first on.
func (t transform) part(first, n int) transform {
	t.work = t.rows(first, first+n)
	return t
}

// forward evaluates: rows [0, n) hold the coefficients of a polynomial of degree below n, a power of
// two, and become its values at the points offset to offset+n-1. offset is a multiple of n. Only the
// rows below keep are valid afterwards.
func (t transform) forward(n, offset, keep int) {
	switch {
	case n == 1:
	case n&0x5555_5555 == 0: // an odd number of layers: one alone, the others in pairs
		h := n / 2
		t.kernel.FFT2(t.rows(0, h), t.rows(h, n), gf.Twiddle(offset+h-1))
		t.forward(h, offset, keep)
		if keep > h {
			t.part(h, h).forward(h, offset+h, keep-h)
		}
	default:
		q := n / 4
		t.pair(q, offset)
		t.kernel.FFT4(t.rows(0, q), t.rows(q, 2*q), t.rows(2*q, 3*q), t.rows(3*q, n), t.factors)
		if q == 1 {
			return
		}
		for first := 0; first < min(n, keep); first += q {
			t.part(first, q).forward(q, offset+first, keep-first)
		}
	}
}

// inverse interpolates: rows [0, n) hold values at the points offset to offset+n-1 and become
// coefficients. The rows from have on must be zero on entry.
func (t transform) inverse(n, offset, have int) {
	switch {
	case n == 1:
	case n&0x5555_5555 == 0:
		h := n / 2
		t.inverse(h, offset, have)
		if have > h {
			t.part(h, h).inverse(h, offset+h, have-h)
		}
		t.kernel.IFFT2(t.rows(0, h), t.rows(h, n), gf.Twiddle(offset+h-1))
	default:
		q := n / 4
		if q > 1 {
			for first := 0; first < min(n, have); first += q {
				t.part(first, q).inverse(q, offset+first, have-first)
			}
		}
		t.pair(q, offset)
		t.kernel.IFFT4(t.rows(0, q), t.rows(q, 2*q), t.rows(2*q, 3*q), t.rows(3*q, n), t.factors)
	}
}

// pair sets the factors of the two layers of a block of 4q points from offset on, in the order of
// [gf.Kernel].
func (t transform) pair(q, offset int) {
	*t.factors = [3]uint16{gf.Twiddle(offset + 2*q - 1), gf.Twiddle(offset + q - 1), gf.Twiddle(offset + 3*q - 1)}
}
