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
	return &market.Market{
		Shards:       shards,
		Capacity:     system.TotalCapacity,
		StoragePrice: system.StoragePrice,
		WritePrice:   system.WritePrice,
		Ring:         ringValue(ring),
	}, nil
}

func ringValue(r blobv1.Ring) market.Ring {
	out := make(market.Ring, len(r.Entries))
	for i, e := range r.Entries {
		out[i] = market.Entry{Epoch: committee.Epoch(e.Epoch), Used: e.Used, Rewards: e.Rewards}
	}
	return out
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
	return k.pay(ctx, p.owner, types.ModuleName, p.paid)
}

// pay moves amount from an account to a module's. Errors: [economy.ErrBalanceNotEnough].
func (k Keeper) pay(ctx context.Context, from sdk.AccAddress, module string, amount uint64) error {
	if amount == 0 {
		return nil
	}
	if err := k.bank.SendCoinsFromAccountToModule(ctx, from, module, frost(amount)); err != nil {
		return fmt.Errorf("blob: pay %d FROST: %s: %w", amount, err.Error(), economy.ErrBalanceNotEnough)
	}
	return nil
}

func frost(amount uint64) sdk.Coins {
	return sdk.NewCoins(sdk.NewCoin(types.Denom, sdkmath.NewIntFromUint64(amount)))
}
