package main

import (
	"strconv"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

var zmm = []VecPhysical{
	Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
	Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31,
}

// The frame, from an address aligned to 64: 16 message words, then the 8 words of the running hash,
// each word 16 lanes of 8 bytes.
const (
	wordSize  = 16 * 8
	hashAt    = 16 * wordSize
	frameSize = hashAt + 8*wordSize + 64
)

// hashAVX512 emits the kernels for 16 and 8 lanes. A state of 8 lanes takes 16 registers and BLAKE2b's steps
// all work in place, so two states fill the register file and hide one another's latency.
func hashAVX512() {
	const signature = "func(dst, src *byte, lanes *int, groups, laneStep, srcStep, dstStep int, n, prefixed, prefix uint64)"
	TEXT("hashAVX512", 0, signature)
	Pragma("noescape")
	Doc("hashAVX512 writes the digests of 16 messages, each n bytes after prefixed (0 or 1) bytes prefix.",
		"lanes holds where in src the messages are, then where in dst their digests go. It does so for so many",
		"groups, whose lanes lie laneStep bytes apart; messages move by srcStep and digests by dstStep from one",
		"to the next.")
	lanes512(2)
	TEXT("hashHalfAVX512", 0, signature)
	Pragma("noescape")
	Doc("hashHalfAVX512 is hashAVX512 for 8 messages, of which lanes has the places of the first 8.")
	lanes512(1)
	TEXT("resumeAVX512", 0, resumeSignature)
	Pragma("noescape")
	Doc(resumeDoc("resumeAVX512", 16)...)
	resume512()
}

const resumeSignature = "func(lanes *int, groups, laneStep int, state *byte, n, total, keep, copying, prefix uint64)"

// resumeDoc describes a kernel that goes on with messages.
func resumeDoc(name string, lanes int) []string {
	return []string{
		name + " goes on with groups of messages of which total bytes, whole blocks, have been hashed: each lane takes",
		"the byte that was kept of it, or prefix if total is 0, then n more, at least 32. With keep, which asks for whole",
		"blocks, it keeps the last of them, and copies them if copying; otherwise it writes the digest. lanes",
		"has the addresses of " + strconv.Itoa(lanes) + " pieces, then those of digests or copies. state has room, for each group, for 8 words",
		"of their hashes and one of the bytes kept, of as many lanes each.",
	}
}

// lanes512 emits the body of a kernel for so many states of 8 lanes.
func lanes512(states int) {
	k := newKernel512(states)
	k.clear(8)

	Label("group")
	Comment("A prefixed message is read from one byte before its start, with that byte masked off.")
	Load(Param("n"), k.left)
	Load(Param("prefixed"), k.hole)
	Load(Param("prefix"), k.prefix)
	XORQ(k.total, k.total)
	Load(Param("src"), k.offset)
	ADDQ(k.hole, k.left)
	SUBQ(k.hole, k.offset)

	Label("block")
	k.masks()
	k.load(0, K1)
	k.loadSecondHalf()
	k.start()
	k.compress()
	k.feed()
	TESTQ(k.left, k.left)
	JZ(LabelRef("last"))
	k.keep()
	ADDQ(U8(128), k.offset)
	JMP(LabelRef("block"))

	Label("last")
	Load(Param("dst"), k.offset)
	k.store()
	DECQ(R14)
	JZ(LabelRef("done"))
	Load(Param("laneStep"), RAX)
	ADDQ(RAX, k.lanes)
	for i, step := range []string{"srcStep", "dstStep"} {
		Load(Param(step), RAX)
		VPBROADCASTQ(RAX, Z0)
		for j := range k.states {
			at := Mem{Base: k.lanes, Disp: 128*i + 64*j}
			VPADDQ(at, Z0, Z1)
			VMOVDQU64(Z1, at)
		}
	}
	JMP(LabelRef("group"))
	Label("done")
	VZEROUPPER()
	RET()
}

// resume512 emits the body of a kernel that goes on with messages.
func resume512() {
	k := newKernel512(2)
	k.running = R11
	Load(Param("state"), k.running)
	Load(Param("n"), k.ahead)

	Label("group")
	Comment("A piece is read from one byte before its start, in whose place is the byte kept.")
	Load(Param("n"), k.left)
	MOVQ(U32(1), k.hole)
	MOVQ(I32(-1), k.offset)
	INCQ(k.left)
	Load(Param("total"), k.total)
	TESTQ(k.total, k.total)
	JZ(LabelRef("begin"))
	for w := range 8 {
		for g := range k.states {
			VMOVDQU64(k.hash(w, g), v512(g, w))
		}
	}
	JMP(LabelRef("block"))
	Label("begin")
	for w := range 8 {
		k.broadcast(startTable.Offset(8*w), w)
	}
	k.keep()
	VPBROADCASTQ(NewParamAddr("prefix", 64), Z8)
	for g := range k.states {
		VMOVDQU64(Z8, k.hash(8, g))
	}

	Label("block")
	k.masks()
	k.load(0, K1)
	CMPQ(R12, U8(64))
	JA(LabelRef("whole"))
	k.clear(8)
	JMP(LabelRef("loaded"))
	Label("whole")
	k.load(1, K2)
	CMPQ(NewParamAddr("copying", 56), U8(0))
	JE(LabelRef("loaded"))
	k.copy()
	Label("loaded")
	k.compress()
	k.feedHash()
	CMPQ(k.left, NewParamAddr("keep", 48))
	JE(LabelRef("end"))
	k.keep()
	ADDQ(U8(128), k.offset)
	JMP(LabelRef("block"))

	Label("end")
	TESTQ(k.left, k.left)
	JZ(LabelRef("last"))
	k.keep()
	for i := range 16 {
		MOVQ(Mem{Base: k.lanes, Disp: 8 * i}, RDX)
		MOVBLZX(Mem{Base: RDX, Index: k.offset, Scale: 1, Disp: 128}, EAX)
		MOVQ(RAX, k.hash(8, 0).Offset(8*i))
	}
	JMP(LabelRef("next"))

	Label("last")
	XORQ(k.offset, k.offset)
	k.store()
	Label("next")
	ADDQ(U32(9*wordSize), k.running)
	Load(Param("laneStep"), RAX)
	ADDQ(RAX, k.lanes)
	DECQ(R14)
	JNZ(LabelRef("group"))
	VZEROUPPER()
	RET()
}

// copy copies the block in hand of each lane. It asks for where the next but one goes, as stores that wait for their
// lines would hold up everything.
func (k kernel512) copy() {
	for i := range 16 {
		MOVQ(Mem{Base: k.lanes, Disp: 8 * i}, RAX)
		MOVQ(Mem{Base: k.lanes, Disp: 128 + 8*i}, RDX)
		for line := range 2 {
			z := zmm[8+2*(i%4)+line] // not where the hash is
			at := func(base Register, ahead int) Mem {
				return Mem{Base: base, Index: k.offset, Scale: 1, Disp: 1 + 64*line + ahead}
			}
			VMOVDQU64(at(RAX, 0), z)
			VMOVDQU64(z, at(RDX, 0))
			PREFETCHT0(at(RDX, 256))
		}
	}
}

// newKernel512 emits the beginning of a kernel for so many states.
func newKernel512(states int) kernel512 {
	k := kernel512{states: states, lanes: RSI, left: RCX, hole: RDI, prefix: R8, offset: R9, total: R10, block: RBX, ahead: R15}
	Load(Param("lanes"), k.lanes)
	Load(Param("groups"), R14)
	frame := AllocLocal(frameSize)
	LEAQ(frame.Offset(63), k.block)
	ANDQ(I8(-64), k.block)
	return k
}

// kernel512 names the registers that live through a kernel.
type kernel512 struct {
	states int

	lanes  GPPhysical
	left   GPPhysical // bytes not yet read, of the message with its prefix
	hole   GPPhysical // 1 while the first byte of the block is the prefix, else 0
	prefix GPPhysical // that byte, else 0; where there is no common one, the place in the schedule
	offset GPPhysical // of the block in each message, and what places are relative to
	total  GPPhysical // bytes hashed up to the end of the block
	block  GPPhysical // the aligned frame

	// running is where the running hash is, and after it a byte for each lane that comes before its piece; nil
	// if the hash is in the frame and all lanes have the same prefix.
	running GPPhysical
	ahead   GPPhysical // how far the next piece of a message is likely to be from the one in hand
}

func (k kernel512) message(word, half int) Mem {
	return Mem{Base: k.block, Disp: word*wordSize + half*64}
}

func (k kernel512) hash(word, half int) Mem {
	if k.running != nil {
		return Mem{Base: k.running, Disp: word*wordSize + half*64}
	}
	return Mem{Base: k.block, Disp: hashAt + word*wordSize + half*64}
}

// masks takes the next block and leaves its length in R12 and which of its bytes exist in K1 and K2.
func (k kernel512) masks() {
	Comment("Take up to 128 bytes: R12 of them, those in the message marked in K1 and K2.")
	MOVQ(U32(128), R12)
	CMPQ(k.left, R12)
	CMOVQCS(k.left, R12)
	ADDQ(R12, k.total)
	SUBQ(R12, k.left)
	MOVQ(I32(-1), RAX)
	XORQ(R13, R13)
	BZHIQ(R12, RAX, RDX)
	ANDNQ(RDX, k.hole, RDX)
	KMOVQ(RDX, K1)
	MOVQ(R12, RDX)
	SUBQ(I8(64), RDX)
	CMOVQCS(R13, RDX)
	BZHIQ(RDX, RAX, RDX)
	KMOVQ(RDX, K2)
}

// load reads half a block of each message and turns 8 lanes of 8 words into 8 words of 8 lanes, twice.
// It asks for the next block, as 16 messages are more than the CPU follows by itself.
func (k kernel512) load(half int, mask Register) {
	Commentf("Words %d to %d of 16 lanes.", 8*half, 8*half+7)
	for g := range k.states {
		r, t := zmm[8:16], zmm[24:32] // not where the hash is
		for i, z := range r {
			MOVQ(Mem{Base: k.lanes, Disp: 8 * (8*g + i)}, RDX)
			VMOVDQU8_Z(Mem{Base: RDX, Index: k.offset, Scale: 1, Disp: 64 * half}, mask, z)
			PREFETCHT0(Mem{Base: RDX, Index: k.offset, Scale: 1, Disp: 128 + 64*half})
			if k.running != nil {
				ADDQ(k.ahead, RDX)
				PREFETCHT1(Mem{Base: RDX, Index: k.offset, Scale: 1, Disp: 64 * half})
			}
		}
		transpose8x8(r, t)
		switch {
		case half == 0 && k.running != nil:
			TESTQ(k.hole, k.hole)
			JZ(LabelRef("behind" + strconv.Itoa(g)))
			VPORQ(k.hash(8, g), t[0], t[0])
			Label("behind" + strconv.Itoa(g))
		case half == 0:
			VPBROADCASTQ(k.prefix, r[0])
			VPORQ(r[0], t[0], t[0])
		}
		for i, z := range t {
			VMOVDQA64(z, k.message(8*half+i, g))
		}
	}
	if half == 0 {
		if k.running == nil {
			XORQ(k.prefix, k.prefix)
		}
		XORQ(k.hole, k.hole)
	}
}

// loadSecondHalf reads words 8 to 15, or fewer if the block is short. In messages of a single block, the
// words beyond are zero ever since hashAVX512 began.
func (k kernel512) loadSecondHalf() {
	CMPQ(k.total, U32(128))
	JA(LabelRef("whole"))
	CMPQ(R12, U8(64))
	JBE(LabelRef("loaded"))
	CMPQ(R12, U8(72))
	JA(LabelRef("whole"))
	Comment("Word 8 alone, all that a Merkle tree's nodes have here.")
	for g := range k.states {
		r := zmm[8*g : 8*g+8]
		for i, z := range r {
			MOVQ(Mem{Base: k.lanes, Disp: 8 * (8*g + i)}, RDX)
			VMOVDQU8_Z(Mem{Base: RDX, Index: k.offset, Scale: 1, Disp: 64}, K2, z.AsX())
		}
		for i := 0; i < 8; i += 2 {
			VPUNPCKLQDQ(r[i+1].AsX(), r[i].AsX(), r[i].AsX())
		}
		VINSERTI128(U8(1), r[2].AsX(), r[0].AsY(), r[0].AsY())
		VINSERTI128(U8(1), r[6].AsX(), r[4].AsY(), r[4].AsY())
		VINSERTI64X4(U8(1), r[4].AsY(), r[0], r[0])
		VMOVDQA64(r[0], k.message(8, g))
	}
	JMP(LabelRef("loaded"))

	Label("whole")
	k.load(1, K2)
	Label("loaded")
}

// clear zeroes the message words from first on.
func (k kernel512) clear(first int) {
	zero := Z8 // not where the hash is
	VPXORQ(zero, zero, zero)
	for w := first; w < 16; w++ {
		for g := range k.states {
			VMOVDQA64(zero, k.message(w, g))
		}
	}
}

// transpose8x8 turns r, 8 rows of 8 quadwords, into columns in t.
func transpose8x8(r, t []VecPhysical) {
	for i := 0; i < 8; i += 2 {
		VPUNPCKLQDQ(r[i+1], r[i], t[i])
		VPUNPCKHQDQ(r[i+1], r[i], t[i+1])
	}
	for odd := range 2 {
		u := r[4*odd : 4*odd+4]
		VSHUFI64X2(U8(0x88), t[2+odd], t[0+odd], u[0])
		VSHUFI64X2(U8(0xdd), t[2+odd], t[0+odd], u[1])
		VSHUFI64X2(U8(0x88), t[6+odd], t[4+odd], u[2])
		VSHUFI64X2(U8(0xdd), t[6+odd], t[4+odd], u[3])
		for i := range 2 {
			VSHUFI64X2(U8(0x88), u[2+i], u[i], t[2*i+odd])
			VSHUFI64X2(U8(0xdd), u[2+i], u[i], t[4+2*i+odd])
		}
	}
}

// start puts the hash before any message into v0 to v7 for the first block; for others it is there.
func (k kernel512) start() {
	CMPQ(k.total, U32(128))
	JA(LabelRef("started"))
	for w := range 8 {
		k.broadcast(startTable.Offset(8*w), w)
	}
	Label("started")
}

// compress runs the rounds of the compression function on all states, whose v0 to v7 are the hash.
func (k kernel512) compress() {
	Comment("v8-v15 are the initialization vector with the length and the last-block flag.")
	for w := range 8 {
		src := Op(ivTable.Offset(8 * w))
		switch w {
		case 4:
			MOVQ(ivTable.Offset(8*w), RAX)
			XORQ(k.total, RAX)
			src = RAX
		case 6:
			Comment("The carry of left-1 tells the last block.")
			MOVQ(k.left, RAX)
			SUBQ(I8(1), RAX)
			SBBQ(RAX, RAX)
			XORQ(ivTable.Offset(8*w), RAX)
			src = RAX
		}
		k.broadcast(src, 8+w)
	}

	schedule := k.schedule()
	LEAQ(sigmaTable.Offset(0), schedule)
	MOVQ(U32(rounds), R13)
	Label("round")
	k.round()
	ADDQ(U8(16), schedule)
	DECQ(R13)
	JNZ(LabelRef("round"))
}

// schedule is the register that walks through the message schedule.
func (k kernel512) schedule() GPPhysical {
	if k.running != nil {
		return k.prefix
	}
	return R11
}

// feed ends a compression: it leaves the hash in v0 to v7.
func (k kernel512) feed() {
	CMPQ(k.total, U32(128))
	JA(LabelRef("feedLater"))
	for w := range 8 {
		for g := range k.states {
			VPTERNLOGQ_BCST(U8(xor3), startTable.Offset(8*w), v512(g, w+8), v512(g, w))
		}
	}
	JMP(LabelRef("fed"))
	Label("feedLater")
	k.feedHash()
	Label("fed")
}

// feedHash is feed of a block that is not the first.
func (k kernel512) feedHash() {
	for w := range 8 {
		for g := range k.states {
			VPTERNLOGQ(U8(xor3), k.hash(w, g), v512(g, w+8), v512(g, w))
		}
	}
}

// keep stores the hash.
func (k kernel512) keep() {
	for w := range 8 {
		for g := range k.states {
			VMOVDQU64(v512(g, w), k.hash(w, g))
		}
	}
}

// broadcast puts one value into all lanes of a word of the states.
func (k kernel512) broadcast(value Op, word int) {
	VPBROADCASTQ(value, v512(0, word))
	for g := 1; g < k.states; g++ {
		VMOVDQA64(v512(0, word), v512(g, word))
	}
}

// xor3 is the truth table of the XOR of three.
const xor3 = 0x96

func v512(group, word int) VecPhysical { return zmm[16*group+word] }

// skew is how many steps the second state runs behind the first. Rotations have half the ports that
// additions have; staggered, one state adds while the other rotates.
const skew = 2

// round emits one round of all states.
func (k kernel512) round() {
	var steps [2][]func()
	for g := range k.states {
		steps[g] = append(k.halfRound(g, 0, columns), k.halfRound(g, 8, diagonals)...)
	}
	n := len(steps[0])
	for i := range n + skew {
		if i < n {
			steps[0][i]()
		}
		if i >= skew && k.states > 1 {
			steps[1][i-skew]()
		}
	}
}

// halfRound returns the steps of the mixing function G on four columns or diagonals of a state, each
// step four independent instructions. Its message words are those of the schedule from first on.
func (k kernel512) halfRound(group, first int, quads [4][4]int) (steps []func()) {
	type vec = VecPhysical
	each := func(emit func(i int, a, b, c, d vec)) {
		steps = append(steps, func() {
			for i, q := range quads {
				emit(i, v512(group, q[0]), v512(group, q[1]), v512(group, q[2]), v512(group, q[3]))
			}
		})
	}
	for pass, rot := range [2][2]uint8{{32, 24}, {16, 63}} {
		each(func(i int, a, b, c, d vec) {
			MOVBLZX(Mem{Base: k.schedule(), Disp: first + 2*i + pass}, EAX)
			VPADDQ(Mem{Base: k.block, Index: RAX, Scale: wordSize / sigmaScale, Disp: 64 * group}, a, a)
		})
		each(func(i int, a, b, c, d vec) { VPADDQ(b, a, a) })
		each(func(i int, a, b, c, d vec) { VPXORQ(a, d, d) })
		each(func(i int, a, b, c, d vec) { rotate512(rot[0], d) })
		each(func(i int, a, b, c, d vec) { VPADDQ(d, c, c) })
		each(func(i int, a, b, c, d vec) { VPXORQ(c, b, b) })
		each(func(i int, a, b, c, d vec) { rotate512(rot[1], b) })
	}
	return steps
}

// rotate512 rotates right; by 32 it is a shuffle, which more ports can do.
func rotate512(n uint8, v VecPhysical) {
	if n == 32 {
		VPSHUFD(U8(0xb1), v, v)
		return
	}
	VPRORQ(U8(n), v, v)
}

// store writes the first four words of each lane's hash, which feed left in the state's registers, to where
// lanes says from the address in offset on.
func (k kernel512) store() {
	Comment("Digests: four words of 8 lanes become 8 lanes of four words, twice.")
	for g := range k.states {
		h, t := zmm[16*g:16*g+4], zmm[16*g+4:16*g+12]
		for i := range 2 {
			VPUNPCKLQDQ(h[2*i+1], h[2*i], t[i])
			VPUNPCKHQDQ(h[2*i+1], h[2*i], t[2+i])
		}
		for odd := range 2 {
			for pair := range 2 {
				z := t[4+2*odd+pair]
				Commentf("Lanes %d and %d.", 8*g+4*pair+odd, 8*g+4*pair+odd+2)
				VSHUFI64X2(U8(0x44+0xaa*pair), t[2*odd+1], t[2*odd], z)
				VSHUFI64X2(U8(0xd8), z, z, z)
				MOVQ(Mem{Base: k.lanes, Disp: 128 + 8*(8*g+4*pair+odd)}, RAX)
				MOVQ(Mem{Base: k.lanes, Disp: 128 + 8*(8*g+4*pair+odd+2)}, RDX)
				VMOVDQU64(z.AsY(), Mem{Base: k.offset, Index: RAX, Scale: 1})
				VEXTRACTI64X4(U8(1), z, Mem{Base: k.offset, Index: RDX, Scale: 1})
			}
		}
	}
}
