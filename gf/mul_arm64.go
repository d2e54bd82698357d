//go:build !purego

package gf

// archKernels lists the kernels beyond generic that this processor can run, slowest first. Every
// arm64 processor that Go supports has NEON.
func archKernels() []*Kernel { return []*Kernel{&kernelNEON} }

// kernelNEON looks products up by nibbles. The tables of three factors would fill the registers, so a
// two-layer butterfly is four of one layer.
var kernelNEON = Kernel{
	Name:    "neon",
	Convert: func(b []byte) { scalerNEON(lookupEnter)(b, b, 1) },
	Xor:     xorGeneric,
	Enter:   scalerNEON(lookupEnter),
	Leave:   scalerNEON(lookupLeave),
	MulAdd: func(dst, src []byte, c uint16) {
		check(dst, src)
		var f lookup
		lookupWithin.set(&f, c)
		mulAddNEON(dst, src, &f)
	},
	FFT2: func(x, y []byte, t uint16) {
		check(x, y)
		var f lookup
		lookupWithin.set(&f, t)
		fft2NEON(x, y, &f)
	},
	IFFT2: func(x, y []byte, t uint16) {
		check(x, y)
		var f lookup
		lookupWithin.set(&f, t)
		ifft2NEON(x, y, &f)
	},
	FFT4: func(w0, w1, w2, w3 []byte, t *[3]uint16) {
		check(w0, w1, w2, w3)
		var f lookup
		lookupWithin.set(&f, t[0])
		fft2NEON(w0, w2, &f)
		fft2NEON(w1, w3, &f)
		lookupWithin.set(&f, t[1])
		fft2NEON(w0, w1, &f)
		lookupWithin.set(&f, t[2])
		fft2NEON(w2, w3, &f)
	},
	IFFT4: func(w0, w1, w2, w3 []byte, t *[3]uint16) {
		check(w0, w1, w2, w3)
		var f lookup
		lookupWithin.set(&f, t[1])
		ifft2NEON(w0, w1, &f)
		lookupWithin.set(&f, t[2])
		ifft2NEON(w2, w3, &f)
		lookupWithin.set(&f, t[0])
		ifft2NEON(w0, w2, &f)
		ifft2NEON(w1, w3, &f)
	},
}

// scalerNEON multiplies slices the way that table does.
func scalerNEON(table *lookups) func(dst, src []byte, c uint16) {
	return func(dst, src []byte, c uint16) {
		check(dst, src)
		var f lookup
		table.set(&f, c)
		scaleNEON(dst, src, &f)
	}
}

// scaleNEON sets dst to f times src.
//
//go:noescape
func scaleNEON(dst, src []byte, f *[16]uint64)

// mulAddNEON sets dst ^= f times src.
//
//go:noescape
func mulAddNEON(dst, src []byte, f *[16]uint64)

// fft2NEON sets x ^= f times y, then y ^= x.
//
//go:noescape
func fft2NEON(x, y []byte, f *[16]uint64)

// ifft2NEON sets y ^= x, then x ^= f times y.
//
//go:noescape
func ifft2NEON(x, y []byte, f *[16]uint64)
