package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/testnet"
	"github.com/walrus-go/walrus/wire"
)

// detours is a view of the chain in which some nodes are reached through somebody who changes what
// they say. Everything behind is real: chain, certificates, nodes, their stores.
type detours struct {
	ledger.Reader
	change func([]committee.Member)
}

func (d *detours) Committees(ctx context.Context) (ledger.Committees, error) {
	c, err := d.Reader.Committees(ctx)
	if err != nil {
		return c, err
	}
	members := slices.Clone(c.Current.Members())
	d.change(members)
	c.Current, err = committee.New(c.Current.Epoch(), c.Current.Shards(), members)
	return c, err
}

// detour starts a server with a key of its own that passes requests on to the member, and what front
// makes of them, and changes the member to be reached that way.
func detour(t *testing.T, m *committee.Member, front func(http.Handler) http.Handler) {
	t.Helper()
	pinned, err := wire.ClientTLS(m.NetworkKey)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: pinned, ForceAttemptHTTP2: true}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "https", Host: m.Address})
	proxy.Transport = transport
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	key, err := wire.GenerateNetworkKey()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := wire.NewCertificate(key, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: front(proxy), Protocols: wire.Protocols(), ErrorLog: log.New(io.Discard, "", 0)}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_ = server.Serve(wire.NewListener(listener, wire.ServerTLS(cert))) // always ends with an error: closed
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-stopped
		transport.CloseIdleConnections()
	})
	m.Address, m.NetworkKey = listener.Addr().String(), wire.NetworkKeyOf(&key.PublicKey)
}

// TestOnRealNetwork repeats the heart of the tests here against the real chain and real nodes: lying
// and silent nodes first, then nodes that are down, up to f shards of them and beyond.
func TestOnRealNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a network")
	}
	t.Parallel()
	network := testnet.Start(t, testnet.Options{Nodes: 7, Shards: 28}) // f is 9, quorum 19: 2 nodes may fail, 3 may not
	wallet, err := network.WalletOf(testnet.WalletKey)
	if err != nil {
		t.Fatal(err)
	}
	opts := &client.Options{
		Wallet: wallet, TailBase: 10 * time.Second, StallTimeout: 3 * time.Second, RequestTimeout: 10 * time.Second,
		Backoff: client.Backoff{Min: 20 * time.Millisecond, Max: time.Second, Retries: 3},
	}
	honest := mustNew(t, network.Ledger(), opts)
	data := randomBytes(1, 2<<20)
	first := mustStore(t, honest, client.StoreOptions{Epochs: 2}, data)[0]
	for i, f := range faults {
		if slices.Contains([]string{
			"healthy", "corrupt slivers", "wrong metadata", "never answers", "slow drip", "endless body", "garbage", "signature of another key", "hangs up",
		}, f.name) {
			t.Run(f.name, func(t *testing.T) {
				testDetour(t, network, opts, f, first.BlobID, data, randomBytes(uint64(100+i), 100_000))
			})
		}
	}
	t.Run("down", func(t *testing.T) { testStopped(t, network, opts, first, data) })
}

// testDetour lets two of the nodes have the fault, reads what is there and stores what is fresh.
func testDetour(t *testing.T, network *testnet.Network, opts *client.Options, f fault, old blob.ID, data, fresh []byte) {
	bad := map[committee.NodeID]committee.Member{}
	reader := &detours{Reader: network.Ledger(), change: func(members []committee.Member) {
		for i := range members[:2] {
			m, known := bad[members[i].ID]
			if !known && f.front != nil {
				m = members[i]
				detour(t, &m, func(h http.Handler) http.Handler { return f.front(new(memoryNode), h) })
				bad[m.ID] = m
			}
			if f.front != nil {
				members[i] = m
			}
		}
	}}
	c := mustNew(t, reader, opts)
	got, err := c.ReadAll(t.Context(), old, nil)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
	s := mustStore(t, c, client.StoreOptions{Epochs: 1, Deletable: true}, fresh)[0]
	want := 28
	if !f.signs {
		want = 20
	}
	if s.Confirmed != want {
		t.Errorf("nodes of %d shards confirmed, want %d: %v", s.Confirmed, want, s.Lagging)
	}
	eventually(t, "nodes have seen the certificate", func() bool {
		status, err := c.Status(t.Context(), s.BlobID)
		if err != nil {
			t.Errorf("status: %v", err)
		}
		return err != nil || status.IsCertified()
	})
	got, err = c.ReadAll(t.Context(), s.BlobID, &client.ReadOptions{Check: blob.Strict})
	if err != nil || !bytes.Equal(got, fresh) {
		t.Errorf("read of what was just stored: %d bytes, %v", len(got), err)
	}
}

// testStopped stops one node after the other.
func testStopped(t *testing.T, network *testnet.Network, opts *client.Options, old client.Stored, data []byte) {
	for down := 1; down <= 5; down++ {
		if err := network.StopNode(down - 1); err != nil {
			t.Fatal(err)
		}
		c := mustNew(t, network.Ledger(), opts)
		got, err := c.ReadAll(t.Context(), old.BlobID, nil)
		if down <= 4 && (err != nil || !bytes.Equal(got, data)) { // 12 of 28 shards are left, 10 are needed
			t.Errorf("%d nodes down: read %d bytes, %v", down, len(got), err)
		}
		if down == 5 {
			wantStopped(t, err, client.ErrNotEnoughSlivers, 5)
		}
		if down == 4 {
			continue
		}
		stored, err := c.Store(t.Context(), [][]byte{randomBytes(uint64(down), 5000+down)}, &client.StoreOptions{Epochs: 1})
		if down <= 2 && (err != nil || stored[0].Confirmed != 28-4*down) {
			t.Errorf("%d nodes down: store: %+v, %v", down, stored, err)
		}
		if down > 2 {
			wantStopped(t, err, client.ErrNotEnoughConfirmations, down)
		}
	}
}

// wantStopped checks that an error names nodes that are down, and their shards.
func wantStopped(t *testing.T, err, kind error, down int) {
	t.Helper()
	var q *client.QuorumError
	if !errors.Is(err, kind) || !errors.As(err, &q) {
		t.Errorf("%d nodes down: %v, want %v", down, err, kind)
		return
	}
	if q.Have >= q.Need || len(q.Failed) == 0 || len(q.Failed) > down {
		t.Errorf("%d nodes down: have %d, need %d, failed %v", down, q.Have, q.Need, q.Failed)
	}
}

// BenchmarkNetwork stores and reads on a real network in this process: everything a user waits for,
// with client, chain and all nodes sharing this machine's processors.
func BenchmarkNetwork(b *testing.B) {
	for _, size := range []struct{ nodes, shards int }{{10, 100}, {20, 1000}} {
		b.Run(fmt.Sprintf("shards=%d", size.shards), func(b *testing.B) {
			network := testnet.Start(b, testnet.Options{Nodes: size.nodes, Shards: size.shards})
			c, err := network.Client(nil)
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(c.Close)
			for _, bytes := range []int{1 << 10, 1 << 20, 50 << 20} {
				benchmarkNetwork(b, c, bytes)
			}
		})
	}
}

func benchmarkNetwork(b *testing.B, c *client.Client, size int) {
	var id blob.ID
	seed := uint64(size)
	b.Run(fmt.Sprintf("store/bytes=%d", size), func(b *testing.B) {
		b.SetBytes(int64(size))
		for b.Loop() {
			b.StopTimer()
			seed++
			data := randomBytes(seed, size)
			b.StartTimer()
			stored, err := c.Store(b.Context(), [][]byte{data}, &client.StoreOptions{Epochs: 1, Deletable: true})
			if err != nil {
				b.Fatal(err)
			}
			id = stored[0].BlobID
		}
	})
	b.Run(fmt.Sprintf("read/bytes=%d", size), func(b *testing.B) {
		b.SetBytes(int64(size))
		for b.Loop() {
			if _, err := c.ReadAll(b.Context(), id, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
