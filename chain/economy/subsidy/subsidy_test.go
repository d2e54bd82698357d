package subsidy

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/election"
	"github.com/walrus-go/walrus/chain/economy/market"
	"github.com/walrus-go/walrus/committee"
)

func TestRates(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		rate           uint32
		base, perShard uint64
		ok             bool
	}{
		"at the limits":  {MaxRate, math.MaxUint64 % 1000, math.MaxUint64 / 1000, true},
		"rate":           {MaxRate + 1, 0, 0, false},
		"base":           {0, math.MaxUint64%1000 + 1, math.MaxUint64 / 1000, false},
		"per shard":      {0, 0, math.MaxUint64/1000 + 1, false},
		"base by itself": {0, math.MaxUint64, 0, true},
	}
	for name, tc := range tests {
		_, err := New(tc.rate, tc.base, tc.perShard, nil)
		if (err == nil) != tc.ok || err != nil && !errors.Is(err, economy.ErrWalrusSubsidiesInnerInvalidSubsidyRate) {
			t.Errorf("%s: %v", name, err)
		}
		s := Subsidies{Rate: 1}
		if (s.Set(tc.rate, tc.base, tc.perShard) == nil) != tc.ok || !tc.ok && s.Rate != 1 {
			t.Errorf("%s: set to %+v", name, s)
		}
	}
}

// What leaves the pool arrives, a refusal changes nothing, and each epoch's fixed part is paid once.
func TestProcessConserves(t *testing.T) {
	t.Parallel()
	previous := election.First([]election.Seat{{Node: committee.NodeID{1}, Count: 3}, {Node: committee.NodeID{2}, Count: 7}})
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 8))
		ring := market.NewRing(0, 5)
		s, err := New(uint32(rng.IntN(MaxRate)), rng.Uint64N(1000), rng.Uint64N(100), ring)
		if err != nil {
			t.Fatal(err)
		}
		paidFor := make(map[committee.Epoch]bool)
		for range 100 {
			switch rng.IntN(4) {
			case 0:
				ring.Advance()
			case 1:
				if err := s.Fund(rng.Uint64N(1e6)); err != nil {
					t.Fatal(err)
				}
			case 2:
				ring[rng.IntN(len(ring))].Rewards += rng.Uint64N(1e4)
			}
			pool, rewards, before := s.Pool, ring.Rewards(), ring.Clone()
			paid, err := s.Process(ring, previous, 9)
			if err != nil {
				if !errors.Is(err, economy.ErrWalrusSubsidiesInnerInsufficientFundsInPool) || s.Pool != pool || !slices.Equal(ring, before) {
					t.Fatalf("seed %d: %v", seed, err)
				}
				continue
			}
			fixed := uint64(0)
			for _, p := range paid.Fixed {
				fixed += p.Amount
			}
			if fixed != paid.Total || s.Pool+paid.Total+paid.Usage != pool || ring.Rewards() != rewards+paid.Usage {
				t.Fatalf("seed %d: %+v out of %d", seed, paid, pool)
			}
			if len(paid.Fixed) > 0 && paidFor[ring[0].Epoch] {
				t.Fatalf("seed %d: epoch %d paid twice", seed, ring[0].Epoch)
			}
			paidFor[ring[0].Epoch] = paidFor[ring[0].Epoch] || len(paid.Fixed) > 0
			if again, err := s.Process(ring, previous, 9); err != nil || again.Total+again.Usage != 0 {
				t.Fatalf("seed %d: again: %+v, %v", seed, again, err)
			}
		}
	}
}
