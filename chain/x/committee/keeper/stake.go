package keeper

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/collections"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/stake"
	"github.com/walrus-go/walrus/committee"
)

// stakedOf is a record as the rules see it.
func stakedOf(r committeev1.Stake) (stake.Staked, error) {
	if len(r.NodeId) != len(committee.NodeID{}) {
		return stake.Staked{}, fmt.Errorf("committee: stake on a node ID of %d bytes", len(r.NodeId))
	}
	return stake.Staked{
		Node: committee.NodeID(r.NodeId), Principal: r.Principal, Activation: committee.Epoch(r.ActivationEpoch),
		Withdrawing: r.WithdrawEpoch != 0, Withdraw: committee.Epoch(r.WithdrawEpoch),
	}, nil
}

// stakeRecord is the record of a stake. Nothing is withdrawn in epoch 0, so that 0 stands for never.
func stakeRecord(id, owner []byte, s stake.Staked) committeev1.Stake {
	return committeev1.Stake{
		Id: id, Owner: owner, NodeId: s.Node[:], Principal: s.Principal,
		ActivationEpoch: uint32(s.Activation), WithdrawEpoch: uint32(s.Withdraw),
	}
}

// stake stakes amount of owner's WAL on a node. Source: spec: control-plane.md section 5.5.
func (k Keeper) stake(ctx context.Context, owner sdk.AccAddress, node []byte, amount uint64) (committeev1.Stake, error) {
	p, r, err := k.pool(ctx, node)
	if err != nil {
		return committeev1.Stake{}, err
	}
	now, err := k.moment(ctx, node)
	if err != nil {
		return committeev1.Stake{}, err
	}
	s, err := p.Stake(amount, now)
	if err != nil {
		return committeev1.Stake{}, err
	}
	if err := k.take(ctx, owner, amount); err != nil {
		return committeev1.Stake{}, err
	}
	record, err := k.newStake(ctx, owner, s)
	if err != nil {
		return committeev1.Stake{}, err
	}
	return record, errors.Join(k.setPool(ctx, p), k.refresh(ctx, p, r, now), announce(ctx, &committeev1.EventStaked{
		StakeId: record.Id, NodeId: node, Owner: owner, Amount: amount, ActivationEpoch: record.ActivationEpoch,
	}))
}

// requestWithdraw marks a stake as leaving. Source: spec: control-plane.md section 5.5.
func (k Keeper) requestWithdraw(ctx context.Context, owner sdk.AccAddress, id []byte) (committee.Epoch, error) {
	h, err := k.holding(ctx, owner, id)
	if err != nil {
		return 0, err
	}
	if err := h.pool.RequestWithdraw(&h.staked, h.now, h.rates); err != nil {
		return 0, err
	}
	return h.staked.Withdraw, errors.Join(
		k.stakes.Set(ctx, id, stakeRecord(id, owner, h.staked)), k.setPool(ctx, h.pool), k.refresh(ctx, h.pool, h.rates, h.now),
		announce(ctx, &committeev1.EventWithdrawRequested{
			StakeId: id, NodeId: h.pool.Node[:], Principal: h.staked.Principal, WithdrawEpoch: uint32(h.staked.Withdraw),
		}))
}

// withdraw pays a stake out and removes it. Source: spec: control-plane.md section 5.5.
func (k Keeper) withdraw(ctx context.Context, owner sdk.AccAddress, id []byte) (uint64, error) {
	h, err := k.holding(ctx, owner, id)
	if err != nil {
		return 0, err
	}
	amount, err := h.pool.Withdraw(h.staked, h.now, h.rates)
	if err != nil {
		return 0, err
	}
	return amount, errors.Join(
		k.removeStake(ctx, owner, id), k.give(ctx, owner, amount), k.setPool(ctx, h.pool), k.refresh(ctx, h.pool, h.rates, h.now),
		announce(ctx, &committeev1.EventWithdrawn{StakeId: id, NodeId: h.pool.Node[:], Owner: owner, Amount: amount}))
}

// A holding is a stake with all that decides what may be done with it.
type holding struct {
	staked stake.Staked
	pool   stake.Pool
	rates  stake.Rates
	now    stake.Moment
}

func (k Keeper) holding(ctx context.Context, owner sdk.AccAddress, id []byte) (h holding, err error) {
	record, err := k.ownStake(ctx, owner, id)
	if err != nil {
		return h, err
	}
	if h.staked, err = stakedOf(record); err != nil {
		return h, err
	}
	if h.pool, h.rates, err = k.pool(ctx, record.NodeId); err != nil {
		return h, err
	}
	h.now, err = k.moment(ctx, record.NodeId)
	return h, err
}

// splitStake takes amount out of a stake into a new one.
func (k Keeper) splitStake(ctx context.Context, owner sdk.AccAddress, id []byte, amount uint64) (committeev1.Stake, error) {
	record, err := k.ownStake(ctx, owner, id)
	if err != nil {
		return committeev1.Stake{}, err
	}
	kept, err := stakedOf(record)
	if err != nil {
		return committeev1.Stake{}, err
	}
	part, err := kept.Split(amount)
	if err != nil {
		return committeev1.Stake{}, err
	}
	if err := k.stakes.Set(ctx, id, stakeRecord(id, owner, kept)); err != nil {
		return committeev1.Stake{}, err
	}
	return k.newStake(ctx, owner, part)
}

// joinStake adds the stake other to the stake id and removes it.
func (k Keeper) joinStake(ctx context.Context, owner sdk.AccAddress, id, other []byte) (committeev1.Stake, error) {
	record, err := k.ownStake(ctx, owner, id)
	if err != nil {
		return committeev1.Stake{}, err
	}
	second, err := k.ownStake(ctx, owner, other)
	if err != nil {
		return committeev1.Stake{}, err
	}
	if bytes.Equal(id, other) {
		return committeev1.Stake{}, sdkerrors.ErrInvalidRequest.Wrap("committee: a stake cannot be joined to itself")
	}
	s, err1 := stakedOf(record)
	o, err2 := stakedOf(second)
	if err := errors.Join(err1, err2); err != nil {
		return committeev1.Stake{}, err
	}
	if err := s.Join(o); err != nil {
		return committeev1.Stake{}, err
	}
	record = stakeRecord(id, owner, s)
	return record, errors.Join(k.removeStake(ctx, owner, other), k.stakes.Set(ctx, id, record))
}

// transferStake gives a stake to another account.
func (k Keeper) transferStake(ctx context.Context, owner, recipient sdk.AccAddress, id []byte) error {
	record, err := k.ownStake(ctx, owner, id)
	if err != nil {
		return err
	}
	if err := k.removeStake(ctx, owner, id); err != nil {
		return err
	}
	record.Owner = recipient
	return k.putStake(ctx, record)
}

// newStake stores a stake under a fresh identifier.
func (k Keeper) newStake(ctx context.Context, owner sdk.AccAddress, s stake.Staked) (committeev1.Stake, error) {
	id, err := k.objects.NextObject(ctx)
	if err != nil {
		return committeev1.Stake{}, err
	}
	record := stakeRecord(id[:], owner, s)
	return record, k.putStake(ctx, record)
}

func (k Keeper) putStake(ctx context.Context, s committeev1.Stake) error {
	return errors.Join(k.stakes.Set(ctx, s.Id, s), k.owners.Set(ctx, collections.Join(s.Owner, s.Id)))
}

func (k Keeper) removeStake(ctx context.Context, owner, id []byte) error {
	return errors.Join(k.stakes.Remove(ctx, id), k.owners.Remove(ctx, collections.Join(owner, id)))
}

// ownStake returns a stake that the sender of a message owns.
func (k Keeper) ownStake(ctx context.Context, owner sdk.AccAddress, id []byte) (committeev1.Stake, error) {
	s, err := k.stakes.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		return s, fmt.Errorf("stake %x: %w", id, economy.ErrDynamicFieldFieldDoesNotExist)
	}
	if err != nil {
		return s, err
	}
	if !bytes.Equal(s.Owner, owner) {
		return s, sdkerrors.ErrUnauthorized.Wrapf("committee: stake %x is not owned by %s", id, owner)
	}
	return s, nil
}

// moment is what the rules of staking ask of the epoch machine for one node.
func (k Keeper) moment(ctx context.Context, node []byte) (stake.Moment, error) {
	common := shared(ctx, gasCommittee)
	epoch, err := k.epoch.Get(common)
	if err != nil {
		return stake.Moment{}, err
	}
	now := stake.Moment{
		Epoch:    committee.Epoch(epoch.Number),
		Selected: epoch.Phase == committeev1.EPOCH_PHASE_NEXT_PARAMS_SELECTED,
	}
	if now.InCurrent, err = k.serves(common, epoch.Number, node); err != nil {
		return stake.Moment{}, err
	}
	if now.Selected {
		now.InNext, err = k.serves(common, epoch.Number+1, node)
	}
	return now, err
}

func (k Keeper) serves(ctx context.Context, epoch uint32, node []byte) (bool, error) {
	c, err := k.committees.Get(ctx, epoch)
	if err != nil {
		return false, fmt.Errorf("committee of epoch %d: %w", epoch, err)
	}
	return weightOf(&c, node) > 0, nil
}
