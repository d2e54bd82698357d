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

// gfni applies the same four matrices as avx512, on low and high bytes apart. Scratch: Y8 to Y11.
type gfni struct{ ymm }

func (gfni) suffix() string                  { return "GFNI" }
func (gfni) table() string                   { return "[4]uint64" }
func (gfni) begin(factors int, ptr Register) {}

func (s gfni) mulAdd(b, src, factor int) {
	for i, m := range []struct{ from, to VecPhysical }{
		{s.low(src), s.low(b)}, {s.high(src), s.low(b)}, {s.low(src), s.high(b)}, {s.high(src), s.high(b)},
	} {
		VPBROADCASTQ(Mem{Base: R8, Disp: 32*factor + 8*i}, ymms[8+i])
		VGF2P8AFFINEQB(U8(0), ymms[8+i], m.from, ymms[8+i])
		VPXOR(ymms[8+i], m.to, m.to)
	}
}

// avx2 looks products up: an element is four nibbles, and the product of each with the factor has a
// table of 16 low bytes and one of 16 high bytes, which VPSHUFB indexes 32 times at once. Y15 is the
// mask of a nibble, Y8 to Y14 are scratch. Source: J. S. Plank, K. M. Greenan, E. L. Miller, Screaming
// Fast Galois Field Arithmetic Using Intel SIMD Instructions, FAST 2013.
type avx2 struct{ ymm }

func (*avx2) suffix() string { return "AVX2" }
func (*avx2) table() string  { return "[16]uint64" }

func (*avx2) begin(factors int, ptr Register) {
	if factors == 0 {
		return
	}
	MOVL(U32(0x0f), EAX)
	MOVQ(RAX, X15)
	VPBROADCASTB(X15, Y15)
}

func (s *avx2) mulAdd(b, src, factor int) {
	nibbles := []VecPhysical{Y8, Y9, Y10, Y11}
	VPSRLQ(U8(4), s.low(src), Y9)
	VPSRLQ(U8(4), s.high(src), Y11)
	VPAND(Y15, s.low(src), Y8)
	VPAND(Y15, Y9, Y9)
	VPAND(Y15, s.high(src), Y10)
	VPAND(Y15, Y11, Y11)
	for i, n := range nibbles {
		for j, to := range []VecPhysical{s.low(b), s.high(b)} {
			t := []VecPhysical{Y12, Y13}[j]
			VBROADCASTI128(Mem{Base: R8, Disp: 128*factor + 32*i + 16*j}, t)
			VPSHUFB(n, t, t)
			VPXOR(t, to, to)
		}
	}
}
