package main

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/walrus-go/walrus/redstuff"
)

// readings are sets of slivers to get a blob out of: the last of an axis, few of which are plain parts of the
// blob, or, with half, its first half plain and for the rest the last slivers.
var readings = []struct {
	name, text string
	axis       redstuff.Axis
	half       bool
}{
	{"primary", "primary, worst case", redstuff.Primary, false},
	{"primary-half", "primary, half", redstuff.Primary, true},
	{"secondary", "secondary, worst case", redstuff.Secondary, false},
}

// readRows prints what decoding takes at once and row by row.
func readRows(o options) error {
	fmt.Println("\nDecoding at once and row by row, two cores, fresh memory; MB are those beyond the slivers")
	fmt.Println("| n | blob | slivers | at once, ms | MB | by rows, ms | first rows after, ms | MB |")
	fmt.Println("|--:|--:|---|--:|--:|--:|--:|--:|")
	for _, r := range rows(o.quick) {
		if r.bytes < 64<<20 { // smaller ones are done before their memory can be looked at
			continue
		}
		for _, reading := range readings {
			var whole, byRows result
			for range rounds {
				got, err := ours(2, "", "whole-"+reading.name, r.shards, r.bytes, 1)
				if err != nil {
					return err
				}
				whole = best(whole, got)
				if got, err = ours(2, "", "rows-"+reading.name, r.shards, r.bytes, 1); err != nil {
					return err
				}
				byRows = best(byRows, got)
			}
			fmt.Printf("| %d | %s | %s | %.1f | %.0f | %.1f | %.1f | %.0f |\n", r.shards, sizeText(float64(r.bytes)), reading.text,
				whole.number("seconds")*1e3, whole.number("memory")/(1<<20),
				byRows.number("seconds")*1e3, byRows.number("first")*1e3, byRows.number("memory")/(1<<20))
		}
	}
	return nil
}

// A receiver is where a blob goes: it keeps a checksum and when the first byte came.
type receiver struct {
	sum   uint32
	first time.Time
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (r *receiver) Write(b []byte) (int, error) {
	if r.first.IsZero() {
		r.first = time.Now()
	}
	r.sum = crc32.Update(r.sum, castagnoli, b)
	return len(b), nil
}

// read measures one reading, once, since rows are decoded into the slivers.
func (w *work) read(name string, byRows bool) error {
	for _, r := range readings {
		if r.name == name {
			slivers, err := w.slivers(r.axis, r.half)
			if err != nil {
				return err
			}
			return w.measureRead(r.axis, slivers, byRows)
		}
	}
	return fmt.Errorf("measure: no slivers named %q", name)
}

// slivers returns as many slivers as are needed, the last ones of the axis or the first half and the last ones.
func (w *work) slivers(axis redstuff.Axis, half bool) ([]redstuff.Sliver, error) {
	e, err := w.code.Encode(w.data, nil)
	if err != nil {
		return nil, err
	}
	k := w.code.Source(axis)
	slivers := make([]redstuff.Sliver, k)
	for i := range slivers {
		index := w.code.Shards() - k + i
		if half && i < k/2 {
			index = i
		}
		slivers[i] = redstuff.Sliver{Index: index, Data: append([]byte(nil), e.Sliver(axis, index)...)}
	}
	return slivers, nil
}

func (w *work) measureRead(axis redstuff.Axis, slivers []redstuff.Sliver, byRows bool) error {
	size, want := len(w.data), crc32.Checksum(w.data, castagnoli)
	w.data = nil
	debug.FreeOSMemory()
	before, err := statusBytes("RssAnon")
	if err != nil {
		return err
	}
	var peak atomic.Uint64
	done, stopped := make(chan struct{}), make(chan error, 1)
	go func() { stopped <- watch(&peak, done) }()
	out, start := new(receiver), time.Now()
	if byRows {
		err = w.writeRows(out, axis, size, slivers)
	} else {
		var data []byte
		data, err = w.code.Decode(nil, axis, uint64(size), slivers)
		out.Write(data)
	}
	seconds := time.Since(start).Seconds()
	close(done)
	if err := errors.Join(err, <-stopped); err != nil {
		return err
	}
	if out.sum != want {
		return errors.New("decoded another blob")
	}
	fmt.Printf("seconds=%.9f first=%.9f memory=%d\n", seconds, out.first.Sub(start).Seconds(), peak.Load()-min(before, peak.Load()))
	return nil
}

func (w *work) writeRows(out io.Writer, axis redstuff.Axis, size int, slivers []redstuff.Sliver) error {
	rows, err := w.code.Rows(axis, uint64(size), slivers)
	if err != nil {
		return err
	}
	for run := range rows {
		for _, row := range run {
			if _, err := out.Write(row); err != nil {
				return err
			}
		}
	}
	return nil
}
