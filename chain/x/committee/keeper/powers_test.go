package keeper

import (
	"math/rand/v2"
	"testing"
)

// Whatever changes, those known to sign outweigh the rest two to one, or nothing was known and nothing
// changed; and once all sign, power is shards.
func TestPowers(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5_000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		seats := make([]seat, 1+rng.IntN(150))
		for i := range seats {
			s := &seats[i]
			if rng.IntN(3) > 0 {
				s.weight = 1 + rng.Int64N(400)
			}
			if rng.IntN(3) > 0 {
				s.stood = 1 + rng.Int64N(400)
				s.power = s.stood
				s.proven = rng.IntN(4) > 0
			}
		}
		before := make([]int64, len(seats))
		for i, s := range seats {
			before[i] = s.power
		}
		first := nextPowers(seats)
		checkPowers(t, seed, seats, before, first)
		for i := range seats { // everybody who has power shows up
			s := &seats[i]
			if s.power = first[i]; s.power > 0 {
				s.proven = true
			}
		}
		second := nextPowers(seats)
		settled := true
		for i, s := range seats {
			settled = settled && (s.weight == second[i])
		}
		if sum(weights(seats)) > 0 && sum(first) > 0 && !settled && sum(first) != sum(before) {
			t.Errorf("seed %d: not settled after everybody has signed: %v", seed, second)
		}
	}
}

func checkPowers(t *testing.T, seed uint64, seats []seat, before, after []int64) {
	t.Helper()
	var known, all int64
	same := true
	for i, s := range seats {
		if after[i] < 0 {
			t.Fatalf("seed %d: negative power", seed)
		}
		all += after[i]
		if s.proven {
			known += after[i]
		}
		same = same && after[i] == before[i]
	}
	if all == 0 && sum(before) > 0 {
		t.Errorf("seed %d: nobody is left", seed)
	}
	if !same && 3*known <= 2*all {
		t.Errorf("seed %d: %d of %d is known to sign", seed, known, all)
	}
}

func weights(seats []seat) []int64 {
	var out []int64
	for _, s := range seats {
		out = append(out, s.weight)
	}
	return out
}

func sum(list []int64) (n int64) {
	for _, v := range list {
		n += v
	}
	return n
}

func TestPowersOfFewShards(t *testing.T) {
	t.Parallel()
	// One validator of one shard meets a committee without it that holds all the rest.
	seats := []seat{{stood: 1, power: 1, proven: true}, {weight: 600}, {weight: 399}}
	got := nextPowers(seats)
	if got[0] != transition || got[1] == 0 || got[2] == 0 || 2*(got[1]+got[2]) >= got[0] {
		t.Errorf("newcomers begin with %v", got)
	}
	seats[1].power, seats[1].proven = got[1], true
	if got = nextPowers(seats); got[0] == 0 {
		// 600 known against 399 unknown is not two to one yet: the old one stays.
		t.Errorf("with one newcomer known: %v", got)
	}
	seats[2].power, seats[2].proven = got[2], true
	if got = nextPowers(seats); got[0] != 0 || got[1] != 600 || got[2] != 399 {
		t.Errorf("settled: %v", got)
	}
}
