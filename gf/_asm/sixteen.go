package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// sixteen does the four layers nearest to the values, and the change of form, in one pass, for factors below 256: 16
// blocks in Z0 to Z15, the matrices of 15 factors in Z16 to Z30, products in Z31. Every other way would load and store
// the blocks two more times.
//
// DI and R10 point at the first and the ninth block, BX is the distance of blocks, SI, DX and CX are three, five and
// seven times as much.
type sixteen struct{}

func (sixteen) block(i int) VecPhysical {
	return []VecPhysical{Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15}[i]
}

func (sixteen) factor(i int) VecPhysical {
	return []VecPhysical{Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30}[i]
}

// at is where block i is.
func (sixteen) at(i int) Mem {
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

// A butterfly is a pair of blocks and their factor.
type butterfly struct{ x, y, factor int }

// layers returns the butterflies of each layer, from the one farthest from the values on.
func (sixteen) layers() (layers [][]butterfly) {
	for layer := range 4 {
		var all []butterfly
		half := 8 >> layer
		for at := 0; at < 16; at += 2 * half {
			for i := at; i < at+half; i++ {
				all = append(all, butterfly{i, i + half, 1<<layer - 1 + at/(2*half)})
			}
		}
		layers = append(layers, all)
	}
	return layers
}

// mulAdd sets x ^= factor times y, and xor y ^= x, for all butterflies.
func (s sixteen) mulAdd(all []butterfly) {
	for _, b := range all {
		VGF2P8AFFINEQB(U8(0), s.factor(b.factor), s.block(b.y), Z31)
		VPXORQ(Z31, s.block(b.x), s.block(b.x))
	}
}

func (s sixteen) xor(all []butterfly) {
	for _, b := range all {
		VPXORQ(s.block(b.x), s.block(b.y), s.block(b.y))
	}
}

// convert changes the form of block i, the high bytes of which are in Y31.
func (s sixteen) convert(i int) {
	VGF2P8AFFINEQB_BCST(U8(0), Mem{Base: R9}, Y31, Y31)
	VPXORQ(Z31, s.block(i), s.block(i))
}

// operations emits both directions.
func (s sixteen) operations() {
	layers := s.layers()
	s.loop("fft16SmallAVX512", []string{
		"fft16SmallAVX512 is four layers of fft2 over 16 slices of width bytes back to back, at least one block, then",
		"adds twist times the high bytes of every block to its low bytes.",
	}, func() {
		for i := range 16 {
			VMOVDQU64(s.at(i), s.block(i))
		}
		for _, layer := range layers {
			s.mulAdd(layer)
			s.xor(layer)
		}
		for i := range 16 {
			VEXTRACTI64X4(U8(1), s.block(i), Y31)
			s.convert(i)
			VMOVDQU64(s.block(i), s.at(i))
		}
	})
	s.loop("ifft16SmallAVX512", []string{"ifft16SmallAVX512 undoes fft16SmallAVX512."}, func() {
		for i := range 16 {
			VMOVDQU64(s.at(i), s.block(i))
			VMOVDQU64(s.at(i).Offset(32), Y31)
			s.convert(i)
		}
		for i := range layers {
			layer := layers[len(layers)-1-i]
			s.xor(layer)
			s.mulAdd(layer)
		}
		for i := range 16 {
			VMOVDQU64(s.block(i), s.at(i))
		}
	})
}

// loop emits one direction: body does one block of each slice.
func (s sixteen) loop(name string, doc []string, body func()) {
	TEXT(name, NOSPLIT, "func(w []byte, width int, f *[15]uint64, twist *uint64)")
	Pragma("noescape")
	Doc(doc...)
	Load(Param("w").Base(), RDI)
	Load(Param("width"), RBX)
	Load(Param("f"), R8)
	Load(Param("twist"), R9)
	for i := range 15 {
		VPBROADCASTQ(Mem{Base: R8, Disp: 8 * i}, s.factor(i))
	}
	LEAQ(Mem{Base: RBX, Index: RBX, Scale: 2}, RSI)
	LEAQ(Mem{Base: RBX, Index: RBX, Scale: 4}, RDX)
	LEAQ(Mem{Base: RSI, Index: RBX, Scale: 4}, RCX)
	LEAQ(Mem{Base: RDI, Index: RBX, Scale: 8}, R10)
	MOVQ(RBX, RAX)
	Label("block")
	body()
	ADDQ(U8(64), RDI)
	ADDQ(U8(64), R10)
	SUBQ(U8(64), RAX)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}
