//go:build !purego

package blake2x

import "encoding/binary"

// start is the hash before any message. Source: RFC 7693 section 2.6, with the parameters of a 32-byte digest.
var start = [8]uint64{
	0x6a09e667f3bcc908 ^ 0x01010020, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
	0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
}

// sumOne hashes one message, for which vectors are too slow: they take their time however many lanes are full.
func sumOne(dst, msg []byte, prefix int) {
	const blockSize, wordSize = 128, 8
	skip := 0
	if prefix != none {
		skip = 1
	}
	hash, size := start, skip+len(msg)
	for at := 0; ; at += blockSize {
		var block [16]uint64
		for i := range (min(size-at, blockSize) + wordSize - 1) / wordSize {
			block[i] = word(msg, at+wordSize*i-skip)
		}
		if at == 0 && prefix != none {
			block[0] |= uint64(prefix)
		}
		if at+blockSize >= size {
			compressOne(&hash, &block, uint64(size), ^uint64(0))
			break
		}
		compressOne(&hash, &block, uint64(at+blockSize), 0)
	}
	for i, w := range hash[:Size/wordSize] {
		binary.LittleEndian.PutUint64(dst[wordSize*i:], w)
	}
}

// word returns the 8 bytes of msg from at on, with zeros before its start and after its end.
func word(msg []byte, at int) (w uint64) {
	if at >= 0 && at+8 <= len(msg) {
		return binary.LittleEndian.Uint64(msg[at:])
	}
	for i := max(at, 0); i < min(at+8, len(msg)); i++ {
		w |= uint64(msg[i]) << (8 * (i - at))
	}
	return w
}
