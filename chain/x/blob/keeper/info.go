package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	eventkeeper "github.com/walrus-go/walrus/chain/x/event/keeper"
	"github.com/walrus-go/walrus/committee"
)

// info returns the sum of a blob ID's registrations; an empty one if there are none.
func (k Keeper) info(ctx context.Context, blobID []byte) (*blobv1.Info, error) {
	info, err := k.infos.Get(ctx, blobID)
	if errors.Is(err, collections.ErrNotFound) {
		return &blobv1.Info{BlobId: blobID}, nil
	}
	return &info, err
}

// updateInfo changes the sum of a blob ID's registrations.
func (k Keeper) updateInfo(ctx context.Context, blobID []byte, change func(*blobv1.Info)) error {
	info, err := k.info(ctx, blobID)
	if err != nil {
		return err
	}
	change(info)
	return k.infos.Set(ctx, blobID, *info)
}

// certifyInfo changes the sum of a blob ID's registrations when one of them is certified now; what is
// certified is stored afterwards.
func (k Keeper) certifyInfo(ctx context.Context, blobID []byte, now committee.Epoch, change func(*blobv1.Info)) error {
	info, err := k.info(ctx, blobID)
	if err != nil {
		return err
	}
	before, err := k.certifiedAt(ctx, info, now)
	if err != nil {
		return err
	}
	change(info)
	if !before || uint32(now) < info.InitialCertifiedEpoch {
		info.InitialCertifiedEpoch = uint32(now)
	}
	return k.infos.Set(ctx, blobID, *info)
}

func eventRef(r eventkeeper.Ref) *blobv1.EventRef {
	return &blobv1.EventRef{TxHash: r.Tx[:], Index: r.Index}
}

// The sums follow what storage nodes keep of a blob ID. Nothing happens to them when a registration
// expires: ends tell. Burning changes nothing either, since the blob is kept until its end all the same.
// Source: spec: storage-node.md section 4.4.

func noteRegistered(info *blobv1.Info, b *blobv1.Blob, ref eventkeeper.Ref) {
	end := b.Storage.EndEpoch
	switch {
	case b.Deletable:
		info.DeletableTotal++
		info.DeletableEnd = max(info.DeletableEnd, end)
	case end > info.PermanentEnd:
		info.PermanentEnd, info.PermanentEvent = end, eventRef(ref)
	}
}

func noteCertified(info *blobv1.Info, b *blobv1.Blob, ref eventkeeper.Ref) {
	end := b.Storage.EndEpoch
	switch {
	case b.Deletable:
		info.DeletableCertified++
		info.DeletableCertifiedEnd = max(info.DeletableCertifiedEnd, end)
	case end > info.CertifiedEnd:
		info.CertifiedEnd, info.CertifiedEvent = end, eventRef(ref)
	}
}

func noteExtended(info *blobv1.Info, b *blobv1.Blob, ref eventkeeper.Ref) {
	end := b.Storage.EndEpoch
	if b.Deletable {
		info.DeletableEnd = max(info.DeletableEnd, end)
		info.DeletableCertifiedEnd = max(info.DeletableCertifiedEnd, end)
		return
	}
	if end > info.PermanentEnd {
		info.PermanentEnd, info.PermanentEvent = end, eventRef(ref)
	}
	if end > info.CertifiedEnd {
		info.CertifiedEnd, info.CertifiedEvent = end, eventRef(ref)
	}
}

func noteDeleted(info *blobv1.Info, b *blobv1.Blob) {
	if info.DeletableTotal--; info.DeletableTotal == 0 {
		info.DeletableEnd = 0
	}
	if b.CertifiedEpoch == 0 {
		return
	}
	if info.DeletableCertified--; info.DeletableCertified == 0 {
		info.DeletableCertifiedEnd = 0
	}
	noteUncertified(info)
}

// notePooledGone counts a blob that left a storage pool.
func notePooledGone(info *blobv1.Info, b *blobv1.PooledBlob) {
	info.PooledTotal--
	if b.CertifiedEpoch == 0 {
		return
	}
	info.PooledCertified--
	noteUncertified(info)
}

// noteUncertified forgets the epoch of the first certification once there is none.
func noteUncertified(info *blobv1.Info) {
	if info.DeletableCertified == 0 && info.CertifiedEnd == 0 && info.PooledCertified == 0 {
		info.InitialCertifiedEpoch = 0
	}
}

// How many pools of a blob ID are looked at: by a message, whose sender pays for it, and by a query.
const (
	fewPools  = 8
	manyPools = 1000
)

// certifiedAt tells whether the network answers for a blob ID in epoch e. Of a blob ID in many pools it
// takes the others to be alive. Source: spec: storage-node.md section 4.6.
func (k Keeper) certifiedAt(ctx context.Context, info *blobv1.Info, e committee.Epoch) (bool, error) {
	if info.InitialCertifiedEpoch == 0 || info.InitialCertifiedEpoch > uint32(e) {
		return false, nil
	}
	if info.CertifiedEnd > uint32(e) || info.DeletableCertified > 0 && info.DeletableCertifiedEnd > uint32(e) {
		return true, nil
	}
	if info.PooledCertified == 0 {
		return false, nil
	}
	_, ended, err := k.endedPooled(ctx, info.BlobId, e, fewPools)
	return info.PooledCertified > ended, err
}

// endedPooled counts the registrations of a blob ID in pools that have ended by epoch e, and those of them
// that are certified. It looks at up to limit pools: whoever puts a blob ID into many pools of their own must
// not make the rest disappear, so it is the ended ones that are found, or not found.
func (k Keeper) endedPooled(ctx context.Context, blobID []byte, e committee.Epoch, limit int) (total, certified uint64, err error) {
	pools, err := k.poolsOf(ctx, blobID, limit)
	if err != nil {
		return 0, 0, err
	}
	for _, id := range pools {
		pool, err := k.pools.Get(ctx, id)
		if err != nil {
			return 0, 0, err
		}
		if pool.Storage.EndEpoch > uint32(e) {
			continue
		}
		b, err := k.pooled.Get(ctx, collections.Join(id, blobID))
		if err != nil {
			return 0, 0, err
		}
		total++
		if b.CertifiedEpoch != 0 {
			certified++
		}
	}
	return total, certified, nil
}

// poolsOf returns up to limit pools that a blob ID is in. As everywhere, nothing else is read during the
// iteration: some databases wait for its end before they write, and for that write before they read.
func (k Keeper) poolsOf(ctx context.Context, blobID []byte, limit int) (pools [][]byte, err error) {
	it, err := k.pooledIDs.Iterate(ctx, collections.NewPrefixedPairRange[[]byte, []byte](blobID))
	if err != nil {
		return nil, err
	}
	defer it.Close()
	for ; it.Valid() && len(pools) < limit; it.Next() {
		key, err := it.Key()
		if err != nil {
			return nil, err
		}
		pools = append(pools, key.K2())
	}
	return pools, nil
}
