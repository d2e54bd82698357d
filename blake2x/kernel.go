package blake2x

import "os"

// A kernel is one way to hash a grid.
type kernel struct {
	name string
	sum  func(dst, src []byte, n int, g Grid, prefix int)
}

// ladder orders the names that WALRUS_KERNEL may take, here and in package gf.
var ladder = []string{"generic", "avx2", "gfni", "avx512"}

// active is the kernel in use, chosen once.
var active = choose(available(), os.Getenv("WALRUS_KERNEL"))

// Kernel names the kernel in use: "generic", "avx2" or "avx512".
//
// It is the fastest that the CPU and the operating system allow. The environment variable
// WALRUS_KERNEL caps the choice: of the ladder generic, avx2, gfni, avx512, the highest kernel that
// is present and not above the name is taken. Any other value is ignored.
func Kernel() string { return active.name }

// choose picks the last of the present kernels, slowest first, that is not above limit.
func choose(present []kernel, limit string) kernel {
	best := present[0]
	for _, k := range present {
		if rank(limit) < 0 || rank(k.name) <= rank(limit) {
			best = k
		}
	}
	return best
}

// rank is the position of name on the ladder, or -1.
func rank(name string) int {
	for i, n := range ladder {
		if n == name {
			return i
		}
	}
	return -1
}

// generic needs nothing of the CPU.
var generic = kernel{name: "generic", sum: sumGeneric}
