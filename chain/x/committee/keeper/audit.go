package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain/economy/election"
	"github.com/walrus-go/walrus/chain/economy/stake"
	"github.com/walrus-go/walrus/chain/isolate"
	"github.com/walrus-go/walrus/committee"
)

// An Audit is what of the module's state grows with the number of nodes only, as the rules see it, for
// whoever holds it against their invariants. Records that cannot be read are left out and counted.
type Audit struct {
	Params                  committeev1.Params
	Epoch                   committeev1.Epoch
	Previous, Current, Next election.Committee // nil where there is none
	Active                  election.ActiveSet
	Nodes                   []committeev1.Node // ascending by ID, as Pools
	Pools                   []stake.Pool
	Unreadable              int
}

// Audit reads the state. Its cost does not depend on stakes.
func (k Keeper) Audit(ctx context.Context) (a Audit, err error) {
	if a.Params, a.Epoch, err = k.state(ctx); err != nil {
		return a, err
	}
	if a.Active, err = k.activeSet(ctx); err != nil {
		return a, err
	}
	for i, c := range []*election.Committee{&a.Previous, &a.Current, &a.Next} {
		record, err := k.committees.Get(ctx, a.Epoch.Number+uint32(i)-1)
		if errors.Is(err, collections.ErrNotFound) {
			continue
		}
		if err != nil {
			return a, err
		}
		*c = electionOf(&record)
	}
	unreadable, err := each(ctx, k.nodes, func(n committeev1.Node) error {
		a.Nodes = append(a.Nodes, n)
		return nil
	})
	if err != nil {
		return a, err
	}
	a.Unreadable += unreadable
	unreadable, err = each(ctx, k.pools, func(r committeev1.Pool) error {
		p, err := poolOf(r)
		if err != nil {
			a.Unreadable++
			return nil
		}
		a.Pools = append(a.Pools, p)
		return nil
	})
	a.Unreadable += unreadable
	return a, err
}

// Projected returns what the pool of a node will have in an epoch, as far as it is known.
func (k Keeper) Projected(ctx context.Context, node committee.NodeID, e committee.Epoch) (balance uint64, err error) {
	err = isolate.Run(func() error {
		p, r, err := k.pool(ctx, node[:])
		if err == nil {
			balance = p.BalanceAt(e, r)
		}
		return err
	})
	return balance, err
}

// EachStake calls f for every stake in the state, ascending by ID.
func (k Keeper) EachStake(ctx context.Context, f func(committeev1.Stake) error) error {
	_, err := each(ctx, k.stakes, f)
	return err
}

// each calls f for the values of m, in order, and counts those that cannot be read.
func each[K, V any](ctx context.Context, m collections.Map[K, V], f func(V) error) (unreadable int, err error) {
	it, err := m.Iterate(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer it.Close()
	for ; it.Valid(); it.Next() {
		v, err := it.Value()
		if err != nil {
			unreadable++
			continue
		}
		if err := f(v); err != nil {
			return unreadable, err
		}
	}
	return unreadable, nil
}
