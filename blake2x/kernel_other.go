//go:build purego || !amd64

package blake2x

// archKernels lists the kernels beyond generic that this processor can run, slowest first.
func archKernels() []*kernel { return nil }

func (*kernel) sum(dst, src []byte, n int, g Grid, prefix int) { sumGeneric(dst, src, n, g, prefix) }

func (*kernel) lanes() int { return 0 }
