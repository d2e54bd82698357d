package keeper

import (
	"context"
	"errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/chain/x/blob/types"
)

// share gives a blob up for good, with funds to begin with. Its record stays where it is, owned by that of
// the shared blob. Source: spec: control-plane.md section 2.5.
func (k Keeper) share(ctx context.Context, owner sdk.AccAddress, id []byte, funds uint64) (blobv1.SharedBlob, error) {
	if _, err := k.ownBlob(ctx, owner, id); err != nil {
		return blobv1.SharedBlob{}, err
	}
	if err := k.pay(ctx, owner, types.ModuleName, funds); err != nil {
		return blobv1.SharedBlob{}, err
	}
	sharedID, err := k.objects.NextObject(ctx)
	if err != nil {
		return blobv1.SharedBlob{}, err
	}
	if _, err := give(ctx, k.blobs, k.blobOwners, blobOwner, owner, sharedID[:], id); err != nil {
		return blobv1.SharedBlob{}, err
	}
	s := blobv1.SharedBlob{Id: sharedID[:], ObjectId: id, Funds: funds}
	return s, errors.Join(k.shared.Set(ctx, s.Id, s),
		announce(ctx, &blobv1.EventBlobShared{SharedId: s.Id, ObjectId: id, Owner: owner, Funds: funds}))
}

// sharedBlob returns a shared blob and its blob, as records and as the rules see them.
func (k Keeper) sharedBlob(ctx context.Context, id []byte) (blobv1.SharedBlob, blobv1.Blob, storage.SharedBlob, error) {
	s, err := object(ctx, k.shared, id)
	if err != nil {
		return s, blobv1.Blob{}, storage.SharedBlob{}, err
	}
	b, err := k.blobs.Get(ctx, s.ObjectId)
	if err != nil {
		return s, b, storage.SharedBlob{}, err
	}
	return s, b, storage.SharedBlob{Blob: blobValue(b), Funds: s.Funds}, nil
}

// fundShared adds to the funds of a shared blob and returns them.
func (k Keeper) fundShared(ctx context.Context, sender sdk.AccAddress, id []byte, amount uint64) (uint64, error) {
	s, _, value, err := k.sharedBlob(ctx, id)
	if err != nil {
		return 0, err
	}
	if err := value.Fund(amount); err != nil {
		return 0, err
	}
	if err := k.pay(ctx, sender, types.ModuleName, amount); err != nil {
		return 0, err
	}
	s.Funds = value.Funds
	return s.Funds, errors.Join(k.shared.Set(ctx, s.Id, s),
		announce(ctx, &blobv1.EventSharedBlobFunded{SharedId: s.Id, Sender: sender, Amount: amount, Funds: s.Funds}))
}

// extendShared buys epochs for a shared blob from its funds, which the module's account holds already.
func (k Keeper) extendShared(ctx context.Context, id []byte, more uint32) (end uint32, paid, left uint64, err error) {
	s, b, value, err := k.sharedBlob(ctx, id)
	if err != nil {
		return 0, 0, 0, err
	}
	m, err := k.market(ctx)
	if err != nil {
		return 0, 0, 0, err
	}
	if paid, err = value.Extend(m, more); err != nil {
		return 0, 0, 0, err
	}
	s.Funds = value.Funds
	b = blobRecord(b, value.Blob)
	return b.Storage.EndEpoch, paid, s.Funds, errors.Join(
		k.shared.Set(ctx, s.Id, s), k.setRing(ctx, m.Ring), k.noteExtension(ctx, b))
}
