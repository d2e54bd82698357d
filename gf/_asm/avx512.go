package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// avx512 holds a block in one register, low bytes in its lower half. Multiplication by a constant is
// linear over bits, so it is a 16x16 matrix of them: four 8x8 ones, which GFNI applies to bytes. One
// instruction does both that keep a byte in its half, another both that move it across:
//
//	product = straight(x) ^ swap(crossing(x))
//
// Registers: block i in Zi, scratch Z8 and Z9, factor i's matrices in Z(16+2i) and Z(17+2i).
// Source: Intel's GFNI technology guide for the instruction; the arrangement is ours.
type avx512 struct{}

func (*avx512) suffix() string { return "AVX512" }
func (*avx512) table() string  { return "[4]uint64" }
func (*avx512) size() int      { return 64 }
func (*avx512) elements() bool { return true }

var (
	zmmBlocks  = []VecPhysical{Z0, Z1, Z2, Z3}
	zmmFactors = []VecPhysical{Z16, Z17, Z18, Z19, Z20, Z21}
)

// begin spreads each factor's four matrices over the halves that they act on.
func (*avx512) begin(factors int, ptr Register) {
	if factors == 0 {
		return
	}
	MOVL(U32(0xf0), EAX)
	KMOVW(EAX, K1)
	for i := range factors {
		matrix := func(n int) Mem { return Mem{Base: ptr.(GPPhysical), Disp: 32*i + 8*n} }
		VPBROADCASTQ(matrix(0), zmmFactors[2*i])
		VPBROADCASTQ(matrix(3), K1, zmmFactors[2*i])
		VPBROADCASTQ(matrix(2), zmmFactors[2*i+1])
		VPBROADCASTQ(matrix(1), K1, zmmFactors[2*i+1])
	}
}

func (*avx512) load(b int, from Mem) { VMOVDQU64(from, zmmBlocks[b]) }
func (*avx512) zero(b int)           { VPXORQ(zmmBlocks[b], zmmBlocks[b], zmmBlocks[b]) }
func (*avx512) store(b int, to Mem)  { VMOVDQU64(zmmBlocks[b], to) }
func (*avx512) xor(b, src int)       { VPXORQ(zmmBlocks[src], zmmBlocks[b], zmmBlocks[b]) }

func (*avx512) mulAdd(factor int, pairs ...[2]int) {
	for _, p := range pairs {
		to, x := zmmBlocks[p[0]], zmmBlocks[p[1]]
		VGF2P8AFFINEQB(U8(0), zmmFactors[2*factor+1], x, Z9)
		VGF2P8AFFINEQB(U8(0), zmmFactors[2*factor], x, Z8)
		VSHUFI64X2(U8(0x4e), Z9, Z9, Z9)
		VPTERNLOGQ(U8(0x96), Z8, Z9, to)
	}
}

// avx512Small multiplies by factors below 256, which do the same to every byte: factor i's matrix is in Z(16+i).
type avx512Small struct{ *avx512 }

func (avx512Small) suffix() string { return "SmallAVX512" }
func (avx512Small) table() string  { return "uint64" }
func (avx512Small) elements() bool { return false }

func (avx512Small) begin(factors int, ptr Register) {
	for i := range factors {
		VPBROADCASTQ(Mem{Base: ptr.(GPPhysical), Disp: 8 * i}, zmmFactors[i])
	}
}

func (avx512Small) mulAdd(factor int, pairs ...[2]int) {
	for i, p := range pairs {
		product := []VecPhysical{Z8, Z9}[i%2]
		VGF2P8AFFINEQB(U8(0), zmmFactors[factor], zmmBlocks[p[1]], product)
		VPXORQ(product, zmmBlocks[p[0]], zmmBlocks[p[0]])
	}
}
