package client_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/wire"
)

// A fault is a way in which a node can be bad.
type fault struct {
	name  string
	front func(n *memoryNode, honest http.Handler) http.Handler
	// signs: the fault does not keep the node from confirming a blob it was sent.
	signs bool
	// dead, if set, replaces front: it makes the node's server or its place in the committee bad.
	dead func(n *memoryNode)
}

// handler makes a fault of what is answered to every request.
func handler(f func(n *memoryNode, w http.ResponseWriter, r *http.Request)) func(*memoryNode, http.Handler) http.Handler {
	return func(n *memoryNode, _ http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f(n, w, r) })
	}
}

// rewriting makes a fault of changing the bodies of honest answers whose path has the given part.
func rewriting(method, part string, change func(n *memoryNode, body []byte) []byte) func(*memoryNode, http.Handler) http.Handler {
	return func(n *memoryNode, honest http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != method || !strings.Contains(r.URL.Path, part) {
				honest.ServeHTTP(w, r)
				return
			}
			rec := httptest.NewRecorder()
			honest.ServeHTTP(rec, r)
			body := rec.Body.Bytes()
			if rec.Code < 300 {
				body = change(n, body)
			}
			w.Header().Set("Content-Type", rec.Header().Get("Content-Type"))
			w.WriteHeader(rec.Code)
			_, _ = w.Write(body) // the client may be gone
		})
	}
}

// flow writes chunk again and again, a pause apart, until the client has had enough.
func flow(chunk []byte, pause time.Duration) func(*memoryNode, http.ResponseWriter, *http.Request) {
	return func(_ *memoryNode, w http.ResponseWriter, r *http.Request) {
		ticker := time.NewTicker(max(pause, time.Nanosecond))
		defer ticker.Stop()
		for r.Context().Err() == nil {
			if _, err := w.Write(chunk); err != nil {
				return
			}
			if pause > 0 {
				_ = http.NewResponseController(w).Flush()
				<-ticker.C
			}
		}
	}
}

var faults = []fault{
	{name: "healthy", signs: true},
	{name: "corrupt slivers", signs: true, front: rewriting("GET", "/slivers/", func(_ *memoryNode, b []byte) []byte {
		b[len(b)/2] ^= 1
		return b
	})},
	{name: "slivers of other pairs", signs: true, front: rewriting("GET", "/slivers/", func(n *memoryNode, b []byte) []byte {
		n.mu.Lock()
		defer n.mu.Unlock()
		for _, s := range n.slivers {
			if other := s.AppendBCS(nil); s.Axis == blob.Primary && len(other) == len(b) && !bytes.Equal(other, b) {
				return other
			}
		}
		return nil
	})},
	{name: "wrong metadata", signs: true, front: rewriting("GET", "/metadata", func(_ *memoryNode, b []byte) []byte {
		b[len(b)-1] ^= 1
		return b
	})},
	{name: "metadata of another blob", signs: true, front: rewriting("GET", "/metadata", func(n *memoryNode, _ []byte) []byte {
		_, m, id, err := blob.New([]byte("another"), n.chain.members().Shards(), nil)
		if err != nil {
			panic(err)
		}
		return m.AppendBCSWithID(nil, id)
	})},
	{name: "metadata of a giant", signs: true, front: rewriting("GET", "/metadata", func(_ *memoryNode, b []byte) []byte {
		b[32+2+3] = 0xff // of the length
		return b
	})},
	{name: "never answers", front: handler(func(_ *memoryNode, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })},
	{name: "silent after the first byte", front: handler(func(_ *memoryNode, w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte{0})
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})},
	{name: "slow drip", front: handler(flow([]byte{0}, 100*time.Millisecond))},
	{name: "endless body", front: handler(flow(make([]byte, 32<<10), 0))},
	{name: "endless JSON", front: handler(func(n *memoryNode, w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"success":{"code":200,"data":"`)
		flow(bytes.Repeat([]byte("a"), 32<<10), 0)(n, w, r)
	})},
	{name: "garbage", front: handler(func(_ *memoryNode, w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"success":{"code":`)
	})},
	{name: "deep JSON", front: handler(func(_ *memoryNode, w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(bytes.Repeat([]byte("["), 1<<20))
	})},
	{name: "server errors", front: handler(func(_ *memoryNode, w http.ResponseWriter, _ *http.Request) {
		_ = wire.WriteError(w, wire.ErrInternal, "")
	})},
	{name: "overloaded", front: handler(func(_ *memoryNode, w http.ResponseWriter, _ *http.Request) {
		_ = wire.WriteError(w, wire.ErrUnavailable, "")
	})},
	{name: "says not found", front: handler(func(_ *memoryNode, w http.ResponseWriter, _ *http.Request) {
		_ = wire.WriteError(w, wire.ErrSliverNotFound, "")
	})},
	{name: "says blocked", front: handler(func(_ *memoryNode, w http.ResponseWriter, _ *http.Request) {
		_ = wire.WriteError(w, wire.ErrForbidden, "")
	})},
	{name: "says not registered", front: handler(func(_ *memoryNode, w http.ResponseWriter, _ *http.Request) {
		_ = wire.WriteError(w, wire.ErrNotRegistered, "")
	})},
	{name: "redirects", front: handler(func(_ *memoryNode, w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path+"/", http.StatusTemporaryRedirect)
	})},
	{name: "huge header", front: handler(func(_ *memoryNode, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Huge", strings.Repeat("a", 1<<20))
	})},
	{name: "hangs up", front: handler(func(*memoryNode, http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })},
	{name: "says it has everything", front: func(_ *memoryNode, honest http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodPut:
				_ = wire.WriteData(w, http.StatusOK, wire.SliverPresent)
			case strings.HasSuffix(r.URL.Path, "/status"):
				_ = wire.WriteData(w, http.StatusOK, wire.Stored)
			default:
				honest.ServeHTTP(w, r)
			}
		})
	}},
	{name: "signature of another key", front: rewriting("GET", "/confirmation/", func(n *memoryNode, b []byte) []byte {
		key, err := bls.GenerateKey(rand.Reader)
		if err != nil {
			panic(err)
		}
		return resign(b, func(message []byte) wire.Confirmation { return wire.NewConfirmation(message, key) })
	})},
	{name: "signature of no point", front: rewriting("GET", "/confirmation/", func(n *memoryNode, b []byte) []byte {
		return resign(b, func(message []byte) wire.Confirmation {
			c := wire.NewConfirmation(message, n.key)
			c.Signed.Signature[0] ^= 0x80
			return c
		})
	})},
	{name: "signs another message", front: rewriting("GET", "/confirmation/", func(n *memoryNode, b []byte) []byte {
		return resign(b, func(message []byte) wire.Confirmation {
			other := attest.Confirmation{Epoch: n.chain.members().Epoch(), Blob: blob.ID{1}}
			return wire.NewConfirmation(other.Message(), n.key)
		})
	})},
	{name: "signs a later epoch", front: rewriting("GET", "/confirmation/", func(n *memoryNode, b []byte) []byte {
		return resign(b, func(message []byte) wire.Confirmation {
			said, _, err := attest.ParseConfirmation(message)
			if err != nil {
				panic(err)
			}
			said.Epoch++
			return wire.NewConfirmation(said.Message(), n.key)
		})
	})},
	{name: "signs more than asked", front: rewriting("GET", "/confirmation/", func(n *memoryNode, b []byte) []byte {
		return resign(b, func(message []byte) wire.Confirmation {
			return wire.NewConfirmation(append(bytes.Clone(message), 1), n.key)
		})
	})},
	{name: "down", dead: (*memoryNode).stop},
	{name: "another TLS key", dead: func(n *memoryNode) {
		key, err := wire.GenerateNetworkKey()
		if err != nil {
			panic(err)
		}
		n.member.NetworkKey = wire.NetworkKeyOf(&key.PublicKey)
	}},
	{name: "no TLS key", dead: func(n *memoryNode) { n.member.NetworkKey = committee.NetworkKey{} }},
	{name: "no address", dead: func(n *memoryNode) { n.member.Address = "nowhere.invalid:%zz" }},
}

// resign replaces the confirmation in an answer.
func resign(body []byte, change func(message []byte) wire.Confirmation) []byte {
	var answer struct {
		Success struct {
			Data wire.Confirmation `json:"data"`
		} `json:"success"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		panic(err)
	}
	out, err := wire.AppendData(nil, http.StatusOK, change(answer.Success.Data.Signed.Message))
	if err != nil {
		panic(err)
	}
	return out
}

// spoil gives the fault to the first count nodes and rebuilds the committee where that is part of it.
func (net *memoryNetwork) spoil(t testing.TB, f fault, count int) {
	t.Helper()
	members := make([]committee.Member, len(net.nodes))
	for i, n := range net.nodes {
		switch {
		case i >= count:
		case f.dead != nil:
			f.dead(n)
		case f.front != nil:
			n.put(func(honest http.Handler) http.Handler { return f.front(n, honest) })
		}
		members[i] = n.member
	}
	com, err := committee.New(net.chain.members().Epoch(), net.chain.members().Shards(), members)
	if err != nil {
		t.Fatal(err)
	}
	net.chain.mu.Lock()
	net.chain.com = com
	net.chain.mu.Unlock()
}

// TestFaultyNodes: with nodes of no more than f shards bad in any one way, whatever was stored before
// reads back, and what is stored now is certified by the others.
func TestFaultyNodes(t *testing.T) {
	t.Parallel()
	const nodes, shards, bad = 7, 28, 2 // 8 of 28 shards, where f is 9
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			net := newNetwork(t, nodes, shards)
			data := randomBytes(1, 300_000)
			stored, err := net.newClient(t, hasty).Store(context.Background(), [][]byte{data}, &client.StoreOptions{Epochs: 1})
			if err != nil {
				t.Fatalf("while all is well: %v", err)
			}
			net.spoil(t, f, bad)
			c := net.newClient(t, hasty)
			for _, when := range []string{"not knowing the nodes", "knowing the nodes"} {
				got, err := c.ReadAll(context.Background(), stored[0].BlobID, &client.ReadOptions{Check: blob.Strict})
				if err != nil || !bytes.Equal(got, data) {
					t.Fatalf("read, %s: %d bytes, %v", when, len(got), err)
				}
			}
			again := [][]byte{randomBytes(2, 100_000)}
			stored, err = net.newClient(t, hasty).Store(context.Background(), again, &client.StoreOptions{Epochs: 1, Deletable: true})
			if err != nil {
				t.Fatalf("store: %v", err)
			}
			wantSigned(t, net, stored[0], f, bad)
		})
	}
}

// wantSigned checks who confirmed: everyone, if the fault allows it, and else the good nodes.
func wantSigned(t *testing.T, net *memoryNetwork, s client.Stored, f fault, bad int) {
	t.Helper()
	want := net.chain.members().Shards()
	if !f.signs {
		for i := range bad {
			want -= net.chain.members().Member(i).Weight()
		}
	}
	if s.Confirmed != want || s.Object == nil || s.Object.Certified == nil {
		t.Errorf("nodes of %d shards confirmed, want %d; lagging %v; object %+v", s.Confirmed, want, s.Lagging, s.Object)
	}
	for _, e := range s.Lagging {
		if int(e.Node[1]) >= bad {
			t.Errorf("good node is lagging: %v", e)
		}
	}
}

// TestTooManyFaultyNodes: when more is bad than can be borne, the error says so, and what is missing.
func TestTooManyFaultyNodes(t *testing.T) {
	t.Parallel()
	const nodes, shards = 7, 28 // quorum 19, so 3 nodes of 4 shards are too many; slivers 10, so 5 are
	for _, f := range faults {
		if f.signs && f.name != "corrupt slivers" {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			net := newNetwork(t, nodes, shards)
			data := [][]byte{randomBytes(1, 10_000)}
			stored, err := net.newClient(t, hasty).Store(context.Background(), data, &client.StoreOptions{Epochs: 1})
			if err != nil {
				t.Fatalf("while all is well: %v", err)
			}
			t.Run("store", func(t *testing.T) {
				if f.signs {
					t.Skip("the fault is of reads")
				}
				net.spoil(t, f, 3)
				results, err := net.newClient(t, hasty).Store(context.Background(), [][]byte{[]byte("x")}, &client.StoreOptions{Epochs: 1})
				wantShort(t, err, client.ErrNotEnoughConfirmations, 3, 28-12)
				var s *client.StoreError
				if !errors.As(err, &s) || s.Object == nil || *s.Object == (blob.ObjectID{}) || results[0].Err == nil || !strings.Contains(err.Error(), s.Object.String()) {
					t.Errorf("error without the registration that was paid for: %v", err)
				}
			})
			t.Run("read", func(t *testing.T) {
				if strings.Contains(f.name, "sign") || f.name == "says it has everything" {
					t.Skip("the fault is of writes")
				}
				net.spoil(t, f, nodes-2)
				got, err := net.newClient(t, hasty).ReadAll(context.Background(), stored[0].BlobID, nil)
				switch f.name {
				case "says not found":
					if !errors.Is(err, client.ErrNotFound) {
						t.Errorf("%d bytes, %v, want %v", len(got), err, client.ErrNotFound)
					}
				case "says blocked":
					if !errors.Is(err, client.ErrBlocked) {
						t.Errorf("%d bytes, %v, want %v", len(got), err, client.ErrBlocked)
					}
				default:
					wantShort(t, err, client.ErrNotEnoughSlivers, nodes-2, 8)
				}
			})
		})
	}
}

// wantShort checks the figures of a quorum error: of what kind, which nodes failed, what there was.
func wantShort(t *testing.T, err, kind error, bad, have int) {
	t.Helper()
	var q *client.QuorumError
	if !errors.Is(err, kind) || !errors.As(err, &q) {
		t.Fatalf("%v, want %v", err, kind)
	}
	if q.Have > have || q.Need <= have || len(q.Failed) == 0 || len(q.Failed) > bad {
		t.Errorf("have %d, need %d, %d nodes failed, want at most %d, more, 1 to %d: %v", q.Have, q.Need, len(q.Failed), have, bad, err)
	}
	for _, e := range q.Failed {
		if int(e.Node[1]) >= bad || len(e.Shards) == 0 || e.Err == nil {
			t.Errorf("failed node %v with shards %v: %v", e.Name, e.Shards, e.Err)
		}
	}
	if q.Hint() == "" {
		t.Error("no hint")
	}
}

// BenchmarkFaults shows what bad nodes of no more than f shards cost: what a store and a read take, and
// how many times as long that is as with good nodes at the same moment, of a client that meets the
// nodes for the first time (cold) and of one that knows them (warm).
func BenchmarkFaults(b *testing.B) {
	const nodes, shards, size = 10, 100, 8 << 20 // 3 bad nodes have 30 shards, f is 33
	for _, f := range faults {
		for _, op := range []string{"read-cold", "read-warm", "store-cold", "store-warm"} {
			b.Run(fmt.Sprintf("%s/%s", strings.ReplaceAll(f.name, " ", "-"), op), func(b *testing.B) {
				good := benchmarkFault(b, faults[0], op, nodes, shards, size)
				bad := benchmarkFault(b, f, op, nodes, shards, size)
				var took [2]time.Duration
				for b.Loop() {
					for i, run := range []func(){good, bad} {
						start := time.Now()
						run()
						took[i] += time.Since(start)
					}
				}
				each := took[1].Seconds() / float64(b.N)
				b.ReportMetric(each*1e3, "ms")
				b.ReportMetric(size/each/1e6, "MB/s")
				b.ReportMetric(took[1].Seconds()/took[0].Seconds(), "x/healthy")
				b.ReportMetric(0, "ns/op") // it would count both
			})
		}
	}
}

func benchmarkFault(b *testing.B, f fault, op string, nodes, shards, size int) func() {
	net := newNetwork(b, nodes, shards)
	patient := func(o *client.Options) { o.StallTimeout, o.RequestTimeout, o.TailBase = 0, 0, 0 } // as users have it
	seed := uint64(0)
	store := func(c *client.Client) blob.ID {
		seed++
		stored, err := c.Store(context.Background(), [][]byte{randomBytes(seed, size)}, &client.StoreOptions{Epochs: 1})
		if err != nil {
			b.Fatal(err)
		}
		return stored[0].BlobID
	}
	id := store(net.newClient(b, patient))
	net.spoil(b, f, 3)
	read := func(c *client.Client) {
		if _, err := c.ReadAll(context.Background(), id, nil); err != nil {
			b.Fatal(err)
		}
	}
	warm := net.newClient(b, patient)
	read(warm)
	switch op {
	case "read-cold":
		return func() { read(net.newClient(b, patient)) }
	case "read-warm":
		return func() { read(warm) }
	case "store-cold":
		return func() { store(net.newClient(b, patient)) }
	default:
		return func() { store(warm) }
	}
}
