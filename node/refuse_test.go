package node_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/node"
	"github.com/walrus-go/walrus/redstuff"
	"github.com/walrus-go/walrus/wire"
)

// A counter is an endless body that counts what is read of it.
type counter struct{ read atomic.Int64 }

func (c *counter) Read(b []byte) (int, error) {
	c.read.Add(int64(len(b)))
	return len(b), nil
}

// broken ends in the middle.
type broken struct{ io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t, node.Limits{})
	f, unregistered, bare := newFile(t, 1, 3000), newFile(t, 2, 3000), newFile(t, 3, 3000)
	object := w.register(f, true).ID
	w.register(bare, false)
	w.caughtUp()
	w.upload(f, false, http.StatusCreated)
	_, other := w.mine(f)
	barePairs, bareOther := w.mine(bare)
	if len(barePairs) < 2 {
		t.Fatal("the node has too few shards for this test")
	}
	id := f.id.String()
	goodMetadata := bare.metadata.AppendBCS(nil)
	w.data("PUT", wire.MetadataPath(bare.id), goodMetadata, http.StatusCreated, nil)
	third := newFile(t, 4, 3000) // registered, and nothing sent
	w.register(third, false)
	w.caughtUp()

	metadataFor := func(change func(*blob.Metadata)) []byte {
		m := *third.metadata
		m.Hashes = append([]blob.PairHashes(nil), m.Hashes...)
		change(&m)
		return m.AppendBCS(nil)
	}
	sliverOf := func(change func(*blob.Sliver)) []byte {
		i := blob.PairIndex(barePairs[0]).Sliver(redstuff.Primary, shards)
		s := *blob.NewSliver(bare.encoding, redstuff.Primary, i)
		s.Data = append([]byte(nil), s.Data...)
		change(&s)
		return s.AppendBCS(nil)
	}
	metadataPath, sliverPath := wire.MetadataPath(third.id), wire.SliverPath(bare.id, barePairs[0], redstuff.Primary)
	bareSliver := bare.sliver(barePairs[0], redstuff.Primary)

	for _, tc := range []struct {
		name, method, path string
		body               []byte
		want               error
	}{
		{"unknown route", "GET", "/", nil, wire.ErrRoute},
		{"unknown route below a blob", "GET", "/v1/blobs/" + id + "/everything", nil, wire.ErrRoute},
		{"path with an empty part", "GET", "//v1/health", nil, wire.ErrRoute},
		{"path with dots", "GET", "/v1/../v1/health", nil, wire.ErrRoute},
		{"wrong method", "POST", wire.MetadataPath(f.id), nil, wire.ErrMethod},
		{"invented method", "FROB", wire.HealthPath(false), nil, wire.ErrMethod},
		{"deleting a sliver", "DELETE", wire.SliverPath(f.id, 0, redstuff.Primary), nil, wire.ErrMethod},

		{"blob ID too short", "GET", "/v1/blobs/AAAA/metadata", nil, wire.ErrPath},
		{"blob ID of another alphabet", "GET", "/v1/blobs/" + strings.Repeat("+", 43) + "/metadata", nil, wire.ErrPath},
		{"blob ID with bits beyond its end", "GET", "/v1/blobs/" + id[:42] + "_/status", nil, wire.ErrPath},
		{"blob ID of control bytes", "GET", "/v1/blobs/%00%0a/metadata/status", nil, wire.ErrPath},
		{"blob ID, decimal", "GET", "/v1/blobs/" + f.id.Decimal() + "/status", nil, wire.ErrPath},
		{"pair index negative", "GET", "/v1/blobs/" + id + "/slivers/-1/primary", nil, wire.ErrPath},
		{"pair index beyond 16 bits", "GET", "/v1/blobs/" + id + "/slivers/65536/primary", nil, wire.ErrPath},
		{"pair index out of range", "GET", "/v1/blobs/" + id + fmt.Sprintf("/slivers/%d/primary", shards), nil, wire.ErrIndexOutOfRange},
		{"unknown axis", "GET", "/v1/blobs/" + id + "/slivers/0/tertiary", nil, wire.ErrPath},
		{"axis in capitals", "GET", "/v1/blobs/" + id + "/slivers/0/Primary/status", nil, wire.ErrPath},
		{"object ID malformed", "GET", "/v1/blobs/" + id + "/confirmation/deletable/7", nil, wire.ErrPath},

		{"unknown query key on upload", "PUT", sliverPath + "?now=true", bareSliver, wire.ErrQuery},
		{"query neither true nor false", "PUT", metadataPath + "?pending=yes", goodMetadata, wire.ErrQuery},
		{"query wait malformed", "GET", wire.ConfirmationPath(f.id, nil, 0) + "?wait_millis=-1", nil, wire.ErrQuery},
		{"query not encoded", "GET", wire.HealthPath(false) + "?detailed=%zz", nil, wire.ErrQuery},

		{"metadata not registered", "PUT", wire.MetadataPath(unregistered.id), unregistered.metadata.AppendBCS(nil), wire.ErrNotRegistered},
		{"metadata empty", "PUT", metadataPath, []byte{}, wire.ErrContentType},
		{"metadata cut", "PUT", metadataPath, goodMetadata[:100], wire.ErrContentType},
		{"metadata with a tail", "PUT", metadataPath, append(third.metadata.AppendBCS(nil), 0), wire.ErrContentType},
		{"metadata oversize", "PUT", metadataPath, make([]byte, wire.MaxMetadata+1), wire.ErrContentType},
		{"metadata of the retired encoding", "PUT", metadataPath, append([]byte{0, 0}, goodMetadata[2:]...), wire.ErrEncodingType},
		{"metadata of another blob", "PUT", metadataPath, goodMetadata, wire.ErrInvalidMetadata},
		{"metadata of another size", "PUT", metadataPath, metadataFor(func(m *blob.Metadata) { m.Size++ }), wire.ErrInvalidMetadata},
		{"metadata of fewer shards", "PUT", metadataPath, metadataFor(func(m *blob.Metadata) { m.Hashes = m.Hashes[1:] }), wire.ErrInvalidMetadata},
		{"metadata with one bit flipped", "PUT", metadataPath, metadataFor(func(m *blob.Metadata) { m.Hashes[3].Primary[0] ^= 1 }), wire.ErrInvalidMetadata},

		{"sliver not registered", "PUT", wire.SliverPath(unregistered.id, firstOf(w.mine(unregistered)), redstuff.Primary), nil, wire.ErrNotRegistered},
		{"sliver before metadata", "PUT", wire.SliverPath(third.id, firstOf(w.mine(third)), redstuff.Primary), nil, wire.ErrMetadataFirst},
		{"sliver of another's shard", "PUT", wire.SliverPath(bare.id, bareOther, redstuff.Primary), bareSliver, wire.ErrShardNotAssigned},
		{"sliver out of range", "PUT", wire.SliverPath(bare.id, shards, redstuff.Primary), bareSliver, wire.ErrIndexOutOfRange},
		{"sliver oversize", "PUT", sliverPath, append(bareSliver[:len(bareSliver):len(bareSliver)], 0), wire.ErrTooLarge},
		{"sliver empty", "PUT", sliverPath, []byte{}, wire.ErrContentType},
		{"sliver cut", "PUT", sliverPath, bareSliver[:50], wire.ErrContentType},
		{"sliver of another pair", "PUT", sliverPath, bare.sliver(barePairs[1], redstuff.Primary), wire.ErrSliverIndex},
		{"sliver of another symbol size", "PUT", sliverPath, sliverOf(func(s *blob.Sliver) { s.SymbolSize += 2 }), wire.ErrInvalidSliver},
		{"sliver one symbol short", "PUT", sliverPath, sliverOf(func(s *blob.Sliver) { s.Data = s.Data[s.SymbolSize:] }), wire.ErrInvalidSliver},
		{"sliver without symbol size", "PUT", sliverPath, sliverOf(func(s *blob.Sliver) { s.SymbolSize = 0 }), wire.ErrContentType},
		{"sliver with one bit flipped", "PUT", sliverPath, sliverOf(func(s *blob.Sliver) { s.Data[77] ^= 16 }), wire.ErrInvalidSliver},

		{"reading metadata of a stranger", "GET", wire.MetadataPath(unregistered.id), nil, wire.ErrMetadataNotFound},
		{"reading metadata never sent", "GET", wire.MetadataPath(third.id), nil, wire.ErrMetadataNotFound},
		{"reading a sliver never sent", "GET", sliverPath, nil, wire.ErrSliverNotFound},
		{"reading another's shard", "GET", wire.SliverPath(f.id, other, redstuff.Primary), nil, wire.ErrShardNotAssigned},
		{"asking another's shard", "GET", wire.SliverStatusPath(f.id, other, redstuff.Primary), nil, wire.ErrShardNotAssigned},

		{"confirmation of a stranger", "GET", wire.ConfirmationPath(unregistered.id, nil, 0), nil, wire.ErrNotRegistered},
		{"confirmation of another's object", "GET", wire.ConfirmationPath(bare.id, &object, 0), nil, wire.ErrNotRegistered},
		{"confirmation without slivers", "GET", wire.ConfirmationPath(bare.id, nil, 0), nil, wire.ErrMissingSlivers},
		{"confirmation without metadata", "GET", wire.ConfirmationPath(third.id, nil, 0), nil, wire.ErrMissingSlivers},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := httptest.NewRequest(tc.method, "/", bytes.NewReader(tc.body))
			setPath(t, r, tc.path)
			if err := refusal(w.send(r), tc.want); err != nil {
				t.Errorf("%s %s: %v", tc.method, tc.path, err)
			}
		})
	}

	t.Run("wrong content type", func(t *testing.T) {
		for _, header := range []string{"application/json", "text/plain; charset=utf-8", ";", "application/octet-stream; ="} {
			r := httptest.NewRequest("PUT", metadataPath, bytes.NewReader(third.metadata.AppendBCS(nil)))
			r.Header.Set("Content-Type", header)
			w.refused(r, wire.ErrContentType)
		}
	})
	t.Run("a body that breaks off", func(t *testing.T) {
		r := httptest.NewRequest("PUT", sliverPath, broken{bytes.NewReader(bareSliver[:60])})
		r.ContentLength = int64(len(bareSliver))
		w.refused(r, wire.ErrContentType)
	})
	t.Run("a body without end", func(t *testing.T) {
		for _, path := range []string{metadataPath, sliverPath} {
			body := &counter{}
			want, limit := wire.ErrTooLarge, int64(len(bareSliver))
			if path == metadataPath {
				want, limit = wire.ErrContentType, wire.MaxMetadata
			}
			w.refused(httptest.NewRequest("PUT", path, body), want) // no length is announced
			if body.read.Load() > limit+1 {
				t.Errorf("%d bytes of the body were read, the limit is %d", body.read.Load(), limit)
			}
		}
	})
	t.Run("bodies that are not wanted are not read", func(t *testing.T) {
		for path, want := range map[string]error{
			wire.MetadataPath(unregistered.id):                                                                wire.ErrNotRegistered,
			wire.SliverPath(bare.id, bareOther, redstuff.Primary):                                             wire.ErrShardNotAssigned,
			wire.SliverPath(unregistered.id, firstOf(w.mine(unregistered)), redstuff.Secondary):               wire.ErrNotRegistered,
			wire.Pending(wire.SliverPath(unregistered.id, firstOf(w.mine(unregistered)), redstuff.Secondary)): wire.ErrMetadataFirst,
		} {
			body := &counter{}
			w.refused(httptest.NewRequest("PUT", path, body), want)
			if body.read.Load() > 0 {
				t.Errorf("%s: %d bytes were read", path, body.read.Load())
			}
		}
		body := &counter{}
		r := httptest.NewRequest("PUT", sliverPath, body)
		r.ContentLength = 1 << 40
		w.refused(r, wire.ErrTooLarge)
		if body.read.Load() > 0 {
			t.Errorf("%d bytes of 1 TiB were read", body.read.Load())
		}
	})
	// After all this, the node does its work.
	w.stored(f)
	w.confirmed(f, &object, 0)
}

func firstOf(pairs []int, _ int) int { return pairs[0] }

// setPath gives a request a path that need not be well formed.
func setPath(t *testing.T, r *http.Request, path string) {
	t.Helper()
	u, err := url.ParseRequestURI(path)
	if err != nil {
		t.Fatal(err)
	}
	r.URL, r.RequestURI = u, path
}

func TestCORS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, node.Limits{})
	r := httptest.NewRequest("OPTIONS", wire.SliverPath(blob.ID{}, 0, redstuff.Primary), nil)
	r.Header.Set("Origin", "https://example.org")
	r.Header.Set("Access-Control-Request-Method", "PUT")
	r.Header.Set("Access-Control-Request-Headers", "content-type")
	resp := w.send(r)
	h := resp.Header
	if resp.StatusCode != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != "*" ||
		h.Get("Access-Control-Allow-Methods") != "*" || h.Get("Access-Control-Allow-Headers") != "*" {
		t.Errorf("preflight: %d, %v", resp.StatusCode, h)
	}
	if h := w.do("GET", wire.HealthPath(false), nil).Header; h.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("success: %v", h)
	}
}

// TestMemory floods the node with what it must refuse and wants its memory back.
func TestMemory(t *testing.T) {
	w := newWorld(t, node.Limits{Pending: 1 << 20})
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	flood := func(from int) {
		for i := range 3000 {
			var id blob.ID
			id[0], id[1], id[2] = byte(from), byte(i), byte(i>>8)
			for _, path := range []string{wire.MetadataPath(id), wire.Pending(wire.MetadataPath(id)), wire.SliverPath(id, 0, redstuff.Primary),
				wire.ConfirmationPath(id, nil, 0), wire.SymbolsPath(id, wire.SymbolQuery{Cells: []blob.SymbolID{{}}})} {
				w.do("PUT", path, bytes.Repeat([]byte{1}, 700))
				w.do("GET", path, nil)
			}
		}
	}
	flood(0) // pools fill once
	before := heap()
	flood(1)
	if after := heap(); after > before+2<<20 {
		t.Errorf("the heap grew from %d to %d bytes", before, after)
	}
}

// requests are what mutations start from.
func requests() []string {
	id := blob.ID{1}
	return []string{
		wire.MetadataPath(id), wire.Pending(wire.MetadataPath(id)), wire.MetadataStatusPath(id), wire.SliverPath(id, 3, redstuff.Secondary),
		wire.SliverStatusPath(id, 3, redstuff.Secondary), wire.ConfirmationPath(id, nil, 0), wire.ConfirmationPath(id, &blob.ObjectID{}, 0),
		wire.SymbolsPath(id, wire.SymbolQuery{Cells: []blob.SymbolID{{}}}), wire.StatusPath(id), wire.HealthPath(true), "/livez",
	}
}

// never500 sends a request and wants an answer that is no admission of a bug.
func (w *world) never500(t *testing.T, method, path, contentType string, body []byte) {
	r, err := http.NewRequest(method, "http://node"+path, bytes.NewReader(body))
	if err != nil || r.URL.Host != "node" {
		return
	}
	r.Header.Set("Content-Type", contentType)
	resp := w.send(r)
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode == http.StatusInternalServerError {
		t.Fatalf("%s %q: %s", method, path, answer)
	}
	if resp.Header.Get("Content-Type") == wire.ContentJSON && !json.Valid(answer) {
		t.Fatalf("%s %q: not JSON: %q", method, path, answer)
	}
}

// TestRandomRequests changes good requests a little.
func TestRandomRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, node.Limits{})
	f := newFile(t, 1, 3000)
	w.register(f, false)
	w.caughtUp()
	const seed = 3
	rng := rand.New(rand.NewPCG(seed, 0))
	mutate := func(b []byte) []byte {
		b = bytes.Clone(b)
		for range rng.IntN(4) {
			if len(b) == 0 {
				return b
			}
			i := rng.IntN(len(b))
			switch rng.IntN(4) {
			case 0:
				b[i] = byte(rng.Uint32())
			case 1:
				b = append(b[:i], b[i+1:]...)
			case 2:
				b = b[:i]
			case 3:
				b = append(b, b[i:min(len(b), i+20)]...)
			}
		}
		return b
	}
	good := [][]byte{f.metadata.AppendBCS(nil), f.sliver(0, redstuff.Primary), f.sliver(1, redstuff.Secondary), nil}
	paths := append(requests(), wire.MetadataPath(f.id), wire.Pending(wire.MetadataPath(f.id)))
	for pair := range shards {
		paths = append(paths, wire.SliverPath(f.id, pair, redstuff.Primary), wire.Pending(wire.SliverPath(f.id, pair, redstuff.Secondary)))
	}
	t.Logf("seed %d", seed)
	for range 4000 {
		method := []string{"GET", "PUT", "PUT", "HEAD", "POST", "OPTIONS"}[rng.IntN(6)]
		w.never500(t, method, string(mutate([]byte(paths[rng.IntN(len(paths))]))), wire.ContentBCS, mutate(good[rng.IntN(len(good))]))
	}
	w.takes(f)
}

// takes wants a file to be taken after all.
func (w *world) takes(f *file) {
	w.t.Helper()
	pairs, _ := w.mine(f)
	send := func(path string, body []byte) {
		w.t.Helper()
		if resp := w.do("PUT", path, body); resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated {
			w.t.Errorf("PUT %s: %d", path, resp.StatusCode)
		}
	}
	send(wire.MetadataPath(f.id), f.metadata.AppendBCS(nil))
	for _, pair := range pairs {
		for _, axis := range axes {
			send(wire.SliverPath(f.id, pair, axis), f.sliver(pair, axis))
		}
	}
	w.stored(f)
	w.confirmed(f, nil, 0)
}

func FuzzHandler(f *testing.F) {
	for _, path := range requests() {
		f.Add("GET", path, "", []byte(nil))
		f.Add("PUT", path, wire.ContentBCS, []byte{0, 1, 12, 0, 0, 0, 0, 0, 0, 0, 1})
	}
	w := newWorld(f, node.Limits{})
	f.Fuzz(func(t *testing.T, method, path, contentType string, body []byte) {
		w.never500(t, method, path, contentType, body)
	})
}
