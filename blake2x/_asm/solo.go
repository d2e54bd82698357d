package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The solo lane is the ninth of the AVX2 kernel: while vectors take every cycle of the units that work on them, its
// steps, woven between theirs, take the integer units. Two such lanes would wait for one another.

// The frame goes on behind what vectors use, with room before the lane's block, that block, its hash, the state's words
// 8 to 11, for which there are no registers, the registers that rounds need, and the rounds left.
const (
	soloAt      = 40*wordSize256 + 32
	soloHashAt  = 16 * 8
	soloWordsAt = soloHashAt + 8*8
	soloSavedAt = soloWordsAt + 4*8
	soloLeftAt  = soloSavedAt + 10*8
	soloSize    = soloLeftAt + 8
)

// digests256 is where the places of digests begin in a group's lanes, after those of 9 messages.
const digests256 = 9 * 8

// solo reports whether the kernel has the lane.
func (k kernel256) solo() bool { return k.states == 2 }

func (k kernel256) soloMem(disp int) Mem  { return Mem{Base: k.block, Disp: soloAt + disp} }
func (k kernel256) soloHash(word int) Mem { return k.soloMem(soloHashAt + 8*word) }

// round is where the rounds left are counted.
func (k kernel256) round() Op {
	if k.solo() {
		return k.soloMem(soloLeftAt)
	}
	return R13
}

// saved are the registers that the lane's state takes from the kernel, but for RDX and R13, which keep nothing.
func (k kernel256) saved() []Register {
	return []Register{k.lanes, k.end, k.left, k.hole, R8, k.offset, k.total, R12, R14, RBP}
}

// soloState returns where a word of the state is.
func (k kernel256) soloState(word int) Op {
	switch {
	case word >= 8 && word < 12:
		return k.soloMem(soloWordsAt + 8*(word-8))
	case word == 12:
		return RDX
	case word == 13:
		return R13
	case word >= 14:
		return k.saved()[word-14+8]
	}
	return k.saved()[word]
}

// soloKeep makes 8 words in memory the lane's hash.
func (k kernel256) soloKeep(from Mem) {
	if !k.solo() {
		return
	}
	for half := range 2 {
		VMOVDQU(from.Offset(32*half), Y0)
		VMOVDQU(Y0, k.soloHash(4*half))
	}
}

// soloLoad copies R12 bytes, the block in hand, with zeros behind them.
func (k kernel256) soloLoad() {
	if !k.solo() {
		return
	}
	copy32 := func(from, to Mem) {
		VMOVDQU(from, Y0)
		VMOVDQU(Y0, to)
	}
	Comment("The ninth message: a whole block, one behind a prefix, or the last.")
	MOVQ(Mem{Base: k.lanes, Disp: 64}, RDX)
	LEAQ(Mem{Base: RDX, Index: k.offset, Scale: 1}, RAX)
	CMPQ(R12, U32(128))
	JNE(LabelRef("soloShort"))
	TESTQ(k.hole, k.hole)
	JNZ(LabelRef("soloFirst"))
	for quarter := range 4 {
		copy32(Mem{Base: RAX, Disp: 32 * quarter}, k.soloMem(32*quarter))
	}
	JMP(LabelRef("soloLoaded"))

	Label("soloFirst")
	for _, at := range []int{1, 33, 65, 96} {
		copy32(Mem{Base: RAX, Disp: at}, k.soloMem(at))
	}
	JMP(LabelRef("soloPrefix"))

	Comment("Runs of 32 bytes, and the last 32 of the message, which may begin before the block.")
	Label("soloShort")
	VPXOR(Y0, Y0, Y0)
	for quarter := range 4 {
		VMOVDQU(Y0, k.soloMem(32*quarter))
	}
	ADDQ(k.hole, RAX)
	LEAQ(Mem{Base: k.block, Index: k.hole, Scale: 1, Disp: soloAt}, R11)
	MOVQ(R12, R13)
	SUBQ(k.hole, R13)
	for quarter := range 3 {
		CMPQ(R13, U8(32*quarter+32))
		JB(LabelRef("soloEnd"))
		copy32(Mem{Base: RAX, Disp: 32 * quarter}, Mem{Base: R11, Disp: 32 * quarter})
	}
	Label("soloEnd")
	copy32(Mem{Base: RDX, Index: k.end, Scale: 1, Disp: -32}, Mem{Base: k.block, Index: R12, Scale: 1, Disp: soloAt - 32})
	TESTQ(k.hole, k.hole)
	JZ(LabelRef("soloLoaded"))
	Label("soloPrefix")
	if k.running != nil {
		MOVQ(k.kept(9, 0).Offset(64), RAX)
	} else {
		MOVQ(k.prefix, RAX)
	}
	MOVB(AL, k.soloMem(0))
	Label("soloLoaded")
}

// soloBegin puts the registers away and the lane's hash and the initialization vector into its state.
func (k kernel256) soloBegin() {
	if !k.solo() {
		return
	}
	Comment("The ninth lane's state takes the registers.")
	for i, r := range k.saved() {
		MOVQ(r, k.soloMem(soloSavedAt+8*i))
	}
	MOVQ(k.left, RDX)
	SUBQ(I8(1), RDX)
	SBBQ(RDX, RDX)
	MOVQ(RDX, k.soloState(14))
	for w := 8; w < 16; w++ {
		MOVQ(ivTable.Offset(8*(w-8)), RAX)
		switch w {
		case 12:
			XORQ(k.total, RAX)
		case 14:
			XORQ(k.soloState(14), RAX)
		}
		MOVQ(RAX, k.soloState(w))
	}
	for w := range 8 {
		MOVQ(k.soloHash(w), k.soloState(w))
	}
}

// soloRound returns the steps of a round of the lane. The address of a message word goes through RAX, which vectors use
// for the same between their steps.
func (k kernel256) soloRound() (steps []func()) {
	if !k.solo() {
		return nil
	}
	for i, quad := range append(columns[:], diagonals[:]...) {
		a, b, c, d := k.soloState(quad[0]), k.soloState(quad[1]), k.soloState(quad[2]), k.soloState(quad[3])
		for pass, rot := range [2][2]uint8{{32, 24}, {16, 63}} {
			steps = append(steps, func() {
				MOVBLZX(Mem{Base: R11, Disp: 2*i + pass + soloSchedule}, EAX)
				ADDQ(Mem{Base: k.block, Index: RAX, Scale: 1, Disp: soloAt}, a)
			},
				func() { ADDQ(b, a) },
				func() { XORQ(a, d) },
				func() { RORQ(U8(rot[0]), d) },
				func() { ADDQ(d, c) },
				func() { XORQ(c, b) },
				func() { RORQ(U8(rot[1]), b) })
		}
	}
	return steps
}

// soloFeed adds the state to the lane's hash and brings the registers back.
func (k kernel256) soloFeed() {
	if !k.solo() {
		return
	}
	for w := range 8 {
		XORQ(k.soloState(w+8), k.soloState(w))
		XORQ(k.soloState(w), k.soloHash(w))
	}
	for i, r := range k.saved() {
		MOVQ(k.soloMem(soloSavedAt+8*i), r)
	}
}
