package ledger

import (
	"context"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
)

// Event is one entry of the chain's log. Entries are numbered from 0 without gaps and never change;
// everyone sees the same log.
type Event struct {
	Index  uint64
	Height int64
	Ref    blob.EventRef // its transaction, and its number there
	// Body is one of the event types of this package by value, or [UnknownEvent].
	Body EventBody
}

// EventBody is what happened. Source: spec control-plane.md section 9.
type EventBody interface{ event() }

// BlobRegistered says that a blob may be uploaded.
type BlobRegistered struct {
	Epoch     committee.Epoch
	BlobID    blob.ID
	Size      uint64 // bytes, before encoding
	End       committee.Epoch
	Deletable bool
	Object    blob.ObjectID
}

// BlobCertified says that a quorum holds a blob, or, if Extension is set, that it is to be kept
// longer.
type BlobCertified struct {
	Epoch     committee.Epoch // of the first certification
	BlobID    blob.ID
	End       committee.Epoch
	Deletable bool
	Object    blob.ObjectID
	Extension bool
}

// BlobDeleted says that a deletable registration was taken back.
type BlobDeleted struct {
	Epoch        committee.Epoch
	BlobID       blob.ID
	End          committee.Epoch
	Object       blob.ObjectID
	WasCertified bool
}

// StoragePoolCreated says that there is a storage pool: a reservation that many blobs draw from, and end with.
type StoragePoolCreated struct {
	Epoch committee.Epoch
	Pool  blob.ObjectID
	Size  uint64 // bytes, encoded
	Start committee.Epoch
	End   committee.Epoch
}

// StoragePoolExtended says that a storage pool, with all that is in it, lasts longer.
type StoragePoolExtended struct {
	Epoch committee.Epoch
	Pool  blob.ObjectID
	End   committee.Epoch
}

// PooledBlobRegistered is [BlobRegistered] for a blob in a storage pool.
type PooledBlobRegistered struct {
	Epoch     committee.Epoch
	BlobID    blob.ID
	Size      uint64 // bytes, before encoding
	Deletable bool
	Object    blob.ObjectID
	Pool      blob.ObjectID
}

// PooledBlobCertified is [BlobCertified] for a blob in a storage pool; extensions are the pool's.
type PooledBlobCertified struct {
	Epoch     committee.Epoch
	BlobID    blob.ID
	Deletable bool
	Object    blob.ObjectID
	Pool      blob.ObjectID
}

// PooledBlobDeleted is [BlobDeleted] for a blob in a storage pool.
type PooledBlobDeleted struct {
	Epoch        committee.Epoch
	BlobID       blob.ID
	Object       blob.ObjectID
	WasCertified bool
	Pool         blob.ObjectID
}

// InvalidBlobID says that a blob was proved inconsistent and is not to be served.
type InvalidBlobID struct {
	Epoch  committee.Epoch
	BlobID blob.ID
}

// DenyListBlobDeleted says that a blob is on so many deny lists that no node is to keep it.
type DenyListBlobDeleted struct {
	Epoch  committee.Epoch
	BlobID blob.ID
}

// EpochParametersSelected says that the next committee is known.
type EpochParametersSelected struct{ Next committee.Epoch }

// EpochChangeStart says that a new epoch begins: its committee takes writes.
type EpochChangeStart struct{ Epoch committee.Epoch }

// EpochChangeDone says that a quorum of the new committee has its shards.
type EpochChangeDone struct{ Epoch committee.Epoch }

// ShardsReceived says that a node has the shards it gained.
type ShardsReceived struct {
	Epoch  committee.Epoch
	Shards []committee.Shard
}

// PricesUpdated says what storage costs from now on, in FROST per storage unit.
type PricesUpdated struct {
	Epoch        committee.Epoch
	StoragePrice uint64
	WritePrice   uint64
}

// UnknownEvent is an event that this version does not know. Followers step over it.
type UnknownEvent struct{ Name string }

func (BlobRegistered) event()          {}
func (BlobCertified) event()           {}
func (BlobDeleted) event()             {}
func (StoragePoolCreated) event()      {}
func (StoragePoolExtended) event()     {}
func (PooledBlobRegistered) event()    {}
func (PooledBlobCertified) event()     {}
func (PooledBlobDeleted) event()       {}
func (InvalidBlobID) event()           {}
func (DenyListBlobDeleted) event()     {}
func (EpochParametersSelected) event() {}
func (EpochChangeStart) event()        {}
func (EpochChangeDone) event()         {}
func (ShardsReceived) event()          {}
func (PricesUpdated) event()           {}
func (UnknownEvent) event()            {}

// Log is the chain's ordered record of what happened. Safe for concurrent use.
type Log interface {
	// Events returns up to limit entries from index on, in order; none if index is the end of the
	// log. It fails with [ErrPruned] if entries from index on are no longer kept.
	Events(ctx context.Context, index uint64, limit int) ([]Event, error)
	// WaitEvents returns once the log has an entry of the given index, or ctx ends.
	WaitEvents(ctx context.Context, index uint64) error
}
