package keeper

import (
	"context"

	"cosmossdk.io/collections"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/chain/economy/storage"
)

// EachStorage calls f for every resource in the state: those that are owned, and those that back blobs and
// pools. What covers the same bytes and epochs twice is told once.
func (k Keeper) EachStorage(ctx context.Context, f func(blobv1.Storage) error) error {
	if err := eachRecord(ctx, k.storages, f); err != nil {
		return err
	}
	if err := k.EachPool(ctx, func(p blobv1.StoragePool) error { return f(p.Storage) }); err != nil {
		return err
	}
	return k.EachBlob(ctx, func(b blobv1.Blob) error { return f(b.Storage) })
}

// EachBlob calls f for every registration in the state, ascending by object ID.
func (k Keeper) EachBlob(ctx context.Context, f func(blobv1.Blob) error) error {
	return eachRecord(ctx, k.blobs, f)
}

// EachShared calls f for every shared blob, ascending by ID.
func (k Keeper) EachShared(ctx context.Context, f func(blobv1.SharedBlob) error) error {
	return eachRecord(ctx, k.shared, f)
}

// EachPool calls f for every storage pool, those of buckets included, ascending by ID.
func (k Keeper) EachPool(ctx context.Context, f func(blobv1.StoragePool) error) error {
	return eachRecord(ctx, k.pools, f)
}

// EachPooled calls f for every blob of a pool, ascending by pool and blob ID.
func (k Keeper) EachPooled(ctx context.Context, f func(blobv1.PooledBlob) error) error {
	return eachRecord(ctx, k.pooled, f)
}

// Subsidies returns the rates of subsidies and what they are paid from.
func (k Keeper) Subsidies(ctx context.Context) (blobv1.Subsidies, error) { return k.subsidies.Get(ctx) }

// EventBlobs returns the last certified event blob and the shards behind those that are not certified yet.
func (k Keeper) EventBlobs(ctx context.Context) (storage.EventBlobs, error) { return k.eventBlobs(ctx) }

// eachRecord calls f for every record, ascending by key.
func eachRecord[K, V any](ctx context.Context, records collections.Map[K, V], f func(V) error) error {
	it, err := records.Iterate(ctx, nil)
	if err != nil {
		return err
	}
	defer it.Close()
	for ; it.Valid(); it.Next() {
		v, err := it.Value()
		if err != nil {
			return err
		}
		if err := f(v); err != nil {
			return err
		}
	}
	return nil
}
