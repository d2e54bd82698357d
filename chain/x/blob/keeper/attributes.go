package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/chain/x/blob/types"
)

// setAttributes changes the attributes of a blob. Source: spec: control-plane.md section 2.4.
func (k Keeper) setAttributes(ctx context.Context, owner sdk.AccAddress, m *blobv1.MsgSetAttributes) error {
	// Each change looks at all pairs, so the number of changes is bounded before the first.
	if n := max(len(m.Set), len(m.Remove)); n > types.MaxAttributes {
		return sdkerrors.ErrInvalidRequest.Wrapf("blob: %d attributes to change, at most %d", n, types.MaxAttributes)
	}
	b, err := k.ownBlob(ctx, owner, m.ObjectId)
	if err != nil {
		return err
	}
	attributes, err := k.attributesOf(ctx, b.Id)
	if err != nil {
		return err
	}
	if m.Clear {
		attributes = storage.Attributes{}
	}
	for _, key := range m.Remove {
		if _, err := attributes.Remove(storage.BlobAttributes, key); err != nil {
			return err
		}
	}
	for _, pair := range m.Set {
		attributes.Set(pair.Key, pair.Value)
	}
	if !attributes.Present {
		return k.attributes.Remove(ctx, b.Id)
	}
	if err := checkAttributes(attributes.Pairs); err != nil {
		return err
	}
	record := blobv1.Attributes{ObjectId: b.Id}
	for _, p := range attributes.Pairs {
		record.Pairs = append(record.Pairs, blobv1.Attribute{Key: p.Key, Value: p.Value})
	}
	return k.attributes.Set(ctx, b.Id, record)
}

func (k Keeper) attributesOf(ctx context.Context, id []byte) (storage.Attributes, error) {
	record, err := k.attributes.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		return storage.Attributes{}, nil
	}
	if err != nil {
		return storage.Attributes{}, err
	}
	a := storage.Attributes{Present: true}
	for _, p := range record.Pairs {
		a.Pairs = append(a.Pairs, storage.Pair{Key: p.Key, Value: p.Value})
	}
	return a, nil
}

func checkAttributes(pairs []storage.Pair) error {
	if len(pairs) > types.MaxAttributes {
		return sdkerrors.ErrInvalidRequest.Wrapf("blob: %d attributes, at most %d", len(pairs), types.MaxAttributes)
	}
	size := 0
	for _, p := range pairs {
		size += len(p.Key) + len(p.Value)
	}
	if size > types.MaxAttributeBytes {
		return sdkerrors.ErrInvalidRequest.Wrapf("blob: attributes of %d bytes, at most %d", size, types.MaxAttributeBytes)
	}
	return nil
}
