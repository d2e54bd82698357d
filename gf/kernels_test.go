package gf

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

func BenchmarkKernels(b *testing.B) {
	for _, size := range []int{64, 4096} {
		w := make([][]byte, 4)
		for i := range w {
			w[i] = make([]byte, size)
		}
		for _, k := range available {
			for _, op := range []struct {
				name  string
				bytes int
				run   func()
			}{
				{"xor", 1, func() { k.Xor(w[0], w[1]) }},
				{"muladd", 1, func() { k.MulAdd(w[0], w[1], 0x1234) }},
				{"fft2", 2, func() { k.FFT2(w[0], w[1], 0x1234) }},
				{"fft4", 4, func() { k.FFT4(w[0], w[1], w[2], w[3], &[3]uint16{0x1234, 0x5678, 0x9abc}) }},
				{"ifft4", 4, func() { k.IFFT4(w[0], w[1], w[2], w[3], &[3]uint16{0x1234, 0x5678, 0x9abc}) }},
			} {
				b.Run(fmt.Sprintf("%d/%s/%s", size, op.name, k.Name), func(b *testing.B) {
					b.SetBytes(int64(size * op.bytes))
					for b.Loop() {
						op.run()
					}
				})
			}
		}
	}
}

func TestQuick(t *testing.T) {
	for _, k := range available[1:] {
		for range 200 {
			n := 64 * rand.IntN(9)
			var a, c [4][]byte
			for i := range a {
				a[i] = make([]byte, n)
				for j := range a[i] {
					a[i][j] = byte(rand.Uint32())
				}
				c[i] = bytes.Clone(a[i])
			}
			f := [3]uint16{uint16(rand.Uint32()), uint16(rand.Uint32()), uint16(rand.Uint32())}
			f[rand.IntN(3)] = uint16(rand.IntN(3))
			same := func(op string) {
				for i := range a {
					if !bytes.Equal(a[i], c[i]) {
						t.Fatalf("%s %s n=%d f=%v", k.Name, op, n, f)
					}
				}
			}
			k.Xor(a[0], a[1])
			generic.Xor(c[0], c[1])
			same("xor")
			k.Scale(a[0], a[1], f[0])
			generic.Scale(c[0], c[1], f[0])
			same("scale")
			k.MulAdd(a[0], a[1], f[0])
			generic.MulAdd(c[0], c[1], f[0])
			same("muladd")
			k.FFT2(a[0], a[1], f[0])
			generic.FFT2(c[0], c[1], f[0])
			same("fft2")
			k.IFFT2(a[0], a[1], f[0])
			generic.IFFT2(c[0], c[1], f[0])
			same("ifft2")
			k.FFT4(a[0], a[1], a[2], a[3], &f)
			generic.FFT4(c[0], c[1], c[2], c[3], &f)
			same("fft4")
			k.IFFT4(a[0], a[1], a[2], a[3], &f)
			generic.IFFT4(c[0], c[1], c[2], c[3], &f)
			same("ifft4")
		}
	}
}
