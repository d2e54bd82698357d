package sim

import (
	"bytes"
	"fmt"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/election"
	"github.com/walrus-go/walrus/committee"
)

// Check holds the state against the invariants that can be seen at any moment: conservation, the ring, the
// committees, the active set and the pools. Source: spec: control-plane.md section 11.1.
func (w *World) Check() error {
	checks := []func() error{w.checkMoney, w.checkRing, w.checkUsed, w.checkCommittees, w.checkActive, w.checkPools}
	for _, check := range checks {
		if err := check(); err != nil {
			return fmt.Errorf("sim: epoch %d: %w", w.Epoch(), err)
		}
	}
	return nil
}

// checkMoney is invariant I-1.
func (w *World) checkMoney() error {
	held, err := w.Held()
	if err != nil {
		return err
	}
	if sum, err := economy.Add(held, w.External); err != nil || sum != w.Supply {
		return fmt.Errorf("I-1: %d held and %d outside are not the supply of %d", held, w.External, w.Supply)
	}
	return nil
}

// checkRing is invariant I-2.
func (w *World) checkRing() error {
	for i, e := range w.Market.Ring {
		if e.Epoch != w.Epoch()+committee.Epoch(i) {
			return fmt.Errorf("I-2: entry %d is of epoch %d", i, e.Epoch)
		}
	}
	return nil
}

// checkUsed is invariant I-4.
func (w *World) checkUsed() error {
	live := make([]uint64, len(w.Market.Ring))
	count := func(start, end committee.Epoch, size uint64) {
		for i := range live {
			if e := w.Epoch() + committee.Epoch(i); start <= e && e < end {
				live[i] += size
			}
		}
	}
	for _, it := range w.Storage.items {
		count(it.value.Start, it.value.End, it.value.Size)
	}
	for _, it := range w.Blobs.items {
		count(it.value.Storage.Start, it.value.Storage.End, it.value.Storage.Size)
	}
	for _, it := range w.Shared.items {
		s := it.value.Blob.Storage
		count(s.Start, s.End, s.Size)
	}
	for _, it := range w.Pools.items {
		count(it.value.Storage.Start, it.value.Storage.End, it.value.Storage.Size)
	}
	for i, e := range w.Market.Ring {
		if e.Used < live[i] {
			return fmt.Errorf("I-4: epoch %d: %d bytes accounted, %d owned", e.Epoch, e.Used, live[i])
		}
	}
	return nil
}

// checkCommittees is invariant I-5.
func (w *World) checkCommittees() error {
	for _, c := range []election.Committee{w.Previous, w.Current, w.Next} {
		if len(c) == 0 {
			continue
		}
		held := make([]bool, w.Machine.Shards)
		for i, m := range c {
			if i > 0 && bytes.Compare(c[i-1].Node[:], m.Node[:]) >= 0 {
				return fmt.Errorf("I-5: %v is out of order", m.Node)
			}
			if len(m.Shards) == 0 {
				return fmt.Errorf("I-5: %v has no shards", m.Node)
			}
			for _, s := range m.Shards {
				if int(s) >= len(held) || held[s] {
					return fmt.Errorf("I-5: shard %d of %v is not its own", s, m.Node)
				}
				held[s] = true
			}
		}
		if c.ShardCount() != int(w.Machine.Shards) {
			return fmt.Errorf("I-5: %d shards are held", c.ShardCount())
		}
	}
	return nil
}

// checkActive is the part of invariant I-8 that holds at any time.
func (w *World) checkActive() error {
	if len(w.Active.Entries) > w.Active.Max {
		return fmt.Errorf("I-8: %d entries", len(w.Active.Entries))
	}
	seen := make(map[committee.NodeID]bool, len(w.Active.Entries))
	for _, c := range w.Active.Entries {
		if seen[c.Node] || c.Stake == 0 || c.Stake < w.Active.Threshold {
			return fmt.Errorf("I-8: %v is in the set twice or with too little stake", c.Node)
		}
		seen[c.Node] = true
	}
	return nil
}

// checkPools is invariant I-9.
func (w *World) checkPools() error {
	for _, n := range w.Nodes {
		if n.Pool.Shares > n.Pool.Balance {
			return fmt.Errorf("I-9: pool of %v has %d shares of %d FROST", n.ID, n.Pool.Shares, n.Pool.Balance)
		}
		if n.Pool.Blocked > n.Pool.Commission {
			return fmt.Errorf("I-9: pool of %v has more blocked than there is", n.ID)
		}
	}
	return nil
}
