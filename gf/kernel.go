package gf

import (
	"fmt"
	"os"
	"sync/atomic"
)

// A Kernel is one implementation of the bulk operations. Callers take it from [Active] once per
// piece of work and call it on slices as long as they can make them.
//
// All slices of a call have equal length, a multiple of [BlockSize], and are in block layout. They
// must not overlap, except that those of Enter and Leave may be the same. Elements are in tower form,
// except the source of Enter and the result of Leave, which are words, and for Convert, which changes
// between the two. Factors are words, zero and one included; most kernels are fastest with those below
// 256. Functions do not keep their arguments, do not allocate, and are safe for concurrent use on
// distinct slices. Lengths that do not match are a bug of the caller and panic.
//
// A two-layer butterfly is what the transforms consist of; with the factors t = (outer, low, high):
//
//	FFT4:   FFT2(w0,w2,outer) FFT2(w1,w3,outer)  FFT2(w0,w1,low) FFT2(w2,w3,high)
//	IFFT4:  IFFT2(w0,w1,low) IFFT2(w2,w3,high)   IFFT2(w0,w2,outer) IFFT2(w1,w3,outer)
//
// Source: spec: encoding.md section 3.3.
type Kernel struct {
	// Name is "generic", or that of the instruction set: "avx2", "gfni", "avx512", "neon".
	Name string
	// Convert turns words into tower form, and tower form into words.
	Convert func(b []byte)
	// Xor sets dst ^= src.
	Xor func(dst, src []byte)
	// Enter sets dst = c*src, where src is words.
	Enter func(dst, src []byte, c uint16)
	// Leave sets dst = c*src, where dst becomes words.
	Leave func(dst, src []byte, c uint16)
	// MulAdd sets dst ^= c*src.
	MulAdd func(dst, src []byte, c uint16)
	// FFT2 sets x ^= t*y, then y ^= x.
	FFT2 func(x, y []byte, t uint16)
	// IFFT2 undoes FFT2: y ^= x, then x ^= t*y.
	IFFT2 func(x, y []byte, t uint16)
	// FFT4 is two layers of FFT2 over four slices; see above.
	FFT4 func(w0, w1, w2, w3 []byte, t *[3]uint16)
	// IFFT4 undoes FFT4.
	IFFT4 func(w0, w1, w2, w3 []byte, t *[3]uint16)
	// FFT16 does four layers of FFT2 on the 16 slices of equal length that w consists of, end to end, then
	// Convert: it pairs slices eight apart, then four, two and one. Factors are in the order of layers,
	// one, two, four and eight of them. It does nothing and returns false if a factor is 256 or more; callers
	// then use FFT4. It is nil in kernels that have none.
	FFT16 func(w []byte, t *[15]uint16) bool
	// IFFT16 undoes FFT16, under the same conditions.
	IFFT16 func(w []byte, t *[15]uint16) bool
}

// KernelEnv names the environment variable that caps the choice of kernel at start: "generic",
// "avx2" or "neon", "gfni", "avx512". No faster kernel than the named one is used, and an unknown
// name means generic. Package blake2x reads the same variable.
const KernelEnv = "WALRUS_KERNEL"

// ranks orders kernel names from slow to fast. Kernels of one rank are alternatives of which a
// processor has at most one.
var ranks = map[string]int{"generic": 0, "avx2": 1, "neon": 1, "gfni": 2, "avx512": 3}

// available lists the kernels this processor can run, slowest first; generic is always the first.
var available = append([]*Kernel{&generic}, archKernels()...)

// active is the kernel in use. Only Pin changes it after start.
var active atomic.Pointer[Kernel]

func init() { active.Store(choose(os.Getenv(KernelEnv))) }

// choose returns the fastest available kernel not faster than the named one; no name is no limit.
func choose(limit string) *Kernel {
	if limit == "" {
		return available[len(available)-1]
	}
	best := available[0]
	for _, k := range available {
		if ranks[k.Name] <= ranks[limit] {
			best = k
		}
	}
	return best
}

// Active returns the kernel in use. It is safe for concurrent use.
func Active() *Kernel { return active.Load() }

// Kernels returns the names of the kernels this processor can run, slowest first.
func Kernels() []string {
	names := make([]string, len(available))
	for i, k := range available {
		names[i] = k.Name
	}
	return names
}

// Pin makes the named kernel the active one and returns a function that puts the former back. It
// exists for tests and benchmarks; work in progress keeps the kernel it started with. It fails when
// the processor cannot run the kernel.
func Pin(name string) (restore func(), err error) {
	for _, k := range available {
		if k.Name == name {
			old := active.Swap(k)
			return func() { active.Store(old) }, nil
		}
	}
	return nil, fmt.Errorf("gf: no kernel %q on this processor, have %v", name, Kernels())
}
