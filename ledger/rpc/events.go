package rpc

import (
	"context"
	"fmt"

	eventv1 "github.com/walrus-go/walrus/api/event/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
)

// maxEvents is the most entries the chain returns at once.
const maxEvents = 1000

// Events implements [ledger.Log].
func (c *Client) Events(ctx context.Context, index uint64, limit int) ([]ledger.Event, error) {
	if limit <= 0 {
		return nil, nil
	}
	out, err := c.events(ctx, index, limit)
	if err != nil {
		return nil, err
	}
	if index < out.First {
		return nil, fmt.Errorf("%w: %d, the oldest is %d", ledger.ErrPruned, index, out.First)
	}
	events := make([]ledger.Event, len(out.Entries))
	for i, e := range out.Entries {
		if events[i], err = eventOf(e); err != nil {
			return nil, err
		}
		if want := index + uint64(i); events[i].Index != want {
			return nil, fmt.Errorf("%w: event %d where %d should be", ledger.ErrUnavailable, events[i].Index, want)
		}
	}
	return events, nil
}

func (c *Client) events(ctx context.Context, index uint64, limit int) (*eventv1.QueryEventsResponse, error) {
	var out eventv1.QueryEventsResponse
	req := &eventv1.QueryEventsRequest{From: index, Limit: uint32(min(limit, maxEvents))}
	return &out, c.query(ctx, eventQuery+"Events", req, &out)
}

// WaitEvents implements [ledger.Log].
func (c *Client) WaitEvents(ctx context.Context, index uint64) error {
	for {
		out, err := c.events(ctx, index, 1)
		if err != nil {
			return err
		}
		if out.Next > index {
			return nil
		}
		if err := c.follow.waitAbove(ctx, out.Height); err != nil {
			return err
		}
	}
}

// eventOf checks and converts an entry of the log.
func eventOf(e *eventv1.Entry) (ledger.Event, error) {
	tx, err := hashOf("transaction hash", e.TxHash)
	if err != nil {
		return ledger.Event{}, err
	}
	body, err := bodyOf(e.Event)
	if err != nil {
		return ledger.Event{}, err
	}
	return ledger.Event{
		Index: e.Sequence, Height: e.Height, Ref: blob.EventRef{Tx: tx, Seq: uint64(e.TxIndex)}, Body: body,
	}, nil
}

func bodyOf(e *eventv1.Event) (ledger.EventBody, error) {
	if e == nil || e.Kind == nil {
		return ledger.UnknownEvent{Name: "unknown"}, nil
	}
	switch k := e.Kind.(type) {
	case *eventv1.Event_BlobRegistered:
		v := k.BlobRegistered
		id, object, err := idsOf(v.BlobId, v.ObjectId)
		return ledger.BlobRegistered{
			Epoch: epochOf(v.Epoch), BlobID: id, Size: v.Size_, End: epochOf(v.EndEpoch), Deletable: v.Deletable, Object: object,
		}, err
	case *eventv1.Event_BlobCertified:
		v := k.BlobCertified
		id, object, err := idsOf(v.BlobId, v.ObjectId)
		return ledger.BlobCertified{
			Epoch: epochOf(v.Epoch), BlobID: id, End: epochOf(v.EndEpoch), Deletable: v.Deletable, Object: object, Extension: v.IsExtension,
		}, err
	case *eventv1.Event_BlobDeleted:
		v := k.BlobDeleted
		id, object, err := idsOf(v.BlobId, v.ObjectId)
		return ledger.BlobDeleted{
			Epoch: epochOf(v.Epoch), BlobID: id, End: epochOf(v.EndEpoch), Object: object, WasCertified: v.WasCertified,
		}, err
	case *eventv1.Event_InvalidBlobID:
		id, err := hashOf("blob ID", k.InvalidBlobID.BlobId)
		return ledger.InvalidBlobID{Epoch: epochOf(k.InvalidBlobID.Epoch), BlobID: id}, err
	case *eventv1.Event_DenyListBlobDeleted:
		id, err := hashOf("blob ID", k.DenyListBlobDeleted.BlobId)
		return ledger.DenyListBlobDeleted{Epoch: epochOf(k.DenyListBlobDeleted.Epoch), BlobID: id}, err
	case *eventv1.Event_EpochParametersSelected:
		return ledger.EpochParametersSelected{Next: epochOf(k.EpochParametersSelected.NextEpoch)}, nil
	case *eventv1.Event_EpochChangeStart:
		return ledger.EpochChangeStart{Epoch: epochOf(k.EpochChangeStart.Epoch)}, nil
	case *eventv1.Event_EpochChangeDone:
		return ledger.EpochChangeDone{Epoch: epochOf(k.EpochChangeDone.Epoch)}, nil
	case *eventv1.Event_ShardsReceived:
		shards, err := shardsOf(k.ShardsReceived.Shards)
		return ledger.ShardsReceived{Epoch: epochOf(k.ShardsReceived.Epoch), Shards: shards}, err
	case *eventv1.Event_PricesUpdated:
		v := k.PricesUpdated
		return ledger.PricesUpdated{Epoch: epochOf(v.Epoch), StoragePrice: v.StoragePrice, WritePrice: v.WritePrice}, nil
	}
	return pooledBodyOf(e)
}

// pooledBodyOf is bodyOf for what happens to storage pools.
func pooledBodyOf(e *eventv1.Event) (ledger.EventBody, error) {
	switch k := e.Kind.(type) {
	case *eventv1.Event_StoragePoolCreated:
		v := k.StoragePoolCreated
		pool, err := hashOf("storage pool ID", v.StoragePoolId)
		return ledger.StoragePoolCreated{
			Epoch: epochOf(v.Epoch), Pool: pool, Size: v.ReservedEncodedCapacityBytes, Start: epochOf(v.StartEpoch), End: epochOf(v.EndEpoch),
		}, err
	case *eventv1.Event_StoragePoolExtended:
		v := k.StoragePoolExtended
		pool, err := hashOf("storage pool ID", v.StoragePoolId)
		return ledger.StoragePoolExtended{Epoch: epochOf(v.Epoch), Pool: pool, End: epochOf(v.NewEndEpoch)}, err
	case *eventv1.Event_PooledBlobRegistered:
		v := k.PooledBlobRegistered
		id, object, pool, err := pooledIDsOf(v.BlobId, v.ObjectId, v.StoragePoolId)
		return ledger.PooledBlobRegistered{
			Epoch: epochOf(v.Epoch), BlobID: id, Size: v.UnencodedSize, Deletable: v.Deletable, Object: object, Pool: pool,
		}, err
	case *eventv1.Event_PooledBlobCertified:
		v := k.PooledBlobCertified
		id, object, pool, err := pooledIDsOf(v.BlobId, v.ObjectId, v.StoragePoolId)
		return ledger.PooledBlobCertified{Epoch: epochOf(v.Epoch), BlobID: id, Deletable: v.Deletable, Object: object, Pool: pool}, err
	case *eventv1.Event_PooledBlobDeleted:
		v := k.PooledBlobDeleted
		id, object, pool, err := pooledIDsOf(v.BlobId, v.ObjectId, v.StoragePoolId)
		return ledger.PooledBlobDeleted{
			Epoch: epochOf(v.Epoch), BlobID: id, Object: object, WasCertified: v.WasCertified, Pool: pool,
		}, err
	}
	return ledger.UnknownEvent{Name: fmt.Sprintf("%T", e.Kind)}, nil
}

func pooledIDsOf(blobID, objectID, poolID []byte) (id blob.ID, object, pool blob.ObjectID, err error) {
	if id, object, err = idsOf(blobID, objectID); err != nil {
		return id, object, pool, err
	}
	pool, err = hashOf("storage pool ID", poolID)
	return id, object, pool, err
}

func idsOf(blobID, objectID []byte) (id blob.ID, object blob.ObjectID, err error) {
	if id, err = hashOf("blob ID", blobID); err != nil {
		return id, object, err
	}
	object, err = hashOf("object ID", objectID)
	return id, object, err
}

func shardsOf(list []uint32) ([]committee.Shard, error) {
	out := make([]committee.Shard, len(list))
	for i, s := range list {
		if s > 1<<16-1 {
			return nil, fmt.Errorf("%w: shard %d in the answer", ledger.ErrUnavailable, s)
		}
		out[i] = committee.Shard(s)
	}
	return out, nil
}
