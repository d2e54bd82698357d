package redstuff

import (
	"fmt"

	"github.com/walrus-go/walrus/blake2x"
	"github.com/walrus-go/walrus/merkle"
	"github.com/walrus-go/walrus/rs"
)

// An Expanded is a sliver extended to n symbols, with its Merkle tree. Expand once, then take as many
// symbols and proofs as are asked for. It is safe for concurrent use.
type Expanded struct {
	s        int
	stored   []byte // the sliver
	extended []byte // the symbols after it
	tree     *merkle.Tree
}

// Expand extends a sliver. It keeps sliver, which must not change as long as the result is used.
//
// Errors: [ErrSliverSize], [ErrSymbolSize]. Source: spec: encoding.md sections 2.3 and 11.2.
func (c *Code) Expand(axis Axis, sliver []byte) (*Expanded, error) {
	s, err := c.sliverSymbolSize(axis, len(sliver))
	if err != nil {
		return nil, err
	}
	line := c.lines[axis.Other()]
	x := &Expanded{s: s, stored: sliver, extended: make([]byte, line.Recoveries()*s)}
	strip, _ := fit(line.Rows(), s, 1)
	strips := (s + strip - 1) / strip
	// Extending cannot fail.
	_ = parallel(goroutines(c.n, s), strips, func(w *worker, t int) error {
		e := extension{line: line, s: s, from: t * strip, to: min(s, (t+1)*strip)}
		e.run(w, [][]byte{sliver}, x.extended)
		return nil
	})
	leaves := make([]byte, c.n*merkle.Size)
	c.lineLeaves(leaves, sliver, x.extended, s)
	x.tree = merkle.New(leaves)
	return x, nil
}

// Root returns the sliver's root.
func (x *Expanded) Root() merkle.Hash { return x.tree.Root() }

// Symbol returns symbol i, 0 <= i < n, where the sliver crosses sliver i of the other axis. The
// caller must not change it. Errors: [ErrIndex].
func (x *Expanded) Symbol(i int) ([]byte, error) {
	if i < 0 || i >= x.tree.Len() {
		return nil, fmt.Errorf("%w: symbol %d of %d", ErrIndex, i, x.tree.Len())
	}
	at, data := i*x.s, x.stored
	if at >= len(data) {
		at, data = at-len(data), x.extended
	}
	return data[at : at+x.s : at+x.s], nil
}

// Prove returns the Merkle proof of symbol i. Errors: [ErrIndex].
func (x *Expanded) Prove(i int) (merkle.Proof, error) {
	if i < 0 || i >= x.tree.Len() {
		return nil, fmt.Errorf("%w: symbol %d of %d", ErrIndex, i, x.tree.Len())
	}
	return x.tree.Prove(i), nil
}

// SliverRoot returns the Merkle root over the n symbols of a sliver's extension.
//
// Errors: [ErrSliverSize], [ErrSymbolSize]. Source: spec: encoding.md section 4.2.
func (c *Code) SliverRoot(axis Axis, sliver []byte) (merkle.Hash, error) {
	roots, err := c.SliverRoots(axis, [][]byte{sliver})
	if err != nil {
		return merkle.Hash{}, err
	}
	return roots[0], nil
}

// SliverRoots returns the roots of slivers of one axis and one size, which is faster than one by one.
//
// Errors: [ErrSliverSize], [ErrSymbolSize].
func (c *Code) SliverRoots(axis Axis, slivers [][]byte) ([]merkle.Hash, error) {
	if len(slivers) == 0 {
		return nil, nil
	}
	size := len(slivers[0])
	s, err := c.sliverSymbolSize(axis, size)
	if err != nil {
		return nil, err
	}
	for _, sliver := range slivers {
		if len(sliver) != size {
			return nil, fmt.Errorf("%w: %d and %d bytes", ErrSliverSize, size, len(sliver))
		}
	}
	return c.lineRoots(axis, slivers, s), nil
}

// Systematic returns the primary slivers of a blob that are the blob itself: Source(Primary) of them,
// the last ones padded with zeros. Whole ones are parts of blob and the others share memory too, so
// nobody may change them. With their roots, any reader can tell whether a blob is what its metadata
// commits to.
//
// Errors: [ErrBlobTooLarge]. Source: spec: encoding.md sections 2.3 and 10.
func (c *Code) Systematic(blob []byte) ([][]byte, error) {
	s, err := c.SymbolSize(uint64(len(blob)))
	if err != nil {
		return nil, err
	}
	m := newMemory(c.shape(s), blob)
	slivers := make([][]byte, m.k1)
	for i := range slivers {
		slivers[i] = m.sliver(i)
	}
	return slivers, nil
}

// maxLines bounds the slivers that are extended and hashed side by side.
const maxLines = 16

// lineRoots extends and hashes slivers of checked size.
func (c *Code) lineRoots(axis Axis, slivers [][]byte, s int) []merkle.Hash {
	line := c.lines[axis.Other()]
	limit := goroutines(len(slivers)*c.n, s)
	most := max(1, min(maxLines, len(slivers)/limit))
	strip, batch := fit(line.Rows(), s, most)
	roots := make([]merkle.Hash, len(slivers))
	stride := merkle.Stride(c.n) * merkle.Size
	size := line.Recoveries() * s
	// Hashing cannot fail.
	_ = parallel(limit, (len(slivers)+batch-1)/batch, func(w *worker, t int) error {
		part := slivers[t*batch : min(len(slivers), (t+1)*batch)]
		out := grow(&w.out, len(part)*size)
		for from := 0; from < s; from += strip {
			e := extension{line: line, s: s, from: from, to: min(s, from+strip)}
			e.run(w, part, out)
		}
		leaves := grow(&w.leaves, len(part)*stride)
		for i, sliver := range part {
			c.lineLeaves(leaves[i*stride:], sliver, out[i*size:(i+1)*size], s)
		}
		var folded [maxLines * merkle.Size]byte
		merkle.FoldAll(folded[:], leaves, grow(&w.fold, merkle.Scratch(len(part), c.n)), len(part), c.n)
		for i := range part {
			roots[t*batch+i] = merkle.Hash(folded[i*merkle.Size:])
		}
		return nil
	})
	return roots
}

// lineLeaves writes the n leaf hashes of a sliver and its extension to dst.
func (c *Code) lineLeaves(dst, stored, extended []byte, s int) {
	k := len(stored) / s
	c.leafHashes(dst, stored, s, blake2x.List(k, s))
	c.leafHashes(dst[k*merkle.Size:], extended, s, blake2x.List(len(extended)/s, s))
}

// An extension computes bytes [from, to) of the recovery symbols of lines.
type extension struct {
	line     *rs.Code
	s        int
	from, to int
}

// run writes the recovery symbols of every line, end to end, to out.
func (e extension) run(w *worker, lines [][]byte, out []byte) {
	layout := rs.NewLayout(e.to-e.from, len(lines))
	width, r := layout.Width(), e.line.Recoveries()
	work := grow(&w.rows, e.line.Rows()*width)
	for i, symbols := range lines {
		layout.Load(work, i, rs.Rect{Data: symbols[e.from:], Cols: 1, Rows: e.line.Originals(), RowStep: e.s})
	}
	e.line.EncodeRows(work, width, r)
	layout.Store(rs.Rect{Data: out[e.from:], Cols: len(lines), ColStep: r * e.s, Rows: r, RowStep: e.s}, work, 0)
}
