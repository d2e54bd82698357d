//go:build !purego

package blake2x

import "unsafe"

// tiny is the length from which on the AVX2 kernel reads messages where they are: that of a register.
const tiny = 32

// sumTinyAVX2 hashes a grid of messages shorter than tiny, 9 at a time, from copies of them between
// their prefix and zeros.
func sumTinyAVX2(dst, src []byte, n int, g Grid, prefix int) {
	var copies [9][tiny]byte
	var from [9]int
	var lanes [18]int
	skip := 0
	if prefix != none {
		skip = 1
	}
	for i := range copies {
		copies[i][0] = byte(max(prefix, 0))
		lanes[i] = i * tiny
	}
	for w := newWalk(g); w.left() > 0; {
		half := w.left() <= len(copies)/2
		w.next(from[:], lanes[len(copies):])
		for i := range copies {
			copyTiny(unsafe.Pointer(&copies[i][skip]), src[from[i]:from[i]+n])
		}
		padding := uint64(tiny - skip - n)
		if half {
			hashHalfAVX2(unsafe.SliceData(dst), &copies[0][0], &lanes[0], 1, 0, 0, 0, tiny, 0, 0, padding)
		} else {
			hashAVX2(unsafe.SliceData(dst), &copies[0][0], &lanes[0], 1, 0, 0, 0, tiny, 0, 0, padding)
		}
	}
}

// copyTiny copies b, shorter than tiny, by two moves that may overlap: a call per message is what
// hashing it would otherwise wait for.
func copyTiny(to unsafe.Pointer, b []byte) {
	from, n := unsafe.Pointer(unsafe.SliceData(b)), len(b)
	switch {
	case n >= 16:
		copyEnds[[16]byte](to, from, n)
	case n >= 8:
		copyEnds[[8]byte](to, from, n)
	case n >= 4:
		copyEnds[[4]byte](to, from, n)
	case n >= 2:
		copyEnds[[2]byte](to, from, n)
	case n == 1:
		*(*byte)(to) = *(*byte)(from)
	}
}

// copyEnds copies n bytes as the first and the last of them that T holds.
func copyEnds[T any](to, from unsafe.Pointer, n int) {
	tail := uintptr(n) - unsafe.Sizeof(*new(T))
	first, last := *(*T)(from), *(*T)(unsafe.Add(from, tail))
	*(*T)(to) = first
	*(*T)(unsafe.Add(to, tail)) = last
}
