package node

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/store"
)

// bare is a node that has a store with shards 1 and 2, and no chain.
func bare(t *testing.T) *Node {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	s, err := store.Open("node", store.Identity{}, &store.Options{FS: vfs.NewMem(), Create: true, Logger: quiet})
	if err == nil {
		err = s.SetShards(store.ShardActive, 1, 2)
	}
	if err != nil {
		t.Fatal(err)
	}
	n := &Node{store: s, log: quiet, metadata: newCache[blob.ID, *blob.Metadata](1 << 20), expanded: newCache[store.SliverKey, *blob.Expanded](1),
		pending: newPending(Limits{Pending: 1 << 20, PendingLife: time.Hour})}
	n.metrics = newMetrics(n)
	t.Cleanup(func() {
		n.pending.close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// TestFlushWithoutShard lets a shard go while one of its slivers waits. The blob's other slivers are
// stored, and nothing waits any more.
func TestFlushWithoutShard(t *testing.T) {
	t.Parallel()
	n := bare(t)
	id := blob.ID{1}
	if _, err := n.pending.addMetadata(id, new(blob.Metadata), []byte("metadata")); err != nil {
		t.Fatal(err)
	}
	kept, gone := store.SliverKey{Blob: id, Shard: 1}, store.SliverKey{Blob: id, Shard: 2}
	for _, key := range []store.SliverKey{kept, gone} {
		if held, _, err := n.pending.addSliver(key, []byte("sliver")); err != nil || !held {
			t.Fatal(held, err)
		}
	}
	if err := errors.Join(n.store.Apply(0, store.Register{Blob: id, End: 5}), n.store.SetShards(store.ShardLockedToMove, 2)); err != nil {
		t.Fatal(err)
	}
	if err := n.flush(id); err != nil {
		t.Fatal(err)
	}
	if there, err := n.store.HasSliver(kept); err != nil || !there {
		t.Errorf("the sliver of the shard that stays: %v, %v", there, err)
	}
	if there, err := n.store.HasSliver(gone); err != nil || there {
		t.Errorf("the sliver of the shard that went: %v, %v", there, err)
	}
	if blobs, slivers, bytes := n.pending.usage(); blobs != 0 || slivers != 0 || bytes != 0 {
		t.Errorf("%d blobs, %d slivers, %d bytes wait", blobs, slivers, bytes)
	}
}

// TestStaleMetadata leaves metadata in the cache that the store has deleted. A sliver that arrives
// with new metadata waits with it.
func TestStaleMetadata(t *testing.T) {
	t.Parallel()
	n := bare(t)
	id := blob.ID{1}
	n.metadata.put(id, new(blob.Metadata), 1)
	if _, err := n.pending.addMetadata(id, new(blob.Metadata), []byte("metadata")); err != nil {
		t.Fatal(err)
	}
	key := store.SliverKey{Blob: id, Shard: 1}
	v := new(view)
	_, durable, err := n.uploadMetadata(v, id, true)
	if err != nil || !durable {
		t.Fatalf("the cache is not stale: %v, %v", durable, err)
	}
	rec := httptest.NewRecorder()
	if err := n.takeSliver(rec, v, key, []byte("sliver"), durable, true); err != nil || rec.Code != http.StatusAccepted {
		t.Errorf("status %d, %v", rec.Code, err)
	}
	if !n.pending.has(key) {
		t.Error("the sliver does not wait")
	}
}
