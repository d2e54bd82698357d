package testnet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/walrus-go/walrus/client"
)

// deadline bounds what must not hang; it is far above what it takes.
const deadline = 90 * time.Second

// TestStoppedNodes stops nodes with as many shards as may fail, which must change nothing, and then one
// more, which must give precise errors.
func TestStoppedNodes(t *testing.T) {
	t.Parallel()
	n := Start(t, Options{Nodes: 7, Shards: 13, Shares: []int{2, 2, 2, 2, 1, 2, 2}}) // f = 4
	opts := &client.Options{Backoff: client.Backoff{Min: 50 * time.Millisecond, Max: time.Second, Retries: 3}}
	c := newClient(t, n, opts)
	before := content(50_000)
	id := storeOne(t, c, before).BlobID
	for _, i := range []int{5, 6} {
		if err := n.StopNode(i); err != nil {
			t.Fatal(err)
		}
	}
	c = newClient(t, n, opts) // one that knows nothing of the nodes
	if got, err := c.ReadAll(t.Context(), id, nil); err != nil || !bytes.Equal(got, before) {
		t.Fatalf("with f shards gone: read %d bytes, %v", len(got), err)
	}
	during := content(60_000)
	second := storeOne(t, c, during)
	if got, err := c.ReadAll(t.Context(), second.BlobID, nil); err != nil || !bytes.Equal(got, during) {
		t.Fatalf("stored and read with f shards gone: %d bytes, %v", len(got), err)
	}

	if err := n.StopNode(4); err != nil { // f+1 shards: no write can be certified
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	stored, err := c.Store(ctx, [][]byte{content(1000)}, &client.StoreOptions{Epochs: 1})
	if err == nil {
		err = stored[0].Err
	}
	var quorum *client.QuorumError
	if !errors.Is(err, client.ErrNotEnoughConfirmations) || !errors.As(err, &quorum) || quorum.Have >= quorum.Need {
		t.Fatalf("store with f+1 shards gone: %v", err)
	}
	if !strings.Contains(err.Error(), "node-0") {
		t.Errorf("the error names no node: %v", err)
	}
	if got, err := c.ReadAll(ctx, id, nil); err != nil || !bytes.Equal(got, before) {
		t.Fatalf("read with f+1 shards gone: %d bytes, %v", len(got), err)
	}
	for _, i := range []int{0, 1, 2} { // four shards are left of the five that a read needs
		if err := n.StopNode(i); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := c.ReadAll(ctx, id, nil); !errors.Is(err, client.ErrNotEnoughSlivers) {
		t.Fatalf("read with too few shards: %d bytes, %v", len(got), err)
	}

	for _, i := range []int{0, 1, 2, 4, 5, 6} {
		if err := n.StartNode(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	for id, want := range map[string][]byte{id.String(): before, second.BlobID.String(): during} {
		got, err := c.ReadAll(ctx, storeOne(t, c, want).BlobID, nil)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%s after all came back: %d bytes, %v", id, len(got), err)
		}
	}
}

// A lie is what stands between a node and the network.
type lie struct {
	name  string
	front func(honest http.Handler) http.Handler
}

var lies = []lie{
	{"slivers with a flipped bit", func(honest http.Handler) http.Handler {
		return tamper(honest, "/slivers/", func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
	}},
	{"metadata with a flipped bit", func(honest http.Handler) http.Handler {
		return tamper(honest, "/metadata", func(b []byte) []byte { b[len(b)-1] ^= 0x80; return b })
	}},
	{"half of every answer", func(honest http.Handler) http.Handler {
		return tamper(honest, "", func(b []byte) []byte { return b[:len(b)/2] })
	}},
	{"garbage with status 200", func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("garbage", 100)) })
	}},
	{"errors", func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "out of order", http.StatusInternalServerError)
		})
	}},
	{"no answer", func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	}},
}

// tamper changes the body of successful answers to GET requests whose path contains part.
func tamper(honest http.Handler, part string, change func([]byte) []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, part) {
			honest.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		honest.ServeHTTP(rec, r)
		body := rec.Body.Bytes()
		if rec.Code == http.StatusOK && len(body) > 1 {
			body = change(body)
		}
		w.Header().Set("Content-Type", rec.Header().Get("Content-Type"))
		w.WriteHeader(rec.Code)
		_, _ = w.Write(body)
	})
}

// TestLyingNodes lets one node with all f shards lie, in one way after the other; what others serve must
// be enough, for writes and for reads with every check.
func TestLyingNodes(t *testing.T) {
	t.Parallel()
	const liar = 0
	var front atomic.Pointer[lie]
	n := Start(t, Options{Wrap: func(i int, honest http.Handler) http.Handler {
		if i != liar {
			return honest
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if l := front.Load(); l != nil {
				l.front(honest).ServeHTTP(w, r)
				return
			}
			honest.ServeHTTP(w, r)
		})
	}})
	before := content(100_000)
	id := storeOne(t, newClient(t, n, nil), before).BlobID
	for i := range lies {
		l := &lies[i]
		front.Store(l)
		ctx, cancel := context.WithTimeout(t.Context(), deadline)
		for range 3 { // whom a client asks first is left to chance
			c := newClient(t, n, &client.Options{StallTimeout: 5 * time.Second, TailBase: -1})
			if got, err := c.ReadAll(ctx, id, nil); err != nil || !bytes.Equal(got, before) {
				t.Errorf("%s: read %d bytes, %v", l.name, len(got), err)
			}
		}
		c := newClient(t, n, &client.Options{StallTimeout: 5 * time.Second, TailBase: -1})
		data := content(5_000)
		stored, err := c.Store(ctx, [][]byte{data}, &client.StoreOptions{Epochs: 1})
		if err == nil {
			err = stored[0].Err
		}
		if err != nil {
			t.Errorf("%s: store: %v", l.name, err)
			cancel()
			continue
		}
		if got, err := c.ReadAll(ctx, stored[0].BlobID, nil); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: stored and read %d bytes, %v", l.name, len(got), err)
		}
		cancel()
	}
}
