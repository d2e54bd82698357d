package blake2x

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestQuick(t *testing.T) {
	for _, k := range available {
		for n := 0; n < 600; n++ {
			for _, prefix := range []int{none, 0, 1, 0xa5} {
				g := List(17, n+3)
				src := make([]byte, 17*(n+3))
				for i := range src {
					src[i] = byte(rand.Uint32())
				}
				want := make([]byte, 17*32)
				got := make([]byte, 17*32)
				sumGeneric(want, src, n, g, prefix)
				k.sum(got, src, n, g, prefix)
				if !bytes.Equal(want, got) {
					t.Fatalf("%s n=%d prefix %d", k.name, n, prefix)
				}
			}
		}
	}
}

func BenchmarkSum(b *testing.B) {
	for _, n := range []int{2, 64, 66, 127, 512, 1022, 65534} {
		for _, k := range available {
			b.Run(fmt.Sprintf("%d/%s", n, k.name), func(b *testing.B) {
				count := max(min(1024, 1<<20/n)/16*16, 16)
				src := make([]byte, count*n)
				dst := make([]byte, count*32)
				blocks := (n + 1 + 127) / 128 * count
				b.SetBytes(int64(n * count))
				for b.Loop() {
					k.sum(dst, src, n, List(count, n), 0)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(blocks), "ns/compression")
			})
		}
	}
}
