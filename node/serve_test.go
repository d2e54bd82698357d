package node_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/node"
	"github.com/walrus-go/walrus/redstuff"
	"github.com/walrus-go/walrus/store"
	"github.com/walrus-go/walrus/wire"
)

// A server is a node on a loopback port.
type server struct {
	url     string
	tls     *tls.Config
	chain   *chaintest.Chain
	metrics *prometheus.Registry
	done    chan error
	stop    context.CancelFunc
}

func serve(t *testing.T, limits node.Limits) *server {
	t.Helper()
	s := &server{chain: chaintest.New(t, &chaintest.Options{Shards: shards}), metrics: prometheus.NewRegistry(), done: make(chan error, 1)}
	key, err := wire.GenerateNetworkKey()
	check(t, err)
	s.tls, err = wire.ClientTLS(wire.NetworkKeyOf(&key.PublicKey))
	check(t, err)
	me := s.chain.Nodes[0]
	n, err := node.New(node.Options{
		ID: me.ID, Key: me.Secret, NetworkKey: key, PublicHost: "127.0.0.1", Chain: "test", Ledger: s.chain.Client(),
		Dir: "node", Store: &store.Options{FS: vfs.NewMem(), Create: true, Logger: slog.New(slog.DiscardHandler)},
		Logger: slog.New(slog.DiscardHandler), Metrics: s.metrics, Limits: limits,
	})
	check(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	s.url = "https://" + l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		s.done <- n.Serve(ctx, l)
	}()
	t.Cleanup(func() {
		cancel()
		<-finished
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	<-n.Ready()
	return s
}

// client speaks the given protocol.
func (s *server) client(t *testing.T, http2 bool) *http.Client {
	t.Helper()
	p := new(http.Protocols)
	p.SetHTTP1(!http2)
	p.SetHTTP2(http2)
	transport := &http.Transport{TLSClientConfig: s.tls.Clone(), Protocols: p}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestServe(t *testing.T) {
	t.Parallel()
	s := serve(t, node.Limits{})
	f := newFile(t, 1, 200_000)
	_, err := s.chain.Wallet(0).Register(t.Context(), []ledger.Registration{{BlobID: f.id, RootHash: f.metadata.Root(), Size: 200_000, Epochs: 1}})
	check(t, err)
	c, err := s.chain.Client().Committees(t.Context())
	check(t, err)
	i, _ := c.Current.Find(s.chain.Nodes[0].ID)
	for k, http2 := range []bool{false, true} {
		client := s.client(t, http2)
		put := func(path string, body []byte) {
			t.Helper()
			r, err := http.NewRequestWithContext(t.Context(), "PUT", s.url+path, bytes.NewReader(body))
			check(t, err)
			resp, err := client.Do(r)
			check(t, err)
			defer resp.Body.Close()
			if want := 1 + k; resp.ProtoMajor != want || wire.ReadData(resp, nil) != nil {
				t.Fatalf("PUT %s: %s over %s, want HTTP/%d", path, resp.Status, resp.Proto, want)
			}
		}
		get := func(path string) []byte {
			t.Helper()
			resp, err := client.Get(s.url + path)
			check(t, err)
			defer resp.Body.Close()
			body, err := wire.ReadBCS(resp, 1<<20)
			check(t, err)
			return body
		}
		put(wire.Pending(wire.MetadataPath(f.id)), f.metadata.AppendBCS(nil))
		for _, shard := range c.Current.Member(i).Shards {
			pair := f.pair(shard)
			for _, axis := range axes {
				put(wire.Pending(wire.SliverPath(f.id, pair, axis)), f.sliver(pair, axis))
			}
		}
		resp, err := client.Get(s.url + wire.ConfirmationPath(f.id, nil, 5*time.Second))
		check(t, err)
		var confirmation wire.Confirmation
		check(t, wire.ReadData(resp, &confirmation))
		check(t, resp.Body.Close())
		pair := f.pair(c.Current.Member(i).Shards[0])
		if got := get(wire.SliverPath(f.id, pair, redstuff.Secondary)); !bytes.Equal(got, f.sliver(pair, redstuff.Secondary)) {
			t.Errorf("a sliver comes back as %d other bytes", len(got))
		}
		// A body that is refused unread breaks neither the answer nor the next request.
		r, err := http.NewRequestWithContext(t.Context(), "PUT", s.url+wire.MetadataPath(blob.ID{7}), bytes.NewReader(make([]byte, 1<<20)))
		check(t, err)
		resp, err = client.Do(r)
		check(t, err)
		if err := wire.ReadData(resp, nil); !errors.Is(err, wire.ErrNotRegistered) {
			t.Errorf("unregistered: %v", err)
		}
		check(t, resp.Body.Close())
	}
	if n := s.gathered(t, "http_server_request_duration_seconds"); n == 0 {
		t.Error("requests are not measured")
	}
}

// gathered returns how many series a metric has.
func (s *server) gathered(t *testing.T, name string) int {
	t.Helper()
	families, err := s.metrics.Gather()
	check(t, err)
	for _, f := range families {
		if f.GetName() == name {
			return len(f.GetMetric())
		}
	}
	return 0
}

// active returns how many requests are being served.
func (s *server) active(t *testing.T) float64 {
	t.Helper()
	families, err := s.metrics.Gather()
	check(t, err)
	for _, f := range families {
		if f.GetName() == "http_server_active_requests" {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	return 0
}

// TestStop ends a server while a caller waits for a registration.
func TestStop(t *testing.T) {
	t.Parallel()
	for _, http2 := range []bool{false, true} {
		s := serve(t, node.Limits{Wait: time.Hour, Grace: time.Hour})
		client := s.client(t, http2)
		answered := make(chan error, 1)
		go func() {
			resp, err := client.Get(s.url + wire.ConfirmationPath(blob.ID{1}, nil, time.Hour))
			if err != nil {
				answered <- err
				return
			}
			defer resp.Body.Close()
			answered <- wire.ReadData(resp, nil)
		}()
		eventually(t, "the request waits", func() bool { return s.active(t) == 1 })
		s.stop()
		if err := <-answered; !errors.Is(err, wire.ErrNotRegistered) {
			t.Errorf("HTTP/2 %v: the one who waited hears %v", http2, err)
		}
		if err := <-s.done; err != nil {
			t.Errorf("HTTP/2 %v: serving ends with %v", http2, err)
		}
		s.done <- nil
	}
}

// TestNoise is what ports on the Internet hear.
func TestNoise(t *testing.T) {
	t.Parallel()
	s := serve(t, node.Limits{})
	addr := strings.TrimPrefix(s.url, "https://")
	for _, noise := range []string{"", "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\xff\xff", "SSH-2.0-x\r\n", strings.Repeat("\x00", 5000)} {
		c, err := net.Dial("tcp", addr)
		check(t, err)
		_, err = io.WriteString(c, noise)
		check(t, err)
		check(t, c.Close())
	}
	for _, noise := range []string{strings.Repeat("GARBAGE ", 9) + "\r\n\r\n", "GET /" + strings.Repeat("a", 100_000) + " HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + strings.Repeat("\xff", 100)} {
		c, err := tls.Dial("tcp", addr, s.tls)
		check(t, err)
		_, err = io.WriteString(c, noise)
		check(t, err)
		check(t, c.SetReadDeadline(time.Now().Add(30*time.Second)))
		if _, err := io.ReadAll(io.LimitReader(c, 1<<16)); errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%.20q leaves the connection open", noise)
		}
		_ = c.Close() // it may be closed by the other side
	}
	resp, err := s.client(t, true).Get(s.url + "/readyz")
	check(t, err)
	defer resp.Body.Close()
	check(t, wire.ReadData(resp, nil))
}
