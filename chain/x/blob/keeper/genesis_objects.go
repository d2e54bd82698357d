package keeper

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"cosmossdk.io/collections"
	sdkmath "cosmossdk.io/math"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/chain/economy/price"
	"github.com/walrus-go/walrus/chain/economy/subsidy"
	"github.com/walrus-go/walrus/chain/x/blob/types"
)

// checkIDs checks that identifiers have 32 bytes and occur once.
func checkIDs[V any](what string, list []V, idOf func(*V) []byte) (map[string]*V, error) {
	seen := make(map[string]*V, len(list))
	for i := range list {
		id := idOf(&list[i])
		if len(id) != 32 || seen[string(id)] != nil {
			return nil, fmt.Errorf("%s %d: ID of %d bytes, or known before", what, i, len(id))
		}
		seen[string(id)] = &list[i]
	}
	return seen, nil
}

// validateShared checks that shared blobs have blobs of their own, and no other record holds a blob.
func validateShared(g *blobv1.GenesisState) error {
	blobs, err := checkIDs("blob", g.Blobs, func(b *blobv1.Blob) []byte { return b.Id })
	if err != nil {
		return err
	}
	if _, err := checkIDs("shared blob", g.SharedBlobs, func(s *blobv1.SharedBlob) []byte { return s.Id }); err != nil {
		return err
	}
	for i, s := range g.SharedBlobs {
		b := blobs[string(s.ObjectId)]
		if b == nil || !bytes.Equal(b.Owner, s.Id) {
			return fmt.Errorf("shared blob %d does not own a blob", i)
		}
	}
	return nil
}

// validatePools checks pools and their blobs but for what needs the number of shards.
func validatePools(g *blobv1.GenesisState) error {
	pools, err := checkIDs("storage pool", g.Pools, func(p *blobv1.StoragePool) []byte { return p.Id })
	if err != nil {
		return err
	}
	for i, p := range g.Pools {
		if len(p.Owner) != 20 && len(p.Owner) != 32 {
			return fmt.Errorf("storage pool %d: owner of %d bytes", i, len(p.Owner))
		}
		if err := validateStorage(&p.Storage, false); err != nil {
			return fmt.Errorf("storage pool %d: %w", i, err)
		}
	}
	if _, err := checkIDs("pooled blob", g.PooledBlobs, func(b *blobv1.PooledBlob) []byte { return b.Id }); err != nil {
		return err
	}
	seen := make(map[string]bool, len(g.PooledBlobs))
	for i, b := range g.PooledBlobs {
		key := string(b.PoolId) + string(b.BlobId)
		if len(b.BlobId) != 32 || pools[string(b.PoolId)] == nil || seen[key] {
			return fmt.Errorf("pooled blob %d: blob ID of %d bytes, of no pool, or twice in it", i, len(b.BlobId))
		}
		seen[key] = true
	}
	return nil
}

// validateInfos checks that the sums of registrations are of blob IDs that occur once, and that what will be
// taken off them is in them. Burned registrations stay in the sum of deletable ones, so there may be more.
func validateInfos(g *blobv1.GenesisState) error {
	infos, err := checkIDs("info", g.Infos, func(i *blobv1.Info) []byte { return i.BlobId })
	if err != nil {
		return err
	}
	sums := make(map[string]*blobv1.Info, len(infos))
	for id := range infos {
		sums[id] = &blobv1.Info{}
	}
	for i, b := range g.Blobs {
		sum := sums[string(b.BlobId)]
		if sum == nil {
			return fmt.Errorf("blob %d is in no info", i)
		}
		if b.Deletable {
			sum.DeletableTotal++
			sum.DeletableCertified += count(b.CertifiedEpoch != 0)
		}
	}
	for i, b := range g.PooledBlobs {
		sum := sums[string(b.BlobId)]
		if sum == nil {
			return fmt.Errorf("pooled blob %d is in no info", i)
		}
		sum.PooledTotal++
		sum.PooledCertified += count(b.CertifiedEpoch != 0)
	}
	for i, info := range g.Infos {
		sum := sums[string(info.BlobId)]
		if info.PooledTotal != sum.PooledTotal || info.PooledCertified != sum.PooledCertified ||
			info.DeletableTotal < sum.DeletableTotal || info.DeletableCertified < sum.DeletableCertified {
			return fmt.Errorf("info %d is not the sum of its registrations", i)
		}
	}
	return nil
}

func count(is bool) uint64 {
	if is {
		return 1
	}
	return 0
}

// validateBuckets checks that buckets have pools of their own, and capabilities buckets.
func validateBuckets(g *blobv1.GenesisState) error {
	buckets, err := checkIDs("bucket", g.Buckets, func(b *blobv1.Bucket) []byte { return b.Id })
	if err != nil {
		return err
	}
	if _, err := checkIDs("capability", g.BucketCaps, func(c *blobv1.BucketCap) []byte { return c.Id }); err != nil {
		return err
	}
	owners := make(map[string][]byte, len(g.Pools))
	for _, p := range g.Pools {
		owners[string(p.Id)] = p.Owner
	}
	for i, b := range g.Buckets {
		if !bytes.Equal(owners[string(b.PoolId)], b.Id) {
			return fmt.Errorf("bucket %d does not own a storage pool", i)
		}
	}
	for i, c := range g.BucketCaps {
		if len(c.Owner) != 20 || buckets[string(c.BucketId)] == nil {
			return fmt.Errorf("capability %d: owner of %d bytes, or of no bucket", i, len(c.Owner))
		}
	}
	return nil
}

// validateNodes checks what nodes said, and the subsidies.
func validateNodes(g *blobv1.GenesisState) error {
	if _, err := checkIDs("attestation", g.Attestations, func(a *blobv1.Attestation) []byte { return a.NodeId }); err != nil {
		return err
	}
	if _, err := checkIDs("deny list", g.DenyLists, func(d *blobv1.DenyList) []byte { return d.NodeId }); err != nil {
		return err
	}
	for i, d := range g.DenyLists {
		if len(d.Root) != 32 {
			return fmt.Errorf("deny list %d: root of %d bytes", i, len(d.Root))
		}
	}
	checkpoints := []*blobv1.Checkpoint{}
	if g.EventBlob != nil {
		checkpoints = append(checkpoints, g.EventBlob)
	}
	for i := range g.EventBlobWeights.List {
		checkpoints = append(checkpoints, &g.EventBlobWeights.List[i].Checkpoint)
	}
	if !slices.IsSortedFunc(g.EventBlobWeights.List, func(a, b blobv1.Support) int {
		return cmp.Or(cmp.Compare(a.Checkpoint.Sequence, b.Checkpoint.Sequence), bytes.Compare(a.Checkpoint.BlobId, b.Checkpoint.BlobId))
	}) {
		return errors.New("open event blobs are not in order")
	}
	for i, c := range checkpoints {
		if len(c.BlobId) != 32 {
			return fmt.Errorf("event blob %d: blob ID of %d bytes", i, len(c.BlobId))
		}
	}
	if g.Subsidies == nil {
		return nil
	}
	if len(g.Subsidies.Buffer) > int(g.Params.MaxEpochsAhead) {
		return fmt.Errorf("subsidies of %d epochs", len(g.Subsidies.Buffer))
	}
	s := subsidiesValue(*g.Subsidies)
	return s.Set(s.Rate, s.Base, s.PerShard)
}

// checkPools checks that what pools say they hold is what they hold.
func (k Keeper) checkPools(ctx context.Context, g *blobv1.GenesisState) error {
	shards, err := k.committee.Shards(ctx)
	if err != nil {
		return err
	}
	used, count := map[string]uint64{}, map[string]uint64{}
	for i, b := range g.PooledBlobs {
		encoded, err := price.EncodedSize(shards, b.Size_, encodingOf(b.EncodingType))
		if err != nil {
			return fmt.Errorf("%w: pooled blob %d: %w", ErrGenesis, i, err)
		}
		used[string(b.PoolId)] += encoded
		count[string(b.PoolId)]++
	}
	for i, p := range g.Pools {
		if p.Used != used[string(p.Id)] || p.Blobs != count[string(p.Id)] || p.Used > p.Storage.Size_ {
			return fmt.Errorf("%w: storage pool %d is out of balance", ErrGenesis, i)
		}
	}
	return nil
}

// checkMoney checks that the module's accounts hold what was paid for epochs to come, the funds of shared
// blobs, and what subsidies are paid from.
func (k Keeper) checkMoney(ctx context.Context, g *blobv1.GenesisState) error {
	owed := sdkmath.ZeroInt()
	for _, e := range g.Ring.Entries {
		owed = owed.Add(sdkmath.NewIntFromUint64(e.Rewards))
	}
	for _, s := range g.SharedBlobs {
		owed = owed.Add(sdkmath.NewIntFromUint64(s.Funds))
	}
	if held := k.held(ctx, types.ModuleName); held.LT(owed) {
		return fmt.Errorf("%w: %s FROST are paid for epochs or belong to shared blobs, the module's account holds %s", ErrGenesis, owed, held)
	}
	if g.Subsidies == nil {
		return nil
	}
	if held := k.held(ctx, types.SubsidiesName); held.LT(sdkmath.NewIntFromUint64(g.Subsidies.Pool)) {
		return fmt.Errorf("%w: subsidies have %d FROST, their account holds %s", ErrGenesis, g.Subsidies.Pool, held)
	}
	return nil
}

func (k Keeper) held(ctx context.Context, module string) sdkmath.Int {
	return k.bank.GetBalance(ctx, authtypes.NewModuleAddress(module), types.Denom).Amount
}

// initObjects writes shared blobs, pools and buckets.
func (k Keeper) initObjects(ctx context.Context, g *blobv1.GenesisState) error {
	return errors.Join(
		each(g.SharedBlobs, func(s blobv1.SharedBlob) error { return k.shared.Set(ctx, s.Id, s) }),
		each(g.Pools, func(p blobv1.StoragePool) error { return k.putPool(ctx, p) }),
		each(g.PooledBlobs, func(b blobv1.PooledBlob) error { return k.putPooled(ctx, b) }),
		each(g.Buckets, func(b blobv1.Bucket) error { return k.buckets.Set(ctx, b.Id, b) }),
		each(g.BucketCaps, func(c blobv1.BucketCap) error { return k.putCap(ctx, c) }),
	)
}

// initNodes writes what nodes said, and the subsidies.
func (k Keeper) initNodes(ctx context.Context, g *blobv1.GenesisState) error {
	if g.EventBlob != nil {
		if err := k.eventBlob.Set(ctx, *g.EventBlob); err != nil {
			return err
		}
	}
	if len(g.EventBlobWeights.List) > 0 {
		if err := k.eventWeights.Set(ctx, g.EventBlobWeights); err != nil {
			return err
		}
	}
	subsidies := g.Subsidies
	if subsidies == nil {
		s, err := subsidy.New(0, 0, 0, ringValue(g.Ring))
		if err != nil {
			return err
		}
		fresh := subsidiesRecord(s)
		subsidies = &fresh
	}
	return errors.Join(k.subsidies.Set(ctx, *subsidies),
		each(g.Attestations, func(a blobv1.Attestation) error { return k.attestations.Set(ctx, a.NodeId, a) }),
		each(g.DenyLists, func(d blobv1.DenyList) error { return k.denyLists.Set(ctx, d.NodeId, d) }),
	)
}

func each[V any](list []V, do func(V) error) error {
	for _, v := range list {
		if err := do(v); err != nil {
			return err
		}
	}
	return nil
}

func (k Keeper) exportObjects(ctx context.Context, g *blobv1.GenesisState) error {
	var errs [5]error
	g.SharedBlobs, errs[0] = values(ctx, k.shared)
	g.Pools, errs[1] = values(ctx, k.pools)
	g.PooledBlobs, errs[2] = values(ctx, k.pooled)
	g.Buckets, errs[3] = values(ctx, k.buckets)
	g.BucketCaps, errs[4] = values(ctx, k.caps)
	return errors.Join(errs[:]...)
}

func (k Keeper) exportNodes(ctx context.Context, g *blobv1.GenesisState) error {
	latest, err := k.eventBlob.Get(ctx)
	switch {
	case err == nil:
		g.EventBlob = &latest
	case !errors.Is(err, collections.ErrNotFound):
		return err
	}
	if g.EventBlobWeights, err = k.eventWeights.Get(ctx); err != nil && !errors.Is(err, collections.ErrNotFound) {
		return err
	}
	subsidies, err := k.subsidies.Get(ctx)
	if err != nil {
		return err
	}
	g.Subsidies = &subsidies
	var errs [2]error
	g.Attestations, errs[0] = values(ctx, k.attestations)
	g.DenyLists, errs[1] = values(ctx, k.denyLists)
	return errors.Join(errs[:]...)
}
