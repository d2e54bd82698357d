//go:build !purego

package blake2x

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

//go:generate go run -C _asm . -out ../lanes_amd64.s -stubs ../lanes_amd64.go -pkg blake2x

// available lists the kernels that run here, slowest first.
func available() []kernel {
	present := []kernel{generic}
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL && cpu.X86.HasBMI2 {
		present = append(present, kernel{name: "avx512", sum: sumAVX512})
	}
	return present
}

// sumAVX512 hashes a grid 16 messages at a time, in row-major order.
func sumAVX512(dst, src []byte, n int, g Grid, prefix int) {
	var prefixed, first uint64
	if prefix != none {
		prefixed, first = 1, uint64(prefix)
	}
	var lanes [32]*byte
	w := walk{grid: g, src: unsafe.Pointer(unsafe.SliceData(src)), dst: unsafe.Pointer(unsafe.SliceData(dst))}
	for w.next((*[16]*byte)(lanes[:16]), (*[16]*byte)(lanes[16:])) {
		hashAVX512(&lanes, uint64(n), prefixed, first)
	}
}
