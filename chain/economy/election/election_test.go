package election

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/committee"
)

// oneByOne is the definition of the apportionment: n times, the best quotient gets a shard.
func oneByOne(stakes []uint64, n uint16) []uint16 {
	counts := make([]uint16, len(stakes))
	for range n {
		counts[nextSeat(stakes, counts, MaxShards(n, len(stakes)))]++
	}
	return counts
}

func randomStakes(rng *rand.Rand) []uint64 {
	stakes := make([]uint64, 1+rng.IntN(60))
	for i := range stakes {
		stakes[i] = rng.Uint64N(1<<(1+rng.IntN(50))) / (1 + rng.Uint64N(3))
	}
	stakes[0]++
	return stakes
}

func TestApportionIsTheDefinition(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		stakes, n := randomStakes(rng), uint16(10+rng.IntN(300))
		got, err := Apportion(stakes, n)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if want := oneByOne(stakes, n); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %v on %d shards:\n got %v\nwant %v", seed, stakes, n, got, want)
		}
	}
}

// Invariant I-6.
// Whatever is called selectable can be apportioned, and what is not cannot.
func TestSelectable(t *testing.T) {
	for n := uint16(1); n <= 40; n++ {
		works := true // so far
		for k := 1; k <= 60; k++ {
			_, err := Apportion(slices.Repeat([]uint64{5}, k), n)
			works = works && err == nil
			if got := Selectable(n, k); got != works {
				t.Errorf("%d shards for up to %d nodes: selectable %v, and apportioned %v", n, k, got, works)
			}
		}
	}
}

func TestApportionIsFair(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 2))
		stakes, n := randomStakes(rng), uint16(10+rng.IntN(1000))
		counts, err := Apportion(stakes, n)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		sum, limit := 0, MaxShards(n, len(stakes))
		for i, a := range counts {
			sum += int(a)
			if int(a) > limit {
				t.Fatalf("seed %d: node %d has %d shards, cap %d", seed, i, a, limit)
			}
			for j, b := range counts {
				if a > 0 && int(b) < limit && quotientAbove(stakes[j], b, stakes[i], a-1) {
					t.Fatalf("seed %d: node %d deserved a shard of node %d", seed, j, i)
				}
				if stakes[i] > stakes[j] && a < b {
					t.Fatalf("seed %d: more stake, fewer shards", seed)
				}
			}
		}
		if sum != int(n) {
			t.Fatalf("seed %d: %d of %d shards handed out", seed, sum, n)
		}
	}
}

func TestApportionRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		stakes []uint64
		n      uint16
		want   error
	}{
		"no stake":          {[]uint64{0, 0}, 10, economy.ErrStakingInnerNoStake},
		"nobody":            {nil, 10, economy.ErrStakingInnerNoStake},
		"caps of nothing":   {slices.Repeat([]uint64{1}, 20), 9, economy.ErrApportionmentQueuePopFromEmptyHeap},
		"more than a total": {[]uint64{1 << 63, 1 << 63}, 10, economy.ErrOverflow},
	}
	for name, tc := range tests {
		if _, err := Apportion(tc.stakes, tc.n); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
}

func TestNoShardsAtAll(t *testing.T) {
	t.Parallel()
	for _, stakes := range [][]uint64{{1, 2}, {1 << 63, 1<<63 - 1}, slices.Repeat([]uint64{1}, 20)} {
		counts, err := Apportion(stakes, 0)
		if err != nil || !slices.Equal(counts, make([]uint16, len(stakes))) {
			t.Errorf("%v: %v, %v", stakes, counts, err)
		}
	}
}

func randomSeats(rng *rand.Rand, n int) []Seat {
	ids := rng.Perm(20)[:1+rng.IntN(15)]
	seats := make([]Seat, len(ids))
	for i, id := range ids {
		seats[i].Node = committee.NodeID{0: byte(id), 31: byte(rng.IntN(2))}
	}
	for range n {
		seats[rng.IntN(len(seats))].Count++
	}
	return slices.DeleteFunc(seats, func(s Seat) bool { return s.Count == 0 })
}

// Invariants I-5 and I-7.
func TestTransitionMovesAsLittleAsPossible(t *testing.T) {
	t.Parallel()
	const shards = 100
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 3))
		now := First(randomSeats(rng, shards))
		for range 5 {
			seats := randomSeats(rng, shards)
			next, err := now.Transition(seats)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			checkTransition(t, now, next, seats, seed)
			now = next
		}
	}
}

func checkTransition(t *testing.T, now, next Committee, seats []Seat, seed uint64) {
	t.Helper()
	held := make(map[committee.Shard]bool)
	for i, m := range next {
		if i > 0 && string(next[i-1].Node[:]) >= string(m.Node[:]) {
			t.Fatalf("seed %d: members are out of order", seed)
		}
		for _, s := range m.Shards {
			held[s] = true
		}
	}
	if len(held) != now.ShardCount() || next.ShardCount() != now.ShardCount() || len(next) != len(seats) {
		t.Fatalf("seed %d: shards were lost", seed)
	}
	losses := 0
	for _, m := range now {
		after, _ := next.Find(m.Node)
		keep := min(len(after), len(m.Shards))
		losses += len(m.Shards) - keep
		if !slices.Equal(after[:keep], m.Shards[:keep]) {
			t.Fatalf("seed %d: %v did not keep the first of its shards", seed, m.Node)
		}
	}
	if moved := now.Moved(next); moved != losses {
		t.Fatalf("seed %d: %d shards moved, %d lost", seed, moved, losses)
	}
}

func TestTransitionRefuses(t *testing.T) {
	t.Parallel()
	a, b := committee.NodeID{1}, committee.NodeID{2}
	now := First([]Seat{{a, 2}, {b, 2}})
	for name, seats := range map[string][]Seat{
		"too many": {{a, 3}, {b, 2}},
		"too few":  {{a, 3}},
		"twice":    {{a, 2}, {a, 2}},
	} {
		if _, err := now.Transition(seats); !errors.Is(err, economy.ErrCommitteeInvalidShardAssignment) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestActiveSetRefusesToBeEmpty(t *testing.T) {
	t.Parallel()
	if _, err := NewActiveSet(0, 0); !errors.Is(err, economy.ErrActiveSetZeroMaxSize) {
		t.Error(err)
	}
}

func BenchmarkApportion(b *testing.B) {
	stakes := make([]uint64, 150)
	for i := range stakes {
		stakes[i] = uint64(i+1) * 1e15
	}
	for b.Loop() {
		if _, err := Apportion(stakes, 1000); err != nil {
			b.Fatal(err)
		}
	}
}
