package redstuff

import (
	"math/bits"
	"sync"

	"github.com/walrus-go/walrus/blake2x"
	"github.com/walrus-go/walrus/merkle"
	"github.com/walrus-go/walrus/rs"
)

// A job extends and hashes one matrix.
//
// First the rows are extended, which gives the columns from k2 on; then the columns are extended and
// hashed one small group after the other, while their symbols are still in cache. The trees of the
// columns, secondary slivers, are folded on the spot. Those of the rows, primary slivers, are folded
// over tiles: aligned groups of columns whose leaf hashes lie side by side for each row, so that only
// the tiles' nodes are kept until the end.
type job struct {
	shape
	c      *Code
	source source

	primary   []byte // rows k1..n-1, or empty; only used with keep
	secondary []byte // with keep all columns, otherwise those of the pass from k2 on
	keep      bool   // slivers are results
	ready     func(column int)

	rowStrip, rowBatch int  // how rows are extended
	colStrip, colBatch int  // how columns are extended; groups have no batches
	grouped            bool // columns are done in groups, by strips
	hashGroup          int  // columns that are hashed in one sweep, whole batches or a group
	tile               int  // columns of a tile, a power of two
	task               int  // columns of a task, whole tiles
	workers            int

	tiles  int
	nodes  []byte // n rows of one node for each tile, as for merkle.FoldAll
	roots  []byte // of all secondary slivers, then of all primary ones
	folded bool   // all roots are there
}

// jobs keeps jobs for the memory of their nodes and roots.
var jobs = sync.Pool{New: func() any { return new(job) }}

// release ends the use of a job.
func (j *job) release() {
	if cap(j.nodes) <= keepBytes {
		*j = job{nodes: j.nodes, roots: j.roots}
		jobs.Put(j)
	}
}

const (
	// leafBytes bounds the leaf hashes of a task, so that they stay in a second-level cache.
	leafBytes = 512 << 10
	// taskBytes bounds the symbols of a task, as memory in passes is shared out by tasks.
	taskBytes = 16 << 20
	// sweep is how many messages keep all lanes of the hash busy.
	sweep = 256
	// sweepBytes bounds the recovery symbols that are hashed in one sweep of more than one batch.
	sweepBytes = 8 << 20
)

func (c *Code) newJob(m shape, from source) *job {
	j := jobs.Get().(*job)
	*j = job{shape: m, c: c, source: from, workers: goroutines(c.n*c.n, m.s), nodes: j.nodes, roots: j.roots}
	mostRows := m.k1
	j.task = max(1, min(c.n, leafBytes/(c.n*merkle.Size), taskBytes/(m.k1*m.s)))
	lanes := (sweep + c.n - 1) / c.n // columns for a sweep
	if j.workers > 1 {
		// Enough tasks to keep all workers busy to the end, but none too narrow for the lanes.
		mostRows = max(1, m.k1/(4*j.workers))
		share := max(c.n/(8*j.workers), min(lanes, (c.n+j.workers-1)/j.workers))
		j.task = max(1, min(j.task, share))
	}
	j.tile = tileFor(c.n, j.task)
	j.task -= j.task % j.tile
	j.rowStrip, j.rowBatch = fit(c.lines[Secondary].Rows(), m.s, mostRows)
	j.colStrip, j.colBatch = fit(c.lines[Primary].Rows(), m.s, j.task)
	j.hashGroup = j.colBatch
	for j.hashGroup < lanes && j.hashGroup < j.task && (j.hashGroup+j.colBatch)*(c.n-m.k1)*m.s <= sweepBytes {
		j.hashGroup += j.colBatch
	}
	if j.grouped = inGroups(c.n, m.s); j.grouped {
		j.colStrip, j.hashGroup = fitGroup(c.n, c.lines[Primary].Rows(), m.s, j.task, blake2x.Lanes())
	}
	j.tiles = (c.n + j.tile - 1) / j.tile
	grow(&j.nodes, c.n*merkle.Stride(j.tiles)*merkle.Size)
	grow(&j.roots, 2*c.n*merkle.Size)
	return j
}

// tileFor returns the columns of a tile: more of them leave fewer nodes to keep, and small numbers of
// shards need none of that.
func tileFor(n, most int) int {
	switch {
	case n >= 512 && most >= 8:
		return 8
	case n >= 64 && most >= 4:
		return 4
	}
	return 1
}

// perWorker returns about how many bytes a worker holds.
func (j *job) perWorker() int64 {
	columns := int64(j.hashGroup)
	group := columns * int64(j.s)
	size := 3*leafBytes + workBytes + group*int64(j.c.n-j.k1)
	if j.grouped {
		// The work area, which rows use too, and for each symbol the state of its hash and the bytes that are taken out last.
		strip := min(j.s, j.colStrip+blake2x.BlockSize)
		area := max(workBytes, columns*int64(j.c.lines[Primary].Rows())*int64(strip))
		size = 3*leafBytes + area + columns*int64(j.c.n)*2*blake2x.BlockSize
	}
	if _, ok := j.source.(*file); ok {
		size += max(readAhead, group*int64(j.k1), int64(j.rowBatch)*int64(j.k2)*int64(j.rowStrip))
	}
	return size
}

// fixed returns the bytes that all workers hold, however few columns are done at a time.
func (j *job) fixed() int64 { return int64(j.workers) * j.perWorker() }

// limit lowers the number of workers until their memory fits budget, or one is left.
func (j *job) limit(budget int64) {
	j.workers = int(max(1, min(int64(j.workers), budget/j.perWorker())))
}

// pass extends and hashes the columns [first, end). first is a multiple of the task size.
func (j *job) pass(first, end int) error {
	rowTasks := 0
	if end > j.k2 {
		rowTasks = (j.k1 + j.rowBatch - 1) / j.rowBatch
	}
	var rows sync.WaitGroup
	rows.Add(rowTasks)
	columnTasks := (end - first + j.task - 1) / j.task
	err := parallel(j.workers, rowTasks+columnTasks, func(w *worker, t int) error {
		if t < rowTasks {
			defer rows.Done()
			at := t * j.rowBatch
			return j.extendRows(w, at, min(at+j.rowBatch, j.k1), max(first, j.k2), end)
		}
		at := first + (t-rowTasks)*j.task
		stop := min(at+j.task, end)
		if stop > j.k2 {
			rows.Wait() // all row tasks have been started, and they wait for nothing
		}
		return j.columns(w, at, stop, max(first, j.k2))
	})
	return err
}

// loadAll places the columns of all parts side by side.
func loadAll(layout rs.Layout, work []byte, parts []rs.Rect) {
	first := 0
	for _, part := range parts {
		layout.Load(work, first, part)
		first += part.Cols
	}
}

// extendRows computes the columns [first, end), from k2 on, of the rows [top, bottom).
func (j *job) extendRows(w *worker, top, bottom, first, end int) error {
	line := j.c.lines[Secondary]
	for from := 0; from < j.s; from += j.rowStrip {
		to := min(from+j.rowStrip, j.s)
		layout := rs.NewLayout(to-from, bottom-top)
		width := layout.Width()
		work := grow(&w.rows, line.Rows()*width)
		var err error
		if w.tops, err = j.source.rows(w, w.tops[:0], top, bottom, from, to); err != nil {
			return err
		}
		loadAll(layout, work, w.tops)
		line.EncodeRows(work, width, end-j.k2)
		out := j.column(first, first)[top*j.s+from:]
		layout.Store(rs.Rect{Data: out, Cols: bottom - top, ColStep: j.s, Rows: end - first, RowStep: j.k1 * j.s}, work[(first-j.k2)*width:], 0)
	}
	w.readEnd = 0 // row reads share the buffer with column reads
	return nil
}

// column returns the memory from secondary sliver i on, where origin is the first recovered one of
// the pass.
func (j *job) column(i, origin int) []byte {
	if !j.keep {
		i -= origin
	}
	return j.secondary[i*j.k1*j.s:]
}

// columns extends and hashes the columns [first, end) of a task.
func (j *job) columns(w *worker, first, end, origin int) error {
	for at := first; at < end; {
		next := min(at+j.hashGroup, end)
		if j.grouped {
			g := group{job: j, w: w, first: at, end: next, leaves: j.leaves(w, at-first)}
			if err := g.run(end, origin); err != nil {
				return err
			}
			at = next
			continue
		}
		if at < j.k2 {
			next = min(next, j.k2)
		}
		top, err := j.top(w, at, next, end, origin)
		if err != nil {
			return err
		}
		bottom := j.bottom(w, at, next)
		for c := at; c < next; c += j.colBatch {
			stop := min(c+j.colBatch, next)
			if j.keep {
				j.gather(w, c, stop)
			}
			j.extendColumns(w, top, bottom, c-at, stop-at)
		}
		if j.gathers(first, end) {
			j.collect(w, top, bottom, at)
		} else {
			j.hash(w, top, bottom, at-first)
		}
		at = next
	}
	if j.gathers(first, end) {
		matrix := rs.Rect{Data: w.matrix, Cols: j.c.n, ColStep: j.c.n * j.s, Rows: j.c.n, RowStep: j.s}
		j.hash(w, nil, matrix, 0)
	}
	j.fold(w, first, end)
	return nil
}

// gather makes secondary slivers of the columns [first, end): it copies them from the rows unless
// extending the rows has put them there.
func (j *job) gather(w *worker, first, end int) {
	if first < j.k2 {
		// A memory does not fail.
		w.copied, _ = j.source.columns(w, w.copied[:0], first, end, end)
		out := j.column(first, 0)
		for _, part := range w.copied {
			rs.Copy(rs.Rect{Data: out, Cols: part.Cols, ColStep: j.k1 * j.s, Rows: part.Rows, RowStep: j.s}, part, j.s)
			out = out[part.Rows*j.s:]
		}
	}
	for i := first; i < end && j.ready != nil; i++ {
		j.ready(i)
	}
}

// top returns the first k1 symbols of the columns [first, end), none of which is the k2nd unless
// first is; the task goes on to stop.
func (j *job) top(w *worker, first, end, stop, origin int) ([]rs.Rect, error) {
	if j.keep || first >= j.k2 {
		w.tops = append(w.tops[:0], rs.Rect{Data: j.column(first, origin), Cols: end - first, ColStep: j.k1 * j.s, Rows: j.k1, RowStep: j.s})
		return w.tops, nil
	}
	return j.plain(w, first, end, stop)
}

// plain returns the columns [first, end), below k2, of the blob; the task goes on to stop.
func (j *job) plain(w *worker, first, end, stop int) ([]rs.Rect, error) {
	ahead := min(stop, j.k2)
	if (ahead-first)*j.s*j.k1 > readAhead {
		ahead = end
	}
	var err error
	w.tops, err = j.source.columns(w, w.tops[:0], first, end, ahead)
	return w.tops, err
}

// readAhead bounds what is read of a file beyond the columns in hand.
const readAhead = 4 << 20

// bottom returns the place for the symbols k1..n-1 of the columns [first, end).
func (j *job) bottom(w *worker, first, end int) rs.Rect {
	r := j.c.n - j.k1
	if j.keep && first < j.k2 {
		return rs.Rect{Data: j.primary[first*j.s:], Cols: end - first, ColStep: j.s, Rows: r, RowStep: j.rowSize()}
	}
	return rs.Rect{Data: grow(&w.out, (end-first)*r*j.s), Cols: end - first, ColStep: r * j.s, Rows: r, RowStep: j.s}
}

// extendColumns computes the bottom of columns from their top.
func (j *job) extendColumns(w *worker, top []rs.Rect, bottom rs.Rect, first, end int) {
	line := j.c.lines[Primary]
	for from := 0; from < j.s; from += j.colStrip {
		layout := rs.NewLayout(min(j.colStrip, j.s-from), end-first)
		width := layout.Width()
		work := grow(&w.rows, line.Rows()*width)
		into := work
		for _, part := range top {
			layout.Load(into, 0, part.Columns(first, end).From(from))
			into = into[part.Rows*width:]
		}
		line.EncodeRows(work, width, bottom.Rows)
		layout.Store(bottom.Columns(first, end).From(from), work, 0)
	}
}

// small is the longest symbol of a matrix that is hashed in one sweep, from a copy: those of one block, whose
// copying takes less time than lanes that stay empty at the end of every part of the matrix.
const small = 127

// gathers reports whether the symbols of a task, the columns [first, end), are brought together to be hashed:
// where they are the whole of a matrix too small for a sweep.
func (j *job) gathers(first, end int) bool {
	n := j.c.n
	return end-first == n && n*n < sweep && j.s <= small
}

// collect copies the symbols of columns, the first of which is column at, to where all are hashed.
func (j *job) collect(w *worker, top []rs.Rect, bottom rs.Rect, at int) {
	n := j.c.n
	into := grow(&w.matrix, n*n*j.s)[at*n*j.s:]
	copyTo := func(part rs.Rect) {
		rs.Copy(rs.Rect{Data: into, Cols: part.Cols, ColStep: n * j.s, Rows: part.Rows, RowStep: j.s}, part, j.s)
		into = into[part.Rows*j.s:]
	}
	for _, part := range top {
		copyTo(part)
	}
	copyTo(bottom)
}

// hash computes the leaf hashes of columns, the first of which is column at of the task.
func (j *job) hash(w *worker, top []rs.Rect, bottom rs.Rect, at int) {
	leaves, row := j.leaves(w, at), 0
	hash := func(symbols rs.Rect) {
		p := j.part(leaves, symbols, row, 0)
		j.c.leafHashes(p.Dst, p.Src, j.s, p.Grid)
		row += symbols.Rows
	}
	for _, part := range top {
		hash(part)
	}
	hash(bottom)
}

// fold folds the leaf hashes of a task, the columns [first, end): rows to one node for each tile,
// columns to their roots.
func (j *job) fold(w *worker, first, end int) {
	n, stride := j.c.n, merkle.Stride(j.c.n)*merkle.Size
	if end-first == n && j.tile == 1 {
		// All of both sides is here: fold them in one sweep.
		transpose(w.leaves[n*stride:], w.leaves, n, n)
		merkle.FoldAll(j.roots, w.leaves, grow(&w.fold, merkle.Scratch(2*n, n)), 2*n, n)
		j.folded = true
		return
	}
	need := max(merkle.Scratch(end-first, n), merkle.Scratch(n, j.tile))
	fold := grow(&w.fold, need)
	for at := first; at < end; at += j.tile {
		j.foldTile(grow(&w.tile, n*merkle.Stride(j.tile)*merkle.Size), fold, w.leaves[(at-first)*stride:], at/j.tile)
	}
	merkle.FoldAll(j.roots[first*merkle.Size:], w.leaves, fold, end-first, n)
}

// foldTile folds each row of a tile to one node. leaves are those of its columns.
func (j *job) foldTile(tile, fold, leaves []byte, index int) {
	n := j.c.n
	width := min(j.tile, n-index*j.tile)
	transpose(tile, leaves, n, width)
	if width%2 == 1 {
		merkle.Complete(tile, n, width)
	}
	for levels := min(bits.Len(uint(j.tile))-1, merkle.PathLength(n)); levels > 0; levels-- {
		width = merkle.Fold(fold, tile, n, width)
		tile, fold = fold, tile
	}
	from, to := merkle.Stride(width)*merkle.Size, merkle.Stride(j.tiles)*merkle.Size
	for i := range n {
		copyHash(j.nodes[i*to+index*merkle.Size:], tile[i*from:])
	}
}

// transpose writes count rows of n hashes in src as n rows of count hashes to dst; rows lie
// merkle.Stride apart in both.
func transpose(dst, src []byte, n, count int) {
	from, to := merkle.Stride(n)*merkle.Size, merkle.Stride(count)*merkle.Size
	for i := range n {
		row := dst[i*to : (i+1)*to]
		for c := range count {
			copyHash(row[c*merkle.Size:], src[c*from+i*merkle.Size:])
		}
	}
}

// rowsPerFold is how many primary trees are finished at once.
const rowsPerFold = 64

// commitment folds what is left of the primary trees and returns the result of all passes.
func (j *job) commitment(size uint64) Commitment {
	n, stride := j.c.n, merkle.Stride(j.tiles)*merkle.Size
	primary := j.roots[n*merkle.Size:]
	if !j.folded {
		// Folding cannot fail.
		_ = parallel(j.workers, (n+rowsPerFold-1)/rowsPerFold, func(w *worker, t int) error {
			first := t * rowsPerFold
			count := min(rowsPerFold, n-first)
			fold := grow(&w.fold, merkle.Scratch(count, j.tiles))
			merkle.FoldAll(primary[first*merkle.Size:], j.nodes[first*stride:], fold, count, j.tiles)
			return nil
		})
	}
	all := make([]merkle.Hash, 2*n)
	for i := range all {
		all[i] = merkle.Hash(j.roots[i*merkle.Size:])
	}
	return Commitment{Shards: n, Size: size, SymbolSize: j.s, Roots: [2][]merkle.Hash{Primary: all[n:], Secondary: all[:n:n]}}
}
