package keeper

import (
	"context"
	"fmt"
	"math"

	sdkmath "cosmossdk.io/math"
	sdk "github.com/cosmos/cosmos-sdk/types"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/market"
	"github.com/walrus-go/walrus/chain/x/blob/types"
	"github.com/walrus-go/walrus/committee"
)

// market returns the storage market as the rules see it.
func (k Keeper) market(ctx context.Context) (*market.Market, error) {
	shards, err := k.committee.Shards(ctx)
	if err != nil {
		return nil, err
	}
	system, err := k.system.Get(ctx)
	if err != nil {
		return nil, err
	}
	ring, err := k.ring.Get(ctx)
	if err != nil {
		return nil, err
	}
	m := &market.Market{
		Shards:       shards,
		Capacity:     system.TotalCapacity,
		StoragePrice: system.StoragePrice,
		WritePrice:   system.WritePrice,
		Ring:         make(market.Ring, len(ring.Entries)),
	}
	for i, e := range ring.Entries {
		m.Ring[i] = market.Entry{Epoch: committee.Epoch(e.Epoch), Used: e.Used, Rewards: e.Rewards}
	}
	return m, nil
}

// setRing writes back the part of the market that sales change.
func (k Keeper) setRing(ctx context.Context, r market.Ring) error {
	ring := blobv1.Ring{Entries: make([]blobv1.Accounting, len(r))}
	for i, e := range r {
		ring.Entries[i] = blobv1.Accounting{Epoch: uint32(e.Epoch), Used: e.Used, Rewards: e.Rewards}
	}
	return k.ring.Set(ctx, ring)
}

// A purse is what one message may spend and has spent.
type purse struct {
	owner sdk.AccAddress
	left  uint64 // FROST
	paid  uint64
}

// purse opens the purse of an account.
func (k Keeper) purse(ctx context.Context, owner sdk.AccAddress) *purse {
	amount := k.bank.SpendableCoin(ctx, owner, types.Denom).Amount
	if !amount.IsUint64() {
		return &purse{owner: owner, left: math.MaxUint64}
	}
	return &purse{owner: owner, left: amount.Uint64()}
}

// spend takes amount, which a rule has checked against what is left.
func (p *purse) spend(amount uint64) {
	p.left -= amount
	p.paid += amount
}

// settle moves what was spent to the module and writes back the accounts it was spent for.
func (k Keeper) settle(ctx context.Context, m *market.Market, p *purse) error {
	if err := k.setRing(ctx, m.Ring); err != nil {
		return err
	}
	if p.paid == 0 {
		return nil
	}
	coins := sdk.NewCoins(sdk.NewCoin(types.Denom, sdkmath.NewIntFromUint64(p.paid)))
	if err := k.bank.SendCoinsFromAccountToModule(ctx, p.owner, types.ModuleName, coins); err != nil {
		return fmt.Errorf("blob: pay %s: %s: %w", coins, err.Error(), economy.ErrBalanceNotEnough)
	}
	return nil
}
