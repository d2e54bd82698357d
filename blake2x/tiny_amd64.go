//go:build !purego

package blake2x

import "unsafe"

// tiny is the length from which on the AVX2 kernel reads messages where they are: that of a register.
const tiny = 32

// sumTinyAVX2 hashes a grid of messages shorter than tiny, 8 at a time, from copies of them between
// their prefix and zeros.
func sumTinyAVX2(dst, src []byte, n int, g Grid, prefix int) {
	var copies [8][tiny]byte
	var from [8]*byte
	var lanes [16]*byte
	skip := 0
	if prefix != none {
		skip = 1
	}
	w := newWalk(dst, src, n, g)
	for w.next(from[:], lanes[8:]) {
		for i := range copies {
			c := &copies[i]
			if skip == 1 {
				c[0] = byte(prefix)
			}
			copyTiny(unsafe.Pointer(&c[skip]), unsafe.Pointer(from[i]), n)
			lanes[i] = &c[0]
		}
		hashAVX2(&lanes, 1, 0, 0, tiny, 0, 0, uint64(tiny-skip-n))
	}
}

// copyTiny copies n bytes, less than tiny, by two moves that may overlap: a call per message is what
// hashing it would otherwise wait for.
func copyTiny(to, from unsafe.Pointer, n int) {
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
