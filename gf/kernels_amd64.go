//go:build !purego

package gf

// The kernels differ in what they know of a factor and in the instructions they use; the shape of each
// operation is the same. Factors of zero and one need no case of their own beyond speed, those below 256 have
// one: they act on bytes.

// kernelAVX2 looks products up by nibbles.
var kernelAVX2 = Kernel{
	Name: "avx2",
	Convert: func(b []byte) {
		check(b)
		convertAVX2(b, &twistLookup)
	},
	Xor: func(dst, src []byte) {
		check(dst, src)
		xorAVX2(dst, src)
	},
	Enter: scalerAVX2(lookupEnter),
	Leave: scalerAVX2(lookupLeave),
	MulAdd: func(dst, src []byte, c uint16) {
		check(dst, src)
		if c < small {
			mulAddSmallAVX2(dst, src, &smallLookups[c])
			return
		}
		var f lookup
		lookupWithin.set(&f, c)
		mulAddAVX2(dst, src, &f)
	},
	FFT2: func(x, y []byte, t uint16) {
		check(x, y)
		if t == 0 {
			xorAVX2(y, x)
			return
		}
		if t < small {
			fft2SmallAVX2(x, y, &smallLookups[t])
			return
		}
		var f lookup
		lookupWithin.set(&f, t)
		fft2AVX2(x, y, &f)
	},
	IFFT2: func(x, y []byte, t uint16) {
		check(x, y)
		if t == 0 {
			xorAVX2(y, x)
			return
		}
		if t < small {
			ifft2SmallAVX2(x, y, &smallLookups[t])
			return
		}
		var f lookup
		lookupWithin.set(&f, t)
		ifft2AVX2(x, y, &f)
	},
	FFT4: func(w0, w1, w2, w3 []byte, t *[3]uint16) {
		check(w0, w1, w2, w3)
		if t[0]|t[1]|t[2] < small {
			f := [3]smallLookup{smallLookups[t[0]], smallLookups[t[1]], smallLookups[t[2]]}
			fft4SmallAVX2(w0, w1, w2, w3, &f)
			return
		}
		var f [3]lookup
		lookupWithin.set(&f[0], t[0])
		lookupWithin.set(&f[1], t[1])
		lookupWithin.set(&f[2], t[2])
		fft4AVX2(w0, w1, w2, w3, &f)
	},
	IFFT4: func(w0, w1, w2, w3 []byte, t *[3]uint16) {
		check(w0, w1, w2, w3)
		if t[0]|t[1]|t[2] < small {
			f := [3]smallLookup{smallLookups[t[0]], smallLookups[t[1]], smallLookups[t[2]]}
			ifft4SmallAVX2(w0, w1, w2, w3, &f)
			return
		}
		var f [3]lookup
		lookupWithin.set(&f[0], t[0])
		lookupWithin.set(&f[1], t[1])
		lookupWithin.set(&f[2], t[2])
		ifft4AVX2(w0, w1, w2, w3, &f)
	},
}

// scalerAVX2 multiplies slices the way that table does.
func scalerAVX2(table *lookups) func(dst, src []byte, c uint16) {
	return func(dst, src []byte, c uint16) {
		check(dst, src)
		var f lookup
		table.set(&f, c)
		scaleAVX2(dst, src, &f)
	}
}

// kernelGFNI multiplies by matrices of bits, 32 bytes at a time.
var kernelGFNI = Kernel{
	Name: "gfni",
	Convert: func(b []byte) {
		check(b)
		convertGFNI(b, &twistMatrix)
	},
	Xor: func(dst, src []byte) {
		check(dst, src)
		xorGFNI(dst, src)
	},
	Enter: scalerGFNI(matrixEnter),
	Leave: scalerGFNI(matrixLeave),
	MulAdd: func(dst, src []byte, c uint16) {
		check(dst, src)
		if c < small {
			mulAddSmallGFNI(dst, src, &smallMatrices[c])
			return
		}
		var f matrix
		matrixWithin.set(&f, c)
		mulAddGFNI(dst, src, &f)
	},
	FFT2: func(x, y []byte, t uint16) {
		check(x, y)
		if t == 0 {
			xorGFNI(y, x)
			return
		}
		if t < small {
			fft2SmallGFNI(x, y, &smallMatrices[t])
			return
		}
		var f matrix
		matrixWithin.set(&f, t)
		fft2GFNI(x, y, &f)
	},
	IFFT2: func(x, y []byte, t uint16) {
		check(x, y)
		if t == 0 {
			xorGFNI(y, x)
			return
		}
		if t < small {
			ifft2SmallGFNI(x, y, &smallMatrices[t])
			return
		}
		var f matrix
		matrixWithin.set(&f, t)
		ifft2GFNI(x, y, &f)
	},
	FFT4: func(w0, w1, w2, w3 []byte, t *[3]uint16) {
		check(w0, w1, w2, w3)
		if t[0]|t[1]|t[2] < small {
			f := [3]uint64{smallMatrices[t[0]], smallMatrices[t[1]], smallMatrices[t[2]]}
			fft4SmallGFNI(w0, w1, w2, w3, &f)
			return
		}
		var f [3]matrix
		matrixWithin.set(&f[0], t[0])
		matrixWithin.set(&f[1], t[1])
		matrixWithin.set(&f[2], t[2])
		fft4GFNI(w0, w1, w2, w3, &f)
	},
	IFFT4: func(w0, w1, w2, w3 []byte, t *[3]uint16) {
		check(w0, w1, w2, w3)
		if t[0]|t[1]|t[2] < small {
			f := [3]uint64{smallMatrices[t[0]], smallMatrices[t[1]], smallMatrices[t[2]]}
			ifft4SmallGFNI(w0, w1, w2, w3, &f)
			return
		}
		var f [3]matrix
		matrixWithin.set(&f[0], t[0])
		matrixWithin.set(&f[1], t[1])
		matrixWithin.set(&f[2], t[2])
		ifft4GFNI(w0, w1, w2, w3, &f)
	},
}

// scalerGFNI multiplies slices the way that table does.
func scalerGFNI(table *matrices) func(dst, src []byte, c uint16) {
	return func(dst, src []byte, c uint16) {
		check(dst, src)
		var f matrix
		table.set(&f, c)
		scaleGFNI(dst, src, &f)
	}
}

// kernelAVX512 multiplies by matrices of bits, a block at a time.
var kernelAVX512 = Kernel{
	Name: "avx512",
	Convert: func(b []byte) {
		check(b)
		convertGFNI(b, &twistMatrix)
	},
	Xor: func(dst, src []byte) {
		check(dst, src)
		xorAVX512(dst, src)
	},
	Enter: scalerAVX512(matrixEnter),
	Leave: scalerAVX512(matrixLeave),
	MulAdd: func(dst, src []byte, c uint16) {
		check(dst, src)
		if c < small {
			mulAddSmallAVX512(dst, src, &smallMatrices[c])
			return
		}
		var f matrix
		matrixWithin.set(&f, c)
		mulAddAVX512(dst, src, &f)
	},
	FFT2: func(x, y []byte, t uint16) {
		check(x, y)
		if t == 0 {
			xorAVX512(y, x)
			return
		}
		if t < small {
			fft2SmallAVX512(x, y, &smallMatrices[t])
			return
		}
		var f matrix
		matrixWithin.set(&f, t)
		fft2AVX512(x, y, &f)
	},
	IFFT2: func(x, y []byte, t uint16) {
		check(x, y)
		if t == 0 {
			xorAVX512(y, x)
			return
		}
		if t < small {
			ifft2SmallAVX512(x, y, &smallMatrices[t])
			return
		}
		var f matrix
		matrixWithin.set(&f, t)
		ifft2AVX512(x, y, &f)
	},
	FFT4: func(w0, w1, w2, w3 []byte, t *[3]uint16) {
		check(w0, w1, w2, w3)
		if t[0]|t[1]|t[2] < small {
			f := [3]uint64{smallMatrices[t[0]], smallMatrices[t[1]], smallMatrices[t[2]]}
			fft4SmallAVX512(w0, w1, w2, w3, &f)
			return
		}
		var f [3]matrix
		matrixWithin.set(&f[0], t[0])
		matrixWithin.set(&f[1], t[1])
		matrixWithin.set(&f[2], t[2])
		fft4AVX512(w0, w1, w2, w3, &f)
	},
	IFFT4: func(w0, w1, w2, w3 []byte, t *[3]uint16) {
		check(w0, w1, w2, w3)
		if t[0]|t[1]|t[2] < small {
			f := [3]uint64{smallMatrices[t[0]], smallMatrices[t[1]], smallMatrices[t[2]]}
			ifft4SmallAVX512(w0, w1, w2, w3, &f)
			return
		}
		var f [3]matrix
		matrixWithin.set(&f[0], t[0])
		matrixWithin.set(&f[1], t[1])
		matrixWithin.set(&f[2], t[2])
		ifft4AVX512(w0, w1, w2, w3, &f)
	},
	FFT16: func(w []byte, t *[15]uint16) bool {
		var f [15]uint64
		if !setSmall16(&f, w, t) {
			return false
		}
		fft16SmallAVX512(w, len(w)/16, &f, &twistMatrix)
		return true
	},
	IFFT16: func(w []byte, t *[15]uint16) bool {
		var f [15]uint64
		if !setSmall16(&f, w, t) {
			return false
		}
		ifft16SmallAVX512(w, len(w)/16, &f, &twistMatrix)
		return true
	},
}

// scalerAVX512 multiplies slices the way that table does.
func scalerAVX512(table *matrices) func(dst, src []byte, c uint16) {
	return func(dst, src []byte, c uint16) {
		check(dst, src)
		var f matrix
		table.set(&f, c)
		scaleAVX512(dst, src, &f)
	}
}

// setSmall16 makes f the matrices of factors if all of them are below 256, which it reports.
func setSmall16(f *[15]uint64, w []byte, t *[15]uint16) bool {
	if len(w) == 0 || len(w)%(16*BlockSize) != 0 {
		panic("gf: slice is not 16 times some blocks")
	}
	var all uint16
	for _, c := range t {
		all |= c
	}
	if all >= small {
		return false
	}
	for i := range f {
		f[i] = smallMatrices[t[i]]
	}
	return true
}
