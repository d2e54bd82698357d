package blake2x

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"testing"
)

// patterned is the message of n bytes that testdata/README.md describes.
func patterned(n int) []byte {
	msg := make([]byte, n)
	for i := range msg {
		msg[i] = byte(7*i + i/256 + 3)
	}
	return msg
}

func TestKnownAnswers(t *testing.T) {
	file, err := os.Open("testdata/blake2b256.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var n int
		var want string
		if _, err := fmt.Sscan(lines.Text(), &n, &want); err != nil {
			t.Fatalf("line %q: %v", lines.Text(), err)
		}
		msg := patterned(n)
		for _, k := range available {
			var dst [Size]byte
			k.sum(dst[:], msg, n, List(1, 0), none)
			if got := hex.EncodeToString(dst[:]); got != want {
				t.Errorf("%s, %d bytes: got %s, want %s", k.name, n, got, want)
			}
			if n == 0 {
				continue
			}
			// The same message again, its first byte as the prefix.
			k.sum(dst[:], msg[1:], n-1, List(1, 0), int(msg[0]))
			if got := hex.EncodeToString(dst[:]); got != want {
				t.Errorf("%s, %d bytes after a prefix: got %s, want %s", k.name, n-1, got, want)
			}
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// TestMessageABC is the message of RFC 7693 appendix A, with the digest length used here.
func TestMessageABC(t *testing.T) {
	const want = "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"
	var dst [Size]byte
	Sum(dst[:], []byte("abc"), 3, List(1, 0))
	if got := hex.EncodeToString(dst[:]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestParentsFoldATreeInPlace(t *testing.T) {
	for _, k := range available {
		for _, leaves := range []int{2, 4, 8, 16, 32, 64, 128} {
			tree := patterned(leaves * Size)
			want := bytes.Clone(tree)
			for n := leaves; n > 1; n /= 2 {
				next := make([]byte, n/2*Size)
				sumGeneric(next, want, 2*Size, List(n/2, 2*Size), NodePrefix)
				want = next
				k.sum(tree, tree, 2*Size, List(n/2, 2*Size), NodePrefix)
			}
			if !bytes.Equal(tree[:Size], want) {
				t.Errorf("%s, %d leaves: got %x, want %x", k.name, leaves, tree[:Size], want)
			}
		}
	}
	got, want := make([]byte, 3*Size), make([]byte, 3*Size)
	src := patterned(6 * Size)
	Parents(got, src)
	SumPrefixed(want, src, NodePrefix, 2*Size, List(3, 2*Size))
	if !bytes.Equal(got, want) {
		t.Errorf("three pairs: got %x, want %x", got, want)
	}
}

func TestSlicesThatDoNotFitPanic(t *testing.T) {
	const huge = int(^uint(0) >> 1)
	ok := Grid{Rows: 2, Cols: 3, SrcRow: 30, SrcCol: 10, DstRow: 96, DstCol: 32}
	for _, c := range []struct {
		name     string
		dst, src int
		n        int
		change   func(*Grid)
	}{
		{"src is a byte short", 192, 59, 10, func(*Grid) {}},
		{"dst is a byte short", 191, 60, 10, func(*Grid) {}},
		{"a negative length", 192, 60, -1, func(*Grid) {}},
		{"negative rows", 192, 60, 10, func(g *Grid) { g.Rows = -1 }},
		{"a negative distance", 192, 60, 10, func(g *Grid) { g.SrcCol = -10 }},
		{"distances that overflow", 192, 60, 10, func(g *Grid) { g.SrcRow = huge }},
		{"sums that overflow", 192, 60, huge, func(*Grid) {}},
		{"a count that overflows", 192, 60, 10, func(g *Grid) { g.Rows, g.SrcRow = huge, 4 }},
		{"a count that overflows without distances", 192, 60, 10, func(g *Grid) { *g = Grid{Rows: huge, Cols: huge} }},
		{"digests that overflow", 192, 60, 10, func(g *Grid) { g.DstCol = huge }},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := ok
			c.change(&g)
			defer func() {
				if recover() == nil {
					t.Errorf("%+v, messages of %d bytes: no panic", g, c.n)
				}
			}()
			Sum(make([]byte, c.dst), make([]byte, c.src), c.n, g)
		})
	}
	Sum(make([]byte, 192), make([]byte, 60), 10, ok)
	Sum(nil, nil, 10, Grid{Rows: 0, Cols: 5, SrcCol: huge})
	Sum(nil, nil, 10, Grid{Rows: 5, Cols: 0, SrcRow: huge})
	defer func() {
		if recover() == nil {
			t.Error("Parents of half a pair: no panic")
		}
	}()
	Parents(make([]byte, Size), make([]byte, 3*Size))
}

func ExampleParents() {
	const symbols = "rowsplusmorerows" // four of four bytes
	tree := make([]byte, 4*Size)
	SumPrefixed(tree, []byte(symbols), LeafPrefix, 4, List(4, 4))
	for n := len(tree); n > Size; n /= 2 {
		Parents(tree, tree[:n])
	}
	fmt.Printf("%x\n", tree[:8])
	// Output: c6e1e7d2bf8c9427
}
