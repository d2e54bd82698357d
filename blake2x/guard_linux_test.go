package blake2x

import (
	"bytes"
	"testing"

	"golang.org/x/sys/unix"
)

// guarded returns n bytes that end, or start, right at a page that must not be touched.
func guarded(t *testing.T, n int, atEnd bool) []byte {
	t.Helper()
	page := unix.Getpagesize()
	inside := max((n+page-1)/page, 1) * page
	all, err := unix.Mmap(-1, 0, inside+2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Skip("mmap:", err)
	}
	t.Cleanup(func() { unix.Munmap(all) })
	for _, edge := range [][]byte{all[:page], all[page+inside:]} {
		if err := unix.Mprotect(edge, unix.PROT_NONE); err != nil {
			t.Skip("mprotect:", err)
		}
	}
	if atEnd {
		return all[page+inside-n : page+inside : page+inside]
	}
	return all[page : page+n : page+n]
}

// TestKernelsStayInTheirSlices puts messages and digests flush against pages that fault.
func TestKernelsStayInTheirSlices(t *testing.T) {
	t.Parallel()
	lengths := []int{0, 1, 2, 31, 32, 62, 63, 64, 65, 126, 127, 128, 129, 191, 192, 255, 256, 257, 1022}
	for _, atEnd := range []bool{false, true} {
		for _, count := range []int{1, 2, 9, 10, 16, 17} {
			for _, n := range lengths {
				src, dst := guarded(t, n*count, atEnd), guarded(t, Size*count, atEnd)
				copy(src, patterned(len(src)))
				want := make([]byte, len(dst))
				for _, prefix := range []int{none, LeafPrefix} {
					sumGeneric(want, src, n, List(count, n), prefix)
					for _, k := range available {
						clear(dst)
						k.sum(dst, src, n, List(count, n), prefix)
						if !bytes.Equal(dst, want) {
							t.Fatalf("%s: %d messages of %d bytes at an edge, prefix %d: digests differ", k.name, count, n, prefix)
						}
						// The first message in all lanes.
						k.sum(dst, src[:n], n, Grid{Rows: 1, Cols: count, DstCol: Size}, prefix)
						if !bytes.Equal(dst, bytes.Repeat(want[:Size], count)) {
							t.Fatalf("%s: %d times a message of %d bytes at an edge, prefix %d: digests differ", k.name, count, n, prefix)
						}
					}
				}
			}
		}
	}
}

// TestStreamsStayInTheirSlices does the same for pieces, their copies and digests.
func TestStreamsStayInTheirSlices(t *testing.T) {
	t.Parallel()
	for _, atEnd := range []bool{false, true} {
		for _, count := range []int{1, 8, 9, 10, 17} {
			for _, last := range []int{32, 33, 63, 64, 65, 127, 128, 129, 159} {
				n := 2*BlockSize + last
				src, dst, copies := guarded(t, n*count, atEnd), guarded(t, Size*count, atEnd), guarded(t, n*count, atEnd)
				copy(src, patterned(len(src)))
				want := make([]byte, len(dst))
				sumGeneric(want, src, n, List(count, n), 0xff)
				for _, k := range available {
					clear(dst)
					clear(copies)
					var s Stream
					s.reset(k, count, 0xff)
					at := 0
					for _, piece := range []int{0, BlockSize, BlockSize} {
						s.Write(piece, Part{Src: src[at:], Grid: List(count, n), Copy: copies[at:], CopyCol: n})
						at += piece
					}
					s.Sum(last, Part{Dst: dst, Src: src[at:], Grid: List(count, n)})
					if !bytes.Equal(dst, want) {
						t.Fatalf("%s: %d messages of %d bytes at an edge: digests differ", k.name, count, n)
					}
					for i := range count {
						if !bytes.Equal(copies[i*n:][:at], src[i*n:][:at]) || !bytes.Equal(copies[i*n+at:][:last], make([]byte, last)) {
							t.Fatalf("%s: %d messages of %d bytes at an edge: copy %d differs", k.name, count, n, i)
						}
					}
				}
			}
		}
	}
}
