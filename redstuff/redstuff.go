// Package redstuff turns a blob into sliver pairs, and enough slivers back into the blob.
//
// The idea: lay the blob out as k1 rows by k2 columns of equal symbols and extend it with
// Reed-Solomon both ways. Extending the columns yields n rows, the primary slivers; extending the
// rows yields n columns, the secondary slivers; each shard keeps one of each. Every row crosses
// every column, so a lost sliver is rebuilt from one symbol per peer rather than from the blob. A
// sliver's root is the Merkle root over all n symbols of its extended row or column; the roots
// commit to everything.
//
// Throughout, n is the number of shards, f = (n-1)/3 of which may be faulty, k1 = n-2f, k2 = n-f;
// sizes are bytes and indices start at 0. Slivers are addressed by their index on their own axis.
// This package knows nothing of blob IDs, sliver pairs, committees or networks; those live above it.
//
// Start with [Code.Encode] and [Code.Decode]. [Code.Commit] computes the roots alone, [Code.Rows] hands
// a decoded blob out row by row, [Code.Expand] and [Code.Recover] are the two ends of rebuilding a
// sliver. Source: spec: encoding.md sections 1, 2, 4, 9 to 11.
package redstuff

import (
	"errors"
	"fmt"

	"github.com/walrus-go/walrus/rs"
)

// Errors of this package. They are wrapped with the figures that led to them.
var (
	// ErrShards: a number of shards that no code exists for; below [MinShards] or far too many.
	ErrShards = errors.New("redstuff: no code for this number of shards")
	// ErrBlobTooLarge: a blob above [Code.MaxBlobSize].
	ErrBlobTooLarge = errors.New("redstuff: blob too large")
	// ErrIndex: a sliver index that is not below n.
	ErrIndex = errors.New("redstuff: sliver index out of range")
	// ErrSliverSize: a sliver that is not as many bytes as it must be.
	ErrSliverSize = errors.New("redstuff: wrong sliver size")
	// ErrSymbolSize: a symbol size that is zero, odd or above [MaxSymbolSize], or symbols that differ in size.
	ErrSymbolSize = errors.New("redstuff: wrong symbol size")
	// ErrTooFewSlivers: fewer slivers than the axis needs to decode.
	ErrTooFewSlivers = errors.New("redstuff: too few slivers")
	// ErrTooFewSymbols: fewer symbols than the sliver to recover has.
	ErrTooFewSymbols = errors.New("redstuff: too few symbols")
	// ErrDuplicate: two slivers, or two symbols, of one index.
	ErrDuplicate = errors.New("redstuff: duplicate index")
	// ErrSize: a size of a blob or reader that does not fit what is there.
	ErrSize = errors.New("redstuff: wrong blob size")
)

const (
	// MinShards is the smallest number of shards: below it f is zero and there is nothing to recover.
	MinShards = 4
	// MaxSymbolSize is the largest even number that fits the 16-bit symbol size of the wire format.
	MaxSymbolSize = 65534
	// StorageUnit is what storage is bought in, in bytes. The chain charges by it.
	StorageUnit = 1 << 20
)

// A Code is the two-dimensional code over n shards. It holds no blob; it is cheap to make and safe
// for concurrent use.
type Code struct {
	n, f int
	// lines[axis] is the code that extends a line of Source(axis) symbols to n: lines[Secondary]
	// extends rows, whose symbols lie on the secondary slivers, lines[Primary] extends columns.
	lines [2]*rs.Code
}

// New returns the code over n shards. Errors: [ErrShards].
func New(n int) (*Code, error) {
	if n < MinShards || n > 1<<16-1 {
		return nil, fmt.Errorf("%w: %d, at least %d", ErrShards, n, MinShards)
	}
	c := &Code{n: n, f: (n - 1) / 3}
	for _, axis := range []Axis{Primary, Secondary} {
		line, err := rs.New(c.Source(axis), n-c.Source(axis))
		if err != nil {
			return nil, fmt.Errorf("%w: %d: %w", ErrShards, n, err)
		}
		c.lines[axis] = line
	}
	return c, nil
}

// Shards returns n.
func (c *Code) Shards() int { return c.n }

// Faulty returns f, the number of shards that may be lost or lie.
func (c *Code) Faulty() int { return c.f }

// Source returns how many slivers of an axis hold the blob itself and suffice to bring it back: k1
// primary ones, k2 secondary ones. They are the first of the axis.
func (c *Code) Source(axis Axis) int {
	if axis == Primary {
		return c.n - 2*c.f
	}
	return c.n - c.f
}

// Symbols returns how many symbols a stored sliver has, which is also how many symbols recover it:
// k2 for a primary one, k1 for a secondary one.
func (c *Code) Symbols(axis Axis) int { return c.Source(axis.Other()) }

// cells returns the number of symbols in the matrix.
func (c *Code) cells() uint64 { return uint64(c.Source(Primary)) * uint64(c.Source(Secondary)) }

// MaxBlobSize returns the length of the largest blob.
func (c *Code) MaxBlobSize() uint64 { return c.cells() * MaxSymbolSize }

// SymbolSize returns the length of each symbol of a blob of size bytes: even, and at least 2.
//
// Errors: [ErrBlobTooLarge]. Source: spec: encoding.md section 1.2.
func (c *Code) SymbolSize(size uint64) (int, error) {
	if size > c.MaxBlobSize() {
		return 0, fmt.Errorf("%w: %d bytes, at most %d with %d shards", ErrBlobTooLarge, size, c.MaxBlobSize(), c.n)
	}
	s := (max(size, 1) + c.cells() - 1) / c.cells()
	return int(s + s%2), nil
}

// SliverSize returns the length of a sliver of the given axis and symbol size.
func (c *Code) SliverSize(axis Axis, symbolSize int) int { return c.Symbols(axis) * symbolSize }

// MetadataLength returns what the accounting counts for the metadata on each shard. It is not the
// length of any encoding of the metadata.
func (c *Code) MetadataLength() uint64 { return 64*uint64(c.n) + 32 }

// EncodedLength returns how much storage a blob of size bytes takes on all shards together. It is
// what the chain charges for.
//
// Errors: [ErrBlobTooLarge]. Source: spec: encoding.md section 1.3.
func (c *Code) EncodedLength(size uint64) (uint64, error) {
	s, err := c.SymbolSize(size)
	if err != nil {
		return 0, err
	}
	n := uint64(c.n)
	pair := uint64(c.Source(Primary)+c.Source(Secondary)) * uint64(s)
	return n*c.MetadataLength() + n*pair, nil
}

// StorageUnits returns [Code.EncodedLength] in units of [StorageUnit], rounded up.
func (c *Code) StorageUnits(size uint64) (uint64, error) {
	length, err := c.EncodedLength(size)
	if err != nil {
		return 0, err
	}
	return (length + StorageUnit - 1) / StorageUnit, nil
}

// checkSymbolSize refuses symbol sizes that do not exist.
func checkSymbolSize(s int) error {
	if s <= 0 || s%2 != 0 || s > MaxSymbolSize {
		return fmt.Errorf("%w: %d bytes", ErrSymbolSize, s)
	}
	return nil
}

// sliverSymbolSize returns the symbol size of a sliver of the given length.
func (c *Code) sliverSymbolSize(axis Axis, length int) (int, error) {
	k := c.Symbols(axis)
	if length == 0 || length%k != 0 {
		return 0, fmt.Errorf("%w: %d bytes are not %d symbols", ErrSliverSize, length, k)
	}
	s := length / k
	return s, checkSymbolSize(s)
}
