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
	switch {
	case k != avx512 && k != avx2:
		sumGeneric(dst, src, n, g, prefix)
	case g.Rows == 1 && g.Cols == 1:
		sumOne(dst, src[:n], prefix)
	case k == avx2 && n < tiny:
		sumTinyAVX2(dst, src, n, g, prefix)
	default:
		k.sumLanes(dst, src, n, g, prefix)
	}
}

// lanes returns how many messages a kernel hashes at once, 0 if it has no lanes.
func (k *kernel) lanes() int {
	switch k {
	case avx512:
		return 16
	case avx2:
		return 9
	}
	return 0
}

// batch is how many messages at most are handed to a kernel at once where they do not go on in a row of the grid: a
// group of lanes begins while the one before still waits for its last results.
const batch = 64

// sumLanes hashes a grid as many messages at a time as the kernel has lanes. A rest of half as many takes less
// time in a kernel of half the lanes, and a single message by itself.
func (k *kernel) sumLanes(dst, src []byte, n int, g Grid, prefix int) {
	lanes := k.lanes()
	var places [2 * batch]int // of each group of lanes, in src and then in dst
	next := func(w *walk, group, count int) {
		at := places[group*2*lanes:][:2*lanes]
		w.next(at[:count], at[lanes:][:count])
	}
	to, from, list := unsafe.SliceData(dst), unsafe.SliceData(src), &places[0]
	var prefixed, first uint64
	if prefix != none {
		prefixed, first = 1, uint64(prefix)
	}
	for w := newWalk(g); ; {
		left, groups := w.left(), w.straight(lanes)
		laneStep, srcStep, dstStep := 0, lanes*w.SrcCol, lanes*w.DstCol
		switch {
		case left == 0:
			return
		case left == 1:
			next(&w, 0, 1)
			sumOne(dst[places[lanes]:], src[places[0]:][:n], prefix)
			return
		case left <= lanes/2:
			next(&w, 0, lanes/2)
			if k == avx2 {
				hashHalfAVX2(to, from, list, 1, 0, 0, 0, uint64(n), prefixed, first, 0)
			} else {
				hashHalfAVX512(to, from, list, 1, 0, 0, 0, uint64(n), prefixed, first)
			}
			return
		case groups > 1:
			next(&w, 0, lanes)
			w.pass((groups - 1) * lanes)
		default:
			groups = min(batch/lanes, (left-lanes/2+lanes-1)/lanes)
			for i := range groups {
				next(&w, i, lanes)
			}
			laneStep, srcStep, dstStep = 2*lanes*int(unsafe.Sizeof(places[0])), 0, 0
		}
		if k == avx2 {
			hashAVX2(to, from, list, groups, laneStep, srcStep, dstStep, uint64(n), prefixed, first, 0)
		} else {
			hashAVX512(to, from, list, groups, laneStep, srcStep, dstStep, uint64(n), prefixed, first)
		}
	}
}
