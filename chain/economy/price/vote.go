package price

import (
	"cmp"
	"math"
	"slices"

	"github.com/walrus-go/walrus/chain/economy"
)

// A Vote is a value with the number of shards behind it.
type Vote struct {
	Value  uint64
	Weight uint16
}

// FromVotes returns the price that votes make on n shards: the smallest value such that members voting
// at most that much are a quorum. Without a quorum of votes, as in epoch 0, it is 2^64-1: nobody can pay.
//
// Source: spec: control-plane.md section 1.5.
func FromVotes(votes []Vote, n uint16) uint64 {
	return reachQuorum(votes, n, math.MaxUint64, func(a, b Vote) int { return cmp.Compare(a.Value, b.Value) })
}

// CapacityFromVotes returns the capacity that votes make on n shards: the largest value such that members
// voting at least that much are a quorum. Without a quorum of votes it is 0.
//
// Source: spec: control-plane.md section 1.5.
func CapacityFromVotes(votes []Vote, n uint16) uint64 {
	return reachQuorum(votes, n, 0, func(a, b Vote) int { return cmp.Compare(b.Value, a.Value) })
}

// reachQuorum returns the value at which the weights, added up in the given order, reach a quorum.
func reachQuorum(votes []Vote, n uint16, otherwise uint64, order func(a, b Vote) int) uint64 {
	sorted := slices.SortedFunc(slices.Values(votes), order)
	weight := 0
	for _, v := range sorted {
		weight += int(v.Weight)
		if economy.IsQuorum(weight, int(n)) {
			return v.Value
		}
	}
	return otherwise
}

// CapacityVote scales what one node can store to what the network can, if the node has weight of n
// shards: min(floor(capacity*n/weight), 2^64-1). A node without shards has no bound.
//
// Source: spec: control-plane.md section 1.5.
func CapacityVote(capacity uint64, weight, n uint16) uint64 {
	return economy.SatMulDiv(capacity, uint64(n), uint64(weight))
}
