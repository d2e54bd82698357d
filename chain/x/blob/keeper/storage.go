package keeper

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/chain/economy/market"
	"github.com/walrus-go/walrus/chain/economy/storage"
)

// buy sells storage to owner and stores the resource. sell is one of the market's sales.
func (k Keeper) buy(
	ctx context.Context, owner sdk.AccAddress, size uint64,
	sell func(m *market.Market, budget uint64) (market.Span, uint64, error),
) (blobv1.Storage, uint64, error) {
	m, err := k.market(ctx)
	if err != nil {
		return blobv1.Storage{}, 0, err
	}
	p := k.purse(ctx, owner)
	span, cost, err := sell(m, p.left)
	if err != nil {
		return blobv1.Storage{}, 0, err
	}
	p.spend(cost)
	s, err := k.newStorage(ctx, owner, storage.NewResource(span, size))
	if err != nil {
		return blobv1.Storage{}, 0, err
	}
	if err := k.putStorage(ctx, s); err != nil {
		return blobv1.Storage{}, 0, err
	}
	return s, p.paid, k.settle(ctx, m, p)
}

// split cuts a resource and stores both parts. cut is one of the rules for it.
func (k Keeper) split(
	ctx context.Context, owner, id []byte, cut func(*storage.Resource) (storage.Resource, error),
) (blobv1.Storage, error) {
	s, err := k.ownStorage(ctx, owner, id)
	if err != nil {
		return blobv1.Storage{}, err
	}
	kept := resource(s)
	rest, err := cut(&kept)
	if err != nil {
		return blobv1.Storage{}, err
	}
	if err := k.storages.Set(ctx, s.Id, storageRecord(s.Id, s.Owner, kept)); err != nil {
		return blobv1.Storage{}, err
	}
	created, err := k.newStorage(ctx, owner, rest)
	if err != nil {
		return blobv1.Storage{}, err
	}
	return created, k.putStorage(ctx, created)
}

// fuse joins a second resource to a first and removes it.
func (k Keeper) fuse(ctx context.Context, owner sdk.AccAddress, m *blobv1.MsgFuseStorage) (blobv1.Storage, error) {
	s, err := k.ownStorage(ctx, owner, m.StorageId)
	if err != nil {
		return blobv1.Storage{}, err
	}
	other, err := k.ownStorage(ctx, owner, m.OtherId)
	if err != nil {
		return blobv1.Storage{}, err
	}
	if string(s.Id) == string(other.Id) {
		return blobv1.Storage{}, sdkerrors.ErrInvalidRequest.Wrap("blob: a resource cannot be joined to itself")
	}
	joined := resource(s)
	if err := fuseAs(m.Kind, &joined, resource(other)); err != nil {
		return blobv1.Storage{}, err
	}
	if err := k.takeStorage(ctx, other); err != nil {
		return blobv1.Storage{}, err
	}
	s = storageRecord(s.Id, s.Owner, joined)
	return s, k.storages.Set(ctx, s.Id, s)
}

func fuseAs(kind blobv1.FuseKind, r *storage.Resource, o storage.Resource) error {
	switch kind {
	case blobv1.FUSE_KIND_ANY:
		return r.Fuse(o)
	case blobv1.FUSE_KIND_PERIODS:
		return r.FusePeriods(o)
	case blobv1.FUSE_KIND_AMOUNT:
		return r.FuseAmount(o)
	}
	return sdkerrors.ErrInvalidRequest.Wrapf("blob: unknown way to join resources: %d", kind)
}

// account reads an address in a message. Owners have 20 bytes; 32 are for objects.
func account(text string) (sdk.AccAddress, error) {
	addr, err := sdk.AccAddressFromBech32(text)
	if err != nil {
		return nil, sdkerrors.ErrInvalidAddress.Wrap(err.Error())
	}
	if len(addr) != 20 {
		return nil, sdkerrors.ErrInvalidAddress.Wrapf("blob: account of %d bytes, want 20", len(addr))
	}
	return addr, nil
}

// hash reads an identifier or hash in a message.
func hash(what string, b []byte) ([32]byte, error) {
	if len(b) != 32 {
		return [32]byte{}, sdkerrors.ErrInvalidRequest.Wrapf("blob: %s of %d bytes, want 32", what, len(b))
	}
	return [32]byte(b), nil
}
