package rpc

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/walrus-go/walrus/ledger"
)

// How often a follower asks for a new block: soon after the last one, then less and less often.
const (
	minPoll = 10 * time.Millisecond
	maxPoll = 250 * time.Millisecond
	// maxFailures in a row, or failing for maxSilence, end the waits: the node is gone, not busy.
	maxFailures = 40
	maxSilence  = 45 * time.Second
)

// A follower watches for new blocks while anyone waits, and tells the waiters. Its goroutine starts with
// the first waiter and ends with the last.
type follower struct {
	conn   Conn
	ctx    context.Context // ends with close
	cancel context.CancelFunc

	mu      sync.Mutex
	running bool
	waiters map[*waiter]struct{}
}

// A waiter is told of blocks until it has what it wants.
type waiter struct {
	above int64               // height seen; only later blocks matter. Guarded by the follower's mu
	txs   bool                // wants every block with its transactions
	see   func(b *Block) bool // called in order of heights; true ends the wait; b is nil unless txs
	done  chan error          // receives once: nil, or what ended the wait
}

func newFollower(conn Conn) *follower {
	ctx, cancel := context.WithCancel(context.Background())
	return &follower{conn: conn, ctx: ctx, cancel: cancel, waiters: map[*waiter]struct{}{}}
}

func (f *follower) close() { f.cancel() }

// waitAbove returns once the state is above the given height.
func (f *follower) waitAbove(ctx context.Context, height int64) error {
	return f.wait(ctx, &waiter{above: height, see: func(*Block) bool { return true }})
}

// wait returns when w has seen what it wants, or nothing more can be seen.
func (f *follower) wait(ctx context.Context, w *waiter) error {
	w.done = make(chan error, 1)
	f.add(w)
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		f.remove(w)
		return ctx.Err()
	case <-f.ctx.Done():
		return fmt.Errorf("%w: client closed", ledger.ErrUnavailable)
	}
}

func (f *follower) add(w *waiter) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiters[w] = struct{}{}
	if !f.running {
		f.running = true
		go f.run()
	}
}

func (f *follower) remove(w *waiter) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.waiters, w)
}

// run asks for blocks until nobody waits.
func (f *follower) run() {
	pause, failures := minPoll, 0
	var failing time.Time // since when
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-f.ctx.Done():
			return
		case <-timer.C:
		}
		moved, err := f.step()
		switch {
		case err != nil:
			if failures++; failures == 1 {
				failing = time.Now()
			}
			if failures >= maxFailures || time.Since(failing) > maxSilence {
				f.fail(err)
				failures = 0
			}
			pause = maxPoll
		case moved:
			pause, failures = minPoll, 0
		default:
			pause, failures = min(pause*5/4, maxPoll), 0
		}
		if f.idle() {
			return
		}
		timer.Reset(pause)
	}
}

// idle ends the goroutine if nobody waits.
func (f *follower) idle() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running = len(f.waiters) > 0
	return !f.running
}

// step reports the blocks that are new since the last step.
func (f *follower) step() (moved bool, err error) {
	head, err := f.conn.Head(f.ctx)
	if err != nil {
		return false, err
	}
	for {
		h, want, txs := f.nextHeight(head.Height)
		if !want {
			return moved, nil
		}
		var b *Block
		if txs {
			read, err := f.conn.Block(f.ctx, h)
			if err != nil {
				return moved, err
			}
			b = &read
		}
		f.report(h, b)
		moved = true
	}
}

// nextHeight returns the next height to report, if anyone waits for one up to head, and whether its
// transactions are wanted. Those who want transactions see every block; others are content with the head.
func (f *follower) nextHeight(head int64) (h int64, want, txs bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h = head
	for w := range f.waiters {
		if w.above >= head {
			continue
		}
		want = true
		if w.txs {
			txs, h = true, min(h, w.above+1)
		}
	}
	return h, want, txs
}

func (f *follower) report(h int64, b *Block) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for w := range f.waiters {
		if w.above >= h || w.txs && (b == nil || w.above != h-1) {
			continue
		}
		w.above = h
		if w.see(b) {
			delete(f.waiters, w)
			w.done <- nil
		}
	}
}

// fail ends every wait.
func (f *follower) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for w := range f.waiters {
		delete(f.waiters, w)
		w.done <- err
	}
}
