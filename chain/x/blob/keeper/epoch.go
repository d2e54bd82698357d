package keeper

import (
	"context"
	"errors"

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

// Denied returns the encoded bytes that a node refuses to store. This market keeps no deny lists: all
// nodes serve everything.
func (k Keeper) Denied(context.Context, committee.NodeID) (uint64, error) { return 0, nil }

// EndEpoch drops what is of the current epoch only. All that this market keeps outlives its epoch.
func (k Keeper) EndEpoch(context.Context) error { return nil }
