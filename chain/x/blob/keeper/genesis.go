package keeper

import (
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/collections"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/chain/economy"
)

// ErrGenesis means that the records of a genesis contradict each other or the rules.
var ErrGenesis = errors.New("blob: invalid genesis")

// Validate checks a genesis by itself.
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
	for i, s := range g.Storages {
		if err := validateStorage(&s, true); err != nil {
			return fmt.Errorf("%w: storage %d: %w", ErrGenesis, i, err)
		}
	}
	for i, b := range g.Blobs {
		if err := validateBlob(&b); err != nil {
			return fmt.Errorf("%w: blob %d: %w", ErrGenesis, i, err)
		}
	}
	for i, a := range g.Attributes {
		if len(a.ObjectId) != 32 {
			return fmt.Errorf("%w: attributes %d of an object ID of %d bytes", ErrGenesis, i, len(a.ObjectId))
		}
	}
	for _, check := range []func(*blobv1.GenesisState) error{validateShared, validatePools, validateInfos, validateBuckets, validateNodes} {
		if err := check(g); err != nil {
			return fmt.Errorf("%w: %w", ErrGenesis, err)
		}
	}
	return nil
}

func validateStorage(s *blobv1.Storage, owned bool) error {
	if len(s.Id) != 32 {
		return fmt.Errorf("ID of %d bytes", len(s.Id))
	}
	if owned && len(s.Owner) != 20 && len(s.Owner) != 32 {
		return fmt.Errorf("owner of %d bytes", len(s.Owner))
	}
	if s.StartEpoch >= s.EndEpoch {
		return fmt.Errorf("epochs [%d, %d)", s.StartEpoch, s.EndEpoch)
	}
	return nil
}

func validateBlob(b *blobv1.Blob) error {
	if len(b.Id) != 32 || len(b.BlobId) != 32 {
		return fmt.Errorf("IDs of %d and %d bytes", len(b.Id), len(b.BlobId))
	}
	if len(b.Owner) != 20 && len(b.Owner) != 32 {
		return fmt.Errorf("owner of %d bytes", len(b.Owner))
	}
	return validateStorage(&b.Storage, false)
}

// InitGenesis writes a genesis to an empty store.
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
	if err := errors.Join(k.checkPools(ctx, g), k.checkMoney(ctx, g), k.initObjects(ctx, g), k.initNodes(ctx, g)); err != nil {
		return err
	}
	for _, s := range g.Storages {
		if err := k.putStorage(ctx, s); err != nil {
			return err
		}
	}
	for _, b := range g.Blobs {
		if err := k.putBlob(ctx, b); err != nil {
			return err
		}
	}
	for _, a := range g.Attributes {
		if err := k.attributes.Set(ctx, a.ObjectId, a); err != nil {
			return err
		}
	}
	for _, info := range g.Infos {
		if err := k.infos.Set(ctx, info.BlobId, info); err != nil {
			return err
		}
	}
	return nil
}

// ExportGenesis returns the whole state.
func (k Keeper) ExportGenesis(ctx context.Context) (*blobv1.GenesisState, error) {
	g := &blobv1.GenesisState{}
	var err error
	if g.Params, err = k.params.Get(ctx); err != nil {
		return nil, err
	}
	if g.System, err = k.system.Get(ctx); err != nil {
		return nil, err
	}
	if g.Ring, err = k.ring.Get(ctx); err != nil {
		return nil, err
	}
	if g.Storages, err = values(ctx, k.storages); err != nil {
		return nil, err
	}
	if g.Blobs, err = values(ctx, k.blobs); err != nil {
		return nil, err
	}
	if g.Attributes, err = values(ctx, k.attributes); err != nil {
		return nil, err
	}
	if g.Infos, err = values(ctx, k.infos); err != nil {
		return nil, err
	}
	return g, errors.Join(k.exportObjects(ctx, g), k.exportNodes(ctx, g))
}

func values[K, V any](ctx context.Context, m collections.Map[K, V]) ([]V, error) {
	it, err := m.Iterate(ctx, nil)
	if err != nil {
		return nil, err
	}
	return it.Values()
}
