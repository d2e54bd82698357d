package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/refusal"
)

// find returns the record that a query names. what says what it is, in errors.
func find[V any](ctx context.Context, records collections.Map[[]byte, V], what, text string) (V, error) {
	var none V
	id, err := blob.ParseObjectID(text)
	if err != nil {
		return none, refusal.BadRequest(err)
	}
	v, err := records.Get(ctx, id[:])
	if errors.Is(err, collections.ErrNotFound) {
		return none, refusal.NotFound(what, id)
	}
	return v, err
}

// SharedBlob implements [blobv1.QueryServer].
func (q Querier) SharedBlob(ctx context.Context, req *blobv1.QuerySharedBlobRequest) (*blobv1.QuerySharedBlobResponse, error) {
	s, err := find(ctx, q.k.shared, "shared blob", req.SharedId)
	if err != nil {
		return nil, err
	}
	b, err := q.k.blobs.Get(ctx, s.ObjectId)
	return &blobv1.QuerySharedBlobResponse{Shared: s, Blob: b}, err
}

// SharedBlobs implements [blobv1.QueryServer].
func (q Querier) SharedBlobs(ctx context.Context, req *blobv1.QuerySharedBlobsRequest) (*blobv1.QuerySharedBlobsResponse, error) {
	list, next, err := page(ctx, q.k.shared, req.After, req.Limit)
	if err != nil {
		return nil, err
	}
	out := &blobv1.QuerySharedBlobsResponse{Next: next}
	for _, s := range list {
		b, err := q.k.blobs.Get(ctx, s.ObjectId)
		if err != nil {
			return nil, err
		}
		out.Shared = append(out.Shared, blobv1.QuerySharedBlobResponse{Shared: s, Blob: b})
	}
	return out, nil
}

// StoragePool implements [blobv1.QueryServer].
func (q Querier) StoragePool(ctx context.Context, req *blobv1.QueryStoragePoolRequest) (*blobv1.QueryStoragePoolResponse, error) {
	p, err := find(ctx, q.k.pools, "storage pool", req.PoolId)
	return &blobv1.QueryStoragePoolResponse{Pool: p}, err
}

// StoragePools implements [blobv1.QueryServer].
func (q Querier) StoragePools(ctx context.Context, req *blobv1.QueryStoragePoolsRequest) (*blobv1.QueryStoragePoolsResponse, error) {
	owner, err := account(req.Owner)
	if err != nil {
		return nil, refusal.BadRequest(err)
	}
	out := &blobv1.QueryStoragePoolsResponse{}
	out.Next, err = list(ctx, q.k.poolOwners, q.k.pools, owner, req.After, req.Limit, &out.Pools)
	return out, err
}

// PooledBlob implements [blobv1.QueryServer].
func (q Querier) PooledBlob(ctx context.Context, req *blobv1.QueryPooledBlobRequest) (*blobv1.QueryPooledBlobResponse, error) {
	pool, err := find(ctx, q.k.pools, "storage pool", req.PoolId)
	if err != nil {
		return nil, err
	}
	id, err := blob.ParseID(req.BlobId)
	if err != nil {
		return nil, refusal.BadRequest(err)
	}
	b, err := q.k.pooled.Get(ctx, collections.Join(pool.Id, id[:]))
	if errors.Is(err, collections.ErrNotFound) {
		return nil, refusal.NotFound("blob", id)
	}
	if err != nil {
		return nil, err
	}
	attributes, err := q.k.attributes.Get(ctx, b.Id)
	if err != nil && !errors.Is(err, collections.ErrNotFound) {
		return nil, err
	}
	return &blobv1.QueryPooledBlobResponse{Blob: b, Attributes: attributes.Pairs, EndEpoch: pool.Storage.EndEpoch}, nil
}

// PooledBlobs implements [blobv1.QueryServer].
func (q Querier) PooledBlobs(ctx context.Context, req *blobv1.QueryPooledBlobsRequest) (*blobv1.QueryPooledBlobsResponse, error) {
	if (req.PoolId == "") == (req.BlobId == "") {
		return nil, refusal.BadRequest(errors.New("blob: exactly one of pool_id and blob_id is wanted"))
	}
	out := &blobv1.QueryPooledBlobsResponse{}
	if req.PoolId != "" {
		id, err := blob.ParseObjectID(req.PoolId)
		if err != nil {
			return nil, refusal.BadRequest(err)
		}
		return out, q.pooledOf(ctx, id[:], req, out)
	}
	id, err := blob.ParseID(req.BlobId)
	if err != nil {
		return nil, refusal.BadRequest(err)
	}
	out.Next, err = listKeys(ctx, q.k.pooledIDs, id[:], req.After, req.Limit, func(pool []byte) error {
		b, err := q.k.pooled.Get(ctx, collections.Join(pool, id[:]))
		out.Blobs = append(out.Blobs, b)
		return err
	})
	return out, err
}

// pooledOf lists the blobs of a pool.
func (q Querier) pooledOf(ctx context.Context, pool []byte, req *blobv1.QueryPooledBlobsRequest, out *blobv1.QueryPooledBlobsResponse) error {
	it, err := q.k.pooled.Iterate(ctx, behind(pool, req.After))
	if err != nil {
		return err
	}
	defer it.Close()
	for ; it.Valid(); it.Next() {
		if len(out.Blobs) == pageSize(req.Limit) {
			out.Next = out.Blobs[len(out.Blobs)-1].BlobId
			return nil
		}
		b, err := it.Value()
		if err != nil {
			return err
		}
		out.Blobs = append(out.Blobs, b)
	}
	return nil
}

// BlobBucket implements [blobv1.QueryServer].
func (q Querier) BlobBucket(ctx context.Context, req *blobv1.QueryBlobBucketRequest) (*blobv1.QueryBlobBucketResponse, error) {
	b, err := find(ctx, q.k.buckets, "blob bucket", req.BucketId)
	if err != nil {
		return nil, err
	}
	pool, err := q.k.pools.Get(ctx, b.PoolId)
	return &blobv1.QueryBlobBucketResponse{Bucket: b, Pool: pool}, err
}

// BlobBuckets implements [blobv1.QueryServer].
func (q Querier) BlobBuckets(ctx context.Context, req *blobv1.QueryBlobBucketsRequest) (*blobv1.QueryBlobBucketsResponse, error) {
	list, next, err := page(ctx, q.k.buckets, req.After, req.Limit)
	if err != nil {
		return nil, err
	}
	out := &blobv1.QueryBlobBucketsResponse{Next: next}
	for _, b := range list {
		pool, err := q.k.pools.Get(ctx, b.PoolId)
		if err != nil {
			return nil, err
		}
		out.Buckets = append(out.Buckets, blobv1.QueryBlobBucketResponse{Bucket: b, Pool: pool})
	}
	return out, nil
}

// BucketCaps implements [blobv1.QueryServer].
func (q Querier) BucketCaps(ctx context.Context, req *blobv1.QueryBucketCapsRequest) (*blobv1.QueryBucketCapsResponse, error) {
	owner, err := account(req.Owner)
	if err != nil {
		return nil, refusal.BadRequest(err)
	}
	out := &blobv1.QueryBucketCapsResponse{}
	out.Next, err = list(ctx, q.k.capOwners, q.k.caps, owner, req.After, req.Limit, &out.Caps)
	return out, err
}

// EventBlobs implements [blobv1.QueryServer].
func (q Querier) EventBlobs(ctx context.Context, _ *blobv1.QueryEventBlobsRequest) (*blobv1.QueryEventBlobsResponse, error) {
	out := &blobv1.QueryEventBlobsResponse{}
	latest, err := q.k.eventBlob.Get(ctx)
	if err != nil && !errors.Is(err, collections.ErrNotFound) {
		return nil, err
	}
	if err == nil {
		out.Latest = &latest
	}
	weights, err := q.k.eventWeights.Get(ctx)
	if err != nil && !errors.Is(err, collections.ErrNotFound) {
		return nil, err
	}
	out.Weights = weights.List
	return out, nil
}

// DenyLists implements [blobv1.QueryServer].
func (q Querier) DenyLists(ctx context.Context, req *blobv1.QueryDenyListsRequest) (*blobv1.QueryDenyListsResponse, error) {
	list, next, err := page(ctx, q.k.denyLists, req.After, req.Limit)
	return &blobv1.QueryDenyListsResponse{Lists: list, Next: next}, err
}

// Subsidies implements [blobv1.QueryServer].
func (q Querier) Subsidies(ctx context.Context, _ *blobv1.QuerySubsidiesRequest) (*blobv1.QuerySubsidiesResponse, error) {
	s, err := q.k.subsidies.Get(ctx)
	return &blobv1.QuerySubsidiesResponse{Subsidies: s}, err
}
