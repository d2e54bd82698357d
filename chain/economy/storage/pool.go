package storage

import (
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/market"
	"github.com/walrus-go/walrus/chain/economy/price"
	"github.com/walrus-go/walrus/committee"
)

// A Pool is one reservation that many blobs draw from. Its blobs are stored apart, by blob ID, of which
// each occurs at most once; methods take the blob they are about.
// Source: spec: control-plane.md section 2.6.
type Pool struct {
	Storage Resource
	Used    uint64 // encoded bytes of the blobs
	Blobs   uint64
}

// A PooledBlob is a blob in a pool; it lives as long as the pool's storage.
type PooledBlob struct {
	ID         blob.ID
	Size       uint64 // unencoded bytes
	Encoding   uint8
	Deletable  bool
	Registered committee.Epoch
	Certified  bool
	Since      committee.Epoch // epoch of certification, if certified
}

// CreatePool buys storage for a new pool and returns the pool and the cost.
// Errors are those of [market.Market.ReserveSpace].
func CreatePool(m *market.Market, size uint64, epochs uint32, budget uint64) (Pool, uint64, error) {
	span, cost, err := m.ReserveSpace(size, epochs, budget)
	if err != nil {
		return Pool{}, 0, err
	}
	return Pool{Storage: NewResource(span, size)}, cost, nil
}

// CreatePoolWith makes a pool of storage s, which it consumes.
//
// Errors, in order: [economy.ErrSystemStateInnerInvalidResourceSize],
// [economy.ErrSystemStateInnerInvalidEpochsAhead].
func CreatePoolWith(now committee.Epoch, s Resource) (Pool, error) {
	if s.Size == 0 {
		return Pool{}, economy.ErrSystemStateInnerInvalidResourceSize
	}
	if s.Start > now || s.End <= now {
		return Pool{}, economy.ErrSystemStateInnerInvalidEpochsAhead
	}
	return Pool{Storage: s}, nil
}

// Register adds a blob to the pool and charges the write fee. exists tells whether the pool has the blob
// ID already. It returns the blob, its encoded size and the fee.
//
// Errors, in order: [economy.ErrSystemStateInnerInvalidEpochsAhead],
// [economy.ErrStoragePoolInvalidBlobId], [economy.ErrEncodingInvalidEncodingType],
// [economy.ErrOverflow], [economy.ErrStoragePoolInsufficientCapacity],
// [economy.ErrDynamicFieldFieldAlreadyExists], [economy.ErrBalanceNotEnough].
func (p *Pool) Register(m *market.Market, claim Claim, exists bool, budget uint64) (PooledBlob, uint64, uint64, error) {
	now := m.Now()
	if now < p.Storage.Start || now >= p.Storage.End {
		return PooledBlob{}, 0, 0, economy.ErrSystemStateInnerInvalidEpochsAhead
	}
	if DeriveID(claim.Root, claim.Size, claim.Encoding) != claim.ID {
		return PooledBlob{}, 0, 0, economy.ErrStoragePoolInvalidBlobId
	}
	encoded, err := price.EncodedSize(m.Shards, claim.Size, claim.Encoding)
	if err != nil {
		return PooledBlob{}, 0, 0, err
	}
	if encoded > p.free() {
		return PooledBlob{}, 0, 0, economy.ErrStoragePoolInsufficientCapacity
	}
	if exists {
		return PooledBlob{}, 0, 0, economy.ErrDynamicFieldFieldAlreadyExists
	}
	fee, err := m.ChargeWrite(encoded, budget)
	if err != nil {
		return PooledBlob{}, 0, 0, err
	}
	p.Used += encoded
	p.Blobs++
	return PooledBlob{
		ID:         claim.ID,
		Size:       claim.Size,
		Encoding:   claim.Encoding,
		Deletable:  claim.Deletable,
		Registered: now,
	}, encoded, fee, nil
}

// Certify marks b, the given object in the pool, as certified in epoch now. cert must come from a
// verified certificate of a quorum.
//
// Errors, in order: [economy.ErrStoragePoolInvalidBlobId], [economy.ErrStoragePoolResourceBounds],
// [economy.ErrStoragePoolAlreadyCertified], [economy.ErrStoragePoolInvalidBlobPersistenceType],
// [economy.ErrStoragePoolInvalidBlobObject].
func (p *Pool) Certify(b *PooledBlob, now committee.Epoch, object blob.ObjectID, cert Certificate) error {
	switch {
	case cert.ID != b.ID:
		return economy.ErrStoragePoolInvalidBlobId
	case now >= p.Storage.End:
		return economy.ErrStoragePoolResourceBounds
	case b.Certified:
		return economy.ErrStoragePoolAlreadyCertified
	case cert.Deletable != b.Deletable:
		return economy.ErrStoragePoolInvalidBlobPersistenceType
	case b.Deletable && cert.Object != object:
		return economy.ErrStoragePoolInvalidBlobObject
	}
	b.Certified, b.Since = true, now
	return nil
}

// CheckDelete tells whether the pool is still running, as a deletion requires before it looks for the
// blob. Errors: [economy.ErrSystemStateInnerInvalidEpochsAhead].
func (p *Pool) CheckDelete(now committee.Epoch) error { return p.running(now) }

// Delete removes a deletable blob from a running pool on shards. The caller deletes b.
//
// Errors, in order: [economy.ErrSystemStateInnerInvalidEpochsAhead],
// [economy.ErrStoragePoolBlobNotDeletable].
func (p *Pool) Delete(b PooledBlob, now committee.Epoch, shards uint16) error {
	if err := p.running(now); err != nil {
		return err
	}
	if !b.Deletable {
		return economy.ErrStoragePoolBlobNotDeletable
	}
	return p.remove(b, shards)
}

// CheckBurn tells whether the pool has expired, as burning a blob requires before it looks for the blob.
// Errors: [economy.ErrSystemStateInnerInvalidEpochsAhead].
func (p *Pool) CheckBurn(now committee.Epoch) error {
	if p.Storage.End > now {
		return economy.ErrSystemStateInnerInvalidEpochsAhead
	}
	return nil
}

// BurnExpired removes any blob from an expired pool. The caller deletes b.
// Errors: [economy.ErrSystemStateInnerInvalidEpochsAhead].
func (p *Pool) BurnExpired(b PooledBlob, now committee.Epoch, shards uint16) error {
	if err := p.CheckBurn(now); err != nil {
		return err
	}
	return p.remove(b, shards)
}

// Extend buys epochs more for the pool and returns the cost.
// Errors are those of [market.Market.Extend].
func (p *Pool) Extend(m *market.Market, epochs uint32, budget uint64) (uint64, error) {
	cost, err := m.Extend(p.Storage.Size, p.Storage.End, epochs, budget)
	if err != nil {
		return 0, err
	}
	p.Storage.End += committee.Epoch(epochs)
	return cost, nil
}

// Increase buys size bytes more until the pool's end and returns the cost. The current epoch is charged
// in full.
//
// Errors, in order: [economy.ErrSystemStateInnerInvalidResourceSize], then those of
// [market.Market.Grow].
func (p *Pool) Increase(m *market.Market, size, budget uint64) (uint64, error) {
	if size == 0 {
		return 0, economy.ErrSystemStateInnerInvalidResourceSize
	}
	if err := p.running(m.Now()); err != nil {
		return 0, err
	}
	books := m.Clone()
	cost, err := books.Grow(size, p.Storage.End, budget)
	if err != nil {
		return 0, err
	}
	sum, err := economy.Add(p.Storage.Size, size)
	if err != nil {
		return 0, err
	}
	*m, p.Storage.Size = books, sum
	return cost, nil
}

// IncreaseWith adds the bytes of s, which ends with the pool. The caller deletes s.
//
// Errors, in order: [economy.ErrSystemStateInnerInvalidEpochsAhead],
// [economy.ErrStoragePoolResourceBounds], [economy.ErrStoragePoolIncompatibleEndEpoch],
// [economy.ErrOverflow].
func (p *Pool) IncreaseWith(now committee.Epoch, s Resource) error {
	if err := p.running(now); err != nil {
		return err
	}
	if s.Start > now {
		return economy.ErrStoragePoolResourceBounds
	}
	if s.End != p.Storage.End {
		return economy.ErrStoragePoolIncompatibleEndEpoch
	}
	sum, err := economy.Add(p.Storage.Size, s.Size)
	if err != nil {
		return err
	}
	p.Storage.Size = sum
	return nil
}

// DecreaseBySize takes size unused bytes out of the pool.
//
// Errors, in order: [economy.ErrSystemStateInnerInvalidEpochsAhead],
// [economy.ErrSystemZeroExtractSize], [economy.ErrStoragePoolInsufficientCapacity].
func (p *Pool) DecreaseBySize(now committee.Epoch, size uint64) (Resource, error) {
	if err := p.running(now); err != nil {
		return Resource{}, err
	}
	return p.extract(size)
}

// DecreaseUnusedByPercent takes percent of the unused bytes out of the pool, rounded down.
//
// Errors, in order: [economy.ErrSystemStateInnerInvalidEpochsAhead],
// [economy.ErrStoragePoolInvalidPercent], [economy.ErrSystemZeroExtractSize].
func (p *Pool) DecreaseUnusedByPercent(now committee.Epoch, percent uint8) (Resource, error) {
	if err := p.running(now); err != nil {
		return Resource{}, err
	}
	if percent > 100 {
		return Resource{}, economy.ErrStoragePoolInvalidPercent
	}
	size, err := economy.MulDiv(p.free(), uint64(percent), 100)
	if err != nil {
		return Resource{}, err
	}
	return p.extract(size)
}

func (p *Pool) extract(size uint64) (Resource, error) {
	if size == 0 {
		return Resource{}, economy.ErrSystemZeroExtractSize
	}
	if size > p.free() {
		return Resource{}, economy.ErrStoragePoolInsufficientCapacity
	}
	p.Storage.Size -= size
	return Resource{Start: p.Storage.Start, End: p.Storage.End, Size: size}, nil
}

// Destroy returns the storage of a pool without blobs, expired or not. The caller deletes the pool.
// Errors: [economy.ErrStoragePoolPoolNotEmpty].
func (p *Pool) Destroy() (Resource, error) {
	if p.Blobs != 0 {
		return Resource{}, economy.ErrStoragePoolPoolNotEmpty
	}
	return p.Storage, nil
}

// CheckBucket tells whether the pool may be used through its blob bucket.
// Errors: [economy.ErrBlobBucketInnerBlobBucketStorageExpired].
// Source: spec: control-plane.md section 2.7.
func (p *Pool) CheckBucket(now committee.Epoch) error {
	if p.Storage.End <= now {
		return economy.ErrBlobBucketInnerBlobBucketStorageExpired
	}
	return nil
}

func (p *Pool) free() uint64 { return economy.SatSub(p.Storage.Size, p.Used) }

func (p *Pool) running(now committee.Epoch) error {
	if p.Storage.End <= now {
		return economy.ErrSystemStateInnerInvalidEpochsAhead
	}
	return nil
}

// remove takes b out of the books. Its errors mean that the books are wrong.
func (p *Pool) remove(b PooledBlob, shards uint16) error {
	encoded, err := price.EncodedSize(shards, b.Size, b.Encoding)
	if err != nil {
		return err
	}
	if encoded > p.Used {
		return economy.ErrStoragePoolInvalidBlobSize
	}
	if p.Blobs == 0 {
		return economy.ErrStoragePoolInvalidBlobCount
	}
	p.Used -= encoded
	p.Blobs--
	return nil
}
