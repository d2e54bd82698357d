//go:build !purego && amd64

package blake2x

// A walk visits the cells of a grid in row-major order, a kernel's lanes at a time.
type walk struct {
	grid           Grid
	row, col       int // of the next cell
	rowSrc, rowDst int // where its row begins
	start          int // column of the last group's first cell
}

// newWalk starts at the first message.
func newWalk(g Grid) walk {
	if g.Cols == 0 {
		g.Rows = 0
	}
	return walk{grid: g}
}

// next fills from and to with where the next messages and digests are, or reports that none are left.
// Lanes beyond the last message repeat it, so they read and write nothing new.
func (w *walk) next(from, to []int) bool {
	g := &w.grid
	if w.row >= g.Rows {
		return false
	}
	w.start = w.col
	to = to[:len(from)]
	row, col := w.row, w.col
	src, dst := w.rowSrc+col*g.SrcCol, w.rowDst+col*g.DstCol
	for i := range from {
		from[i], to[i] = src, dst
		switch {
		case col+1 < g.Cols:
			col++
			src, dst = src+g.SrcCol, dst+g.DstCol
		case row+1 < g.Rows:
			row, col = row+1, 0
			w.rowSrc, w.rowDst = w.rowSrc+g.SrcRow, w.rowDst+g.DstRow
			src, dst = w.rowSrc, w.rowDst
		default:
			row = g.Rows // done; the last cell repeats
		}
	}
	w.row, w.col = row, col
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
