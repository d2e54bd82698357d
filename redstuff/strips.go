package redstuff

import (
	"github.com/walrus-go/walrus/blake2x"
	"github.com/walrus-go/walrus/merkle"
	"github.com/walrus-go/walrus/rs"
)

// A group is columns of long symbols, which are extended and hashed strip by strip: as many bytes of each symbol as make
// a work area are loaded, extended, hashed where they are and copied on the way to where results go, before the
// next ones. So symbols are not fetched again once they have left the cache.
type group struct {
	*job
	w          *worker
	first, end int    // columns
	leaves     []byte // place for the leaf hashes of the first, and behind it for those of the others
	tops       []placed
}

// placed is symbols of a group: where they are, and which of the group's rows and columns.
type placed struct {
	rs.Rect
	row, col int
}

const (
	// stripBytes is about the work area of a group: beside what it is read from and copied to, it stays in a
	// second-level cache.
	stripBytes = 576 << 10
	// Strips are neither shorter nor longer than about this: every one of them costs some bookkeeping, and longer
	// ones gain nothing.
	minStrip, maxStrip = 1536, 4 << 10
	// maxGroup bounds the columns of a group.
	maxGroup = 8
)

// fitStrips returns how columns of n symbols, which a work area of so many rows extends, make groups: the bytes of a
// strip, a multiple of [blake2x.BlockSize], and the columns of a group, of a task of so many.
func fitStrips(n, rows, task int) (strip, columns int) {
	// Lanes that are left over work in vain, so take the fewest columns that leave hardly any.
	const lanes = 16
	full := func(columns int) int { return (n*columns + lanes - 1) / lanes }
	cost := func(columns int) int { return task/columns*full(columns) + full(task%columns) }
	columns = 1
	for c := 2; c <= min(task, maxGroup); c++ {
		if 100*cost(c) < 99*cost(columns) {
			columns = c
		}
	}
	// The hash reads many rows at once: an odd number of blocks keeps them apart in a first-level cache.
	pairs := min(max(stripBytes/(rows*columns), minStrip), maxStrip) / (2 * blake2x.BlockSize)
	return (2*pairs + 1) * blake2x.BlockSize, columns
}

// run extends and hashes the group. Its task goes on to stop.
func (g *group) run(stop, origin int) error {
	if err := g.find(stop, origin); err != nil {
		return err
	}
	line, cols := g.c.lines[Primary], g.end-g.first
	stream := &g.w.stream
	stream.Reset(g.c.n*cols, blake2x.LeafPrefix)
	for from, to := 0, 0; from < g.s; from = to {
		to = from + g.colStrip
		if g.s-to < blake2x.BlockSize {
			to = g.s
		}
		layout := rs.NewLayout(to-from, cols)
		width := layout.Width()
		work := grow(&g.w.rows, line.Rows()*width)
		g.w.parts = g.w.parts[:0]
		g.load(&layout, work, from, to)
		line.EncodeRows(work, width, g.c.n-g.k1)
		if to < g.s {
			g.addBottom(rs.Rect{Data: work, Cols: cols, ColStep: to - from, Rows: g.c.n - g.k1, RowStep: width}, from)
			stream.Write(to-from, g.w.parts...)
		} else {
			g.storeBottom(&layout, work, from)
			stream.Sum(to-from, g.w.parts...)
		}
	}
	for i := g.first; i < g.end && g.ready != nil; i++ {
		g.ready(i)
	}
	return nil
}

// find finds the first k1 symbols of the columns.
func (g *group) find(stop, origin int) error {
	g.tops = g.w.placed[:0]
	if g.first < g.k2 {
		parts, err := g.plain(g.w, g.first, min(g.end, g.k2), stop)
		if err != nil {
			return err
		}
		row := 0
		for _, part := range parts {
			g.tops = append(g.tops, placed{part, row, 0})
			row += part.Rows
		}
	}
	if from := max(g.first, g.k2); from < g.end {
		part := rs.Rect{Data: g.column(from, origin), Cols: g.end - from, ColStep: g.k1 * g.s, Rows: g.k1, RowStep: g.s}
		g.tops = append(g.tops, placed{part, 0, from - g.first})
	}
	g.w.placed = g.tops
	return nil
}

// results returns how many of the columns, the first ones, have symbols that are results once more, beside those that are
// in the place of results already.
func (g *group) results() int {
	if !g.keep {
		return 0
	}
	return max(0, min(g.end, g.k2)-g.first)
}

// load loads bytes [from, to) of the first k1 symbols, and adds them to what is hashed.
func (g *group) load(layout *rs.Layout, work []byte, from, to int) {
	for _, top := range g.tops {
		symbols, result := top.From(from), rs.Rect{}
		layout.Load(work[top.row*layout.Width():], top.col, symbols)
		if top.col < g.results() {
			result = rs.Rect{Data: g.column(g.first, 0)[top.row*g.s+from:], Cols: top.Cols, ColStep: g.k1 * g.s, Rows: top.Rows, RowStep: g.s}
			if to == g.s {
				rs.Copy(result, symbols, to-from)
			}
		}
		g.add(symbols, result, top.row, top.col)
	}
}

// bottom returns the place of bytes from from on of the symbols k1..n-1 that are results.
func (g *group) bottom(from int) rs.Rect {
	if g.results() == 0 {
		return rs.Rect{}
	}
	return rs.Rect{Data: g.primary[g.first*g.s+from:], Cols: g.results(), ColStep: g.s, Rows: g.c.n - g.k1, RowStep: g.rowSize()}
}

// addBottom adds the symbols k1..n-1, or their bytes from from on, to what is hashed.
func (g *group) addBottom(symbols rs.Rect, from int) {
	results := g.results()
	if results > 0 {
		g.add(symbols.Columns(0, results), g.bottom(from), g.k1, 0)
	}
	if results < symbols.Cols {
		g.add(symbols.Columns(results, symbols.Cols), rs.Rect{}, g.k1, results)
	}
}

// storeBottom takes the last bytes of the symbols k1..n-1 out of work, where those behind whole blocks are not as the hash
// wants them, and adds them to what is hashed.
func (g *group) storeBottom(layout *rs.Layout, work []byte, from int) {
	result, results := g.bottom(from), g.results()
	if results > 0 {
		layout.Store(result, work, 0)
		g.add(result, rs.Rect{}, g.k1, 0)
	}
	if rest := g.end - g.first - results; rest > 0 {
		r, size := g.c.n-g.k1, g.s-from
		out := rs.Rect{Data: grow(&g.w.out, rest*r*size), Cols: rest, ColStep: r * size, Rows: r, RowStep: size}
		layout.Store(out, work, results)
		g.add(out, rs.Rect{}, g.k1, results)
	}
}

// add has symbols, or their strips, hashed, and copied to result if that is not empty. The first is of the given row and
// column.
func (g *group) add(symbols, result rs.Rect, row, col int) {
	part := g.part(g.leaves, symbols, row, col)
	part.Copy, part.CopyRow, part.CopyCol = result.Data, result.ColStep, result.RowStep
	g.w.parts = append(g.w.parts, part)
}

// leaves returns the place for the leaf hashes of columns from column at of a task on.
func (j *job) leaves(w *worker, at int) []byte {
	stride := merkle.Stride(j.c.n) * merkle.Size
	rows := j.task
	if j.task == j.c.n {
		rows *= 2 // see fold
	}
	return grow(&w.leaves, rows*stride)[at*stride:]
}

// part returns symbols, the first of which is of the given row and column, and where their leaf hashes go.
func (j *job) part(leaves []byte, symbols rs.Rect, row, col int) blake2x.Part {
	stride := merkle.Stride(j.c.n) * merkle.Size
	return blake2x.Part{Dst: leaves[col*stride+row*merkle.Size:], Src: symbols.Data, Grid: blake2x.Grid{
		Rows: symbols.Cols, SrcRow: symbols.ColStep, DstRow: stride,
		Cols: symbols.Rows, SrcCol: symbols.RowStep, DstCol: merkle.Size,
	}}
}
