package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/walrus-go/walrus/blake2x"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/redstuff"
)

// measure is the body of a measuring process: it does one thing, repeatedly, and prints one line.
func measure(words []string) error {
	if len(words) < 1 {
		return errors.New("measure: nothing named")
	}
	var args []int
	for _, w := range words[1:] {
		n, err := strconv.Atoi(w)
		if err != nil {
			return fmt.Errorf("measure %s: %w", words[0], err)
		}
		args = append(args, n)
	}
	if words[0] == "compress" {
		return measureCompress()
	}
	if len(args) != 3 {
		return fmt.Errorf("measure %s: want SHARDS BYTES REPEATS", words[0])
	}
	code, err := redstuff.New(args[0])
	if err != nil {
		return err
	}
	w := work{code: code, data: sample(args[1]), repeats: args[2]}
	if how, slivers, ok := strings.Cut(words[0], "-"); ok && (how == "whole" || how == "rows") {
		return w.read(slivers, how == "rows")
	}
	switch words[0] {
	case "encode":
		return w.encode(true)
	case "encode-fresh":
		return w.encode(false)
	case "encode-each":
		return w.encodeEach()
	case "decode":
		return w.decode()
	case "check":
		return w.check()
	case "recover":
		return w.recover()
	case "allocs":
		return w.allocs()
	case "peak-encode":
		return w.peakEncode()
	case "peak-commit":
		return w.peakCommit()
	}
	return fmt.Errorf("measure: unknown %q", words[0])
}

// sample is the blob that the reference encoder makes too: byte i is (7i + 13) mod 256.
func sample(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i*7 + 13)
	}
	return b
}

type work struct {
	code    *redstuff.Code
	data    []byte
	repeats int
}

// time returns the best of the repeats in seconds.
func (w *work) time(f func() error) (float64, error) { return bestOf(w.repeats, f) }

// bestOf returns the best of so many runs in seconds.
func bestOf(runs int, f func() error) (float64, error) {
	least := time.Duration(1<<63 - 1)
	for range runs {
		start := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		least = min(least, time.Since(start))
	}
	return least.Seconds(), nil
}

// encode times the encoding of one blob after another: with reuse, each in the memory of the one before,
// as a program does that stores many; else each in memory of its own.
func (w *work) encode(reuse bool) error {
	var id blob.ID
	o := &redstuff.Options{}
	once := func() error {
		e, err := w.code.Encode(w.data, o)
		if err != nil {
			return err
		}
		id = blob.NewMetadata(&e.Commitment).ID()
		if reuse {
			o.Reuse = e
		}
		return nil
	}
	if reuse {
		if err := once(); err != nil {
			return err
		}
	}
	seconds, err := w.time(once)
	if err != nil {
		return err
	}
	fmt.Printf("seconds=%.9f id=%x\n", seconds, id[:])
	return nil
}

// encodeEach times encodings of one blob after another on each processor, all at once, as a program does that stores
// many blobs, in the memory of those before. What it prints is the time all took divided by their number.
func (w *work) encodeEach() error {
	const most = 20
	rounds, blobs, workers := min(w.repeats, most), max(1, w.repeats/most), runtime.GOMAXPROCS(0)
	ids, failures := make([]blob.ID, workers), make([]error, workers)
	options := make([]redstuff.Options, workers)
	all := func() error {
		var running sync.WaitGroup
		for i := range workers {
			running.Go(func() {
				for range blobs {
					e, err := w.code.Encode(w.data, &options[i])
					if err != nil {
						failures[i] = err
						return
					}
					ids[i] = blob.NewMetadata(&e.Commitment).ID()
					options[i].Reuse = e
				}
			})
		}
		running.Wait()
		return errors.Join(failures...)
	}
	if err := all(); err != nil {
		return err
	}
	seconds, err := bestOf(rounds, all)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if id != ids[0] {
			return fmt.Errorf("encodings at once have the blob IDs %v", ids)
		}
	}
	fmt.Printf("seconds=%.9f id=%x\n", seconds/float64(blobs*workers), ids[0][:])
	return nil
}

// decode times the worst case, in which as few slivers as possible hold plain bytes of the blob (no primary
// one, half of the secondary ones), and the best, in which all do.
func (w *work) decode() error {
	e, err := w.code.Encode(w.data, nil)
	if err != nil {
		return err
	}
	padded, err := w.code.PaddedSize(uint64(len(w.data)))
	if err != nil {
		return err
	}
	dst := make([]byte, 0, padded)
	seconds := func(axis redstuff.Axis, from int) (float64, error) {
		slivers := make([]redstuff.Sliver, w.code.Source(axis))
		for i := range slivers {
			slivers[i] = redstuff.Sliver{Index: from + i, Data: e.Sliver(axis, from+i)}
		}
		return w.time(func() error {
			got, err := w.code.Decode(dst, axis, uint64(len(w.data)), slivers)
			if err == nil && !bytes.Equal(got, w.data) {
				err = errors.New("decoded another blob")
			}
			return err
		})
	}
	for _, c := range []struct {
		key  string
		axis redstuff.Axis
		from int
	}{
		{"seconds", redstuff.Primary, w.code.Source(redstuff.Primary)},
		{"systematic", redstuff.Primary, 0},
		{"secondary", redstuff.Secondary, w.code.Shards() - w.code.Source(redstuff.Secondary)},
		{"secondary-systematic", redstuff.Secondary, 0},
	} {
		t, err := seconds(c.axis, c.from)
		if err != nil {
			return err
		}
		fmt.Printf("%s=%.9f ", c.key, t)
	}
	fmt.Println()
	return nil
}

// check times what a reader does after decoding, beside the encoding of the same blob. The default
// check is timed at its dearest, with no systematic sliver received.
func (w *work) check() error {
	encode, err := w.time(func() error { _, err := w.code.Encode(w.data, nil); return err })
	if err != nil {
		return err
	}
	strict, err := w.time(func() error { _, err := w.code.Commit(w.data, nil); return err })
	if err != nil {
		return err
	}
	standard, err := w.time(func() error {
		slivers, err := w.code.Systematic(w.data)
		if err != nil {
			return err
		}
		_, err = w.code.SliverRoots(redstuff.Primary, slivers)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Printf("seconds=%.9f strict=%.9f default=%.9f\n", encode, strict, standard)
	return nil
}

// recover times what a node does for others and for itself: cutting symbols with proofs from slivers
// it holds, and rebuilding slivers from symbols.
func (w *work) recover() error {
	e, err := w.code.Encode(w.data, nil)
	if err != nil {
		return err
	}
	n := w.code.Shards()
	source := e.Sliver(redstuff.Secondary, 0)
	one, err := w.time(func() error { return cut(w.code, source, 1) })
	if err != nil {
		return err
	}
	all, err := w.time(func() error { return cut(w.code, source, n) })
	if err != nil {
		return err
	}
	fmt.Printf("single=%.1f many=%.0f", 1/one, float64(n)/all)
	for _, axis := range []redstuff.Axis{redstuff.Primary, redstuff.Secondary} {
		symbols, target, err := crossing(w.code, e, axis)
		if err != nil {
			return err
		}
		seconds, err := w.time(func() error {
			got, err := w.code.Recover(axis, symbols)
			if err != nil {
				return err
			}
			if !bytes.Equal(got, e.Sliver(axis, target)) {
				return errors.New("recovered another sliver")
			}
			_, err = w.code.SliverRoot(axis, got)
			return err
		})
		if err != nil {
			return err
		}
		fmt.Printf(" %v=%.1f", axis, 1/seconds)
	}
	fmt.Println()
	return nil
}

// cut expands a sliver and takes count symbols with their proofs.
func cut(code *redstuff.Code, sliver []byte, count int) error {
	x, err := code.Expand(redstuff.Secondary, sliver)
	if err != nil {
		return err
	}
	for i := range count {
		if _, err := x.Symbol(i); err != nil {
			return err
		}
		if _, err := x.Prove(i); err != nil {
			return err
		}
	}
	return nil
}

// crossing returns the worst-case symbols to recover a sliver from, none of them its own plain part,
// as far as there are enough of those, and the sliver's index.
func crossing(code *redstuff.Code, e *redstuff.Encoding, axis redstuff.Axis) ([]redstuff.Symbol, int, error) {
	n := code.Shards()
	target := n - 1
	x, err := code.Expand(axis, e.Sliver(axis, target))
	if err != nil {
		return nil, 0, err
	}
	symbols := make([]redstuff.Symbol, code.Symbols(axis))
	for i := range symbols {
		at := n - 1 - i
		s, err := x.Symbol(at)
		if err != nil {
			return nil, 0, err
		}
		symbols[i] = redstuff.Symbol{Index: at, Data: s}
	}
	return symbols, target, nil
}

func (w *work) allocs() error {
	allocs := testing.AllocsPerRun(max(w.repeats, 3), func() {
		if _, err := w.code.Encode(w.data, nil); err != nil {
			panic(err)
		}
	})
	fmt.Printf("allocs=%.0f\n", allocs)
	return nil
}

// peakEncode prints the process's peak memory of one encoding.
func (w *work) peakEncode() error {
	e, err := w.code.Encode(w.data, nil)
	if err != nil {
		return err
	}
	peak, err := statusBytes("VmHWM")
	if err != nil {
		return err
	}
	runtime.KeepAlive(e)
	fmt.Printf("peak=%d\n", peak)
	return nil
}

// peakCommit prints the peak of anonymous memory, which leaves the mapped file out, while the roots of
// a mapped file are computed.
func (w *work) peakCommit() error {
	path := filepath.Join(os.TempDir(), fmt.Sprintf("walrus-bench-%d", os.Getpid()))
	size := len(w.data)
	if err := os.WriteFile(path, w.data, 0o600); err != nil {
		return err
	}
	defer os.Remove(path)
	w.data = nil
	debug.FreeOSMemory()
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	mapped, err := syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		return err
	}
	defer syscall.Munmap(mapped)
	var peak atomic.Uint64
	done, stopped := make(chan struct{}), make(chan error, 1)
	go func() { stopped <- watch(&peak, done) }()
	start := time.Now()
	_, err = w.code.Commit(mapped, nil)
	seconds := time.Since(start).Seconds()
	close(done)
	if err := errors.Join(err, <-stopped); err != nil {
		return err
	}
	fmt.Printf("peak=%d seconds=%.3f\n", peak.Load(), seconds)
	return nil
}

// watch keeps the greatest anonymous memory of the process in peak until done.
func watch(peak *atomic.Uint64, done <-chan struct{}) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		now, err := statusBytes("RssAnon")
		if err != nil {
			return err
		}
		peak.Store(max(peak.Load(), now))
		select {
		case <-done:
			return nil
		case <-tick.C:
		}
	}
}

// statusBytes reads a figure of /proc/self/status.
func statusBytes(key string) (uint64, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("memory is measured on Linux only: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, key+":"); ok {
			kb, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("no %s in /proc/self/status", key)
}

// measureCompress prints the cost of one BLAKE2b compression in a lane, with all lanes full and the messages in cache: the
// bound of everything that hashes. It does so for the kernel at its best, with a multiple of 9 and 16 messages, and for no
// more of them than one register has lanes, which are hashed without interleaving.
func measureCompress() error {
	fmt.Printf("seconds=%.13f register=%.13f\n", compress(144), compress(max(1, blake2x.Lanes()/2)))
	return nil
}

// compress returns the seconds for one compression of so many messages.
func compress(messages int) float64 {
	const blocks = 16
	src, dst := sample(messages*blocks*128), make([]byte, messages*blake2x.Size)
	least := time.Duration(1<<63 - 1)
	for range 200 {
		start := time.Now()
		for range 8 {
			blake2x.Sum(dst, src, blocks*128, blake2x.List(messages, blocks*128))
		}
		least = min(least, time.Since(start))
	}
	return least.Seconds() / float64(8*messages*blocks)
}
