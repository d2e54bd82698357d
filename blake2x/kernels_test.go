package blake2x

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
// machine meant to test it cannot pass without. Names of other packages' kernels are not our concern.
func TestRequiredKernels(t *testing.T) {
	for name := range strings.SplitSeq(os.Getenv("WALRUS_REQUIRE_KERNELS"), ",") {
		if (name == "avx2" || name == "avx512") && !slices.Contains(Kernels(), name) {
			t.Errorf("kernel %q is required; this processor or build has %v", name, Kernels())
		}
	}
}

func TestLimitsChooseAKernel(t *testing.T) {
	os.Getenv(KernelEnv) // makes cached results depend on it
	for _, c := range []struct{ limit, want string }{
		{"generic", "generic"}, {"no such kernel", "generic"}, {"avx2", "avx2"}, {"gfni", "avx2"}, {"avx512", "avx512"},
	} {
		if !slices.Contains(Kernels(), c.want) {
			continue
		}
		if got := choose(c.limit).name; got != c.want {
			t.Errorf("limit %q: got %q, want %q", c.limit, got, c.want)
		}
	}
	if got, want := choose("").name, Kernels()[len(Kernels())-1]; got != want {
		t.Errorf("no limit: got %q, want %q", got, want)
	}
	if _, err := Pin("no such kernel"); err == nil {
		t.Error("pinned a kernel that does not exist")
	}
	before := Kernel()
	restore, err := Pin("generic")
	if err != nil {
		t.Fatal(err)
	}
	if Kernel() != "generic" {
		t.Errorf("pinned generic, got %q", Kernel())
	}
	if restore(); Kernel() != before {
		t.Errorf("restored %q, got %q", before, Kernel())
	}
}

// A trial hashes random messages with every kernel.
type trial struct {
	n, prefix          int
	grid               Grid
	srcAlign, dstAlign int // bytes past a multiple of 64
}

// run compares every kernel with generic over whole buffers, so that a stray write fails too.
func (c trial) run(t *testing.T, seed uint64) {
	t.Helper()
	srcEnd, _ := c.grid.extent(c.grid.SrcRow, c.grid.SrcCol, c.n)
	dstEnd, _ := c.grid.extent(c.grid.DstRow, c.grid.DstCol, Size)
	const margin = 128
	// Of 64 KiB and more, so that the allocator aligns it.
	arena := func(align, n int) []byte { return make([]byte, max(64<<10, n+align+2*margin)) }
	random := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)})
	src, want := arena(c.srcAlign, srcEnd), arena(c.dstAlign, dstEnd)
	random.Read(src)
	random.Read(want)
	before, empty := bytes.Clone(src), bytes.Clone(want)
	msgs := src[margin+c.srcAlign:][:srcEnd:srcEnd]
	at := margin + c.dstAlign
	sumGeneric(want[at:at+dstEnd], msgs, c.n, c.grid, c.prefix)
	for _, k := range available[1:] {
		got := bytes.Clone(empty)
		k.sum(got[at:at+dstEnd:at+dstEnd], msgs, c.n, c.grid, c.prefix)
		if !bytes.Equal(got, want) {
			t.Fatalf("%s differs from generic: %+v, seed %d, first at digest byte %d", k.name, c, seed, firstDifference(got, want)-at)
		}
		if !bytes.Equal(src, before) {
			t.Fatalf("%s wrote to its source: %+v, seed %d", k.name, c, seed)
		}
	}
}

func firstDifference(a, b []byte) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

// TestKernelsAgreeOnEveryLength covers zero to four blocks and the edges of longer ones.
func TestKernelsAgreeOnEveryLength(t *testing.T) {
	t.Parallel()
	lengths := []int{767, 768, 769, 1022, 1023, 1024, 1025, 4095, 4096, 65534, 65535}
	for n := range 4*128 + 2 {
		lengths = append(lengths, n)
	}
	prefixes := []int{none, NodePrefix, LeafPrefix, 0xff}
	if testing.Short() {
		prefixes = prefixes[:2]
	}
	for _, n := range lengths {
		for _, prefix := range prefixes {
			trial{n: n, prefix: prefix, grid: List(17, n)}.run(t, uint64(n))
		}
	}
}

// TestKernelsAgreeOnEveryCount covers full and partly filled lanes, in grids of every shape.
func TestKernelsAgreeOnEveryCount(t *testing.T) {
	t.Parallel()
	for count := range 4*16 + 2 {
		trial{n: 64, prefix: NodePrefix, grid: List(count, 64)}.run(t, uint64(count))
		trial{n: 130, prefix: none, grid: List(count, 131)}.run(t, uint64(count))
	}
	for rows := range 20 {
		for cols := range 20 {
			trial{n: 5, prefix: LeafPrefix, grid: Grid{
				Rows: rows, Cols: cols, SrcRow: 6 * cols, SrcCol: 6, DstRow: 32*cols + 3, DstCol: 32,
			}}.run(t, uint64(rows*32+cols))
			trial{n: 66, prefix: LeafPrefix, grid: Grid{ // digests transposed, messages overlapping
				Rows: rows, Cols: cols, SrcRow: 11, SrcCol: 7, DstRow: 32, DstCol: 32 * rows,
			}}.run(t, uint64(rows*32+cols))
		}
	}
}

func TestKernelsAgreeOnEveryAlignment(t *testing.T) {
	t.Parallel()
	for align := range 64 {
		for _, n := range []int{2, 64, 127, 128, 300} {
			trial{n: n, prefix: LeafPrefix, grid: List(18, n+align%3), srcAlign: align, dstAlign: align * 5 % 64}.run(t, uint64(align))
			trial{n: n, prefix: none, grid: List(18, n), srcAlign: align, dstAlign: align * 7 % 64}.run(t, uint64(align))
		}
	}
}

func TestKernelsDoNotAllocate(t *testing.T) {
	src, dst := make([]byte, 40*300), make([]byte, 40*Size)
	for _, k := range available {
		for _, prefix := range []int{none, LeafPrefix} {
			for _, n := range []int{0, 2, 127, 300} {
				k.sum(dst, src, n, List(40, n), prefix)
				got := testing.AllocsPerRun(10, func() { k.sum(dst, src, n, List(40, n), prefix) })
				if got > 1 || got > 0 && k != available[0] { // generic's pool may be emptied at any time
					t.Errorf("%s, %d bytes, prefix %d: %v allocations", k.name, n, prefix, got)
				}
			}
		}
	}
}

func FuzzKernels(f *testing.F) {
	f.Add(uint64(1), uint16(64), uint8(16), uint8(1), uint8(0), uint8(0), int16(1))
	f.Add(uint64(2), uint16(0), uint8(3), uint8(7), uint8(1), uint8(63), int16(none))
	f.Add(uint64(3), uint16(127), uint8(17), uint8(2), uint8(5), uint8(1), int16(0))
	f.Add(uint64(4), uint16(128), uint8(1), uint8(33), uint8(0), uint8(31), int16(255))
	f.Fuzz(func(t *testing.T, seed uint64, n uint16, rows, cols, gap, align uint8, prefix int16) {
		if prefix < none || prefix > 255 {
			return
		}
		length, step := int(n%2048), int(n%2048)+int(gap)
		r, c := int(rows%40), int(cols%40)
		trial{n: length, prefix: int(prefix), grid: Grid{
			Rows: r, Cols: c, SrcRow: step * c, SrcCol: step, DstRow: Size, DstCol: Size * r,
		}, srcAlign: int(align % 64), dstAlign: int(gap % 64)}.run(t, seed)
	})
}

func BenchmarkSum(b *testing.B) {
	for _, n := range []int{2, 64, 66, 127, 512, 1022, 65534} {
		for _, k := range available {
			b.Run(fmt.Sprintf("%d/%s", n, k.name), func(b *testing.B) {
				count := max(min(1024, 1<<20/n)/16*16, 16)
				src, dst := make([]byte, count*n), make([]byte, count*Size)
				compressions := count * ((1 + n + 127) / 128)
				b.SetBytes(int64(n * count))
				for b.Loop() {
					k.sum(dst, src, n, List(count, n), LeafPrefix)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(compressions), "ns/compression")
			})
		}
	}
}
