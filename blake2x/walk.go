//go:build !purego && amd64

package blake2x

import "unsafe"

// A walk visits the cells of a grid in row-major order, a kernel's lanes at a time.
type walk struct {
	grid     Grid
	src, dst unsafe.Pointer // of the grid
	row, col int            // of the next cell
	start    int            // column of the last group's first cell
}

// newWalk starts at the first message. Empty messages all get the same address: their own may be the
// end of src, which is no address to keep.
func newWalk(dst, src []byte, n int, g Grid) walk {
	if g.Cols == 0 {
		g.Rows = 0
	}
	if n == 0 {
		src, g.SrcRow, g.SrcCol = nothing[:], 0, 0
	}
	return walk{grid: g, src: unsafe.Pointer(unsafe.SliceData(src)), dst: unsafe.Pointer(unsafe.SliceData(dst))}
}

var nothing [1]byte

// next fills from and to with the addresses of the next messages and digests, or reports that none
// are left. Lanes beyond the last message repeat it, so they read and write nothing new.
func (w *walk) next(from, to []*byte) bool {
	g := &w.grid
	if w.row >= g.Rows {
		return false
	}
	w.start = w.col
	src, dst := w.at(w.row, w.col)
	to = to[:len(from)]
	for i := range from {
		from[i], to[i] = (*byte)(src), (*byte)(dst)
		switch {
		case w.col+1 < g.Cols:
			w.col++
			src, dst = unsafe.Add(src, g.SrcCol), unsafe.Add(dst, g.DstCol)
		case w.row+1 < g.Rows:
			w.row, w.col = w.row+1, 0
			src, dst = w.at(w.row, 0)
		default:
			w.row = g.Rows // done; the last cell repeats
		}
	}
	return true
}

// straight passes over the groups of cells that continue in the row of those that next filled lanes
// with, each so many columns further. It returns their number, the first group included.
func (w *walk) straight(lanes int) (groups int) {
	if w.col != w.start+lanes {
		return 1
	}
	more := (w.grid.Cols - 1 - w.col) / lanes // short of the row's end, so that col stays inside it
	w.col += more * lanes
	return 1 + more
}

// at returns where the message and the digest of a cell are.
func (w *walk) at(row, col int) (src, dst unsafe.Pointer) {
	g := &w.grid
	return unsafe.Add(w.src, row*g.SrcRow+col*g.SrcCol), unsafe.Add(w.dst, row*g.DstRow+col*g.DstCol)
}
