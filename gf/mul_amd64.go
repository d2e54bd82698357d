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
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512GFNI {
		kernels = append(kernels, &kernelAVX512)
	}
	return kernels
}

// A matrices holds the matrices of every nibble in each of its four places. As multiplication is linear in
// either factor, the XOR of four of them is the matrix of any factor.
type matrices [4][16]matrix

var matrixWithin, matrixEnter, matrixLeave = buildMatrices(within), buildMatrices(enter), buildMatrices(leave)

// A matrix is multiplication by a constant as four 8x8 matrices of bits, in the form that the GFNI
// instruction takes: from low bytes to low, high to low, low to high and high to high.
type matrix = [4]uint64

// set makes m the matrix of c.
func (t *matrices) set(m *matrix, c uint16) {
	p0, p1, p2, p3 := &t[0][c&15], &t[1][c>>4&15], &t[2][c>>8&15], &t[3][c>>12]
	m[0] = p0[0] ^ p1[0] ^ p2[0] ^ p3[0]
	m[1] = p0[1] ^ p1[1] ^ p2[1] ^ p3[1]
	m[2] = p0[2] ^ p1[2] ^ p2[2] ^ p3[2]
	m[3] = p0[3] ^ p1[3] ^ p2[3] ^ p3[3]
}

// buildMatrices fills a matrix with the product of c and every bit: byte 7-i of a matrix is its row i.
func buildMatrices(mul product) *matrices {
	var table matrices
	for place := range table {
		for nibble := range table[place] {
			c := uint16(nibble) << (4 * place)
			for in := range 16 {
				product := mul(c, 1<<in)
				for out := range 16 {
					bit := uint64(product >> out & 1)
					table[place][nibble][out/8*2+in/8] |= bit << (8*(7-out%8) + in%8)
				}
			}
		}
	}
	return &table
}

// smallMatrices are the factors below 256 as matrices from low bytes to low, which act on high bytes alike.
var smallMatrices = buildSmallMatrices()

func buildSmallMatrices() *[small]uint64 {
	var table [small]uint64
	for c := range table {
		var m matrix
		matrixWithin.set(&m, uint16(c))
		table[c] = m[0]
	}
	return &table
}

// A smallLookup is a linear map of bytes as the images of their low nibbles, then of their high ones.
type smallLookup = [4]uint64

// smallLookups are the factors below 256 as lookups from low bytes to low, which act on high bytes alike.
var smallLookups = buildSmallLookups()

func buildSmallLookups() *[small]smallLookup {
	var table [small]smallLookup
	for c := range table {
		var l lookup
		lookupWithin.set(&l, uint16(c))
		table[c] = smallLookup{l[0], l[1], l[4], l[5]}
	}
	return &table
}

// twistMatrix and twistLookup are what the change of form adds to low bytes, from the high ones.
var twistMatrix, twistLookup = buildTwists()

func buildTwists() (uint64, smallLookup) {
	var m matrix
	matrixEnter.set(&m, 1)
	var l lookup
	lookupEnter.set(&l, 1)
	return m[1], smallLookup{l[8], l[9], l[12], l[13]}
}
