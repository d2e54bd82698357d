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

func noteCertified(info *blobv1.Info, b *blobv1.Blob, now committee.Epoch, ref eventkeeper.Ref) {
	certified := certifiedAt(info, now)
	end := b.Storage.EndEpoch
	switch {
	case b.Deletable:
		info.DeletableCertified++
		info.DeletableCertifiedEnd = max(info.DeletableCertifiedEnd, end)
	case end > info.CertifiedEnd:
		info.CertifiedEnd, info.CertifiedEvent = end, eventRef(ref)
	}
	if !certified || uint32(now) < info.InitialCertifiedEpoch {
		info.InitialCertifiedEpoch = uint32(now)
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
	if info.DeletableCertified == 0 && info.CertifiedEnd == 0 {
		info.InitialCertifiedEpoch = 0
	}
}

// certifiedAt tells whether the network answers for a blob ID in epoch e.
// Source: spec: storage-node.md section 4.6.
func certifiedAt(info *blobv1.Info, e committee.Epoch) bool {
	if info.InitialCertifiedEpoch == 0 || info.InitialCertifiedEpoch > uint32(e) {
		return false
	}
	return info.CertifiedEnd > uint32(e) || info.DeletableCertified > 0 && info.DeletableCertifiedEnd > uint32(e)
}
