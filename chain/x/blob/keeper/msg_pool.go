package keeper

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/committee"
)

// ShareBlob implements [blobv1.MsgServer].
func (s MsgServer) ShareBlob(ctx context.Context, m *blobv1.MsgShareBlob) (*blobv1.MsgShareBlobResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgShareBlobResponse, error) {
		shared, err := s.k.share(ctx, owner, m.ObjectId, m.Funds)
		return &blobv1.MsgShareBlobResponse{Shared: shared}, err
	})
}

// FundSharedBlob implements [blobv1.MsgServer].
func (s MsgServer) FundSharedBlob(ctx context.Context, m *blobv1.MsgFundSharedBlob) (*blobv1.MsgFundSharedBlobResponse, error) {
	return answer(m.Sender, func(sender sdk.AccAddress) (*blobv1.MsgFundSharedBlobResponse, error) {
		funds, err := s.k.fundShared(ctx, sender, m.SharedId, m.Amount)
		return &blobv1.MsgFundSharedBlobResponse{Funds: funds}, err
	})
}

// ExtendSharedBlob implements [blobv1.MsgServer].
func (s MsgServer) ExtendSharedBlob(ctx context.Context, m *blobv1.MsgExtendSharedBlob) (*blobv1.MsgExtendSharedBlobResponse, error) {
	return answer(m.Sender, func(sdk.AccAddress) (*blobv1.MsgExtendSharedBlobResponse, error) {
		end, paid, left, err := s.k.extendShared(ctx, m.SharedId, m.Epochs)
		return &blobv1.MsgExtendSharedBlobResponse{EndEpoch: end, Paid: paid, Funds: left}, err
	})
}

// CreateStoragePool implements [blobv1.MsgServer].
func (s MsgServer) CreateStoragePool(ctx context.Context, m *blobv1.MsgCreateStoragePool) (*blobv1.MsgCreateStoragePoolResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgCreateStoragePoolResponse, error) {
		pool, paid, err := s.k.createPool(ctx, owner, owner, m.Size_, m.EpochsAhead)
		return &blobv1.MsgCreateStoragePoolResponse{Pool: pool, Paid: paid}, err
	})
}

// CreateStoragePoolWithStorage implements [blobv1.MsgServer].
func (s MsgServer) CreateStoragePoolWithStorage(ctx context.Context, m *blobv1.MsgCreateStoragePoolWithStorage) (*blobv1.MsgCreateStoragePoolWithStorageResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgCreateStoragePoolWithStorageResponse, error) {
		pool, err := s.k.createPoolWith(ctx, owner, m.StorageId)
		return &blobv1.MsgCreateStoragePoolWithStorageResponse{Pool: pool}, err
	})
}

// RegisterPooledBlobs implements [blobv1.MsgServer].
func (s MsgServer) RegisterPooledBlobs(ctx context.Context, m *blobv1.MsgRegisterPooledBlobs) (*blobv1.MsgRegisterPooledBlobsResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgRegisterPooledBlobsResponse, error) {
		pool, err := s.k.ownPool(ctx, owner, m.PoolId)
		if err != nil {
			return nil, err
		}
		blobs, paid, err := s.k.registerPooled(ctx, owner, pool, m.Blobs)
		return &blobv1.MsgRegisterPooledBlobsResponse{Blobs: blobs, Paid: paid}, err
	})
}

// CertifyPooledBlobs implements [blobv1.MsgServer].
func (s MsgServer) CertifyPooledBlobs(ctx context.Context, m *blobv1.MsgCertifyPooledBlobs) (*blobv1.MsgCertifyPooledBlobsResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgCertifyPooledBlobsResponse, error) {
		pool, err := s.k.ownPool(ctx, owner, m.PoolId)
		if err != nil {
			return nil, err
		}
		return &blobv1.MsgCertifyPooledBlobsResponse{}, s.k.certifyPooled(ctx, pool, m.Blobs)
	})
}

// DeletePooledBlobs implements [blobv1.MsgServer].
func (s MsgServer) DeletePooledBlobs(ctx context.Context, m *blobv1.MsgDeletePooledBlobs) (*blobv1.MsgDeletePooledBlobsResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgDeletePooledBlobsResponse, error) {
		pool, err := s.k.ownPool(ctx, owner, m.PoolId)
		if err != nil {
			return nil, err
		}
		used, err := s.k.deletePooled(ctx, pool, m.BlobIds)
		return &blobv1.MsgDeletePooledBlobsResponse{Used: used}, err
	})
}

// BurnExpiredPooledBlobs implements [blobv1.MsgServer].
func (s MsgServer) BurnExpiredPooledBlobs(ctx context.Context, m *blobv1.MsgBurnExpiredPooledBlobs) (*blobv1.MsgBurnExpiredPooledBlobsResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgBurnExpiredPooledBlobsResponse, error) {
		pool, err := s.k.ownPool(ctx, owner, m.PoolId)
		if err != nil {
			return nil, err
		}
		used, err := s.k.burnPooled(ctx, pool, m.BlobIds)
		return &blobv1.MsgBurnExpiredPooledBlobsResponse{Used: used}, err
	})
}

// ExtendStoragePool implements [blobv1.MsgServer].
func (s MsgServer) ExtendStoragePool(ctx context.Context, m *blobv1.MsgExtendStoragePool) (*blobv1.MsgExtendStoragePoolResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgExtendStoragePoolResponse, error) {
		pool, err := s.k.ownPool(ctx, owner, m.PoolId)
		if err != nil {
			return nil, err
		}
		end, paid, err := s.k.extendPool(ctx, owner, pool, m.Epochs)
		return &blobv1.MsgExtendStoragePoolResponse{EndEpoch: end, Paid: paid}, err
	})
}

// IncreaseStoragePool implements [blobv1.MsgServer].
func (s MsgServer) IncreaseStoragePool(ctx context.Context, m *blobv1.MsgIncreaseStoragePool) (*blobv1.MsgIncreaseStoragePoolResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgIncreaseStoragePoolResponse, error) {
		pool, err := s.k.ownPool(ctx, owner, m.PoolId)
		if err != nil {
			return nil, err
		}
		size, paid, err := s.k.growPool(ctx, owner, pool, m.Size_)
		return &blobv1.MsgIncreaseStoragePoolResponse{Size_: size, Paid: paid}, err
	})
}

// IncreaseStoragePoolWithStorage implements [blobv1.MsgServer].
func (s MsgServer) IncreaseStoragePoolWithStorage(ctx context.Context, m *blobv1.MsgIncreaseStoragePoolWithStorage) (*blobv1.MsgIncreaseStoragePoolWithStorageResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgIncreaseStoragePoolWithStorageResponse, error) {
		pool, err := s.k.ownPool(ctx, owner, m.PoolId)
		if err != nil {
			return nil, err
		}
		size, err := s.k.growPoolWith(ctx, owner, pool, m.StorageId)
		return &blobv1.MsgIncreaseStoragePoolWithStorageResponse{Size_: size}, err
	})
}

// DecreaseStoragePool implements [blobv1.MsgServer].
func (s MsgServer) DecreaseStoragePool(ctx context.Context, m *blobv1.MsgDecreaseStoragePool) (*blobv1.MsgDecreaseStoragePoolResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgDecreaseStoragePoolResponse, error) {
		pool, err := s.k.ownPool(ctx, owner, m.PoolId)
		if err != nil {
			return nil, err
		}
		taken, err := s.k.shrinkPool(ctx, owner, pool, func(p *storage.Pool, now committee.Epoch) (storage.Resource, error) {
			return p.DecreaseBySize(now, m.Size_)
		})
		return &blobv1.MsgDecreaseStoragePoolResponse{Storage: taken}, err
	})
}

// DecreaseStoragePoolByPercent implements [blobv1.MsgServer].
func (s MsgServer) DecreaseStoragePoolByPercent(ctx context.Context, m *blobv1.MsgDecreaseStoragePoolByPercent) (*blobv1.MsgDecreaseStoragePoolByPercentResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgDecreaseStoragePoolByPercentResponse, error) {
		pool, err := s.k.ownPool(ctx, owner, m.PoolId)
		if err != nil {
			return nil, err
		}
		taken, err := s.k.shrinkPool(ctx, owner, pool, func(p *storage.Pool, now committee.Epoch) (storage.Resource, error) {
			return p.DecreaseUnusedByPercent(now, uint8(min(m.Percent, 101)))
		})
		return &blobv1.MsgDecreaseStoragePoolByPercentResponse{Storage: taken}, err
	})
}

// DestroyStoragePool implements [blobv1.MsgServer].
func (s MsgServer) DestroyStoragePool(ctx context.Context, m *blobv1.MsgDestroyStoragePool) (*blobv1.MsgDestroyStoragePoolResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgDestroyStoragePoolResponse, error) {
		pool, err := s.k.ownPool(ctx, owner, m.PoolId)
		if err != nil {
			return nil, err
		}
		freed, err := s.k.destroyPool(ctx, owner, pool)
		return &blobv1.MsgDestroyStoragePoolResponse{Storage: freed}, err
	})
}

// SetPooledAttributes implements [blobv1.MsgServer].
func (s MsgServer) SetPooledAttributes(ctx context.Context, m *blobv1.MsgSetPooledAttributes) (*blobv1.MsgSetPooledAttributesResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgSetPooledAttributesResponse, error) {
		before, err := s.k.setPooledAttributes(ctx, owner, m)
		return &blobv1.MsgSetPooledAttributesResponse{Before: before}, err
	})
}

// CreateBlobBucket implements [blobv1.MsgServer].
func (s MsgServer) CreateBlobBucket(ctx context.Context, m *blobv1.MsgCreateBlobBucket) (*blobv1.MsgCreateBlobBucketResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgCreateBlobBucketResponse, error) {
		return s.k.createBucket(ctx, owner, m.Size_, m.EpochsAhead)
	})
}

// RegisterBucketBlobs implements [blobv1.MsgServer].
func (s MsgServer) RegisterBucketBlobs(ctx context.Context, m *blobv1.MsgRegisterBucketBlobs) (*blobv1.MsgRegisterBucketBlobsResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgRegisterBucketBlobsResponse, error) {
		pool, err := s.k.openBucket(ctx, owner, m.BucketId, m.CapId)
		if err != nil {
			return nil, err
		}
		blobs, paid, err := s.k.registerPooled(ctx, owner, pool, m.Blobs)
		return &blobv1.MsgRegisterBucketBlobsResponse{Blobs: blobs, Paid: paid}, err
	})
}

// CertifyBucketBlobs implements [blobv1.MsgServer].
func (s MsgServer) CertifyBucketBlobs(ctx context.Context, m *blobv1.MsgCertifyBucketBlobs) (*blobv1.MsgCertifyBucketBlobsResponse, error) {
	return answer(m.Sender, func(sdk.AccAddress) (*blobv1.MsgCertifyBucketBlobsResponse, error) {
		pool, err := s.k.bucketPool(ctx, m.BucketId)
		if err != nil {
			return nil, err
		}
		return &blobv1.MsgCertifyBucketBlobsResponse{}, s.k.certifyPooled(ctx, pool, m.Blobs)
	})
}

// DeleteBucketBlobs implements [blobv1.MsgServer].
func (s MsgServer) DeleteBucketBlobs(ctx context.Context, m *blobv1.MsgDeleteBucketBlobs) (*blobv1.MsgDeleteBucketBlobsResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgDeleteBucketBlobsResponse, error) {
		pool, err := s.k.openBucket(ctx, owner, m.BucketId, m.CapId)
		if err != nil {
			return nil, err
		}
		used, err := s.k.deletePooled(ctx, pool, m.BlobIds)
		return &blobv1.MsgDeleteBucketBlobsResponse{Used: used}, err
	})
}

// ExtendBlobBucket implements [blobv1.MsgServer].
func (s MsgServer) ExtendBlobBucket(ctx context.Context, m *blobv1.MsgExtendBlobBucket) (*blobv1.MsgExtendBlobBucketResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgExtendBlobBucketResponse, error) {
		pool, err := s.k.openBucket(ctx, owner, m.BucketId, m.CapId)
		if err != nil {
			return nil, err
		}
		end, paid, err := s.k.extendPool(ctx, owner, pool, m.Epochs)
		return &blobv1.MsgExtendBlobBucketResponse{EndEpoch: end, Paid: paid}, err
	})
}

// IncreaseBlobBucket implements [blobv1.MsgServer].
func (s MsgServer) IncreaseBlobBucket(ctx context.Context, m *blobv1.MsgIncreaseBlobBucket) (*blobv1.MsgIncreaseBlobBucketResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgIncreaseBlobBucketResponse, error) {
		pool, err := s.k.openBucket(ctx, owner, m.BucketId, m.CapId)
		if err != nil {
			return nil, err
		}
		size, paid, err := s.k.growPool(ctx, owner, pool, m.Size_)
		return &blobv1.MsgIncreaseBlobBucketResponse{Size_: size, Paid: paid}, err
	})
}
