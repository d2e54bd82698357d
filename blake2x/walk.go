//go:build !purego && amd64

package blake2x

// A walk visits the cells of a grid in row-major order, a kernel's lanes at a time.
type walk struct {
	Grid
	row, col       int // of the next cell
	rowSrc, rowDst int // where its row begins
}

// newWalk starts at the first message. Rows that go on where the one before ends, and columns, are one row.
func newWalk(g Grid) walk {
	switch {
	case g.Cols == 0:
		g.Rows = 0
	case g.Cols == 1:
		g.Rows, g.Cols, g.SrcCol, g.DstCol = min(g.Rows, 1), g.Rows, g.SrcRow, g.DstRow
	case g.SrcRow == g.Cols*g.SrcCol && g.DstRow == g.Cols*g.DstCol:
		g.Rows, g.Cols = min(g.Rows, 1), g.Rows*g.Cols
	}
	return walk{Grid: g}
}

// left returns how many messages are left.
func (w *walk) left() int { return (w.Rows-w.row)*w.Cols - w.col }

// straight returns how many groups of so many lanes are left in the row.
func (w *walk) straight(lanes int) int { return (w.Cols - w.col) / lanes }

// next fills from and to, of one length, with where the next messages and digests are, of which one is left at
// least. Lanes beyond the last message repeat it, so they read and write nothing new.
func (w *walk) next(from, to []int) {
	to = to[:len(from)]
	for i := 0; i < len(from); {
		run := min(len(from)-i, w.Cols-w.col)
		src, dst := w.rowSrc+w.col*w.SrcCol, w.rowDst+w.col*w.DstCol
		for end := i + run; i < end; i++ {
			from[i], to[i] = src, dst
			src, dst = src+w.SrcCol, dst+w.DstCol
		}
		w.pass(run)
		if w.row == w.Rows {
			for ; i < len(from); i++ {
				from[i], to[i] = from[i-1], to[i-1]
			}
		}
	}
}

// pass passes over count cells, no more than the row has.
func (w *walk) pass(count int) {
	if w.col += count; w.col == w.Cols {
		w.row, w.col = w.row+1, 0
		w.rowSrc, w.rowDst = w.rowSrc+w.SrcRow, w.rowDst+w.DstRow
	}
}
