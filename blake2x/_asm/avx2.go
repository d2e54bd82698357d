package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

var ymm = []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}

// kernel256 names the registers that live through compressAVX2.
type kernel256 struct {
	hash   GPPhysical // 8 words of 8 lanes
	from   GPPhysical // where each lane's message starts
	offset GPPhysical // of the block in each message
	block  GPPhysical // the aligned frame: 16 message words, then 16 state words, of 8 lanes each
	total  GPPhysical // bytes hashed up to the end of the block
}

const wordSize256 = 8 * 8

// compressAVX2 emits the kernel for 8 lanes as two states of 4. A state fills the register file, so
// both live in memory: half a round brings one in, works on it and puts it back, and the CPU runs the
// other's half round beside it.
func compressAVX2() {
	TEXT("compressAVX2", 0, "func(hash *[8][8]uint64, from *[8]*byte, offset, blocks int, total, step, flag uint64)")
	Pragma("noescape")
	Doc("compressAVX2 takes 8 hashes, kept word by word, over whole blocks of 8 messages. The first block is",
		"offset bytes from each message's start; the length hashed so far is total before it and grows by",
		"step with each block. flag is all ones if the block is the last of its message, else zero.")
	k := kernel256{hash: RDI, from: RSI, offset: RCX, block: RBX, total: R8}
	Load(Param("hash"), k.hash)
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
	k.start()
	LEAQ(sigmaTable.Offset(0), R11)
	MOVQ(U32(rounds), R13)
	Label("round")
	for first, quads := range [2][4][4]int{columns, diagonals} {
		k.halfRound(0, 8*first, quads)
		k.halfRound(1, 8*first, quads)
	}
	ADDQ(U8(16), R11)
	DECQ(R13)
	JNZ(LabelRef("round"))
	for w := range 8 {
		for g := range 2 {
			y := ymm[2*w%8+g]
			VMOVDQA(k.state(w, g), y)
			VPXOR(k.state(w+8, g), y, y)
			VPXOR(k.digest(w, g), y, y)
			VMOVDQU(y, k.digest(w, g))
		}
	}
	ADDQ(U8(128), k.offset)
	DECQ(R9)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

func (k kernel256) digest(word, group int) Mem {
	return Mem{Base: k.hash, Disp: word*wordSize256 + group*32}
}

func (k kernel256) message(word, group int) Mem {
	return Mem{Base: k.block, Disp: word*wordSize256 + group*32}
}

func (k kernel256) state(word, group int) Mem {
	return Mem{Base: k.block, Disp: (16+word)*wordSize256 + group*32}
}

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

// start puts the hash, the initialization vector, the length and the flag into both states.
func (k kernel256) start() {
	Comment("v0-v7 are the hash, v8-v15 the initialization vector with the length and the last-block flag.")
	for w := range 8 {
		for g := range 2 {
			y := ymm[2*w%8+g]
			VMOVDQU(k.digest(w, g), y)
			VMOVDQA(y, k.state(w, g))
		}
	}
	for w := range 8 {
		y := ymm[w]
		VPBROADCASTQ(ivTable.Offset(8*w), y)
		if extra, ok := map[int]GPPhysical{4: k.total, 6: R12}[w]; ok {
			MOVQ(extra, X15)
			VPBROADCASTQ(X15, Y15)
			VPXOR(Y15, y, y)
		}
		VMOVDQA(y, k.state(8+w, 0))
		VMOVDQA(y, k.state(8+w, 1))
	}
}

// halfRound emits the mixing function G for four columns or diagonals of one state, step by step. In
// the second pass a is put back early, for its register to help in the rotation by 63.
func (k kernel256) halfRound(group, first int, quads [4][4]int) {
	type vec = VecPhysical
	each := func(emit func(i int, q [4]int, a, b, c, d vec)) {
		for i, q := range quads {
			emit(i, q, ymm[i], ymm[4+i], ymm[8+i], ymm[12+i])
		}
	}
	addMessage := func(pass int) {
		each(func(i int, q [4]int, a, b, c, d vec) {
			MOVBLZX(Mem{Base: R11, Disp: first + 2*i + pass}, EAX)
			VPADDQ(Mem{Base: k.block, Index: RAX, Scale: wordSize256 / sigmaScale, Disp: 32 * group}, a, a)
		})
		each(func(i int, q [4]int, a, b, c, d vec) { VPADDQ(b, a, a) })
		each(func(i int, q [4]int, a, b, c, d vec) { VPXOR(a, d, d) })
	}
	mix := func() {
		each(func(i int, q [4]int, a, b, c, d vec) { VPADDQ(d, c, c) })
		each(func(i int, q [4]int, a, b, c, d vec) { VPXOR(c, b, b) })
	}
	each(func(i int, q [4]int, a, b, c, d vec) {
		for j, y := range []vec{a, b, d, c} {
			VMOVDQA(k.state(q[[]int{0, 1, 3, 2}[j]], group), y)
		}
	})
	addMessage(0)
	each(func(i int, q [4]int, a, b, c, d vec) { VPSHUFD(U8(0xb1), d, d) })
	mix()
	each(func(i int, q [4]int, a, b, c, d vec) { VPSHUFB(rotateTable.Offset(0), b, b) })
	addMessage(1)
	each(func(i int, q [4]int, a, b, c, d vec) { VMOVDQA(a, k.state(q[0], group)) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPSHUFB(rotateTable.Offset(32), d, d) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPADDQ(d, c, c); VMOVDQA(d, k.state(q[3], group)) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPXOR(c, b, b); VMOVDQA(c, k.state(q[2], group)) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPADDQ(b, b, a); VPSRLQ(U8(63), b, b) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPXOR(a, b, b); VMOVDQA(b, k.state(q[1], group)) })
}
