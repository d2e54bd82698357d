package redstuff

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/walrus-go/walrus/merkle"
)

func code(t testing.TB, n int) *Code {
	t.Helper()
	c, err := New(n)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func random(rng *rand.Rand, size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

func seeded(t testing.TB) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

// TestSizes: the tables of spec: encoding.md sections 1.1 and 1.3.
func TestSizes(t *testing.T) {
	for _, c := range []struct{ n, f, k1, k2 int }{
		{4, 1, 2, 3}, {5, 1, 3, 4}, {6, 1, 4, 5}, {7, 2, 3, 5}, {10, 3, 4, 7}, {13, 4, 5, 9}, {31, 10, 11, 21},
		{100, 33, 34, 67}, {300, 99, 102, 201}, {301, 100, 101, 201}, {667, 222, 223, 445}, {1000, 333, 334, 667}, {1001, 333, 335, 668},
	} {
		x := code(t, c.n)
		if x.Faulty() != c.f || x.Source(Primary) != c.k1 || x.Source(Secondary) != c.k2 || x.Shards() != c.n {
			t.Errorf("n=%d: got f=%d k1=%d k2=%d, want %v", c.n, x.Faulty(), x.Source(Primary), x.Source(Secondary), c)
		}
	}
	for _, c := range []struct {
		n         int
		size      uint64
		s         int
		encoded   uint64
		units     uint64
		primary   int
		secondary int
	}{
		{10, 0, 2, 6940, 1, 14, 8}, {10, 56, 2, 6940, 1, 14, 8}, {10, 57, 4, 7160, 1, 28, 16},
		{10, 1048576, 37450, 4126220, 4, 262150, 149800}, {10, 1834952, 65534, 7215460, 7, 458738, 262136},
		{1000, 445556, 2, 66034000, 63, 1334, 668}, {1000, 445557, 4, 68036000, 65, 2668, 1336},
		{1000, 1073741824, 4820, 4888852000, 4663, 3214940, 1609880},
		{1000, 14599533452, 65534, 65663566000, 62622, 43711178, 21888356},
	} {
		x := code(t, c.n)
		s, err := x.SymbolSize(c.size)
		if err != nil {
			t.Fatal(err)
		}
		encoded, _ := x.EncodedLength(c.size)
		units, _ := x.StorageUnits(c.size)
		if s != c.s || encoded != c.encoded || units != c.units || x.SliverSize(Primary, s) != c.primary || x.SliverSize(Secondary, s) != c.secondary {
			t.Errorf("n=%d size=%d: got s=%d encoded=%d units=%d", c.n, c.size, s, encoded, units)
		}
	}
}

func TestLimits(t *testing.T) {
	for _, n := range []int{-1, 0, 1, 2, 3, 65535, 1 << 20} {
		if _, err := New(n); !errors.Is(err, ErrShards) {
			t.Errorf("%d shards: got %v", n, err)
		}
	}
	c := code(t, 10)
	for _, size := range []uint64{c.MaxBlobSize() + 1, 1 << 63} {
		if _, err := c.SymbolSize(size); !errors.Is(err, ErrBlobTooLarge) {
			t.Errorf("SymbolSize(%d): got %v", size, err)
		}
		if _, err := c.EncodedLength(size); !errors.Is(err, ErrBlobTooLarge) {
			t.Errorf("EncodedLength(%d): got %v", size, err)
		}
		if _, err := c.Decode(nil, Primary, size, nil); !errors.Is(err, ErrBlobTooLarge) {
			t.Errorf("Decode of %d: got %v", size, err)
		}
		if _, err := c.Rows(Secondary, size, nil); !errors.Is(err, ErrBlobTooLarge) {
			t.Errorf("Rows of %d: got %v", size, err)
		}
	}
	if _, err := c.Encode(make([]byte, c.MaxBlobSize()+1), nil); !errors.Is(err, ErrBlobTooLarge) {
		t.Errorf("Encode: got %v", err)
	}
	if _, err := c.CommitFrom(bytes.NewReader(nil), -1, nil); !errors.Is(err, ErrSize) {
		t.Errorf("negative size: got %v", err)
	}
	for _, size := range []int64{1, 1000} {
		if _, err := c.CommitFrom(bytes.NewReader(make([]byte, size-1)), size, nil); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("short reader: got %v", err)
		}
		if _, err := c.EncodeFrom(bytes.NewReader(make([]byte, size-1)), size, nil); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("short reader: got %v", err)
		}
	}
}

// definition is the extended matrix and its commitments by the words of the specification: columns
// first, then rows, symbol by symbol.
func definition(t *testing.T, c *Code, blob []byte) (cells [][][]byte, roots [2][]merkle.Hash) {
	s, err := c.SymbolSize(uint64(len(blob)))
	if err != nil {
		t.Fatal(err)
	}
	k1, k2 := c.Source(Primary), c.Source(Secondary)
	padded := make([]byte, k1*k2*s)
	copy(padded, blob)
	cells = make([][][]byte, c.n)
	for i := range cells {
		cells[i] = make([][]byte, c.n)
	}
	for j := range k2 {
		var column [][]byte
		for i := range k1 {
			column = append(column, padded[(i*k2+j)*s:][:s])
		}
		recovery, err := c.lines[Primary].Encode(column)
		if err != nil {
			t.Fatal(err)
		}
		for i, cell := range append(column, recovery...) {
			cells[i][j] = cell
		}
	}
	for i := range c.n {
		recovery, err := c.lines[Secondary].Encode(cells[i][:k2])
		if err != nil {
			t.Fatal(err)
		}
		copy(cells[i][k2:], recovery)
	}
	for a := range c.n {
		var row, column []byte
		for b := range c.n {
			r, c := merkle.Leaf(cells[a][b]), merkle.Leaf(cells[b][a])
			row, column = append(row, r[:]...), append(column, c[:]...)
		}
		roots[Primary] = append(roots[Primary], merkle.Root(row))
		roots[Secondary] = append(roots[Secondary], merkle.Root(column))
	}
	return cells, roots
}

// sizes returns blob sizes around every edge of a code's symbol sizes.
func sizes(c *Code) []int {
	m := int(c.cells())
	return []int{0, 1, 2 * m, 2*m + 1, 62 * m, 64 * m, 66*m - 3, 130 * m, 600*m + 7}
}

// symbolEdges returns symbol sizes around the edges of strips.
func symbolEdges(c *Code) []int {
	strip, _ := fitGroup(c.n, c.lines[Primary].Rows(), MaxSymbolSize, c.n, 16)
	return []int{maxWidth + 2, strip, strip + 2, strip + 126, strip + 128, strip + 158, strip + 160, strip + 194, 2*strip + 130, 3*strip - 64}
}

// sizeOf returns the size of a blob of symbols of s bytes that leaves most of the last one empty.
func sizeOf(c *Code, s int) int { return int(c.cells())*s - int(c.cells())/3 - 1 }

func TestEncodeEqualsDefinition(t *testing.T) {
	rng := seeded(t)
	for _, n := range []int{4, 5, 6, 7, 9, 10, 13, 16, 17, 31, 33} {
		c := code(t, n)
		var reuse *Encoding
		sizes := sizes(c)
		if n <= 16 {
			for _, s := range symbolEdges(c) {
				sizes = append(sizes, sizeOf(c, s))
			}
		}
		for _, size := range sizes {
			blob := random(rng, size)
			cells, roots := definition(t, c, blob)
			e, err := c.Encode(blob, &Options{Reuse: reuse})
			if err != nil {
				t.Fatal(err)
			}
			reuse = e
			for i := range n {
				var column []byte
				for _, row := range cells[:c.Source(Primary)] {
					column = append(column, row[i]...)
				}
				if !bytes.Equal(e.Sliver(Primary, i), bytes.Join(cells[i][:c.Source(Secondary)], nil)) {
					t.Errorf("n=%d size=%d: primary sliver %d differs", n, size, i)
				}
				if !bytes.Equal(e.Sliver(Secondary, i), column) {
					t.Errorf("n=%d size=%d: secondary sliver %d differs", n, size, i)
				}
			}
			checkRoots(t, fmt.Sprintf("Encode n=%d size=%d", n, size), e.Roots, roots)
		}
	}
}

func checkRoots(t *testing.T, what string, got, want [2][]merkle.Hash) {
	t.Helper()
	for axis := range want {
		if !slices.Equal(got[axis], want[axis]) {
			t.Errorf("%s: %v roots differ", what, Axis(axis))
		}
	}
}

// TestEveryWayToEncodeAgrees compares the ways that share no passes: from memory, from a reader, and
// in little memory, with enough shards and bytes for several goroutines, tiles and strips.
func TestEveryWayToEncodeAgrees(t *testing.T) {
	rng := seeded(t)
	for _, c := range []*Code{code(t, 10), code(t, 50), code(t, 101)} {
		sizes := sizes(c)
		for _, s := range symbolEdges(c)[7:9] {
			sizes = append(sizes, sizeOf(c, s))
		}
		for _, size := range sizes {
			blob := random(rng, size)
			e, err := c.Encode(blob, nil)
			if err != nil {
				t.Fatal(err)
			}
			reader := func() io.ReaderAt { return bytes.NewReader(blob) }
			f, err := c.EncodeFrom(reader(), int64(size), nil)
			if err != nil {
				t.Fatal(err)
			}
			checkRoots(t, "EncodeFrom", f.Roots, e.Roots)
			for _, axis := range []Axis{Primary, Secondary} {
				for i := range c.n {
					if !bytes.Equal(e.Sliver(axis, i), f.Sliver(axis, i)) {
						t.Errorf("n=%d size=%d: %v sliver %d differs", c.n, size, axis, i)
					}
				}
			}
			for _, memory := range []int64{0, 1, 100 << 10} {
				m, err := c.Commit(blob, &Options{Memory: memory})
				if err != nil {
					t.Fatal(err)
				}
				r, err := c.CommitFrom(reader(), int64(size), &Options{Memory: memory})
				if err != nil {
					t.Fatal(err)
				}
				checkRoots(t, fmt.Sprintf("Commit n=%d size=%d memory=%d", c.n, size, memory), m.Roots, e.Roots)
				checkRoots(t, fmt.Sprintf("CommitFrom n=%d size=%d memory=%d", c.n, size, memory), r.Roots, e.Roots)
				if m.Size != uint64(size) || m.SymbolSize != e.SymbolSize || m.Shards != c.n {
					t.Errorf("got %d bytes in symbols of %d for %d shards", m.Size, m.SymbolSize, m.Shards)
				}
			}
		}
	}
}

// TestGroups holds groups of symbols that are done at once to what readers check: roots of slivers one by one.
func TestGroups(t *testing.T) {
	rng := seeded(t)
	c := code(t, 101)
	for _, s := range []int{longSymbol, 958, 1024, 1026, 2046, maxWidth - 2, maxWidth} {
		blob := random(rng, sizeOf(c, s))
		e, err := c.Encode(blob, nil)
		if err != nil {
			t.Fatal(err)
		}
		commitment, err := c.CommitFrom(bytes.NewReader(blob), int64(len(blob)), &Options{Memory: 1})
		if err != nil {
			t.Fatal(err)
		}
		checkRoots(t, fmt.Sprintf("CommitFrom with symbols of %d bytes", s), commitment.Roots, e.Roots)
		for _, axis := range []Axis{Primary, Secondary} {
			for i := range c.n {
				got, err := c.SliverRoot(axis, e.Sliver(axis, i))
				if err != nil || got != e.Roots[axis][i] {
					t.Errorf("symbols of %d bytes, %v sliver %d: root %v, want %v (%v)", s, axis, i, got, e.Roots[axis][i], err)
				}
			}
		}
	}
}

func TestWorkAreasOfGroups(t *testing.T) {
	for _, n := range []int{4, 10, 100, 150, 667, 1000, 10000, 49000} {
		rows := code(t, n).lines[Primary].Rows()
		for _, s := range []int{longSymbol, 1500, maxWidth, maxWidth + 2, 9000, MaxSymbolSize} {
			strip, columns := fitGroup(n, rows, s, n, 16)
			if columns < 1 || columns > maxGroup || strip < s && strip%128 != 0 || strip > s {
				t.Errorf("n=%d, symbols of %d bytes: %d columns in strips of %d", n, s, columns, strip)
			}
			if got := rows * columns * strip; got > max(workBytes, rows*128) {
				t.Errorf("n=%d, symbols of %d bytes: a work area of %d bytes", n, s, got)
			}
		}
	}
}

func TestReadyTellsEverySliverOnce(t *testing.T) {
	for _, size := range []int{200_000, 1_500_000} {
		checkReady(t, code(t, 31), random(seeded(t), size))
	}
}

func checkReady(t *testing.T, c *Code, blob []byte) {
	t.Helper()
	var mu sync.Mutex
	got := map[Axis]map[int][]byte{Primary: {}, Secondary: {}}
	e, err := c.Encode(blob, &Options{Ready: func(axis Axis, i int, data []byte) {
		copied := bytes.Clone(data)
		mu.Lock()
		defer mu.Unlock()
		if _, ok := got[axis][i]; ok {
			t.Errorf("%v sliver %d twice", axis, i)
		}
		got[axis][i] = copied
	}})
	if err != nil {
		t.Fatal(err)
	}
	for axis, slivers := range got {
		for i := range c.n {
			if !bytes.Equal(slivers[i], e.Sliver(axis, i)) {
				t.Errorf("%v sliver %d was not ready when it was said to be", axis, i)
			}
		}
	}
}

func TestEncodingIsLinear(t *testing.T) {
	rng := seeded(t)
	c := code(t, 16)
	a, b := random(rng, 5000), random(rng, 5000)
	x := make([]byte, len(a))
	for i := range x {
		x[i] = a[i] ^ b[i]
	}
	var e [3]*Encoding
	for i, blob := range [][]byte{a, b, x} {
		var err error
		if e[i], err = c.Encode(blob, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, axis := range []Axis{Primary, Secondary} {
		for i := range c.n {
			s0, s1, s2 := e[0].Sliver(axis, i), e[1].Sliver(axis, i), e[2].Sliver(axis, i)
			for j := range s0 {
				if s0[j]^s1[j] != s2[j] {
					t.Fatalf("%v sliver %d is not the sum at byte %d", axis, i, j)
				}
			}
		}
	}
}

// TestEnoughSliversDecode decodes from random sets of slivers, worst cases included.
func TestEnoughSliversDecode(t *testing.T) {
	rng := seeded(t)
	for _, n := range []int{4, 5, 7, 10, 31, 100} {
		c := code(t, n)
		sizes := sizes(c)
		for _, s := range symbolEdges(c)[7:9] {
			sizes = append(sizes, sizeOf(c, s))
		}
		for _, size := range sizes {
			blob := random(rng, size)
			e, err := c.Encode(blob, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, axis := range []Axis{Primary, Secondary} {
				last := make([]int, n) // the other end: as few systematic slivers as possible
				for i := range last {
					last[i] = n - 1 - i
				}
				for _, order := range [][]int{rng.Perm(n), last} {
					var slivers []Sliver
					for _, i := range order {
						slivers = append(slivers, Sliver{i, e.Sliver(axis, i)})
					}
					got, err := c.Decode(nil, axis, uint64(size), slivers)
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(got, blob) {
						t.Errorf("n=%d size=%d: wrong blob from %v slivers %v", n, size, axis, order[:c.Source(axis)])
					}
				}
			}
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	c := code(t, 7)
	blob := random(seeded(t), 300)
	e, err := c.Encode(blob, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := func(i int) Sliver { return Sliver{i, e.Sliver(Primary, i)} }
	for _, x := range []struct {
		name    string
		slivers []Sliver
		want    error
	}{
		{"too few slivers", []Sliver{s(0), s(1)}, ErrTooFewSlivers},
		{"a sliver twice", []Sliver{s(0), s(1), s(1)}, ErrDuplicate},
		{"an index beyond n", []Sliver{s(0), s(1), {7, s(2).Data}}, ErrIndex},
		{"a negative index", []Sliver{s(0), s(1), {-1, s(2).Data}}, ErrIndex},
		{"a short sliver", []Sliver{s(0), s(1), {2, s(2).Data[2:]}}, ErrSliverSize},
		{"a secondary sliver", []Sliver{s(0), s(1), {2, e.Sliver(Secondary, 2)}}, ErrSliverSize},
	} {
		if _, err := c.Decode(nil, Primary, uint64(len(blob)), x.slivers); !errors.Is(err, x.want) {
			t.Errorf("%s: got %v, want %v", x.name, err, x.want)
		}
		if _, err := c.Rows(Primary, uint64(len(blob)), x.slivers); !errors.Is(err, x.want) {
			t.Errorf("rows of %s: got %v, want %v", x.name, err, x.want)
		}
	}
	p := func(i int) Symbol { return Symbol{i, []byte{1, 2}} }
	for _, x := range []struct {
		name    string
		symbols []Symbol
		want    error
	}{
		{"too few symbols", []Symbol{p(0), p(1)}, ErrTooFewSymbols},
		{"a symbol twice", []Symbol{p(0), p(1), p(1)}, ErrDuplicate},
		{"a source beyond n", []Symbol{p(0), p(1), p(7)}, ErrIndex},
		{"uneven symbols", []Symbol{p(0), p(1), {2, []byte{1, 2, 3, 4}}}, ErrSymbolSize},
		{"odd symbols", []Symbol{{0, []byte{1}}, p(1), p(2)}, ErrSymbolSize},
		{"empty symbols", []Symbol{{0, nil}, p(1), p(2)}, ErrSymbolSize},
	} {
		if _, err := c.Recover(Secondary, x.symbols); !errors.Is(err, x.want) {
			t.Errorf("%s: got %v, want %v", x.name, err, x.want)
		}
	}
}

func TestRecoveryEqualsEncoding(t *testing.T) {
	rng := seeded(t)
	for _, n := range []int{4, 5, 7, 10, 31, 67} {
		c := code(t, n)
		sizes := sizes(c)
		for _, s := range symbolEdges(c)[7:9] {
			sizes = append(sizes, sizeOf(c, s))
		}
		for _, size := range sizes {
			blob := random(rng, size)
			e, err := c.Encode(blob, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, axis := range []Axis{Primary, Secondary} {
				target := rng.IntN(n)
				var symbols []Symbol
				for _, i := range rng.Perm(n)[:c.Symbols(axis)] {
					x, err := c.Expand(axis.Other(), e.Sliver(axis.Other(), i))
					if err != nil {
						t.Fatal(err)
					}
					if x.Root() != e.Roots[axis.Other()][i] {
						t.Fatalf("n=%d size=%d: wrong root of %v sliver %d", n, size, axis.Other(), i)
					}
					data, err := x.Symbol(target)
					if err != nil {
						t.Fatal(err)
					}
					proof, err := x.Prove(target)
					if err != nil {
						t.Fatal(err)
					}
					if err := proof.Verify(x.Root(), data, target, n); err != nil {
						t.Error(err)
					}
					symbols = append(symbols, Symbol{i, data})
				}
				got, err := c.Recover(axis, symbols)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, e.Sliver(axis, target)) {
					t.Errorf("n=%d size=%d: %v sliver %d recovered wrongly", n, size, axis, target)
				}
			}
		}
	}
}

func TestExpandRefuses(t *testing.T) {
	c := code(t, 7) // k1 = 3, k2 = 5
	for _, sliver := range [][]byte{nil, make([]byte, 4), make([]byte, 5), make([]byte, 5*65536)} {
		if _, err := c.Expand(Primary, sliver); !errors.Is(err, ErrSliverSize) && !errors.Is(err, ErrSymbolSize) {
			t.Errorf("%d bytes: got %v", len(sliver), err)
		}
	}
	if _, err := c.SliverRoots(Primary, [][]byte{make([]byte, 10), make([]byte, 20)}); !errors.Is(err, ErrSliverSize) {
		t.Errorf("uneven slivers: got %v", err)
	}
	x, err := c.Expand(Primary, make([]byte, 10))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{-1, 7} {
		if _, err := x.Symbol(i); !errors.Is(err, ErrIndex) {
			t.Errorf("symbol %d: got %v", i, err)
		}
		if _, err := x.Prove(i); !errors.Is(err, ErrIndex) {
			t.Errorf("proof %d: got %v", i, err)
		}
	}
}

func TestSystematic(t *testing.T) {
	c := code(t, 10)
	for _, size := range sizes(c) {
		blob := random(seeded(t), size)
		e, err := c.Encode(blob, nil)
		if err != nil {
			t.Fatal(err)
		}
		slivers, err := c.Systematic(blob)
		if err != nil {
			t.Fatal(err)
		}
		roots, err := c.SliverRoots(Primary, slivers)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(roots, e.Roots[Primary][:c.Source(Primary)]) {
			t.Errorf("size %d: roots of the systematic slivers differ", size)
		}
	}
}

func TestAxisText(t *testing.T) {
	for _, axis := range []Axis{Primary, Secondary} {
		text, err := axis.MarshalText()
		var again Axis
		if err != nil || again.UnmarshalText(text) != nil || again != axis || axis.Other().Other() != axis {
			t.Errorf("%v became %v", axis, again)
		}
	}
	if _, err := Axis(2).MarshalText(); !errors.Is(err, ErrAxis) {
		t.Errorf("axis 2: got %v", err)
	}
	if _, err := ParseAxis("Primary"); !errors.Is(err, ErrAxis) {
		t.Errorf("Primary: got %v", err)
	}
}

// allocated returns the bytes and the number of allocations of f.
func allocated(f func()) (size, count uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, after.Mallocs - before.Mallocs
}

// TestMemory holds encodings to what their comments promise. It does not run beside other tests.
func TestMemory(t *testing.T) {
	const size, most, worker = 16 << 20, 4 << 20, 8 << 20
	c := code(t, 100)
	blob := pattern(size)
	procs := uint64(runtime.GOMAXPROCS(0))
	nodes := uint64(c.n * c.n * merkle.Size)
	for name, commit := range map[string]func(*Options) (*Commitment, error){
		"Commit":     func(o *Options) (*Commitment, error) { return c.Commit(blob, o) },
		"CommitFrom": func(o *Options) (*Commitment, error) { return c.CommitFrom(bytes.NewReader(blob), size, o) },
	} {
		got, count := allocated(func() {
			if _, err := commit(&Options{Memory: most}); err != nil {
				t.Fatal(err)
			}
		})
		if limit := most + nodes + procs*worker; got > limit || count > 1000 {
			t.Errorf("%s allocated %d bytes in %d pieces, want at most %d", name, got, count, limit)
		}
	}
	s, err := c.SymbolSize(size)
	if err != nil {
		t.Fatal(err)
	}
	slivers := uint64(c.n * (c.SliverSize(Primary, s) + c.SliverSize(Secondary, s)))
	got, count := allocated(func() {
		if _, err := c.Encode(blob, nil); err != nil {
			t.Fatal(err)
		}
	})
	if limit := slivers + nodes + procs*worker; got > limit || count > 1000 {
		t.Errorf("Encode allocated %d bytes in %d pieces, want at most %d", got, count, limit)
	}
	e, err := c.Encode(blob, nil)
	if err != nil {
		t.Fatal(err)
	}
	for axis, tiles := range map[Axis]uint64{Primary: 0, Secondary: size/tileBytes + 1} {
		worst := make([]int, c.Source(axis))
		for i := range worst {
			worst[i] = c.n - 1 - i
		}
		slivers := clones(e, axis, worst)
		got, count := allocated(func() {
			rows, err := c.Rows(axis, size, slivers)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := write(io.Discard, rows); n != size || err != nil {
				t.Fatal(n, err)
			}
		})
		// Workers come from a pool, which may have been emptied after each tile.
		if limit := min(1, tiles)*tileBytes + max(1, tiles)*procs*(2<<20) + 64<<10; got > limit || count > 1000 {
			t.Errorf("Rows from %v slivers allocated %d bytes in %d pieces, want at most %d", axis, got, count, limit)
		}
	}
}
