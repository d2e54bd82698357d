package rpc

import (
	"context"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
)

// A Bucket is a storage pool that is used with a capability, and whose blobs anyone may certify.
type Bucket struct {
	ID   blob.ObjectID
	Pool StoragePool
}

// A BucketCap is the right to use a bucket. It can be given away with [Wallet.Transfer].
type BucketCap struct {
	ID     blob.ObjectID
	Owner  ledger.Address
	Bucket blob.ObjectID
}

func bucketOf(r *blobv1.QueryBlobBucketResponse) (out Bucket, err error) {
	if out.ID, err = hashOf("bucket ID", r.Bucket.Id); err != nil {
		return out, err
	}
	out.Pool, err = poolOf(&r.Pool)
	return out, err
}

func capOf(c *blobv1.BucketCap) (out BucketCap, err error) {
	if out.ID, err = hashOf("capability ID", c.Id); err != nil {
		return out, err
	}
	if out.Bucket, err = hashOf("bucket ID", c.BucketId); err != nil {
		return out, err
	}
	out.Owner, err = ownerOf(c.Owner)
	return out, err
}

// Bucket returns a blob bucket. Errors are those of [ledger.Reader].
func (c *Client) Bucket(ctx context.Context, id blob.ObjectID) (Bucket, error) {
	var out blobv1.QueryBlobBucketResponse
	if err := c.query(ctx, blobQuery+"BlobBucket", &blobv1.QueryBlobBucketRequest{BucketId: id.String()}, &out); err != nil {
		return Bucket{}, err
	}
	return bucketOf(&out)
}

// Buckets lists all blob buckets; cursor is nil at the end.
func (c *Client) Buckets(ctx context.Context, page ledger.Page) (list []Bucket, cursor []byte, err error) {
	var out blobv1.QueryBlobBucketsResponse
	req := &blobv1.QueryBlobBucketsRequest{After: page.Cursor, Limit: limitOf(page.Limit)}
	if err := c.query(ctx, blobQuery+"BlobBuckets", req, &out); err != nil {
		return nil, nil, err
	}
	list, err = convert(out.Buckets, bucketOf)
	return list, next(out.Next), err
}

// BucketCaps lists an owner's capabilities; cursor is nil at the end.
func (c *Client) BucketCaps(ctx context.Context, owner ledger.Address, page ledger.Page) (list []BucketCap, cursor []byte, err error) {
	var out blobv1.QueryBucketCapsResponse
	req := &blobv1.QueryBucketCapsRequest{Owner: owner.String(), After: page.Cursor, Limit: limitOf(page.Limit)}
	if err := c.query(ctx, blobQuery+"BucketCaps", req, &out); err != nil {
		return nil, nil, err
	}
	list, err = convert(out.Caps, capOf)
	return list, next(out.Next), err
}

// CreateBucket buys a blob bucket of size encoded bytes for a number of epochs, the current one included,
// and returns the capability to use it.
func (w *Wallet) CreateBucket(ctx context.Context, size uint64, epochs uint32) (BucketCap, error) {
	var out blobv1.MsgCreateBlobBucketResponse
	m := &blobv1.MsgCreateBlobBucket{Owner: w.Address().String(), Size_: size, EpochsAhead: epochs}
	if err := w.buy(ctx, gasObject, m, &out); err != nil {
		return BucketCap{}, err
	}
	return one(capOf(&out.Cap))
}

// RegisterInBucket registers blobs in a bucket, in order; only the fee for writing is paid.
func (w *Wallet) RegisterInBucket(ctx context.Context, right BucketCap, blobs []PooledRegistration) ([]PooledBlob, error) {
	var out blobv1.MsgRegisterBucketBlobsResponse
	m := &blobv1.MsgRegisterBucketBlobs{
		Owner: w.Address().String(), BucketId: right.Bucket[:], CapId: right.ID[:], Blobs: pooledRegistrations(blobs),
	}
	if err := w.buy(ctx, GasLimit(len(blobs)), m, &out); err != nil {
		return nil, err
	}
	return registeredPooled(out.Blobs, len(blobs))
}

// CertifyInBucket certifies blobs of a bucket, which needs no capability.
func (w *Wallet) CertifyInBucket(ctx context.Context, bucket blob.ObjectID, certs []PooledCertification) error {
	m := &blobv1.MsgCertifyBucketBlobs{Sender: w.Address().String(), BucketId: bucket[:], Blobs: pooledCertifications(certs)}
	return w.Execute(ctx, GasLimit(len(certs)), m, &blobv1.MsgCertifyBucketBlobsResponse{})
}

// DeleteInBucket takes deletable blobs out of a bucket.
func (w *Wallet) DeleteInBucket(ctx context.Context, right BucketCap, blobs []blob.ID) error {
	m := &blobv1.MsgDeleteBucketBlobs{
		Owner: w.Address().String(), BucketId: right.Bucket[:], CapId: right.ID[:], BlobIds: idList(blobs),
	}
	return w.Execute(ctx, GasLimit(len(blobs)), m, &blobv1.MsgDeleteBucketBlobsResponse{})
}

// ExtendBucket buys epochs for a bucket and returns its new end.
func (w *Wallet) ExtendBucket(ctx context.Context, right BucketCap, epochs uint32) (committee.Epoch, error) {
	var out blobv1.MsgExtendBlobBucketResponse
	m := &blobv1.MsgExtendBlobBucket{Owner: w.Address().String(), BucketId: right.Bucket[:], CapId: right.ID[:], Epochs: epochs}
	err := w.buy(ctx, gasObject, m, &out)
	return epochOf(out.EndEpoch), err
}

// GrowBucket buys size more encoded bytes for a bucket until its end.
func (w *Wallet) GrowBucket(ctx context.Context, right BucketCap, size uint64) error {
	m := &blobv1.MsgIncreaseBlobBucket{Owner: w.Address().String(), BucketId: right.Bucket[:], CapId: right.ID[:], Size_: size}
	return w.buy(ctx, gasObject, m, &blobv1.MsgIncreaseBlobBucketResponse{})
}
