package keeper

import (
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/collections"
	sdk "github.com/cosmos/cosmos-sdk/types"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	eventv1 "github.com/walrus-go/walrus/api/event/v1"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/committee"
)

// Storage pools. Functions that change a pool take its record from whoever checked that it may be changed:
// [Keeper.ownPool], or [Keeper.bucketPool]. Source: spec: control-plane.md section 2.6.

// ownPool returns a storage pool that owner has.
func (k Keeper) ownPool(ctx context.Context, owner, id []byte) (blobv1.StoragePool, error) {
	return owned(ctx, k.pools, owner, id, poolOwner)
}

func poolValue(p blobv1.StoragePool) storage.Pool {
	return storage.Pool{Storage: resource(p.Storage), Used: p.Used, Blobs: p.Blobs}
}

// poolRecord returns p with the parts that rules change taken from v.
func poolRecord(p blobv1.StoragePool, v storage.Pool) blobv1.StoragePool {
	p.Storage = storageRecord(p.Storage.Id, nil, v.Storage)
	p.Used, p.Blobs = v.Used, v.Blobs
	return p
}

// createPool buys a storage pool.
func (k Keeper) createPool(ctx context.Context, payer sdk.AccAddress, owner []byte, size uint64, epochs uint32) (blobv1.StoragePool, uint64, error) {
	m, err := k.market(ctx)
	if err != nil {
		return blobv1.StoragePool{}, 0, err
	}
	p := k.purse(ctx, payer)
	value, cost, err := storage.CreatePool(m, size, epochs, p.left)
	if err != nil {
		return blobv1.StoragePool{}, 0, err
	}
	p.spend(cost)
	space, err := k.newStorage(ctx, nil, value.Storage)
	if err != nil {
		return blobv1.StoragePool{}, 0, err
	}
	pool, err := k.newPool(ctx, owner, space, m.Now())
	if err != nil {
		return blobv1.StoragePool{}, 0, err
	}
	return pool, p.paid, k.settle(ctx, m, p)
}

// createPoolWith makes a storage pool of a resource.
func (k Keeper) createPoolWith(ctx context.Context, owner sdk.AccAddress, storageID []byte) (blobv1.StoragePool, error) {
	s, err := k.ownStorage(ctx, owner, storageID)
	if err != nil {
		return blobv1.StoragePool{}, err
	}
	now, err := k.committee.Now(ctx)
	if err != nil {
		return blobv1.StoragePool{}, err
	}
	if _, err := storage.CreatePoolWith(now, resource(s)); err != nil {
		return blobv1.StoragePool{}, err
	}
	if err := k.takeStorage(ctx, s); err != nil {
		return blobv1.StoragePool{}, err
	}
	s.Owner = nil // the pool holds it
	return k.newPool(ctx, owner, s, now)
}

// newPool stores a new pool and tells the world.
func (k Keeper) newPool(ctx context.Context, owner []byte, space blobv1.Storage, now committee.Epoch) (blobv1.StoragePool, error) {
	id, err := k.objects.NextObject(ctx)
	if err != nil {
		return blobv1.StoragePool{}, err
	}
	pool := blobv1.StoragePool{Id: id[:], Owner: owner, Storage: space}
	if err := k.putPool(ctx, pool); err != nil {
		return blobv1.StoragePool{}, err
	}
	_, err = k.log.Emit(ctx, &eventv1.StoragePoolCreated{
		Epoch:                        uint32(now),
		StoragePoolId:                pool.Id,
		ReservedEncodedCapacityBytes: space.Size_,
		StartEpoch:                   space.StartEpoch,
		EndEpoch:                     space.EndEpoch,
	})
	return pool, err
}

func (k Keeper) putPool(ctx context.Context, p blobv1.StoragePool) error {
	return errors.Join(k.pools.Set(ctx, p.Id, p), k.poolOwners.Set(ctx, collections.Join(p.Owner, p.Id)))
}

// extendPool buys epochs for a pool.
func (k Keeper) extendPool(ctx context.Context, payer sdk.AccAddress, pool blobv1.StoragePool, more uint32) (end uint32, paid uint64, err error) {
	m, err := k.market(ctx)
	if err != nil {
		return 0, 0, err
	}
	p := k.purse(ctx, payer)
	value := poolValue(pool)
	cost, err := value.Extend(m, more, p.left)
	if err != nil {
		return 0, 0, err
	}
	p.spend(cost)
	pool = poolRecord(pool, value)
	if err := k.pools.Set(ctx, pool.Id, pool); err != nil {
		return 0, 0, err
	}
	end = pool.Storage.EndEpoch
	_, err = k.log.Emit(ctx, &eventv1.StoragePoolExtended{Epoch: uint32(m.Now()), StoragePoolId: pool.Id, NewEndEpoch: end})
	if err != nil {
		return 0, 0, err
	}
	return end, p.paid, k.settle(ctx, m, p)
}

// growPool buys space for a pool and returns its new size.
func (k Keeper) growPool(ctx context.Context, payer sdk.AccAddress, pool blobv1.StoragePool, more uint64) (size, paid uint64, err error) {
	m, err := k.market(ctx)
	if err != nil {
		return 0, 0, err
	}
	p := k.purse(ctx, payer)
	value := poolValue(pool)
	cost, err := value.Increase(m, more, p.left)
	if err != nil {
		return 0, 0, err
	}
	p.spend(cost)
	if err := k.resizePool(ctx, poolRecord(pool, value)); err != nil {
		return 0, 0, err
	}
	return value.Storage.Size, p.paid, k.settle(ctx, m, p)
}

// growPoolWith adds a resource to a pool and returns its new size.
func (k Keeper) growPoolWith(ctx context.Context, owner sdk.AccAddress, pool blobv1.StoragePool, storageID []byte) (uint64, error) {
	s, err := k.ownStorage(ctx, owner, storageID)
	if err != nil {
		return 0, err
	}
	now, err := k.committee.Now(ctx)
	if err != nil {
		return 0, err
	}
	value := poolValue(pool)
	if err := value.IncreaseWith(now, resource(s)); err != nil {
		return 0, err
	}
	return value.Storage.Size, errors.Join(k.takeStorage(ctx, s), k.resizePool(ctx, poolRecord(pool, value)))
}

// shrinkPool takes unused space out of a pool. take is one of the rules for it.
func (k Keeper) shrinkPool(
	ctx context.Context, owner sdk.AccAddress, pool blobv1.StoragePool,
	take func(*storage.Pool, committee.Epoch) (storage.Resource, error),
) (blobv1.Storage, error) {
	now, err := k.committee.Now(ctx)
	if err != nil {
		return blobv1.Storage{}, err
	}
	value := poolValue(pool)
	taken, err := take(&value, now)
	if err != nil {
		return blobv1.Storage{}, err
	}
	s, err := k.newStorage(ctx, owner, taken)
	if err != nil {
		return blobv1.Storage{}, err
	}
	return s, errors.Join(k.putStorage(ctx, s), k.resizePool(ctx, poolRecord(pool, value)))
}

func (k Keeper) resizePool(ctx context.Context, pool blobv1.StoragePool) error {
	return errors.Join(k.pools.Set(ctx, pool.Id, pool),
		announce(ctx, &blobv1.EventStoragePoolResized{StoragePoolId: pool.Id, Size_: pool.Storage.Size_}))
}

// destroyPool dissolves a pool without blobs and returns its storage.
func (k Keeper) destroyPool(ctx context.Context, owner sdk.AccAddress, pool blobv1.StoragePool) (blobv1.Storage, error) {
	value := poolValue(pool)
	rest, err := value.Destroy()
	if err != nil {
		return blobv1.Storage{}, err
	}
	s := storageRecord(pool.Storage.Id, owner, rest)
	return s, errors.Join(k.pools.Remove(ctx, pool.Id), k.poolOwners.Remove(ctx, collections.Join(pool.Owner, pool.Id)),
		k.putStorage(ctx, s),
		announce(ctx, &blobv1.EventStoragePoolDestroyed{StoragePoolId: pool.Id, StorageId: s.Id}))
}

// pooledBlob returns a blob of a pool. Errors: [economy.ErrDynamicFieldFieldDoesNotExist].
func (k Keeper) pooledBlob(ctx context.Context, pool, blobID []byte) (blobv1.PooledBlob, error) {
	b, err := k.pooled.Get(ctx, collections.Join(pool, blobID))
	if errors.Is(err, collections.ErrNotFound) {
		return b, fmt.Errorf("blob: pool 0x%x has no blob %x: %w", pool, blobID, economy.ErrDynamicFieldFieldDoesNotExist)
	}
	return b, err
}
