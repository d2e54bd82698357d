package node_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/node"
	"github.com/walrus-go/walrus/redstuff"
	"github.com/walrus-go/walrus/wire"
)

// TestUnpaidLeavesRoom holds an unpaid upload open that takes all there is for its sort, and wants
// paid ones and reads to go on.
func TestUnpaidLeavesRoom(t *testing.T) {
	t.Parallel()
	const room = 1000 // less than the metadata of two blobs
	w := newWorld(t, node.Limits{Memory: room, PendingMemory: room, ReadMemory: room})
	paid, unpaid := newFile(t, 1, 500), newFile(t, 2, 500)
	w.register(paid, false)
	w.caughtUp()
	body, held := io.Pipe()
	r := httptest.NewRequest("PUT", wire.Pending(wire.MetadataPath(unpaid.id)), body)
	raw := unpaid.metadata.AppendBCS(nil)
	r.ContentLength = int64(len(raw))
	done := make(chan *http.Response, 1)
	go func() { done <- w.send(r) }()
	if _, err := held.Write(raw[:1]); err != nil { // its memory is taken by now
		t.Fatal(err)
	}
	w.upload(paid, false, http.StatusCreated)
	w.stored(paid)
	if _, err := held.Write(raw[1:]); err != nil {
		t.Fatal(err)
	}
	check(t, held.Close())
	if resp := <-done; resp.StatusCode != http.StatusAccepted {
		t.Errorf("the unpaid upload: status %d", resp.StatusCode)
	}
}

// TestMetadataLength wants bodies that cannot be metadata to be refused before any memory is taken.
func TestMetadataLength(t *testing.T) {
	t.Parallel()
	w := newWorld(t, node.Limits{})
	f := newFile(t, 1, 500)
	r := httptest.NewRequest("PUT", wire.Pending(wire.MetadataPath(f.id)), &counter{})
	r.ContentLength = int64(len(f.metadata.AppendBCS(nil))) + 1
	w.refused(r, wire.ErrContentType)
}

// TestSymbolsWithoutMemory wants a request for symbols to end with the first sliver that there is no
// memory to look at, and reads of slivers to go on.
func TestSymbolsWithoutMemory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, node.Limits{SymbolMemory: 1})
	f := newFile(t, 1, 500)
	w.register(f, false)
	w.caughtUp()
	w.upload(f, false, http.StatusCreated)
	_, other := w.mine(f)
	target := blob.SliverID{Index: blob.PairIndex(other).Sliver(redstuff.Primary, shards)}
	w.refused(httptest.NewRequest("GET", wire.SymbolsPath(f.id, wire.SymbolQuery{Target: &target}), nil), wire.ErrUnavailable)
	w.stored(f)
}
