package client

import (
	"io"
	"sync"
)

// An outlet writes the rows of a blob to w in order, whatever the order they come in.
type outlet struct {
	w      io.Writer
	failed func(error) // hears why w takes no more

	mu      sync.Mutex
	waiting map[int][]byte // rows that came before their turn; guarded by mu
	writing bool           // some goroutine writes, or w has failed; guarded by mu
	next    int            // the row whose turn it is; guarded by mu while rows are put
	written uint64         // bytes; likewise
}

// put hands over row i, which nobody may change as long as the outlet is used. If it is the row's turn, put
// writes it and what follows. Rows that were written before are passed over. Safe for concurrent use.
func (o *outlet) put(i int, row []byte) {
	row, turn := o.add(i, row)
	for turn {
		n, err := o.w.Write(row)
		row, turn = o.wrote(n, err)
	}
}

// add returns the row to write now, if this goroutine is to write.
func (o *outlet) add(i int, row []byte) ([]byte, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.waiting == nil {
		o.waiting = make(map[int][]byte)
	}
	if i >= o.next {
		o.waiting[i] = row
	}
	if o.writing {
		return nil, false
	}
	return o.take()
}

// wrote books n bytes of a row and returns the one after it, if that is there.
func (o *outlet) wrote(n int, err error) ([]byte, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.written += uint64(n)
	if err != nil {
		o.failed(err)
		return nil, false
	}
	o.next++
	return o.take()
}

func (o *outlet) take() ([]byte, bool) {
	row, ok := o.waiting[o.next]
	delete(o.waiting, o.next)
	o.writing = ok
	return row, ok
}
