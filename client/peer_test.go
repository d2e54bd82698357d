package client

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
)

// transport is a node that answers as the function does.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// silence is a node that never answers.
func silence(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func newTestClient(t *testing.T, o *Options) *Client {
	t.Helper()
	c, err := New(nil, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newTestPeer(c *Client, f transport) *peer {
	return &peer{
		client: c, member: &committee.Member{ID: committee.NodeID{1}, Name: "a"}, base: "https://node",
		http: &http.Client{Transport: f}, places: make(chan struct{}, c.opts.NodeRequests),
	}
}

func failuresOf(c *Client, id committee.NodeID) float64 {
	c.scores.mu.Lock()
	defer c.scores.mu.Unlock()
	if n := c.scores.nodes[id]; n != nil {
		return n.failures
	}
	return 0
}

// TestOnlyNodesAreBlamed: a request that we end ourselves says nothing of the node, one that ends in
// its silence does.
func TestOnlyNodesAreBlamed(t *testing.T) {
	t.Parallel()
	other := errors.New("another node said no")
	for _, tc := range []struct {
		name   string
		end    func(context.Context) (context.Context, func())
		want   error
		blamed bool
	}{
		{"canceled", func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Second, cancel)
			return ctx, cancel
		}, context.Canceled, false},
		{"canceled for a cause", func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(ctx)
			time.AfterFunc(time.Second, func() { cancel(other) })
			return ctx, func() { cancel(nil) }
		}, other, false},
		{"the caller's deadline", func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			return ctx, cancel
		}, context.DeadlineExceeded, false},
		{"silence", func(ctx context.Context) (context.Context, func()) { return ctx, func() {} }, ErrStalled, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newTestClient(t, nil)
				p := newTestPeer(c, silence)
				ctx, stop := tc.end(t.Context())
				defer stop()
				_, err := p.getBCS(ctx, "/", 100)
				if !errors.Is(err, tc.want) {
					t.Errorf("%v, want %v", err, tc.want)
				}
				if blamed := failuresOf(c, p.member.ID) > 0; blamed != tc.blamed {
					t.Errorf("node blamed: %t, want %t", blamed, tc.blamed)
				}
			})
		})
	}
}

// slowLedger answers as of the epoch it was asked in, the first question after the second.
type slowLedger struct {
	ledger.Reader
	com    *committee.Committee
	asked  int
	epochs []committee.Epoch
	pauses []time.Duration
}

func (l *slowLedger) System(ctx context.Context) (ledger.System, error) {
	i := l.asked
	l.asked++
	return ledger.System{Epoch: l.epochs[i]}, sleep(ctx, l.pauses[i])
}

func (l *slowLedger) Committees(context.Context) (ledger.Committees, error) {
	return ledger.Committees{Current: l.com}, nil
}

// TestOldAnswerOfTheChain: an answer that comes late does not replace a newer one.
func TestOldAnswerOfTheChain(t *testing.T) {
	t.Parallel()
	_, com := scored(t, 4)
	for _, epochs := range [][]committee.Epoch{{1, 2}, {2, 1}, {1, 1}} {
		synctest.Test(t, func(t *testing.T) {
			c := newTestClient(t, nil)
			c.ledger = &slowLedger{com: com, epochs: epochs, pauses: []time.Duration{time.Minute, time.Second}}
			for range 2 {
				go func() {
					if n, err := c.currentNetwork(t.Context(), true); err != nil {
						t.Errorf("%+v, %v", n, err)
					}
				}()
				synctest.Wait()
				_ = sleep(t.Context(), time.Millisecond) // in a bubble
			}
			asked := time.Now()
			_ = sleep(t.Context(), time.Hour)
			c.mu.Lock()
			defer c.mu.Unlock()
			if n := c.network; n.Epoch != max(epochs[0], epochs[1]) || epochs[0] == epochs[1] && asked.Sub(n.when) > time.Millisecond {
				t.Errorf("epochs %v: epoch %d as of %v is kept", epochs, n.Epoch, n.when)
			}
		})
	}
}

// TestNodeRequests: whatever asks a node, it is not asked more than NodeRequests at once, and nobody
// waits for a place longer than his context lasts.
func TestNodeRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newTestClient(t, &Options{NodeRequests: 2})
		var now, most, served atomic.Int64
		var mu sync.Mutex
		p := newTestPeer(c, func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			served.Add(1)
			most.Store(max(most.Load(), now.Add(1)))
			mu.Unlock()
			defer now.Add(-1)
			return nil, sleep(r.Context(), time.Second)
		})
		d := &delivery{spread: &spread{client: c}, member: p.member, peer: p}
		var wait sync.WaitGroup
		for range 5 {
			wait.Go(func() { _ = p.getJSON(t.Context(), "/", 0, nil) }) // ends without an answer
			wait.Go(func() { _, _ = d.put(t.Context(), kindSliver, "/", 1, func() []byte { return []byte{0} }, true) })
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := p.getJSON(ctx, "/", 0, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the context's", err)
		}
		wait.Wait()
		if most.Load() != 2 || served.Load() != 10 {
			t.Errorf("%d requests, %d at once; want 10 and 2", served.Load(), most.Load())
		}
	})
}
