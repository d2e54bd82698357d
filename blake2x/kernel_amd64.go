//go:build !purego

package blake2x

import "golang.org/x/sys/cpu"

//go:generate go run -C _asm . -out ../lanes_amd64.s -stubs ../lanes_amd64.go -pkg blake2x

// archKernels lists the kernels beyond generic that this processor can run, slowest first.
func archKernels() (kernels []*kernel) {
	if cpu.X86.HasAVX2 {
		kernels = append(kernels, &kernel{name: "avx2", sum: sumAVX2})
	}
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL && cpu.X86.HasBMI1 && cpu.X86.HasBMI2 {
		kernels = append(kernels, &kernel{name: "avx512", sum: sumAVX512})
	}
	return kernels
}

// sumAVX512 hashes a grid 16 messages at a time.
func sumAVX512(dst, src []byte, n int, g Grid, prefix int) {
	var prefixed, first uint64
	if prefix != none {
		prefixed, first = 1, uint64(prefix)
	}
	var lanes [32]*byte
	w := newWalk(dst, src, n, g)
	for w.next(lanes[:16], lanes[16:]) {
		hashAVX512(&lanes, w.straight(16), 16*w.grid.SrcCol, 16*w.grid.DstCol, uint64(n), prefixed, first)
	}
}

// sumAVX2 hashes a grid 8 messages at a time.
func sumAVX2(dst, src []byte, n int, g Grid, prefix int) {
	if n < tiny {
		sumTinyAVX2(dst, src, n, g, prefix)
		return
	}
	var prefixed, first uint64
	if prefix != none {
		prefixed, first = 1, uint64(prefix)
	}
	var lanes [16]*byte
	w := newWalk(dst, src, n, g)
	for w.next(lanes[:8], lanes[8:]) {
		hashAVX2(&lanes, w.straight(8), 8*w.grid.SrcCol, 8*w.grid.DstCol, uint64(n), prefixed, first, 0)
	}
}
