package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// kernelOne names where compressOne keeps the state: words 8 to 11 in memory, each in a register while G works
// on it, as there are not enough registers for all.
type kernelOne struct {
	words [16]Op
	block GPPhysical
	third GPPhysical // the word of 8 to 11 in use
}

// compressOne emits the compression function for a message that is on its own. It waits for its own results as
// vectors do, but integers take half as long.
func compressOne() {
	TEXT("compressOne", 0, "func(hash *[8]uint64, block *[16]uint64, total, last uint64)")
	Pragma("noescape")
	Doc("compressOne adds a block to hash, with total bytes hashed up to its end; last is all ones for the last",
		"block of a message, else 0.")
	stack := AllocLocal(4 * 8)
	k := kernelOne{block: RDI, third: RSI, words: [16]Op{
		R8, R9, R10, R11, R12, R13, R14, R15,
		stack, stack.Offset(8), stack.Offset(16), stack.Offset(24), RAX, RBX, RCX, RDX,
	}}
	Load(Param("hash"), k.block)
	for w := range 8 {
		MOVQ(Mem{Base: k.block, Disp: 8 * w}, k.words[w])
	}
	for w := 8; w < 16; w++ {
		in := k.words[w]
		if w < 12 {
			in = k.third
		}
		MOVQ(ivTable.Offset(8*(w-8)), in)
		if w < 12 {
			MOVQ(in, k.words[w])
		}
	}
	XORQ(NewParamAddr("total", 16), k.words[12])
	XORQ(NewParamAddr("last", 24), k.words[14])
	Load(Param("block"), k.block)
	for r := range rounds {
		for i, q := range append(columns[:], diagonals[:]...) {
			k.mix(q, sigma[r%10][2*i:2*i+2])
		}
	}
	Load(Param("hash"), k.block)
	for w := range 8 {
		at := Mem{Base: k.block, Disp: 8 * w}
		XORQ(k.words[w+8], k.words[w])
		XORQ(k.words[w], at)
	}
	RET()
}

// mix emits the mixing function G.
func (k kernelOne) mix(quad [4]int, message []uint8) {
	a, b, c, d := k.words[quad[0]], k.words[quad[1]], k.words[quad[2]], k.words[quad[3]]
	MOVQ(c, k.third)
	for pass, rot := range [2][2]uint8{{32, 24}, {16, 63}} {
		ADDQ(Mem{Base: k.block, Disp: 8 * int(message[pass])}, a)
		ADDQ(b, a)
		XORQ(a, d)
		RORQ(U8(rot[0]), d)
		ADDQ(d, k.third)
		if pass == 1 {
			MOVQ(k.third, c)
		}
		XORQ(k.third, b)
		RORQ(U8(rot[1]), b)
	}
}
