package sim

import (
	"flag"
	"fmt"
	"testing"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/epoch"
	"github.com/walrus-go/walrus/committee"
)

var (
	walkEpochs = flag.Int("walk.epochs", 80, "epochs of each random history")
	walkSeed   = flag.Uint64("walk.seed", 1, "seed of the random histories")
)

// TestWalk plays random histories and holds them against the invariants of spec: control-plane.md section
// 11.1: I-1 to I-5, I-8 to I-11, I-14, I-16, I-17 along the way, I-18 by playing everything twice.
func TestWalk(t *testing.T) {
	for name, opt := range map[string]WalkOptions{
		"alone":          {Nodes: 1, ActiveSet: 1},
		"few":            {Nodes: 5, ActiveSet: 5},
		"few compete":    {Nodes: 14, ActiveSet: 6},
		"around the cap": {Nodes: 24, ActiveSet: 21},
		"many":           {Nodes: 150, ActiveSet: 150},
		"many compete":   {Nodes: 150, ActiveSet: 90},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opt.Seed, opt.Operations, opt.Block = *walkSeed, 300, 10
			first, second := walk(t, opt), walk(t, opt)
			if first.Hash() != second.Hash() {
				t.Errorf("seed %d: I-18: two plays differ", opt.Seed)
			}
			t.Logf("seed %d: %d epochs, %d operations of which %d refused, %d nodes, %d in committee, %d stakes, most clamped %d FROST",
				opt.Seed, first.Epoch(), first.Operations, first.Refused, len(first.Nodes), len(first.Current), first.Stakes.Len(), first.Clamped)
			if first.Clamped > 64 {
				t.Errorf("seed %d: I-10: a payout fell short by %d FROST", opt.Seed, first.Clamped)
			}
		})
	}
}

func walk(t *testing.T, opt WalkOptions) *Walk {
	t.Helper()
	k, err := NewWalk(opt)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Epochs(*walkEpochs); err != nil {
		t.Fatal(err)
	}
	return k
}

// The change of an epoch costs the same with a hundred times the stakes.
func BenchmarkEpochChange(b *testing.B) {
	for _, stakes := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("%d stakes", stakes), func(b *testing.B) {
			w, err := New(Genesis{Shards: 1000, EpochDuration: 2, Horizon: 53})
			if err != nil {
				b.Fatal(err)
			}
			for i := range stakes {
				id := committee.NodeID{byte(i % 150)}
				if i < 150 {
					if err := w.RegisterNode(id, 1000, epoch.PriceVote{}, 1e12); err != nil {
						b.Fatal(err)
					}
				}
				if _, _, err := w.Stake(id, economy.Wal+uint64(i)); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				w.Now++
				if _, err := w.VotingEnd(); err != nil {
					b.Fatal(err)
				}
				w.Now++
				if _, err := w.InitiateEpochChange(); err != nil {
					b.Fatal(err)
				}
				w.Machine.Phase, w.Machine.Since = epoch.Done, w.Now
				w.TakeEvents()
			}
		})
	}
}
