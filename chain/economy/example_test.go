package economy_test

import (
	"fmt"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/election"
	"github.com/walrus-go/walrus/chain/economy/epoch"
	"github.com/walrus-go/walrus/chain/economy/market"
	"github.com/walrus-go/walrus/chain/economy/price"
	"github.com/walrus-go/walrus/chain/economy/stake"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/committee"
)

// The worked examples of spec: control-plane.md section 11.2, in its order.

const mebibyte = 1 << 20

// openMarket is a market of 1000 shards in epoch 1 that has plenty to sell at the section's prices.
func openMarket() market.Market {
	return market.Market{
		Shards:       1000,
		Capacity:     1e15,
		StoragePrice: 100_000,
		WritePrice:   20_000,
		Ring:         market.NewRing(1, 53),
	}
}

// must returns v; the examples make no mistakes.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// E1: ten raw MiB for three epochs, and one byte more.
func Example_e1Space() {
	fmt.Println(price.Units(10*mebibyte), price.Units(10*mebibyte+1))
	fmt.Println(price.Due(100_000, 10*mebibyte))

	m := openMarket()
	_, cost, err := m.ReserveSpace(10*mebibyte, 3, 5*economy.Wal)
	fmt.Println(cost, err)
	// Output:
	// 10 11
	// 1000000 <nil>
	// 3000000 <nil>
}

// E2: a blob of 10 MiB on 1000 shards, stored for three epochs and extended by two.
func Example_e2Blob() {
	m := openMarket()
	budget := 5 * economy.Wal
	_, _, err := m.ReserveSpace(10*mebibyte, 3, budget) // E1 came before
	fmt.Println(err)

	encoded := must(price.EncodedSize(1000, 10*mebibyte, price.RS2))
	fmt.Println(must(price.SymbolSize(1000, 10*mebibyte)), encoded, price.Units(encoded))

	span, cost, _ := m.ReserveSpace(encoded, 3, budget)
	fmt.Println(cost)
	claim := storage.Claim{Size: 10 * mebibyte, Encoding: price.RS2}
	claim.ID = storage.DeriveID(claim.Root, claim.Size, claim.Encoding)
	b, _, fee, _ := storage.Register(&m, storage.NewResource(span, encoded), claim, budget)
	fmt.Println(fee)

	_ = b.Certify(m.Now(), [32]byte{}, storage.Certificate{ID: b.ID})
	fmt.Println(b.Extend(&m, 2, budget))
	for _, e := range m.Ring[:5] {
		fmt.Println(e.Epoch, e.Used, e.Rewards)
	}
	// Output:
	// <nil>
	// 48 112080000 107
	// 32100000
	// 2140000
	// 21400000 <nil>
	// 1 122565760 13840000
	// 2 122565760 11700000
	// 3 122565760 11700000
	// 4 112080000 10700000
	// 5 112080000 10700000
}

// E3: what an epoch change does with the pot.
func Example_e3Rewards() {
	pot := uint64(15_140_000)
	burned := epoch.Burn(pot)
	fmt.Println(burned, pot-burned)
	fmt.Println(epoch.SplitRewards(pot-burned, 122_565_760, []epoch.Claim{
		{Weight: 171}, {Weight: 400}, {Weight: 171}, {Weight: 258},
	}))

	// A node of ten refuses one percent of what is stored.
	claims := make([]epoch.Claim, 10)
	for i := range claims {
		claims[i].Weight = 10
	}
	claims[0].Denied = 10_000_000
	burned = epoch.Burn(4770)
	rewards, remainder := epoch.SplitRewards(4770-burned, 1_000_000_000, claims)
	fmt.Println(burned, rewards[0], rewards[1], remainder)
	// Output:
	// 454200 14685800
	// [2511271 5874320 2511271 3788936] 2
	// 143 458 463 2
}

// E4: an exchange rate with a commission of 15 %, one staker from the start and one who comes and goes.
func Example_e4ExchangeRate() {
	var rates stake.Table
	pool := must(stake.NewPool(committee.NodeID{1}, 1500, 0, false))
	advance := func(e committee.Epoch, reward uint64) {
		rate := must(pool.Advance(e, reward, rates))
		rates.Add(e, rate)
		fmt.Println("epoch", e, rate, pool.Balance, pool.Shares, pool.Commission)
	}
	at := func(e committee.Epoch) stake.Moment { return stake.Moment{Epoch: e, InCurrent: e > 0} }

	must(pool.Stake(1000*economy.Wal, at(0)))
	advance(1, 0)
	b := must(pool.Stake(333_333_333_333, at(1)))
	advance(2, 123_456_789_012)
	advance(3, 98_765_432_109)
	fmt.Println(pool.RequestWithdraw(&b, at(3), rates), b.Withdraw)
	advance(4, 55_555_555_555)
	fmt.Println(pool.Withdraw(b, at(4), rates))
	// Output:
	// epoch 1 {0 0} 1000000000000 1000000000000 0
	// epoch 2 {1104938270661 1000000000000} 1438271603994 1301675977911 18518518351
	// epoch 3 {1522222221287 1301675977911} 1522222221287 1301675977911 33333333167
	// <nil> 4
	// epoch 4 {1569444443509 1301675977911} 1205710537909 1000000000000 41666666500
	// 363733905600 <nil>
}

// E5: five nodes, the largest of which runs into the cap.
func Example_e5Apportionment() {
	stakes := []uint64{5000, 3000, 2000, 1999, 1}
	for i := range stakes {
		stakes[i] *= economy.Wal
	}
	fmt.Println(election.MaxShards(1000, len(stakes)))
	fmt.Println(election.Apportion(stakes, 1000))
	// Output:
	// 400
	// [400 258 171 171 0] <nil>
}

// E6: 25 nodes; from 20 on nobody gets more than a tenth.
func Example_e6Apportionment() {
	millions := []uint64{118, 97, 83, 71, 66, 61, 58, 55, 49, 44, 41, 37, 33, 30, 27, 23, 20, 17, 14, 11, 8, 6, 4, 2, 1}
	stakes := make([]uint64, len(millions))
	for i, m := range millions {
		stakes[i] = m*1_000_000*economy.Wal + uint64(7*i)
	}
	fmt.Println(election.Apportion(stakes, 1000))
	// Output:
	// [100 100 88 75 70 65 61 58 52 46 43 39 35 31 28 24 21 18 14 11 8 6 4 2 1] <nil>
}

// E7: how votes become prices and capacity.
func Example_e7Votes() {
	votes := func(weight uint16, values ...uint64) (out []price.Vote) {
		for _, v := range values {
			out = append(out, price.Vote{Value: v, Weight: weight})
		}
		return out
	}
	a := votes(100, 50_000, 50_000, 50_000, 50_000, 50_000, 50_000, 50_000, 10_000, 10_000, 10_000)
	b := votes(100, 1, 1, 1, 1, 1, 10_000, 10_000, 10_000, 50_000, 50_000)
	fmt.Println(price.FromVotes(a, 1000), price.FromVotes(b, 1000))
	fmt.Println(
		price.FromVotes([]price.Vote{{Value: 90, Weight: 333}, {Value: 80, Weight: 334}, {Value: 70, Weight: 333}}, 1000),
		price.FromVotes([]price.Vote{{Value: 90, Weight: 334}, {Value: 80, Weight: 333}, {Value: 70, Weight: 333}}, 1000))

	var capacity []price.Vote
	for i := range uint64(10) {
		capacity = append(capacity, price.Vote{Value: price.CapacityVote((i+1)*1000, 10, 100), Weight: 10})
	}
	fmt.Println(price.CapacityFromVotes(capacity, 100))
	// Output:
	// 50000 10000
	// 80 90
	// 40000
}

// E8: two members leave, two take over.
func Example_e8Reassignment() {
	node := func(n byte) committee.NodeID { return committee.NodeID{31: n} }
	now := election.First([]election.Seat{{Node: node(0), Count: 2}, {Node: node(1), Count: 2}, {Node: node(2), Count: 2}, {Node: node(3), Count: 2}})
	next := must(now.Transition([]election.Seat{{Node: node(3), Count: 4}, {Node: node(2), Count: 4}}))
	for _, m := range next {
		fmt.Println(m.Node[31], m.Shards)
	}
	fmt.Println(now.Moved(next))
	// Output:
	// 2 [4 5 3 2]
	// 3 [6 7 1 0]
	// 4
}

// E9: when voting may end and the next epoch begin.
func Example_e9Timing() {
	m := epoch.Machine{Shards: 10, Duration: 1001, Epoch: 1, Phase: epoch.Sync}
	fmt.Println(m.SyncDone(1, 0, 7, 1350))
	fmt.Println(m.CheckVotingEnd(1849) == nil, m.CheckVotingEnd(1850) == nil)
	m.EndVoting()
	fmt.Println(m.CheckChange(2350) == nil, m.CheckChange(2351) == nil)
	// Output:
	// true <nil>
	// false true
	// false true
}
