package chain

import (
	"bytes"
	"fmt"
	"math/bits"
	"slices"

	"golang.org/x/crypto/blake2b"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/election"
	"github.com/walrus-go/walrus/chain/economy/stake"
	committeekeeper "github.com/walrus-go/walrus/chain/x/committee/keeper"
	"github.com/walrus-go/walrus/committee"
)

// firstEpoch is the epoch a new chain begins with. Epoch 0, in which there is no committee yet, is over
// when a genesis is made: its nodes registered and were staked on in it.
const firstEpoch = 1

// putStakes adds pools, stakes and the active set to a genesis. Nodes join the active set in the order in
// which they are listed, which is also the order in which an even split rounds up.
func putStakes(g *committeev1.GenesisState, nodes []GenesisNode) error {
	active, err := election.NewActiveSet(int(g.Params.MaxActiveNodes), g.Params.MinStake)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrGenesis, err)
	}
	for i := range nodes {
		n := &nodes[i]
		pool, rates, err := n.pool(g)
		if err != nil {
			return fmt.Errorf("%w: node %q: %w", ErrGenesis, n.Name, err)
		}
		active.Put(pool.Node, pool.BalanceAt(firstEpoch+1, rates))
		g.Pools = append(g.Pools, committeekeeper.PoolRecord(pool))
		for _, r := range rates {
			rate := committeev1.Rate{Wal: r.Rate.Wal, Shares: r.Rate.Shares}
			g.Rates = append(g.Rates, committeev1.PoolRate{NodeId: pool.Node[:], Epoch: uint32(r.Epoch), Rate: rate})
		}
	}
	g.ActiveSet = committeekeeper.ActiveSetRecord(active)
	slices.SortFunc(g.Pools, func(a, b committeev1.Pool) int { return bytes.Compare(a.NodeId, b.NodeId) })
	return nil
}

// pool makes a node's pool as it is in the first epoch, and adds the stake in it to the genesis.
func (n *GenesisNode) pool(g *committeev1.GenesisState) (stake.Pool, stake.Table, error) {
	var rates stake.Table
	id := NodeIDOf(n.Key)
	pool, err := stake.NewPool(id, n.CommissionRate, firstEpoch-1, false)
	if err != nil {
		return pool, nil, err
	}
	if n.Stake > 0 {
		s, err := pool.Stake(n.Stake, stake.Moment{Epoch: firstEpoch - 1})
		if err != nil {
			return pool, nil, err
		}
		g.Stakes = append(g.Stakes, committeev1.Stake{
			Id: stakeIDOf(id), Owner: n.Owner[:], NodeId: id[:], Principal: s.Principal, ActivationEpoch: uint32(s.Activation),
		})
	}
	rate, err := pool.Advance(firstEpoch, 0, rates)
	if err != nil {
		return pool, nil, err
	}
	rates.Add(firstEpoch, rate)
	return pool, rates, nil
}

func stakeIDOf(node committee.NodeID) []byte {
	id := blake2b.Sum256(append([]byte("walrus genesis stake"), node[:]...))
	return id[:]
}

// part returns what a node with some of all shards must offer for the network to have capacity bytes.
func part(capacity uint64, shards, all int) uint64 {
	hi, lo := bits.Mul64(capacity, uint64(shards))
	lo, carry := bits.Add64(lo, uint64(all)-1, 0)
	q, _ := bits.Div64(hi+carry, lo, uint64(all)) // shards are no more than all
	return q
}

// staked returns the sum of the stakes in a genesis. Errors: [economy.ErrOverflow].
func staked(g *committeev1.GenesisState) (sum uint64, err error) {
	for _, s := range g.Stakes {
		if sum, err = economy.Add(sum, s.Principal); err != nil {
			return 0, err
		}
	}
	return sum, nil
}

// ConsensusKeyMessage is what a validator's key signs to show that a node of the chain may name it, see
// walrus.committee.v1.MsgSetConsensusKey.
func ConsensusKeyMessage(chainID string, node committee.NodeID) []byte {
	return committeekeeper.ConsensusKeyMessage(chainID, node)
}
