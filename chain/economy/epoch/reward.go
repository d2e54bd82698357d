package epoch

import (
	"math/big"
	"math/bits"

	"github.com/walrus-go/walrus/chain/economy"
)

// burnPart of burnWhole parts of each pot are burned. Consensus.
const (
	burnPart  = 3
	burnWhole = 100
)

// Burn returns how much of a reward pot is burned: floor(3*pot/100).
// Source: spec: control-plane.md sections 1.1 and 7.3.
func Burn(pot uint64) uint64 { return economy.SatMulDiv(pot, burnPart, burnWhole) }

// A Claim is a member's claim to a share of the rewards.
type Claim struct {
	Weight uint16 // shards
	Denied uint64 // encoded bytes on the node's deny list
}

// SplitRewards shares pot among claims in proportion to shards times bytes served, of used bytes stored
// in the epoch. It returns each claim's reward and the remainder, which is the whole pot if nothing was
// stored. Source: spec: control-plane.md section 7.4.
func SplitRewards(pot, used uint64, claims []Claim) (rewards []uint64, remainder uint64) {
	rewards = make([]uint64, len(claims))
	parts := make([]*big.Int, len(claims))
	total := new(big.Int)
	for i, c := range claims {
		parts[i] = part(uint64(c.Weight), economy.SatSub(used, c.Denied))
		total.Add(total, parts[i])
	}
	if total.Sign() == 0 {
		return rewards, pot
	}
	remainder = pot
	amount := new(big.Int).SetUint64(pot)
	for i, p := range parts {
		p.Mul(p, amount).Quo(p, total)
		rewards[i] = p.Uint64()
		remainder -= rewards[i]
	}
	return rewards, remainder
}

// part returns weight*served.
func part(weight, served uint64) *big.Int {
	hi, lo := bits.Mul64(weight, served)
	p := new(big.Int).SetUint64(hi)
	return p.Lsh(p, 64).Or(p, new(big.Int).SetUint64(lo))
}
