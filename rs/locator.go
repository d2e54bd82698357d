package rs

import (
	"math/bits"

	"github.com/walrus-go/walrus/gf"
)

// locator returns, for every point i of a domain, the logarithm of the erasure locator's value (at an
// erased point: of its derivative), the sum of log(i^e) over the erased points e other than i.
//
// That sum is a convolution over XOR, so it is computed by Walsh-Hadamard transforms over the
// integers modulo 65535. erased marks the erased points with 1 and is overwritten; logs is
// [transformedLogs] of the same domain. Source: spec: encoding.md section 3.7.
func locator(erased, logs []uint16) []uint16 {
	walsh(erased)
	for i, l := range logs {
		erased[i] = uint16(uint32(erased[i]) * uint32(l) % gf.Modulus)
	}
	walsh(erased)
	return erased
}

// transformedLogs returns the transform of the logarithms of 0..n-1, with zero for that of 0, divided
// by n, which makes up for transforming back and forth.
func transformedLogs(n int) []uint16 {
	logs := make([]uint16, n)
	for i := 1; i < n; i++ {
		logs[i] = gf.Log(uint16(i))
	}
	walsh(logs)
	// 2^16 is one modulo 65535, so the inverse of n = 2^t is 2^(16-t).
	inverse := uint32(1) << ((16 - bits.TrailingZeros(uint(n))) % 16)
	for i := range logs {
		logs[i] = uint16(uint32(logs[i]) * inverse % gf.Modulus)
	}
	return logs
}

// walsh is the Walsh-Hadamard transform modulo 65535, where 0 and 65535 are the same.
func walsh(v []uint16) {
	for h := 1; h < len(v); h *= 2 {
		for first := 0; first < len(v); first += 2 * h {
			low, high := v[first:first+h], v[first+h:first+2*h]
			for i, a := range low {
				b := high[i]
				low[i], high[i] = gf.AddLogs(a, b), gf.SubLogs(a, b)
			}
		}
	}
}
