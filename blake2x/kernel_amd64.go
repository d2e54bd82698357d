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
	count := g.Rows * g.Cols
	if count == 0 {
		return
	}
	var prefixed, first uint64
	if prefix != none {
		prefixed, first = 1, uint64(prefix)
	}
	var lanes [32]*byte
	var c int
	from, to := unsafe.Pointer(unsafe.SliceData(src)), unsafe.Pointer(unsafe.SliceData(dst))
	var row, col int = 0, 0
	var srcAt, dstAt int
	_ = c
	for done := 0; done < count; done += 16 {
		for i := range 16 {
			lanes[i] = (*byte)(unsafe.Add(from, srcAt))
			lanes[16+i] = (*byte)(unsafe.Add(to, dstAt))
			// The lanes beyond the last message repeat it.
			if col+1 < g.Cols {
				col, srcAt, dstAt = col+1, srcAt+g.SrcCol, dstAt+g.DstCol
			} else if row+1 < g.Rows {
				row, col = row+1, 0
				srcAt, dstAt = row*g.SrcRow, row*g.DstRow
			}
		}
		hashAVX512(&lanes, uint64(n), prefixed, first)
	}
}
