package client

import (
	"context"
	"fmt"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
)

// StoreOptions say how blobs are to be kept.
type StoreOptions struct {
	// Epochs is the lifetime, the current epoch included: 1 is until the next epoch begins.
	Epochs uint32
	// Deletable lets the owner take the blob back before its time.
	Deletable bool
	// Force stores even what is certified for long enough already. An own registration that is not
	// certified yet is used all the same.
	Force bool
	// IgnoreResources pays for new space even if the wallet owns storage that would do, or a certified
	// registration that only needs extending. Own registrations that are not certified yet are used
	// all the same: they are what an interrupted store left behind.
	IgnoreResources bool
	// Progress, if set, hears how far the store is, from one goroutine at a time. It must not block.
	Progress func(StoreProgress)
}

// Operation is what it took to have a blob certified.
type Operation uint8

// The operations. Source: spec: client.md section 3.4.
const (
	// AlreadyCertified needed nothing: see [Stored].Object and Event for whose registration it is.
	AlreadyCertified Operation = iota
	// RegisterFromScratch bought space.
	RegisterFromScratch
	// ReuseStorage used storage that the wallet owned.
	ReuseStorage
	// ReuseRegistration finished an own registration that was not certified.
	ReuseRegistration
	// ReuseAndExtend extended an own certified registration.
	ReuseAndExtend
	// ReuseAndExtendNonCertified finished an own registration and extended it.
	ReuseAndExtendNonCertified
)

var operationNames = [...]string{
	"alreadyCertified", "registerFromScratch", "reuseStorage", "reuseRegistration", "reuseAndExtend", "reuseAndExtendNonCertified",
}

// String returns the operation's name as JSON spells it.
func (o Operation) String() string {
	if int(o) < len(operationNames) {
		return operationNames[o]
	}
	return fmt.Sprintf("operation(%d)", uint8(o))
}

// MarshalText implements [encoding.TextMarshaler] with the form of [Operation.String].
func (o Operation) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Stored is what became of one blob of a [Client.Store].
type Stored struct {
	// BlobID is set as soon as the blob was encoded, also if Err is set.
	BlobID blob.ID
	// Size is the blob's length, EncodedSize what it takes on all shards together, in bytes.
	Size, EncodedSize uint64
	Operation         Operation
	// Object is the wallet's registration, certified if Err is nil. It is nil if the blob was certified
	// by someone else, who keeps it long enough; Event is then the event that says so.
	Object *ledger.Blob
	Event  *blob.EventRef
	// End is the first epoch in which the blob need not be kept.
	End committee.Epoch
	// Cost is what storage and writing cost in FROST, fees of transactions excluded.
	Cost uint64
	// Confirmed is how many shards' nodes had signed for the blob when the store returned. Lagging are
	// those that had not; they recover their part from the others.
	Confirmed int
	Lagging   []*NodeError
	// Err is a [*StoreError], or nil if the blob is certified.
	Err error
}

// Cost is what storing a blob costs.
type Cost struct {
	EncodedSize uint64 // bytes on all shards together
	Storage     uint64 // FROST for the space, all epochs
	Write       uint64 // FROST, once
}

// Total returns FROST.
func (c Cost) Total() uint64 { return c.Storage + c.Write }

// Cost computes the price of storing size bytes for so many epochs, with the prices of now.
//
// Errors: [ErrTooLarge], [ErrEpochs], those of the ledger.
func (c *Client) Cost(ctx context.Context, size uint64, epochs uint32) (Cost, error) {
	net, err := c.currentNetwork(ctx, false)
	if err != nil {
		return Cost{}, err
	}
	return net.cost(size, epochs)
}

// Store makes the network keep blobs and returns once each is certified on chain, in the order given.
// The slices must not change until then.
//
// Nothing is spent before everything that can be checked for free has been: sizes, lifetime, space and
// balance. What has to be registered is registered in one transaction, what a quorum holds is certified
// in one. Nodes that are slower than the quorum get some extra time to receive their part.
//
// A blob that is certified long enough already costs nothing, one that an earlier store of this wallet
// registered and did not certify is taken up where it was left.
//
// If err is not nil and results are, nothing was done. Otherwise err joins the Err of the results: each
// is a [*StoreError], and a blob with none is certified whatever happened to the others. Reasons:
// [ErrNoWallet], [ErrTooLarge], [ErrEpochs], [ErrFunds], [ErrCapacity], [ErrInconsistent], a
// [*QuorumError] of kind [ErrNotEnoughConfirmations], [ErrNotCertified], those of the ledger. Source:
// spec: client.md section 3.
func (c *Client) Store(ctx context.Context, blobs [][]byte, o *StoreOptions) ([]Stored, error) {
	s, err := c.newStoring(ctx, blobs, o)
	if err != nil {
		return nil, err
	}
	defer s.close()
	s.encode(ctx)
	for try := 0; ; try++ {
		s.attempt(ctx)
		if try == epochTries || ctx.Err() != nil || !s.moved(ctx) {
			return s.results()
		}
	}
}
