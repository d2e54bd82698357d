// Command _asm writes the assembly of package gf; run it with go generate in that package.
package main

import (
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!purego")
	for _, s := range []set{&avx512{}, gfni{}, &avx2{}, avx512Small{}, gfniSmall{}, avx2Small{}} {
		operations(s)
	}
	sixteen{}.operations()
	convert("GFNI", "uint64", func(ptr Register) {
		VPBROADCASTQ(Mem{Base: ptr.(GPPhysical)}, Y4)
	}, func() {
		VGF2P8AFFINEQB(U8(0), Y4, Y1, Y1)
		VPXOR(Y1, Y0, Y0)
	})
	small := avx2Small{}
	convert("AVX2", "[4]uint64", func(ptr Register) { small.begin(1, ptr) }, func() { small.mulAdd(0, [2]int{0, 1}) })
	cpuid7()
	Generate()
}

// cpuid7 emits the one question that golang.org/x/sys/cpu does not answer: GFNI without AVX-512.
func cpuid7() {
	TEXT("cpuid7", NOSPLIT, "func() (ecx uint32)")
	Doc("cpuid7 returns ECX of CPUID leaf 7; the CPU must have that leaf.")
	MOVL(U32(7), EAX)
	XORL(ECX, ECX)
	CPUID()
	Store(ECX, ReturnIndex(0))
	RET()
}

// convert emits the change of form: to the low bytes of every block, in Y0, body adds those that f makes of
// the high bytes, in Y1.
func convert(suffix, table string, begin func(ptr Register), body func()) {
	TEXT("convert"+suffix, NOSPLIT, "func(b []byte, f *"+table+")")
	Pragma("noescape")
	Doc("convert" + suffix + " adds f times the high bytes of every block to its low bytes.")
	Load(Param("b").Base(), RDI)
	Load(Param("b").Len(), RBX)
	Load(Param("f"), R8)
	begin(R8)
	XORQ(RAX, RAX)
	CMPQ(RAX, RBX)
	JEQ(LabelRef("done"))
	Label("block")
	at := Mem{Base: RDI, Index: RAX, Scale: 1}
	VMOVDQU(at, Y0)
	VMOVDQU(at.Offset(32), Y1)
	body()
	VMOVDQU(Y0, at)
	ADDQ(U8(64), RAX)
	CMPQ(RAX, RBX)
	JNE(LabelRef("block"))
	Label("done")
	VZEROUPPER()
	RET()
}

// A set is an instruction set's way to work on blocks, or on parts of them for factors that only need bytes.
// Blocks have numbers, and so have the factors, which the set finds in the memory that its type of table
// describes.
type set interface {
	// suffix ends the names of the set's functions, and table is the Go type of a factor.
	suffix() string
	table() string
	// size is how many bytes there are of a block, or part.
	size() int
	// elements reports whether factors act on whole elements and not on each of their bytes.
	elements() bool
	// begin emits what a loop over blocks needs before it: factors are at ptr.
	begin(factors int, ptr Register)
	// load, zero and store move block b; xor adds block src to block b.
	load(b int, from Mem)
	zero(b int)
	store(b int, to Mem)
	xor(b, src int)
	// mulAdd adds to the first block of each pair the product of the second and a factor.
	mulAdd(factor int, pairs ...[2]int)
}

// operations emits every operation of a kernel. Each is one loop over the blocks of its slices.
func operations(s set) {
	// The butterflies of some pairs of blocks by one factor.
	fft := func(factor int, pairs ...[2]int) {
		s.mulAdd(factor, pairs...)
		for _, p := range pairs {
			s.xor(p[1], p[0])
		}
	}
	ifft := func(factor int, pairs ...[2]int) {
		for _, p := range pairs {
			s.xor(p[1], p[0])
		}
		s.mulAdd(factor, pairs...)
	}
	pair := [2]int{0, 1}

	if s.elements() {
		loop(s, "xor", "sets dst ^= src", []string{"dst", "src"}, 0, 0b01, func() { s.xor(0, 1) })
		loop(s, "scale", "sets dst to f times src", []string{"dst", "src"}, 1, 0b01, func() {
			s.zero(0)
			s.mulAdd(0, pair)
		})
	}
	loop(s, "mulAdd", "sets dst ^= f times src", []string{"dst", "src"}, 1, 0b01, func() { s.mulAdd(0, pair) })
	loop(s, "fft2", "sets x ^= f times y, then y ^= x", []string{"x", "y"}, 1, 0b11, func() { fft(0, pair) })
	loop(s, "ifft2", "sets y ^= x, then x ^= f times y", []string{"x", "y"}, 1, 0b11, func() { ifft(0, pair) })
	four := []string{"w0", "w1", "w2", "w3"}
	loop(s, "fft4", "is fft2 of w0, w2 and of w1, w3 by f[0], then of w0, w1 by f[1] and of w2, w3 by f[2]", four, 3, 0b1111, func() {
		fft(0, [2]int{0, 2}, [2]int{1, 3})
		fft(1, [2]int{0, 1})
		fft(2, [2]int{2, 3})
	})
	loop(s, "ifft4", "undoes fft4", four, 3, 0b1111, func() {
		ifft(1, [2]int{0, 1})
		ifft(2, [2]int{2, 3})
		ifft(0, [2]int{0, 2}, [2]int{1, 3})
	})
}

// loop emits one operation: block i of every slice is loaded, body runs, and the blocks of the slices
// marked in written are stored.
func loop(s set, name, doc string, slices []string, factors int, written uint, body func()) {
	signature := "func(" + strings.Join(slices, ", ") + " []byte"
	if factors == 1 {
		signature += ", f *" + s.table()
	} else if factors > 1 {
		signature += ", f *[3]" + s.table()
	}
	name += s.suffix()
	TEXT(name, NOSPLIT, signature+")")
	Pragma("noescape")
	Doc(name + " " + doc + ".")

	base := []GPPhysical{RDI, RSI, RDX, RCX}
	for i, slice := range slices {
		Load(Param(slice).Base(), base[i])
	}
	Load(Param(slices[0]).Len(), RBX)
	if factors > 0 {
		Load(Param("f"), R8)
	}
	s.begin(factors, R8)
	XORQ(RAX, RAX)
	CMPQ(RAX, RBX)
	JEQ(LabelRef("done"))
	Label("block")
	at := func(i int) Mem { return Mem{Base: base[i], Index: RAX, Scale: 1} }
	for i := range slices {
		s.load(i, at(i))
	}
	body()
	for i := range slices {
		if written>>i&1 == 1 {
			s.store(i, at(i))
		}
	}
	ADDQ(U8(s.size()), RAX)
	CMPQ(RAX, RBX)
	JNE(LabelRef("block"))
	Label("done")
	VZEROUPPER()
	RET()
}
