//go:build !purego

package gf

// The kernels differ in what they know of a factor and in the instructions they use; the shape of each
// operation is the same. Factors of zero and one need no case of their own beyond speed.

// kernelAVX2 looks products up by nibbles.
var kernelAVX2 = Kernel{
	Name: "avx2",
	Xor: func(dst, src []byte) {
		check(dst, src)
		xorAVX2(dst, src)
	},
	Scale: func(dst, src []byte, c uint16) {
		check(dst, src)
		var f lookup
		setLookup(&f, c)
		scaleAVX2(dst, src, &f)
	},
	MulAdd: func(dst, src []byte, c uint16) {
		check(dst, src)
		var f lookup
		setLookup(&f, c)
		mulAddAVX2(dst, src, &f)
	},
	FFT2: func(x, y []byte, t uint16) {
		check(x, y)
		if t == 0 {
			xorAVX2(y, x)
			return
		}
		var f lookup
		setLookup(&f, t)
		fft2AVX2(x, y, &f)
	},
	IFFT2: func(x, y []byte, t uint16) {
		check(x, y)
		if t == 0 {
			xorAVX2(y, x)
			return
		}
		var f lookup
		setLookup(&f, t)
		ifft2AVX2(x, y, &f)
	},
	FFT4: func(w0, w1, w2, w3 []byte, t *[3]uint16) {
		check(w0, w1, w2, w3)
		var f [3]lookup
		setLookup(&f[0], t[0])
		setLookup(&f[1], t[1])
		setLookup(&f[2], t[2])
		fft4AVX2(w0, w1, w2, w3, &f)
	},
	IFFT4: func(w0, w1, w2, w3 []byte, t *[3]uint16) {
		check(w0, w1, w2, w3)
		var f [3]lookup
		setLookup(&f[0], t[0])
		setLookup(&f[1], t[1])
		setLookup(&f[2], t[2])
		ifft4AVX2(w0, w1, w2, w3, &f)
	},
}

// kernelGFNI multiplies by matrices of bits, 32 bytes at a time.
var kernelGFNI = Kernel{
	Name: "gfni",
	Xor: func(dst, src []byte) {
		check(dst, src)
		xorGFNI(dst, src)
	},
	Scale: func(dst, src []byte, c uint16) {
		check(dst, src)
		var f matrix
		setMatrix(&f, c)
		scaleGFNI(dst, src, &f)
	},
	MulAdd: func(dst, src []byte, c uint16) {
		check(dst, src)
		var f matrix
		setMatrix(&f, c)
		mulAddGFNI(dst, src, &f)
	},
	FFT2: func(x, y []byte, t uint16) {
		check(x, y)
		if t == 0 {
			xorGFNI(y, x)
			return
		}
		var f matrix
		setMatrix(&f, t)
		fft2GFNI(x, y, &f)
	},
	IFFT2: func(x, y []byte, t uint16) {
		check(x, y)
		if t == 0 {
			xorGFNI(y, x)
			return
		}
		var f matrix
		setMatrix(&f, t)
		ifft2GFNI(x, y, &f)
	},
	FFT4: func(w0, w1, w2, w3 []byte, t *[3]uint16) {
		check(w0, w1, w2, w3)
		var f [3]matrix
		setMatrix(&f[0], t[0])
		setMatrix(&f[1], t[1])
		setMatrix(&f[2], t[2])
		fft4GFNI(w0, w1, w2, w3, &f)
	},
	IFFT4: func(w0, w1, w2, w3 []byte, t *[3]uint16) {
		check(w0, w1, w2, w3)
		var f [3]matrix
		setMatrix(&f[0], t[0])
		setMatrix(&f[1], t[1])
		setMatrix(&f[2], t[2])
		ifft4GFNI(w0, w1, w2, w3, &f)
	},
}

// kernelAVX512 multiplies by matrices of bits, a block at a time.
var kernelAVX512 = Kernel{
	Name: "avx512",
	Xor: func(dst, src []byte) {
		check(dst, src)
		xorAVX512(dst, src)
	},
	Scale: func(dst, src []byte, c uint16) {
		check(dst, src)
		var f matrix
		setMatrix(&f, c)
		scaleAVX512(dst, src, &f)
	},
	MulAdd: func(dst, src []byte, c uint16) {
		check(dst, src)
		var f matrix
		setMatrix(&f, c)
		mulAddAVX512(dst, src, &f)
	},
	FFT2: func(x, y []byte, t uint16) {
		check(x, y)
		if t == 0 {
			xorAVX512(y, x)
			return
		}
		var f matrix
		setMatrix(&f, t)
		fft2AVX512(x, y, &f)
	},
	IFFT2: func(x, y []byte, t uint16) {
		check(x, y)
		if t == 0 {
			xorAVX512(y, x)
			return
		}
		var f matrix
		setMatrix(&f, t)
		ifft2AVX512(x, y, &f)
	},
	FFT4: func(w0, w1, w2, w3 []byte, t *[3]uint16) {
		check(w0, w1, w2, w3)
		var f [3]matrix
		setMatrix(&f[0], t[0])
		setMatrix(&f[1], t[1])
		setMatrix(&f[2], t[2])
		fft4AVX512(w0, w1, w2, w3, &f)
	},
	IFFT4: func(w0, w1, w2, w3 []byte, t *[3]uint16) {
		check(w0, w1, w2, w3)
		var f [3]matrix
		setMatrix(&f[0], t[0])
		setMatrix(&f[1], t[1])
		setMatrix(&f[2], t[2])
		ifft4AVX512(w0, w1, w2, w3, &f)
	},
}
