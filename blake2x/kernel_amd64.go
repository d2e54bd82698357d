//go:build !purego

package blake2x

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

//go:generate go run -C _asm . -out ../lanes_amd64.s -stubs ../lanes_amd64.go -pkg blake2x

var avx2, avx512 = &kernel{"avx2"}, &kernel{"avx512"}

// archKernels lists the kernels beyond generic that this processor can run, slowest first.
func archKernels() (kernels []*kernel) {
	if cpu.X86.HasAVX2 {
		kernels = append(kernels, avx2)
	}
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL && cpu.X86.HasBMI1 && cpu.X86.HasBMI2 {
		kernels = append(kernels, avx512)
	}
	return kernels
}

func (k *kernel) sum(dst, src []byte, n int, g Grid, prefix int) {
	switch k {
	case avx512:
		sumAVX512(dst, src, n, g, prefix)
	case avx2:
		sumAVX2(dst, src, n, g, prefix)
	default:
		sumGeneric(dst, src, n, g, prefix)
	}
}

// sumAVX512 hashes a grid 16 messages at a time.
func sumAVX512(dst, src []byte, n int, g Grid, prefix int) {
	var prefixed, first uint64
	if prefix != none {
		prefixed, first = 1, uint64(prefix)
	}
	var lanes [32]int
	to, from := unsafe.SliceData(dst), unsafe.SliceData(src)
	for w := newWalk(g); w.next(lanes[:16], lanes[16:]); {
		hashAVX512(to, from, &lanes, w.straight(16), 16*g.SrcCol, 16*g.DstCol, uint64(n), prefixed, first)
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
	var lanes [16]int
	to, from := unsafe.SliceData(dst), unsafe.SliceData(src)
	for w := newWalk(g); w.next(lanes[:8], lanes[8:]); {
		hashAVX2(to, from, &lanes, w.straight(8), 8*g.SrcCol, 8*g.DstCol, uint64(n), prefixed, first, 0)
	}
}
