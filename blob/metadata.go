package blob

import (
	"errors"
	"fmt"

	"github.com/walrus-go/walrus/bcs"
	"github.com/walrus-go/walrus/blake2x"
	"github.com/walrus-go/walrus/merkle"
	"github.com/walrus-go/walrus/redstuff"
)

// ErrMetadata: metadata that no blob can have, for this number of shards at least.
var ErrMetadata = errors.New("blob: invalid metadata")

// A PairHashes holds the roots of the two slivers of a pair.
type PairHashes struct {
	Primary, Secondary merkle.Hash
}

// Metadata is what an ID commits to: the encoding type, the length of the blob and the roots of all
// its slivers. It must not be changed while others use it.
type Metadata struct {
	Encoding EncodingType
	// Size is the length of the blob in bytes.
	Size uint64
	// Hashes holds the roots in the order of sliver pairs; there are as many as shards.
	Hashes []PairHashes
}

// NewMetadata returns the metadata of an encoded blob.
func NewMetadata(c *redstuff.Commitment) *Metadata {
	m := &Metadata{Encoding: RS2, Size: c.Size, Hashes: make([]PairHashes, c.Shards)}
	for p := range m.Hashes {
		m.Hashes[p] = PairHashes{c.Roots[Primary][p], c.Roots[Secondary][PairIndex(p).Sliver(Secondary, c.Shards)]}
	}
	return m
}

// Shards returns the number of shards the blob is encoded for.
func (m *Metadata) Shards() int { return len(m.Hashes) }

// Hash returns the root of sliver i of an axis. Errors: [ErrIndex].
func (m *Metadata) Hash(axis Axis, i SliverIndex) (merkle.Hash, error) {
	if err := checkIndex(axis.String()+" sliver", i, m.Shards()); err != nil {
		return merkle.Hash{}, err
	}
	pair := m.Hashes[i.Pair(axis, m.Shards())]
	if axis == Primary {
		return pair.Primary, nil
	}
	return pair.Secondary, nil
}

// Code returns the code of the blob. Errors: [redstuff.ErrShards].
func (m *Metadata) Code() (*redstuff.Code, error) { return codeFor(m.Shards()) }

// SymbolSize returns the length of the blob's symbols.
//
// Errors: [redstuff.ErrShards], [redstuff.ErrBlobTooLarge].
func (m *Metadata) SymbolSize() (int, error) {
	c, err := m.Code()
	if err != nil {
		return 0, err
	}
	return c.SymbolSize(m.Size)
}

// Root returns the Merkle root over all pairs. Source: spec: encoding.md section 4.3.
func (m *Metadata) Root() (root merkle.Hash) {
	const size = 2 * merkle.Size
	n := len(m.Hashes)
	if n == 0 {
		return root
	}
	memory := make([]byte, n*size+merkle.Stride(n)*merkle.Size)
	pairs, leaves := memory[:n*size], memory[n*size:]
	for i := range m.Hashes {
		h := &m.Hashes[i]
		*(*merkle.Hash)(pairs[i*size:]) = h.Primary
		*(*merkle.Hash)(pairs[i*size+merkle.Size:]) = h.Secondary
	}
	merkle.LeafHashes(leaves, pairs, size, blake2x.List(n, size))
	merkle.FoldAll(root[:], leaves, pairs, 1, n) // pairs are long enough to be scratch
	return root
}

// ID computes the ID that the metadata belongs to. Source: spec: encoding.md section 4.5.
func (m *Metadata) ID() (id ID) {
	root := m.Root()
	preimage := append(make([]byte, 0, 1+8+merkle.Size), byte(m.Encoding))
	preimage = bcs.AppendU64(preimage, m.Size)
	preimage = append(preimage, root[:]...)
	blake2x.Sum(id[:], preimage, len(preimage), blake2x.List(1, 0))
	return id
}

// Verify reports whether m is the metadata of blob id encoded for n shards.
//
// Errors: [ErrMetadata] if it cannot be anyone's, [ErrCorrupt] if it is that of another blob.
// Source: spec: encoding.md section 7.1.
func (m *Metadata) Verify(id ID, n int) error {
	if m.Shards() != n {
		return fmt.Errorf("%w: of blob %v: for %d shards, want %d", ErrMetadata, id, m.Shards(), n)
	}
	if m.Encoding != RS2 {
		return fmt.Errorf("%w: of blob %v: %w: %d", ErrMetadata, id, ErrEncoding, uint8(m.Encoding))
	}
	if _, err := m.SymbolSize(); err != nil {
		return fmt.Errorf("%w: of blob %v: %w", ErrMetadata, id, err)
	}
	if got := m.ID(); got != id {
		return fmt.Errorf("%w: metadata of blob %v is offered for %v", ErrCorrupt, got, id)
	}
	return nil
}

// maxShards bounds the pairs that are read; shards are numbered with 16 bits.
const maxShards = 1<<16 - 1

// AppendBCS appends the metadata without its ID, as BlobMetadata. Source: spec: encoding.md section 6.3.
func (m *Metadata) AppendBCS(b []byte) []byte {
	b = bcs.AppendVariant(b, 0) // version 1
	b = m.Encoding.AppendBCS(b)
	b = bcs.AppendU64(b, m.Size)
	b = bcs.AppendLen(b, len(m.Hashes))
	for _, h := range m.Hashes {
		b = merkle.Node{Hash: h.Primary}.AppendBCS(b)
		b = merkle.Node{Hash: h.Secondary}.AppendBCS(b)
	}
	return b
}

// ReadMetadata reads what [Metadata.AppendBCS] wrote. The empty node in place of a root is refused,
// as no sliver has it.
func ReadMetadata(r *bcs.Reader) *Metadata {
	r.Variant(1)
	m := &Metadata{Encoding: ReadEncodingType(r), Size: r.U64()}
	m.Hashes = make([]PairHashes, r.LenMax(2, maxShards))
	for i := range m.Hashes {
		m.Hashes[i] = PairHashes{readRoot(r), readRoot(r)}
	}
	return m
}

// readRoot reads a node that must be a hash.
func readRoot(r *bcs.Reader) merkle.Hash {
	node := merkle.ReadNode(r)
	if node.Empty {
		r.Fail(fmt.Errorf("%w: empty node as the root of a sliver", ErrMetadata))
	}
	return node.Hash
}

// ParseMetadata reads the bytes of a BlobMetadata. Errors: those of bcs, [ErrEncoding], [ErrMetadata].
func ParseMetadata(b []byte) (*Metadata, error) {
	r := bcs.NewReader(b)
	m := ReadMetadata(r)
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("blob: metadata: %w", err)
	}
	return m, nil
}

// AppendBCSWithID appends the ID and the metadata, as BlobMetadataWithId.
func (m *Metadata) AppendBCSWithID(b []byte, id ID) []byte { return m.AppendBCS(append(b, id[:]...)) }

// ParseMetadataWithID reads the bytes of a BlobMetadataWithId. That the two belong together remains
// to be seen with [Metadata.Verify]. Errors: as for [ParseMetadata].
func ParseMetadataWithID(b []byte) (ID, *Metadata, error) {
	r := bcs.NewReader(b)
	id := ReadID(r)
	m := ReadMetadata(r)
	if err := r.Done(); err != nil {
		return ID{}, nil, fmt.Errorf("blob: metadata: %w", err)
	}
	return id, m, nil
}

// AppendBCS appends the ID's 32 bytes.
func (id ID) AppendBCS(b []byte) []byte { return append(b, id[:]...) }

// ReadID reads what [ID.AppendBCS] wrote.
func ReadID(r *bcs.Reader) (id ID) {
	copy(id[:], r.Fixed(IDSize))
	return id
}
