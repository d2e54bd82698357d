// Package merkle commits to a vector of byte strings with one hash, and opens single positions of it.
//
// The idea: leaves are hashed with the prefix 0x00, pairs of nodes with the prefix 0x01, level by
// level up to one root. A level of odd length is completed by an empty node, 32 zero bytes, which is
// always the last and always a right child. The path of siblings from a leaf to the root proves what
// the leaf is.
//
// Nodes lie in flat byte slices, [Size] bytes each, because the levels of one tree, or of many, are
// hashed in one sweep of vector lanes. This package is pure and safe for concurrent use.
//
// Start with [New], [Tree.Prove] and [Proof.Verify]; [FoldAll] reduces many trees side by side.
// Source: spec: encoding.md section 4.1.
package merkle

import (
	"fmt"
	"math/bits"

	"github.com/walrus-go/walrus/blake2x"
)

// Size is the length of a hash in bytes.
const Size = blake2x.Size

// A Hash is a node of a tree: BLAKE2b-256.
type Hash [Size]byte

// String returns the hash in hex.
func (h Hash) String() string { return fmt.Sprintf("%x", h[:]) }

// Leaf returns the hash of a leaf.
func Leaf(data []byte) (h Hash) {
	LeafHashes(h[:], data, len(data), blake2x.List(1, 0))
	return h
}

// Inner returns the hash of a node with the given children.
func Inner(left, right Hash) (h Hash) {
	var pair [2 * Size]byte
	copy(pair[:], left[:])
	copy(pair[Size:], right[:])
	blake2x.Parents(h[:], pair[:])
	return h
}

// LeafHashes hashes the leaves of n bytes that g places in src, and writes their hashes to dst. It
// is the seam to the vector lanes: give it as many leaves at once as there are.
func LeafHashes(dst, src []byte, n int, g blake2x.Grid) {
	blake2x.SumPrefixed(dst, src, blake2x.LeafPrefix, n, g)
}

// PathLength returns how many siblings a proof in a tree of n leaves has.
func PathLength(n int) int {
	if n <= 1 {
		return 0
	}
	return bits.Len(uint(n - 1))
}

// Stride returns how many nodes apart rows of width nodes lie in [Fold]: width rounded up to even, so
// that there is room for the empty node.
func Stride(width int) int { return width + width%2 }

// Fold computes one level of many trees, or of many pieces of one: each of rows rows of width nodes
// in src becomes a row of parents in dst, and the width of those, half of width rounded up, is
// returned. Rows lie [Stride] nodes apart in both. The empty node that completes an odd row must be
// zero in src and is written to dst.
//
// A row of one node is hashed with an empty sibling: right for the last piece of a longer level, so
// stop before it when a row is a tree of its own. dst and src must not overlap.
func Fold(dst, src []byte, rows, width int) int {
	parents := Stride(width) / 2
	blake2x.SumPrefixed(dst, src, blake2x.NodePrefix, 2*Size, blake2x.Grid{
		Rows: rows, SrcRow: Stride(width) * Size, DstRow: Stride(parents) * Size,
		Cols: parents, SrcCol: 2 * Size, DstCol: Size,
	})
	if parents%2 == 1 {
		Complete(dst, rows, parents)
	}
	return parents
}

// Complete writes the empty nodes after rows of an odd number of nodes.
func Complete(nodes []byte, rows, width int) {
	for r := range rows {
		clear(nodes[(r*Stride(width)+width)*Size:][:Size])
	}
}

// Scratch returns the bytes of scratch space that [FoldAll] needs.
func Scratch(rows, width int) int { return rows * Stride((width+1)/2) * Size }

// FoldAll folds rows trees of width leaf hashes each, laid out as for [Fold], down to their roots,
// which it writes [Size] bytes each to dst. It destroys nodes and scratch, of which [Scratch] tells
// the length. The empty nodes need not be in place.
func FoldAll(dst, nodes, scratch []byte, rows, width int) {
	if width%2 == 1 && width > 1 {
		Complete(nodes, rows, width)
	}
	from, to := nodes, scratch
	for width > 1 {
		width = Fold(to, from, rows, width)
		from, to = to, from
	}
	for r := range rows {
		copy(dst[r*Size:(r+1)*Size], from[r*Stride(width)*Size:])
	}
}

// Root returns the root over leaf hashes, [Size] bytes each. The root of no leaves is the zero Hash.
func Root(leaves []byte) (root Hash) {
	width := len(leaves) / Size
	if width == 0 {
		return root
	}
	size := Stride(width) * Size
	nodes := make([]byte, size+Scratch(1, width))
	copy(nodes, leaves)
	FoldAll(root[:], nodes[:size], nodes[size:], 1, width)
	return root
}

// A Tree is a whole tree in memory, about 64 bytes for each leaf.
type Tree struct {
	leaves int
	// nodes holds the levels one after the other, leaves first and the root last. Levels of odd
	// length above one are completed by a zero node.
	nodes []byte
}

// New returns the tree over the leaf hashes in leaves, [Size] bytes each. It copies them.
func New(leaves []byte) *Tree {
	n := len(leaves) / Size
	total := 0
	for w := n; w > 1; w = (w + 1) / 2 {
		total += w + w%2
	}
	t := &Tree{leaves: n, nodes: make([]byte, (total+1)*Size)}
	copy(t.nodes, leaves[:n*Size])
	level := t.nodes
	for w := n; w > 1; w = (w + 1) / 2 {
		size := (w + w%2) * Size
		blake2x.Parents(level[size:size+size/2], level[:size])
		level = level[size:]
	}
	return t
}

// Len returns the number of leaves.
func (t *Tree) Len() int { return t.leaves }

// Root returns the root, the zero Hash for a tree without leaves.
func (t *Tree) Root() (root Hash) {
	copy(root[:], t.nodes[len(t.nodes)-Size:])
	return root
}

// Leaf returns the hash of leaf i, 0 <= i < Len.
func (t *Tree) Leaf(i int) (h Hash) {
	copy(h[:], t.nodes[i*Size:])
	return h
}

// Prove returns the path of leaf i, 0 <= i < Len. Other indices panic.
func (t *Tree) Prove(i int) Proof {
	if i < 0 || i >= t.leaves {
		panic(fmt.Sprintf("merkle: leaf %d of a tree of %d", i, t.leaves))
	}
	proof := make(Proof, 0, PathLength(t.leaves))
	level := t.nodes
	for w := t.leaves; w > 1; w = (w + 1) / 2 {
		sibling := i ^ 1
		var node Node
		if sibling < w {
			copy(node.Hash[:], level[sibling*Size:])
		} else {
			node.Empty = true
		}
		proof = append(proof, node)
		level = level[(w+w%2)*Size:]
		i >>= 1
	}
	return proof
}
