package price

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/walrus-go/walrus/chain/economy"
)

// Invariant I-13, and its mirror image for capacity.
func TestVotesHoldAQuorum(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 4))
		votes := make([]Vote, 1+rng.IntN(30))
		n := 0
		for i := range votes {
			votes[i] = Vote{Value: rng.Uint64N(10), Weight: uint16(1 + rng.IntN(50))}
			n += int(votes[i].Weight)
		}
		weight := func(counts func(uint64) bool) (sum int) {
			for _, v := range votes {
				if counts(v.Value) {
					sum += int(v.Weight)
				}
			}
			return sum
		}
		price := FromVotes(votes, uint16(n))
		atMost := weight(func(v uint64) bool { return v <= price })
		below := weight(func(v uint64) bool { return v < price })
		if !economy.IsQuorum(atMost, n) || economy.IsQuorum(below, n) || atMost == below {
			t.Fatalf("seed %d: price %d of %v", seed, price, votes)
		}
		capacity := CapacityFromVotes(votes, uint16(n))
		atLeast := weight(func(v uint64) bool { return v >= capacity })
		above := weight(func(v uint64) bool { return v > capacity })
		if !economy.IsQuorum(atLeast, n) || economy.IsQuorum(above, n) || atLeast == above {
			t.Fatalf("seed %d: capacity %d of %v", seed, capacity, votes)
		}
	}
}

func TestNobodyVotes(t *testing.T) {
	t.Parallel()
	if got := FromVotes(nil, 0); got != math.MaxUint64 {
		t.Errorf("price %d", got)
	}
	if got := CapacityFromVotes(nil, 0); got != 0 {
		t.Errorf("capacity %d", got)
	}
	if got := CapacityVote(5, 0, 10); got != math.MaxUint64 {
		t.Errorf("capacity of a node without shards %d", got)
	}
}

func TestEncodedSizeRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		n        uint16
		size     uint64
		encoding uint8
		want     error
	}{
		"another encoding": {1000, 1, 0, economy.ErrEncodingInvalidEncodingType},
		"no shards":        {0, 1, RS2, economy.ErrOverflow},
		"too large":        {1000, 14_599_533_453, RS2, economy.ErrOverflow},
		"all there is":     {65535, math.MaxUint64, RS2, economy.ErrOverflow},
		"one shard, all":   {1, math.MaxUint64, RS2, economy.ErrOverflow},
		"no even symbol":   {1, 65535, RS2, economy.ErrOverflow},
	}
	for name, tc := range tests {
		if _, err := EncodedSize(tc.n, tc.size, tc.encoding); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
}

func TestLargestBlobOfOneShard(t *testing.T) {
	t.Parallel()
	if got, err := EncodedSize(1, 65534, RS2); err != nil || got != 2*65534+96 {
		t.Errorf("%d, %v", got, err)
	}
}

func TestUnitsRoundUp(t *testing.T) {
	t.Parallel()
	for size, want := range map[uint64]uint64{0: 0, 1: 1, Unit: 1, Unit + 1: 2, math.MaxUint64: 1 << 44} {
		if got := Units(size); got != want {
			t.Errorf("%d bytes: %d units, want %d", size, got, want)
		}
	}
}
