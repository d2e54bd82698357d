package storage

import (
	"encoding/binary"

	"golang.org/x/crypto/blake2b"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/market"
	"github.com/walrus-go/walrus/chain/economy/price"
	"github.com/walrus-go/walrus/committee"
)

// DeriveID returns the blob ID of a blob: BLAKE2b-256 of encoding type, size and root.
// Source: spec: control-plane.md section 2.3.
func DeriveID(root [32]byte, size uint64, encoding uint8) blob.ID {
	var b [1 + 8 + 32]byte
	b[0] = encoding
	binary.LittleEndian.PutUint64(b[1:], size)
	copy(b[9:], root[:])
	return blake2b.Sum256(b[:])
}

// A Claim is what a writer says about a blob when registering it.
type Claim struct {
	ID        blob.ID
	Root      [32]byte
	Size      uint64 // unencoded bytes
	Encoding  uint8
	Deletable bool
}

// A Blob is one registration of a blob ID, with the storage that keeps it.
type Blob struct {
	ID         blob.ID
	Size       uint64 // unencoded bytes
	Encoding   uint8
	Deletable  bool
	Registered committee.Epoch
	Certified  bool
	Since      committee.Epoch // epoch of certification, if certified
	Storage    Resource
}

// A Certificate is the content of a verified blob certificate.
type Certificate struct {
	ID        blob.ID
	Deletable bool
	Object    blob.ObjectID // the blob's object, if deletable
}

// Register makes a blob of claim on storage s, which it consumes, and charges the write fee. It returns
// the blob, its encoded size and the fee.
//
// Errors, in order: [economy.ErrBlobResourceBounds], [economy.ErrEncodingInvalidEncodingType],
// [economy.ErrOverflow], [economy.ErrBlobResourceSize], [economy.ErrBlobInvalidBlobId],
// [economy.ErrBalanceNotEnough]. Source: spec: control-plane.md section 2.3.
func Register(m *market.Market, s Resource, claim Claim, budget uint64) (Blob, uint64, uint64, error) {
	b, encoded, err := newBlob(m, s, claim)
	if err != nil {
		return Blob{}, 0, 0, err
	}
	fee, err := m.ChargeWrite(encoded, budget)
	if err != nil {
		return Blob{}, 0, 0, err
	}
	return b, encoded, fee, nil
}

// newBlob runs the checks of a registration that have nothing to do with money.
func newBlob(m *market.Market, s Resource, claim Claim) (Blob, uint64, error) {
	now := m.Now()
	if now < s.Start || now >= s.End {
		return Blob{}, 0, economy.ErrBlobResourceBounds
	}
	encoded, err := price.EncodedSize(m.Shards, claim.Size, claim.Encoding)
	if err != nil {
		return Blob{}, 0, err
	}
	if encoded > s.Size {
		return Blob{}, 0, economy.ErrBlobResourceSize
	}
	if DeriveID(claim.Root, claim.Size, claim.Encoding) != claim.ID {
		return Blob{}, 0, economy.ErrBlobInvalidBlobId
	}
	return Blob{
		ID:         claim.ID,
		Size:       claim.Size,
		Encoding:   claim.Encoding,
		Deletable:  claim.Deletable,
		Registered: now,
		Storage:    s,
	}, encoded, nil
}

// Certify marks b, the given object, as certified in epoch now. cert must come from a verified
// certificate of a quorum.
//
// Errors, in order: [economy.ErrBlobInvalidBlobId], [economy.ErrBlobAlreadyCertified],
// [economy.ErrBlobResourceBounds], [economy.ErrBlobInvalidBlobPersistenceType],
// [economy.ErrBlobInvalidBlobObject]. Source: spec: control-plane.md section 2.3.
func (b *Blob) Certify(now committee.Epoch, object blob.ObjectID, cert Certificate) error {
	switch {
	case cert.ID != b.ID:
		return economy.ErrBlobInvalidBlobId
	case b.Certified:
		return economy.ErrBlobAlreadyCertified
	case now >= b.Storage.End:
		return economy.ErrBlobResourceBounds
	case cert.Deletable != b.Deletable:
		return economy.ErrBlobInvalidBlobPersistenceType
	case b.Deletable && cert.Object != object:
		return economy.ErrBlobInvalidBlobObject
	}
	b.Certified, b.Since = true, now
	return nil
}

// Delete returns the storage of a deletable blob before it expires. The caller deletes the blob.
//
// Errors, in order: [economy.ErrBlobNotDeletable], [economy.ErrBlobResourceBounds].
// Source: spec: control-plane.md section 2.3.
func (b *Blob) Delete(now committee.Epoch) (Resource, error) {
	if !b.Deletable {
		return Resource{}, economy.ErrBlobNotDeletable
	}
	if now >= b.Storage.End {
		return Resource{}, economy.ErrBlobResourceBounds
	}
	return b.Storage, nil
}

// Extend buys epochs more for a certified blob and returns the cost.
//
// Errors, in order: [economy.ErrBlobNotCertified], [economy.ErrBlobResourceBounds], then those of
// [market.Market.Extend]. Source: spec: control-plane.md section 2.3.
func (b *Blob) Extend(m *market.Market, epochs uint32, budget uint64) (uint64, error) {
	if err := b.extendable(m.Now()); err != nil {
		return 0, err
	}
	cost, err := m.Extend(b.Storage.Size, b.Storage.End, epochs, budget)
	if err != nil {
		return 0, err
	}
	b.Storage.End += committee.Epoch(epochs)
	return cost, nil
}

// ExtendWith extends a certified blob with a resource of the same size that begins where the blob's
// ends. The caller deletes s.
//
// Errors, in order: [economy.ErrBlobNotCertified], [economy.ErrBlobResourceBounds], then those of
// [Resource.FusePeriods]. Source: spec: control-plane.md section 2.3.
func (b *Blob) ExtendWith(now committee.Epoch, s Resource) error {
	if err := b.extendable(now); err != nil {
		return err
	}
	if s.End <= b.Storage.End {
		return economy.ErrBlobResourceBounds
	}
	return b.Storage.FusePeriods(s)
}

func (b *Blob) extendable(now committee.Epoch) error {
	if !b.Certified {
		return economy.ErrBlobNotCertified
	}
	if now >= b.Storage.End {
		return economy.ErrBlobResourceBounds
	}
	return nil
}

// A SharedBlob is a blob that anybody may extend with the funds collected for it.
// Source: spec: control-plane.md section 2.5.
type SharedBlob struct {
	Blob  Blob
	Funds uint64
}

// Fund adds amount to the funds. Errors: [economy.ErrOverflow].
func (s *SharedBlob) Fund(amount uint64) error {
	sum, err := economy.Add(s.Funds, amount)
	if err != nil {
		return err
	}
	s.Funds = sum
	return nil
}

// Extend extends the blob from its funds and returns the cost. Errors are those of [Blob.Extend].
func (s *SharedBlob) Extend(m *market.Market, epochs uint32) (uint64, error) {
	cost, err := s.Blob.Extend(m, epochs, s.Funds)
	if err != nil {
		return 0, err
	}
	s.Funds -= cost
	return cost, nil
}
