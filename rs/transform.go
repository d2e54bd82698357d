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

	// words says that values are words; they are converted beside the layer nearest to them. Otherwise they are in
	// tower form as coefficients always are.
	words bool

	// factors is where the factors of butterflies are handed to the kernel.
	factors *butterflies
}

// butterflies are the factors of two layers and of four.
type butterflies struct {
	four    [3]uint16
	sixteen [15]uint16
}

// factors keeps what would otherwise be allocated for every transform.
var factors = sync.Pool{New: func() any { return new(butterflies) }}

func newTransform(work []byte, width int) transform {
	return transform{kernel: gf.Active(), work: work, width: width, factors: factors.Get().(*butterflies)}
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
	case need.none():
		return
	case n == 16 && t.inOne(t.kernel.FFT16, first, offset):
		return
	case n == 1:
	case n&0x5555_5555 == 0: // an odd number of layers: one alone, the others in pairs
		size = n / 2
		t.kernel.FFT2(t.rows(first, first+size), t.rows(first+size, first+n), gf.Twiddle(offset+size-1))
	default:
		w0, w1, w2, w3 := t.quarters(first, size, offset)
		t.kernel.FFT4(w0, w1, w2, w3, &t.factors.four)
	}
	if size <= 1 {
		if t.words {
			t.kernel.Convert(t.rows(first, first+n))
		}
		return
	}
	for at := 0; at < n; at += size {
		t.forward(first+at, size, offset+at, need[at:at+size+1])
	}
}

// inverse interpolates: the n rows from first on hold values at the points offset to offset+n-1 and become
// coefficients. The rows that have does not mark must be zero on entry.
func (t *transform) inverse(first, n, offset int, have marks) {
	if have.none() || n == 16 && t.inOne(t.kernel.IFFT16, first, offset) {
		return
	}
	parts, size := 4, n/4
	if n&0x5555_5555 == 0 {
		parts, size = 2, n/2
	}
	if size <= 1 && t.words {
		t.kernel.Convert(t.rows(first, first+n))
	}
	for at := 0; size > 1 && at < n; at += size {
		t.inverse(first+at, size, offset+at, have[at:at+size+1])
	}
	switch {
	case n == 1:
	case parts == 2:
		t.kernel.IFFT2(t.rows(first, first+size), t.rows(first+size, first+n), gf.Twiddle(offset+size-1))
	default:
		w0, w1, w2, w3 := t.quarters(first, size, offset)
		t.kernel.IFFT4(w0, w1, w2, w3, &t.factors.four)
	}
}

// blockBytes is about how much of the rows that [transform.reduce] and [transform.spread] come back to is
// worked on at a time, so that it stays in a first-level cache.
const blockBytes = 16 << 10

// blocks calls do for the runs of rows that size rows are worked on in.
func (t *transform) blocks(size int, do func(first, end int)) {
	step := max(1, blockBytes/t.width)
	for at := 0; at < size; at += step {
		do(at, min(at+step, size))
	}
}

// reduce begins [transform.forward] where only the first size of n rows will be needed, both powers of two: the
// n coefficients from src on become those of a polynomial that has the same values at the first size
// points from offset on, a multiple of n, and is placed in the rows from dst on. Those from src on stay.
//
// A layer leaves x + t y in its first half. Where only first halves are needed, several layers leave a sum of parts of size
// rows, each part times the factors of those layers in whose second half it lies.
func (t *transform) reduce(dst, size, src, n, offset int) {
	t.blocks(size, func(first, end int) {
		to := t.rows(dst+first, dst+end)
		copy(to, t.rows(src+first, src+end))
		for at := size; at < n; at += size {
			factor := uint16(1)
			for h := size; h < n; h *= 2 {
				if at&h != 0 {
					factor = gf.Mul(factor, gf.Twiddle(offset+h-1))
				}
			}
			t.mulAdd(to, t.rows(src+at+first, src+at+end), factor)
		}
	})
}

// spread ends [transform.inverse] where all but the first size of n rows were zero, both powers of two: what
// the size rows from src on, coefficients already, become in the n rows is added to those from dst on.
//
// A layer whose second half y is zero leaves (1 + t) x in its first half and x in its second.
func (t *transform) spread(dst, n, src, size, offset int) {
	t.blocks(size, func(first, end int) {
		from := t.rows(src+first, src+end)
		for at := 0; at < n; at += size {
			factor := uint16(1)
			for h := size; h < n; h *= 2 {
				if at&h == 0 {
					factor = gf.Mul(factor, 1^gf.Twiddle(offset+h-1))
				}
			}
			t.mulAdd(t.rows(dst+at+first, dst+at+end), from, factor)
		}
	})
}

// mulAdd adds factor times src to dst.
func (t *transform) mulAdd(dst, src []byte, factor uint16) {
	switch factor {
	case 0:
	case 1:
		t.kernel.Xor(dst, src)
	default:
		t.kernel.MulAdd(dst, src, factor)
	}
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
	t.factors.four = [3]uint16{gf.Twiddle(offset + 2*q - 1), gf.Twiddle(offset + q - 1), gf.Twiddle(offset + 3*q - 1)}
	return t.rows(first, first+q), t.rows(first+q, first+2*q), t.rows(first+2*q, first+3*q), t.rows(first+3*q, first+4*q)
}

// inOne does the layers between the coefficients and the words of 16 points from offset on, in the rows from first on, all
// at once by [gf.Kernel.FFT16] or its opposite, and reports whether that is possible.
func (t *transform) inOne(layers func([]byte, *[15]uint16) bool, first, offset int) bool {
	if !t.words || layers == nil {
		return false
	}
	f := t.factors.sixteen[:0]
	for half := 8; half > 0; half /= 2 {
		for at := 0; at < 16; at += 2 * half {
			f = append(f, gf.Twiddle(offset+at+half-1))
		}
	}
	return layers(t.rows(first, first+16), &t.factors.sixteen)
}
