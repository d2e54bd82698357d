package sim

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/epoch"
	"github.com/walrus-go/walrus/committee"
)

// A Story is a network of 25 nodes over some years, with people who act in their interest: users who buy
// less when it is dear, nodes that ask for more when space is short, stakers who move to where they earn
// more. Its figures are made up; what follows from them is the rules' doing.
//
// Two things happen on the way. From epoch [RaiseEpoch] on, the largest node takes most of its stakers'
// rewards for itself. From [GreedEpoch] on, nodes with almost a third of the shards vote for ten times
// the price.
type Story struct {
	*World
	rng     *rand.Rand
	costs   []uint64 // price below which a node does not go, per node
	asks    []uint64 // price that a node thinks fair
	stakers []Handle
	Points  []Point
}

// Epochs in which something happens in a [Story].
const (
	RaiseEpoch = 30
	GreedEpoch = 60
)

// A Point is how things stand when an epoch ends.
type Point struct {
	Epoch      committee.Epoch
	Price      uint64 // FROST per unit and epoch
	LowAsk     uint64 // lowest vote
	HighAsk    uint64 // highest vote
	Used       uint64 // bytes
	Capacity   uint64 // bytes
	Pot        uint64 // FROST to distribute, before the burn
	Burned     uint64
	Commission uint64 // FROST earned by nodes
	Rewards    uint64 // FROST earned by stakers
	Growth     []uint64
	Shards     []int
}

// storyNodes is the stake of the nodes at first, in millions of WAL, in order of size; commissions differ.
var storyNodes = []uint64{118, 97, 83, 71, 66, 61, 58, 55, 49, 44, 41, 37, 33, 30, 27, 23, 20, 17, 14, 11, 8, 6, 4, 2, 1}

// storyCommission is the commission of node i at first, in basis points.
func storyCommission(i int) uint16 { return uint16(500 + 500*(i%5)) }

const (
	storyShards  = 1000
	shardBytes   = 4e12 // what a node provides per shard it has at first
	storyStaking = 20   // stakes per node
	partsPerWal  = 1_000_000_000
)

// NewStory begins a story.
func NewStory(seed uint64) (*Story, error) {
	const day = 86_400_000
	w, err := New(Genesis{Shards: storyShards, EpochDuration: 14 * day, Horizon: 53, Threshold: economy.Wal})
	if err != nil {
		return nil, err
	}
	s := &Story{World: w, rng: rand.New(rand.NewPCG(seed, 0x73746f7279))}
	total := uint64(0)
	for _, m := range storyNodes {
		total += m
	}
	for i, millions := range storyNodes {
		var id committee.NodeID
		binary.BigEndian.PutUint32(id[:], uint32(i+1))
		cost := 70_000 + s.rng.Uint64N(30_000)
		s.costs = append(s.costs, cost)
		s.asks = append(s.asks, cost)
		capacity := millions * storyShards / total * shardBytes * (90 + s.rng.Uint64N(40)) / 100
		err := s.RegisterNode(id, storyCommission(i), epoch.PriceVote{Storage: cost, Write: cost / 5}, capacity+shardBytes)
		if err != nil {
			return nil, err
		}
		for range storyStaking {
			h, _, err := s.Stake(id, millions*1_000_000/storyStaking*economy.Wal)
			if err != nil {
				return nil, err
			}
			s.stakers = append(s.stakers, h)
		}
	}
	if _, err := s.VotingEnd(); err != nil {
		return nil, err
	}
	_, err = s.InitiateEpochChange()
	return s, err
}

// Play plays n epochs and adds a point for each.
func (s *Story) Play(n int) error {
	for range n {
		if err := s.turn(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Story) turn() error {
	for _, m := range s.Current {
		if err := s.EpochSyncDone(m.Node, s.Epoch()); err != nil {
			return err
		}
	}
	s.ask()
	if err := s.use(); err != nil {
		return err
	}
	s.stakersMove()
	s.Now += s.Machine.Duration / 2
	if _, err := s.VotingEnd(); err != nil {
		return err
	}
	s.Now += s.Machine.Duration - s.Machine.Duration/2
	p := s.point()
	before := s.commission()
	done, err := s.InitiateEpochChange()
	if err != nil {
		return err
	}
	if err := failures(done.Failed); err != nil {
		return err
	}
	p.Burned, p.Commission = done.Burned, s.commission()-before
	for _, r := range done.Rewards {
		p.Rewards += r.Amount
	}
	p.Rewards -= p.Commission
	s.Points = append(s.Points, p)
	s.TakeEvents()
	return s.Check()
}

func (s *Story) point() Point {
	p := Point{
		Epoch:    s.Epoch(),
		Price:    s.Market.StoragePrice,
		LowAsk:   math.MaxUint64,
		Used:     s.Market.Used(),
		Capacity: s.Market.Capacity,
		Pot:      s.Market.Ring[0].Rewards,
	}
	for _, n := range s.Nodes {
		p.LowAsk, p.HighAsk = min(p.LowAsk, n.Price.Storage), max(p.HighAsk, n.Price.Storage)
		p.Growth = append(p.Growth, growth(n))
		p.Shards = append(p.Shards, int(s.Current.Weight(n.ID)))
	}
	return p
}

// growth is what has become of one WAL staked with a node at first, in FROST.
func growth(n *Node) uint64 {
	rate, ok := n.Rates.AtOrBefore(math.MaxUint32)
	if !ok || rate.IsFlat() {
		return partsPerWal
	}
	return economy.SatMulDiv(partsPerWal, rate.Wal, rate.Shares)
}

func (s *Story) commission() uint64 {
	sum := uint64(0)
	for _, n := range s.Nodes {
		sum += n.Pool.Commission
	}
	return sum
}

// ask lets nodes vote: more where space is short, less where it is not, never below their cost.
func (s *Story) ask() {
	full := s.Market.Used() * 100 / max(s.Market.Capacity, 1)
	greedy := 0
	for i, n := range s.Nodes {
		ask := &s.asks[i]
		switch {
		case full > 85:
			*ask += *ask / 25
		case full < 60:
			*ask -= *ask / 33
		}
		*ask = max(*ask, s.costs[i])
		n.Price = epoch.PriceVote{Storage: *ask, Write: *ask / 5}
		weight := int(s.Current.Weight(n.ID))
		if s.Epoch() >= GreedEpoch && 3*(greedy+weight) < storyShards {
			greedy += weight
			n.Price.Storage *= 10
		}
	}
	if s.Epoch() == RaiseEpoch {
		if err := s.SetCommission(s.Nodes[0].ID, 8000); err != nil {
			panic(err) // 80 % is a commission rate
		}
	}
	s.UpdatePrices()
}

// use lets users buy: more every epoch, less the dearer it is.
func (s *Story) use() error {
	const reference = 100_000
	terms := []uint32{2, 6, 13, 26, 52}
	demand := uint64(6e13) * (100 + 4*uint64(s.Epoch())) / 100
	demand = economy.SatMulDiv(demand, reference, max(s.Market.StoragePrice, 1))
	for range 20 {
		size := demand/40 + s.rng.Uint64N(demand/20+1)
		term := terms[s.rng.IntN(len(terms))]
		for range 6 {
			_, _, _, err := s.Reserve(size, term, math.MaxUint64)
			if err == nil {
				break
			}
			if !errors.Is(err, economy.ErrSystemStateInnerStorageExceeded) {
				return err
			}
			size /= 2
		}
	}
	return nil
}

// stakersMove lets some stakers leave for a node that pays more of its rewards on.
func (s *Story) stakersMove() {
	for i, h := range s.stakers {
		st, err := s.Stakes.Get(h)
		if err != nil {
			continue
		}
		if st.Withdrawing {
			if amount, err := s.Withdraw(h); err == nil {
				s.stakers[i], _, _ = s.Stake(s.best().ID, amount)
			}
			continue
		}
		here := s.nodes[st.Node].Pool.CommissionRate
		if s.rng.IntN(40) == 0 && here > s.best().Pool.CommissionRate+1000 {
			if _, err := s.RequestWithdraw(h); errors.Is(err, economy.ErrStakingPoolWithdrawDirectly) {
				if amount, err := s.Withdraw(h); err == nil {
					s.stakers[i], _, _ = s.Stake(s.best().ID, amount)
				}
			}
		}
	}
}

// best is a node that stakers think well of: one with the lowest commission, at random so that they spread.
func (s *Story) best() *Node {
	var cheapest []*Node
	for _, n := range s.Nodes {
		switch {
		case len(cheapest) == 0 || n.Pool.CommissionRate < cheapest[0].Pool.CommissionRate:
			cheapest = append(cheapest[:0], n)
		case n.Pool.CommissionRate == cheapest[0].Pool.CommissionRate:
			cheapest = append(cheapest, n)
		}
	}
	return cheapest[s.rng.IntN(len(cheapest))]
}
