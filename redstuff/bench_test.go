package redstuff

import (
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

// shapes are the numbers of shards and blob sizes that benchmarks run over.
var shapes = []struct{ n, size int }{
	{10, 1 << 10}, {10, 1 << 20},
	{100, 1 << 10}, {100, 1 << 20}, {100, 64 << 20}, {100, 128 << 20},
	{100, 4 << 20}, {1000, 1 << 10}, {1000, 1 << 20}, {1000, 64 << 20}, {1000, 512 << 20},
}

// compressions returns how many compressions of the hash an encoding needs.
func compressions(n, s int) int { return n*n*((s+1+127)/128) + 2*n*(n-1) }

// pattern returns the blob that bench/reference-encoder encodes.
func pattern(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(7*i + 13)
	}
	return b
}

func each(b *testing.B, run func(b *testing.B, c *Code, blob []byte, s int)) {
	for _, shape := range shapes {
		b.Run(fmt.Sprintf("n=%d/size=%d", shape.n, shape.size), func(b *testing.B) {
			c := code(b, shape.n)
			blob := pattern(shape.size)
			s, err := c.SymbolSize(uint64(len(blob)))
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(shape.size))
			b.ReportAllocs()
			run(b, c, blob, s)
		})
	}
}

func reportCompressions(b *testing.B, n, s int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(compressions(n, s)), "ns/compression")
}

// BenchmarkEncode makes slivers and roots, in the memory of the encoding before.
func BenchmarkEncode(b *testing.B) {
	each(b, func(b *testing.B, c *Code, blob []byte, s int) {
		var e *Encoding
		for b.Loop() {
			var err error
			if e, err = c.Encode(blob, &Options{Reuse: e}); err != nil {
				b.Fatal(err)
			}
		}
		reportCompressions(b, c.n, s)
	})
}

// BenchmarkEncodeFresh makes slivers and roots in new memory.
func BenchmarkEncodeFresh(b *testing.B) {
	each(b, func(b *testing.B, c *Code, blob []byte, s int) {
		for b.Loop() {
			if _, err := c.Encode(blob, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkCommit makes roots alone.
func BenchmarkCommit(b *testing.B) {
	each(b, func(b *testing.B, c *Code, blob []byte, s int) {
		for b.Loop() {
			if _, err := c.Commit(blob, nil); err != nil {
				b.Fatal(err)
			}
		}
		reportCompressions(b, c.n, s)
	})
}

// BenchmarkDecode decodes from the slivers at the end of each axis, the most work, and from the
// systematic ones, the least.
func BenchmarkDecode(b *testing.B) {
	eachDecoding(b, func(b *testing.B, c *Code, axis Axis, size uint64, slivers []Sliver) {
		padded, err := c.PaddedSize(size)
		if err != nil {
			b.Fatal(err)
		}
		dst := make([]byte, padded)
		for b.Loop() {
			if _, err := c.Decode(dst, axis, size, slivers); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkRows hands out rows from the same slivers. What it decodes again has been decoded into them, which
// takes as long.
func BenchmarkRows(b *testing.B) {
	eachDecoding(b, func(b *testing.B, c *Code, axis Axis, size uint64, slivers []Sliver) {
		for b.Loop() {
			rows, err := c.Rows(axis, size, slivers)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := write(io.Discard, rows); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func eachDecoding(b *testing.B, run func(b *testing.B, c *Code, axis Axis, size uint64, slivers []Sliver)) {
	each(b, func(b *testing.B, c *Code, blob []byte, _ int) {
		e, err := c.Encode(blob, nil)
		if err != nil {
			b.Fatal(err)
		}
		for _, axis := range []Axis{Primary, Secondary} {
			for name, first := range map[string]int{"worst": c.n - c.Source(axis), "systematic": 0} {
				b.Run(fmt.Sprintf("%v/%s", axis, name), func(b *testing.B) {
					var indices []int
					for i := range c.Source(axis) {
						indices = append(indices, first+i)
					}
					b.SetBytes(int64(len(blob)))
					b.ReportAllocs()
					run(b, c, axis, uint64(len(blob)), clones(e, axis, indices))
				})
			}
		}
	})
}

// BenchmarkSystematicRoots is the work of the default consistency check.
func BenchmarkSystematicRoots(b *testing.B) {
	each(b, func(b *testing.B, c *Code, blob []byte, s int) {
		for b.Loop() {
			slivers, err := c.Systematic(blob)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := c.SliverRoots(Primary, slivers); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkRecover cuts symbols out of expanded slivers and rebuilds one from them.
func BenchmarkRecover(b *testing.B) {
	each(b, func(b *testing.B, c *Code, blob []byte, s int) {
		e, err := c.Encode(blob, nil)
		if err != nil {
			b.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, 2))
		for _, axis := range []Axis{Primary, Secondary} {
			b.Run(fmt.Sprintf("%v/expand", axis), func(b *testing.B) {
				for b.Loop() {
					if _, err := c.Expand(axis, e.Sliver(axis, 1)); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(fmt.Sprintf("%v/recover", axis), func(b *testing.B) {
				var symbols []Symbol
				for _, i := range rng.Perm(c.n)[:c.Symbols(axis)] {
					x, err := c.Expand(axis.Other(), e.Sliver(axis.Other(), i))
					if err != nil {
						b.Fatal(err)
					}
					data, err := x.Symbol(0)
					if err != nil {
						b.Fatal(err)
					}
					symbols = append(symbols, Symbol{i, data})
				}
				for b.Loop() {
					if _, err := c.Recover(axis, symbols); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	})
}
