package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// ymm is what the sets with 32-byte registers share: a block's low bytes in Y(2i), its high bytes in
// Y(2i+1), and factors read from memory at R8 when needed.
type ymm struct{}

var ymms = []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}

func (ymm) elements() bool         { return true }
func (ymm) size() int              { return 64 }
func (ymm) low(b int) VecPhysical  { return ymms[2*b] }
func (ymm) high(b int) VecPhysical { return ymms[2*b+1] }

func (s ymm) load(b int, from Mem) {
	VMOVDQU(from, s.low(b))
	VMOVDQU(from.Offset(32), s.high(b))
}

func (s ymm) zero(b int) {
	VPXOR(s.low(b), s.low(b), s.low(b))
	VPXOR(s.high(b), s.high(b), s.high(b))
}

func (s ymm) store(b int, to Mem) {
	VMOVDQU(s.low(b), to)
	VMOVDQU(s.high(b), to.Offset(32))
}

func (s ymm) xor(b, src int) {
	VPXOR(s.low(src), s.low(b), s.low(b))
	VPXOR(s.high(src), s.high(b), s.high(b))
}

// gfni applies the same four matrices as avx512, on low and high bytes apart: Y8 to Y11
// hold them, Y12 to Y15 are scratch.
type gfni struct{ ymm }

func (gfni) suffix() string                  { return "GFNI" }
func (gfni) table() string                   { return "[4]uint64" }
func (gfni) begin(factors int, ptr Register) {}

func (s gfni) mulAdd(factor int, pairs ...[2]int) {
	for i := range 4 {
		VPBROADCASTQ(Mem{Base: R8, Disp: 32*factor + 8*i}, ymms[8+i])
	}
	for _, p := range pairs {
		to, src := p[0], p[1]
		for i, m := range []struct{ from, to VecPhysical }{
			{s.low(src), s.low(to)}, {s.high(src), s.low(to)}, {s.low(src), s.high(to)}, {s.high(src), s.high(to)},
		} {
			VGF2P8AFFINEQB(U8(0), ymms[8+i], m.from, ymms[12+i])
			VPXOR(ymms[12+i], m.to, m.to)
		}
	}
}

// avx2 looks products up: an element is four nibbles, and the product of each with the factor has a
// table of 16 low bytes and one of 16 high bytes, which VPSHUFB indexes 32 times at once. Y15 is the
// mask of a nibble, Y12 to Y14 are scratch. A single factor has its tables in Y4 to Y11; three have
// them in memory, read into Y8 and Y9 for all that they multiply.
// Source: J. S. Plank, K. M. Greenan, E. L. Miller, Screaming Fast Galois Field Arithmetic Using Intel
// SIMD Instructions, FAST 2013.
type avx2 struct {
	ymm
	resident bool // the tables are in registers
}

func (*avx2) suffix() string { return "AVX2" }
func (*avx2) table() string  { return "[16]uint64" }

func (s *avx2) begin(factors int, ptr Register) {
	if factors == 0 {
		return
	}
	MOVL(U32(0x0f), EAX)
	MOVQ(RAX, X15)
	VPBROADCASTB(X15, Y15)
	s.resident = factors == 1
	if s.resident {
		for i := range 8 {
			VBROADCASTI128(Mem{Base: ptr.(GPPhysical), Disp: 16 * i}, ymms[4+i])
		}
	}
}

func (s *avx2) mulAdd(factor int, pairs ...[2]int) {
	for i := range 4 {
		low, high := ymms[4+2*i], ymms[5+2*i]
		if !s.resident {
			low, high = Y8, Y9
			VBROADCASTI128(Mem{Base: R8, Disp: 128*factor + 32*i}, low)
			VBROADCASTI128(Mem{Base: R8, Disp: 128*factor + 32*i + 16}, high)
		}
		for _, p := range pairs {
			to, src := p[0], p[1]
			nibble, from := Y12, []VecPhysical{s.low(src), s.high(src)}[i/2]
			if i%2 == 1 {
				VPSRLQ(U8(4), from, nibble)
				from = nibble
			}
			VPAND(Y15, from, nibble)
			VPSHUFB(nibble, low, Y13)
			VPSHUFB(nibble, high, Y14)
			VPXOR(Y13, s.low(to), s.low(to))
			VPXOR(Y14, s.high(to), s.high(to))
		}
	}
}

// ymmSmall is what the sets with 32-byte registers share for factors below 256, which do the same to every byte:
// half a block in Yb.
type ymmSmall struct{}

func (ymmSmall) elements() bool      { return false }
func (ymmSmall) size() int           { return 32 }
func (ymmSmall) load(b int, at Mem)  { VMOVDQU(at, ymms[b]) }
func (ymmSmall) zero(b int)          { VPXOR(ymms[b], ymms[b], ymms[b]) }
func (ymmSmall) store(b int, at Mem) { VMOVDQU(ymms[b], at) }
func (ymmSmall) xor(b, src int)      { VPXOR(ymms[src], ymms[b], ymms[b]) }

// gfniSmall has the matrix of factor i in Y(8+i).
type gfniSmall struct{ ymmSmall }

func (gfniSmall) suffix() string { return "SmallGFNI" }
func (gfniSmall) table() string  { return "uint64" }

func (gfniSmall) begin(factors int, ptr Register) {
	for i := range factors {
		VPBROADCASTQ(Mem{Base: ptr.(GPPhysical), Disp: 8 * i}, ymms[8+i])
	}
}

func (gfniSmall) mulAdd(factor int, pairs ...[2]int) {
	for i, p := range pairs {
		VGF2P8AFFINEQB(U8(0), ymms[8+factor], ymms[p[1]], ymms[12+i])
		VPXOR(ymms[12+i], ymms[p[0]], ymms[p[0]])
	}
}

// avx2Small looks up the products of the two nibbles of a byte: factor i has its tables in Y(4+2i) and Y(5+2i).
type avx2Small struct{ ymmSmall }

func (avx2Small) suffix() string { return "SmallAVX2" }
func (avx2Small) table() string  { return "[4]uint64" }

func (avx2Small) begin(factors int, ptr Register) {
	if factors == 0 {
		return
	}
	MOVL(U32(0x0f), EAX)
	MOVQ(RAX, X15)
	VPBROADCASTB(X15, Y15)
	for i := range 2 * factors {
		VBROADCASTI128(Mem{Base: ptr.(GPPhysical), Disp: 16 * i}, ymms[4+i])
	}
}

func (avx2Small) mulAdd(factor int, pairs ...[2]int) {
	for i, p := range pairs {
		to, from := ymms[p[0]], ymms[p[1]]
		low, high := ymms[10+2*i], ymms[11+2*i]
		VPAND(Y15, from, low)
		VPSRLQ(U8(4), from, high)
		VPAND(Y15, high, high)
		VPSHUFB(low, ymms[4+2*factor], low)
		VPSHUFB(high, ymms[5+2*factor], high)
		VPXOR(low, to, to)
		VPXOR(high, to, to)
	}
}
