package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// Source of both tables: RFC 7693 sections 2.6 and 2.7.
var (
	iv = [8]uint64{
		0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
		0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
	}
	sigma = [10][16]uint8{
		{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
		{14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
		{11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
		{7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
		{9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
		{2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
		{12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
		{13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
		{6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
		{10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
	}
)

const rounds = 12

// param is word 0 of the parameter block: 32-byte digest, no key, fanout and depth 1.
const param = 0x01010020

// The words that G mixes: first the columns of the state's 4x4 words, then the diagonals.
var (
	columns   = [4][4]int{{0, 4, 8, 12}, {1, 5, 9, 13}, {2, 6, 10, 14}, {3, 7, 11, 15}}
	diagonals = [4][4]int{{0, 5, 10, 15}, {1, 6, 11, 12}, {2, 7, 8, 13}, {3, 4, 9, 14}}
)

var startTable, ivTable, sigmaTable, rotateTable, windowTable Mem

// sigmaScale multiplies the entries of the emitted schedule, a byte each; scaled addressing does the
// rest of the way to a word's offset.
const sigmaScale = 16

// soloSchedule is how far behind the schedule the same begins with entries scaled for words back to back.
const soloSchedule = 16 * (rounds + 1)

// tables emits the hash before any message, the initialization vector, where each round finds its 16
// message words (and one more would, see mixRounds), the byte shuffles that rotate right by 24 and by 16, and those that move bytes down: 16 from
// place s on in the window move a register's halves down by s, 16 from s - 16 on what crosses them.
func tables() {
	startTable = GLOBL("start", RODATA|NOPTR)
	for i, w := range iv {
		if i == 0 {
			w ^= param
		}
		DATA(8*i, U64(w))
	}
	ivTable = GLOBL("iv", RODATA|NOPTR)
	for i, w := range iv {
		DATA(8*i, U64(w))
	}
	sigmaTable = GLOBL("sigma", RODATA|NOPTR)
	for r := range rounds + 1 {
		for i := 0; i < 16; i += 8 {
			DATA(16*r+i, U64(pack(sigma[r%10][i:i+8], sigmaScale)))
		}
	}
	for r := range rounds {
		for i := 0; i < 16; i += 8 {
			DATA(soloSchedule+16*r+i, U64(pack(sigma[r%10][i:i+8], 8)))
		}
	}
	rotateTable = GLOBL("rotate", RODATA|NOPTR)
	for i, by := range []uint8{3, 2} {
		for j := range 4 {
			var bytes [8]uint8
			for b := range bytes {
				bytes[b] = uint8(j%2*8) + (uint8(b)+by)%8
			}
			DATA(32*i+8*j, U64(pack(bytes[:], 1)))
		}
	}
	windowTable = GLOBL("window", RODATA|NOPTR)
	for i := range 8 {
		w := uint64(0x8080808080808080) // zeros, as a byte shuffle sees it
		if i == 2 || i == 3 {
			w = pack([]uint8{0, 1, 2, 3, 4, 5, 6, 7}, 1) + uint64(i-2)*0x0808080808080808
		}
		DATA(8*i, U64(w))
	}
}

// pack puts 8 bytes, each times scale, into a word, lowest first.
func pack(bytes []uint8, scale uint64) (w uint64) {
	for i, b := range bytes {
		w |= uint64(b) * scale << (8 * i)
	}
	return w
}
