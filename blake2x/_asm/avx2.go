package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

var ymm = []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}

// kernel256 names the registers that live through compressAVX2.
type kernel256 struct {
	start  GPPhysical // the hash before the block, 8 words of 8 lanes
	hash   GPPhysical // and after it
	from   GPPhysical // where each lane's message starts
	offset GPPhysical // of the block in each message
	block  GPPhysical // the aligned frame: 16 message words, then 16 state words, of 8 lanes each
	total  GPPhysical // bytes hashed up to the end of the block
}

const wordSize256 = 8 * 8

// compressAVX2 emits the kernel for 8 lanes as two states of 4, so that each hides the other's latency.
// One state alone would fill the register file: words 4 to 7 of both, which the chain of dependencies
// runs through, stay in Y0 to Y7, and the others are in memory between their uses. Y8 to Y13 work on two
// columns or diagonals at a time; Y14 and Y15 are the shuffles that rotate by 24 and 16.
func compressAVX2() {
	TEXT("compressAVX2", 0, "func(hash, start *[8][8]uint64, from *[8]*byte, offset, blocks int, total, step, flag uint64)")
	Pragma("noescape")
	Doc("compressAVX2 takes 8 hashes, kept word by word, from start over whole blocks of 8 messages and",
		"leaves them in hash, which may be start. The first block is",
		"offset bytes from each message's start; the length hashed so far is total before it and grows by",
		"step with each block. flag is all ones if the block is the last of its message, else zero.")
	k := kernel256{start: R14, hash: RDI, from: RSI, offset: RCX, block: RBX, total: R8}
	Load(Param("hash"), k.hash)
	Load(Param("start"), k.start)
	Load(Param("from"), k.from)
	Load(Param("offset"), k.offset)
	Load(Param("blocks"), R9)
	Load(Param("total"), k.total)
	Load(Param("step"), R10)
	Load(Param("flag"), R12)
	frame := AllocLocal(32*wordSize256 + 64)
	LEAQ(frame.Offset(63), k.block)
	ANDQ(I8(-64), k.block)

	Label("block")
	ADDQ(R10, k.total)
	for quarter := range 4 {
		k.load(quarter)
	}
	k.begin()
	LEAQ(sigmaTable.Offset(0), R11)
	MOVQ(U32(rounds), R13)
	Label("round")
	for first, quads := range [2][4][4]int{columns, diagonals} {
		for half := 0; half < 4; half += 2 {
			k.pair(0, 8*first+2*half, quads[half:half+2])
		}
		for half := 0; half < 4; half += 2 {
			k.pair(1, 8*first+2*half, quads[half:half+2])
		}
	}
	ADDQ(U8(16), R11)
	DECQ(R13)
	JNZ(LabelRef("round"))
	for w := range 8 {
		for g := range 2 {
			y := Y8
			if w < 4 {
				VMOVDQA(k.state(w, g), y)
			} else {
				y = k.b(w, g)
			}
			VPXOR(k.state(w+8, g), y, y)
			VPXOR(lanes256(k.start, w, g), y, y)
			VMOVDQU(y, lanes256(k.hash, w, g))
		}
	}
	MOVQ(k.hash, k.start)
	ADDQ(U8(128), k.offset)
	DECQ(R9)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// lanes256 is one state's share of a word of 8 lanes.
func lanes256(base GPPhysical, word, group int) Mem {
	return Mem{Base: base, Disp: word*wordSize256 + group*32}
}

func (k kernel256) message(word, group int) Mem { return lanes256(k.block, word, group) }
func (k kernel256) state(word, group int) Mem   { return lanes256(k.block, 16+word, group) }

// load turns four words of each lane's block into four words of 8 lanes.
func (k kernel256) load(quarter int) {
	Commentf("Words %d to %d of 8 lanes.", 4*quarter, 4*quarter+3)
	for g := range 2 {
		r, t := ymm[8*g:8*g+4], ymm[8*g+4:8*g+8]
		for i, y := range r {
			MOVQ(Mem{Base: k.from, Disp: 8 * (4*g + i)}, RAX)
			VMOVDQU(Mem{Base: RAX, Index: k.offset, Scale: 1, Disp: 32 * quarter}, y)
		}
		for i := 0; i < 4; i += 2 {
			VPUNPCKLQDQ(r[i+1], r[i], t[i])
			VPUNPCKHQDQ(r[i+1], r[i], t[i+1])
		}
		for i := range 2 {
			VPERM2I128(U8(0x20), t[2+i], t[i], r[i])
			VPERM2I128(U8(0x31), t[2+i], t[i], r[2+i])
		}
		for i, y := range r {
			VMOVDQA(y, k.message(4*quarter+i, g))
		}
	}
}

// begin puts the hash, the initialization vector, the length and the flag into both states.
func (k kernel256) begin() {
	Comment("v0-v7 are the hash, v8-v15 the initialization vector with the length and the last-block flag.")
	for w := range 8 {
		for g := range 2 {
			if w >= 4 {
				VMOVDQU(lanes256(k.start, w, g), k.b(w, g))
				continue
			}
			VMOVDQU(lanes256(k.start, w, g), Y8)
			VMOVDQA(Y8, k.state(w, g))
		}
	}
	for w := range 8 {
		y := ymm[8+w%4]
		VPBROADCASTQ(ivTable.Offset(8*w), y)
		if extra, ok := map[int]GPPhysical{4: k.total, 6: R12}[w]; ok {
			MOVQ(extra, X15)
			VPBROADCASTQ(X15, Y15)
			VPXOR(Y15, y, y)
		}
		VMOVDQA(y, k.state(8+w, 0))
		VMOVDQA(y, k.state(8+w, 1))
	}
	VMOVDQU(rotateTable.Offset(0), Y14)
	VMOVDQU(rotateTable.Offset(32), Y15)
}

// pair emits the mixing function G for two columns or diagonals of one state, step by step.
func (k kernel256) pair(group, first int, quads [][4]int) {
	type vec = VecPhysical
	each := func(emit func(i int, q [4]int, a, b, c, d vec)) {
		for i, q := range quads {
			emit(i, q, ymm[8+i], k.b(q[1], group), ymm[10+i], ymm[12+i])
		}
	}
	message := func(i, pass int) Mem {
		MOVBLZX(Mem{Base: R11, Disp: first + 2*i + pass}, EAX)
		return Mem{Base: k.block, Index: RAX, Scale: wordSize256 / sigmaScale, Disp: 32 * group}
	}
	each(func(i int, q [4]int, a, b, c, d vec) { VMOVDQA(k.state(q[0], group), a) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPADDQ(message(i, 0), a, a) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPADDQ(b, a, a) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPXOR(k.state(q[3], group), a, d) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPSHUFD(U8(0xb1), d, d) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPADDQ(k.state(q[2], group), d, c) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPXOR(c, b, b) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPSHUFB(Y14, b, b) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPADDQ(message(i, 1), a, a) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPADDQ(b, a, a) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPXOR(a, d, d) })
	each(func(i int, q [4]int, a, b, c, d vec) { VMOVDQA(a, k.state(q[0], group)) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPSHUFB(Y15, d, d) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPADDQ(d, c, c) })
	each(func(i int, q [4]int, a, b, c, d vec) { VMOVDQA(d, k.state(q[3], group)) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPXOR(c, b, b) })
	each(func(i int, q [4]int, a, b, c, d vec) { VMOVDQA(c, k.state(q[2], group)) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPADDQ(b, b, a) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPSRLQ(U8(63), b, b) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPXOR(a, b, b) })
}

// b is the register of one of the words 4 to 7, the second operands of G.
func (k kernel256) b(word, group int) VecPhysical { return ymm[4*group+word-4] }
