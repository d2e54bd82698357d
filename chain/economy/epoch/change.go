package epoch

import (
	"errors"
	"slices"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/election"
	"github.com/walrus-go/walrus/chain/economy/market"
	"github.com/walrus-go/walrus/chain/economy/price"
	"github.com/walrus-go/walrus/chain/economy/stake"
	"github.com/walrus-go/walrus/committee"
)

// A Turn is all that the change to epoch Epoch needs to know.
type Turn struct {
	Epoch    committee.Epoch // the new one
	Old, New election.Committee
	Market   market.Market // as of the old epoch
	Capacity uint64        // voted
	Active   election.ActiveSet
	// Denied returns the encoded bytes on a node's deny list, Pool its pool with the rates. Both may fail,
	// or panic, for one node without harm to others.
	Denied func(committee.NodeID) (uint64, error)
	Pool   func(committee.NodeID) (stake.Pool, stake.Rates, error)
}

// A Reward is what a member of the old committee earned, commission included.
type Reward struct {
	Node   committee.NodeID
	Amount uint64
}

// A Processed pool is the new state of a pool and the rate to keep for the new epoch.
type Processed struct {
	Pool stake.Pool
	Rate stake.Rate
}

// A Changed is the outcome of a [Turn]; the caller stores it.
type Changed struct {
	Burned  uint64
	Rewards []Reward // of the old committee, in its order
	// Leftover is what of the pot nobody earned; it is in the new epoch's rewards already.
	Leftover uint64
	Market   market.Market // as of the new epoch; prices are still the old ones
	Active   election.ActiveSet
	Pools    []Processed // old committee, then newcomers, each ascending by ID
	Failed   []Failure
}

// Change ends an epoch. Times and phases are [Machine]'s; prices follow with [Prices]. The sum of burned,
// rewards and leftover is the old pot. It has no error: see the package comment for nodes that fail.
//
// Source: spec: control-plane.md sections 7.3 to 7.5.
func Change(t Turn) Changed {
	out := Changed{Market: t.Market.Clone(), Active: t.Active.Clone()}
	ended := out.Market.Ring.Advance()
	out.Market.Capacity = max(t.Capacity, out.Market.Used())
	out.Burned = Burn(ended.Rewards)

	rewards, remainder := SplitRewards(ended.Rewards-out.Burned, ended.Used, out.claims(t))
	out.Leftover = remainder
	for i, m := range t.Old {
		accepted := out.process(t, m.Node, rewards[i])
		out.Leftover += rewards[i] - accepted
		out.Rewards = append(out.Rewards, Reward{m.Node, accepted})
	}
	for _, m := range t.New {
		if !t.Old.Has(m.Node) {
			out.process(t, m.Node, 0)
		}
	}
	first := &out.Market.Ring[0]
	first.Rewards = economy.SatAdd(first.Rewards, out.Leftover)
	return out
}

// claims returns what the members of the old committee claim of the pot. One whose deny list cannot be
// read has no claim.
func (c *Changed) claims(t Turn) []Claim {
	claims := make([]Claim, len(t.Old))
	for i, m := range t.Old {
		err := isolate(func() (err error) {
			claims[i].Denied, err = t.Denied(m.Node)
			return err
		})
		if err != nil {
			c.Failed = append(c.Failed, Failure{m.Node, err})
			continue
		}
		claims[i].Weight = uint16(len(m.Shards))
	}
	return claims
}

// process advances one pool and refreshes its entry in the active set. It returns how much of the reward
// the pool took, which is all or nothing.
func (c *Changed) process(t Turn, node committee.NodeID, reward uint64) (accepted uint64) {
	var p Processed
	var projected uint64
	err := isolate(func() error {
		pool, rates, err := t.Pool(node)
		if err != nil {
			return err
		}
		accepted = reward
		p.Rate, err = pool.Advance(t.Epoch, reward, rates)
		if errors.Is(err, economy.ErrStakingPoolIncorrectEpochAdvance) {
			accepted = 0
			p.Rate, err = pool.Advance(t.Epoch, 0, rates)
		}
		if err != nil {
			return err
		}
		p.Pool = pool
		projected = pool.BalanceAt(t.Epoch+1, stake.With(rates, t.Epoch, p.Rate))
		return nil
	})
	if err != nil {
		c.Failed = append(c.Failed, Failure{node, err})
		return 0
	}
	c.Pools = append(c.Pools, p)
	c.Active.Put(node, projected)
	return accepted
}

// A PriceVote is what a member of the committee asks for storage and writes.
type PriceVote struct{ Storage, Write uint64 }

// Prices returns the prices that the members of c vote for. vote returns a node's vote; a node for which it
// fails, or panics, counts as voting for the prices in force.
//
// Source: spec: control-plane.md section 1.5.
func Prices(c election.Committee, shards uint16, force PriceVote, vote func(committee.NodeID) (PriceVote, error)) PriceVote {
	storage := make([]price.Vote, len(c))
	write := make([]price.Vote, len(c))
	for i, m := range c {
		v := force
		_ = isolate(func() error {
			got, err := vote(m.Node)
			if err == nil {
				v = got
			}
			return err
		})
		weight := uint16(len(m.Shards))
		storage[i] = price.Vote{Value: v.Storage, Weight: weight}
		write[i] = price.Vote{Value: v.Write, Weight: weight}
	}
	return PriceVote{Storage: price.FromVotes(storage, shards), Write: price.FromVotes(write, shards)}
}

// Processes returns the nodes whose pools the change from old to next processes, in that order.
func Processes(old, next election.Committee) []committee.NodeID {
	var nodes []committee.NodeID
	for _, m := range old {
		nodes = append(nodes, m.Node)
	}
	for _, m := range next {
		if !old.Has(m.Node) {
			nodes = append(nodes, m.Node)
		}
	}
	return slices.Clip(nodes)
}
