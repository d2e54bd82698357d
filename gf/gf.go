// Package gf is arithmetic in GF(2^16), the field of the code, on single elements and on whole slices.
//
// The idea: an element is a 16-bit word of coordinates over a Cantor basis, so that addition is XOR
// and the additive Fourier transforms of package rs have simple factors. Single products go through
// logarithm tables. Bulk work never looks at single elements: it goes through a [Kernel], a table of
// functions over long slices, chosen once from what the processor can do.
//
// Slices of elements are in blocks of [BlockSize] bytes: the low bytes of 32 elements, then their
// high bytes. Positions never interact, so several symbols may lie side by side in one slice.
//
// Bulk work is done in tower form: GF(2^16) as pairs over its subfield GF(2^8), which is the words below 256. Factors
// from there, as most of a transform are, then do the same to low and high bytes and never mix them,
// which is a half or a quarter of the work. [Kernel] says more.
//
// This package is pure: it knows nothing of codes, blobs or slivers. Start with [Active] and [Mul].
// Source: spec: encoding.md sections 3.1 to 3.3 and 3.6.
package gf

import "math/bits"

const (
	// BlockSize is the unit of every slice handed to a [Kernel], in bytes: 32 elements, low bytes
	// first. It is part of the wire format of symbols.
	BlockSize = 64

	// Modulus is the order of the multiplicative group; logarithms are added modulo it.
	Modulus = 65535

	// polynomial is x^16 + x^5 + x^3 + x^2 + 1, under which x generates the field.
	polynomial = 0x1002D
)

// cantor holds the values, in the polynomial basis, of the basis that words are coordinates over.
// Each b satisfies b[i]^2 + b[i] = b[i-1], which makes the subspace polynomials of the transforms
// trivial. Other values would be another code.
var cantor = [16]uint16{
	0x0001, 0xACCA, 0x3C0E, 0x163E, 0xC582, 0xED2E, 0x914C, 0x4012,
	0x6C98, 0x10D8, 0x6A72, 0xB900, 0xFDB8, 0xFB34, 0xFF38, 0x991E,
}

var logTable, expTable = buildTables()

func buildTables() (*[65536]uint16, *[65536]uint16) {
	var plog, logs, exps [65536]uint16
	for state, i := 1, 0; i < Modulus; i++ {
		plog[state] = uint16(i)
		state <<= 1
		if state >= 1<<16 {
			state ^= polynomial
		}
	}
	var value [65536]uint16 // word to polynomial basis
	for bit, v := range cantor {
		for w := 0; w < 1<<bit; w++ {
			value[1<<bit|w] = value[w] ^ v
		}
	}
	for w := 1; w < 65536; w++ {
		logs[w] = plog[value[w]]
		exps[logs[w]] = uint16(w)
	}
	logs[0] = Modulus
	exps[Modulus] = exps[0]
	return &logs, &exps
}

// Log returns the discrete logarithm of a to the base x, in [0, Modulus), or Modulus when a is zero.
func Log(a uint16) uint16 { return logTable[a] }

// Exp returns x to the power l. Modulus, like 0, gives one: the sentinel of [Log] is not undone.
func Exp(l uint16) uint16 { return expTable[l] }

// Mul returns the product of a and b.
func Mul(a, b uint16) uint16 {
	if a == 0 || b == 0 {
		return 0
	}
	return expTable[AddLogs(logTable[a], logTable[b])]
}

// Inv returns the inverse of a, and zero for zero.
func Inv(a uint16) uint16 {
	if a == 0 {
		return 0
	}
	return expTable[Modulus-logTable[a]]
}

// twist[h] is what the high byte h of a word is in tower form, beyond itself: the coordinates of a word are over
// the basis cantor, where those of the high byte are not quite cantor[8] times those of the low byte.
var twist = buildTwist()

func buildTwist() *[256]byte {
	var t [256]byte
	for h := range t {
		t[h] = byte(Mul(1<<8, uint16(h)))
	}
	return &t
}

// tower turns a word into tower form, low + high x cantor[8] with both in GF(2^8), and back: it undoes itself.
func tower(w uint16) uint16 { return w ^ uint16(twist[w>>8]) }

// A product is one of the ways to multiply by a word c, which differ in the form of the other factor and the result.
type product func(c, w uint16) uint16

// within is from tower form to tower form.
func within(c, w uint16) uint16 { return tower(Mul(c, tower(w))) }

// enter is from words to tower form.
func enter(c, w uint16) uint16 { return tower(Mul(c, w)) }

// leave is from tower form to words.
func leave(c, w uint16) uint16 { return Mul(c, tower(w)) }

// small is what factors in the subfield GF(2^8) are below.
const small = 256

// AddLogs returns l+m modulo [Modulus], as a value that [Exp] accepts.
func AddLogs(l, m uint16) uint16 {
	t := uint32(l) + uint32(m)
	return uint16(t + t>>16)
}

// SubLogs returns l-m modulo [Modulus], as a value that [Exp] accepts.
func SubLogs(l, m uint16) uint16 { return AddLogs(l, Modulus-m) }

// Twiddle returns factor t of the additive Fourier transforms, 0 <= t < Modulus: the word
// ((t+1) >> tz(t+1)) - 1. Zero means that a butterfly multiplies by nothing.
//
// Source: spec: encoding.md section 3.2.
func Twiddle(t int) uint16 {
	u := uint(t) + 1
	return uint16(u>>bits.TrailingZeros(u)) - 1
}
