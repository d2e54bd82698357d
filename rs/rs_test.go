package rs

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/walrus-go/walrus/gf"
)

func symbols(t *testing.T, text string) [][]byte {
	var out [][]byte
	for _, word := range strings.Fields(text) {
		b, err := hex.DecodeString(word)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

// TestKnownAnswers: spec: encoding.md section 3.8.
func TestKnownAnswers(t *testing.T) {
	for _, c := range []struct {
		k, r     int
		in, want string
	}{
		{3, 1, "0102 0304 0506", "0700"},
		{3, 2, "0102 0304 0506", "fc01 fb01"},
		{3, 2, "010203040506 0708090a0b0c 0d0e0f101112", "67c6a1585c58 6cc2a4464340"},
		{2, 3, "0102 0304", "a20a a00c 530f"},
		{7, 3, "0102 0304 0506 0708 090a 0b0c 0d0e", "1a0f b506 ce08"},
		{4, 6, "0102 0304 0506 0708", "ab06 d70e 0e03 7203 ba01 6700"},
		{4, 6, "0100 0000 0000 0000", "0c00 0f00 0a00 0800 0a00 0f00"},
	} {
		code, err := New(c.k, c.r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := code.Encode(symbols(t, c.in))
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprintf("%x", got) != fmt.Sprintf("%x", symbols(t, c.want)) {
			t.Errorf("(%d,%d) of %s: got %x, want %s", c.k, c.r, c.in, got, c.want)
		}
	}
}

func TestShapes(t *testing.T) {
	for _, c := range []struct{ k, r int }{{0, 1}, {1, 0}, {-1, 4}, {65536, 1}, {40000, 40000}, {32768, 32769}} {
		if _, err := New(c.k, c.r); !errors.Is(err, ErrCounts) {
			t.Errorf("(%d,%d): got %v, want ErrCounts", c.k, c.r, err)
		}
	}
	if _, err := New(32768, 32768); err != nil {
		t.Error(err)
	}
}

// lagrange evaluates at x the polynomial through (points[i], values[i]).
func lagrange(points, values []uint16, x uint16) (sum uint16) {
	for i, p := range points {
		term := values[i]
		for j, q := range points {
			if i != j {
				term = gf.Mul(term, gf.Mul(x^q, gf.Inv(p^q)))
			}
		}
		sum ^= term
	}
	return sum
}

// byDefinition computes the recovery symbols of single elements by interpolation: spec: encoding.md
// section 3.5.
func byDefinition(c *Code, originals []uint16) []uint16 {
	out := make([]uint16, c.r)
	chunk := func(first int) (points, values []uint16) {
		points, values = make([]uint16, c.chunk), make([]uint16, c.chunk)
		copy(values, originals[first:])
		return points, values
	}
	if !c.high {
		points, values := chunk(0)
		for i := range points {
			points[i] = uint16(i)
		}
		for j := range out {
			out[j] = lagrange(points, values, uint16(c.chunk+j))
		}
		return out
	}
	for first := 0; first < c.k; first += c.chunk {
		points, values := chunk(first)
		for i := range points {
			points[i] = uint16(first + c.chunk + i)
		}
		for j := range out {
			out[j] ^= lagrange(points, values, uint16(j))
		}
	}
	return out
}

func TestEncodeEqualsInterpolation(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, shape := range [][2]int{{1, 1}, {1, 5}, {5, 1}, {2, 2}, {3, 4}, {5, 8}, {8, 5}, {13, 3}, {3, 13}, {17, 34}, {67, 33}, {34, 66}, {33, 67}, {21, 43}, {43, 21}, {134, 266}, {267, 133}} {
		c, err := New(shape[0], shape[1])
		if err != nil {
			t.Fatal(err)
		}
		values, in := make([]uint16, c.k), make([][]byte, c.k)
		for i := range values {
			values[i] = uint16(rng.Uint32())
			in[i] = []byte{byte(values[i]), byte(values[i] >> 8)}
		}
		out, err := c.Encode(in)
		if err != nil {
			t.Fatal(err)
		}
		for j, want := range byDefinition(c, values) {
			if got := uint16(out[j][0]) | uint16(out[j][1])<<8; got != want {
				t.Errorf("%v recovery %d: got %04x, want %04x", shape, j, got, want)
			}
		}
	}
}

// vector returns a random codeword of c.
func vector(t *testing.T, rng *rand.Rand, c *Code, size int) [][]byte {
	word := make([][]byte, c.k, c.k+c.r)
	for i := range word {
		word[i] = make([]byte, size)
		for j := range word[i] {
			word[i][j] = byte(rng.Uint32())
		}
	}
	recovery, err := c.Encode(word)
	if err != nil {
		t.Fatal(err)
	}
	return append(word, recovery...)
}

func TestAnyKSymbolsDecode(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	for _, shape := range [][2]int{{1, 1}, {2, 2}, {3, 1}, {3, 2}, {2, 3}, {4, 6}, {7, 3}, {34, 66}, {67, 33}, {134, 266}, {267, 133}} {
		c, err := New(shape[0], shape[1])
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []int{2, 62, 64, 130} {
			word := vector(t, rng, c, size)
			kept := make([][]byte, len(word))
			for _, p := range rng.Perm(len(word))[:c.k] {
				kept[p] = word[p]
			}
			if err := c.Reconstruct(kept); err != nil {
				t.Fatal(err)
			}
			for i := range c.k {
				if !bytes.Equal(kept[i], word[i]) {
					t.Fatalf("seed %d, %v, size %d, original %d: got %x, want %x", seed, shape, size, i, kept[i], word[i])
				}
			}
		}
	}
}

func TestDecoderRefuses(t *testing.T) {
	c, _ := New(3, 2)
	for _, x := range []struct {
		name      string
		positions []int
		want      error
	}{
		{"too few", []int{0, 1}, ErrTooFew},
		{"too many", []int{0, 1, 2, 3}, ErrSymbolCount},
		{"a position twice", []int{0, 1, 1}, ErrDuplicate},
		{"a position beyond the code", []int{0, 1, 5}, ErrPosition},
		{"a negative position", []int{0, 1, -1}, ErrPosition},
	} {
		if _, err := c.Decoder(x.positions); !errors.Is(err, x.want) {
			t.Errorf("%s: got %v, want %v", x.name, err, x.want)
		}
	}
	if _, err := c.Encode([][]byte{{1, 2}, {3}, {4, 5}}); !errors.Is(err, ErrSymbolSize) {
		t.Errorf("uneven symbols: got %v", err)
	}
	if _, err := c.Encode([][]byte{{1}, {3}, {4}}); !errors.Is(err, ErrSymbolSize) {
		t.Errorf("odd symbols: got %v", err)
	}
	if _, err := c.Encode([][]byte{{1, 2}}); !errors.Is(err, ErrSymbolCount) {
		t.Errorf("one original: got %v", err)
	}
}

func TestLayoutRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for size := 2; size <= 200; size += 2 {
		for _, count := range []int{1, 2, 7, 33} {
			l := NewLayout(size, count)
			const rows = 3
			src := make([]byte, rows*count*size)
			for i := range src {
				src[i] = byte(rng.Uint32())
			}
			work := make([]byte, rows*l.Width())
			l.Load(work, 0, Rect{src, count, rows, size, count * size})
			dst := make([]byte, len(src))
			l.Store(Rect{dst, count, rows, size, count * size}, work, 0)
			if !bytes.Equal(src, dst) {
				t.Fatalf("size %d, count %d: symbols did not come back", size, count)
			}
		}
		for _, width := range []int{64, 128, 512, 4096} {
			count := Fit(size, width)
			if l := NewLayout(size, count); count > 1 && l.Width() > width+gf.BlockSize {
				t.Errorf("size %d: %d symbols do not fit %d bytes", size, count, width)
			}
		}
	}
}

// TestLayoutUnderEveryKernel compares whole buffers, so that a stray write fails too.
func TestLayoutUnderEveryKernel(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for size := 2; size <= 200; size += 2 {
		for _, count := range []int{1, 3, 33} {
			l := NewLayout(size, count)
			const rows, pad = 3, 7
			stride := count*size + pad
			src := make([]byte, rows*stride)
			for i := range src {
				src[i] = byte(rng.Uint32())
			}
			run := func(kernel string) (work, stored, copied []byte) {
				restore, err := gf.Pin(kernel)
				if err != nil {
					t.Fatal(err)
				}
				defer restore()
				work, stored, copied = make([]byte, (rows+1)*l.Width()), make([]byte, len(src)), make([]byte, len(src))
				from := Rect{src, count, rows, size, stride}
				for c := range count {
					l.Load(work, c, from.Columns(c, c+1))
				}
				l.Store(Rect{stored, count, rows, size, stride}, work, 0)
				for from := 0; from <= l.Whole() && from < size; from += gf.BlockSize {
					ends := make([]byte, len(stored))
					l.StoreEnds(Rect{ends[from:], count, rows, size, stride}, work, 0, from)
					for at := range ends {
						want := stored[at]
						if at%stride >= count*size || at%stride%size < from {
							want = 0
						}
						if ends[at] != want {
							t.Fatalf("size %d, count %d, %s: byte %d of ends from %d on is wrong", size, count, kernel, at, from)
						}
					}
				}
				Copy(Rect{copied, 1, rows, 0, size + 2}, from.Columns(0, 1), size)
				return work, stored, copied
			}
			work, stored, copied := run("generic")
			for _, kernel := range gf.Kernels() {
				w, s, c := run(kernel)
				if !bytes.Equal(w, work) || !bytes.Equal(s, stored) || !bytes.Equal(c, copied) {
					t.Fatalf("size %d, count %d: %s differs from generic", size, count, kernel)
				}
			}
		}
	}
}

// TestDecodeUnderEveryKernel decodes the same words with each kernel.
func TestDecodeUnderEveryKernel(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, shape := range [][2]int{{3, 2}, {4, 6}, {34, 66}, {67, 33}, {134, 266}, {267, 133}} {
		c, err := New(shape[0], shape[1])
		if err != nil {
			t.Fatal(err)
		}
		word := vector(t, rng, c, 130)
		for _, kernel := range gf.Kernels() {
			restore, err := gf.Pin(kernel)
			if err != nil {
				t.Fatal(err)
			}
			kept := make([][]byte, len(word))
			for _, p := range rng.Perm(len(word))[:c.k] {
				kept[p] = word[p]
			}
			err = c.Reconstruct(kept)
			restore()
			if err != nil {
				t.Fatal(err)
			}
			for i := range c.k {
				if !bytes.Equal(kept[i], word[i]) {
					t.Fatalf("%v, %s: original %d differs", shape, kernel, i)
				}
			}
		}
	}
}
