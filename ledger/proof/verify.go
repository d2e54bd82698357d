package proof

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/cometbft/cometbft/light"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/cosmos/gogoproto/proto"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger/rpc"
)

const (
	// DefaultPeriod is how old a trusted header may be. Whoever validated then could have taken their
	// stake back since and have nothing to lose by signing another history, which takes an epoch at least;
	// epochs of public networks are not shorter than a day.
	DefaultPeriod = 24 * time.Hour
	// maxDrift is how far the chain's clocks may be ahead of ours.
	maxDrift = 10 * time.Second
)

// An Anchor names one header of a chain.
type Anchor struct {
	Height int64
	Hash   [32]byte
}

// String returns height and hash as people compare them.
func (a Anchor) String() string { return fmt.Sprintf("%d %s", a.Height, a.HashText()) }

// HashText returns the hash in upper-case hexadecimal digits, as the engine prints it.
func (a Anchor) HashText() string { return fmt.Sprintf("%X", a.Hash) }

// ParseHash reads a header's hash in hexadecimal digits of either case.
func ParseHash(s string) (out [32]byte, err error) {
	raw, err := hex.DecodeString(s)
	if err != nil || len(raw) != len(out) {
		return out, fmt.Errorf("proof: hash %q: want %d hexadecimal digits", s, 2*len(out))
	}
	return [32]byte(raw), nil
}

func anchorOf(b *cmttypes.LightBlock) (a Anchor) {
	a.Height = b.Height
	copy(a.Hash[:], b.Hash())
	return a
}

// Trust is what a reader knows of the chain beforehand.
type Trust struct {
	Anchor
	// ChainID is the name of the chain, or empty for the one that has the anchor.
	ChainID string
	// Period is how old the anchor may be; 0 means [DefaultPeriod].
	Period time.Duration
}

// A Result is what a verified proof says: the state of the chain after the block of a height.
type Result struct {
	ChainID string
	BlobID  blob.ID
	Height  int64           // of the state
	Time    time.Time       // of the header that carries its hash, the one above
	Epoch   committee.Epoch // the chain's at that height
	// Status sums up the registrations outside of storage pools; [blob.Nonexistent] if there are none any more.
	Status blob.Status
	// Pooled counts the registrations in storage pools, whether they are deletable or not. A pool that has
	// ended holds its blobs until they are cleared away, and when pools end the record does not tell.
	Pooled blob.DeletableCounts
	// CertifiedUntil is the end, exclusive, of the longest permanent registration that is certified; 0 if
	// there is none, or if the blob was proved inconsistent. Until then nobody can end the network's
	// duty to keep the blob. Deletable registrations do not count: their owners may delete them at once.
	CertifiedUntil committee.Epoch
}

// Verify checks the proof against a trusted header; now is the current time. The result says what is
// certified: a proof of a blob that is not certified verifies just as well.
//
// Errors: [ErrTrust], [ErrStale], [ErrInvalid], [ErrFormat].
func (c *Certification) Verify(trust Trust, now time.Time) (Result, error) {
	header, err := c.header(trust, now)
	if err != nil {
		return Result{}, err
	}
	if err := c.epoch.verify(header.AppHash, epochAt()); err != nil {
		return Result{}, err
	}
	if err := c.info.verify(header.AppHash, infoAt(c.id)); err != nil {
		return Result{}, err
	}
	r := Result{ChainID: header.ChainID, BlobID: c.id, Height: header.Height - 1, Time: header.Time}
	return r, c.read(&r)
}

// header returns the last header once it is known to follow from the trusted one.
func (c *Certification) header(trust Trust, now time.Time) (*cmttypes.Header, error) {
	if trust.Period == 0 {
		trust.Period = DefaultPeriod
	}
	path := c.blocks
	for len(path) > 0 && path[0].Height != trust.Height {
		path = path[1:]
	}
	if len(path) == 0 {
		return nil, fmt.Errorf("%w: it has no header of height %d; it has %v", ErrTrust, trust.Height, c.Anchors())
	}
	trusted := path[0]
	switch {
	case !bytes.Equal(trusted.Hash(), trust.Hash[:]):
		return nil, fmt.Errorf("%w: header %d has hash %X, the trusted one %X", ErrTrust, trusted.Height, trusted.Hash(), trust.Hash)
	case trust.ChainID != "" && trusted.ChainID != trust.ChainID:
		return nil, fmt.Errorf("%w: it is of chain %q, want %q", ErrTrust, trusted.ChainID, trust.ChainID)
	case light.HeaderExpired(trusted.SignedHeader, trust.Period, now):
		return nil, fmt.Errorf("%w: header %d is of %s, more than %s ago; trust a later one",
			ErrStale, trusted.Height, trusted.Time.UTC().Format(time.RFC3339), trust.Period)
	}
	for _, next := range path[1:] {
		if err := step(trusted, next, trust.Period, now); err != nil {
			return nil, fmt.Errorf("%w: header %d: %w", ErrTrust, next.Height, err)
		}
		trusted = next
	}
	return trusted.Header, nil
}

// step checks that one header may be trusted because another one is: a third of the power there and two
// thirds of the power here signed it, or it is the next one and its validators are those announced.
func step(trusted, next *cmttypes.LightBlock, period time.Duration, now time.Time) error {
	return light.Verify(trusted.SignedHeader, trusted.ValidatorSet, next.SignedHeader, next.ValidatorSet,
		period, now, maxDrift, light.DefaultTrustLevel)
}

// needsStep tells whether only the distance is what keeps two headers apart.
func needsStep(err error) bool {
	var far light.ErrNewValSetCantBeTrusted
	return errors.As(err, &far)
}

// read fills in what the records say, which by now are known to be the chain's.
func (c *Certification) read(r *Result) error {
	var epoch committeev1.Epoch
	if err := proto.Unmarshal(c.epoch.Value, &epoch); err != nil || epoch.Number == 0 {
		return fmt.Errorf("%w: no epoch in the state of height %d", ErrFormat, r.Height)
	}
	var info blobv1.Info
	if err := proto.Unmarshal(c.info.Value, &info); err != nil {
		return fmt.Errorf("%w: record of blob %s: %w", ErrFormat, r.BlobID, err)
	}
	if len(c.info.Value) > 0 && !bytes.Equal(info.BlobId, r.BlobID[:]) {
		return fmt.Errorf("%w: record of another blob", ErrFormat)
	}
	var err error
	r.Epoch = committee.Epoch(epoch.Number)
	r.Pooled = blob.DeletableCounts{Total: info.PooledTotal, Certified: info.PooledCertified}
	info.PooledTotal, info.PooledCertified = 0, 0
	if r.Status, err = rpc.StatusOf(&info, r.Epoch); err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if r.Status.Kind == blob.Permanent && r.Status.Certified {
		r.CertifiedUntil = r.Status.End
	}
	return nil
}
