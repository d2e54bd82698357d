//go:build !purego

package blake2x

import "unsafe"

// block is the number of bytes that one compression takes.
const block = 128

// initial is the state of BLAKE2b-256 before any message, in 8 lanes. Source: RFC 7693 section 2.5.
var initial = [8][8]uint64{
	lanesOf(0x6a09e667f3bcc908 ^ 0x01010020), lanesOf(0xbb67ae8584caa73b),
	lanesOf(0x3c6ef372fe94f82b), lanesOf(0xa54ff53a5f1d36f1),
	lanesOf(0x510e527fade682d1), lanesOf(0x9b05688c2b3e6c1f),
	lanesOf(0x1f83d9abfb41bd6b), lanesOf(0x5be0cd19137e2179),
}

func lanesOf(x uint64) [8]uint64 { return [8]uint64{x, x, x, x, x, x, x, x} }

// A stage hashes 8 messages with [compressAVX2], which reads whole blocks only: the first block of a
// prefixed message and the last block of any are put together here.
type stage struct {
	hashes [8][8]uint64 // word by word, a lane each
	blocks [8][block]byte
	filled int // bytes of each block that may differ from zero
}

// hash writes the digests of the messages of n bytes at from, each behind the prefix if there is one.
func (s *stage) hash(to, from *[8]*byte, n, prefix int) {
	b := &s.blocks
	staged := [8]*byte{&b[0][0], &b[1][0], &b[2][0], &b[3][0], &b[4][0], &b[5][0], &b[6][0], &b[7][0]}
	const last = ^uint64(0)
	start := &initial
	at, total := 0, uint64(0) // taken of each message; hashed, with the prefix
	if prefix != none && n >= block {
		at, total = block-1, block
		s.fill(from, 0, at, prefix)
		compressAVX2(&s.hashes, start, &staged, 0, 1, 0, block, 0)
		start, prefix = &s.hashes, none
	}
	if full := (n - at - 1) / block; full > 0 {
		compressAVX2(&s.hashes, start, from, at, full, total, block, 0)
		start, at, total = &s.hashes, at+full*block, total+uint64(full*block)
	}
	length := s.fill(from, at, n-at, prefix)
	compressAVX2(&s.hashes, start, &staged, 0, 1, total, uint64(length), last)
	s.store(to)
}

// fill puts n bytes of each message, from offset on, into the blocks, behind the prefix if there is
// one and before zeros. It returns the length before the zeros.
func (s *stage) fill(from *[8]*byte, offset, n, prefix int) (length int) {
	skip := 0
	if prefix != none {
		skip = 1
		for i := range s.blocks {
			s.blocks[i][0] = byte(prefix)
		}
	}
	length = skip + n
	for i := range s.blocks {
		if s.filled > length {
			clear(s.blocks[i][length:s.filled])
		}
		copySmall(unsafe.Pointer(&s.blocks[i][skip&1]), unsafe.Add(unsafe.Pointer(from[i]), offset), n)
	}
	s.filled = length
	return length
}

// copySmall copies n bytes, at most a block, by two moves that may overlap. The calls it saves are
// what hashing short messages would otherwise wait for.
func copySmall(to, from unsafe.Pointer, n int) {
	switch {
	case n >= 64:
		copyEnds[[64]byte](to, from, n)
	case n >= 32:
		copyEnds[[32]byte](to, from, n)
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
	*(*T)(to) = *(*T)(from)
	*(*T)(unsafe.Add(to, tail)) = *(*T)(unsafe.Add(from, tail))
}

// store writes the first four words of each lane's hash. The CPU is little endian, as digests are.
func (s *stage) store(to *[8]*byte) {
	for i, p := range to {
		*(*[4]uint64)(unsafe.Pointer(p)) = [4]uint64{s.hashes[0][i], s.hashes[1][i], s.hashes[2][i], s.hashes[3][i]}
	}
}
