//go:build purego || !(amd64 || arm64)

package gf

// archKernels lists the kernels beyond generic that this processor can run, slowest first.
func archKernels() []*Kernel { return nil }
