package blake2x

import (
	"fmt"
	"os"
	"sync/atomic"
)

// A kernel is one way to hash a grid that is known to fit its slices. Its method sum does so, which is
// no field, as arguments of a function that is not known would go to the heap.
type kernel struct{ name string }

// KernelEnv names the environment variable that caps the choice of kernel at start: "generic",
// "avx2", "gfni" or "avx512", in this order. The fastest kernel not above the name is used, so that
// one value serves this package and gf; an unknown name means generic.
const KernelEnv = "WALRUS_KERNEL"

// ranks orders the names from slow to fast. No kernel here is called gfni; one of gf is.
var ranks = map[string]int{"generic": 0, "avx2": 1, "gfni": 2, "avx512": 3}

// available lists the kernels this processor can run, slowest first; generic is always the first.
var available = append([]*kernel{{"generic"}}, archKernels()...)

// active is the kernel in use. Only Pin changes it after start.
var active atomic.Pointer[kernel]

func init() { active.Store(choose(os.Getenv(KernelEnv))) }

// choose returns the fastest available kernel not above the named one; no name is no limit.
func choose(limit string) *kernel {
	if limit == "" {
		return available[len(available)-1]
	}
	best := available[0]
	for _, k := range available {
		if ranks[k.name] <= ranks[limit] {
			best = k
		}
	}
	return best
}

// Kernel names the kernel in use: "generic", "avx2" or "avx512".
func Kernel() string { return active.Load().name }

// Kernels names the kernels this processor can run, slowest first.
func Kernels() []string {
	names := make([]string, len(available))
	for i, k := range available {
		names[i] = k.name
	}
	return names
}

// Pin makes the named kernel the one in use and returns a function that puts the former back. It
// exists for tests and benchmarks; work in progress keeps the kernel it started with. It fails when
// the processor cannot run the kernel.
func Pin(name string) (restore func(), err error) {
	for _, k := range available {
		if k.name == name {
			old := active.Swap(k)
			return func() { active.Store(old) }, nil
		}
	}
	return nil, fmt.Errorf("blake2x: no kernel %q on this processor, have %v", name, Kernels())
}
