package market

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/committee"
)

func open(capacity uint64) Market {
	return Market{Shards: 100, Capacity: capacity, StoragePrice: 10, WritePrice: 3, Ring: NewRing(7, 10)}
}

// What a payer pays is what the ring gains, and a refused sale changes nothing: invariants I-1 to I-3.
func TestSalesBalance(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 5))
		m := open(1e9)
		for range 200 {
			before := m.Clone()
			size, budget := rng.Uint64N(1e8), rng.Uint64N(1e4)
			var cost uint64
			var err error
			switch rng.IntN(5) {
			case 0:
				_, cost, err = m.ReserveSpace(size, uint32(rng.IntN(13)), budget)
			case 1:
				_, cost, err = m.ReserveSpaceForEpochs(size, committee.Epoch(rng.IntN(30)), committee.Epoch(rng.IntN(30)), budget)
			case 2:
				cost, err = m.Extend(size, committee.Epoch(rng.IntN(30)), uint32(rng.IntN(12)), budget)
			case 3:
				cost, err = m.Grow(size, committee.Epoch(rng.IntN(30)), budget)
			default:
				cost, err = m.ChargeWrite(size, budget)
			}
			if gained := m.Ring.Rewards() - before.Ring.Rewards(); gained != cost || cost > budget {
				t.Fatalf("seed %d: cost %d of at most %d, ring gained %d", seed, cost, budget, gained)
			}
			if err != nil && !slices.Equal(m.Ring, before.Ring) {
				t.Fatalf("seed %d: refused with %v, but the ring changed", seed, err)
			}
			for _, e := range m.Ring {
				if e.Used > m.Capacity {
					t.Fatalf("seed %d: epoch %d is oversold", seed, e.Epoch)
				}
			}
		}
	}
}

func TestRingAdvances(t *testing.T) {
	t.Parallel()
	r := NewRing(3, 4)
	r[0].Rewards, r[1].Used = 5, 6
	if got := r.Advance(); got != (Entry{3, 0, 5}) {
		t.Errorf("ended %v", got)
	}
	if want := (Ring{{4, 6, 0}, {5, 0, 0}, {6, 0, 0}, {7, 0, 0}}); !slices.Equal(r, want) {
		t.Errorf("got %v, want %v", r, want)
	}
	if _, err := r.At(4); !errors.Is(err, economy.ErrStorageAccountingTooFarInFuture) {
		t.Errorf("beyond the horizon: %v", err)
	}
	if e, err := r.At(3); err != nil || e.Epoch != 7 {
		t.Errorf("last entry: %v, %v", e, err)
	}
}

func TestAddSubsidy(t *testing.T) {
	t.Parallel()
	r := NewRing(0, 3)
	each, extra, err := r.AddSubsidy(11, 3)
	if each != 3 || extra != 2 || err != nil || r[0].Rewards != 5 || r.Rewards() != 11 {
		t.Errorf("%d, %d, %v: %v", each, extra, err, r)
	}
	for _, epochs := range []uint32{0, 4, math.MaxUint32} {
		if _, _, err := r.AddSubsidy(1, epochs); !errors.Is(err, economy.ErrSystemStateInnerInvalidEpochsAhead) {
			t.Errorf("%d epochs: %v", epochs, err)
		}
	}
	if _, _, err := r.AddSubsidy(math.MaxUint64, 1); !errors.Is(err, economy.ErrOverflow) || r.Rewards() != 11 {
		t.Errorf("overflow: %v, %v", err, r)
	}
	if err := r.AddRewards(make([]uint64, 4)); !errors.Is(err, economy.ErrSystemStateInnerInvalidEpochsAhead) {
		t.Errorf("too many epochs: %v", err)
	}
}

// The order of checks decides which error a buyer sees.
func TestReserveRefusesInOrder(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		size   uint64
		epochs uint32
		budget uint64
		price  uint64
		want   error
	}{
		"no epochs":       {0, 0, 0, 10, economy.ErrSystemStateInnerInvalidEpochsAhead},
		"beyond horizon":  {0, 11, 0, 10, economy.ErrSystemStateInnerInvalidEpochsAhead},
		"price overflows": {2 << 20, 1, 0, math.MaxUint64, economy.ErrOverflow},
		"sum overflows":   {1, 10, math.MaxUint64, math.MaxUint64 / 2, economy.ErrBalanceNotEnough},
		"too little":      {1e9, 1, 9539, 10, economy.ErrBalanceNotEnough},
		"nothing":         {0, 1, 0, 10, economy.ErrSystemStateInnerInvalidResourceSize},
		"too much":        {1e9, 1, 9540, 10, economy.ErrSystemStateInnerStorageExceeded},
		"far too much":    {math.MaxUint64, 1, math.MaxUint64, 0, economy.ErrSystemStateInnerStorageExceeded},
	}
	for name, tc := range tests {
		m := open(1e9 - 1)
		m.StoragePrice = tc.price
		if _, _, err := m.ReserveSpace(tc.size, tc.epochs, tc.budget); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
	if _, err := New(100, 1001); !errors.Is(err, economy.ErrSystemStateInnerInvalidMaxEpochsAhead) {
		t.Errorf("horizon: %v", err)
	}
}
