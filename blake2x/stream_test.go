package blake2x

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestStreamsAgreeWithSums hashes messages in pieces of random sizes from several places.
func TestStreamsAgreeWithSums(t *testing.T) {
	for _, k := range available {
		var s Stream // of which the memory serves all
		for seed := range uint64(200) {
			checkStream(t, &s, k, rand.New(rand.NewPCG(seed, 1)), fmt.Sprintf("%s, seed %d", k.name, seed))
		}
	}
}

func checkStream(t *testing.T, s *Stream, k *kernel, random *rand.Rand, name string) {
	t.Helper()
	first, second := Grid{Rows: random.IntN(5), Cols: random.IntN(9)}, Grid{Rows: random.IntN(7), Cols: random.IntN(30)}
	counts := [2]int{first.Rows * first.Cols, second.Rows * second.Cols}
	n, prefix := MinLast+random.IntN(1500), byte(random.IntN(2))
	// Messages are of two memories, those of the second back to back in columns.
	var memory [2][]byte
	want := make([]byte, Size*(counts[0]+counts[1]))
	for i := range memory {
		memory[i] = make([]byte, counts[i]*n+i)
		for j := range memory[i] {
			memory[i][j] = byte(random.Uint32())
		}
	}
	first.SrcRow, first.SrcCol, first.DstRow, first.DstCol = first.Cols*n, n, first.Cols*Size, Size
	second.SrcRow, second.SrcCol, second.DstRow, second.DstCol = n, second.Rows*n, second.Cols*Size, Size
	sumGeneric(want, memory[0], n, first, int(prefix))
	sumGeneric(want[counts[0]*Size:], memory[1][1:], n, second, int(prefix))

	// Some are copied to a third, message by message with gaps between them, in which nothing must change.
	const gap = 3
	shift := random.IntN(64)
	copies, wantCopies := make([]byte, 64+n+counts[1]*(n+gap)), make([]byte, 64+n+counts[1]*(n+gap))
	copying := random.IntN(2) == 0
	got := make([]byte, len(want))
	parts := func(at int) []Part {
		p := []Part{
			{Dst: got, Src: memory[0][min(at, len(memory[0])):], Grid: first},
			{Dst: got[counts[0]*Size:], Src: memory[1][min(1+at, len(memory[1])):], Grid: second},
		}
		if copying {
			p[1].Copy, p[1].CopyRow, p[1].CopyCol = copies[shift+at:], n+gap, second.Rows*(n+gap)
		}
		return p
	}
	wrote := func(from, to int) {
		for i := range counts[1] {
			if copying {
				copy(wantCopies[shift+i*(n+gap)+from:][:to-from], memory[1][1+i*n+from:])
			}
		}
	}
	s.reset(k, counts[0]+counts[1], prefix)
	at := 0
	for n-at >= BlockSize+MinLast {
		piece := BlockSize * random.IntN((n-at-MinLast)/BlockSize+1)
		// A message's bytes other than those of the piece do not count.
		pieces := parts(at)
		s.Write(piece, pieces...)
		wrote(at, at+piece)
		at += piece
		if random.IntN(4) == 0 {
			break
		}
	}
	s.Sum(n-at, parts(at)...)
	if !bytes.Equal(got, want) {
		t.Fatalf("%s: %d and %d messages of %d bytes: digest %d is wrong", name, counts[0], counts[1], n, firstDifference(got, want)/Size)
	}
	if !bytes.Equal(copies, wantCopies) {
		t.Fatalf("%s: %d messages of %d bytes, copied past byte %d: wrong at %d", name, counts[1], n, shift, firstDifference(copies, wantCopies))
	}
}

// BenchmarkStream hashes messages of 32 KiB in pieces that stay in a second-level cache.
func BenchmarkStream(b *testing.B) {
	for _, k := range available {
		b.Run(k.name, func(b *testing.B) {
			restore, err := Pin(k.name)
			if err != nil {
				b.Fatal(err)
			}
			defer restore()
			const count, piece, pieces = 144, 2176, 16 // no lanes are left over
			src, dst := make([]byte, count*piece), make([]byte, count*Size)
			var s Stream
			part := Part{Dst: dst, Src: src, Grid: List(count, piece)}
			b.SetBytes(count * piece * pieces)
			for b.Loop() {
				s.Reset(count, LeafPrefix)
				for range pieces - 1 {
					s.Write(piece, part)
				}
				s.Sum(piece, part)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(count*(pieces*piece/BlockSize+1)), "ns/compression")
		})
	}
}

func FuzzStream(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		for _, k := range available {
			var s Stream
			checkStream(t, &s, k, rand.New(rand.NewPCG(seed, 2)), fmt.Sprintf("%s, seed %d", k.name, seed))
		}
	})
}

func TestStreamsRefusePiecesThatDoNotMatch(t *testing.T) {
	src, dst := make([]byte, 4*BlockSize), make([]byte, 2*Size)
	two := Part{Dst: dst, Src: src, Grid: List(2, 2*BlockSize)}
	short := two
	short.Copy, short.CopyCol = make([]byte, 3*BlockSize), 2*BlockSize
	for name, do := range map[string]func(s *Stream){
		"half a block":         func(s *Stream) { s.Write(BlockSize/2, two) },
		"too many pieces":      func(s *Stream) { s.Write(BlockSize, two, two) },
		"too few pieces":       func(s *Stream) { s.Write(BlockSize) },
		"a source too short":   func(s *Stream) { s.Write(3*BlockSize, two) },
		"copies without room":  func(s *Stream) { s.Write(2*BlockSize, short) },
		"a short last piece":   func(s *Stream) { s.Sum(MinLast-1, two) },
		"digests without room": func(s *Stream) { s.Sum(BlockSize, Part{Dst: dst[1:], Src: src, Grid: two.Grid}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			var s Stream
			s.Reset(2, LeafPrefix)
			do(&s)
		}()
	}
}
