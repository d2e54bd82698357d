// Command _asm writes the assembly of package rs; run it with go generate in that package.
//
// It emits the copying of symbols between their wire form and a work area, once for each instruction
// set: of each symbol whole blocks, then the two halves of the tail. Both directions are the same moves
// from other places. The symbol four ahead is fetched early, as the processor does not guess across
// pages and the symbols of a large blob are far apart.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!purego")
	moveAVX512()
	moveAVX2()
	Generate()
}

// Registers: SI, R11, R12 and R8, R9, R10 point at the blocks, low and high tail bytes of the symbol in
// source and destination; R15 and R13 are the distances of symbols in a column, DX counts them and R14 the
// columns; BX is the bytes of blocks and DI counts them; CX is the elements of the tail.
var (
	src   = []Register{RSI, R11, R12}
	dst   = []Register{R8, R9, R10}
	whole = RBX
	tail  = RCX
)

// long is from how many bytes of blocks on it pays to align stores: one that crosses into another line of the
// cache costs as much as two.
const long = 1024

func at(base, index Register) Mem { return Mem{Base: base, Index: index, Scale: 1} }

// move emits the loops over columns and their symbols around the moves of a block, at DI of the blocks, and of the tail. The
// latter ends at the label next.
func move(name string, prepare, block, halves func()) {
	TEXT(name, NOSPLIT, "func(dst, dstLow, dstHigh, src, srcLow, srcHigh *byte, dstStep, srcStep, rows, cols, whole, tail int, dstNext, srcNext, dstNextTail, srcNextTail int)")
	Doc(name + " carries out moves of at least one symbol; dstNext and the like lead from behind one column to the next.")
	Pragma("noescape")
	for _, p := range []struct {
		name string
		to   Register
	}{
		{"dst", dst[0]}, {"dstLow", dst[1]}, {"dstHigh", dst[2]}, {"src", src[0]}, {"srcLow", src[1]}, {"srcHigh", src[2]},
		{"dstStep", R13}, {"srcStep", R15}, {"cols", R14}, {"whole", whole}, {"tail", tail},
	} {
		Load(Param(p.name), p.to)
	}
	prepare()
	Label("column")
	Load(Param("rows"), RDX)
	Label("symbol")
	XORQ(RDI, RDI)
	LEAQ(Mem{Base: RSI, Index: R15, Scale: 4}, RAX)
	Label("ahead")
	PREFETCHT0(at(RAX, RDI))
	ADDQ(U8(64), RDI)
	CMPQ(RDI, whole)
	JBE(LabelRef("ahead"))
	XORQ(RDI, RDI)
	CMPQ(RDI, whole)
	JAE(LabelRef("tail"))
	Comment("The first block, then further ones, of long symbols aligned in the destination, then the last.")
	block()
	MOVQ(dst[0], RDI)
	NOTQ(RDI)
	ANDQ(U8(63), RDI)
	INCQ(RDI)
	MOVQ(U32(64), RAX)
	CMPQ(whole, U32(long))
	CMOVQCS(RAX, RDI)
	MOVQ(whole, RAX)
	SUBQ(U8(64), RAX)
	CMPQ(RDI, RAX)
	JAE(LabelRef("last"))
	Label("block")
	block()
	ADDQ(U8(64), RDI)
	CMPQ(RDI, RAX)
	JB(LabelRef("block"))
	Label("last")
	MOVQ(RAX, RDI)
	block()
	Label("tail")
	TESTQ(tail, tail)
	JZ(LabelRef("next"))
	halves()
	Label("next")
	for i := range 3 {
		ADDQ(R13, dst[i])
		ADDQ(R15, src[i])
	}
	DECQ(RDX)
	JNZ(LabelRef("symbol"))
	DECQ(R14)
	JZ(LabelRef("done"))
	for i, next := range []string{"Next", "NextTail", "NextTail"} {
		Load(Param("dst"+next), RAX)
		ADDQ(RAX, dst[i])
		Load(Param("src"+next), RAX)
		ADDQ(RAX, src[i])
	}
	JMP(LabelRef("column"))
	Label("done")
	VZEROUPPER()
	RET()
}

// moveAVX512 moves half a tail at once, through K1, which has a bit for every element of it.
func moveAVX512() {
	move("moveAVX512", func() {
		MOVQ(U32(1), RAX)
		SHLQ(CL, RAX)
		DECQ(RAX)
		KMOVD(EAX, K1)
	}, func() {
		VMOVDQU64(at(RSI, RDI), Z0)
		VMOVDQU64(Z0, at(R8, RDI))
	}, func() {
		VMOVDQU8_Z(Mem{Base: R11}, K1, Y1)
		VMOVDQU8_Z(Mem{Base: R12}, K1, Y2)
		VMOVDQU8(Y1, K1, Mem{Base: R9})
		VMOVDQU8(Y2, K1, Mem{Base: R10})
	})
}

// moveAVX2 moves half a tail as its first and its last bytes, as many as one register holds of them.
func moveAVX2() {
	move("moveAVX2", func() {}, func() {
		VMOVDQU(at(RSI, RDI), Y0)
		VMOVDQU(at(RSI, RDI).Offset(32), Y1)
		VMOVDQU(Y0, at(R8, RDI))
		VMOVDQU(Y1, at(R8, RDI).Offset(32))
	}, func() {
		for _, c := range []struct {
			bytes int
			move  func(from, to Op)
			a, b  Register
		}{
			{16, func(from, to Op) { VMOVDQU(from, to) }, X0, X1},
			{8, func(from, to Op) { MOVQ(from, to) }, RAX, RDI},
			{4, func(from, to Op) { MOVL(from, to) }, EAX, EDI},
			{2, func(from, to Op) { MOVW(from, to) }, AX, DI},
			{1, func(from, to Op) { MOVB(from, to) }, AL, DIB},
		} {
			below := "below" + string(rune('A'+c.bytes))
			if c.bytes > 1 {
				CMPQ(tail, U8(c.bytes))
				JB(LabelRef(below))
			}
			for i := 1; i < 3; i++ {
				last := func(base Register) Mem { return at(base, tail).Offset(-c.bytes) }
				c.move(Mem{Base: src[i]}, c.a)
				c.move(last(src[i]), c.b)
				c.move(c.a, Mem{Base: dst[i]})
				c.move(c.b, last(dst[i]))
			}
			if c.bytes > 1 {
				JMP(LabelRef("next"))
				Label(below)
			}
		}
	})
}
