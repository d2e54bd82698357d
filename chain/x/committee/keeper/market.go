package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	sdk "github.com/cosmos/cosmos-sdk/types"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain/economy/election"
	"github.com/walrus-go/walrus/committee"
)

// What the storage market asks about nodes.

// OwnWeight returns the number of shards that a node has in the current epoch, 0 if it is no member.
//
// Errors: [economy.ErrDynamicFieldFieldDoesNotExist], [sdkerrors.ErrUnauthorized] if owner does not own the
// node.
func (k Keeper) OwnWeight(ctx context.Context, owner sdk.AccAddress, node []byte) (uint16, error) {
	if _, err := k.nodeOf(ctx, owner, node); err != nil {
		return 0, err
	}
	_, weight, err := k.weight(ctx, node)
	return weight, err
}

// Previous returns the committee of the epoch before, which is empty before the second one. Its size is not
// the sender's expense.
func (k Keeper) Previous(ctx context.Context) (election.Committee, error) {
	common := shared(ctx, gasCommittee)
	epoch, err := k.epoch.Get(common)
	if err != nil || epoch.Number == 0 {
		return nil, err
	}
	c, err := k.committees.Get(common, epoch.Number-1)
	if errors.Is(err, collections.ErrNotFound) {
		return nil, nil
	}
	return electionOf(&c), err
}

// CreditCommission adds to the commission of a node what the caller moves to the module's account. It is
// blocked unless the next committee has been selected. Source: spec: control-plane.md sections 2.13 and 5.7.
//
// Errors: [economy.ErrDynamicFieldFieldDoesNotExist], [economy.ErrOverflow].
func (k Keeper) CreditCommission(ctx context.Context, node committee.NodeID, amount uint64) error {
	return k.creditCommission(ctx, node[:], amount)
}

func (k Keeper) creditCommission(ctx context.Context, node []byte, amount uint64) error {
	p, _, err := k.pool(ctx, node)
	if err != nil {
		return err
	}
	epoch, err := k.epoch.Get(ctx)
	if err != nil {
		return err
	}
	if err := p.AddCommission(amount, epoch.Phase != committeev1.EPOCH_PHASE_NEXT_PARAMS_SELECTED); err != nil {
		return err
	}
	return k.setPool(ctx, p)
}
