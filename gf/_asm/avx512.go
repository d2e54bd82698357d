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

// sixteen emits the four layers nearest to the values in one go, between words and tower form, for factors below 256: the
// blocks in Z0 to Z15, the matrices of 15 factors in Z16 to Z30, Z31 for products. Every other way would
// load and store the blocks two more times.
func (avx512Small) sixteen() {
	var blocks, factors []VecPhysical
	for i, z := range []VecPhysical{
		Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
		Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30,
	} {
		if i < 16 {
			blocks = append(blocks, z)
		} else {
			factors = append(factors, z)
		}
	}
	mulAdd := func(to, from, factor int) {
		VGF2P8AFFINEQB(U8(0), factors[factor], blocks[from], Z31)
		VPXORQ(Z31, blocks[to], blocks[to])
	}
	xor := func(to, from int) { VPXORQ(blocks[from], blocks[to], blocks[to]) }
	// layers calls do for the pairs of each layer and their factors, from the outermost on.
	layers := func(do func(pairs [][3]int)) {
		for layer := range 4 {
			var pairs [][3]int
			half := 8 >> layer
			for at := 0; at < 16; at += 2 * half {
				factor := 1<<layer - 1 + at/(2*half)
				for i := at; i < at+half; i++ {
					pairs = append(pairs, [3]int{i, i + half, factor})
				}
			}
			do(pairs)
		}
	}
	body := func(name, doc string, inverse bool) {
		TEXT(name, NOSPLIT, "func(w []byte, width int, f *[15]uint64, twist *uint64)")
		Pragma("noescape")
		Doc(name + " " + doc)
		Load(Param("w").Base(), RDI)
		Load(Param("width"), RBX)
		Load(Param("f"), R8)
		Load(Param("twist"), R9)
		for i, z := range factors {
			VPBROADCASTQ(Mem{Base: R8, Disp: 8 * i}, z)
		}
		Comment("SI, DX and CX are the distances of three, five and seven blocks, others are multiples.")
		LEAQ(Mem{Base: RBX, Index: RBX, Scale: 2}, RSI)
		LEAQ(Mem{Base: RBX, Index: RBX, Scale: 4}, RDX)
		LEAQ(Mem{Base: RSI, Index: RBX, Scale: 4}, RCX)
		LEAQ(Mem{Base: RDI, Index: RBX, Scale: 8}, R10)
		at := func(i int) Mem {
			base := GPPhysical(RDI)
			if i >= 8 {
				base = R10
			}
			switch i %= 8; i {
			case 0:
				return Mem{Base: base}
			case 1, 2, 4:
				return Mem{Base: base, Index: RBX, Scale: uint8(i)}
			case 3, 6:
				return Mem{Base: base, Index: RSI, Scale: uint8(i / 3)}
			case 5:
				return Mem{Base: base, Index: RDX, Scale: 1}
			}
			return Mem{Base: base, Index: RCX, Scale: 1}
		}
		MOVQ(RBX, RAX)
		Label("block")
		for i, z := range blocks {
			VMOVDQU64(at(i), z)
			if inverse {
				VMOVDQU64(at(i).Offset(32), Y31)
				VGF2P8AFFINEQB_BCST(U8(0), Mem{Base: R9}, Y31, Y31)
				VPXORQ(Z31, z, z)
			}
		}
		if inverse {
			var all [][][3]int
			layers(func(pairs [][3]int) { all = append([][][3]int{pairs}, all...) })
			for _, pairs := range all {
				for _, p := range pairs {
					xor(p[1], p[0])
				}
				for _, p := range pairs {
					mulAdd(p[0], p[1], p[2])
				}
			}
		} else {
			layers(func(pairs [][3]int) {
				for _, p := range pairs {
					mulAdd(p[0], p[1], p[2])
				}
				for _, p := range pairs {
					xor(p[1], p[0])
				}
			})
		}
		for i, z := range blocks {
			if !inverse {
				VEXTRACTI64X4(U8(1), z, Y31)
				VGF2P8AFFINEQB_BCST(U8(0), Mem{Base: R9}, Y31, Y31)
				VPXORQ(Z31, z, z)
			}
			VMOVDQU64(z, at(i))
		}
		ADDQ(U8(64), RDI)
		ADDQ(U8(64), R10)
		SUBQ(U8(64), RAX)
		JNZ(LabelRef("block"))
		VZEROUPPER()
		RET()
	}
	body("fft16SmallAVX512", "is four layers of fft2 over 16 slices of width bytes back to back, at least one block, then adds twist times the high bytes to the low ones.", false)
	body("ifft16SmallAVX512", "undoes fft16SmallAVX512.", true)
}
