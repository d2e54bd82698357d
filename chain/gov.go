package chain

import (
	"context"
	"fmt"

	"cosmossdk.io/collections"
	sdkmath "cosmossdk.io/math"
	sdk "github.com/cosmos/cosmos-sdk/types"
	govkeeper "github.com/cosmos/cosmos-sdk/x/gov/keeper"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain/isolate"
	committeekeeper "github.com/walrus-go/walrus/chain/x/committee/keeper"
)

// tally counts votes by staked WAL: a node of the current committee votes with its whole pool, through
// whoever holds its governance authority, and a staker's own vote takes his stake out of the node's.
//
// A vote ends within a block, which must not fail: if the votes cannot be counted, whatever is wrong with
// the state, nobody has voted.
func tally(k committeekeeper.Keeper) govkeeper.CalculateVoteResultsAndVotingPowerFn {
	return func(ctx context.Context, gov govkeeper.Keeper, p govv1.Proposal) (
		sdkmath.LegacyDec, sdkmath.Int, map[govv1.VoteOption]sdkmath.LegacyDec, error,
	) {
		var c *count
		err := isolate.Run(func() (err error) {
			c, err = countVotes(ctx, k, &gov, p.Id)
			return err
		})
		if err != nil {
			sdk.UnwrapSDKContext(ctx).Logger().Error("chain: votes were not counted", "proposal", p.Id, "err", err)
			c = newCount()
		}
		return c.voted, c.total, c.results, nil
	}
}

// countVotes counts the votes on a proposal and removes them.
func countVotes(ctx context.Context, k committeekeeper.Keeper, gov *govkeeper.Keeper, proposal uint64) (c *count, err error) {
	votes, err := takeVotes(ctx, gov, proposal)
	if err != nil {
		return nil, err
	}
	c = newCount()
	if len(votes) == 0 { // no quorum of anything; spare the block the count of all stake
		return c, nil
	}
	voters, err := k.Electorate(ctx)
	if err != nil {
		return nil, err
	}
	c.total = voters.Total()
	for _, v := range votes {
		own, err := voters.Take(ctx, v.voter)
		if err != nil {
			return nil, err
		}
		if err := c.add(own, v.options); err != nil {
			return nil, err
		}
	}
	for _, v := range votes { // what is left in the pools after all stakers have spoken for themselves
		if err := c.add(voters.Rest(v.voter), v.options); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// A castVote is a vote with whose it is.
type castVote struct {
	voter   sdk.AccAddress
	options []*govv1.WeightedVoteOption
}

// takeVotes returns the votes on a proposal in the order of their voters, and removes them.
func takeVotes(ctx context.Context, gov *govkeeper.Keeper, proposal uint64) ([]castVote, error) {
	var votes []castVote
	of := collections.NewPrefixedPairRange[uint64, sdk.AccAddress](proposal)
	err := gov.Votes.Walk(ctx, of, func(key collections.Pair[uint64, sdk.AccAddress], v govv1.Vote) (bool, error) {
		votes = append(votes, castVote{voter: key.K2(), options: v.Options})
		return false, nil
	})
	if err != nil {
		return nil, fmt.Errorf("chain: votes on proposal %d: %w", proposal, err)
	}
	return votes, gov.Votes.Clear(ctx, of)
}

// A count adds up votes.
type count struct {
	voted   sdkmath.LegacyDec
	total   sdkmath.Int // stake that could vote
	results map[govv1.VoteOption]sdkmath.LegacyDec
}

// newCount is the count before any vote. Nothing of something is no quorum.
func newCount() *count {
	c := &count{voted: sdkmath.LegacyZeroDec(), total: sdkmath.OneInt(), results: map[govv1.VoteOption]sdkmath.LegacyDec{}}
	for _, o := range []govv1.VoteOption{govv1.OptionYes, govv1.OptionAbstain, govv1.OptionNo, govv1.OptionNoWithVeto} {
		c.results[o] = sdkmath.LegacyZeroDec()
	}
	return c
}

// add counts a weight for some options in the proportions they name.
func (c *count) add(weight sdkmath.Int, options []*govv1.WeightedVoteOption) error {
	if weight.IsZero() {
		return nil
	}
	all := sdkmath.LegacyNewDecFromInt(weight)
	for _, o := range options {
		part, err := sdkmath.LegacyNewDecFromStr(o.Weight)
		if err != nil {
			return fmt.Errorf("chain: weight %q of a vote: %w", o.Weight, err)
		}
		c.results[o.Option] = c.results[o.Option].Add(all.Mul(part))
	}
	c.voted = c.voted.Add(all)
	return nil
}

// UpgradeDigest is what nodes vote for when they want the plan of an upgrade, see
// walrus.committee.v1.MsgVoteUpgrade.
func UpgradeDigest(name string, height int64, info string) ([32]byte, error) {
	return committeekeeper.UpgradeDigest(&committeev1.UpgradePlan{Name: name, Height: height, Info: info})
}
