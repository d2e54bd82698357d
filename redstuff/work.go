package redstuff

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/walrus-go/walrus/blake2x"
	"github.com/walrus-go/walrus/rs"
)

const (
	// workBytes bounds the work area of one transform, so that it stays in a second-level cache.
	workBytes = 960 << 10
	// maxWidth bounds the width of its rows for codes of few rows, where longer ones gain nothing.
	maxWidth = 4 << 10
)

// fit returns how to put symbols of s bytes into a work area of so many rows: batch symbols, at most
// most, side by side in strips of strip bytes of each. Either strip is s or batch is 1.
func fit(rows, s, most int) (strip, batch int) {
	width := min(max(workBytes/rows, 64), maxWidth) &^ 63
	if parts := (s + width - 1) / width; parts > 1 {
		strip = (s + parts - 1) / parts
		return min(s, (strip+63)&^63), 1
	}
	return s, max(1, min(most, rs.Fit(s, width)))
}

// A worker is the memory that one goroutine works in. It is kept between uses.
type worker struct {
	rows   []byte // work area of a transform
	out    []byte // recovery symbols that are hashed but not stored
	matrix []byte // all symbols of a small blob, column by column
	leaves []byte // leaf hashes of the columns of a tile, each as a row for merkle.FoldAll
	tile   []byte // the same by rows
	fold   []byte // scratch for folding

	read               []byte // what a file source has read
	readFirst, readEnd int    // columns in read
	tops, copied       []rs.Rect

	// Of columns that are hashed strip by strip.
	placed []placed
	parts  []blake2x.Part
	stream blake2x.Stream
}

var workers = sync.Pool{New: func() any { return new(worker) }}

// margin is what comes before memory that is hashed. The hash reads prefixed messages from one byte
// before their start and masks that out, which takes the processor ten times as long where that byte is
// on a page that was never used. It keeps blocks aligned.
const margin = 64

// grow returns n bytes of *b, which it replaces by a larger slice if need be. Contents are undefined.
func grow(b *[]byte, n int) []byte {
	if cap(*b) < n {
		*b = make([]byte, margin+n)[margin:]
	}
	*b = (*b)[:n]
	return *b
}

// keepBytes bounds what a worker keeps in each buffer when it is put back.
const keepBytes = 8 << 20

func (w *worker) release() {
	for _, b := range []*[]byte{&w.rows, &w.out, &w.matrix, &w.leaves, &w.tile, &w.fold, &w.read} {
		if cap(*b) > keepBytes {
			*b = nil
		}
	}
	clear(w.tops[:cap(w.tops)])
	clear(w.copied[:cap(w.copied)])
	clear(w.placed[:cap(w.placed)])
	clear(w.parts[:cap(w.parts)])
	w.readFirst, w.readEnd = 0, 0
	workers.Put(w)
}

// parallel calls do for each task in [0, tasks), in ascending order of their starts, on up to limit
// goroutines, this one among them. It returns when all are done; after an error no further task is started.
func parallel(limit, tasks int, do func(w *worker, task int) error) error {
	if min(limit, tasks) <= 1 {
		return serial(tasks, do)
	}
	var next atomic.Int64
	var failed atomic.Pointer[error]
	loop := func() {
		w := workers.Get().(*worker)
		defer w.release()
		for failed.Load() == nil {
			task := int(next.Add(1)) - 1
			if task >= tasks {
				return
			}
			if err := do(w, task); err != nil {
				failed.CompareAndSwap(nil, &err)
			}
		}
	}
	var wg sync.WaitGroup
	for range min(limit, tasks) - 1 {
		wg.Go(loop)
	}
	loop()
	wg.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// serial is parallel on this goroutine.
func serial(tasks int, do func(w *worker, task int) error) error {
	w := workers.Get().(*worker)
	defer w.release()
	for task := range tasks {
		if err := do(w, task); err != nil {
			return err
		}
	}
	return nil
}

// smallWork is how many compressions of the hash are not worth a second goroutine.
const smallWork = 4096

// goroutines returns how many goroutines to use for so many hashed symbols of s bytes.
func goroutines(symbols, s int) int {
	if symbols*(s/128+3) < smallWork {
		return 1
	}
	return runtime.GOMAXPROCS(0)
}
