// Package election chooses who serves in the next epoch and with which shards.
//
// The idea: the active set keeps the nodes with the most stake. From it, shards are handed out one by one,
// each to the node with the most stake per shard it would then have (D'Hondt), none above a cap. The
// new counts are then met by moving as few shards as possible.
//
// Order is part of the rules: ties go to the node that is earlier in the active set, whose order depends
// on its history. Node IDs are compared as unsigned big-endian numbers.
//
// Start with [ActiveSet.Put], [Apportion] and [Committee.Transition].
// Source: spec: control-plane.md section 6.
package election

import (
	"slices"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/committee"
)

// An ActiveSet is the nodes with the most stake, in an order that only its history explains.
// Source: spec: control-plane.md section 6.1.
type ActiveSet struct {
	Max       int    // most entries
	Threshold uint64 // least stake; 0 admits any stake but none
	Entries   []Candidate
}

// A Candidate is a node with the stake it will have when the next committee begins to serve.
type Candidate struct {
	Node  committee.NodeID
	Stake uint64
}

// NewActiveSet returns an empty set. Errors: [economy.ErrActiveSetZeroMaxSize].
func NewActiveSet(size int, threshold uint64) (ActiveSet, error) {
	if size <= 0 {
		return ActiveSet{}, economy.ErrActiveSetZeroMaxSize
	}
	return ActiveSet{Max: size, Threshold: threshold}, nil
}

// Clone returns a copy that shares nothing with a.
func (a *ActiveSet) Clone() ActiveSet {
	c := *a
	c.Entries = slices.Clone(a.Entries)
	return c
}

// Put sets the stake of node and tells whether it is in the set afterwards. A full set makes room by
// dropping the first node of those with the least stake, if that is below the new one's.
func (a *ActiveSet) Put(node committee.NodeID, stake uint64) bool {
	i := a.index(node)
	if stake == 0 || stake < a.Threshold {
		a.remove(i)
		return false
	}
	if i >= 0 {
		a.Entries[i].Stake = stake
		return true
	}
	if len(a.Entries) < a.Max {
		a.Entries = append(a.Entries, Candidate{node, stake})
		return true
	}
	i = a.weakest(stake)
	if i < 0 {
		return false
	}
	a.Entries[i] = Candidate{node, stake}
	return true
}

// Stake returns the stake of node, or false if it is not in the set.
func (a *ActiveSet) Stake(node committee.NodeID) (uint64, bool) {
	if i := a.index(node); i >= 0 {
		return a.Entries[i].Stake, true
	}
	return 0, false
}

// Total returns the stake of all entries together; it saturates.
func (a *ActiveSet) Total() uint64 {
	var sum uint64
	for _, c := range a.Entries {
		sum = economy.SatAdd(sum, c.Stake)
	}
	return sum
}

// remove moves the last entry into slot i, if there is such a slot.
func (a *ActiveSet) remove(i int) {
	if i < 0 {
		return
	}
	last := len(a.Entries) - 1
	a.Entries[i] = a.Entries[last]
	a.Entries = a.Entries[:last]
}

func (a *ActiveSet) index(node committee.NodeID) int {
	return slices.IndexFunc(a.Entries, func(c Candidate) bool { return c.Node == node })
}

// weakest returns the first entry with the least stake of those below stake, or -1.
func (a *ActiveSet) weakest(stake uint64) int {
	best := -1
	for i, c := range a.Entries {
		if c.Stake < stake && (best < 0 || c.Stake < a.Entries[best].Stake) {
			best = i
		}
	}
	return best
}
