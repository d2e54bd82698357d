package keeper

import (
	"context"
	"errors"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/gogoproto/proto"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/chain/economy/market"
	"github.com/walrus-go/walrus/committee"
)

// Market returns the storage market as the rules see it, for the module that turns epochs.
func (k Keeper) Market(ctx context.Context) (market.Market, error) {
	m, err := k.market(ctx)
	if err != nil {
		return market.Market{}, err
	}
	return *m, nil
}

// SetMarket replaces the market: prices, capacity and the accounts of the epochs to come.
func (k Keeper) SetMarket(ctx context.Context, m market.Market) error {
	system := blobv1.System{TotalCapacity: m.Capacity, StoragePrice: m.StoragePrice, WritePrice: m.WritePrice}
	return errors.Join(k.system.Set(ctx, system), k.setRing(ctx, m.Ring))
}

// Denied returns the encoded bytes that a node refuses to store.
func (k Keeper) Denied(ctx context.Context, node committee.NodeID) (uint64, error) {
	list, err := k.denyList(ctx, node[:])
	return list.Size, err
}

// EndEpoch drops what is of the current epoch only: open attestations of event blobs. It reads nothing, so
// that no record can make it fail.
func (k Keeper) EndEpoch(ctx context.Context) error { return k.eventWeights.Remove(ctx) }

// announce emits a typed event for indexers.
func announce(ctx context.Context, event proto.Message) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(event)
}
