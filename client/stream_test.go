package client_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/redstuff"
	"github.com/walrus-go/walrus/wire"
)

// hold makes all nodes wait for a channel before they answer requests for the slivers that match.
func (net *memoryNetwork) hold(until <-chan struct{}, match func(path string) bool) {
	for _, n := range net.nodes {
		n.put(func(honest http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if match(r.URL.Path) {
					select {
					case <-until:
					case <-r.Context().Done():
						return
					}
				}
				honest.ServeHTTP(w, r)
			})
		})
	}
}

func isSliver(path string) bool { return strings.Contains(path, "/slivers/") }

// A signal closes seen when so many bytes have been written.
type signal struct {
	bytes.Buffer
	at   int
	seen chan struct{}
}

func newSignal(at int) *signal { return &signal{at: at, seen: make(chan struct{})} }

func (s *signal) Write(b []byte) (int, error) {
	before := s.Len()
	n, err := s.Buffer.Write(b)
	if before < s.at && s.Len() >= s.at {
		close(s.seen)
	}
	return n, err
}

// TestStreamBegins: the first row leaves when it alone has arrived. No node sends another before.
func TestStreamBegins(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, 4, 8) // k1 is 4
	data := randomBytes(1, 5000)
	id := mustStore(t, net.newClient(t, nil), options, data)[0].BlobID
	for _, check := range []blob.Consistency{blob.Default, blob.Skip} {
		w := newSignal(1)
		first := wire.SliverPath(id, 0, redstuff.Primary)
		net.hold(w.seen, func(path string) bool { return isSliver(path) && path != first })
		n, err := net.newClient(t, nil).Read(context.Background(), id, w, &client.ReadOptions{Stream: true, Check: check})
		if err != nil || n != 5000 || !bytes.Equal(w.Bytes(), data) {
			t.Errorf("%v check: read %d bytes, %v", check, n, err)
		}
	}
}

// TestStreamFromAnyNodes: whatever is missing, what is written is the blob or, with an error, its beginning.
func TestStreamFromAnyNodes(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, 4, 8)
	data := randomBytes(1, 5000)
	id := mustStore(t, net.newClient(t, nil), options, data)[0].BlobID
	for set := range 1 << 4 {
		up := 0
		for i, n := range net.nodes {
			n.put(nil)
			if set>>i&1 == 1 {
				up++
				continue
			}
			n.put(func(honest http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if isSliver(r.URL.Path) {
						_ = wire.WriteError(w, wire.ErrEpoch, "")
						return
					}
					honest.ServeHTTP(w, r)
				})
			})
		}
		for _, check := range []blob.Consistency{blob.Default, blob.Strict} {
			var out bytes.Buffer
			n, err := net.newClient(t, nil).Read(context.Background(), id, &out, &client.ReadOptions{Stream: true, Check: check})
			if n != uint64(out.Len()) || !bytes.HasPrefix(data, out.Bytes()) {
				t.Errorf("nodes %04b, %v check: %d bytes written and %d counted, not a beginning of the blob", set, check, out.Len(), n)
			}
			switch {
			case up >= 2 && (err != nil || out.Len() != len(data)):
				t.Errorf("nodes %04b, %v check: %d bytes, %v", set, check, out.Len(), err)
			case up < 2 && !errors.Is(err, client.ErrNotEnoughSlivers):
				t.Errorf("nodes %04b, %v check: %v", set, check, err)
			case err != nil && check == blob.Strict && n != 0:
				t.Errorf("nodes %04b: %d bytes left before the strict check", set, n)
			}
		}
	}
}

// TestStreamEnds: a writer that fails and a reader that gives up end the read while nodes hold back slivers.
func TestStreamEnds(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, 4, 8)
	id := mustStore(t, net.newClient(t, nil), options, randomBytes(1, 5000))[0].BlobID
	first := wire.SliverPath(id, 0, redstuff.Primary)
	net.hold(t.Context().Done(), func(path string) bool { return isSliver(path) && path != first })
	stream := &client.ReadOptions{Stream: true}
	c := net.newClient(t, nil)
	if n, err := c.Read(context.Background(), id, brokenWriter{}, stream); n != 0 || !errors.Is(err, errBroken) {
		t.Errorf("writer that fails: %d bytes, %v", n, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := newSignal(1)
	go func() {
		<-w.seen
		cancel()
	}()
	if n, err := c.Read(ctx, id, w, stream); n != uint64(w.Len()) || !errors.Is(err, context.Canceled) {
		t.Errorf("context that ends: %d bytes, %v", n, err)
	}
}

// TestStreamOfInconsistentBlob: rows that have left were those of every reader; the error comes where the
// first would be that is not.
func TestStreamOfInconsistentBlob(t *testing.T) {
	t.Parallel()
	const shards = 8
	net := newNetwork(t, 4, shards)
	id := plantLie(t, net, shards)
	honest := randomBytes(1, 3000)
	code, err := redstuff.New(shards)
	if err != nil {
		t.Fatal(err)
	}
	size, err := code.SymbolSize(3000)
	if err != nil {
		t.Fatal(err)
	}
	row := code.SliverSize(redstuff.Primary, size)
	const gone = 2
	net.nodes[int(id.Shard(gone, shards))%4].stop()
	out := newSignal(gone * row)
	net.hold(out.seen, func(path string) bool {
		return isSliver(path) && path != wire.SliverPath(id, 0, redstuff.Primary) && path != wire.SliverPath(id, 1, redstuff.Primary)
	})
	n, err := net.newClient(t, nil).Read(context.Background(), id, out, &client.ReadOptions{Stream: true})
	if !errors.Is(err, client.ErrInconsistent) || n != uint64(out.Len()) || !bytes.Equal(out.Bytes(), honest[:gone*row]) {
		t.Errorf("wrote %d bytes, %v; want %d", n, err, gone*row)
	}
	n, err = net.newClient(t, nil).Read(context.Background(), id, io.Discard, nil)
	if !errors.Is(err, client.ErrInconsistent) || n != 0 {
		t.Errorf("without streaming: wrote %d bytes, %v", n, err)
	}
}
