package economy

import "math/bits"

// Units and bounds of the protocol. All of them are consensus: another value is another network.
// Source: spec: control-plane.md sections 1.1 and 1.2.
const (
	// Wal is one WAL in FROST.
	Wal uint64 = 1_000_000_000
	// GenesisSupply is minted once, in FROST; there is no further mint.
	GenesisSupply uint64 = 5_000_000_000 * Wal
	// BasisPoints is 100 %.
	BasisPoints = 10_000
	// MinStake is the least principal of a staked WAL object, in FROST.
	MinStake = Wal
	// MaxEpochsAhead bounds the horizon L of the accounting ring.
	MaxEpochsAhead = 1000
	// MaxActiveSet is the default size of the active set.
	MaxActiveSet = 150
)

// Add returns a+b, or [ErrOverflow].
func Add(a, b uint64) (uint64, error) {
	sum, carry := bits.Add64(a, b, 0)
	if carry != 0 {
		return 0, ErrOverflow
	}
	return sum, nil
}

// Sub returns a-b, or [ErrOverflow] if b is larger.
func Sub(a, b uint64) (uint64, error) {
	if b > a {
		return 0, ErrOverflow
	}
	return a - b, nil
}

// Mul returns a*b, or [ErrOverflow].
func Mul(a, b uint64) (uint64, error) {
	hi, lo := bits.Mul64(a, b)
	if hi != 0 {
		return 0, ErrOverflow
	}
	return lo, nil
}

// MulDiv returns floor(a*b/c) with a product of 128 bits, or [ErrOverflow] if the quotient needs more
// than 64 bits or c is zero.
func MulDiv(a, b, c uint64) (uint64, error) {
	hi, lo := bits.Mul64(a, b)
	if hi >= c {
		return 0, ErrOverflow
	}
	q, _ := bits.Div64(hi, lo, c)
	return q, nil
}

// SatAdd returns a+b, or 2^64-1 if that is less.
func SatAdd(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	if carry != 0 {
		return ^uint64(0)
	}
	return sum
}

// SatMulDiv returns floor(a*b/c), or 2^64-1 if that is less or c is zero.
func SatMulDiv(a, b, c uint64) uint64 {
	q, err := MulDiv(a, b, c)
	if err != nil {
		return ^uint64(0)
	}
	return q
}

// SatSub returns a-b, or 0 if b is larger.
func SatSub(a, b uint64) uint64 {
	if b > a {
		return 0
	}
	return a - b
}
