package keeper

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/collections"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/committee"
)

// errNotOwner is the refusal of a message about somebody else's object.
func errNotOwner(id []byte) error {
	return sdkerrors.ErrUnauthorized.Wrapf("blob: object 0x%x belongs to another account", id)
}

// errNoObject is the refusal of a message about an object that does not exist.
func errNoObject(id []byte) error {
	return fmt.Errorf("blob: object 0x%x: %w", id, economy.ErrDynamicFieldFieldDoesNotExist)
}

// newStorage creates a storage resource for owner, or for what is to hold it if owner is nil, and does not
// store it.
func (k Keeper) newStorage(ctx context.Context, owner []byte, r storage.Resource) (blobv1.Storage, error) {
	id, err := k.objects.NextObject(ctx)
	if err != nil {
		return blobv1.Storage{}, err
	}
	return storageRecord(id[:], owner, r), nil
}

// putStorage stores a new resource, or one that changed hands.
func (k Keeper) putStorage(ctx context.Context, s blobv1.Storage) error {
	if err := k.storages.Set(ctx, s.Id, s); err != nil {
		return err
	}
	return k.storageOwners.Set(ctx, collections.Join(s.Owner, s.Id))
}

// takeStorage removes a resource.
func (k Keeper) takeStorage(ctx context.Context, s blobv1.Storage) error {
	if err := k.storages.Remove(ctx, s.Id); err != nil {
		return err
	}
	return k.storageOwners.Remove(ctx, collections.Join(s.Owner, s.Id))
}

// ownStorage returns a resource that owner has.
func (k Keeper) ownStorage(ctx context.Context, owner, id []byte) (blobv1.Storage, error) {
	return owned(ctx, k.storages, owner, id, storageOwner)
}

// object returns a record. Errors: [economy.ErrDynamicFieldFieldDoesNotExist].
func object[V any](ctx context.Context, records collections.Map[[]byte, V], id []byte) (V, error) {
	v, err := records.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		return v, errNoObject(id)
	}
	return v, err
}

// owned returns a record that owner has, as ownerOf tells.
func owned[V any](
	ctx context.Context, records collections.Map[[]byte, V], owner, id []byte, ownerOf func(*V) *[]byte,
) (V, error) {
	var none V
	v, err := object(ctx, records, id)
	if err != nil {
		return none, err
	}
	if !bytes.Equal(*ownerOf(&v), owner) {
		return none, errNotOwner(id)
	}
	return v, nil
}

// putBlob stores a new registration.
func (k Keeper) putBlob(ctx context.Context, b blobv1.Blob) error {
	if err := k.blobs.Set(ctx, b.Id, b); err != nil {
		return err
	}
	if err := k.blobOwners.Set(ctx, collections.Join(b.Owner, b.Id)); err != nil {
		return err
	}
	return k.blobIDs.Set(ctx, collections.Join(b.BlobId, b.Id))
}

// takeBlob removes a registration with its attributes.
func (k Keeper) takeBlob(ctx context.Context, b blobv1.Blob) error {
	if err := k.blobs.Remove(ctx, b.Id); err != nil {
		return err
	}
	if err := k.blobOwners.Remove(ctx, collections.Join(b.Owner, b.Id)); err != nil {
		return err
	}
	if err := k.blobIDs.Remove(ctx, collections.Join(b.BlobId, b.Id)); err != nil {
		return err
	}
	return k.attributes.Remove(ctx, b.Id)
}

// ownBlob returns a registration that owner has.
func (k Keeper) ownBlob(ctx context.Context, owner, id []byte) (blobv1.Blob, error) {
	return owned(ctx, k.blobs, owner, id, blobOwner)
}

// The records of the state and the values of the rules say the same; these four turn one into the other.

func resource(s blobv1.Storage) storage.Resource {
	return storage.Resource{Start: committee.Epoch(s.StartEpoch), End: committee.Epoch(s.EndEpoch), Size: s.Size_}
}

func storageRecord(id, owner []byte, r storage.Resource) blobv1.Storage {
	return blobv1.Storage{Id: id, Owner: owner, StartEpoch: uint32(r.Start), EndEpoch: uint32(r.End), Size_: r.Size}
}

func blobValue(b blobv1.Blob) storage.Blob {
	return storage.Blob{
		ID:         blob.ID(b.BlobId),
		Size:       b.Size_,
		Encoding:   uint8(b.EncodingType),
		Deletable:  b.Deletable,
		Registered: committee.Epoch(b.RegisteredEpoch),
		Certified:  b.CertifiedEpoch != 0,
		Since:      committee.Epoch(b.CertifiedEpoch),
		Storage:    resource(b.Storage),
	}
}

// blobRecord returns b with the parts that rules change taken from v.
func blobRecord(b blobv1.Blob, v storage.Blob) blobv1.Blob {
	if v.Certified {
		b.CertifiedEpoch = uint32(v.Since)
	}
	b.Storage = storageRecord(b.Storage.Id, nil, v.Storage)
	return b
}
