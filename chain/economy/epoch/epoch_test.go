package epoch

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/election"
	"github.com/walrus-go/walrus/chain/economy/market"
	"github.com/walrus-go/walrus/chain/economy/stake"
	"github.com/walrus-go/walrus/committee"
)

// Invariant I-12.
func TestSplitRewards(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 7))
		used := rng.Uint64() >> rng.IntN(64)
		claims := make([]Claim, 1+rng.IntN(150))
		served := false
		for i := range claims {
			claims[i] = Claim{Weight: uint16(1 + rng.IntN(100)), Denied: rng.Uint64() >> rng.IntN(64)}
			if rng.IntN(3) > 0 {
				claims[i].Denied = 0
			}
			served = served || claims[i].Denied < used
		}
		pot := rng.Uint64() >> rng.IntN(64)
		rewards, remainder := SplitRewards(pot, used, claims)
		sum := remainder
		for i, r := range rewards {
			sum += r
			if claims[i] == claims[0] && r != rewards[0] {
				t.Fatalf("seed %d: equal claims, rewards %d and %d", seed, rewards[0], r)
			}
		}
		if sum != pot {
			t.Fatalf("seed %d: %d of %d split", seed, sum, pot)
		}
		if served && remainder >= uint64(len(claims)) || !served && remainder != pot {
			t.Fatalf("seed %d: %d of %d remain", seed, remainder, pot)
		}
	}
}

func TestSyncDoneRefusesInOrder(t *testing.T) {
	t.Parallel()
	m := Machine{Shards: 10, Epoch: 3, Phase: Sync}
	tests := map[string]struct {
		e, last committee.Epoch
		weight  uint16
		want    error
	}{
		"another epoch": {2, 3, 0, economy.ErrStakingInnerInvalidSyncEpoch},
		"again":         {3, 3, 0, economy.ErrStakingInnerDuplicateSyncDone},
		"a stranger":    {3, 2, 0, economy.ErrStakingInnerNotInCommittee},
	}
	for name, tc := range tests {
		before := m
		if _, err := m.SyncDone(tc.e, tc.last, tc.weight, 5); !errors.Is(err, tc.want) || m != before {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
	if done, err := m.SyncDone(3, 0, 6, 5); done || err != nil || m.Reported != 6 {
		t.Errorf("six of ten: %v, %v", done, err)
	}
	if done, err := m.SyncDone(3, 0, 1, 9); !done || err != nil || m.Since != 9 {
		t.Errorf("seven of ten: %v, %v", done, err)
	}
	before := m
	if done, err := m.SyncDone(3, 0, 3, 11); done || err != nil || m != before {
		t.Errorf("a late report: %v, %v", done, err)
	}
}

// A network in memory: nodes with equal stake, all of them in the committee.
type network struct {
	pools  map[committee.NodeID]stake.Pool
	turn   Turn
	broken map[committee.NodeID]func()
}

func newNetwork(t testing.TB, nodes int) *network {
	t.Helper()
	n := &network{pools: make(map[committee.NodeID]stake.Pool), broken: make(map[committee.NodeID]func())}
	active, err := election.NewActiveSet(nodes, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range nodes {
		var id committee.NodeID
		binary.BigEndian.PutUint32(id[:], uint32(i))
		pool, err := stake.NewPool(id, 1000, 0, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pool.Stake(1000*economy.Wal, stake.Moment{}); err != nil {
			t.Fatal(err)
		}
		if _, err := pool.Advance(1, 0, stake.Table(nil)); err != nil {
			t.Fatal(err)
		}
		n.pools[id] = pool
		active.Put(id, pool.Balance)
	}
	sel, err := Select(active, nil, 1000, n.capacity)
	if err != nil || len(sel.Failed) > 0 {
		t.Fatal(err, sel.Failed)
	}
	ring := market.NewRing(1, 53)
	ring[0].Used, ring[0].Rewards = 1e12, 1_000_003
	n.turn = Turn{
		Epoch:    2,
		Old:      sel.Committee,
		New:      sel.Committee,
		Market:   market.Market{Shards: 1000, Ring: ring},
		Capacity: sel.Capacity,
		Active:   active,
		Denied:   func(committee.NodeID) (uint64, error) { return 0, nil },
		Pool:     n.pool,
	}
	return n
}

var errDisk = errors.New("state cannot be read")

func (n *network) capacity(id committee.NodeID) (uint64, error) {
	if f, ok := n.broken[id]; ok {
		f()
		return 0, errDisk
	}
	return 1e12, nil
}

func (n *network) pool(id committee.NodeID) (stake.Pool, stake.Rates, error) {
	if f, ok := n.broken[id]; ok {
		f()
		return stake.Pool{}, nil, errDisk
	}
	return n.pools[id], stake.Table(nil), nil
}

func TestChange(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, 30)
	checkChange(t, n, Change(n.turn), 0)
}

// checkChange holds a change against what was paid: invariants I-1 and I-2.
func checkChange(t *testing.T, n *network, c Changed, failed int) {
	t.Helper()
	sum := c.Burned + c.Leftover
	for _, r := range c.Rewards {
		sum += r.Amount
	}
	if pot := n.turn.Market.Ring[0].Rewards; sum != pot {
		t.Errorf("%d of a pot of %d accounted for", sum, pot)
	}
	if len(c.Pools) != len(n.turn.Old)-failed || len(c.Failed) != failed {
		t.Errorf("%d pools processed, %d failed: %v", len(c.Pools), len(c.Failed), c.Failed)
	}
	in := uint64(0)
	for _, p := range c.Pools {
		in += p.Pool.RewardsPool + p.Pool.Commission
	}
	if in != sum-c.Burned-c.Leftover {
		t.Errorf("%d in the pools", in)
	}
	if c.Market.Ring[0].Epoch != 2 || c.Market.Ring[0].Rewards != c.Leftover || len(c.Market.Ring) != 53 {
		t.Errorf("ring begins with %v", c.Market.Ring[0])
	}
	if n.turn.Market.Ring[0].Epoch != 1 {
		t.Error("the old market changed")
	}
}

// Nothing on the path of an epoch change fails because of one party.
func TestChangeOutlastsBrokenNodes(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, 30)
	at := func(i int) committee.NodeID { return n.turn.Old[i].Node }
	n.broken[at(3)] = func() {}
	n.broken[at(17)] = func() { panic("poisoned") }
	overflowing := n.pools[at(5)]
	overflowing.Balance = ^uint64(0)
	n.pools[at(5)] = overflowing
	upside := n.pools[at(6)]
	upside.Shares = upside.Balance * 3
	n.pools[at(6)] = upside
	n.pools[at(7)] = stake.Pool{Node: at(7), Latest: 9} // says it was processed already

	c := Change(n.turn)
	checkChange(t, n, c, 5)
	if c.Leftover < 5*(1_000_003-c.Burned)/30 {
		t.Errorf("rewards of broken nodes are lost: %d left over", c.Leftover)
	}

	sel, err := Select(n.turn.Active, n.turn.Old, 1000, n.capacity)
	if err != nil || len(sel.Failed) != 2 || len(sel.Committee) != 28 || sel.Committee.ShardCount() != 1000 {
		t.Errorf("%d members, %v, %v", len(sel.Committee), sel.Failed, err)
	}
	force := PriceVote{Storage: 7, Write: 3}
	got := Prices(n.turn.Old, 1000, force, func(id committee.NodeID) (PriceVote, error) {
		if id == at(3) {
			panic("poisoned")
		}
		if id == at(4) {
			return PriceVote{}, errDisk
		}
		return PriceVote{Storage: 7, Write: 3}, nil
	})
	if got != force {
		t.Errorf("prices %v", got)
	}
}

// A node whose deny list cannot be read goes without a reward, and no more than that.
func TestChangeOutlastsBrokenDenyList(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, 10)
	n.turn.Denied = func(id committee.NodeID) (uint64, error) {
		if id == n.turn.Old[2].Node {
			panic("poisoned")
		}
		return 0, nil
	}
	c := Change(n.turn)
	if len(c.Failed) != 1 || len(c.Pools) != 10 || c.Rewards[2].Amount != 0 || c.Rewards[3].Amount == 0 {
		t.Errorf("%v, %v", c.Failed, c.Rewards)
	}
}

// A member whose balance is gone cannot take a reward; the pot keeps it, and the pool moves on.
func TestRewardForAnEmptyPool(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, 10)
	id := n.turn.Old[0].Node
	n.pools[id] = stake.Pool{Node: id, Latest: 1}
	c := Change(n.turn)
	if len(c.Failed) != 0 || c.Rewards[0].Amount != 0 || c.Pools[0].Pool.Latest != 2 {
		t.Errorf("%+v, %v", c.Pools[0], c.Failed)
	}
	checkChange(t, n, c, 0)
}

func BenchmarkChange(b *testing.B) {
	n := newNetwork(b, 150)
	for b.Loop() {
		if c := Change(n.turn); len(c.Failed) > 0 {
			b.Fatal(c.Failed)
		}
	}
}

func BenchmarkSelect(b *testing.B) {
	n := newNetwork(b, 150)
	for b.Loop() {
		if _, err := Select(n.turn.Active, n.turn.Old, 1000, n.capacity); err != nil {
			b.Fatal(err)
		}
	}
}
