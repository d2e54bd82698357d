package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	sdk "github.com/cosmos/cosmos-sdk/types"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	eventv1 "github.com/walrus-go/walrus/api/event/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/economy/market"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/committee"
)

func pooledValue(b blobv1.PooledBlob) storage.PooledBlob {
	return storage.PooledBlob{
		ID:         blob.ID(b.BlobId),
		Size:       b.Size_,
		Encoding:   uint8(b.EncodingType),
		Deletable:  b.Deletable,
		Registered: committee.Epoch(b.RegisteredEpoch),
		Certified:  b.CertifiedEpoch != 0,
		Since:      committee.Epoch(b.CertifiedEpoch),
	}
}

// registerPooled registers blobs in a pool, in order.
func (k Keeper) registerPooled(
	ctx context.Context, payer sdk.AccAddress, pool blobv1.StoragePool, list []blobv1.PooledRegistration,
) ([]blobv1.PooledBlob, uint64, error) {
	if err := checkBatch(len(list)); err != nil {
		return nil, 0, err
	}
	m, err := k.market(ctx)
	if err != nil {
		return nil, 0, err
	}
	p := k.purse(ctx, payer)
	value := poolValue(pool)
	out := make([]blobv1.PooledBlob, len(list))
	for i := range list {
		if out[i], err = k.registerInPool(ctx, m, p, pool.Id, &value, &list[i]); err != nil {
			return nil, 0, err
		}
	}
	if err := k.pools.Set(ctx, pool.Id, poolRecord(pool, value)); err != nil {
		return nil, 0, err
	}
	return out, p.paid, k.settle(ctx, m, p)
}

func (k Keeper) registerInPool(
	ctx context.Context, m *market.Market, p *purse, poolID []byte, pool *storage.Pool, r *blobv1.PooledRegistration,
) (blobv1.PooledBlob, error) {
	claim, err := claimOf(&blobv1.Registration{
		BlobId: r.BlobId, RootHash: r.RootHash, Size_: r.Size_, EncodingType: r.EncodingType, Deletable: r.Deletable,
	})
	if err != nil {
		return blobv1.PooledBlob{}, err
	}
	exists, err := k.pooled.Has(ctx, collections.Join(poolID, r.BlobId))
	if err != nil {
		return blobv1.PooledBlob{}, err
	}
	value, _, fee, err := pool.Register(m, claim, exists, p.left)
	if err != nil {
		return blobv1.PooledBlob{}, err
	}
	p.spend(fee)
	id, err := k.objects.NextObject(ctx)
	if err != nil {
		return blobv1.PooledBlob{}, err
	}
	b := blobv1.PooledBlob{
		Id:              id[:],
		PoolId:          poolID,
		BlobId:          r.BlobId,
		Size_:           r.Size_,
		EncodingType:    r.EncodingType,
		Deletable:       r.Deletable,
		RegisteredEpoch: uint32(value.Registered),
	}
	if err := k.putPooled(ctx, b); err != nil {
		return blobv1.PooledBlob{}, err
	}
	_, err = k.log.Emit(ctx, &eventv1.PooledBlobRegistered{
		Epoch:         b.RegisteredEpoch,
		BlobId:        b.BlobId,
		UnencodedSize: b.Size_,
		EncodingType:  b.EncodingType,
		Deletable:     b.Deletable,
		ObjectId:      b.Id,
		StoragePoolId: b.PoolId,
	})
	if err != nil {
		return blobv1.PooledBlob{}, err
	}
	return b, k.updateInfo(ctx, b.BlobId, func(info *blobv1.Info) { info.PooledTotal++ })
}

func (k Keeper) putPooled(ctx context.Context, b blobv1.PooledBlob) error {
	return errors.Join(k.pooled.Set(ctx, collections.Join(b.PoolId, b.BlobId), b),
		k.pooledIDs.Set(ctx, collections.Join(b.BlobId, b.PoolId)))
}

// takePooled removes a blob of a pool with its attributes.
func (k Keeper) takePooled(ctx context.Context, b blobv1.PooledBlob) error {
	return errors.Join(k.pooled.Remove(ctx, collections.Join(b.PoolId, b.BlobId)),
		k.pooledIDs.Remove(ctx, collections.Join(b.BlobId, b.PoolId)), k.attributes.Remove(ctx, b.Id),
		k.updateInfo(ctx, b.BlobId, func(info *blobv1.Info) { notePooledGone(info, &b) }))
}

// certifyPooled certifies blobs of a pool, in order.
func (k Keeper) certifyPooled(ctx context.Context, pool blobv1.StoragePool, list []blobv1.PooledCertification) error {
	if err := checkBatch(len(list)); err != nil {
		return err
	}
	now, err := k.committee.Now(ctx)
	if err != nil {
		return err
	}
	certificates := make([]attest.Certificate, len(list))
	for i, c := range list {
		certificates[i] = certificate(c.Certificate)
	}
	certs, err := k.committee.BlobCertificates(ctx, certificates)
	if err != nil {
		return err
	}
	value := poolValue(pool)
	for i, c := range list {
		if err := k.certifyInPool(ctx, now, pool.Id, &value, c.BlobId, certs[i]); err != nil {
			return err
		}
	}
	return nil
}

func (k Keeper) certifyInPool(
	ctx context.Context, now committee.Epoch, poolID []byte, pool *storage.Pool, blobID []byte, cert storage.Certificate,
) error {
	b, err := k.pooledBlob(ctx, poolID, blobID)
	if err != nil {
		return err
	}
	v := pooledValue(b)
	if err := pool.Certify(&v, now, blob.ObjectID(b.Id), cert); err != nil {
		return err
	}
	_, err = k.log.Emit(ctx, &eventv1.PooledBlobCertified{
		Epoch: uint32(now), BlobId: b.BlobId, Deletable: b.Deletable, ObjectId: b.Id, StoragePoolId: b.PoolId,
	})
	if err != nil {
		return err
	}
	// The sum first: it looks at what was certified before.
	if err := k.certifyInfo(ctx, b.BlobId, now, func(info *blobv1.Info) { info.PooledCertified++ }); err != nil {
		return err
	}
	b.CertifiedEpoch = uint32(v.Since)
	return k.pooled.Set(ctx, collections.Join(b.PoolId, b.BlobId), b)
}

// deletePooled takes deletable blobs of a running pool back and returns what the pool still uses.
func (k Keeper) deletePooled(ctx context.Context, pool blobv1.StoragePool, ids [][]byte) (uint64, error) {
	return k.removePooled(ctx, pool, ids, (*storage.Pool).CheckDelete, (*storage.Pool).Delete,
		func(b *blobv1.PooledBlob, now committee.Epoch) error {
			_, err := k.log.Emit(ctx, &eventv1.PooledBlobDeleted{
				Epoch: uint32(now), BlobId: b.BlobId, ObjectId: b.Id, WasCertified: b.CertifiedEpoch != 0, StoragePoolId: b.PoolId,
			})
			return err
		})
}

// burnPooled drops blobs of a pool that has expired and returns what the pool still uses.
func (k Keeper) burnPooled(ctx context.Context, pool blobv1.StoragePool, ids [][]byte) (uint64, error) {
	return k.removePooled(ctx, pool, ids, (*storage.Pool).CheckBurn, (*storage.Pool).BurnExpired,
		func(b *blobv1.PooledBlob, _ committee.Epoch) error {
			return announce(ctx, &blobv1.EventPooledBlobBurned{StoragePoolId: b.PoolId, ObjectId: b.Id, BlobId: b.BlobId})
		})
}

// removePooled removes blobs of a pool, in order: check is the rule about the pool, remove that about each
// blob, and tell tells the world.
func (k Keeper) removePooled(
	ctx context.Context, pool blobv1.StoragePool, ids [][]byte,
	check func(*storage.Pool, committee.Epoch) error,
	remove func(*storage.Pool, storage.PooledBlob, committee.Epoch, uint16) error,
	tell func(*blobv1.PooledBlob, committee.Epoch) error,
) (uint64, error) {
	if err := checkBatch(len(ids)); err != nil {
		return 0, err
	}
	now, err := k.committee.Now(ctx)
	if err != nil {
		return 0, err
	}
	shards, err := k.committee.Shards(ctx)
	if err != nil {
		return 0, err
	}
	value := poolValue(pool)
	if err := check(&value, now); err != nil {
		return 0, err
	}
	for _, id := range ids {
		b, err := k.pooledBlob(ctx, pool.Id, id)
		if err != nil {
			return 0, err
		}
		if err := remove(&value, pooledValue(b), now, shards); err != nil {
			return 0, err
		}
		if err := errors.Join(k.takePooled(ctx, b), tell(&b, now)); err != nil {
			return 0, err
		}
	}
	return value.Used, k.pools.Set(ctx, pool.Id, poolRecord(pool, value))
}
