package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	sdk "github.com/cosmos/cosmos-sdk/types"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
)

// Where each kind of object that accounts own says who owns it.
func storageOwner(s *blobv1.Storage) *[]byte  { return &s.Owner }
func blobOwner(b *blobv1.Blob) *[]byte        { return &b.Owner }
func poolOwner(p *blobv1.StoragePool) *[]byte { return &p.Owner }
func capOwner(c *blobv1.BucketCap) *[]byte    { return &c.Owner }

// Transfer gives an object to another account: a storage resource, a blob, a storage pool or the capability
// of a blob bucket. The accounts of modules, and of contracts, own objects like any other.
//
// Errors: [economy.ErrDynamicFieldFieldDoesNotExist], [sdkerrors.ErrUnauthorized] if from does not own it.
func (k Keeper) Transfer(ctx context.Context, from, to sdk.AccAddress, id []byte) error {
	found, err := give(ctx, k.storages, k.storageOwners, storageOwner, from, to, id)
	if err == nil && !found {
		found, err = give(ctx, k.blobs, k.blobOwners, blobOwner, from, to, id)
	}
	if err == nil && !found {
		found, err = give(ctx, k.pools, k.poolOwners, poolOwner, from, to, id)
	}
	if err == nil && !found {
		found, err = give(ctx, k.caps, k.capOwners, capOwner, from, to, id)
	}
	if err == nil && !found {
		err = errNoObject(id)
	}
	if err != nil {
		return err
	}
	return announce(ctx, &blobv1.EventTransferred{ObjectId: id, From: from, To: to})
}

// give makes an object of one kind that of another owner. found is false if there is none of that kind.
func give[V any](
	ctx context.Context, records collections.Map[[]byte, V], owners collections.KeySet[ownedKey], owner func(*V) *[]byte,
	from, to, id []byte,
) (found bool, err error) {
	if found, err = records.Has(ctx, id); err != nil || !found {
		return false, err
	}
	v, err := owned(ctx, records, from, id, owner)
	if err != nil {
		return true, err
	}
	*owner(&v) = to
	return true, errors.Join(records.Set(ctx, id, v),
		owners.Remove(ctx, collections.Join(from, id)), owners.Set(ctx, collections.Join(to, id)))
}
