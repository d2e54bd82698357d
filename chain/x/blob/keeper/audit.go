package keeper

import (
	"context"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
)

// EachStorage calls f for every resource in the state: those that are owned, and those that back blobs.
// What covers the same bytes and epochs twice is told once.
func (k Keeper) EachStorage(ctx context.Context, f func(blobv1.Storage) error) error {
	it, err := k.storages.Iterate(ctx, nil)
	if err != nil {
		return err
	}
	defer it.Close()
	for ; it.Valid(); it.Next() {
		s, err := it.Value()
		if err != nil {
			return err
		}
		if err := f(s); err != nil {
			return err
		}
	}
	return k.EachBlob(ctx, func(b blobv1.Blob) error { return f(b.Storage) })
}

// EachBlob calls f for every registration in the state, ascending by object ID.
func (k Keeper) EachBlob(ctx context.Context, f func(blobv1.Blob) error) error {
	it, err := k.blobs.Iterate(ctx, nil)
	if err != nil {
		return err
	}
	defer it.Close()
	for ; it.Valid(); it.Next() {
		b, err := it.Value()
		if err != nil {
			return err
		}
		if err := f(b); err != nil {
			return err
		}
	}
	return nil
}
