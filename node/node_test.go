package node_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/bcs"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
	"github.com/walrus-go/walrus/node"
	"github.com/walrus-go/walrus/redstuff"
	"github.com/walrus-go/walrus/store"
	"github.com/walrus-go/walrus/wire"
)

func TestUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t, node.Limits{})
	for i, size := range []int{0, 1, 5000} {
		f := newFile(t, byte(i), size)
		w.register(f, false)
		w.caughtUp()
		w.upload(f, false, http.StatusCreated)
		w.upload(f, false, http.StatusOK)
		w.stored(f)
		w.confirmed(f, nil, 0)
	}
}

func TestUploadDeletable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, node.Limits{})
	f, other := newFile(t, 1, 3000), newFile(t, 2, 3000)
	object, stranger := w.register(f, true).ID, w.register(other, true).ID
	permanent := w.register(f, false).ID
	w.caughtUp()
	w.upload(f, false, http.StatusCreated)
	w.confirmed(f, &object, 0)
	for what, id := range map[string]blob.ObjectID{"another blob's": stranger, "a permanent": permanent, "no": {7}} {
		t.Run(what+" object", func(t *testing.T) {
			w.refused(httptest.NewRequest("GET", wire.ConfirmationPath(f.id, &id, 0), nil), wire.ErrNotRegistered)
		})
	}
}

func TestUploadBeforeRegistration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, node.Limits{Wait: time.Minute})
	f := newFile(t, 1, 3000)
	w.upload(f, true, http.StatusAccepted)
	w.upload(f, true, http.StatusOK)
	var s wire.StoredOnNode
	pairs, _ := w.mine(f)
	for _, path := range []string{wire.MetadataStatusPath(f.id), wire.SliverStatusPath(f.id, pairs[0], redstuff.Primary)} {
		if w.data("GET", path, nil, http.StatusOK, &s); s != wire.Buffered {
			t.Errorf("%s: %v", path, s)
		}
	}
	w.refused(httptest.NewRequest("GET", wire.MetadataPath(f.id), nil), wire.ErrMetadataNotFound)
	w.refused(httptest.NewRequest("GET", wire.ConfirmationPath(f.id, nil, 0), nil), wire.ErrNotRegistered)
	// The answer waits for the registration.
	registered := make(chan struct{})
	go func() {
		defer close(registered)
		w.register(f, false)
	}()
	w.confirmed(f, nil, time.Minute)
	<-registered
	w.stored(f)
	if w.data("GET", wire.MetadataStatusPath(f.id), nil, http.StatusOK, &s); s != wire.Stored {
		t.Errorf("metadata is %v", s)
	}
}

func TestUploadsWaitForASecondRegistration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, node.Limits{Wait: time.Minute})
	f := newFile(t, 1, 3000)
	w.register(f, false)
	w.caughtUp()
	w.upload(f, false, http.StatusCreated)
	done := make(chan ledger.Blob, 1)
	ids := make(chan blob.ObjectID, 1)
	go func() {
		b := w.register(f, true)
		ids <- b.ID
		done <- b
	}()
	// A confirmation for the object may be asked for before the node knows of it.
	object := <-ids
	w.confirmed(f, &object, time.Minute)
	<-done
}

func TestUploadsExpire(t *testing.T) {
	t.Parallel()
	w := newWorld(t, node.Limits{PendingLife: time.Nanosecond})
	f := newFile(t, 1, 3000)
	w.data("PUT", wire.Pending(wire.MetadataPath(f.id)), f.metadata.AppendBCS(nil), http.StatusAccepted, nil)
	eventually(t, "the upload expires", func() bool {
		var s wire.StoredOnNode
		w.data("GET", wire.MetadataStatusPath(f.id), nil, http.StatusOK, &s)
		return s == wire.Nonexistent
	})
	pairs, _ := w.mine(f)
	w.refused(httptest.NewRequest("PUT", wire.Pending(wire.SliverPath(f.id, pairs[0], redstuff.Primary)), nil), wire.ErrMetadataFirst)
}

func TestUploadsSaturate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, node.Limits{Pending: 3000})
	f, g := newFile(t, 1, 3000), newFile(t, 2, 3000)
	w.data("PUT", wire.Pending(wire.MetadataPath(f.id)), f.metadata.AppendBCS(nil), http.StatusAccepted, nil)
	saturated := false
	pairs, _ := w.mine(f)
	for _, pair := range pairs {
		for _, axis := range axes {
			resp := w.do("PUT", wire.Pending(wire.SliverPath(f.id, pair, axis)), f.sliver(pair, axis))
			saturated = saturated || resp.StatusCode == wire.Status(wire.ErrCacheSaturated)
		}
	}
	if !saturated {
		t.Error("uploads of any size wait")
	}
	body := &counter{}
	w.refused(httptest.NewRequest("PUT", wire.Pending(wire.MetadataPath(g.id)), body), wire.ErrCacheSaturated)
	if body.read.Load() > 0 {
		t.Error("the body was read all the same")
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, node.Limits{})
	f, g := newFile(t, 1, 3000), newFile(t, 2, 3000)
	w.register(f, false)
	w.caughtUp()
	w.upload(f, false, http.StatusCreated)
	var before, after wire.Health
	w.data("GET", wire.HealthPath(false), nil, http.StatusOK, &before)
	w.stop()
	w.register(g, false)
	w.start()
	w.stored(f)
	w.caughtUp()
	w.data("GET", wire.HealthPath(false), nil, http.StatusOK, &after)
	if before.Events.Persisted == 0 || after.Events.Persisted <= before.Events.Persisted {
		t.Errorf("the cursor went from %d to %d", before.Events.Persisted, after.Events.Persisted)
	}
	w.upload(g, false, http.StatusCreated)
	w.confirmed(f, nil, 0)
	w.confirmed(g, nil, 0)
}

func TestDelete(t *testing.T) {
	t.Parallel()
	w := newWorld(t, node.Limits{})
	f := newFile(t, 1, 3000)
	first, second := w.register(f, true).ID, w.register(f, true).ID
	w.caughtUp()
	w.upload(f, false, http.StatusCreated)
	_, err := w.chain.Wallet(0).Delete(t.Context(), []blob.ObjectID{first})
	check(t, err)
	w.caughtUp()
	w.stored(f)
	w.refused(httptest.NewRequest("GET", wire.ConfirmationPath(f.id, &first, 0), nil), wire.ErrNotRegistered)
	w.confirmed(f, &second, 0)
	_, err = w.chain.Wallet(0).Delete(t.Context(), []blob.ObjectID{second})
	check(t, err)
	w.caughtUp()
	pairs, _ := w.mine(f)
	w.refused(httptest.NewRequest("GET", wire.MetadataPath(f.id), nil), wire.ErrMetadataNotFound)
	w.refused(httptest.NewRequest("GET", wire.SliverPath(f.id, pairs[0], redstuff.Primary), nil), wire.ErrSliverNotFound)
	var s wire.StoredOnNode
	if w.data("GET", wire.SliverStatusPath(f.id, pairs[0], redstuff.Primary), nil, http.StatusOK, &s); s != wire.Nonexistent {
		t.Errorf("a sliver of a deleted blob is %v", s)
	}
	// The same blob can come back.
	w.register(f, false)
	w.caughtUp()
	w.upload(f, false, http.StatusCreated)
	w.confirmed(f, nil, 0)
}

// What nodes have agreed to drop is gone, is refused to those who ask for it and to those who bring it again, and
// the node says so.
func TestDeniedBlobs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, node.Limits{})
	f, other := newFile(t, 1, 3000), newFile(t, 2, 3000)
	for _, f := range []*file{f, other} {
		w.register(f, false)
		w.caughtUp()
		w.upload(f, false, http.StatusCreated)
	}
	// A message of version 0 of application 3, as spec: control-plane.md section 4.3 has it.
	message := binary.LittleEndian.AppendUint32([]byte{byte(attest.TypeDenyListDeleted), 0, 3}, uint32(w.committee.Epoch()))
	a, err := w.chain.Certify(w.committee, append(message, f.id[:]...))
	check(t, err)
	sender := w.chain.Wallet(0)
	m := &blobv1.MsgDeleteDenyListedBlob{
		Sender: sender.Address().String(), Certificate: blobv1.Certificate{Message: a.Message, Signers: a.Signers, Signature: a.Signature},
	}
	check(t, sender.Execute(t.Context(), 1_000_000, m, &blobv1.MsgDeleteDenyListedBlobResponse{}))
	w.caughtUp()
	pairs, _ := w.mine(f)
	for range 2 { // the second time after a restart
		for _, request := range []struct {
			method, path string
			body         []byte
		}{
			{"GET", wire.MetadataPath(f.id), nil},
			{"GET", wire.SliverPath(f.id, pairs[0], redstuff.Primary), nil},
			{"GET", wire.ConfirmationPath(f.id, nil, 0), nil},
			{"PUT", wire.MetadataPath(f.id), f.metadata.AppendBCS(nil)},
			{"PUT", wire.Pending(wire.MetadataPath(f.id)), f.metadata.AppendBCS(nil)},
			{"PUT", wire.SliverPath(f.id, pairs[0], redstuff.Primary), f.sliver(pairs[0], redstuff.Primary)},
		} {
			w.refused(httptest.NewRequest(request.method, request.path, bytes.NewReader(request.body)), wire.ErrForbidden)
		}
		var stored wire.StoredOnNode
		w.data("GET", wire.MetadataStatusPath(f.id), nil, http.StatusOK, &stored)
		if stored != wire.Nonexistent {
			t.Errorf("metadata: %v", stored)
		}
		w.stored(other)
		w.stop()
		w.start()
	}
}

func TestPools(t *testing.T) {
	t.Parallel()
	w := newWorld(t, node.Limits{Wait: time.Minute})
	wallet := w.chain.Wallet(0)
	pool, err := wallet.CreatePool(t.Context(), 100<<20, 2)
	check(t, err)
	f, g := newFile(t, 1, 3000), newFile(t, 2, 3000)
	// Uploads wait for the pool as for any other registration.
	w.upload(f, true, http.StatusAccepted)
	blobs, err := wallet.RegisterPooled(t.Context(), pool.ID, []rpc.PooledRegistration{
		{BlobID: f.id, RootHash: f.metadata.Root(), Size: 3000, Deletable: true},
		{BlobID: g.id, RootHash: g.metadata.Root(), Size: 3000},
	})
	check(t, err)
	w.confirmed(f, &blobs[0].ID, time.Minute)
	w.upload(g, false, http.StatusCreated)
	w.confirmed(g, nil, 0)
	w.refused(httptest.NewRequest("GET", wire.ConfirmationPath(g.id, &blobs[1].ID, 0), nil), wire.ErrNotRegistered)
	w.refused(httptest.NewRequest("GET", wire.ConfirmationPath(g.id, &blobs[0].ID, 0), nil), wire.ErrNotRegistered)
	end, err := wallet.ExtendPool(t.Context(), pool.ID, 1)
	check(t, err)
	w.caughtUp()
	w.stop()
	s, err := store.Open("node", store.Identity{Chain: "test", Node: w.me().ID}, &store.Options{FS: w.disk})
	check(t, err)
	if o, err := s.Object(blobs[1].ID); err != nil || o.End != end || !o.RegisteredAt(end-1) || o.RegisteredAt(end) {
		t.Errorf("extended to %d, recorded as %+v, %v", end, o, err)
	}
	check(t, s.Close())
	w.start()
	check(t, wallet.DeletePooled(t.Context(), pool.ID, []blob.ID{f.id}))
	w.caughtUp()
	w.refused(httptest.NewRequest("GET", wire.MetadataPath(f.id), nil), wire.ErrMetadataNotFound)
	w.refused(httptest.NewRequest("GET", wire.ConfirmationPath(f.id, &blobs[0].ID, 0), nil), wire.ErrNotRegistered)
	w.stored(g)
}

func TestStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t, node.Limits{})
	f := newFile(t, 1, 3000)
	want := func() {
		t.Helper()
		w.caughtUp()
		var got json.RawMessage
		w.data("GET", wire.StatusPath(f.id), nil, http.StatusOK, &got)
		// Every node says what the chain says, byte for byte.
		status, err := w.chain.Client().BlobStatus(t.Context(), f.id)
		check(t, err)
		raw, err := json.Marshal(status)
		check(t, err)
		if string(got) != string(raw) {
			t.Errorf("status %s, the chain's is %s", got, raw)
		}
	}
	want()
	deletable := w.register(f, true)
	want()
	permanent := w.register(f, false)
	want()
	var certs []ledger.Certification
	for object, name := range map[blob.ObjectID]*blob.ObjectID{deletable.ID: &deletable.ID, permanent.ID: nil} {
		c, err := w.chain.Certify(w.committee, attest.Confirmation{Epoch: w.committee.Epoch(), Blob: f.id, Object: name}.Message())
		check(t, err)
		certs = append(certs, ledger.Certification{Object: object, Certificate: c})
	}
	for _, c := range certs {
		check(t, w.chain.Wallet(0).Certify(t.Context(), []ledger.Certification{c}))
		want()
	}
	check(t, w.chain.Wallet(0).Extend(t.Context(), permanent.ID, 2))
	want()
}

// A later ledger is one whose committee is of a later epoch.
type later struct {
	node.Ledger
	by atomic.Uint32
}

func (l *later) Committees(ctx context.Context) (ledger.Committees, error) {
	c, err := l.Ledger.Committees(ctx)
	if err != nil || l.by.Load() == 0 {
		return c, err
	}
	c.Previous = c.Current
	c.Current, err = committee.New(c.Current.Epoch()+committee.Epoch(l.by.Load()), c.Current.Shards(), c.Current.Members())
	return c, err
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	w := newWorld(t, node.Limits{})
	f := newFile(t, 1, 3000)
	w.register(f, false)
	w.caughtUp()
	w.upload(f, false, http.StatusCreated)
	w.stop()
	l := &later{Ledger: w.ledger}
	l.by.Store(3) // registrations are for 3 epochs
	w.ledger = l
	w.start()
	pairs, _ := w.mine(f)
	w.refused(httptest.NewRequest("GET", wire.MetadataPath(f.id), nil), wire.ErrMetadataNotFound)
	w.refused(httptest.NewRequest("GET", wire.SliverPath(f.id, pairs[0], redstuff.Primary), nil), wire.ErrSliverNotFound)
	w.refused(httptest.NewRequest("GET", wire.ConfirmationPath(f.id, nil, 0), nil), wire.ErrNotRegistered)
	w.refused(httptest.NewRequest("GET", wire.SymbolsPath(f.id, wire.SymbolQuery{Cells: []blob.SymbolID{{}}}), nil), wire.ErrSliverNotFound)
	w.stop()
	l.by.Store(2)
	w.start()
	w.stored(f)
}

func TestSymbols(t *testing.T) {
	t.Parallel()
	w := newWorld(t, node.Limits{})
	f := newFile(t, 1, 3000)
	w.register(f, false)
	w.caughtUp()
	w.upload(f, false, http.StatusCreated)
	get := func(q wire.SymbolQuery) []blob.GeneralSymbol {
		t.Helper()
		r := bcs.NewReader(w.bytes(wire.SymbolsPath(f.id, q)))
		symbols := make([]blob.GeneralSymbol, r.Len(4))
		for i := range symbols {
			symbols[i] = blob.ReadGeneralSymbol(r)
		}
		check(t, r.Done())
		return symbols
	}
	pairs, other := w.mine(f)
	for _, target := range axes {
		across := target.Other()
		index := blob.PairIndex(other).Sliver(target, shards)
		want := blob.SliverID{Axis: target, Index: index}
		var cells []blob.SymbolID
		for _, pair := range pairs {
			source := blob.PairIndex(pair).Sliver(across, shards)
			cell := blob.SymbolID{Primary: index, Secondary: source}
			if target == redstuff.Secondary {
				cell = blob.SymbolID{Primary: source, Secondary: index}
			}
			cells = append(cells, cell)
		}
		for _, q := range []wire.SymbolQuery{
			{Cells: cells}, {Cells: cells, ProofAxis: &across}, {Target: &want}, {Target: &want, ProofAxis: &across},
		} {
			symbols := get(q)
			if len(symbols) != len(pairs) {
				t.Fatalf("%+v: %d symbols, want %d", q, len(symbols), len(pairs))
			}
			for _, s := range symbols {
				if err := s.Verify(f.metadata, want); err != nil {
					t.Errorf("%+v: %v", q, err)
				}
			}
		}
	}
	primary := redstuff.Primary
	for _, tc := range []struct {
		q    wire.SymbolQuery
		want error
	}{
		{wire.SymbolQuery{}, wire.ErrNoSymbols},
		{wire.SymbolQuery{Cells: []blob.SymbolID{{Primary: shards}}}, wire.ErrSymbolOutOfRange},
		{wire.SymbolQuery{Cells: []blob.SymbolID{{}}, Target: &blob.SliverID{}}, wire.ErrSymbolFilter},
		{wire.SymbolQuery{Cells: []blob.SymbolID{{Primary: blob.SliverIndex(other), Secondary: blob.PairIndex(other).Sliver(redstuff.Secondary, shards)}}}, wire.ErrSymbolNotHere},
		{wire.SymbolQuery{Target: &blob.SliverID{Axis: primary, Index: blob.SliverIndex(other)}, ProofAxis: &primary}, wire.ErrSymbolNotHere},
	} {
		w.refused(httptest.NewRequest("GET", wire.SymbolsPath(f.id, tc.q), nil), tc.want)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, node.Limits{})
	w.register(newFile(t, 1, 10), false)
	w.caughtUp()
	var h wire.Health
	w.data("GET", wire.HealthPath(true), nil, http.StatusOK, &h)
	n := len(w.member().Shards)
	if h.Epoch != w.committee.Epoch() || h.NodeStatus != "Active" || h.PublicKey != w.member().Key || h.Events.Pending != 0 ||
		*h.Events.HighestFinished+1 != h.Events.Persisted || h.Checkpoint == nil {
		t.Errorf("health %+v", h)
	}
	if h.ShardSummary.Owned != n || h.ShardSummary.ByStatus.Ready != n || len(h.ShardDetail.Owned) != n || len(h.ShardDetail.Other) != 0 {
		t.Errorf("shards %+v, %+v, want %d", h.ShardSummary, h.ShardDetail, n)
	}
	var word string
	w.data("GET", "/livez", nil, http.StatusOK, &word)
	w.data("GET", "/readyz", nil, http.StatusOK, &word)
}

func TestHead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, node.Limits{})
	f := newFile(t, 1, 3000)
	w.register(f, false)
	w.caughtUp()
	w.upload(f, false, http.StatusCreated)
	pairs, _ := w.mine(f)
	for _, path := range []string{wire.MetadataPath(f.id), wire.SliverPath(f.id, pairs[0], redstuff.Primary), wire.HealthPath(false)} {
		got, head := w.do("GET", path, nil), w.do("HEAD", path, nil)
		if head.StatusCode != http.StatusOK || head.Header.Get("Content-Type") != got.Header.Get("Content-Type") {
			t.Errorf("HEAD %s: %d, %v", path, head.StatusCode, head.Header)
		}
		if path != wire.HealthPath(false) && head.Header.Get("Content-Length") != strconv.FormatInt(got.ContentLength, 10) {
			t.Errorf("HEAD %s: length %s, want %d", path, head.Header.Get("Content-Length"), got.ContentLength)
		}
	}
	r := httptest.NewRequest("GET", wire.MetadataPath(f.id), nil)
	r.Header.Set("If-None-Match", w.do("GET", wire.MetadataPath(f.id), nil).Header.Get("ETag"))
	if resp := w.send(r); resp.StatusCode != http.StatusNotModified {
		t.Errorf("with the tag: %d", resp.StatusCode)
	}
}
