package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/refusal"
)

// Page sizes of the queries that list.
const (
	defaultPage = 100
	maxPage     = 1000
)

// Querier answers the module's queries.
type Querier struct{ k Keeper }

var _ blobv1.QueryServer = Querier{}

// NewQuerier returns the query server of k.
func NewQuerier(k Keeper) Querier { return Querier{k} }

// System implements [blobv1.QueryServer].
func (q Querier) System(ctx context.Context, _ *blobv1.QuerySystemRequest) (*blobv1.QuerySystemResponse, error) {
	params, err := q.k.params.Get(ctx)
	if err != nil {
		return nil, err
	}
	system, err := q.k.system.Get(ctx)
	if err != nil {
		return nil, err
	}
	m, err := q.k.market(ctx)
	if err != nil {
		return nil, err
	}
	return &blobv1.QuerySystemResponse{
		Params:       params,
		System:       system,
		UsedCapacity: m.Used(),
		Epoch:        uint32(m.Now()),
		NShards:      uint32(m.Shards),
	}, nil
}

// Accounting implements [blobv1.QueryServer].
func (q Querier) Accounting(ctx context.Context, _ *blobv1.QueryAccountingRequest) (*blobv1.QueryAccountingResponse, error) {
	ring, err := q.k.ring.Get(ctx)
	return &blobv1.QueryAccountingResponse{Ring: ring}, err
}

// Info implements [blobv1.QueryServer].
func (q Querier) Info(ctx context.Context, req *blobv1.QueryInfoRequest) (*blobv1.QueryInfoResponse, error) {
	id, err := blob.ParseID(req.BlobId)
	if err != nil {
		return nil, refusal.BadRequest(err)
	}
	info, err := q.k.info(ctx, id[:])
	if err != nil {
		return nil, err
	}
	now, err := q.k.committee.Now(ctx)
	if err != nil {
		return nil, err
	}
	if info.PooledTotal > 0 {
		total, certified, err := q.k.endedPooled(ctx, id[:], now, manyPools)
		if err != nil {
			return nil, err
		}
		info.PooledTotal, info.PooledCertified = info.PooledTotal-total, info.PooledCertified-certified
	}
	return &blobv1.QueryInfoResponse{Info: *info, Epoch: uint32(now)}, nil
}

// Blob implements [blobv1.QueryServer].
func (q Querier) Blob(ctx context.Context, req *blobv1.QueryBlobRequest) (*blobv1.QueryBlobResponse, error) {
	id, err := blob.ParseObjectID(req.ObjectId)
	if err != nil {
		return nil, refusal.BadRequest(err)
	}
	b, err := q.k.blobs.Get(ctx, id[:])
	if errors.Is(err, collections.ErrNotFound) {
		return nil, refusal.NotFound("blob", id)
	}
	if err != nil {
		return nil, err
	}
	attributes, err := q.k.attributes.Get(ctx, id[:])
	if err != nil && !errors.Is(err, collections.ErrNotFound) {
		return nil, err
	}
	return &blobv1.QueryBlobResponse{Blob: b, Attributes: attributes.Pairs}, nil
}

// Blobs implements [blobv1.QueryServer].
func (q Querier) Blobs(ctx context.Context, req *blobv1.QueryBlobsRequest) (*blobv1.QueryBlobsResponse, error) {
	if (req.Owner == "") == (req.BlobId == "") {
		return nil, refusal.BadRequest(errors.New("blob: exactly one of owner and blob_id is wanted"))
	}
	index, prefix, err := q.k.blobOwners, []byte(nil), error(nil)
	if req.Owner != "" {
		prefix, err = account(req.Owner)
	} else {
		var id blob.ID
		id, err = blob.ParseID(req.BlobId)
		index, prefix = q.k.blobIDs, id[:]
	}
	if err != nil {
		return nil, refusal.BadRequest(err)
	}
	out := &blobv1.QueryBlobsResponse{}
	out.Next, err = list(ctx, index, q.k.blobs, prefix, req.After, req.Limit, &out.Blobs)
	return out, err
}

// Storage implements [blobv1.QueryServer].
func (q Querier) Storage(ctx context.Context, req *blobv1.QueryStorageRequest) (*blobv1.QueryStorageResponse, error) {
	id, err := blob.ParseObjectID(req.StorageId)
	if err != nil {
		return nil, refusal.BadRequest(err)
	}
	s, err := q.k.storages.Get(ctx, id[:])
	if errors.Is(err, collections.ErrNotFound) {
		return nil, refusal.NotFound("storage", id)
	}
	return &blobv1.QueryStorageResponse{Storage: s}, err
}

// Storages implements [blobv1.QueryServer].
func (q Querier) Storages(ctx context.Context, req *blobv1.QueryStoragesRequest) (*blobv1.QueryStoragesResponse, error) {
	owner, err := account(req.Owner)
	if err != nil {
		return nil, refusal.BadRequest(err)
	}
	out := &blobv1.QueryStoragesResponse{}
	out.Next, err = list(ctx, q.k.storageOwners, q.k.storages, owner, req.After, req.Limit, &out.Storages)
	return out, err
}

// list appends to out the records that index has under prefix, behind the key after. It returns where the
// next page begins, nil at the end.
func list[V any](
	ctx context.Context, index collections.KeySet[ownedKey], records collections.Map[[]byte, V],
	prefix, after []byte, limit uint32, out *[]V,
) (next []byte, err error) {
	return listKeys(ctx, index, prefix, after, limit, func(id []byte) error {
		record, err := records.Get(ctx, id)
		*out = append(*out, record)
		return err
	})
}

// listKeys calls visit with the second parts of the keys that index has under prefix, behind after. It
// returns where the next page begins, nil at the end.
func listKeys(
	ctx context.Context, index collections.KeySet[ownedKey], prefix, after []byte, limit uint32, visit func(key []byte) error,
) (next []byte, err error) {
	keys, more, err := pageOf(ctx, index, behind(prefix, after), pageSize(limit))
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if err := visit(key); err != nil {
			return nil, err
		}
	}
	if more {
		next = keys[len(keys)-1]
	}
	return next, nil
}

// pageOf returns the second parts of the first limit keys of a range, and whether there are more.
func pageOf(ctx context.Context, index collections.KeySet[ownedKey], of collections.Ranger[ownedKey], limit int) (keys [][]byte, more bool, err error) {
	it, err := index.Iterate(ctx, of)
	if err != nil {
		return nil, false, err
	}
	defer it.Close()
	for ; it.Valid(); it.Next() {
		if len(keys) == limit {
			return keys, true, nil
		}
		key, err := it.Key()
		if err != nil {
			return nil, false, err
		}
		keys = append(keys, key.K2())
	}
	return keys, false, nil
}

// behind is the range of the pairs that begin with prefix, behind after.
func behind(prefix, after []byte) *collections.PairRange[[]byte, []byte] {
	under := collections.NewPrefixedPairRange[[]byte, []byte](prefix)
	if len(after) > 0 {
		under = under.StartExclusive(after)
	}
	return under
}

// page returns records behind the key after, and where the next page begins, nil at the end.
func page[V any](ctx context.Context, records collections.Map[[]byte, V], after []byte, limit uint32) (out []V, next []byte, err error) {
	r := new(collections.Range[[]byte])
	if len(after) > 0 {
		r = r.StartExclusive(after)
	}
	it, err := records.Iterate(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	defer it.Close()
	for ; it.Valid(); it.Next() {
		if len(out) == pageSize(limit) {
			return out, next, nil
		}
		kv, err := it.KeyValue()
		if err != nil {
			return nil, nil, err
		}
		out, next = append(out, kv.Value), kv.Key
	}
	return out, nil, nil
}

func pageSize(limit uint32) int {
	if limit == 0 {
		return defaultPage
	}
	return int(min(limit, maxPage))
}
