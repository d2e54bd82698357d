package rpc

import (
	"context"
	"time"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/ledger"
)

const (
	blobQuery      = "/walrus.blob.v1.Query/"
	committeeQuery = "/walrus.committee.v1.Query/"
	eventQuery     = "/walrus.event.v1.Query/"
)

// System implements [ledger.Reader].
func (c *Client) System(ctx context.Context) (ledger.System, error) {
	var system blobv1.QuerySystemResponse
	if err := c.query(ctx, blobQuery+"System", &blobv1.QuerySystemRequest{}, &system); err != nil {
		return ledger.System{}, err
	}
	epoch, err := c.epoch(ctx)
	if err != nil {
		return ledger.System{}, err
	}
	return ledger.System{
		ChainID:        c.chainID,
		Shards:         int(epoch.NShards),
		Epoch:          epochOf(epoch.Epoch.Number),
		EpochStart:     time.UnixMilli(int64(epoch.Epoch.StartedMs)).UTC(),
		EpochDuration:  time.Duration(epoch.EpochDurationMs) * time.Millisecond,
		MaxEpochsAhead: system.Params.MaxEpochsAhead,
		TotalCapacity:  system.System.TotalCapacity,
		UsedCapacity:   system.UsedCapacity,
		StoragePrice:   system.System.StoragePrice,
		WritePrice:     system.System.WritePrice,
	}, nil
}

func (c *Client) epoch(ctx context.Context) (*committeev1.QueryEpochResponse, error) {
	var out committeev1.QueryEpochResponse
	return &out, c.query(ctx, committeeQuery+"Epoch", &committeev1.QueryEpochRequest{}, &out)
}

// Committees implements [ledger.Reader].
func (c *Client) Committees(ctx context.Context) (ledger.Committees, error) {
	epoch, err := c.epoch(ctx)
	if err != nil {
		return ledger.Committees{}, err
	}
	now := epoch.Epoch.Number
	out := ledger.Committees{Transition: epoch.Epoch.Phase == committeev1.EPOCH_PHASE_CHANGE_SYNC}
	if out.Current, err = c.committee(ctx, now); err != nil {
		return ledger.Committees{}, err
	}
	if now > 1 {
		if out.Previous, err = c.committee(ctx, now-1); err != nil {
			return ledger.Committees{}, err
		}
	}
	if epoch.Epoch.Phase == committeev1.EPOCH_PHASE_NEXT_PARAMS_SELECTED {
		if out.Next, err = c.committee(ctx, now+1); err != nil {
			return ledger.Committees{}, err
		}
	}
	return out, nil
}

// BlobStatus implements [ledger.Reader].
func (c *Client) BlobStatus(ctx context.Context, id blob.ID) (blob.Status, error) {
	var out blobv1.QueryInfoResponse
	if err := c.query(ctx, blobQuery+"Info", &blobv1.QueryInfoRequest{BlobId: id.String()}, &out); err != nil {
		return blob.Status{}, err
	}
	return StatusOf(&out.Info, epochOf(out.Epoch))
}

// Blob implements [ledger.Reader].
func (c *Client) Blob(ctx context.Context, id blob.ObjectID) (ledger.Blob, error) {
	var out blobv1.QueryBlobResponse
	if err := c.query(ctx, blobQuery+"Blob", &blobv1.QueryBlobRequest{ObjectId: id.String()}, &out); err != nil {
		return ledger.Blob{}, err
	}
	return blobOf(&out.Blob)
}

// Blobs implements [ledger.Reader].
func (c *Client) Blobs(ctx context.Context, owner ledger.Address, page ledger.Page) ([]ledger.Blob, []byte, error) {
	req := &blobv1.QueryBlobsRequest{Owner: owner.String(), After: page.Cursor, Limit: limitOf(page.Limit)}
	var out blobv1.QueryBlobsResponse
	if err := c.query(ctx, blobQuery+"Blobs", req, &out); err != nil {
		return nil, nil, err
	}
	list, err := convert(out.Blobs, blobOf)
	return list, next(out.Next), err
}

// Storages implements [ledger.Reader].
func (c *Client) Storages(ctx context.Context, owner ledger.Address, page ledger.Page) ([]ledger.Storage, []byte, error) {
	req := &blobv1.QueryStoragesRequest{Owner: owner.String(), After: page.Cursor, Limit: limitOf(page.Limit)}
	var out blobv1.QueryStoragesResponse
	if err := c.query(ctx, blobQuery+"Storages", req, &out); err != nil {
		return nil, nil, err
	}
	list, err := convert(out.Storages, StorageOf)
	return list, next(out.Next), err
}

// next is nil at the end of a list.
func next(cursor []byte) []byte {
	if len(cursor) == 0 {
		return nil
	}
	return cursor
}

func limitOf(limit int) uint32 { return uint32(min(max(limit, 0), 1<<31-1)) }
