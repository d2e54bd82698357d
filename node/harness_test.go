package node_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/node"
	"github.com/walrus-go/walrus/redstuff"
	"github.com/walrus-go/walrus/store"
	"github.com/walrus-go/walrus/wire"
)

const shards = 10

var axes = []redstuff.Axis{redstuff.Primary, redstuff.Secondary}

// A world is a chain and one of its nodes. The others exist on the chain alone.
type world struct {
	t         testing.TB
	chain     *chaintest.Chain
	ledger    node.Ledger
	committee *committee.Committee
	disk      vfs.FS
	limits    node.Limits
	broken    bool // the disk fails, so the node may end with store.ErrFailed
	*node.Node
	stop func()
}

func newWorld(t testing.TB, limits node.Limits) *world {
	t.Helper()
	return newWorldOn(t, limits, vfs.NewMem())
}

// newWorldOn is newWorld with a disk for the node.
func newWorldOn(t testing.TB, limits node.Limits, disk vfs.FS) *world {
	t.Helper()
	chain := chaintest.New(t, &chaintest.Options{Shards: shards})
	c, err := chain.Client().Committees(t.Context())
	check(t, err)
	w := &world{t: t, chain: chain, ledger: chain.Client(), committee: c.Current, disk: disk, limits: limits}
	w.start()
	t.Cleanup(func() { w.stop() })
	return w
}

// me is the node of the world.
func (w *world) me() chaintest.Node { return w.chain.Nodes[0] }

// member is what the committee says of it.
func (w *world) member() *committee.Member {
	i, ok := w.committee.Find(w.me().ID)
	if !ok {
		w.t.Fatal("the node is not in the committee")
	}
	return w.committee.Member(i)
}

// start starts the node on the world's disk and waits until it is ready.
func (w *world) start() {
	w.t.Helper()
	done := w.launch()
	select {
	case <-w.Ready():
	case err := <-done:
		w.t.Fatalf("the node does not start: %v", err)
	}
}

// launch starts the node on the world's disk, and returns what it may end with.
func (w *world) launch() <-chan error {
	w.t.Helper()
	key, err := wire.GenerateNetworkKey()
	check(w.t, err)
	quiet := slog.New(slog.DiscardHandler)
	w.Node, err = node.New(node.Options{
		ID: w.me().ID, Key: w.me().Secret, NetworkKey: key, Chain: "test", Ledger: w.ledger, Limits: w.limits,
		Dir: "node", Store: &store.Options{FS: w.disk, Create: true, Inline: 100}, Logger: quiet,
	})
	check(w.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Follow(ctx) }()
	n := w.Node
	stopped := false
	w.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		fine := func(err error) bool { return err == nil || w.broken && errors.Is(err, store.ErrFailed) }
		if err := <-done; !fine(err) {
			w.t.Errorf("following the chain: %v", err)
		}
		if err := n.Close(); !fine(err) {
			w.t.Error(err)
		}
	}
	return done
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits for what happens in the background.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("in vain waiting until %s", what)
		}
	}
}

// A file is a blob and what its writer computes.
type file struct {
	data     []byte
	encoding *redstuff.Encoding
	metadata *blob.Metadata
	id       blob.ID
}

func newFile(t testing.TB, seed byte, size int) *file {
	t.Helper()
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i*i>>7) ^ byte(i) ^ seed
	}
	encoding, metadata, id, err := blob.New(data, shards, nil)
	check(t, err)
	return &file{data, encoding, metadata, id}
}

// sliver returns the bytes of a sliver.
func (f *file) sliver(pair int, axis redstuff.Axis) []byte {
	i := blob.PairIndex(pair).Sliver(axis, shards)
	return blob.NewSliver(f.encoding, axis, i).AppendBCS(nil)
}

// pair returns the sliver pair that belongs on a shard.
func (f *file) pair(shard committee.Shard) int { return int(f.id.Pair(blob.Shard(shard), shards)) }

// mine returns the sliver pairs of the world's node, and one that is another's.
func (w *world) mine(f *file) (pairs []int, other int) {
	owned := map[int]bool{}
	for _, shard := range w.member().Shards {
		pairs = append(pairs, f.pair(shard))
		owned[f.pair(shard)] = true
	}
	for other = 0; owned[other]; other++ {
	}
	return pairs, other
}

// register buys space for a file and returns the object.
func (w *world) register(f *file, deletable bool) ledger.Blob {
	w.t.Helper()
	blobs, err := w.chain.Wallet(0).Register(w.t.Context(), []ledger.Registration{{
		BlobID: f.id, RootHash: f.metadata.Root(), Size: uint64(len(f.data)), Deletable: deletable, Epochs: 3,
	}})
	check(w.t, err)
	return blobs[0]
}

// caughtUp waits until the node has handled the whole log.
func (w *world) caughtUp() {
	w.t.Helper()
	eventually(w.t, "the log is handled", func() bool {
		var h wire.Health
		w.data("GET", wire.HealthPath(false), nil, http.StatusOK, &h)
		events, err := w.ledger.Events(w.t.Context(), h.Events.Persisted, 1)
		check(w.t, err)
		return len(events) == 0
	})
}

// do sends a request straight to the handler.
func (w *world) do(method, path string, body []byte) *http.Response {
	w.t.Helper()
	var r io.Reader
	if body != nil {
		r = bytes.NewReader(body)
	}
	return w.send(httptest.NewRequest(method, path, r))
}

func (w *world) send(r *http.Request) *http.Response {
	rec := httptest.NewRecorder()
	w.Handler().ServeHTTP(rec, r)
	return rec.Result()
}

// data wants a JSON answer of the given status.
func (w *world) data(method, path string, body []byte, status int, v any) {
	w.t.Helper()
	resp := w.do(method, path, body)
	if err := wire.ReadData(resp, v); err != nil || resp.StatusCode != status {
		w.t.Fatalf("%s %s: status %d, %v; want %d", method, path, resp.StatusCode, err, status)
	}
}

// bytes wants a raw answer.
func (w *world) bytes(path string) []byte {
	w.t.Helper()
	resp := w.do("GET", path, nil)
	b, err := wire.ReadBCS(resp, 1<<30)
	if err != nil || resp.Header.Get("Content-Type") != wire.ContentBCS {
		w.t.Fatalf("GET %s: %s, %v", path, resp.Header.Get("Content-Type"), err)
	}
	return b
}

// refused wants an error of the API, with the envelope that goes with it.
func (w *world) refused(r *http.Request, want error) {
	w.t.Helper()
	if err := refusal(w.send(r), want); err != nil {
		w.t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
}

func refusal(resp *http.Response, want error) error {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	var env struct {
		Error struct {
			Code    int    `json:"code"`
			Status  string `json:"status"`
			Message string `json:"message"`
			Details []struct {
				Reason string `json:"reason"`
			} `json:"details"`
		} `json:"error"`
	}
	if err := json.Unmarshal(body, &env); err != nil {
		return fmt.Errorf("status %d, no envelope: %q", resp.StatusCode, body)
	}
	e := env.Error
	if len(e.Details) == 0 || e.Code != resp.StatusCode || resp.StatusCode != wire.Status(want) || e.Details[0].Reason != wire.Reason(want) {
		return fmt.Errorf("status %d, %s; want %d %s", resp.StatusCode, body, wire.Status(want), wire.Reason(want))
	}
	if resp.Header.Get("Access-Control-Allow-Origin") != "*" {
		return fmt.Errorf("no CORS header on the error")
	}
	return nil
}

// upload sends a file's metadata and the node's slivers, and wants the given status for each.
func (w *world) upload(f *file, pending bool, status int) {
	w.t.Helper()
	as := func(path string) string {
		if pending {
			return wire.Pending(path)
		}
		return path
	}
	w.data("PUT", as(wire.MetadataPath(f.id)), f.metadata.AppendBCS(nil), status, nil)
	pairs, _ := w.mine(f)
	for _, pair := range pairs {
		for _, axis := range axes {
			w.data("PUT", as(wire.SliverPath(f.id, pair, axis)), f.sliver(pair, axis), status, nil)
		}
	}
}

// stored wants a file's metadata and slivers to come back.
func (w *world) stored(f *file) {
	w.t.Helper()
	if got := w.bytes(wire.MetadataPath(f.id)); !bytes.Equal(got, f.metadata.AppendBCSWithID(nil, f.id)) {
		w.t.Errorf("metadata of blob %v comes back as %x", f.id, got)
	}
	pairs, _ := w.mine(f)
	for _, pair := range pairs {
		for _, axis := range axes {
			if got := w.bytes(wire.SliverPath(f.id, pair, axis)); !bytes.Equal(got, f.sliver(pair, axis)) {
				w.t.Errorf("%v sliver of pair %d comes back as %d other bytes", axis, pair, len(got))
			}
		}
	}
}

// confirmed wants a confirmation that verifies.
func (w *world) confirmed(f *file, object *blob.ObjectID, wait time.Duration) {
	w.t.Helper()
	var c wire.Confirmation
	w.data("GET", wire.ConfirmationPath(f.id, object, wait), nil, http.StatusOK, &c)
	want := attest.Confirmation{Epoch: w.committee.Epoch(), Blob: f.id, Object: object}.Message()
	if !bytes.Equal(c.Signed.Message, want) {
		w.t.Fatalf("signed %x, want %x", c.Signed.Message, want)
	}
	sig, err := bls.ParseSignature(c.Signed.Signature)
	check(w.t, err)
	check(w.t, w.member().Key.Verify(want, sig))
}
