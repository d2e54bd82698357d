//go:build !purego

package gf

import "golang.org/x/sys/cpu"

//go:generate go run -C _asm . -out ../mul_amd64.s -stubs ../stubs_amd64.go -pkg gf

// archKernels lists the kernels beyond generic that this processor can run, slowest first.
func archKernels() []*Kernel {
	if !cpu.X86.HasAVX2 {
		return nil
	}
	kernels := []*Kernel{&kernelAVX2}
	if cpuid7()>>8&1 == 1 {
		kernels = append(kernels, &kernelGFNI)
	}
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512GFNI {
		kernels = append(kernels, &kernelAVX512)
	}
	return kernels
}

// Multiplication is linear in either factor, so what a kernel needs to know of a factor is the XOR of
// what it needs to know of the factor's four nibbles. The tables hold that for each nibble's place.
var (
	matrixTable = buildMatrices()
	lookupTable = buildLookups()
)

// A matrix is multiplication by a constant as four 8x8 matrices of bits, in the form that the GFNI
// instruction takes: from low bytes to low, high to low, low to high and high to high.
type matrix = [4]uint64

// matrixOf returns the matrix of c.
func matrixOf(c uint16) (m matrix) {
	p0, p1, p2, p3 := &matrixTable[0][c&15], &matrixTable[1][c>>4&15], &matrixTable[2][c>>8&15], &matrixTable[3][c>>12]
	for i := range m {
		m[i] = p0[i] ^ p1[i] ^ p2[i] ^ p3[i]
	}
	return m
}

func matricesOf(t *[3]uint16) [3]matrix {
	return [3]matrix{matrixOf(t[0]), matrixOf(t[1]), matrixOf(t[2])}
}

// buildMatrices fills a matrix with the product of c and every bit: byte 7-i of a matrix is its row i.
func buildMatrices() (table [4][16]matrix) {
	for place := range table {
		for nibble := range table[place] {
			c := uint16(nibble) << (4 * place)
			for in := range 16 {
				product := Mul(c, 1<<in)
				for out := range 16 {
					bit := uint64(product >> out & 1)
					table[place][nibble][out/8*2+in/8] |= bit << (8*(7-out%8) + in%8)
				}
			}
		}
	}
	return table
}

// A lookup is multiplication by a constant as tables for the four nibbles of an element, lowest
// first: the low bytes of the 16 products, then their high bytes.
type lookup = [16]uint64

// lookupOf returns the tables of c.
func lookupOf(c uint16) (l lookup) {
	p0, p1, p2, p3 := &lookupTable[0][c&15], &lookupTable[1][c>>4&15], &lookupTable[2][c>>8&15], &lookupTable[3][c>>12]
	for i := range l {
		l[i] = p0[i] ^ p1[i] ^ p2[i] ^ p3[i]
	}
	return l
}

func lookupsOf(t *[3]uint16) [3]lookup {
	return [3]lookup{lookupOf(t[0]), lookupOf(t[1]), lookupOf(t[2])}
}

// buildLookups fills the tables; each pair of words is 16 bytes in memory order.
func buildLookups() (table [4][16]lookup) {
	for place := range table {
		for nibble := range table[place] {
			c := uint16(nibble) << (4 * place)
			for i := range 4 * 16 {
				product := Mul(c, uint16(i%16)<<(i/16*4))
				word, shift := i/16*4+i%16/8, i%8*8
				table[place][nibble][word] |= uint64(product&0xff) << shift
				table[place][nibble][word+2] |= uint64(product>>8) << shift
			}
		}
	}
	return table
}
