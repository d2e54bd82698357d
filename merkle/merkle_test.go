package merkle

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/walrus-go/walrus/bcs"
	"github.com/walrus-go/walrus/blake2x"
)

// leaves returns the contents of n leaves and their hashes.
func leaves(n int) (data [][]byte, hashes []byte) {
	for i := range n {
		data = append(data, fmt.Appendf(nil, "leaf %d", i))
		h := Leaf(data[i])
		hashes = append(hashes, h[:]...)
	}
	return data, hashes
}

// rootByDefinition follows spec: encoding.md section 4.1 word by word.
func rootByDefinition(hashes []byte) Hash {
	var level []Hash
	for ; len(hashes) > 0; hashes = hashes[Size:] {
		level = append(level, Hash(hashes[:Size]))
	}
	if len(level) == 0 {
		return Hash{}
	}
	for len(level) > 1 {
		if len(level)%2 == 1 {
			level = append(level, Hash{})
		}
		var next []Hash
		for i := 0; i < len(level); i += 2 {
			next = append(next, Inner(level[i], level[i+1]))
		}
		level = next
	}
	return level[0]
}

// TestKnownHashes: spec: encoding.md sections 4.6 and 5.
func TestKnownHashes(t *testing.T) {
	for _, c := range []struct {
		name string
		got  Hash
		want string
	}{
		{"the empty leaf", Leaf(nil), "03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314"},
		{"a zero symbol", Leaf([]byte{0, 0}), "ab29e6dc16755d0071eba349ebda225d15e4f910cb474549c47e95cb85ecc4d6"},
		{"an inner node", Inner(Leaf([]byte{1, 2}), Leaf([]byte{3, 4})), "13762ff400907c98e6a4126dd2e524a36ee89477b5b8a0debd6b6e9b69af6890"},
	} {
		if c.got.String() != c.want {
			t.Errorf("%s: got %v, want %s", c.name, c.got, c.want)
		}
	}
}

func TestTree(t *testing.T) {
	for n := range 70 {
		data, hashes := leaves(n)
		tree, want := New(hashes), rootByDefinition(hashes)
		if tree.Root() != want || Root(hashes) != want || tree.Len() != n {
			t.Fatalf("%d leaves: got %v and %v, want %v", n, tree.Root(), Root(hashes), want)
		}
		for i, d := range data {
			proof := tree.Prove(i)
			if err := proof.Verify(want, d, i, n); err != nil {
				t.Errorf("leaf %d of %d: %v", i, n, err)
			}
			if tree.Leaf(i) != Leaf(d) {
				t.Errorf("leaf %d of %d is not its hash", i, n)
			}
		}
	}
}

func TestFoldAll(t *testing.T) {
	for width := 1; width < 40; width++ {
		for _, rows := range []int{1, 2, 9} {
			_, hashes := leaves(rows * width)
			nodes := bytes.Repeat([]byte{0xee}, rows*Stride(width)*Size)
			for r := range rows {
				copy(nodes[r*Stride(width)*Size:], hashes[r*width*Size:(r+1)*width*Size])
			}
			got := make([]byte, rows*Size)
			FoldAll(got, nodes, make([]byte, Scratch(rows, width)), rows, width)
			for r := range rows {
				if want := rootByDefinition(hashes[r*width*Size : (r+1)*width*Size]); Hash(got[r*Size:]) != want {
					t.Errorf("row %d of %d, width %d: got %x, want %v", r, rows, width, got[r*Size:][:Size], want)
				}
			}
		}
	}
}

func TestProofRefuses(t *testing.T) {
	const n = 5
	data, hashes := leaves(n)
	tree := New(hashes)
	root, good := tree.Root(), tree.Prove(4)
	change := func(f func(Proof)) Proof {
		p := append(Proof(nil), good...)
		f(p)
		return p
	}
	for _, c := range []struct {
		name  string
		proof Proof
		data  []byte
		i, n  int
	}{
		{"other data", good, data[3], 4, n},
		{"another position", good, data[4], 3, n},
		{"a position beyond the tree", good, data[4], 5, n},
		{"a negative position", good, data[4], -1, n},
		{"a short path", good[:2], data[4], 4, n},
		{"a long path", append(change(func(Proof) {}), Node{}), data[4], 4, n},
		{"a digest of zeros for the empty node", change(func(p Proof) { p[0] = Node{} }), data[4], 4, n},
		{"the empty node for a digest", change(func(p Proof) { p[2] = Node{Empty: true} }), data[4], 4, n},
		{"an empty node with a hash", change(func(p Proof) { p[0].Hash[0] = 1 }), data[4], 4, n},
		{"a flipped bit", change(func(p Proof) { p[2].Hash[31] ^= 128 }), data[4], 4, n},
		{"no leaves", nil, data[4], 0, 0},
	} {
		if err := c.proof.Verify(root, c.data, c.i, c.n); !errors.Is(err, ErrProof) {
			t.Errorf("%s: got %v, want ErrProof", c.name, err)
		}
	}
}

// TestProofBytes: spec: encoding.md section 6.2.
func TestProofBytes(t *testing.T) {
	want, _ := hex.DecodeString("030000015598576ce991f110a9e5c1bf24ecdb9353e2f97b0713f21335ff8a62bdecb2f2")
	proof := Proof{{Empty: true}, {Empty: true}, {Hash: Hash(want[4:])}}
	if got := proof.AppendBCS(nil); !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
	r := bcs.NewReader(want)
	got := ReadProof(r)
	if err := r.Done(); err != nil {
		t.Fatal(err)
	}
	root, _ := hex.DecodeString("32c760b241f35bb49890f150c85793008079154d98a377d43e38d0e456cf6a5b")
	if err := got.Verify(Hash(root), []byte{0x6e, 0x60}, 4, 5); err != nil {
		t.Error(err)
	}
}

func FuzzReadProof(f *testing.F) {
	_, hashes := leaves(5)
	for i := range 5 {
		f.Add(New(hashes).Prove(i).AppendBCS(nil))
	}
	f.Add([]byte{17, 0, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bcs.NewReader(in)
		p := ReadProof(r)
		if r.Done() != nil {
			return
		}
		if out := p.AppendBCS(nil); !bytes.Equal(in, out) {
			t.Errorf("%x is written back as %x", in, out)
		}
		if p.Verify(Hash{1}, []byte("x"), 0, 1<<len(p)) == nil {
			t.Errorf("%x proves something", in)
		}
	})
}

func BenchmarkFoldAll(b *testing.B) {
	const rows, width = 8, 1000
	nodes := make([]byte, rows*width*Size)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range nodes {
		nodes[i] = byte(rng.Uint32())
	}
	scratch, roots := make([]byte, len(nodes)), make([]byte, rows*Size)
	work := make([]byte, len(nodes))
	b.ReportAllocs()
	for b.Loop() {
		copy(work, nodes)
		FoldAll(roots, work, scratch, rows, width)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows*(width+2)), "ns/compression")
	_ = blake2x.Kernel()
}
