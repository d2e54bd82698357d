package keeper

import (
	"context"

	sdkmath "cosmossdk.io/math"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/walrus-go/walrus/chain/economy/stake"
	"github.com/walrus-go/walrus/chain/isolate"
	"github.com/walrus-go/walrus/committee"
)

// maxVotingStakes bounds the work that one voter can cause: his first so many stakes count. Stakes can be
// joined.
const maxVotingStakes = 1_000

// An Electorate is the stake in the pools of the current committee, as far as nobody has voted with it yet.
type Electorate struct {
	k     Keeper
	epoch committee.Epoch
	total sdkmath.Int
	pools []votingPool // in the order of the committee's members
}

type votingPool struct {
	pool     stake.Pool
	rates    stake.Rates
	governor string
	left     uint64 // FROST
}

// Electorate returns who can vote. A node whose state cannot be read has no part in it.
func (k Keeper) Electorate(ctx context.Context) (*Electorate, error) {
	epoch, err := k.epoch.Get(ctx)
	if err != nil {
		return nil, err
	}
	current, err := k.committees.Get(ctx, epoch.Number)
	if err != nil {
		return nil, err
	}
	e := &Electorate{k: k, epoch: committee.Epoch(epoch.Number), total: sdkmath.ZeroInt()}
	for _, m := range current.Members {
		p, r, err := k.pool(ctx, m.NodeId)
		if err != nil {
			continue
		}
		node, err := k.node(ctx, m.NodeId)
		if err != nil {
			continue
		}
		e.pools = append(e.pools, votingPool{pool: p, rates: r, governor: string(node.GovernanceAuthorized), left: p.Balance})
		e.total = e.total.Add(sdkmath.NewIntFromUint64(p.Balance))
	}
	return e, nil
}

// Total returns the stake of all.
func (e *Electorate) Total() sdkmath.Int { return e.total }

// Take returns what the stakes of a voter are worth, and takes it out of the pools they are in. A stake
// counts while it earns. One that cannot be read, or whose worth cannot be told, does not count: the end of a
// vote must not fail because of it.
func (e *Electorate) Take(ctx context.Context, voter sdk.AccAddress) (sdkmath.Int, error) {
	sum := sdkmath.ZeroInt()
	seen := 0
	err := e.k.stakesOf(ctx, voter, nil, func(id []byte) (bool, error) {
		err := isolate.Run(func() error {
			record, err := e.k.stakes.Get(ctx, id)
			if err != nil {
				return err
			}
			s, err := stakedOf(record)
			if err == nil {
				sum = sum.Add(sdkmath.NewIntFromUint64(e.take(s)))
			}
			return err
		})
		if err != nil {
			sdk.UnwrapSDKContext(ctx).Logger().Error("committee: stake does not vote", "stake", hexID(id), "err", err)
		}
		seen++
		return seen < maxVotingStakes, nil
	})
	return sum, err
}

func (e *Electorate) take(s stake.Staked) uint64 {
	if s.Activation > e.epoch || s.Withdrawing && s.Withdraw <= e.epoch {
		return 0
	}
	for i := range e.pools {
		p := &e.pools[i]
		if p.pool.Node == s.Node {
			worth := min(p.pool.Worth(s, e.epoch, p.rates), p.left)
			p.left -= worth
			return worth
		}
	}
	return 0
}

// Rest returns what is left of the pools for which a voter holds the governance authority, and takes it.
func (e *Electorate) Rest(voter sdk.AccAddress) sdkmath.Int {
	sum := sdkmath.ZeroInt()
	for i := range e.pools {
		if p := &e.pools[i]; p.governor == string(voter) {
			sum = sum.Add(sdkmath.NewIntFromUint64(p.left))
			p.left = 0
		}
	}
	return sum
}
