package keeper

import (
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/collections"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/election"
	"github.com/walrus-go/walrus/chain/economy/stake"
	"github.com/walrus-go/walrus/committee"
)

// poolOf is a record as the rules see it.
func poolOf(r committeev1.Pool) (stake.Pool, error) {
	if len(r.NodeId) != len(committee.NodeID{}) {
		return stake.Pool{}, fmt.Errorf("committee: pool of a node ID of %d bytes", len(r.NodeId))
	}
	p := stake.Pool{
		Node:           committee.NodeID(r.NodeId),
		Activation:     committee.Epoch(r.ActivationEpoch),
		Latest:         committee.Epoch(r.LatestEpoch),
		Balance:        r.Balance,
		Shares:         r.Shares,
		RewardsPool:    r.RewardsPool,
		Commission:     r.Commission,
		Blocked:        r.BlockedCommission,
		CommissionRate: uint16(r.CommissionRate),
		PendingStake:   ledgerOf(r.PendingStake),
		PendingShares:  ledgerOf(r.PendingShares),
	}
	for _, x := range r.EarlyExits {
		p.EarlyExits = append(p.EarlyExits, stake.EarlyExit{
			Withdraw: committee.Epoch(x.WithdrawEpoch), Activation: committee.Epoch(x.ActivationEpoch), Principal: x.Principal,
		})
	}
	for _, c := range r.RateChanges {
		p.RateChanges = append(p.RateChanges, stake.RateChange{Epoch: committee.Epoch(c.Epoch), Rate: uint16(c.Rate)})
	}
	return p, nil
}

func ledgerOf(list []committeev1.Pending) stake.Ledger {
	var out stake.Ledger
	for _, p := range list {
		out = append(out, stake.Pending{Epoch: committee.Epoch(p.Epoch), Amount: p.Amount})
	}
	return out
}

// PoolRecord is a pool as the chain keeps it.
func PoolRecord(p stake.Pool) committeev1.Pool {
	r := committeev1.Pool{
		NodeId:            p.Node[:],
		ActivationEpoch:   uint32(p.Activation),
		LatestEpoch:       uint32(p.Latest),
		Balance:           p.Balance,
		Shares:            p.Shares,
		RewardsPool:       p.RewardsPool,
		Commission:        p.Commission,
		BlockedCommission: p.Blocked,
		CommissionRate:    uint32(p.CommissionRate),
		PendingStake:      pendingRecords(p.PendingStake),
		PendingShares:     pendingRecords(p.PendingShares),
	}
	for _, x := range p.EarlyExits {
		r.EarlyExits = append(r.EarlyExits, committeev1.EarlyExit{
			WithdrawEpoch: uint32(x.Withdraw), ActivationEpoch: uint32(x.Activation), Principal: x.Principal,
		})
	}
	for _, c := range p.RateChanges {
		r.RateChanges = append(r.RateChanges, committeev1.RateChange{Epoch: uint32(c.Epoch), Rate: uint32(c.Rate)})
	}
	return r
}

func pendingRecords(l stake.Ledger) []committeev1.Pending {
	var out []committeev1.Pending
	for _, p := range l {
		out = append(out, committeev1.Pending{Epoch: uint32(p.Epoch), Amount: p.Amount})
	}
	return out
}

// pool returns the pool of a node with its rates.
// Errors: [economy.ErrDynamicFieldFieldDoesNotExist].
func (k Keeper) pool(ctx context.Context, id []byte) (stake.Pool, stake.Rates, error) {
	r, err := k.pools.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		return stake.Pool{}, nil, fmt.Errorf("node %x: %w", id, economy.ErrDynamicFieldFieldDoesNotExist)
	}
	if err != nil {
		return stake.Pool{}, nil, fmt.Errorf("committee: pool of node %x: %w", id, err)
	}
	p, err := poolOf(r)
	return p, rates{k.rates, ctx, id}, err
}

func (k Keeper) setPool(ctx context.Context, p stake.Pool) error {
	return k.pools.Set(ctx, p.Node[:], PoolRecord(p))
}

// rates looks up the rates of one pool in the state. The rules have no errors for lookups, so that a state
// that cannot be read ends in a panic, which ends the transaction, or the part of an epoch change.
type rates struct {
	all  collections.Map[rateKey, committeev1.Rate]
	ctx  context.Context
	node []byte
}

var _ stake.Rates = rates{}

// AtOrBefore implements [stake.Rates].
func (r rates) AtOrBefore(e committee.Epoch) (stake.Rate, bool) {
	return r.first(collections.NewPrefixedPairRange[[]byte, uint32](r.node).EndInclusive(uint32(e)).Descending())
}

// AtOrAfter implements [stake.Rates].
func (r rates) AtOrAfter(e committee.Epoch) (stake.Rate, bool) {
	return r.first(collections.NewPrefixedPairRange[[]byte, uint32](r.node).StartInclusive(uint32(e)))
}

func (r rates) first(of collections.Ranger[rateKey]) (stake.Rate, bool) {
	it, err := r.all.Iterate(r.ctx, of)
	if err != nil {
		panic(fmt.Errorf("committee: rates of node %x: %w", r.node, err))
	}
	defer it.Close()
	if !it.Valid() {
		return stake.Rate{}, false
	}
	rate, err := it.Value()
	if err != nil {
		panic(fmt.Errorf("committee: rates of node %x: %w", r.node, err))
	}
	return stake.Rate{Wal: rate.Wal, Shares: rate.Shares}, true
}

func (k Keeper) setRate(ctx context.Context, node committee.NodeID, e committee.Epoch, r stake.Rate) error {
	return k.rates.Set(ctx, collections.Join(node[:], uint32(e)), committeev1.Rate{Wal: r.Wal, Shares: r.Shares})
}

// activeSet returns the active set as the rules see it.
func (k Keeper) activeSet(ctx context.Context) (election.ActiveSet, error) {
	params, err := k.params.Get(ctx)
	if err != nil {
		return election.ActiveSet{}, err
	}
	record, err := k.active.Get(ctx)
	if err != nil {
		return election.ActiveSet{}, err
	}
	set := election.ActiveSet{Max: int(params.MaxActiveNodes), Threshold: params.MinStake}
	for _, c := range record.Entries {
		if len(c.NodeId) != len(committee.NodeID{}) {
			return election.ActiveSet{}, fmt.Errorf("committee: active node ID of %d bytes", len(c.NodeId))
		}
		set.Entries = append(set.Entries, election.Candidate{Node: committee.NodeID(c.NodeId), Stake: c.Stake})
	}
	return set, nil
}

func (k Keeper) setActiveSet(ctx context.Context, set election.ActiveSet) error {
	return k.active.Set(ctx, ActiveSetRecord(set))
}

// ActiveSetRecord is an active set as the chain keeps it.
func ActiveSetRecord(set election.ActiveSet) committeev1.ActiveSet {
	var r committeev1.ActiveSet
	for _, c := range set.Entries {
		r.Entries = append(r.Entries, committeev1.Candidate{NodeId: c.Node[:], Stake: c.Stake})
	}
	return r
}

// refresh brings a pool's entry in the active set up to date.
// Source: spec: control-plane.md section 6.1.
func (k Keeper) refresh(ctx context.Context, p stake.Pool, r stake.Rates, now stake.Moment) error {
	common := shared(ctx, gasActiveSet)
	set, err := k.activeSet(common)
	if err != nil {
		return err
	}
	open := now.Epoch + 1
	if now.Selected {
		open++
	}
	set.Put(p.Node, p.BalanceAt(open, r))
	return k.setActiveSet(common, set)
}
