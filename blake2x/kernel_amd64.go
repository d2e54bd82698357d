//go:build !purego

package blake2x

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

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
	for {
		groups := w.next(lanes[:16], lanes[16:])
		if groups == 0 {
			return
		}
		hashAVX512(&lanes, groups, 16*w.grid.SrcCol, 16*w.grid.DstCol, uint64(n), prefixed, first)
	}
}

// sumAVX2 hashes a grid 8 messages at a time.
func sumAVX2(dst, src []byte, n int, g Grid, prefix int) {
	var from, to [8]*byte
	var s stage
	w := newWalk(dst, src, n, g)
	for {
		groups := w.next(from[:], to[:])
		if groups == 0 {
			return
		}
		s.hash(&to, &from, n, prefix)
		for range groups - 1 {
			for i := range from {
				from[i] = (*byte)(unsafe.Add(unsafe.Pointer(from[i]), 8*w.grid.SrcCol))
				to[i] = (*byte)(unsafe.Add(unsafe.Pointer(to[i]), 8*w.grid.DstCol))
			}
			s.hash(&to, &from, n, prefix)
		}
	}
}
