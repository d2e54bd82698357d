package node

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/store"
	"github.com/walrus-go/walrus/wire"
)

func TestBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(100)
		ctx := t.Context()
		if _, err := b.take(ctx, 101); !errors.Is(err, wire.ErrUnavailable) {
			t.Errorf("more than there is: %v", err)
		}
		give, err := b.take(ctx, 80)
		if err != nil {
			t.Fatal(err)
		}
		var order []int
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i, amount := range []int64{50, 10, 40} { // the second must not overtake the first
			wg.Go(func() {
				give, err := b.take(ctx, amount)
				if err != nil {
					t.Errorf("ask %d: %v", i, err)
					return
				}
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				give()
			})
			synctest.Wait()
		}
		give()
		wg.Wait()
		if len(order) != 3 || b.left != 100 || len(b.waiting) != 0 {
			t.Errorf("served %v, %d left, %d wait", order, b.left, len(b.waiting))
		}

		give, err = b.take(ctx, 100)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.take(ctx, 1); !errors.Is(err, wire.ErrUnavailable) { // time passes here
			t.Errorf("in vain: %v", err)
		}
		canceled, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := b.take(canceled, 1); !errors.Is(err, context.Canceled) {
			t.Errorf("canceled: %v", err)
		}
		give()
		if b.left != 100 || len(b.waiting) != 0 {
			t.Errorf("%d left, %d wait", b.left, len(b.waiting))
		}
	})
}

func TestPool(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(2, 1)
		hold := make(chan struct{})
		var running, most atomic.Int32
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				err := p.do(t.Context(), func() error {
					most.Store(max(most.Load(), running.Add(1)))
					<-hold
					running.Add(-1)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if err := p.do(t.Context(), func() error { return nil }); !errors.Is(err, wire.ErrUnavailable) {
			t.Errorf("beyond the queue: %v", err)
		}
		close(hold)
		wg.Wait()
		if most.Load() != 2 {
			t.Errorf("%d ran at once, want 2", most.Load())
		}
	})
}

func TestCache(t *testing.T) {
	t.Parallel()
	c := newCache[int, string](10)
	c.put(1, "one", 4)
	c.put(2, "two", 4)
	c.get(1)
	c.put(3, "three", 5) // 2 was used longest ago
	if _, ok := c.get(2); ok {
		t.Error("2 is still there")
	}
	if v, ok := c.get(1); !ok || v != "one" {
		t.Errorf("1 is %q, %v", v, ok)
	}
	c.put(4, "huge", 11)
	if _, ok := c.get(4); ok {
		t.Error("4 is larger than the cache")
	}
	c.put(1, "again", 5)
	c.drop(func(k int) bool { return k == 3 })
	if c.room != 5 || len(c.items) != 1 || c.order.Len() != 1 {
		t.Errorf("%d bytes left, %d items", c.room, len(c.items))
	}
}

func TestPending(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPending(Limits{Pending: 1000, PendingLife: time.Minute})
		defer p.close()
		m := &blob.Metadata{}
		a, b := blob.ID{1}, blob.ID{2}
		add := func(id blob.ID, shard int, size int) error {
			_, _, err := p.addSliver(store.SliverKey{Blob: id, Shard: 0, Axis: blob.Axis(shard)}, make([]byte, size))
			return err
		}
		if held, _, err := p.addSliver(store.SliverKey{Blob: a}, nil); held || err != nil {
			t.Errorf("a sliver before metadata: %v, %v", held, err)
		}
		for _, id := range []blob.ID{a, b} {
			if added, err := p.addMetadata(id, m, make([]byte, 100)); !added || err != nil {
				t.Fatalf("metadata: %v, %v", added, err)
			}
		}
		<-time.After(40 * time.Second)
		if err := add(a, 0, 700); err != nil {
			t.Fatal(err)
		}
		if err := add(a, 1, 101); !errors.Is(err, wire.ErrCacheSaturated) {
			t.Errorf("beyond the bytes: %v", err)
		}
		if err := p.roomForSliver(maxPendingSliver + 1); !errors.Is(err, wire.ErrCacheSaturated) {
			t.Errorf("beyond the size: %v", err)
		}
		<-time.After(30 * time.Second)
		synctest.Wait()
		// b waited 70 s; a had a sliver 30 s ago.
		if p.metadata(a) == nil || p.metadata(b) != nil {
			t.Errorf("after 70 s: %v, %v", p.metadata(a), p.metadata(b))
		}
		if blobs, slivers, bytes := p.usage(); blobs != 1 || slivers != 1 || bytes != 800 {
			t.Errorf("%d blobs, %d slivers, %d bytes", blobs, slivers, bytes)
		}
		_, slivers, _ := p.peek(a)
		if err := add(a, 1, 100); err != nil {
			t.Fatal(err)
		}
		if p.stored(a, slivers) {
			t.Error("what arrived while the rest was stored is forgotten")
		}
		_, slivers, _ = p.peek(a)
		if !p.stored(a, slivers) || p.metadata(a) != nil {
			t.Error("what is stored still waits")
		}
		if blobs, slivers, bytes := p.usage(); blobs != 0 || slivers != 0 || bytes != 0 {
			t.Errorf("in the end: %d blobs, %d slivers, %d bytes", blobs, slivers, bytes)
		}
	})
}

func TestPendingBounds(t *testing.T) {
	t.Parallel()
	p := newPending(Limits{Pending: 1 << 40, PendingLife: time.Hour})
	defer p.close()
	for i := range maxPendingBlobs {
		if _, err := p.addMetadata(blob.ID{byte(i), byte(i >> 8)}, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.addMetadata(blob.ID{2: 1}, nil, nil); !errors.Is(err, wire.ErrCacheSaturated) {
		t.Errorf("one more: %v", err)
	}
	p.drop(blob.ID{})
	if _, err := p.addMetadata(blob.ID{2: 1}, nil, nil); err != nil {
		t.Errorf("after one left: %v", err)
	}
}

// pipes is a listener of connections in memory, whose deadlines obey the bubble's clock.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// TestSlowBody sends a body byte by byte and wants the node to give up on it, and to have its memory
// back.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory := newBudget(1 << 20)
		n := &Node{log: slog.New(slog.DiscardHandler)}
		n.metrics = newMetrics(n)
		h := n.serve(route{handle: func(w http.ResponseWriter, r *http.Request) error {
			_, release, err := n.body(w, r, memory, 1<<20-1)
			if err == nil {
				release()
			}
			return err
		}})
		listener := make(pipes, 1)
		server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
		served := make(chan struct{})
		go func() {
			defer close(served)
			_ = server.Serve(listener) // ends with the listener
		}()
		client, conn := net.Pipe()
		listener <- conn
		dripped := make(chan struct{})
		go func() {
			defer close(dripped)
			if _, err := io.WriteString(client, "PUT / HTTP/1.1\r\nHost: node\r\nContent-Length: 1000000\r\n\r\n"); err != nil {
				t.Error(err)
			}
			for {
				if _, err := client.Write([]byte{1}); err != nil {
					return
				}
				<-time.After(time.Second)
			}
		}()
		begun := time.Now()
		answer, err := io.ReadAll(client)
		if !strings.Contains(string(answer), "504 Gateway Timeout") || !strings.Contains(string(answer), "DEADLINE_EXCEEDED") {
			t.Errorf("answer %q, %v", answer, err)
		}
		if patient := time.Since(begun); patient > time.Minute { // the bubble's minute
			t.Errorf("the node was patient for %v", patient)
		}
		_ = client.Close()
		<-dripped
		close(listener)
		_ = server.Close()
		<-served
		if memory.left != 1<<20 {
			t.Errorf("%d bytes of memory are left of %d", memory.left, 1<<20)
		}
	})
}

func TestOverload(t *testing.T) {
	t.Parallel()
	n := &Node{log: slog.New(slog.DiscardHandler)}
	n.metrics = newMetrics(n)
	full := make(lane, 1)
	full.enter()
	rec := httptest.NewRecorder()
	n.serve(route{lane: full, handle: noRoute}).ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
	if rec.Code != http.StatusServiceUnavailable || rec.Header().Get("Retry-After") == "" {
		t.Errorf("status %d, %v", rec.Code, rec.Header())
	}
	full.leave()
	rec = httptest.NewRecorder()
	n.serve(route{lane: full, handle: func(http.ResponseWriter, *http.Request) error { panic("a bug") }}).
		ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
	if rec.Code != http.StatusInternalServerError || len(full) != 0 {
		t.Errorf("after a panic: status %d, %d in the lane", rec.Code, len(full))
	}
	if strings.Contains(rec.Body.String(), "a bug") {
		t.Errorf("strangers hear %s", rec.Body)
	}
}

func TestBounded(t *testing.T) {
	t.Parallel()
	n := &Node{limits: Limits{Requests: 1}}
	entered, leave := make(chan struct{}), make(chan struct{})
	h := n.bounded(func(http.ResponseWriter, *http.Request) {
		entered <- struct{}{}
		<-leave
	})
	ask := func() (aborted bool) {
		defer func() { aborted = recover() == http.ErrAbortHandler }()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		return false
	}
	first := make(chan bool, 1)
	go func() { first <- ask() }()
	<-entered
	if !ask() {
		t.Error("the second request is served")
	}
	leave <- struct{}{}
	if <-first {
		t.Error("the first request is aborted")
	}
	go func() { first <- ask() }()
	<-entered
	leave <- struct{}{}
	if <-first {
		t.Error("the place is not free again")
	}
}
