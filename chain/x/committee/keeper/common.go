package keeper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	sdkmath "cosmossdk.io/math"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	"github.com/cosmos/gogoproto/proto"

	"cosmossdk.io/collections"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain/economy"
	blobtypes "github.com/walrus-go/walrus/chain/x/blob/types"
	"github.com/walrus-go/walrus/chain/x/committee/types"
	"github.com/walrus-go/walrus/committee"
)

// Gas of what is the same for every sender, however large it is: reading the committees, reading and
// writing the active set, and asking every member for its votes. Consensus.
const (
	gasCommittee = 5_000
	gasActiveSet = 20_000
	gasPrices    = 100_000
)

// shared charges a fixed price and returns a context in which what follows is free: records that grow with
// the number of nodes are not the sender's expense.
func shared(ctx context.Context, price uint64) sdk.Context {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	sdkCtx.GasMeter().ConsumeGas(price, "shared state")
	return sdkCtx.WithGasMeter(storetypes.NewInfiniteGasMeter())
}

// announce emits a typed event for indexers.
func announce(ctx context.Context, event proto.Message) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(event)
}

// account reads an address in a message.
func account(text string) (sdk.AccAddress, error) {
	addr, err := sdk.AccAddressFromBech32(text)
	if err != nil {
		return nil, sdkerrors.ErrInvalidAddress.Wrap(err.Error())
	}
	if len(addr) != 20 {
		return nil, sdkerrors.ErrInvalidAddress.Wrapf("committee: account of %d bytes, want 20", len(addr))
	}
	return addr, nil
}

func frost(amount uint64) sdk.Coins {
	return sdk.NewCoins(sdk.NewCoin(blobtypes.Denom, sdkmath.NewIntFromUint64(amount)))
}

// take moves amount from an account to the module. Errors: [economy.ErrBalanceNotEnough].
func (k Keeper) take(ctx context.Context, from sdk.AccAddress, amount uint64) error {
	if amount == 0 {
		return nil
	}
	if err := k.deps.Bank.SendCoinsFromAccountToModule(ctx, from, types.ModuleName, frost(amount)); err != nil {
		return fmt.Errorf("committee: pay %d FROST: %s: %w", amount, err.Error(), economy.ErrBalanceNotEnough)
	}
	return nil
}

// give moves amount from the module to an account.
func (k Keeper) give(ctx context.Context, to sdk.AccAddress, amount uint64) error {
	if amount == 0 {
		return nil
	}
	return k.deps.Bank.SendCoinsFromModuleToAccount(ctx, types.ModuleName, to, frost(amount))
}

// burn destroys amount that the named module holds.
func (k Keeper) burn(ctx context.Context, module string, amount uint64) error {
	if amount == 0 {
		return nil
	}
	return k.deps.Bank.BurnCoins(ctx, module, frost(amount))
}

// node returns a node. Errors: [economy.ErrDynamicFieldFieldDoesNotExist].
func (k Keeper) node(ctx context.Context, id []byte) (committeev1.Node, error) {
	node, err := k.nodes.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		return node, fmt.Errorf("node %x: %w", id, economy.ErrDynamicFieldFieldDoesNotExist)
	}
	return node, err
}

// ownNode returns a node that the sender of a message owns.
func (k Keeper) ownNode(ctx context.Context, owner string, id []byte) (committeev1.Node, error) {
	sender, err := account(owner)
	if err != nil {
		return committeev1.Node{}, err
	}
	return k.nodeOf(ctx, sender, id)
}

// nodeOf returns a node that an account owns.
func (k Keeper) nodeOf(ctx context.Context, owner sdk.AccAddress, id []byte) (committeev1.Node, error) {
	node, err := k.node(ctx, id)
	if err != nil {
		return node, err
	}
	if !bytes.Equal(node.Owner, owner) {
		return node, sdkerrors.ErrUnauthorized.Wrapf("committee: node %x is not owned by %s", id, owner)
	}
	return node, nil
}

// find returns the position of a node in a committee.
func find(c *committeev1.Committee, node []byte) (at int, found bool) {
	return slices.BinarySearchFunc(c.Members, node, func(m committeev1.Member, id []byte) int {
		return bytes.Compare(m.NodeId, id)
	})
}

// weightOf returns the number of shards of a node, 0 if it is no member.
func weightOf(c *committeev1.Committee, node []byte) uint16 {
	if at, found := find(c, node); found {
		return uint16(len(c.Members[at].Shards))
	}
	return 0
}

// weight returns the current epoch and the number of shards of a node in it.
func (k Keeper) weight(ctx context.Context, node []byte) (committee.Epoch, uint16, error) {
	common := shared(ctx, gasCommittee)
	epoch, err := k.epoch.Get(common)
	if err != nil {
		return 0, 0, err
	}
	c, err := k.committees.Get(common, epoch.Number)
	if err != nil {
		return 0, 0, fmt.Errorf("committee of epoch %d: %w", epoch.Number, err)
	}
	return committee.Epoch(epoch.Number), weightOf(&c, node), nil
}

// nowMs is the block's time in ms.
func nowMs(ctx context.Context) uint64 {
	return uint64(max(sdk.UnwrapSDKContext(ctx).BlockTime().UnixMilli(), 0))
}
