package redstuff

import (
	"github.com/walrus-go/walrus/blake2x"
	"github.com/walrus-go/walrus/merkle"
	"github.com/walrus-go/walrus/rs"
)

// A group is columns of long symbols, which are extended and hashed strip by strip. A strip is so many bytes of each
// symbol: they are loaded into a work area, extended, hashed there and copied to where results go, before the next strip's
// turn. So nothing is fetched again that has left the cache.
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
	// Shorter symbols, and those of matrices that stay in cache as a whole unless symbols are longer than rows of a work
	// area, are faster as a whole.
	longSymbol, largeMatrix = 900, 8 << 20
	// groupBytes is the work area that a group aims at: beside what it is read from and copied to, it stays in a
	// second-level cache. With many shards it is up to workBytes, or a block of the hash in each row.
	groupBytes = 576 << 10
	// minStrip is the strip below which the bookkeeping of each begins to count.
	minStrip = 1152
	// maxGroup bounds the columns of a group.
	maxGroup = 8
)

// inGroups reports whether columns of n symbols of s bytes are done in groups. A hash without lanes gains nothing.
func inGroups(n, s int) bool {
	return blake2x.Lanes() > 1 && (s > maxWidth || s >= longSymbol && int64(n)*int64(n)*int64(s) >= largeMatrix)
}

// fitGroup returns how columns of n symbols of s bytes are done: a strip of so many bytes at a time, s or a multiple of
// [blake2x.BlockSize], of so many columns. rows are those of the work area that extends a column, task the columns there are
// at most, and lanes those of the hash.
func fitGroup(n, rows, s, task, lanes int) (strip, columns int) {
	// Lanes that are left over work in vain, so take the fewest columns that leave hardly any.
	full := func(columns int) int { return (n*columns + lanes - 1) / lanes }
	cost := func(columns int) int { return task/columns*full(columns) + full(task%columns) }
	columns = 1
	for c := 2; c <= min(task, maxGroup, groupBytes/(rows*min(s, minStrip))); c++ {
		if 100*cost(c) < 99*cost(columns) {
			columns = c
		}
	}
	if s <= maxWidth && rows*columns*s <= groupBytes {
		return s, columns
	}
	blocks := min(max(groupBytes/(rows*columns), minStrip), maxWidth, workBytes/(rows*columns)) / blake2x.BlockSize
	if blocks > 2 {
		// Not an even number, as the hash reads many rows at once, which then begin at different places of a
		// first-level cache.
		blocks -= 1 - blocks%2
	}
	return min(s, max(1, blocks)*blake2x.BlockSize), columns
}

// run extends and hashes the group. Its task goes on to stop.
func (g *group) run(stop, origin int) error {
	if err := g.find(stop, origin); err != nil {
		return err
	}
	g.w.stream.Reset(g.c.n*(g.end-g.first), blake2x.LeafPrefix)
	for from, to := 0, 0; from < g.s; from = to {
		to = from + g.colStrip
		if g.s-to < blake2x.BlockSize {
			to = g.s
		}
		g.strip(from, to)
	}
	for i := g.first; i < g.end && g.ready != nil; i++ {
		g.ready(i)
	}
	return nil
}

// strip extends and hashes bytes [from, to) of all symbols.
func (g *group) strip(from, to int) {
	line, cols, r := g.c.lines[Primary], g.end-g.first, g.c.n-g.k1
	layout := rs.NewLayout(to-from, cols)
	width := layout.Width()
	work := grow(&g.w.rows, line.Rows()*width)
	for _, top := range g.tops {
		layout.Load(work[top.row*width:], top.col, top.From(from))
	}
	line.EncodeRows(work, width, r)
	// What is hashed in the work area: all of a strip but the end of the last one, where bytes behind whole blocks
	// are not as the hash wants them.
	size := to - from
	if to == g.s {
		size = max(0, size-blake2x.MinLast) / blake2x.BlockSize * blake2x.BlockSize
	}
	bottom := rs.Rect{Data: work, Cols: cols, ColStep: layout.Whole(), Rows: r, RowStep: width}
	g.w.parts = g.w.parts[:0]
	for _, top := range g.tops {
		g.add(top.From(from), g.result(top, from), top.row, top.col)
	}
	g.add(bottom.Columns(0, g.results()), g.bottom(from), g.k1, 0)
	g.add(bottom.Columns(g.results(), cols), rs.Rect{}, g.k1, g.results())
	g.w.stream.Write(size, g.w.parts...)
	if to == g.s {
		g.finish(&layout, work, from, from+size)
	}
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

// results returns how many of the columns, the first ones, have symbols to be copied to slivers. Those from k2 on are in
// secondary slivers since rows were extended, and primary slivers do without them.
func (g *group) results() int {
	if !g.keep {
		return 0
	}
	return max(0, min(g.end, g.k2)-g.first)
}

// result returns where bytes from from on of the first k1 symbols go.
func (g *group) result(top placed, from int) rs.Rect {
	if top.col >= g.results() {
		return rs.Rect{}
	}
	return rs.Rect{Data: g.column(g.first, 0)[top.row*g.s+from:], Cols: top.Cols, ColStep: g.k1 * g.s, Rows: top.Rows, RowStep: g.s}
}

// bottom returns where bytes from from on of the other symbols go.
func (g *group) bottom(from int) rs.Rect {
	if g.results() == 0 {
		return rs.Rect{}
	}
	return rs.Rect{Data: g.primary[g.first*g.s+from:], Cols: g.results(), ColStep: g.s, Rows: g.c.n - g.k1, RowStep: g.rowSize()}
}

// finish hashes the bytes from end on of all symbols, the last strip of which begins at from, and copies them to where they
// go.
func (g *group) finish(layout *rs.Layout, work []byte, from, end int) {
	size := g.s - end
	g.w.parts = g.w.parts[:0]
	for _, top := range g.tops {
		symbols := top.From(end)
		if top.col < g.results() {
			rs.Copy(g.result(top, end), symbols, size)
		}
		g.add(symbols, rs.Rect{}, top.row, top.col)
	}
	result, results := g.bottom(end), g.results()
	layout.StoreEnds(result, work, 0, end-from)
	g.add(result, rs.Rect{}, g.k1, 0)
	if rest := g.end - g.first - results; rest > 0 {
		r := g.c.n - g.k1
		out := rs.Rect{Data: grow(&g.w.out, rest*r*size), Cols: rest, ColStep: r * size, Rows: r, RowStep: size}
		layout.StoreEnds(out, work, results, end-from)
		g.add(out, rs.Rect{}, g.k1, results)
	}
	g.w.stream.Sum(size, g.w.parts...)
}

// add has symbols, or pieces of them, hashed, and copied to result if that is not empty. The first is of the given row and
// column.
func (g *group) add(symbols, result rs.Rect, row, col int) {
	if symbols.Cols == 0 {
		return
	}
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
