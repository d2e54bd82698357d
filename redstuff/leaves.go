package redstuff

import (
	"encoding/binary"
	"sync"

	"github.com/walrus-go/walrus/blake2x"
	"github.com/walrus-go/walrus/merkle"
)

// smallLeaves returns the hashes of all leaves of two bytes. There are 65536, far fewer than the
// symbols of a small blob over many shards.
var smallLeaves = sync.OnceValue(func() []byte {
	all := make([]byte, 2<<16)
	for v := range 1 << 16 {
		binary.LittleEndian.PutUint16(all[2*v:], uint16(v))
	}
	table := make([]byte, merkle.Size<<16)
	merkle.LeafHashes(table, all, 2, blake2x.List(1<<16, 2))
	return table
})

// smallWorth is the number of shards from which a blob has more symbols than there are small leaves.
const smallWorth = 256

// leafHashes is [merkle.LeafHashes], with a table for the smallest leaves.
func (c *Code) leafHashes(dst, src []byte, s int, g blake2x.Grid) {
	if s != 2 || c.n < smallWorth {
		merkle.LeafHashes(dst, src, s, g)
		return
	}
	table := smallLeaves()
	for row := range g.Rows {
		for col := range g.Cols {
			v := int(binary.LittleEndian.Uint16(src[row*g.SrcRow+col*g.SrcCol:]))
			copyHash(dst[row*g.DstRow+col*g.DstCol:], table[v*merkle.Size:])
		}
	}
}

// copyHash copies one hash, faster than copy does: by halves, each of which fits a register.
func copyHash(dst, src []byte) {
	const half = merkle.Size / 2
	dst, src = dst[:merkle.Size], src[:merkle.Size]
	*(*[half]byte)(dst) = [half]byte(src)
	*(*[half]byte)(dst[half:]) = [half]byte(src[half:])
}
