// Package blob holds the nouns of stored data: IDs, slivers, metadata, symbols, and their bytes.
//
// The idea: a blob is known by its [ID], a hash over its length and over the roots of all its
// slivers. The roots are the blob's [Metadata]; whoever holds metadata that matches the ID can check
// any [Sliver], any single symbol with a proof, and even a proof that the writer lied, without the
// blob. Everything here is either a shape, a name, a canonical encoding or such a check.
//
// Notation: n shards hold n sliver pairs. Pair p is primary sliver p and secondary sliver n-1-p, and
// lies on a shard that depends on the ID. Slivers are addressed by a [SliverIndex] on their axis, or by
// the [PairIndex] they belong to; the two differ for secondary slivers, so they are types of their own.
//
// Decoders take bytes from strangers: they allocate no more than the input warrants and what they
// return shares memory with the input. This package does no I/O.
//
// Start with [New], [Metadata.Verify], [Sliver.Verify] and [Metadata.Decode]. Source: spec:
// encoding.md sections 2, 4, 6, 7 and 9 to 12.
package blob

import (
	"errors"
	"sync/atomic"

	"github.com/walrus-go/walrus/redstuff"
)

// Errors of this package, besides those of redstuff and bcs that it wraps.
var (
	// ErrCorrupt: bytes that disagree with what they are committed to by.
	ErrCorrupt = errors.New("blob: data does not match its commitment")
	// ErrIndex: a sliver, pair or shard index that is not below the number of shards.
	ErrIndex = errors.New("blob: index out of range")
	// ErrSliverSize: a sliver of another length than the metadata asks for.
	ErrSliverSize = errors.New("blob: wrong sliver size")
	// ErrSymbolSize: a symbol, or a sliver's symbol size, other than the metadata asks for.
	ErrSymbolSize = errors.New("blob: wrong symbol size")
	// ErrSymbolCount: another number of symbols than a sliver has.
	ErrSymbolCount = errors.New("blob: wrong number of symbols")
	// ErrUnusable: a symbol that says nothing about the sliver to recover.
	ErrUnusable = errors.New("blob: symbol is of another sliver")
)

// An Axis tells primary from secondary slivers; see redstuff.
type Axis = redstuff.Axis

// The two axes.
const (
	Primary   = redstuff.Primary
	Secondary = redstuff.Secondary
)

// lastCode is the code used last: a process meets few numbers of shards, mostly one.
var lastCode atomic.Pointer[redstuff.Code]

// codeFor returns the code over n shards. Errors: [redstuff.ErrShards].
func codeFor(n int) (*redstuff.Code, error) {
	if c := lastCode.Load(); c != nil && c.Shards() == n {
		return c, nil
	}
	c, err := redstuff.New(n)
	if err == nil {
		lastCode.Store(c)
	}
	return c, err
}
