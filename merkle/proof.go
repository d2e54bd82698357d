package merkle

import (
	"errors"
	"fmt"

	"github.com/walrus-go/walrus/bcs"
)

// ErrProof: a proof that does not lead from the leaf to the root.
var ErrProof = errors.New("merkle: proof does not lead to the root")

// A Node is a sibling in a proof: a hash, or the empty node that completes an odd level, whose Hash
// is zero.
type Node struct {
	Hash  Hash
	Empty bool
}

// A Proof is the path of siblings of one leaf, leaf level first.
type Proof []Node

// Verify reports, as an error matching [ErrProof], that data is not leaf i of the tree of n leaves
// with the given root.
//
// It is strict: the path has exactly [PathLength] nodes, and a node is Empty just where the shape of
// the tree asks for it, so no leaf has two proofs. Source: spec: encoding.md section 4.1.
func (p Proof) Verify(root Hash, data []byte, i, n int) error {
	return p.VerifyHash(root, Leaf(data), i, n)
}

// VerifyHash is [Proof.Verify] for a leaf whose hash is known.
func (p Proof) VerifyHash(root, leaf Hash, i, n int) error {
	if i < 0 || i >= n {
		return fmt.Errorf("%w: leaf %d of a tree of %d", ErrProof, i, n)
	}
	if len(p) != PathLength(n) {
		return fmt.Errorf("%w: %d nodes for a tree of %d leaves", ErrProof, len(p), n)
	}
	h := leaf
	for level, node := range p {
		outside := i^1 >= n
		if node.Empty != outside || outside && node.Hash != (Hash{}) {
			return fmt.Errorf("%w: empty or missing node at level %d", ErrProof, level)
		}
		if i%2 == 0 {
			h = Inner(h, node.Hash)
		} else {
			h = Inner(node.Hash, h)
		}
		i, n = i/2, (n+1)/2
	}
	if h != root {
		return ErrProof
	}
	return nil
}

// Variants of a node on the wire.
const (
	variantEmpty = iota
	variantDigest
	variants
)

// AppendBCS appends the node: variant 0 for the empty node, or variant 1 and the hash.
func (n Node) AppendBCS(b []byte) []byte {
	if n.Empty {
		return bcs.AppendVariant(b, variantEmpty)
	}
	return append(bcs.AppendVariant(b, variantDigest), n.Hash[:]...)
}

// ReadNode reads what [Node.AppendBCS] wrote.
func ReadNode(r *bcs.Reader) (n Node) {
	if r.Variant(variants) == variantDigest {
		copy(n.Hash[:], r.Fixed(Size))
		return n
	}
	n.Empty = true
	return n
}

// AppendBCS appends the proof as a vector of nodes. Source: spec: encoding.md section 6.2.
func (p Proof) AppendBCS(b []byte) []byte {
	b = bcs.AppendLen(b, len(p))
	for _, n := range p {
		b = n.AppendBCS(b)
	}
	return b
}

// maxPath bounds the proofs that are read: no tree of this system has more than 2^16 leaves.
const maxPath = 16

// ReadProof reads what [Proof.AppendBCS] wrote. Errors are the reader's.
func ReadProof(r *bcs.Reader) Proof {
	p := make(Proof, r.LenMax(1, maxPath))
	for i := range p {
		p[i] = ReadNode(r)
	}
	return p
}
