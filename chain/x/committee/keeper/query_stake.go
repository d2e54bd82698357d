package keeper

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"cosmossdk.io/collections"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/stake"
	"github.com/walrus-go/walrus/chain/refusal"
	"github.com/walrus-go/walrus/committee"
)

// findPool returns the pool of a node that a request names.
func (q Querier) findPool(ctx context.Context, node string) (stake.Pool, stake.Rates, error) {
	id, err := nodeID(node)
	if err != nil {
		return stake.Pool{}, nil, err
	}
	p, r, err := q.k.pool(ctx, id[:])
	if errors.Is(err, economy.ErrDynamicFieldFieldDoesNotExist) {
		err = refusal.NotFound("node", id)
	}
	return p, r, err
}

// Pool implements [committeev1.QueryServer].
func (q Querier) Pool(ctx context.Context, req *committeev1.QueryPoolRequest) (*committeev1.QueryPoolResponse, error) {
	p, r, err := q.findPool(ctx, req.NodeId)
	if err != nil {
		return nil, err
	}
	now, err := q.k.moment(ctx, p.Node[:])
	if err != nil {
		return nil, err
	}
	open := now.Epoch + 1
	if now.Selected {
		open++
	}
	return &committeev1.QueryPoolResponse{Pool: PoolRecord(p), NextBalance: p.BalanceAt(open, r)}, nil
}

// Pools implements [committeev1.QueryServer].
func (q Querier) Pools(ctx context.Context, req *committeev1.QueryPoolsRequest) (*committeev1.QueryPoolsResponse, error) {
	pools, next, err := page(ctx, q.k.pools, req.After, req.Limit)
	return &committeev1.QueryPoolsResponse{Pools: pools, Next: next}, err
}

// Stake implements [committeev1.QueryServer].
func (q Querier) Stake(ctx context.Context, req *committeev1.QueryStakeRequest) (*committeev1.QueryStakeResponse, error) {
	id, err := nodeID(req.StakeId) // of the same form
	if err != nil {
		return nil, err
	}
	record, err := q.k.stakes.Get(ctx, id[:])
	if errors.Is(err, collections.ErrNotFound) {
		return nil, refusal.NotFound("stake", id)
	}
	if err != nil {
		return nil, err
	}
	return q.appraise(ctx, record)
}

// appraise tells what a stake is worth and whether it can leave at once.
func (q Querier) appraise(ctx context.Context, record committeev1.Stake) (*committeev1.QueryStakeResponse, error) {
	s, err := stakedOf(record)
	if err != nil {
		return nil, err
	}
	p, r, err := q.k.pool(ctx, record.NodeId)
	if err != nil {
		return nil, err
	}
	now, err := q.k.moment(ctx, record.NodeId)
	if err != nil {
		return nil, err
	}
	return &committeev1.QueryStakeResponse{
		Stake: record, Worth: p.Worth(s, now.Epoch, r), CanWithdrawEarly: p.CanWithdrawEarly(s, now),
	}, nil
}

// Stakes implements [committeev1.QueryServer].
func (q Querier) Stakes(ctx context.Context, req *committeev1.QueryStakesRequest) (*committeev1.QueryStakesResponse, error) {
	owner, err := account(req.Owner)
	if err != nil {
		return nil, refusal.BadRequest(err)
	}
	out := &committeev1.QueryStakesResponse{}
	err = q.k.stakesOf(ctx, owner, req.After, func(id []byte) (bool, error) {
		if len(out.Stakes) == pageSize(req.Limit) {
			out.Next = out.Stakes[len(out.Stakes)-1].Stake.Id
			return false, nil
		}
		record, err := q.k.stakes.Get(ctx, id)
		if err != nil {
			return false, err
		}
		one, err := q.appraise(ctx, record)
		if err != nil {
			return false, err
		}
		out.Stakes = append(out.Stakes, *one)
		return true, nil
	})
	return out, err
}

// stakesOf calls visit with the identifiers of an owner's stakes in order, beginning behind after, until it
// returns false.
func (k Keeper) stakesOf(ctx context.Context, owner, after []byte, visit func(id []byte) (bool, error)) error {
	for {
		ids, err := k.nextStakes(ctx, owner, after)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			if more, err := visit(id); err != nil || !more {
				return err
			}
		}
		after = ids[len(ids)-1]
	}
}

// nextStakes returns some identifiers of an owner's stakes behind after, none at the end. Nothing else is
// read during the iteration; see firstLeft.
func (k Keeper) nextStakes(ctx context.Context, owner, after []byte) (ids [][]byte, err error) {
	r := collections.NewPrefixedPairRange[[]byte, []byte](owner)
	if len(after) > 0 {
		r = r.StartExclusive(after)
	}
	it, err := k.owners.Iterate(ctx, r)
	if err != nil {
		return nil, err
	}
	defer it.Close()
	for ; it.Valid() && len(ids) < maxPage; it.Next() {
		key, err := it.Key()
		if err != nil {
			return nil, err
		}
		ids = append(ids, key.K2())
	}
	return ids, nil
}

// Rewards implements [committeev1.QueryServer].
func (q Querier) Rewards(ctx context.Context, req *committeev1.QueryRewardsRequest) (*committeev1.QueryRewardsResponse, error) {
	p, r, err := q.findPool(ctx, req.NodeId)
	if err != nil {
		return nil, err
	}
	rewards, err := p.CalculateRewards(req.Principal, committee.Epoch(req.ActivationEpoch), committee.Epoch(req.WithdrawEpoch), r)
	return &committeev1.QueryRewardsResponse{Rewards: rewards}, refusal.Of(err)
}

// ActiveSet implements [committeev1.QueryServer].
func (q Querier) ActiveSet(ctx context.Context, _ *committeev1.QueryActiveSetRequest) (*committeev1.QueryActiveSetResponse, error) {
	set, err := q.k.active.Get(ctx)
	return &committeev1.QueryActiveSetResponse{ActiveSet: set}, err
}

// Validators implements [committeev1.QueryServer].
func (q Querier) Validators(ctx context.Context, req *committeev1.QueryValidatorsRequest) (*committeev1.QueryValidatorsResponse, error) {
	list, next, err := page(ctx, q.k.validators, req.After, req.Limit)
	return &committeev1.QueryValidatorsResponse{Validators: list, Next: next}, err
}

// Proposals implements [committeev1.QueryServer]. There are few: a node's vote costs gas, and each counts
// for an epoch only.
func (q Querier) Proposals(ctx context.Context, _ *committeev1.QueryProposalsRequest) (*committeev1.QueryProposalsResponse, error) {
	slashings, _, err1 := page(ctx, q.k.slashings, nil, maxPage)
	upgrades, _, err2 := page(ctx, q.k.upgrades, nil, maxPage)
	version, err3 := q.k.version.Get(ctx)
	return &committeev1.QueryProposalsResponse{Slashings: slashings, Upgrades: upgrades, Version: version}, errors.Join(err1, err2, err3)
}

// nodeID reads an identifier in a query.
func nodeID(text string) (id committee.NodeID, err error) {
	if err := id.UnmarshalText([]byte(text)); err != nil {
		return id, refusal.BadRequest(err)
	}
	return id, nil
}

type epochText uint32

func (e epochText) String() string { return fmt.Sprint(uint32(e)) }

// hexID is the text of an identifier in errors.
func hexID(id []byte) string { return "0x" + hex.EncodeToString(id) }
