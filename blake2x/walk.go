//go:build !purego && amd64

package blake2x

import "unsafe"

// A walk visits the cells of a grid in row-major order, a kernel's lanes at a time.
type walk struct {
	grid     Grid
	src, dst unsafe.Pointer
	row, col int
}

// newWalk starts at the first message. Empty messages all get the same address: their own may be the
// end of src, which is no address to keep.
func newWalk(dst, src []byte, n int, g Grid) walk {
	if n == 0 {
		src, g.SrcRow, g.SrcCol = nothing[:], 0, 0
	}
	return walk{grid: g, src: unsafe.Pointer(unsafe.SliceData(src)), dst: unsafe.Pointer(unsafe.SliceData(dst))}
}

var nothing [1]byte

// next fills from and to with the addresses of the next messages and digests, or reports that none
// are left. Lanes beyond the last message repeat it, so they read and write nothing new.
func (w *walk) next(from, to []*byte) bool {
	to = to[:len(from)]
	g := &w.grid
	if w.row >= g.Rows || g.Cols == 0 {
		return false
	}
	src := unsafe.Add(w.src, w.row*g.SrcRow+w.col*g.SrcCol)
	dst := unsafe.Add(w.dst, w.row*g.DstRow+w.col*g.DstCol)
	if g.Cols-w.col > len(from) {
		for i := range from {
			from[i] = (*byte)(src)
			to[i] = (*byte)(dst)
			src = unsafe.Add(src, g.SrcCol)
			dst = unsafe.Add(dst, g.DstCol)
		}
		w.col += len(from)
		return true
	}
	for i := range from {
		from[i] = (*byte)(src)
		to[i] = (*byte)(dst)
		if w.col++; w.col < g.Cols {
			src = unsafe.Add(src, g.SrcCol)
			dst = unsafe.Add(dst, g.DstCol)
			continue
		}
		if w.row++; w.row < g.Rows {
			w.col = 0
			src = unsafe.Add(w.src, w.row*g.SrcRow)
			dst = unsafe.Add(w.dst, w.row*g.DstRow)
			continue
		}
		for i++; i < len(from); i++ {
			from[i] = (*byte)(src)
			to[i] = (*byte)(dst)
		}
		break
	}
	return true
}
