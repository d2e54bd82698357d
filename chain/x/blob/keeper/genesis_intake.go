package keeper

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/collections"
	sdkmath "cosmossdk.io/math"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/chain/economy/price"
)

// An intake takes up the records of a genesis, a part at a time. Each is checked by itself and against what
// it refers to, which comes before it, and stored. What is kept aside meanwhile is small: some numbers of
// each blob ID until its sum comes, and of each pool until all of its blobs have.
type intake struct {
	k      Keeper
	shards uint16
	sums   map[[32]byte]sum      // by blob ID
	pools  map[[32]byte]content  // what is still to come, by pool ID
	pooled map[[32]byte]struct{} // object IDs
	funds  sdkmath.Int           // of shared blobs
}

// A sum counts registrations of a blob ID as [blobv1.Info] does.
type sum struct{ deletable, deletableCertified, pooled, pooledCertified uint64 }

// A content is what a pool says is in it.
type content struct{ used, blobs uint64 }

func (k Keeper) newIntake(ctx context.Context) (*intake, error) {
	shards, err := k.committee.Shards(ctx)
	return &intake{
		k: k, shards: shards, funds: sdkmath.ZeroInt(),
		sums: map[[32]byte]sum{}, pools: map[[32]byte]content{}, pooled: map[[32]byte]struct{}{},
	}, err
}

// take takes up the records of a genesis or of a part of it. Errors: [ErrGenesis].
func (in *intake) take(ctx context.Context, g *blobv1.GenesisState) error {
	err := errors.Join(
		each(ctx, g.Storages, in.storage), each(ctx, g.Blobs, in.blob), each(ctx, g.Attributes, in.attributes),
		each(ctx, g.SharedBlobs, in.shared), each(ctx, g.Pools, in.pool), each(ctx, g.PooledBlobs, in.pooledBlob),
		each(ctx, g.Infos, in.info), each(ctx, g.Buckets, in.bucket), each(ctx, g.BucketCaps, in.capability),
	)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrGenesis, err)
	}
	return nil
}

// finish checks that nothing is missing when all records have been taken up. Errors: [ErrGenesis].
func (in *intake) finish() error {
	if len(in.pools) > 0 {
		return fmt.Errorf("%w: %d storage pools have less in them than they say", ErrGenesis, len(in.pools))
	}
	if len(in.sums) > 0 {
		return fmt.Errorf("%w: %d blob IDs with registrations have no info, or have it before them", ErrGenesis, len(in.sums))
	}
	return nil
}

func each[V any](ctx context.Context, list []V, do func(context.Context, V) error) error {
	for _, v := range list {
		if err := do(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

// unused checks that an ID has 32 bytes and no record yet.
func unused[V any](ctx context.Context, what string, records collections.Map[[]byte, V], id []byte) error {
	if len(id) != 32 {
		return fmt.Errorf("%s: ID of %d bytes", what, len(id))
	}
	known, err := records.Has(ctx, id)
	if err == nil && known {
		err = fmt.Errorf("%s %x: known before", what, id)
	}
	return err
}

func validateOwner(owner []byte) error {
	if len(owner) != 20 && len(owner) != 32 {
		return fmt.Errorf("owner of %d bytes", len(owner))
	}
	return nil
}

func validateStorage(s *blobv1.Storage) error {
	if len(s.Id) != 32 {
		return fmt.Errorf("ID of %d bytes", len(s.Id))
	}
	if s.StartEpoch >= s.EndEpoch {
		return fmt.Errorf("epochs [%d, %d)", s.StartEpoch, s.EndEpoch)
	}
	return nil
}

func (in *intake) storage(ctx context.Context, s blobv1.Storage) error {
	if err := unused(ctx, "storage", in.k.storages, s.Id); err != nil {
		return err
	}
	if err := errors.Join(validateOwner(s.Owner), validateStorage(&s)); err != nil {
		return fmt.Errorf("storage %x: %w", s.Id, err)
	}
	return in.k.putStorage(ctx, s)
}

func (in *intake) blob(ctx context.Context, b blobv1.Blob) error {
	if err := unused(ctx, "blob", in.k.blobs, b.Id); err != nil {
		return err
	}
	if len(b.BlobId) != 32 {
		return fmt.Errorf("blob %x: blob ID of %d bytes", b.Id, len(b.BlobId))
	}
	if err := errors.Join(validateOwner(b.Owner), validateStorage(&b.Storage)); err != nil {
		return fmt.Errorf("blob %x: %w", b.Id, err)
	}
	s := in.sums[[32]byte(b.BlobId)]
	if b.Deletable {
		s.deletable++
		s.deletableCertified += count(b.CertifiedEpoch != 0)
	}
	in.sums[[32]byte(b.BlobId)] = s
	return in.k.putBlob(ctx, b)
}

func (in *intake) attributes(ctx context.Context, a blobv1.Attributes) error {
	if err := unused(ctx, "attributes", in.k.attributes, a.ObjectId); err != nil {
		return err
	}
	return in.k.attributes.Set(ctx, a.ObjectId, a)
}

// shared wants a blob that the shared one owns.
func (in *intake) shared(ctx context.Context, s blobv1.SharedBlob) error {
	if err := unused(ctx, "shared blob", in.k.shared, s.Id); err != nil {
		return err
	}
	b, err := in.k.blobs.Get(ctx, s.ObjectId)
	if err != nil && !errors.Is(err, collections.ErrNotFound) {
		return err
	}
	if err != nil || !bytes.Equal(b.Owner, s.Id) {
		return fmt.Errorf("shared blob %x: it does not own a blob", s.Id)
	}
	in.funds = in.funds.Add(sdkmath.NewIntFromUint64(s.Funds))
	return in.k.shared.Set(ctx, s.Id, s)
}

func (in *intake) pool(ctx context.Context, p blobv1.StoragePool) error {
	if err := unused(ctx, "storage pool", in.k.pools, p.Id); err != nil {
		return err
	}
	if err := errors.Join(validateOwner(p.Owner), validateStorage(&p.Storage)); err != nil {
		return fmt.Errorf("storage pool %x: %w", p.Id, err)
	}
	if p.Used > p.Storage.Size_ {
		return fmt.Errorf("storage pool %x: %d bytes of %d used", p.Id, p.Used, p.Storage.Size_)
	}
	if c := (content{p.Used, p.Blobs}); c != (content{}) {
		in.pools[[32]byte(p.Id)] = c
	}
	return in.k.putPool(ctx, p)
}

// pooledBlob takes a blob off what its pool says is in it.
func (in *intake) pooledBlob(ctx context.Context, b blobv1.PooledBlob) error {
	if len(b.Id) != 32 || len(b.BlobId) != 32 || len(b.PoolId) != 32 {
		return fmt.Errorf("pooled blob: IDs of %d, %d and %d bytes", len(b.Id), len(b.BlobId), len(b.PoolId))
	}
	_, known := in.pooled[[32]byte(b.Id)]
	twice, err := in.k.pooled.Has(ctx, collections.Join(b.PoolId, b.BlobId))
	if err != nil {
		return err
	}
	if known || twice {
		return fmt.Errorf("pooled blob %x: known before, or twice in its pool", b.Id)
	}
	encoded, err := price.EncodedSize(in.shards, b.Size_, encodingOf(b.EncodingType))
	if err != nil {
		return fmt.Errorf("pooled blob %x: %w", b.Id, err)
	}
	c := in.pools[[32]byte(b.PoolId)]
	if c.blobs == 0 || c.used < encoded {
		return fmt.Errorf("pooled blob %x: of no storage pool, or of one that has less in it", b.Id)
	}
	if c = (content{c.used - encoded, c.blobs - 1}); c == (content{}) {
		delete(in.pools, [32]byte(b.PoolId))
	} else {
		in.pools[[32]byte(b.PoolId)] = c
	}
	in.pooled[[32]byte(b.Id)] = struct{}{}
	s := in.sums[[32]byte(b.BlobId)]
	s.pooled++
	s.pooledCertified += count(b.CertifiedEpoch != 0)
	in.sums[[32]byte(b.BlobId)] = s
	return in.k.putPooled(ctx, b)
}

// info wants the sum of the registrations that came before. What will be taken off it must be in it; burned
// registrations stay in the sum of deletable ones, so there may be more of those.
func (in *intake) info(ctx context.Context, info blobv1.Info) error {
	if err := unused(ctx, "info", in.k.infos, info.BlobId); err != nil {
		return err
	}
	s := in.sums[[32]byte(info.BlobId)]
	if info.PooledTotal != s.pooled || info.PooledCertified != s.pooledCertified ||
		info.DeletableTotal < s.deletable || info.DeletableCertified < s.deletableCertified {
		return fmt.Errorf("info %x: not the sum of its registrations", info.BlobId)
	}
	delete(in.sums, [32]byte(info.BlobId))
	return in.k.infos.Set(ctx, info.BlobId, info)
}

func count(is bool) uint64 {
	if is {
		return 1
	}
	return 0
}

// bucket wants a pool that the bucket owns.
func (in *intake) bucket(ctx context.Context, b blobv1.Bucket) error {
	if err := unused(ctx, "bucket", in.k.buckets, b.Id); err != nil {
		return err
	}
	p, err := in.k.pools.Get(ctx, b.PoolId)
	if err != nil && !errors.Is(err, collections.ErrNotFound) {
		return err
	}
	if err != nil || !bytes.Equal(p.Owner, b.Id) {
		return fmt.Errorf("bucket %x: it does not own a storage pool", b.Id)
	}
	return in.k.buckets.Set(ctx, b.Id, b)
}

func (in *intake) capability(ctx context.Context, c blobv1.BucketCap) error {
	if err := unused(ctx, "capability", in.k.caps, c.Id); err != nil {
		return err
	}
	known, err := in.k.buckets.Has(ctx, c.BucketId)
	if err != nil {
		return err
	}
	if len(c.Owner) != 20 || !known {
		return fmt.Errorf("capability %x: owner of %d bytes, or of no bucket", c.Id, len(c.Owner))
	}
	return in.k.putCap(ctx, c)
}
