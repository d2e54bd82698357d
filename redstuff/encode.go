package redstuff

import (
	"fmt"
	"io"
	"math"

	"github.com/walrus-go/walrus/merkle"
)

// A Commitment is what a blob's encoding is known by.
type Commitment struct {
	// Shards is n.
	Shards int
	// Size is the length of the blob.
	Size uint64
	// SymbolSize is the length of every symbol.
	SymbolSize int
	// Roots holds the root of every sliver: Roots[axis][index], n of them on each axis.
	Roots [2][]merkle.Hash
}

// An Encoding is all slivers of a blob with their commitment. Slivers must not be changed: they share
// memory with each other and with the blob they were made from.
type Encoding struct {
	Commitment
	code      *Code
	source    *memory
	blob      []byte // copy of the blob when it came from a reader, padded
	primary   []byte // primary slivers k1..n-1, end to end
	secondary []byte // secondary slivers 0..n-1, end to end
}

// Options are the finer points of [Code.Encode] and [Code.Commit]. Nil means the defaults.
type Options struct {
	// Ready, if not nil, is called once for every sliver as soon as it is known, long before its
	// root is. Calls come from several goroutines at once; they hold up the encoding. data belongs
	// to the Encoding. Commit ignores it.
	Ready func(axis Axis, index int, data []byte)

	// Reuse is an Encoding that is no longer needed, whose memory the new one takes over if it is
	// large enough. Its slivers must not be used any more. Commit ignores it.
	Reuse *Encoding

	// Memory bounds what Commit uses beyond the blob, in bytes, as far as the shape of the code
	// allows; zero means 64 MB and 32 bytes for each symbol of the extended matrix. Less memory
	// means going over the blob more often: about half the blob's size is needed to do so once.
	Memory int64
}

// Sliver returns a sliver, 0 <= index < n. Other indices panic.
func (e *Encoding) Sliver(axis Axis, index int) []byte {
	k1, size := e.code.Source(Primary), e.code.SliverSize(axis, e.SymbolSize)
	data := e.secondary
	if axis == Primary {
		if uint(index) < uint(k1) {
			return e.source.sliver(index)
		}
		index, data = index-k1, e.primary
	}
	return data[index*size : (index+1)*size : (index+1)*size]
}

// Encode computes all slivers of a blob and their roots. The Encoding keeps blob, which must not
// change as long as it is used.
//
// It runs on up to GOMAXPROCS goroutines and needs at most 64 MB more memory than the slivers that are
// not parts of the blob; the number of allocations does not depend on the blob.
//
// Errors: [ErrBlobTooLarge]. Source: spec: encoding.md section 2.
func (c *Code) Encode(blob []byte, o *Options) (*Encoding, error) {
	s, err := c.SymbolSize(uint64(len(blob)))
	if err != nil {
		return nil, err
	}
	return c.encode(newMemory(c.shape(s), blob), len(blob), o)
}

// EncodeFrom is [Code.Encode] for a blob of size bytes that is read from r once.
//
// Errors: [ErrBlobTooLarge], [ErrSize] for a negative size, and those of r; a reader that ends early
// gives io.ErrUnexpectedEOF.
func (c *Code) EncodeFrom(r io.ReaderAt, size int64, o *Options) (*Encoding, error) {
	f, err := c.newFile(r, size)
	if err != nil {
		return nil, err
	}
	if int64(f.k1)*int64(f.rowSize()) > math.MaxInt {
		return nil, fmt.Errorf("%w: %d bytes do not fit the address space", ErrBlobTooLarge, size)
	}
	var blob []byte
	if o != nil && o.Reuse != nil {
		blob = o.Reuse.blob
	}
	grow(&blob, f.k1*f.rowSize())
	if err := f.read(blob, 0); err != nil {
		return nil, err
	}
	e, err := c.encode(newMemory(f.shape, blob), int(size), o)
	if err == nil {
		e.blob = blob
	}
	return e, err
}

func (c *Code) encode(m *memory, size int, o *Options) (*Encoding, error) {
	if o == nil {
		o = &Options{}
	}
	e := &Encoding{code: c, source: m}
	e.SymbolSize = m.s
	if o.Reuse != nil {
		e.primary, e.secondary = o.Reuse.primary, o.Reuse.secondary
	}
	grow(&e.primary, (c.n-m.k1)*m.rowSize())
	grow(&e.secondary, c.n*m.k1*m.s)
	j := c.newJob(m.shape, m)
	defer j.release()
	j.limit(defaultMemory)
	j.primary, j.secondary, j.keep = e.primary, e.secondary, true
	if o.Ready != nil {
		for i := range m.k1 {
			o.Ready(Primary, i, m.sliver(i))
		}
		j.ready = func(column int) { o.Ready(Secondary, column, e.Sliver(Secondary, column)) }
	}
	if err := j.pass(0, c.n); err != nil {
		return nil, err
	}
	e.Commitment = j.commitment(uint64(size))
	if o.Ready != nil {
		for i := m.k1; i < c.n; i++ {
			o.Ready(Primary, i, e.Sliver(Primary, i))
		}
	}
	return e, nil
}

// Commit computes the roots of a blob's slivers without keeping the slivers.
//
// Errors: [ErrBlobTooLarge].
func (c *Code) Commit(blob []byte, o *Options) (*Commitment, error) {
	s, err := c.SymbolSize(uint64(len(blob)))
	if err != nil {
		return nil, err
	}
	m := c.shape(s)
	return c.commit(m, newMemory(m, blob), uint64(len(blob)), o)
}

// CommitFrom is [Code.Commit] for a blob of size bytes that is read from r, which may be larger than
// memory. r is read from several goroutines.
//
// Errors: as for [Code.EncodeFrom].
func (c *Code) CommitFrom(r io.ReaderAt, size int64, o *Options) (*Commitment, error) {
	f, err := c.newFile(r, size)
	if err != nil {
		return nil, err
	}
	return c.commit(f.shape, f, uint64(size), o)
}

// defaultMemory keeps an encoding within 64 MB with everything that is not counted.
const defaultMemory = 48 << 20

func (c *Code) commit(m shape, from source, size uint64, o *Options) (*Commitment, error) {
	j := c.newJob(m, from)
	defer j.release()
	// As much as if all leaf hashes were kept, although only a few nodes are.
	budget := defaultMemory + int64(c.n*c.n*merkle.Size-len(j.nodes))
	if o != nil && o.Memory > 0 {
		budget = o.Memory
	}
	j.limit(budget / 2)
	// As many columns at a time as the budget has room for the row recovery symbols of.
	column := int64(m.k1) * int64(m.s)
	room := min(int64(c.n-m.k2), max(int64(j.task), (budget-j.fixed())/column))
	grow(&j.secondary, int(room*column))
	for first := 0; first < c.n; {
		end := min(int64(c.n), max(int64(first), int64(m.k2))+room)
		if end < int64(c.n) {
			end -= end % int64(j.task)
		}
		if err := j.pass(first, int(end)); err != nil {
			return nil, err
		}
		first = int(end)
	}
	commitment := j.commitment(size)
	return &commitment, nil
}

func (c *Code) shape(s int) shape { return shape{c.Source(Primary), c.Source(Secondary), s} }

func (c *Code) newFile(r io.ReaderAt, size int64) (*file, error) {
	if size < 0 {
		return nil, fmt.Errorf("%w: %d bytes", ErrSize, size)
	}
	s, err := c.SymbolSize(uint64(size))
	if err != nil {
		return nil, err
	}
	return &file{shape: c.shape(s), from: r, size: size}, nil
}
