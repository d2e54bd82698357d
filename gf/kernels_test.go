package gf

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestRequiredKernels fails where a kernel that WALRUS_REQUIRE_KERNELS lists is missing, so that a
// machine meant to test it cannot pass without.
func TestRequiredKernels(t *testing.T) {
	os.Getenv(KernelEnv) // makes cached results depend on it
	for name := range strings.SplitSeq(os.Getenv("WALRUS_REQUIRE_KERNELS"), ",") {
		if name != "" && !slices.Contains(Kernels(), name) {
			t.Errorf("kernel %q is required; this processor or build has %v", name, Kernels())
		}
	}
}

// An operation is one function of a kernel in a common form: on as many of four slices as it takes.
type operation struct {
	name   string
	slices int
	run    func(k *Kernel, w [4][]byte, t *[3]uint16)
}

var operations = []operation{
	{"Convert", 1, func(k *Kernel, w [4][]byte, t *[3]uint16) { k.Convert(w[0]) }},
	{"Xor", 2, func(k *Kernel, w [4][]byte, t *[3]uint16) { k.Xor(w[0], w[1]) }},
	{"Enter", 2, func(k *Kernel, w [4][]byte, t *[3]uint16) { k.Enter(w[0], w[1], t[0]) }},
	{"Enter in place", 1, func(k *Kernel, w [4][]byte, t *[3]uint16) { k.Enter(w[0], w[0], t[0]) }},
	{"Leave", 2, func(k *Kernel, w [4][]byte, t *[3]uint16) { k.Leave(w[0], w[1], t[0]) }},
	{"Leave in place", 1, func(k *Kernel, w [4][]byte, t *[3]uint16) { k.Leave(w[0], w[0], t[0]) }},
	{"MulAdd", 2, func(k *Kernel, w [4][]byte, t *[3]uint16) { k.MulAdd(w[0], w[1], t[0]) }},
	{"FFT2", 2, func(k *Kernel, w [4][]byte, t *[3]uint16) { k.FFT2(w[0], w[1], t[0]) }},
	{"IFFT2", 2, func(k *Kernel, w [4][]byte, t *[3]uint16) { k.IFFT2(w[0], w[1], t[0]) }},
	{"FFT4", 4, func(k *Kernel, w [4][]byte, t *[3]uint16) { k.FFT4(w[0], w[1], w[2], w[3], t) }},
	{"IFFT4", 4, func(k *Kernel, w [4][]byte, t *[3]uint16) { k.IFFT4(w[0], w[1], w[2], w[3], t) }},
}

// compare runs op with a kernel and with generic, on slices of n bytes cut from one buffer at the
// given alignment and odd distances, and compares all of it, so that a stray write fails too.
func compare(t *testing.T, k *Kernel, op operation, n, align int, factors [3]uint16, seed uint64) {
	t.Helper()
	const margin = 128
	got := make([]byte, max(64<<10, 4*(n+margin+1)+margin+align)) // of 64 KiB, so that it is aligned
	rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)}).Read(got)
	want := bytes.Clone(got)
	cut := func(buf []byte) (w [4][]byte) {
		for i := range w {
			at := margin + align + i*(n+margin+1)
			w[i] = buf[at : at+n : at+n]
		}
		return w
	}
	op.run(&generic, cut(want), &factors)
	op.run(k, cut(got), &factors)
	if !bytes.Equal(got, want) {
		t.Fatalf("%s %s, %d bytes, alignment %d, factors %x, seed %d: differs from generic", k.Name, op.name, n, align, factors, seed)
	}
}

// TestKernelsAgree covers zero to nine blocks, every alignment, and factors zero and one.
func TestKernelsAgree(t *testing.T) {
	special := [][3]uint16{
		{0, 0, 0}, {1, 1, 1}, {0, 0, 2}, {1, 0, 0xffff}, {0x1234, 0, 1}, {0x8000, 0x0100, 0x00ff}, {0, 0xabcd, 0x4321},
		{0xff, 2, 0x80}, {0x37, 0, 1},
	}
	for _, k := range available[1:] {
		for _, op := range operations {
			for blocks := range 10 {
				for i, factors := range special {
					compare(t, k, op, blocks*BlockSize, 0, factors, uint64(blocks*16+i))
				}
			}
			for align := range 64 {
				compare(t, k, op, 3*BlockSize, align, [3]uint16{0xbeef, 0x0102, 0x7}, uint64(align))
				compare(t, k, op, 3*BlockSize, align, [3]uint16{0xef, 0x12, 0x7}, uint64(align))
			}
			compare(t, k, op, 16<<10, 8, [3]uint16{0xbeef, 0x0102, 0x7}, 1)
		}
	}
}

// TestKernelsMultiply multiplies every element by factors of every bit, against Mul.
func TestKernelsMultiply(t *testing.T) {
	const all = 1 << 16
	src, dst := make([]byte, 2*all), make([]byte, 2*all)
	at := func(w int) (low, high int) { return w/32*BlockSize + w%32, w/32*BlockSize + w%32 + half }
	for w := range all {
		low, high := at(w)
		src[low], src[high] = byte(w), byte(w>>8)
	}
	factors := []uint16{0, 3, 0x1234, 0xffff, 0xff, 0xa5}
	for bit := range 16 {
		factors = append(factors, 1<<bit)
	}
	for _, k := range available {
		for _, c := range factors {
			for name, multiply := range map[string]func(){
				"Enter":  func() { k.Enter(dst, src, c); k.Convert(dst) },
				"Leave":  func() { copy(dst, src); k.Convert(dst); k.Leave(dst, dst, c) },
				"MulAdd": func() { clear(dst); k.Convert(src); k.MulAdd(dst, src, c); k.Convert(src); k.Convert(dst) },
			} {
				multiply()
				for w := range all {
					low, high := at(w)
					got, want := uint16(dst[low])|uint16(dst[high])<<8, Mul(uint16(w), c)
					if got != want {
						t.Fatalf("%s %s: %#x times %#x is %#x, want %#x", k.Name, name, w, c, got, want)
					}
				}
			}
		}
	}
}

// TestSixteen compares four layers in one with butterflies one by one, and whole buffers.
func TestSixteen(t *testing.T) {
	for _, k := range available {
		if k.FFT16 == nil {
			continue
		}
		done := 0
		for seed := range uint64(100) {
			random := rand.New(rand.NewPCG(seed, 3))
			width, align := BlockSize*(1+random.IntN(5)), random.IntN(64)
			limit := []int{2, small, 1 << 16}[random.IntN(3)]
			var factors [15]uint16
			for i := range factors {
				factors[i] = uint16(random.IntN(limit))
			}
			got := make([]byte, 128+align+16*width+128)
			for i := range got {
				got[i] = byte(random.Uint32())
			}
			slices := func(b []byte) []byte { return b[128+align:][:16*width] }
			before, want := bytes.Clone(got), bytes.Clone(got)
			rows := func(i, n int) []byte { return slices(want)[i*width : (i+n)*width] }
			f := factors[:]
			for half := 8; half > 0; half /= 2 {
				for at := 0; at < 16; at += 2 * half {
					generic.FFT2(rows(at, half), rows(at+half, half), f[0])
					f = f[1:]
				}
			}
			generic.Convert(slices(want))
			if k.FFT16(slices(got), &factors) {
				done++
			} else {
				want = before
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("%s, seed %d, 16 slices of %d bytes, factors %x: differs from generic", k.Name, seed, width, factors)
			}
			if k.IFFT16(slices(got), &factors); !bytes.Equal(got, before) {
				t.Fatalf("%s, seed %d, 16 slices of %d bytes, factors %x: IFFT16 does not undo FFT16", k.Name, seed, width, factors)
			}
		}
		if done == 0 || done == 100 {
			t.Errorf("%s: done %d times of 100", k.Name, done)
		}
		for _, n := range []int{0, 15 * BlockSize, 16*BlockSize + 1} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s, %d bytes: no panic", k.Name, n)
					}
				}()
				k.FFT16(make([]byte, n), new([15]uint16))
			}()
		}
	}
}

func TestKernelsRefuseSlicesThatDoNotMatch(t *testing.T) {
	for _, k := range available {
		for _, op := range operations {
			for _, lengths := range [][4]int{{64, 128, 64, 64}, {128, 64, 128, 128}, {65, 65, 65, 65}} {
				if op.slices == 1 && lengths[0]%BlockSize == 0 {
					continue
				}
				var w [4][]byte
				for i, n := range lengths {
					w[i] = make([]byte, n)
				}
				func() {
					defer func() {
						if recover() == nil {
							t.Errorf("%s %s of %d bytes: no panic", k.Name, op.name, lengths)
						}
					}()
					op.run(k, w, &[3]uint16{2, 3, 4})
				}()
			}
		}
	}
}

func TestKernelsDoNotAllocate(t *testing.T) {
	var w [4][]byte
	for i := range w {
		w[i] = make([]byte, 4*BlockSize)
	}
	factors := &[3]uint16{2, 3, 4}
	for _, k := range available {
		for _, op := range operations {
			if got := testing.AllocsPerRun(10, func() { op.run(k, w, factors) }); got != 0 {
				t.Errorf("%s %s: %v allocations", k.Name, op.name, got)
			}
		}
	}
}

func FuzzKernels(f *testing.F) {
	f.Add(uint64(1), uint8(3), uint8(0), uint16(0), uint16(1), uint16(2))
	f.Add(uint64(2), uint8(1), uint8(63), uint16(0xffff), uint16(0), uint16(0x8000))
	f.Fuzz(func(t *testing.T, seed uint64, blocks, align uint8, outer, low, high uint16) {
		for _, k := range available[1:] {
			for _, op := range operations {
				compare(t, k, op, int(blocks)*BlockSize, int(align%64), [3]uint16{outer, low, high}, seed)
			}
		}
	})
}

func BenchmarkKernels(b *testing.B) {
	for _, size := range []int{64, 4096, 1 << 20} {
		var w [4][]byte
		for i := range w {
			w[i] = make([]byte, size)
		}
		run := func(name string, k *Kernel, written int, do func()) {
			b.Run(fmt.Sprintf("%d/%s/%s", size, strings.ReplaceAll(name, " ", "-"), k.Name), func(b *testing.B) {
				b.SetBytes(int64(size * written))
				for b.Loop() {
					do()
				}
			})
		}
		large, below256 := &[3]uint16{0x1234, 0x5678, 0x9abc}, &[3]uint16{0x12, 0x56, 0x9a}
		for _, k := range available {
			for _, op := range operations {
				written := op.slices
				if op.slices == 2 && !strings.HasSuffix(op.name, "FFT2") {
					written = 1
				}
				run(op.name, k, written, func() { op.run(k, w, large) })
				if strings.Contains(op.name, "FFT") || op.name == "MulAdd" {
					run(op.name+" below 256", k, written, func() { op.run(k, w, below256) })
				}
			}
			if k.FFT16 != nil {
				slices, factors := make([]byte, 16*size), &[15]uint16{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
				run("FFT16", k, 16, func() { k.FFT16(slices, factors) })
				run("IFFT16", k, 16, func() { k.IFFT16(slices, factors) })
			}
		}
	}
}
