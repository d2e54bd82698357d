package main

import (
	"strconv"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

var ymm = []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}

// kernel256 names the registers that live through hashAVX2.
type kernel256 struct {
	states int

	lanes  GPPhysical
	end    GPPhysical // bytes of a message or piece without the byte before, and what places are relative to
	left   GPPhysical // bytes not yet read, of the message with its prefix
	hole   GPPhysical // 1 while the first byte of the block is the prefix, else 0
	prefix GPPhysical // that byte, else 0
	offset GPPhysical // of the block in each message, and what places are relative to
	total  GPPhysical // bytes hashed up to the end of the block
	block  GPPhysical // the aligned frame: 16 message words, 16 state words, 8 hash words, of 8 lanes each

	// running is where the hash is between two pieces of a message, and after it a byte for each lane that comes
	// before the second; nil if there are no pieces and all lanes have the same prefix.
	running GPPhysical
}

const wordSize256 = 8 * 8

// hashAVX2 emits the kernels for 9 and 4 lanes. 8 of 9 are two states of 4, so that each hides the other's latency; the
// ninth runs through the integer registers, which have little else to do.
// One state alone would fill the register file: words 4 to 7 of both, which the chain of dependencies
// runs through, stay in Y0 to Y7, and the others are in memory between their uses. Y8 to Y13 work on two
// columns or diagonals at a time; Y14 and Y15 are the shuffles that rotate by 24 and 16.
func hashAVX2() {
	const signature = "func(dst, src *byte, lanes *int, groups, laneStep, srcStep, dstStep int, n, prefixed, prefix, padding uint64)"
	TEXT("hashAVX2", 0, signature)
	Pragma("noescape")
	Doc("hashAVX2 writes the digests of 9 messages, each n bytes after prefixed (0 or 1) bytes prefix; n is at",
		"least 32. The last padding bytes of them are zeros that do not count; they fill up a short message.",
		"lanes, groups and steps are as in hashAVX512.")
	lanes256(2)
	TEXT("hashHalfAVX2", 0, signature)
	Pragma("noescape")
	Doc("hashHalfAVX2 is hashAVX2 for 4 messages, of which lanes has the places of the first 4.")
	lanes256(1)
	TEXT("resumeAVX2", 0, resumeSignature)
	Pragma("noescape")
	Doc(resumeDoc("resumeAVX2", 9)...)
	resume256()
}

// newKernel256 emits the beginning of a kernel for so many states of 4 lanes.
func newKernel256(states int) kernel256 {
	k := kernel256{states: states, lanes: RSI, end: R15, left: RCX, hole: RDI, prefix: R8, offset: R9, total: R10, block: RBX}
	Load(Param("lanes"), k.lanes)
	Load(Param("groups"), R14)
	Load(Param("n"), k.end)
	frame := AllocLocal(soloAt + soloSize + 64)
	LEAQ(frame.Offset(63), k.block)
	ANDQ(I8(-64), k.block)
	return k
}

// lanes256 emits the body of a kernel for so many states of 4 lanes.
func lanes256(states int) {
	k := newKernel256(states)
	Load(Param("src"), RAX)
	ADDQ(RAX, k.end)

	Label("group")
	k.start()
	Comment("A prefixed message is read from one byte before its start, but for that byte.")
	Load(Param("prefixed"), k.hole)
	Load(Param("prefix"), k.prefix)
	XORQ(k.total, k.total)
	Load(Param("n"), k.left)
	Load(Param("src"), k.offset)
	ADDQ(k.hole, k.left)
	SUBQ(k.hole, k.offset)

	Label("block")
	k.count()
	JNZ(LabelRef("counted"))
	Load(Param("padding"), RAX)
	SUBQ(RAX, k.total)
	Label("counted")
	k.compress()
	ADDQ(U8(128), k.offset)
	TESTQ(k.left, k.left)
	JNZ(LabelRef("block"))

	Load(Param("dst"), k.offset)
	k.store()
	DECQ(R14)
	JZ(LabelRef("done"))
	Load(Param("laneStep"), RAX)
	ADDQ(RAX, k.lanes)
	for i, step := range []string{"srcStep", "dstStep"} {
		Load(Param(step), RAX)
		MOVQ(RAX, X0)
		VPBROADCASTQ(X0, Y0)
		for j := range k.states {
			at := Mem{Base: k.lanes, Disp: digests256*i + 32*j}
			VPADDQ(at, Y0, Y1)
			VMOVDQU(Y1, at)
		}
		if k.solo() {
			ADDQ(RAX, Mem{Base: k.lanes, Disp: digests256*i + 64})
		}
	}
	JMP(LabelRef("group"))
	Label("done")
	VZEROUPPER()
	RET()
}

// start makes the hash that before any message.
func (k kernel256) start() {
	for w := range 8 {
		VPBROADCASTQ(startTable.Offset(8*w), Y0)
		for g := range k.states {
			k.keep(Y0, w, g)
		}
	}
	k.soloKeep(startTable)
}

// count takes the next block and leaves its length in R12, and whether it is the last in the flags.
func (k kernel256) count() {
	Comment("Take up to 128 bytes: R12 of them.")
	MOVQ(U32(128), R12)
	CMPQ(k.left, R12)
	CMOVQCS(k.left, R12)
	ADDQ(R12, k.total)
	SUBQ(R12, k.left)
}

// compress loads a block and adds it to the hash.
func (k kernel256) compress() {
	k.soloLoad()
	for quarter := range 4 {
		k.load(quarter)
	}
	k.begin()
	k.mixRounds()
	for w := range 8 {
		for g := range k.states {
			y := Y8
			if w < 4 {
				VMOVDQA(k.state(w, g), y)
			} else {
				y = k.b(w, g)
			}
			VPXOR(k.state(w+8, g), y, y)
			VPXOR(k.hash(w, g), y, y)
			k.keep(y, w, g)
		}
	}
}

// resume256 emits the body of a kernel that goes on with messages.
func resume256() {
	k := newKernel256(2)
	k.running = R8 // there is no common prefix
	Load(Param("state"), k.running)

	Label("group")
	Load(Param("total"), k.total)
	TESTQ(k.total, k.total)
	JZ(LabelRef("begin"))
	for w := range 8 {
		for g := range k.states {
			VMOVDQU(k.kept(w, g), Y0)
			k.keep(Y0, w, g)
		}
	}
	k.soloKeep(k.kept(9, 0))
	JMP(LabelRef("begun"))
	Label("begin")
	k.start()
	VPBROADCASTQ(NewParamAddr("prefix", 64), Y0)
	for g := range k.states {
		VMOVDQU(Y0, k.kept(8, g))
	}
	MOVQ(X0, k.kept(9, 0).Offset(64))
	Label("begun")
	Comment("A piece is read from one byte before its start, in whose place is the byte kept.")
	MOVQ(U32(1), k.hole)
	MOVQ(I32(-1), k.offset)
	Load(Param("n"), k.left)
	INCQ(k.left)

	Label("block")
	k.count()
	CMPQ(NewParamAddr("copying", 56), U8(0))
	JE(LabelRef("copied"))
	k.copy()
	Label("copied")
	k.compress()
	ADDQ(U8(128), k.offset)
	CMPQ(k.left, NewParamAddr("keep", 48))
	JNE(LabelRef("block"))

	TESTQ(k.left, k.left)
	JZ(LabelRef("last"))
	for w := range 8 {
		for g := range k.states {
			VMOVDQA(k.hash(w, g), Y0)
			VMOVDQU(Y0, k.kept(w, g))
		}
	}
	for half := range 2 {
		VMOVDQU(k.soloHash(4*half), Y0)
		VMOVDQU(Y0, k.kept(9, 0).Offset(32*half))
	}
	for i := range 9 {
		MOVQ(Mem{Base: k.lanes, Disp: 8 * i}, RDX)
		MOVBLZX(Mem{Base: RDX, Index: k.offset, Scale: 1}, EAX)
		at := k.kept(8, 0).Offset(8 * i)
		if i == 8 {
			at = k.kept(9, 0).Offset(64)
		}
		MOVQ(RAX, at)
	}
	JMP(LabelRef("next"))

	Label("last")
	XORQ(k.offset, k.offset)
	k.store()
	Label("next")
	ADDQ(U32(9*wordSize256+9*8), k.running)
	Load(Param("laneStep"), RAX)
	ADDQ(RAX, k.lanes)
	DECQ(R14)
	JNZ(LabelRef("group"))
	VZEROUPPER()
	RET()
}

// copy copies the block in hand of each lane. It asks for where the next but one goes, and for the same block of
// the next piece of the message.
func (k kernel256) copy() {
	for i := range 9 {
		MOVQ(Mem{Base: k.lanes, Disp: 8 * i}, RAX)
		MOVQ(Mem{Base: k.lanes, Disp: digests256 + 8*i}, RDX)
		for part := range 4 {
			y := ymm[4*(i%2)+part]
			at := func(base Register, ahead int) Mem {
				return Mem{Base: base, Index: k.offset, Scale: 1, Disp: 1 + 32*part + ahead}
			}
			VMOVDQU(at(RAX, 0), y)
			VMOVDQU(y, at(RDX, 0))
			if part%2 == 0 {
				PREFETCHT0(at(RDX, 256))
			}
		}
		ADDQ(k.end, RAX)
		for line := range 2 {
			PREFETCHT1(Mem{Base: RAX, Index: k.offset, Scale: 1, Disp: 64 * line})
		}
	}
}

// kept is where a word of the hash is between two pieces of a message; word 8 is the byte before the second. What the
// ninth lane keeps comes behind all that.
func (k kernel256) kept(word, group int) Mem {
	return Mem{Base: k.running, Disp: word*wordSize256 + group*32}
}

func (k kernel256) word(word, group int) Mem {
	return Mem{Base: k.block, Disp: word*wordSize256 + group*32}
}

func (k kernel256) message(word, group int) Mem { return k.word(word, group) }
func (k kernel256) state(word, group int) Mem   { return k.word(16+word, group) }
func (k kernel256) hash(word, group int) Mem    { return k.word(32+word, group) }

// load turns four words of each lane's block into four words of 8 lanes.
func (k kernel256) load(quarter int) {
	label := func(name string) string { return name + string(rune('0'+quarter)) }
	rows := ymm[:4*k.states]
	each := func(read func(y VecPhysical)) {
		for i, y := range rows {
			MOVQ(Mem{Base: k.lanes, Disp: 8 * i}, RDX)
			read(y)
		}
	}
	Commentf("Words %d to %d of 8 lanes.", 4*quarter, 4*quarter+3)
	if quarter == 0 {
		TESTQ(k.hole, k.hole)
		JNZ(LabelRef(label("first")))
	}
	CMPQ(R12, U32(32*quarter+32))
	JB(LabelRef(label("last")))
	each(func(y VecPhysical) {
		VMOVDQU(Mem{Base: RDX, Index: k.offset, Scale: 1, Disp: 32 * quarter}, y)
	})
	JMP(LabelRef(label("loaded")))

	if quarter == 0 {
		Comment("Behind a prefix: the bytes move up by one.")
		Label(label("first"))
		each(func(y VecPhysical) {
			VMOVDQU(Mem{Base: RDX, Index: k.offset, Scale: 1, Disp: 1}, y)
			VPERM2I128(U8(0x08), y, y, Y13)
			VPALIGNR(U8(15), Y13, y, y)
		})
		JMP(LabelRef(label("loaded")))
	}

	Comment("At the end: the last 32 bytes of the message, moved down to leave those of the block.")
	Label(label("last"))
	MOVQ(R12, RAX)
	if quarter > 0 {
		SUBQ(U8(32*quarter), RAX)
		JBE(LabelRef(label("none")))
		CMPQ(RAX, U8(8))
		JBE(LabelRef(label("one")))
	}
	NEGQ(RAX)
	ADDQ(U8(32), RAX)
	LEAQ(windowTable.Offset(0), RDX)
	VBROADCASTI128(Mem{Base: RDX, Index: RAX, Scale: 1, Disp: 16}, Y14)
	VBROADCASTI128(Mem{Base: RDX, Index: RAX, Scale: 1}, Y15)
	each(func(y VecPhysical) {
		VMOVDQU(Mem{Base: RDX, Index: k.end, Scale: 1, Disp: -32}, y)
		VPERM2I128(U8(0x81), y, y, Y13)
		VPSHUFB(Y14, y, y)
		VPSHUFB(Y15, Y13, Y13)
		VPOR(Y13, y, y)
	})

	Label(label("loaded"))
	for g := range k.states {
		r, t := ymm[4*g:4*g+4], ymm[8+4*g:12+4*g]
		transpose4x4(r, t)
		switch {
		case quarter == 0 && k.running != nil:
			TESTQ(k.hole, k.hole)
			JZ(LabelRef("behind" + strconv.Itoa(g)))
			VPOR(k.kept(8, g), r[0], r[0])
			Label("behind" + strconv.Itoa(g))
		case quarter == 0:
			MOVQ(k.prefix, t[0].AsX())
			VPBROADCASTQ(t[0].AsX(), t[0])
			VPOR(t[0], r[0], r[0])
		}
		for i, y := range r {
			VMOVDQA(y, k.message(4*quarter+i, g))
		}
	}
	if quarter == 0 {
		if k.running == nil {
			XORQ(k.prefix, k.prefix)
		}
		XORQ(k.hole, k.hole)
		return
	}
	JMP(LabelRef(label("stored")))
	Commentf("Word %d alone, or none.", 4*quarter)
	Label(label("one"))
	k.loadOne(4 * quarter)
	JMP(LabelRef(label("stored")))
	Label(label("none"))
	k.clear(4*quarter, 4)
	Label(label("stored"))
}

// loadOne reads a word of each lane's block, of which RAX bytes exist, and clears the three that follow: the last
// 8 bytes of the message, moved down. That is all that a Merkle tree's nodes have behind 64 bytes.
func (k kernel256) loadOne(word int) {
	SHLQ(U8(3), RAX)
	NEGQ(RAX)
	ADDQ(U8(64), RAX)
	VMOVQ(RAX, X8)
	for g := range k.states {
		for i, x := range []VecPhysical{X0, X1} {
			MOVQ(Mem{Base: k.lanes, Disp: 8 * (4*g + 2*i)}, RDX)
			VMOVQ(Mem{Base: RDX, Index: k.end, Scale: 1, Disp: -8}, x)
			MOVQ(Mem{Base: k.lanes, Disp: 8 * (4*g + 2*i + 1)}, RDX)
			VPINSRQ(U8(1), Mem{Base: RDX, Index: k.end, Scale: 1, Disp: -8}, x, x)
		}
		VINSERTI128(U8(1), X1, Y0, Y0)
		VPSRLQ(X8, Y0, Y0)
		VMOVDQA(Y0, k.message(word, g))
	}
	k.clear(word+1, 3)
}

// clear zeroes message words.
func (k kernel256) clear(first, count int) {
	VPXOR(Y0, Y0, Y0)
	for w := first; w < first+count; w++ {
		for g := range k.states {
			VMOVDQA(Y0, k.message(w, g))
		}
	}
}

// transpose4x4 turns r, 4 rows of 4 quadwords, into columns; t is scratch.
func transpose4x4(r, t []VecPhysical) {
	for i := 0; i < 4; i += 2 {
		VPUNPCKLQDQ(r[i+1], r[i], t[i])
		VPUNPCKHQDQ(r[i+1], r[i], t[i+1])
	}
	for i := range 2 {
		VPERM2I128(U8(0x20), t[2+i], t[i], r[i])
		VPERM2I128(U8(0x31), t[2+i], t[i], r[2+i])
	}
}

// store writes the first four words of each lane's hash to where lanes says from the address in offset on.
func (k kernel256) store() {
	Comment("Digests: four words of 4 lanes become 4 lanes of four words, twice.")
	for g := range k.states {
		r := ymm[4*g : 4*g+4]
		for w, y := range r {
			VMOVDQA(k.hash(w, g), y)
		}
		transpose4x4(r, ymm[8:12])
		for i, y := range r {
			MOVQ(Mem{Base: k.lanes, Disp: digests256 + 8*(4*g+i)}, RAX)
			VMOVDQU(y, Mem{Base: k.offset, Index: RAX, Scale: 1})
		}
	}
	if k.solo() {
		VMOVDQU(k.soloHash(0), Y0)
		MOVQ(Mem{Base: k.lanes, Disp: digests256 + 64}, RAX)
		VMOVDQU(Y0, Mem{Base: k.offset, Index: RAX, Scale: 1})
	}
}

// keep stores a word of the hash, the first four also as those of the next block's state.
func (k kernel256) keep(y VecPhysical, word, group int) {
	VMOVDQA(y, k.hash(word, group))
	if word < 4 {
		VMOVDQA(y, k.state(word, group))
	}
}

// begin puts the hash, the initialization vector, the length and the flag into both states.
func (k kernel256) begin() {
	Comment("v0-v7 are the hash, v8-v15 the initialization vector with the length and the last-block flag.")
	for w := 4; w < 8; w++ {
		for g := range k.states {
			VMOVDQA(k.hash(w, g), k.b(w, g))
		}
	}
	for w := range 8 {
		y := ymm[8+w%4]
		switch w {
		case 4:
			MOVQ(ivTable.Offset(8*w), RAX)
			XORQ(k.total, RAX)
			MOVQ(RAX, y.AsX())
			VPBROADCASTQ(y.AsX(), y)
		case 6:
			Comment("The borrow of left-1 tells the last block.")
			MOVQ(k.left, RAX)
			SUBQ(I8(1), RAX)
			SBBQ(RAX, RAX)
			XORQ(ivTable.Offset(8*w), RAX)
			MOVQ(RAX, y.AsX())
			VPBROADCASTQ(y.AsX(), y)
		default:
			VPBROADCASTQ(ivTable.Offset(8*w), y)
		}
		for g := range k.states {
			VMOVDQA(y, k.state(8+w, g))
		}
	}
	VMOVDQU(rotateTable.Offset(0), Y14)
	VMOVDQU(rotateTable.Offset(32), Y15)
}

// mixRounds emits the rounds of all states, two columns or diagonals of one after the other. The first steps of a
// pair run beside the last ones of the pair before, of which they need neither results nor registers; those of
// the first pair of a thirteenth round come to nothing.
func (k kernel256) mixRounds() {
	const first, last = 4, 8 // steps that overlap
	var pairs [][]func()
	for from, quads := range [2][4][4]int{columns, diagonals} {
		for g := range k.states {
			for half := 0; half < 4; half += 2 {
				pairs = append(pairs, k.pair(g, 8*from+2*half, quads[half:half+2]))
			}
		}
	}
	k.soloBegin()
	LEAQ(sigmaTable.Offset(0), R11)
	MOVQ(U32(rounds), k.round())
	emitAll(pairs[0][:first])
	Label("round")
	// The ninth lane's steps are spread evenly among those of the vectors.
	solo, done, all := k.soloRound(), 0, len(pairs)*len(pairs[0])
	step := func(emit func()) {
		emit()
		from := len(solo) * done / all
		done++
		emitAll(solo[from : len(solo)*done/all])
	}
	for p, steps := range pairs {
		end := len(steps) - last
		for _, emit := range steps[first:end] {
			step(emit)
		}
		next := pairs[(p+1)%len(pairs)]
		if p == len(pairs)-1 {
			emitAll(solo[len(solo)*done/all:])
			solo = nil
			ADDQ(U8(16), R11)
		}
		for i := range last {
			step(steps[end+i])
			if i < first && k.states > 1 {
				step(next[i])
			}
		}
		if k.states == 1 {
			emitAll(next[:first]) // which may need the results
		}
	}
	DECQ(k.round())
	JNZ(LabelRef("round"))
	k.soloFeed()
}

func emitAll(steps []func()) {
	for _, emit := range steps {
		emit()
	}
}

// pair returns the steps of the mixing function G for two columns or diagonals of one state.
func (k kernel256) pair(group, first int, quads [][4]int) (steps []func()) {
	type vec = VecPhysical
	each := func(emit func(i int, q [4]int, a, b, c, d vec)) {
		steps = append(steps, func() {
			for i, q := range quads {
				emit(i, q, ymm[8+i], k.b(q[1], group), ymm[10+i], ymm[12+i])
			}
		})
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
	each(func(i int, q [4]int, a, b, c, d vec) { VMOVDQA(a, k.state(q[0], group)) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPXOR(a, d, d) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPSHUFB(Y15, d, d) })
	each(func(i int, q [4]int, a, b, c, d vec) { VMOVDQA(d, k.state(q[3], group)) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPADDQ(d, c, c) })
	each(func(i int, q [4]int, a, b, c, d vec) { VMOVDQA(c, k.state(q[2], group)) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPXOR(c, b, b) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPADDQ(b, b, c) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPSRLQ(U8(63), b, b) })
	each(func(i int, q [4]int, a, b, c, d vec) { VPXOR(c, b, b) })
	return steps
}

// b is the register of one of the words 4 to 7, the second operands of G.
func (k kernel256) b(word, group int) VecPhysical { return ymm[4*group+word-4] }
