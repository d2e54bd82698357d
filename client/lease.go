package client

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// A lease lets bytes be on their way to a node. They no longer count once the lease is returned, or
// once the request is late: a node that hangs must not hold up the others. A request that takes many
// times as long as those of other nodes is ended, however steadily its bytes trickle.
type lease struct {
	ctx    context.Context // of the request
	cancel context.CancelCauseFunc
	d      *delivery
	kind   kind
	size   int
	weight int64
	start  time.Time

	mu       sync.Mutex
	timer    *time.Timer // guarded by mu
	over     bool        // guarded by mu; the bytes no longer count
	returned bool        // guarded by mu
}

// minLateUpload is the least time after which an upload is late. Unlike a read, a write has nobody to
// ask instead, so there is no haste.
const minLateUpload = 500 * time.Millisecond

// patience is how many times the duration that makes an upload late it may take.
const patience = 4

// lease waits until size bytes may be on their way. The lease must be returned.
func (d *delivery) lease(ctx context.Context, k kind, size int) (*lease, error) {
	weight := min(int64(size), d.client.opts.BytesInFlight)
	if err := d.client.budget.Acquire(ctx, weight); err != nil {
		return nil, context.Cause(ctx)
	}
	l := &lease{d: d, kind: k, size: size, weight: weight, start: time.Now()}
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.timer = time.AfterFunc(minLateUpload, l.look)
	return l, nil
}

// look ends the lease if the request is late by what is known now of others of its kind, and the
// request if it is hopelessly so.
func (l *lease) look() {
	elapsed := time.Since(l.start)
	limit, known := l.d.limit(l.kind)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.returned {
		return
	}
	if !l.over && elapsed >= limit {
		l.end()
		l.d.client.scores.late(l.d.member.ID, elapsed, l.size)
	}
	// Before others have shown how fast the line is, nobody can tell a slow node by its pace.
	most := max(patience*limit, l.d.client.opts.StallTimeout+time.Duration(l.size)*time.Second/slowest)
	if known && elapsed >= most {
		l.cancel(fmt.Errorf("%w: not done after %v, when others are after %v", ErrStalled, elapsed, limit))
		l.d.client.scores.observe(l.d.member.ID, elapsed, l.size, true)
		return
	}
	next := minLateUpload
	if !l.over {
		next = min(next, limit-elapsed)
	}
	l.timer.Reset(next)
}

// giveBack ends the lease if it has not ended yet.
func (l *lease) giveBack() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.returned = true
	l.timer.Stop()
	l.cancel(nil)
	if !l.over {
		l.end()
	}
}

// end needs mu.
func (l *lease) end() {
	l.over = true
	l.d.client.budget.Release(l.weight)
}

// limit returns after how long an upload of the kind is late, and whether uploads that have ended say so.
func (s *spread) limit(k kind) (limit time.Duration, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(s.paces[k].limit(), minLateUpload), s.paces[k].known()
}

// took tells the pace of the kind how long an upload took.
func (s *spread) took(k kind, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paces[k].add(d)
}

// A load is what a lease is to uploads: the bytes of a sliver on their way here. They no longer count
// once the load is dropped, when the request has ended or is late.
type load struct {
	mu     sync.Mutex
	weight int64 // guarded by mu; what counts
}

// take waits until size bytes may be on their way. The wait does not count against the node.
func (l *load) take(ctx context.Context, c *Client, size int) error {
	weight := min(int64(size), c.opts.BytesInFlight)
	if c.budget.TryAcquire(weight) {
		l.set(weight)
		return nil
	}
	held, _ := ctx.Value(pulseKey{}).(*pulse)
	if held != nil {
		held.hold()
	}
	if err := c.budget.Acquire(ctx, weight); err != nil {
		return context.Cause(ctx)
	}
	l.set(weight)
	if held != nil {
		held.begin()
	}
	return nil
}

func (l *load) set(weight int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.weight = weight
}

// drop may be called more than once.
func (l *load) drop(c *Client) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.budget.Release(l.weight)
	l.weight = 0
}
