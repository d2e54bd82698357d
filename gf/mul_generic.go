package gf

import "crypto/subtle"

// generic is the definition that every other kernel must equal, and the fallback everywhere.
var generic = Kernel{
	Name:    "generic",
	Convert: convertGeneric,
	Xor:     xorGeneric,
	Enter:   func(dst, src []byte, c uint16) { scaleGeneric(dst, src, enter, c) },
	Leave:   func(dst, src []byte, c uint16) { scaleGeneric(dst, src, leave, c) },
	MulAdd:  mulAddGeneric,
	FFT2:    fft2Generic,
	IFFT2:   ifft2Generic,
	FFT4:    fft4Generic,
	IFFT4:   ifft4Generic,
}

// half is the number of elements in a block, and the distance from a low byte to its high byte.
const half = BlockSize / 2

// products holds c*v for all v whose low or high byte alone is set, as the product of any element is the sum of
// two of them.
type products struct{ low, high [256]uint16 }

// fill computes the table for c from the 16 products of single bits.
func (p *products) fill(mul product, c uint16) {
	for bit := range 8 {
		low, high := mul(c, 1<<bit), mul(c, 1<<(bit+8))
		for w := range 1 << bit {
			p.low[1<<bit|w] = p.low[w] ^ low
			p.high[1<<bit|w] = p.high[w] ^ high
		}
	}
}

// check panics unless all slices have the length of the first, a multiple of the block size.
func check(first []byte, rest ...[]byte) {
	if len(first)%BlockSize != 0 {
		panic("gf: slice is not a whole number of blocks")
	}
	for _, s := range rest {
		if len(s) != len(first) {
			panic("gf: slices differ in length")
		}
	}
}

func convertGeneric(b []byte) {
	check(b)
	for at := 0; at < len(b); at += BlockSize {
		block := b[at : at+BlockSize]
		for e := range half {
			block[e] ^= twist[block[e+half]]
		}
	}
}

func xorGeneric(dst, src []byte) {
	check(dst, src)
	subtle.XORBytes(dst, dst, src)
}

func scaleGeneric(dst, src []byte, mul product, c uint16) {
	check(dst, src)
	var p products
	p.fill(mul, c)
	for b := 0; b < len(src); b += BlockSize {
		in, out := src[b:b+BlockSize], dst[b:b+BlockSize]
		for e := range half {
			v := p.low[in[e]] ^ p.high[in[e+half]]
			out[e], out[e+half] = byte(v), byte(v>>8)
		}
	}
}

func mulAddGeneric(dst, src []byte, c uint16) {
	check(dst, src)
	switch c {
	case 0:
		return
	case 1:
		subtle.XORBytes(dst, dst, src)
		return
	}
	var p products
	p.fill(within, c)
	for b := 0; b < len(src); b += BlockSize {
		in, out := src[b:b+BlockSize], dst[b:b+BlockSize]
		for e := range half {
			v := p.low[in[e]] ^ p.high[in[e+half]]
			out[e] ^= byte(v)
			out[e+half] ^= byte(v >> 8)
		}
	}
}

func fft2Generic(x, y []byte, t uint16) {
	mulAddGeneric(x, y, t)
	xorGeneric(y, x)
}

func ifft2Generic(x, y []byte, t uint16) {
	xorGeneric(y, x)
	mulAddGeneric(x, y, t)
}

func fft4Generic(w0, w1, w2, w3 []byte, t *[3]uint16) {
	fft2Generic(w0, w2, t[0])
	fft2Generic(w1, w3, t[0])
	fft2Generic(w0, w1, t[1])
	fft2Generic(w2, w3, t[2])
}

func ifft4Generic(w0, w1, w2, w3 []byte, t *[3]uint16) {
	ifft2Generic(w0, w1, t[1])
	ifft2Generic(w2, w3, t[2])
	ifft2Generic(w0, w2, t[0])
	ifft2Generic(w1, w3, t[0])
}
