package rpc

import (
	"context"
	"fmt"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
)

// A StoragePool is one reservation that many blobs draw from.
type StoragePool struct {
	ID      blob.ObjectID
	Owner   ledger.Address // zero if a blob bucket has it
	Storage ledger.Storage // without an owner
	Used    uint64         // encoded bytes of its blobs
	Blobs   uint64
}

// A PooledBlob is a blob in a storage pool, in which its blob ID occurs once. It is kept until the pool ends.
type PooledBlob struct {
	ID         blob.ObjectID
	Pool       blob.ObjectID
	BlobID     blob.ID
	Size       uint64 // bytes, before encoding
	Registered committee.Epoch
	Certified  *committee.Epoch // nil until certified
	Deletable  bool
}

// A PooledRegistration asks to register a blob in a storage pool.
type PooledRegistration struct {
	BlobID    blob.ID
	RootHash  [32]byte
	Size      uint64 // bytes, before encoding
	Deletable bool
}

// A PooledCertification asks to certify a blob of a storage pool.
type PooledCertification struct {
	BlobID      blob.ID
	Certificate attest.Certificate
}

func poolOf(p *blobv1.StoragePool) (out StoragePool, err error) {
	if out.ID, err = hashOf("storage pool ID", p.Id); err != nil {
		return out, err
	}
	if out.Owner, err = ownerOf(p.Owner); err != nil {
		return out, err
	}
	out.Used, out.Blobs = p.Used, p.Blobs
	out.Storage, err = StorageOf(&p.Storage)
	return out, err
}

func pooledOf(b *blobv1.PooledBlob) (out PooledBlob, err error) {
	if out.BlobID, out.ID, err = idsOf(b.BlobId, b.Id); err != nil {
		return out, err
	}
	if out.Pool, err = hashOf("storage pool ID", b.PoolId); err != nil {
		return out, err
	}
	out.Size, out.Registered, out.Deletable = b.Size_, epochOf(b.RegisteredEpoch), b.Deletable
	if b.CertifiedEpoch != 0 {
		since := epochOf(b.CertifiedEpoch)
		out.Certified = &since
	}
	return out, nil
}

func pooledRegistrations(blobs []PooledRegistration) (out []blobv1.PooledRegistration) {
	for _, r := range blobs {
		out = append(out, blobv1.PooledRegistration{
			BlobId: r.BlobID[:], RootHash: r.RootHash[:], Size_: r.Size, EncodingType: encodingType, Deletable: r.Deletable,
		})
	}
	return out
}

func pooledCertifications(certs []PooledCertification) (out []blobv1.PooledCertification) {
	for _, c := range certs {
		out = append(out, blobv1.PooledCertification{
			BlobId: c.BlobID[:],
			Certificate: blobv1.Certificate{
				Message: c.Certificate.Message, Signers: c.Certificate.Signers, Signature: c.Certificate.Signature,
			},
		})
	}
	return out
}

func idList(ids []blob.ID) (out [][]byte) {
	for _, id := range ids {
		out = append(out, id[:])
	}
	return out
}

// StoragePool returns a storage pool. Errors are those of [ledger.Reader].
func (c *Client) StoragePool(ctx context.Context, id blob.ObjectID) (StoragePool, error) {
	var out blobv1.QueryStoragePoolResponse
	if err := c.query(ctx, blobQuery+"StoragePool", &blobv1.QueryStoragePoolRequest{PoolId: id.String()}, &out); err != nil {
		return StoragePool{}, err
	}
	return poolOf(&out.Pool)
}

// StoragePools lists an owner's storage pools; cursor is nil at the end.
func (c *Client) StoragePools(ctx context.Context, owner ledger.Address, page ledger.Page) (list []StoragePool, cursor []byte, err error) {
	var out blobv1.QueryStoragePoolsResponse
	req := &blobv1.QueryStoragePoolsRequest{Owner: owner.String(), After: page.Cursor, Limit: limitOf(page.Limit)}
	if err := c.query(ctx, blobQuery+"StoragePools", req, &out); err != nil {
		return nil, nil, err
	}
	list, err = convert(out.Pools, poolOf)
	return list, next(out.Next), err
}

// PooledBlob returns a blob of a storage pool, and the epoch in which the pool ends.
func (c *Client) PooledBlob(ctx context.Context, pool blob.ObjectID, id blob.ID) (PooledBlob, committee.Epoch, error) {
	var out blobv1.QueryPooledBlobResponse
	req := &blobv1.QueryPooledBlobRequest{PoolId: pool.String(), BlobId: id.String()}
	if err := c.query(ctx, blobQuery+"PooledBlob", req, &out); err != nil {
		return PooledBlob{}, 0, err
	}
	b, err := pooledOf(&out.Blob)
	return b, epochOf(out.EndEpoch), err
}

// PooledBlobs lists the blobs of a storage pool; cursor is nil at the end.
func (c *Client) PooledBlobs(ctx context.Context, pool blob.ObjectID, page ledger.Page) (list []PooledBlob, cursor []byte, err error) {
	return c.pooledBlobs(ctx, &blobv1.QueryPooledBlobsRequest{PoolId: pool.String()}, page)
}

// PooledRegistrations lists the registrations of a blob ID in storage pools; cursor is nil at the end.
func (c *Client) PooledRegistrations(ctx context.Context, id blob.ID, page ledger.Page) (list []PooledBlob, cursor []byte, err error) {
	return c.pooledBlobs(ctx, &blobv1.QueryPooledBlobsRequest{BlobId: id.String()}, page)
}

func (c *Client) pooledBlobs(ctx context.Context, req *blobv1.QueryPooledBlobsRequest, page ledger.Page) ([]PooledBlob, []byte, error) {
	req.After, req.Limit = page.Cursor, limitOf(page.Limit)
	var out blobv1.QueryPooledBlobsResponse
	if err := c.query(ctx, blobQuery+"PooledBlobs", req, &out); err != nil {
		return nil, nil, err
	}
	list, err := convert(out.Blobs, pooledOf)
	return list, next(out.Next), err
}

// CreatePool buys a storage pool of size encoded bytes for a number of epochs, the current one included.
func (w *Wallet) CreatePool(ctx context.Context, size uint64, epochs uint32) (StoragePool, error) {
	var out blobv1.MsgCreateStoragePoolResponse
	m := &blobv1.MsgCreateStoragePool{Owner: w.Address().String(), Size_: size, EpochsAhead: epochs}
	if err := w.buy(ctx, gasObject, m, &out); err != nil {
		return StoragePool{}, err
	}
	return one(poolOf(&out.Pool))
}

// CreatePoolWith makes a storage pool of an owned resource.
func (w *Wallet) CreatePoolWith(ctx context.Context, storage blob.ObjectID) (StoragePool, error) {
	var out blobv1.MsgCreateStoragePoolWithStorageResponse
	m := &blobv1.MsgCreateStoragePoolWithStorage{Owner: w.Address().String(), StorageId: storage[:]}
	if err := w.Execute(ctx, gasObject, m, &out); err != nil {
		return StoragePool{}, err
	}
	return one(poolOf(&out.Pool))
}

// RegisterPooled registers blobs in a storage pool, in order; only the fee for writing is paid.
func (w *Wallet) RegisterPooled(ctx context.Context, pool blob.ObjectID, blobs []PooledRegistration) ([]PooledBlob, error) {
	var out blobv1.MsgRegisterPooledBlobsResponse
	m := &blobv1.MsgRegisterPooledBlobs{Owner: w.Address().String(), PoolId: pool[:], Blobs: pooledRegistrations(blobs)}
	if err := w.buy(ctx, GasLimit(len(blobs)), m, &out); err != nil {
		return nil, err
	}
	return registeredPooled(out.Blobs, len(blobs))
}

func registeredPooled(list []blobv1.PooledBlob, want int) ([]PooledBlob, error) {
	if len(list) != want {
		return nil, fmt.Errorf("%w: %d blobs registered, asked for %d", ledger.ErrUnknown, len(list), want)
	}
	return committed(convert(list, pooledOf))
}

// CertifyPooled certifies blobs of a storage pool.
func (w *Wallet) CertifyPooled(ctx context.Context, pool blob.ObjectID, certs []PooledCertification) error {
	m := &blobv1.MsgCertifyPooledBlobs{Owner: w.Address().String(), PoolId: pool[:], Blobs: pooledCertifications(certs)}
	return w.Execute(ctx, GasLimit(len(certs)), m, &blobv1.MsgCertifyPooledBlobsResponse{})
}

// DeletePooled takes deletable blobs out of a storage pool that has not ended.
func (w *Wallet) DeletePooled(ctx context.Context, pool blob.ObjectID, blobs []blob.ID) error {
	m := &blobv1.MsgDeletePooledBlobs{Owner: w.Address().String(), PoolId: pool[:], BlobIds: idList(blobs)}
	return w.Execute(ctx, GasLimit(len(blobs)), m, &blobv1.MsgDeletePooledBlobsResponse{})
}

// BurnPooled drops blobs of a storage pool that has ended.
func (w *Wallet) BurnPooled(ctx context.Context, pool blob.ObjectID, blobs []blob.ID) error {
	m := &blobv1.MsgBurnExpiredPooledBlobs{Owner: w.Address().String(), PoolId: pool[:], BlobIds: idList(blobs)}
	return w.Execute(ctx, GasLimit(len(blobs)), m, &blobv1.MsgBurnExpiredPooledBlobsResponse{})
}

// ExtendPool buys epochs for a storage pool and all its blobs, and returns its new end.
func (w *Wallet) ExtendPool(ctx context.Context, pool blob.ObjectID, epochs uint32) (committee.Epoch, error) {
	var out blobv1.MsgExtendStoragePoolResponse
	m := &blobv1.MsgExtendStoragePool{Owner: w.Address().String(), PoolId: pool[:], Epochs: epochs}
	err := w.buy(ctx, gasObject, m, &out)
	return epochOf(out.EndEpoch), err
}

// GrowPool buys size more encoded bytes for a storage pool until its end.
func (w *Wallet) GrowPool(ctx context.Context, pool blob.ObjectID, size uint64) error {
	m := &blobv1.MsgIncreaseStoragePool{Owner: w.Address().String(), PoolId: pool[:], Size_: size}
	return w.buy(ctx, gasObject, m, &blobv1.MsgIncreaseStoragePoolResponse{})
}

// GrowPoolWith adds an owned resource, which ends with the pool, to a storage pool.
func (w *Wallet) GrowPoolWith(ctx context.Context, pool, storage blob.ObjectID) error {
	m := &blobv1.MsgIncreaseStoragePoolWithStorage{Owner: w.Address().String(), PoolId: pool[:], StorageId: storage[:]}
	return w.Execute(ctx, gasObject, m, &blobv1.MsgIncreaseStoragePoolWithStorageResponse{})
}

// ShrinkPool takes size unused encoded bytes out of a storage pool and returns them as a resource.
func (w *Wallet) ShrinkPool(ctx context.Context, pool blob.ObjectID, size uint64) (ledger.Storage, error) {
	var out blobv1.MsgDecreaseStoragePoolResponse
	m := &blobv1.MsgDecreaseStoragePool{Owner: w.Address().String(), PoolId: pool[:], Size_: size}
	if err := w.Execute(ctx, gasObject, m, &out); err != nil {
		return ledger.Storage{}, err
	}
	return one(StorageOf(&out.Storage))
}

// DestroyPool dissolves a storage pool without blobs and returns its storage.
func (w *Wallet) DestroyPool(ctx context.Context, pool blob.ObjectID) (ledger.Storage, error) {
	var out blobv1.MsgDestroyStoragePoolResponse
	m := &blobv1.MsgDestroyStoragePool{Owner: w.Address().String(), PoolId: pool[:]}
	if err := w.Execute(ctx, gasObject, m, &out); err != nil {
		return ledger.Storage{}, err
	}
	return one(StorageOf(&out.Storage))
}
