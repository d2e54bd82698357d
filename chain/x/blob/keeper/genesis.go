package keeper

import (
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/collections"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/records"
	"github.com/walrus-go/walrus/chain/x/blob/types"
)

// ErrGenesis means that the records of a genesis contradict each other or the rules.
var ErrGenesis = errors.New("blob: invalid genesis")

// Validate checks a genesis but for its records of storage, blobs and pools, which are checked one by one as
// they are taken up.
func Validate(g *blobv1.GenesisState) error {
	horizon := g.Params.MaxEpochsAhead
	if horizon == 0 || horizon > economy.MaxEpochsAhead {
		return fmt.Errorf("%w: %d epochs ahead, want 1 to %d", ErrGenesis, horizon, economy.MaxEpochsAhead)
	}
	if len(g.Ring.Entries) != int(horizon) {
		return fmt.Errorf("%w: ring of %d entries, want %d", ErrGenesis, len(g.Ring.Entries), horizon)
	}
	for i, e := range g.Ring.Entries {
		if e.Epoch != g.Ring.Entries[0].Epoch+uint32(i) {
			return fmt.Errorf("%w: ring entry %d is of epoch %d", ErrGenesis, i, e.Epoch)
		}
	}
	if err := validateNodes(g); err != nil {
		return fmt.Errorf("%w: %w", ErrGenesis, err)
	}
	return nil
}

// InitGenesis writes a genesis, and the records beside it, to an empty store.
func (k Keeper) InitGenesis(ctx context.Context, g *blobv1.GenesisState) error {
	if err := Validate(g); err != nil {
		return err
	}
	now, err := k.committee.Now(ctx)
	if err != nil {
		return err
	}
	if g.Ring.Entries[0].Epoch != uint32(now) {
		return fmt.Errorf("%w: ring begins with epoch %d, the current one is %d", ErrGenesis, g.Ring.Entries[0].Epoch, now)
	}
	if err := errors.Join(k.params.Set(ctx, g.Params), k.system.Set(ctx, g.System), k.ring.Set(ctx, g.Ring)); err != nil {
		return err
	}
	if err := k.initNodes(ctx, g); err != nil {
		return err
	}
	in, err := k.newIntake(ctx)
	if err != nil {
		return err
	}
	if err := in.take(ctx, g); err != nil {
		return err
	}
	take := func(part *blobv1.GenesisState) error { return in.take(ctx, part) }
	if err := records.Import(ctx, types.ModuleName, recordsOf, take); err != nil {
		return err
	}
	return errors.Join(in.finish(), k.checkMoney(ctx, g, in.funds))
}

// recordsOf returns the records of a genesis, and nothing else of it. Each comes after what it refers to.
func recordsOf(g *blobv1.GenesisState) *blobv1.GenesisState {
	return &blobv1.GenesisState{
		Storages: g.Storages, Blobs: g.Blobs, Attributes: g.Attributes, Infos: g.Infos, SharedBlobs: g.SharedBlobs,
		Pools: g.Pools, PooledBlobs: g.PooledBlobs, Buckets: g.Buckets, BucketCaps: g.BucketCaps,
	}
}

// ExportGenesis returns the state but for the records of storage, blobs and pools, which go to the
// writer in ctx.
func (k Keeper) ExportGenesis(ctx context.Context) (*blobv1.GenesisState, error) {
	g := &blobv1.GenesisState{}
	var errs [3]error
	g.Params, errs[0] = k.params.Get(ctx)
	g.System, errs[1] = k.system.Get(ctx)
	g.Ring, errs[2] = k.ring.Get(ctx)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	if err := k.exportRecords(ctx); err != nil {
		return nil, err
	}
	return g, k.exportNodes(ctx, g)
}

// exportRecords exports each record after what it refers to.
func (k Keeper) exportRecords(ctx context.Context) error {
	type genesis = blobv1.GenesisState
	const module = types.ModuleName
	return errors.Join(
		records.Export(ctx, module, k.storages, func(l []blobv1.Storage) *genesis { return &genesis{Storages: l} }),
		records.Export(ctx, module, k.blobs, func(l []blobv1.Blob) *genesis { return &genesis{Blobs: l} }),
		records.Export(ctx, module, k.attributes, func(l []blobv1.Attributes) *genesis { return &genesis{Attributes: l} }),
		records.Export(ctx, module, k.shared, func(l []blobv1.SharedBlob) *genesis { return &genesis{SharedBlobs: l} }),
		records.Export(ctx, module, k.pools, func(l []blobv1.StoragePool) *genesis { return &genesis{Pools: l} }),
		records.Export(ctx, module, k.pooled, func(l []blobv1.PooledBlob) *genesis { return &genesis{PooledBlobs: l} }),
		records.Export(ctx, module, k.infos, func(l []blobv1.Info) *genesis { return &genesis{Infos: l} }),
		records.Export(ctx, module, k.buckets, func(l []blobv1.Bucket) *genesis { return &genesis{Buckets: l} }),
		records.Export(ctx, module, k.caps, func(l []blobv1.BucketCap) *genesis { return &genesis{BucketCaps: l} }),
	)
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

func values[K, V any](ctx context.Context, m collections.Map[K, V]) ([]V, error) {
	it, err := m.Iterate(ctx, nil)
	if err != nil {
		return nil, err
	}
	return it.Values()
}
