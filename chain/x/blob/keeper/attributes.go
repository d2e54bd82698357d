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
func (k Keeper) setAttributes(ctx context.Context, owner sdk.AccAddress, m *blobv1.MsgSetAttributes) ([]blobv1.Attribute, error) {
	b, err := k.ownBlob(ctx, owner, m.ObjectId)
	if err != nil {
		return nil, err
	}
	return k.changeAttributes(ctx, b.Id, storage.BlobAttributes, m)
}

// setPooledAttributes changes the attributes of a blob in a pool.
func (k Keeper) setPooledAttributes(ctx context.Context, owner sdk.AccAddress, m *blobv1.MsgSetPooledAttributes) ([]blobv1.Attribute, error) {
	pool, err := k.ownPool(ctx, owner, m.PoolId)
	if err != nil {
		return nil, err
	}
	b, err := k.pooledBlob(ctx, pool.Id, m.BlobId)
	if err != nil {
		return nil, err
	}
	return k.changeAttributes(ctx, b.Id, storage.PooledAttributes, &blobv1.MsgSetAttributes{
		Set: m.Set, Remove: m.Remove, Clear: m.Clear, Add: m.Add, Take: m.Take, Discard: m.Discard,
	})
}

// changeAttributes changes the attributes of an object, which need not be named in m again, and returns
// those that were all taken off.
func (k Keeper) changeAttributes(ctx context.Context, id []byte, rules storage.AttributeRules, m *blobv1.MsgSetAttributes) ([]blobv1.Attribute, error) {
	// Each change looks at all pairs, so the number of changes is bounded before the first.
	if n := max(len(m.Set), len(m.Remove), len(m.Discard)); n > types.MaxAttributes {
		return nil, sdkerrors.ErrInvalidRequest.Wrapf("blob: %d attributes to change, at most %d", n, types.MaxAttributes)
	}
	attributes, err := k.attributesOf(ctx, id)
	if err != nil {
		return nil, err
	}
	before, err := edit(&attributes, rules, m)
	if err != nil {
		return nil, err
	}
	if !attributes.Present {
		return before, k.attributes.Remove(ctx, id)
	}
	if err := checkAttributes(attributes.Pairs); err != nil {
		return nil, err
	}
	return before, k.attributes.Set(ctx, id, blobv1.Attributes{ObjectId: id, Pairs: pairRecords(attributes.Pairs)})
}

// edit carries out the changes of m in their order.
func edit(a *storage.Attributes, rules storage.AttributeRules, m *blobv1.MsgSetAttributes) (before []blobv1.Attribute, err error) {
	if m.Add {
		if err := a.Add(rules, storage.Attributes{Present: true}); err != nil {
			return nil, err
		}
	}
	if m.Take {
		old, err := a.Take(rules)
		if err != nil {
			return nil, err
		}
		before = pairRecords(old.Pairs)
	}
	if m.Clear {
		before = append(before, pairRecords(a.AddOrReplace(storage.Attributes{}).Pairs)...)
	}
	for _, key := range m.Remove {
		if _, err := a.Remove(rules, key); err != nil {
			return nil, err
		}
	}
	for _, key := range m.Discard {
		a.RemoveIfExists(key)
	}
	for _, pair := range m.Set {
		a.Set(pair.Key, pair.Value)
	}
	return before, nil
}

func pairRecords(pairs []storage.Pair) (out []blobv1.Attribute) {
	for _, p := range pairs {
		out = append(out, blobv1.Attribute{Key: p.Key, Value: p.Value})
	}
	return out
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
