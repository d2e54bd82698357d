package client

import (
	"context"
	"sync"
	"time"
)

// A lease lets bytes be on their way to a node. They no longer count once the lease is returned, or
// once the request is late: a node that hangs must not hold up the others.
type lease struct {
	d      *delivery
	kind   kind
	size   int
	weight int64
	start  time.Time

	mu    sync.Mutex
	timer *time.Timer // guarded by mu
	over  bool        // guarded by mu; the bytes no longer count
}

// minLateUpload is the least time after which an upload is late. Unlike a read, a write has nobody to
// ask instead, so there is no haste.
const minLateUpload = 500 * time.Millisecond

// lease waits until size bytes may be on their way. The lease must be returned.
func (d *delivery) lease(ctx context.Context, k kind, size int) (*lease, error) {
	weight := min(int64(size), d.client.opts.BytesInFlight)
	if err := d.client.budget.Acquire(ctx, weight); err != nil {
		return nil, context.Cause(ctx)
	}
	l := &lease{d: d, kind: k, size: size, weight: weight, start: time.Now()}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.timer = time.AfterFunc(minLateUpload, l.look)
	return l, nil
}

// look ends the lease if the request is late by what is known now of others of its kind.
func (l *lease) look() {
	elapsed := time.Since(l.start)
	left := l.d.limit(l.kind) - elapsed
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.over:
	case left > 0:
		l.timer.Reset(min(left, minLateUpload))
	default:
		l.end()
		l.d.client.scores.late(l.d.member.ID, elapsed, l.size)
	}
}

// giveBack ends the lease if it has not ended yet.
func (l *lease) giveBack() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.timer.Stop()
	if !l.over {
		l.end()
	}
}

// end needs mu.
func (l *lease) end() {
	l.over = true
	l.d.client.budget.Release(l.weight)
}

// limit returns after how long an upload of the kind is late.
func (s *spread) limit(k kind) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(s.paces[k].limit(), minLateUpload)
}

// took tells the pace of the kind how long an upload took.
func (s *spread) took(k kind, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paces[k].add(d)
}
