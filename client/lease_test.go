package client

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/walrus-go/walrus/bls"
)

// drip is a node that takes a byte now and then.
func drip(r *http.Request) (*http.Response, error) {
	for r.Context().Err() == nil {
		if _, err := r.Body.Read(make([]byte, 1)); err != nil {
			break
		}
		_ = sleep(r.Context(), time.Second) // ends with the request
	}
	return silence(r)
}

// TestUploadThatTrickles: an upload ends when it takes many times as long as those to other nodes, and
// with RequestTimeout while nothing is known of others.
func TestUploadThatTrickles(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		others []time.Duration
		least  time.Duration
		most   time.Duration
	}{
		{"others are quick", []time.Duration{1e8, 1e8, 1e8}, 15 * time.Second, 20 * time.Second},
		{"everybody is slow", []time.Duration{3e10, 3e10, 3e10}, 4 * time.Minute, 4*time.Minute + time.Second},
		{"others are not known", nil, 5 * time.Minute, 5 * time.Minute},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newTestClient(t, nil)
				p := newTestPeer(c, drip)
				d := &delivery{spread: &spread{client: c}, member: p.member, peer: p}
				d.paces[kindSliver] = pace{prior: time.Second, took: tc.others}
				body := make([]byte, 100<<10)
				start := time.Now()
				_, err := d.put(t.Context(), kindSliver, "/", len(body), func() []byte { return body }, true)
				if took := time.Since(start); !errors.Is(err, ErrStalled) || took < tc.least || took > tc.most {
					t.Errorf("%v after %v, want %v to %v", err, took, tc.least, tc.most)
				}
				if failuresOf(c, p.member.ID) == 0 {
					t.Error("node not blamed")
				}
				if !c.budget.TryAcquire(c.opts.BytesInFlight) {
					t.Error("bytes are still counted")
				}
			})
		})
	}
}

// TestSpreadGivesUp: once nodes of more than f shards have signed, the rest has a bounded time.
func TestSpreadGivesUp(t *testing.T) {
	t.Parallel()
	key, err := bls.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		c := newTestClient(t, nil)
		_, com := scored(t, 4)
		p, err := c.pack(t.Context(), []byte("x"), com.Shards())
		if err != nil {
			t.Fatal(err)
		}
		s := c.newSpread(t.Context(), p, com, false, new(meter[StoreProgress]))
		defer s.close()
		s.register(nil)
		for i := range 2 { // f is 1
			_ = sleep(t.Context(), time.Minute) // in a bubble
			s.sign(i, key.Sign(nil))
		}
		start := time.Now()
		<-s.ctx.Done()
		want := c.opts.RequestTimeout + patience*2*time.Minute
		if took := time.Since(start); took != want {
			t.Errorf("gave up after %v, want %v", took, want)
		}
	})
}

// TestReadsShareTheLine: a read waits for room on the line, and its late requests give theirs back.
func TestReadsShareTheLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newTestClient(t, &Options{BytesInFlight: 100})
		var first, second, third load
		if err := first.take(t.Context(), c, 1000); err != nil { // more than there is room for at all
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := second.take(ctx, c, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the context's", err)
		}
		second.drop(c) // it has nothing
		beat := newPulse(time.Now())
		time.AfterFunc(time.Minute, func() { first.drop(c) })
		if err := third.take(withPulse(t.Context(), beat), c, 60); err != nil {
			t.Fatal(err)
		}
		if begun, ok := beat.origin(); !ok || time.Since(begun) != 0 {
			t.Errorf("begun at %v, %t; it waited until now", begun, ok)
		}
		first.drop(c) // again
		if c.budget.TryAcquire(41) || !c.budget.TryAcquire(40) {
			t.Error("60 of 100 should be taken")
		}
	})
}
