package economy_test

import (
	"cmp"
	"encoding/json"
	"math/big"
	"testing"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/election"
	"github.com/walrus-go/walrus/chain/economy/epoch"
	"github.com/walrus-go/walrus/chain/economy/price"
	"github.com/walrus-go/walrus/chain/economy/stake"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/chain/economy/subsidy"
	"github.com/walrus-go/walrus/committee"
)

func testEncodedLength(t *testing.T, entries json.RawMessage) {
	each(t, entries, func(t *testing.T, v struct {
		Shards     uint16 `json:"n_shards"`
		Size       number `json:"unencoded_size"`
		Encoding   uint8  `json:"encoding_type"`
		SymbolSize uint16 `json:"symbol_size"`
		Encoded    number `json:"encoded_size"`
		Units      number `json:"storage_units"`
		Error      string
	}) {
		encoded, err := price.EncodedSize(v.Shards, uint64(v.Size), v.Encoding)
		if wantError(t, err, v.Error) {
			return
		}
		symbol, err := price.SymbolSize(v.Shards, uint64(v.Size))
		wantError(t, err, "")
		equal(t, "symbol size", symbol, v.SymbolSize)
		equal(t, "encoded size", encoded, uint64(v.Encoded))
		equal(t, "units", price.Units(encoded), uint64(v.Units))
	})
}

func testStorageCost(t *testing.T, entries json.RawMessage) {
	each(t, entries, func(t *testing.T, v struct {
		Size     number
		Price    number `json:"price_per_unit"`
		Epochs   uint64
		Units    *number
		PerEpoch number `json:"per_epoch"`
		Total    string
		Error    string
	}) {
		if v.Units != nil {
			equal(t, "units", price.Units(uint64(v.Size)), uint64(*v.Units))
		}
		due, err := price.Due(uint64(v.Price), uint64(v.Size))
		if wantError(t, err, v.Error) {
			return
		}
		equal(t, "per epoch", due, uint64(v.PerEpoch))
		total := new(big.Int).SetUint64(due)
		equal(t, "total", total.Mul(total, new(big.Int).SetUint64(v.Epochs)).String(), v.Total)
	})
}

func testBlobID(t *testing.T, entries json.RawMessage) {
	each(t, entries, func(t *testing.T, v struct {
		Encoding uint8 `json:"encoding_type"`
		Size     number
		Root     id `json:"root_hash"`
		ID       id `json:"blob_id"`
	}) {
		equal(t, "blob ID", id(storage.DeriveID(v.Root, uint64(v.Size), v.Encoding)), v.ID)
	})
}

func testThresholds(t *testing.T, entries json.RawMessage) {
	each(t, entries, func(t *testing.T, v struct {
		Shards     int `json:"n_shards"`
		Faulty     int `json:"f"`
		Quorum     int `json:"quorum_min"`
		OneCorrect int `json:"one_correct_min"`
	}) {
		equal(t, "f", committee.Faulty(v.Shards), v.Faulty)
		for w := range v.Shards + 1 {
			if got := economy.IsQuorum(w, v.Shards); got != (w >= v.Quorum) || got != (3*w >= 2*v.Shards+1) {
				t.Errorf("quorum of %d: %v", w, got)
			}
			if got := economy.HasOneCorrect(w, v.Shards); got != (w >= v.OneCorrect) || got != (3*w >= v.Shards+1) {
				t.Errorf("one correct of %d: %v", w, got)
			}
		}
	})
}

func testPriceVote(t *testing.T, entries json.RawMessage) {
	each(t, entries, func(t *testing.T, v struct {
		Shards uint16 `json:"n_shards"`
		Votes  []struct {
			Value  number
			Weight uint16
		}
		Price number
	}) {
		var votes []price.Vote
		for _, vote := range v.Votes {
			votes = append(votes, price.Vote{Value: uint64(vote.Value), Weight: vote.Weight})
		}
		equal(t, "price", price.FromVotes(votes, v.Shards), uint64(v.Price))
	})
}

func testCapacityVote(t *testing.T, entries json.RawMessage) {
	each(t, entries, func(t *testing.T, v struct {
		Shards uint16 `json:"n_shards"`
		Nodes  []struct {
			Capacity number `json:"node_capacity"`
			Weight   uint16
			Vote     number
		}
		Capacity number
	}) {
		var votes []price.Vote
		for _, n := range v.Nodes {
			vote := price.CapacityVote(uint64(n.Capacity), n.Weight, v.Shards)
			equal(t, "vote", vote, uint64(n.Vote))
			votes = append(votes, price.Vote{Value: vote, Weight: n.Weight})
		}
		equal(t, "capacity", price.CapacityFromVotes(votes, v.Shards), uint64(v.Capacity))
	})
}

func testApportionment(t *testing.T, entries json.RawMessage) {
	each(t, entries, func(t *testing.T, v struct {
		Shards     uint16 `json:"n_shards"`
		MaxShards  *int   `json:"max_shards"`
		Stakes     []number
		Allocation []uint16
		Error      string
	}) {
		if v.MaxShards != nil {
			equal(t, "cap", election.MaxShards(v.Shards, len(v.Stakes)), *v.MaxShards)
		}
		stakes := make([]uint64, len(v.Stakes))
		for i, s := range v.Stakes {
			stakes[i] = uint64(s)
		}
		counts, err := election.Apportion(stakes, v.Shards)
		if !wantError(t, err, v.Error) {
			equalSlices(t, "allocation", counts, v.Allocation)
		}
	})
}

func testMaxShards(t *testing.T, entries json.RawMessage) {
	each(t, entries, func(t *testing.T, v struct {
		Shards    uint16 `json:"n_shards"`
		Nodes     int    `json:"n_nodes"`
		MaxShards int    `json:"max_shards"`
	}) {
		equal(t, "cap", election.MaxShards(v.Shards, v.Nodes), v.MaxShards)
	})
}

func testActiveSet(t *testing.T, entries json.RawMessage) {
	type entry struct {
		ID    id
		Stake number
		InSet bool `json:"in_set"`
	}
	each(t, entries, func(t *testing.T, v struct {
		Max       int `json:"max_size"`
		Threshold number
		Ops       []entry
		Final     []entry
		Total     number `json:"total_stake"`
		Error     string
	}) {
		set, err := election.NewActiveSet(v.Max, uint64(v.Threshold))
		if wantError(t, err, v.Error) {
			return
		}
		for _, op := range v.Ops {
			equal(t, "in set", set.Put(committee.NodeID(op.ID), uint64(op.Stake)), op.InSet)
		}
		var want []election.Candidate
		for _, e := range v.Final {
			want = append(want, election.Candidate{Node: committee.NodeID(e.ID), Stake: uint64(e.Stake)})
		}
		equalSlices(t, "set", set.Entries, want)
		equal(t, "total", set.Total(), uint64(v.Total))
	})
}

// A seat and a member as the vectors write them.
type (
	seat struct {
		ID id
		N  uint16
	}
	member struct {
		ID     id
		Shards []committee.Shard
	}
)

func seats(list []seat) (out []election.Seat) {
	for _, s := range list {
		out = append(out, election.Seat{Node: committee.NodeID(s.ID), Count: s.N})
	}
	return out
}

func members(list []member) (out election.Committee) {
	for _, m := range list {
		out = append(out, election.Member{Node: committee.NodeID(m.ID), Shards: m.Shards})
	}
	return out
}

func equalCommittee(t *testing.T, got, want election.Committee) {
	t.Helper()
	equal(t, "members", len(got), len(want))
	for i := range min(len(got), len(want)) {
		equal(t, "member", got[i].Node, want[i].Node)
		equalSlices(t, "shards of "+got[i].Node.String(), got[i].Shards, want[i].Shards)
	}
}

func testCommitteeInit(t *testing.T, entries json.RawMessage) {
	each(t, entries, func(t *testing.T, v struct {
		Assign    []seat
		Committee []member
	}) {
		equalCommittee(t, election.First(seats(v.Assign)), members(v.Committee))
	})
}

func testCommitteeTransition(t *testing.T, entries json.RawMessage) {
	each(t, entries, func(t *testing.T, v struct {
		Old    []member
		Assign []seat
		New    []member
		Moved  number `json:"moved_count"`
		Error  string
	}) {
		old := members(v.Old)
		next, err := old.Transition(seats(v.Assign))
		if wantError(t, err, v.Error) {
			return
		}
		equalCommittee(t, next, members(v.New))
		equal(t, "moved", old.Moved(next), int(v.Moved))
	})
}

func testExchangeRate(t *testing.T, entries json.RawMessage) {
	each(t, entries, func(t *testing.T, v struct {
		Wal      number `json:"wal_amount"`
		Shares   number `json:"share_amount"`
		Amount   number
		ToShares number `json:"to_shares"`
		ToWal    number `json:"to_wal"`
		Error    string
	}) {
		rate, err := stake.MakeRate(uint64(v.Wal), uint64(v.Shares))
		shares, errShares := rate.ToShares(uint64(v.Amount))
		wal, errWal := rate.ToWal(uint64(v.Amount))
		if wantError(t, cmp.Or(err, errShares, errWal), v.Error) {
			return
		}
		equal(t, "shares", shares, uint64(v.ToShares))
		equal(t, "WAL", wal, uint64(v.ToWal))
	})
}

func testRewardSplit(t *testing.T, entries json.RawMessage) {
	each(t, entries, func(t *testing.T, v struct {
		Pot     number `json:"pot_before_burn"`
		Used    number `json:"used_capacity"`
		Members []struct {
			ID     id
			Weight uint16
			Denied number `json:"deny_list_size"`
		}
		Burned        number
		Distributable number
		Rewards       []struct {
			ID     id
			Amount number
		}
		Leftover number `json:"leftover_to_next_epoch"`
	}) {
		burned := epoch.Burn(uint64(v.Pot))
		equal(t, "burned", burned, uint64(v.Burned))
		pot := uint64(v.Pot) - burned
		equal(t, "distributable", pot, uint64(v.Distributable))
		var claims []epoch.Claim
		for _, m := range v.Members {
			claims = append(claims, epoch.Claim{Weight: m.Weight, Denied: uint64(m.Denied)})
		}
		rewards, leftover := epoch.SplitRewards(pot, uint64(v.Used), claims)
		for i, r := range v.Rewards {
			equal(t, "order", r.ID, v.Members[i].ID)
			equal(t, "reward", rewards[i], uint64(r.Amount))
		}
		equal(t, "leftover", leftover, uint64(v.Leftover))
	})
}

func testLegacySubsidy(t *testing.T, entries json.RawMessage) {
	each(t, entries, func(t *testing.T, v struct {
		Cost       number
		Pool       number
		BuyerRate  uint16 `json:"buyer_rate"`
		SystemRate uint16 `json:"system_rate"`
		Buyer      number `json:"buyer_subsidy"`
		System     number `json:"system_subsidy"`
		After      number `json:"pool_after"`
	}) {
		buyer, system := subsidy.SplitLegacy(uint64(v.Cost), uint64(v.Pool), v.BuyerRate, v.SystemRate)
		equal(t, "buyer", buyer, uint64(v.Buyer))
		equal(t, "system", system, uint64(v.System))
		equal(t, "pool", uint64(v.Pool)-buyer-system, uint64(v.After))
	})
}
