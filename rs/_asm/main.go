// Command _asm writes the assembly of package rs; run it with go generate in that package.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!purego")
	move()
	Generate()
}

// move emits the copying of symbols between their wire form and a work area: in each row whole blocks,
// then the two halves of the tail, each in one masked move. Both directions are the same moves from
// other places.
//
// Registers: SI, R11, R12 and R8, R9, R10 point at the blocks, low and high tail bytes of the row in
// source and destination; R15 and R13 are the distances of rows; BX counts bytes of blocks; K1 has a
// bit for every element of the tail. The row eight ahead is fetched early, as the processor does not
// guess across pages and rows of a large blob are far apart.
func move() {
	TEXT("moveAVX512", NOSPLIT, "func(dst, dstLow, dstHigh, src, srcLow, srcHigh *byte, dstStep, srcStep, count, whole, tail int)")
	Doc("moveAVX512 carries out moves of at least one row.")
	Pragma("noescape")
	for _, p := range []struct {
		name string
		to   Register
	}{
		{"dst", R8}, {"dstLow", R9}, {"dstHigh", R10}, {"src", RSI}, {"srcLow", R11}, {"srcHigh", R12},
		{"dstStep", R13}, {"srcStep", R15}, {"whole", RBX}, {"tail", RCX}, {"count", RDX},
	} {
		Load(Param(p.name), p.to)
	}
	MOVQ(U32(1), RAX)
	SHLQ(CL, RAX)
	DECQ(RAX)
	KMOVD(EAX, K1)

	Label("row")
	XORQ(RDI, RDI)
	LEAQ(Mem{Base: RSI, Index: R15, Scale: 8}, RAX)
	Label("ahead")
	PREFETCHT0(Mem{Base: RAX, Index: RDI, Scale: 1})
	ADDQ(U8(64), RDI)
	CMPQ(RDI, RBX)
	JBE(LabelRef("ahead"))
	XORQ(RDI, RDI)
	CMPQ(RDI, RBX)
	JAE(LabelRef("tail"))
	Label("block")
	VMOVDQU64(Mem{Base: RSI, Index: RDI, Scale: 1}, Z0)
	VMOVDQU64(Z0, Mem{Base: R8, Index: RDI, Scale: 1})
	ADDQ(U8(64), RDI)
	CMPQ(RDI, RBX)
	JB(LabelRef("block"))
	Label("tail")
	TESTQ(RCX, RCX)
	JZ(LabelRef("next"))
	VMOVDQU8_Z(Mem{Base: R11}, K1, Y1)
	VMOVDQU8_Z(Mem{Base: R12}, K1, Y2)
	VMOVDQU8(Y1, K1, Mem{Base: R9})
	VMOVDQU8(Y2, K1, Mem{Base: R10})
	Label("next")
	for _, r := range []Register{R8, R9, R10} {
		ADDQ(R13, r)
	}
	for _, r := range []Register{RSI, R11, R12} {
		ADDQ(R15, r)
	}
	DECQ(RDX)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}
