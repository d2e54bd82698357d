package blake2x

import (
	"hash"
	"sync"

	"golang.org/x/crypto/blake2b"
)

// short is the longest message, prefix included, that sumOne hashes from a buffer on the stack: one
// block, beyond which the copy would begin to count.
const short = 128

// A hasher is a streaming hash with the bytes that would otherwise escape to the heap.
type hasher struct {
	hash.Hash
	prefix [1]byte
	sum    [Size]byte
}

// hashers lends streaming hashes to messages that are prefixed and long.
var hashers = sync.Pool{New: func() any {
	h, err := blake2b.New256(nil)
	if err != nil {
		panic("blake2x: " + err.Error()) // only a key can be refused, and there is none
	}
	return &hasher{Hash: h}
}}

// sumGeneric hashes a grid message by message. It is the definition that every kernel is held to.
func sumGeneric(dst, src []byte, n int, g Grid, prefix int) {
	for r := range g.Rows {
		for c := range g.Cols {
			at := r*g.SrcRow + c*g.SrcCol
			sum := sumOne(src[at:at+n], prefix)
			copy(dst[r*g.DstRow+c*g.DstCol:][:Size], sum[:])
		}
	}
}

// sumOne hashes one message after its prefix, if there is one.
func sumOne(msg []byte, prefix int) [Size]byte {
	if prefix == none {
		return blake2b.Sum256(msg)
	}
	if len(msg) < short {
		var buf [short]byte
		buf[0] = byte(prefix)
		copy(buf[1:], msg)
		return blake2b.Sum256(buf[:1+len(msg)])
	}
	h := hashers.Get().(*hasher)
	defer hashers.Put(h)
	h.Reset()
	h.prefix[0] = byte(prefix)
	h.Write(h.prefix[:])
	h.Write(msg)
	h.Sum(h.sum[:0])
	return h.sum
}
