package rpc

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/ledger"
)

// ErrPoolEnd means that something asks a storage pool to keep a blob beyond its own end.
var ErrPoolEnd = errors.New("ledger: storage pool ends earlier; extend the pool")

// A PoolLedger is a chain as one sees it who stores in one storage pool: there, the space costs nothing
// and is what the pool has, blobs end with the pool, and an account's blobs are those of the pool. So what
// stores blobs for payment stores them in the pool. Safe for concurrent use.
type PoolLedger struct {
	*Client
	pool blob.ObjectID
}

var _ ledger.Reader = (*PoolLedger)(nil)

// InPool returns the view of a storage pool.
func (c *Client) InPool(pool blob.ObjectID) *PoolLedger { return &PoolLedger{c, pool} }

// System implements [ledger.Reader].
func (l *PoolLedger) System(ctx context.Context) (ledger.System, error) {
	sys, err := l.Client.System(ctx)
	if err != nil {
		return sys, err
	}
	p, err := l.StoragePool(ctx, l.pool)
	sys.StoragePrice, sys.TotalCapacity, sys.UsedCapacity = 0, p.Storage.Size, p.Used
	return sys, err
}

// Blobs implements [ledger.Reader]: all blobs of the pool are listed, whoever is asked for.
func (l *PoolLedger) Blobs(ctx context.Context, _ ledger.Address, page ledger.Page) ([]ledger.Blob, []byte, error) {
	p, err := l.StoragePool(ctx, l.pool)
	if err != nil {
		return nil, nil, err
	}
	list, cursor, err := l.PooledBlobs(ctx, l.pool, page)
	if err != nil {
		return nil, nil, err
	}
	return p.blobs(list), cursor, nil
}

// Blob implements [ledger.Reader]. It looks through the pool.
func (l *PoolLedger) Blob(ctx context.Context, id blob.ObjectID) (ledger.Blob, error) {
	found, err := l.find(ctx, []blob.ObjectID{id})
	if err != nil {
		return ledger.Blob{}, err
	}
	return found[0], nil
}

// find returns blobs of the pool by their objects.
func (l *PoolLedger) find(ctx context.Context, ids []blob.ObjectID) ([]ledger.Blob, error) {
	found := make(map[blob.ObjectID]ledger.Blob, len(ids))
	for page := (ledger.Page{}); ; {
		list, cursor, err := l.Blobs(ctx, ledger.Address{}, page)
		if err != nil {
			return nil, err
		}
		for _, b := range list {
			if slices.Contains(ids, b.ID) {
				found[b.ID] = b
			}
		}
		if page.Cursor = cursor; cursor == nil || len(found) == len(ids) {
			break
		}
	}
	out := make([]ledger.Blob, len(ids))
	for i, id := range ids {
		b, ok := found[id]
		if !ok {
			return nil, fmt.Errorf("%w: object %v in pool %v", ledger.ErrNotFound, id, l.pool)
		}
		out[i] = b
	}
	return out, nil
}

// Storages implements [ledger.Reader]: nothing but the pool is of use in it.
func (l *PoolLedger) Storages(context.Context, ledger.Address, ledger.Page) ([]ledger.Storage, []byte, error) {
	return nil, nil, nil
}

// blobs are blobs of the pool as blobs with the pool's storage.
func (p *StoragePool) blobs(list []PooledBlob) []ledger.Blob {
	out := make([]ledger.Blob, len(list))
	for i, b := range list {
		out[i] = ledger.Blob{
			ID: b.ID, Owner: p.Owner, BlobID: b.BlobID, Size: b.Size, Registered: b.Registered, Certified: b.Certified,
			Storage: p.Storage, Deletable: b.Deletable,
		}
	}
	return out
}

// A PoolWallet is a wallet whose blobs are in one storage pool. Use it with the [PoolLedger] of that pool.
// Safe for concurrent use.
type PoolWallet struct {
	*Wallet
	view  *PoolLedger
	right *BucketCap // nil for a pool without a bucket
}

var _ ledger.Wallet = (*PoolWallet)(nil)

// InPool returns the view of a storage pool, which has to be the account's own.
func (w *Wallet) InPool(pool blob.ObjectID) *PoolWallet {
	return &PoolWallet{Wallet: w, view: w.client.InPool(pool)}
}

// InBucket returns the view of a bucket, whose pool is given, for an account with the right to use it.
func (w *Wallet) InBucket(right BucketCap, pool blob.ObjectID) *PoolWallet {
	return &PoolWallet{w, w.client.InPool(pool), &right}
}

// Register implements [ledger.Wallet]: only the fee for writing is paid.
//
// Errors: [ErrPoolEnd] too, if a blob is to be kept for longer than the pool.
func (w *PoolWallet) Register(ctx context.Context, blobs []ledger.Registration) ([]ledger.Blob, error) {
	p, err := w.client.StoragePool(ctx, w.view.pool)
	if err != nil {
		return nil, err
	}
	epoch, err := w.client.epoch(ctx)
	if err != nil {
		return nil, err
	}
	asks := make([]PooledRegistration, len(blobs))
	for i, b := range blobs {
		if left := uint64(p.Storage.End) - min(uint64(p.Storage.End), uint64(epoch.Epoch.Number)); uint64(b.Epochs) > left {
			return nil, fmt.Errorf("%w: %d epochs are left of it, asked for %d", ErrPoolEnd, left, b.Epochs)
		}
		asks[i] = PooledRegistration{BlobID: b.BlobID, RootHash: b.RootHash, Size: b.Size, Deletable: b.Deletable}
	}
	list, err := w.registerIn(ctx, asks)
	if err != nil {
		return nil, err
	}
	return p.blobs(list), nil
}

func (w *PoolWallet) registerIn(ctx context.Context, asks []PooledRegistration) ([]PooledBlob, error) {
	if w.right != nil {
		return w.RegisterInBucket(ctx, *w.right, asks)
	}
	return w.RegisterPooled(ctx, w.view.pool, asks)
}

// Certify implements [ledger.Wallet]. Which blob is meant is in its certificate.
func (w *PoolWallet) Certify(ctx context.Context, certs []ledger.Certification) error {
	list := make([]PooledCertification, len(certs))
	for i, c := range certs {
		said, _, err := attest.ParseConfirmation(c.Certificate.Message)
		if err != nil {
			return fmt.Errorf("ledger: certificate of object %v: %w", c.Object, err)
		}
		list[i] = PooledCertification{BlobID: said.Blob, Certificate: c.Certificate}
	}
	if w.right != nil {
		return w.CertifyInBucket(ctx, w.right.Bucket, list)
	}
	return w.CertifyPooled(ctx, w.view.pool, list)
}

// Delete implements [ledger.Wallet]. The space stays in the pool: no storage is returned.
func (w *PoolWallet) Delete(ctx context.Context, objects []blob.ObjectID) ([]ledger.Storage, error) {
	blobs, err := w.view.find(ctx, objects)
	if err != nil {
		return nil, err
	}
	ids := make([]blob.ID, len(blobs))
	for i, b := range blobs {
		ids[i] = b.BlobID
	}
	if w.right != nil {
		return nil, w.DeleteInBucket(ctx, *w.right, ids)
	}
	return nil, w.DeletePooled(ctx, w.view.pool, ids)
}

// Extend implements [ledger.Wallet]: it fails with [ErrPoolEnd], because only the whole pool is extended,
// with [Wallet.ExtendPool] or [Wallet.ExtendBucket].
func (w *PoolWallet) Extend(_ context.Context, object blob.ObjectID, epochs uint32) error {
	return fmt.Errorf("%w: object %v, asked for %d epochs more", ErrPoolEnd, object, epochs)
}
