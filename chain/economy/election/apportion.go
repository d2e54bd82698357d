package election

import (
	"math/bits"

	"github.com/walrus-go/walrus/chain/economy"
)

// capFrom is the number of nodes from which nobody may hold more than a tenth of the shards; capPart is
// that part. Consensus.
const (
	capFrom = 20
	capPart = 10
)

// MaxShards returns the most shards of n that one of k nodes may get. The cap is loose below 20 nodes.
// Source: spec: control-plane.md section 6.2.
func MaxShards(n uint16, k int) int {
	if k <= 0 {
		return 0
	}
	if k >= capFrom {
		return int(n) / capPart
	}
	return (2*int(n) + k - 1) / k
}

// MaxUncapped is the most nodes for which the cap leaves room whatever the number of shards.
const MaxUncapped = capFrom - 1

// Selectable tells whether n shards can be handed out to any number of nodes up to k: fewer than ten shards
// have no tenth that one of twenty nodes could hold. Source: spec: control-plane.md section 6.2.
func Selectable(n uint16, k int) bool { return k <= MaxUncapped || n >= capPart }

// Apportion hands out n shards by stake and returns how many each node gets, in the order of stakes,
// which is that of the active set.
//
// Errors: [economy.ErrStakingInnerNoStake] if nobody has stake,
// [economy.ErrApportionmentQueuePopFromEmptyHeap] if the caps admit fewer than n shards,
// [economy.ErrOverflow] if stakes add up to more than 2^64-1.
// Source: spec: control-plane.md section 6.2.
func Apportion(stakes []uint64, n uint16) ([]uint16, error) {
	var total uint64
	for _, s := range stakes {
		sum, err := economy.Add(total, s)
		if err != nil {
			return nil, err
		}
		total = sum
	}
	if total == 0 {
		return nil, economy.ErrStakingInnerNoStake
	}
	counts := make([]uint16, len(stakes))
	if n == 0 {
		return counts, nil
	}
	limit := MaxShards(n, len(stakes))
	left := int(n)
	// No quotient at or above this divisor can be left out, so these seats need no contest.
	divisor := total/(uint64(n)+1) + 1
	for i, s := range stakes {
		counts[i] = uint16(min(s/divisor, uint64(limit)))
		left -= int(counts[i])
	}
	for ; left > 0; left-- {
		i := nextSeat(stakes, counts, limit)
		if i < 0 {
			return nil, economy.ErrApportionmentQueuePopFromEmptyHeap
		}
		counts[i]++
	}
	return counts, nil
}

// nextSeat returns the node with the largest quotient among those below the limit, the first of equals,
// or -1 if all are at the limit.
func nextSeat(stakes []uint64, counts []uint16, limit int) int {
	best := -1
	for i := range stakes {
		if int(counts[i]) >= limit {
			continue
		}
		if best < 0 || quotientAbove(stakes[i], counts[i], stakes[best], counts[best]) {
			best = i
		}
	}
	return best
}

// quotientAbove tells whether s/(a+1) > t/(b+1), exactly.
func quotientAbove(s uint64, a uint16, t uint64, b uint16) bool {
	leftHi, leftLo := bits.Mul64(s, uint64(b)+1)
	rightHi, rightLo := bits.Mul64(t, uint64(a)+1)
	return leftHi > rightHi || leftHi == rightHi && leftLo > rightLo
}
