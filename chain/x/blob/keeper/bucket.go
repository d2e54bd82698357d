package keeper

import (
	"bytes"
	"context"
	"errors"

	"cosmossdk.io/collections"
	sdk "github.com/cosmos/cosmos-sdk/types"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/chain/economy"
)

// createBucket buys a storage pool for a new bucket and gives owner its capability.
// Source: spec: control-plane.md section 2.7.
func (k Keeper) createBucket(ctx context.Context, owner sdk.AccAddress, size uint64, epochs uint32) (*blobv1.MsgCreateBlobBucketResponse, error) {
	bucketID, err := k.objects.NextObject(ctx)
	if err != nil {
		return nil, err
	}
	capID, err := k.objects.NextObject(ctx)
	if err != nil {
		return nil, err
	}
	pool, paid, err := k.createPool(ctx, owner, bucketID[:], size, epochs)
	if err != nil {
		return nil, err
	}
	bucket := blobv1.Bucket{Id: bucketID[:], PoolId: pool.Id}
	right := blobv1.BucketCap{Id: capID[:], Owner: owner, BucketId: bucket.Id}
	return &blobv1.MsgCreateBlobBucketResponse{Bucket: bucket, Cap: right, Pool: pool, Paid: paid}, errors.Join(
		k.buckets.Set(ctx, bucket.Id, bucket), k.putCap(ctx, right),
		announce(ctx, &blobv1.EventBlobBucketCreated{BucketId: bucket.Id, CapId: right.Id, StoragePoolId: pool.Id, Owner: owner}))
}

func (k Keeper) putCap(ctx context.Context, c blobv1.BucketCap) error {
	return errors.Join(k.caps.Set(ctx, c.Id, c), k.capOwners.Set(ctx, collections.Join(c.Owner, c.Id)))
}

// openBucket returns the pool of a bucket, to be used with a capability that owner has.
//
// Errors, in order: those of ownership, [economy.ErrBlobBucketInvalidBlobBucketCap], those of [Keeper.bucketPool].
func (k Keeper) openBucket(ctx context.Context, owner, bucketID, capID []byte) (blobv1.StoragePool, error) {
	right, err := owned(ctx, k.caps, owner, capID, capOwner)
	if err != nil {
		return blobv1.StoragePool{}, err
	}
	if !bytes.Equal(right.BucketId, bucketID) {
		return blobv1.StoragePool{}, economy.ErrBlobBucketInvalidBlobBucketCap
	}
	return k.bucketPool(ctx, bucketID)
}

// bucketPool returns the pool of a bucket that has not expired.
//
// Errors, in order: [economy.ErrDynamicFieldFieldDoesNotExist],
// [economy.ErrBlobBucketInnerBlobBucketStorageExpired].
func (k Keeper) bucketPool(ctx context.Context, bucketID []byte) (blobv1.StoragePool, error) {
	bucket, err := object(ctx, k.buckets, bucketID)
	if err != nil {
		return blobv1.StoragePool{}, err
	}
	pool, err := k.pools.Get(ctx, bucket.PoolId)
	if err != nil {
		return pool, err
	}
	now, err := k.committee.Now(ctx)
	if err != nil {
		return pool, err
	}
	value := poolValue(pool)
	return pool, value.CheckBucket(now)
}
