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
func (t *transform) done() { factors.Put(t.factors) }

// rows returns the rows [first, end) as one slice.
func (t *transform) rows(first, end int) []byte { return t.work[first*t.width : end*t.width] }

// A marks tells of a run of rows which of them matter: those where the next entry is larger. There is
// one more entry than rows, so a run without such rows has equal ends.
type marks []int32

func (m marks) none() bool { return m[0] == m[len(m)-1] }

// ramp returns the memory for [first] of up to n rows.
func ramp(n int) marks {
	m := make(marks, 2*n+1)
	for i := range n {
		m[i] = int32(i - n)
	}
	return m
}

// first marks the first k of n rows, given the ramp of at least n.
func first(r marks, k, n int) marks {
	top := len(r) / 2
	return r[top-k : top-k+n+1]
}

// forward evaluates: the n rows from first on hold the coefficients of a polynomial of degree below n, a
// power of two, and become its values at the points offset to offset+n-1. offset is a multiple of n. Only the
// rows that need marks are valid afterwards.
func (t *transform) forward(first, n, offset int, need marks) {
	size := n / 4
	switch {
	case n == 1 || need.none():
		return
	case n&0x5555_5555 == 0: // an odd number of layers: one alone, the others in pairs
		size = n / 2
		t.kernel.FFT2(t.rows(first, first+size), t.rows(first+size, first+n), gf.Twiddle(offset+size-1))
	default:
		w0, w1, w2, w3 := t.quarters(first, size, offset)
		t.kernel.FFT4(w0, w1, w2, w3, t.factors)
	}
	for at := 0; size > 1 && at < n; at += size {
		t.forward(first+at, size, offset+at, need[at:at+size+1])
	}
}

// inverse interpolates: the n rows from first on hold values at the points offset to offset+n-1 and become
// coefficients. The rows that have does not mark must be zero on entry.
func (t *transform) inverse(first, n, offset int, have marks) {
	if n == 1 || have.none() {
		return
	}
	parts, size := 4, n/4
	if n&0x5555_5555 == 0 {
		parts, size = 2, n/2
	}
	for at := 0; size > 1 && at < n; at += size {
		t.inverse(first+at, size, offset+at, have[at:at+size+1])
	}
	if parts == 2 {
		t.kernel.IFFT2(t.rows(first, first+size), t.rows(first+size, first+n), gf.Twiddle(offset+size-1))
		return
	}
	w0, w1, w2, w3 := t.quarters(first, size, offset)
	t.kernel.IFFT4(w0, w1, w2, w3, t.factors)
}

// derive replaces the n rows of coefficients from first on by those of the formal derivative, plus the
// polynomial itself, which makes no difference where that is zero.
func (t *transform) derive(first, n int) {
	for i := 1; i < n; i++ {
		h := i & -i
		t.kernel.Xor(t.rows(first+i-h, first+i), t.rows(first+i, first+i+h))
	}
}

// quarters returns the rows of a block of 4q points from offset on, which are those from first on, and sets the
// factors of its two layers, in the order of [gf.Kernel].
func (t *transform) quarters(first, q, offset int) (w0, w1, w2, w3 []byte) {
	*t.factors = [3]uint16{gf.Twiddle(offset + 2*q - 1), gf.Twiddle(offset + q - 1), gf.Twiddle(offset + 3*q - 1)}
	return t.rows(first, first+q), t.rows(first+q, first+2*q), t.rows(first+2*q, first+3*q), t.rows(first+3*q, first+4*q)
}
