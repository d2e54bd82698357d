package blake2x

import (
	"hash"
	"sync"

	"golang.org/x/crypto/blake2b"
)

// short is the longest message, prefix included, that is hashed from a buffer on the stack: one block,
// beyond which the copy would begin to count.
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
	var h *hasher
	if prefix != none && n >= short {
		h = hashers.Get().(*hasher)
		defer hashers.Put(h)
	}
	for r := range g.Rows {
		for c := range g.Cols {
			at := r*g.SrcRow + c*g.SrcCol
			sum := (*[Size]byte)(dst[r*g.DstRow+c*g.DstCol:])
			msg := src[at : at+n]
			switch {
			case prefix == none:
				*sum = blake2b.Sum256(msg)
			case h == nil:
				var buf [short]byte
				buf[0] = byte(prefix)
				*sum = blake2b.Sum256(buf[:1+copy(buf[1:], msg)])
			default:
				*sum = h.prefixed(byte(prefix), msg)
			}
		}
	}
}

// start begins a message with its prefix.
func (h *hasher) start(prefix byte) {
	h.Reset()
	h.prefix[0] = prefix
	h.Write(h.prefix[:])
}

// prefixed hashes a message behind its prefix.
func (h *hasher) prefixed(prefix byte, msg []byte) [Size]byte {
	h.start(prefix)
	h.Write(msg)
	h.Sum(h.sum[:0])
	return h.sum
}
