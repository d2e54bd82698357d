package node

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"

	"github.com/walrus-go/walrus/bcs"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/merkle"
	"github.com/walrus-go/walrus/redstuff"
	"github.com/walrus-go/walrus/store"
	"github.com/walrus-go/walrus/wire"
)

// sliverHead is how many bytes a sliver's encoding adds to size bytes of symbols.
func sliverHead(size int) int { return bcs.LenSize(size) + 4 }

// metadataSize is how long the encoding of metadata for so many shards is; other metadata is invalid.
func metadataSize(shards int) int {
	return 1 + 1 + 8 + bcs.LenSize(shards) + 2*(1+merkle.Size)*shards
}

// checkContentType accepts BCS, with parameters, or nothing.
func checkContentType(r *http.Request) error {
	header := r.Header.Get("Content-Type")
	if header == "" {
		return nil
	}
	if media, _, err := mime.ParseMediaType(header); err != nil || media != wire.ContentBCS {
		return fmt.Errorf("%w: content type %.100q, want %s", wire.ErrContentType, header, wire.ContentBCS)
	}
	return nil
}

// putMetadata is route 3. All that is cheap comes before the body is read, all that is read before it
// is hashed. Source: spec storage-node.md section 6.1.
func (n *Node) putMetadata(w http.ResponseWriter, r *http.Request) error {
	id, err := wire.PathBlob(r)
	if err != nil {
		return err
	}
	mayWait, err := wire.ParsePending(r.URL.RawQuery)
	if err != nil {
		return err
	}
	if err := checkContentType(r); err != nil {
		return err
	}
	v, err := n.current()
	if err != nil {
		return err
	}
	_, registered, present, err := n.wantsMetadata(v, id, mayWait)
	if err != nil || present {
		return n.metadataPresent(w, err)
	}
	raw, release, err := n.body(w, r, n.memory.uploads(registered), metadataSize(v.Shards))
	if errors.Is(err, wire.ErrTooLarge) { // the route's own word for it
		return fmt.Errorf("%w: %v", wire.ErrContentType, err)
	}
	if err != nil {
		return err
	}
	defer release()
	// Whoever sent the same at the same time learns from the first. The lock is not held while bodies
	// are read, or one slow caller would keep all others from the blob.
	defer n.verifying.Lock(id)()
	info, registered, present, err := n.wantsMetadata(v, id, mayWait)
	if err != nil || present {
		return n.metadataPresent(w, err)
	}
	m, err := n.checkMetadata(r.Context(), v, id, info, registered, raw)
	if err != nil {
		return err
	}
	if registered {
		return n.storeMetadata(w, id, m, raw)
	}
	return n.holdMetadata(w, v, id, m, raw)
}

// wantsMetadata says whether the metadata of a blob is wanted: present if it is here, an error if it
// must not be.
func (n *Node) wantsMetadata(v *view, id blob.ID, mayWait bool) (info *store.Info, registered, present bool, err error) {
	info, registered, err = n.kept(v, id)
	switch {
	case err != nil:
	case info.Invalid:
		err = fmt.Errorf("%w: blob %v", wire.ErrInvalidBlob, id)
	case info.MetadataStored:
		present, err = n.store.HasMetadata(id) // waits until it is on disk
	case n.pending.metadata(id) != nil:
		present = true
	case !registered && !mayWait:
		err = fmt.Errorf("%w: blob %v in epoch %d", wire.ErrNotRegistered, id, v.Epoch)
	case !registered:
		err = n.pending.roomForBlob(int(metadataBytes(v.Shards)))
	}
	return info, registered, present, err
}

func (n *Node) metadataPresent(w http.ResponseWriter, err error) error {
	if err != nil {
		return err
	}
	return data(w, http.StatusOK, wire.MetadataPresent)
}

// checkMetadata decodes metadata and verifies it against the blob ID.
func (n *Node) checkMetadata(ctx context.Context, v *view, id blob.ID, info *store.Info, registered bool, raw []byte) (*blob.Metadata, error) {
	m, err := blob.ParseMetadata(raw)
	switch {
	case errors.Is(err, blob.ErrEncoding):
		return nil, fmt.Errorf("%w: %w", wire.ErrEncodingType, err)
	case errors.Is(err, blob.ErrMetadata):
		return nil, fmt.Errorf("%w: %w", wire.ErrInvalidMetadata, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", wire.ErrContentType, err)
	}
	if registered && m.Size != info.Size {
		return nil, fmt.Errorf("%w: for %d bytes, blob %v is registered with %d", wire.ErrInvalidMetadata, m.Size, id, info.Size)
	}
	err = n.workers.do(ctx, func() error {
		if err := m.Verify(id, v.Shards); err != nil {
			return fmt.Errorf("%w: %w", wire.ErrInvalidMetadata, err)
		}
		return nil
	})
	return m, err
}

// storeMetadata keeps the metadata of a registered blob for good.
func (n *Node) storeMetadata(w http.ResponseWriter, id blob.ID, m *blob.Metadata, raw []byte) error {
	added, err := n.store.PutMetadata(id, raw)
	if errors.Is(err, store.ErrNotFound) { // it ended while its metadata was read
		return fmt.Errorf("%w: %w", wire.ErrNotRegistered, err)
	}
	if err != nil {
		return err
	}
	if !added {
		return data(w, http.StatusOK, wire.MetadataPresent)
	}
	n.metadata.put(id, m, metadataBytes(m.Shards()))
	n.metrics.metadataStored.Inc()
	return data(w, http.StatusCreated, wire.MetadataStored)
}

// holdMetadata keeps the metadata of a blob that may be registered soon.
func (n *Node) holdMetadata(w http.ResponseWriter, v *view, id blob.ID, m *blob.Metadata, raw []byte) error {
	// The body's memory is given back; what waits is accounted for by itself.
	added, err := n.pending.addMetadata(id, m, append([]byte(nil), raw...))
	if err != nil {
		return err
	}
	if !added {
		return data(w, http.StatusOK, wire.MetadataPresent)
	}
	n.flushIfRegistered(v, id)
	return data(w, http.StatusAccepted, wire.MetadataBuffered)
}

// putSliver is route 6. Source: spec storage-node.md section 6.2.
func (n *Node) putSliver(w http.ResponseWriter, r *http.Request) error {
	mayWait, err := wire.ParsePending(r.URL.RawQuery)
	if err != nil {
		return err
	}
	v, key, pair, err := n.sliverPath(r)
	if err != nil {
		return err
	}
	m, durable, err := n.uploadMetadata(v, key.Blob, mayWait)
	if err != nil {
		return err
	}
	if status, _ := n.store.Shard(key.Shard); status == store.ShardLockedToMove {
		return fmt.Errorf("%w: shard %d has been handed over", wire.ErrShardNotAssigned, key.Shard)
	}
	stored, err := n.store.HasSliver(key)
	if err != nil {
		return err
	}
	if stored || n.pending.has(key) {
		return data(w, http.StatusOK, wire.SliverPresent)
	}
	size, err := sliverBytes(v, m, key.Axis)
	if err != nil {
		return err
	}
	if !durable {
		if err := n.pending.roomForSliver(size); err != nil {
			return err
		}
	}
	raw, release, err := n.body(w, r, n.memory.uploads(durable), size)
	if err != nil {
		return err
	}
	defer release()
	if err := n.checkSliver(r.Context(), v, m, key, pair, raw); err != nil {
		return err
	}
	return n.takeSliver(w, v, key, raw, durable, mayWait)
}

// takeSliver keeps a verified sliver, in the way that its blob's metadata is kept.
func (n *Node) takeSliver(w http.ResponseWriter, v *view, key store.SliverKey, raw []byte, durable, mayWait bool) error {
	if durable {
		err := n.storeSliver(w, key, raw)
		if !errors.Is(err, store.ErrNoMetadata) {
			return err
		}
		// The metadata was deleted while it went into the cache. It may be on its way here again.
		n.forget(key.Blob)
		if _, durable, err = n.uploadMetadata(v, key.Blob, mayWait); err != nil {
			return err
		}
	}
	if durable {
		return n.storeSliver(w, key, raw)
	}
	return n.holdSliver(w, v, key, raw)
}

// uploadMetadata returns the metadata that a blob's slivers are checked against: durable, or waiting
// with the blob's other uploads.
func (n *Node) uploadMetadata(v *view, id blob.ID, mayWait bool) (m *blob.Metadata, durable bool, err error) {
	m, err = n.metadataOf(id)
	if err == nil {
		return m, true, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, false, err
	}
	info, registered, err := n.kept(v, id)
	switch {
	case err != nil:
		return nil, false, err
	case info.Invalid, !registered && !mayWait:
		return nil, false, fmt.Errorf("%w: blob %v in epoch %d", wire.ErrNotRegistered, id, v.Epoch)
	}
	if m = n.pending.metadata(id); m == nil {
		return nil, false, fmt.Errorf("%w: blob %v", wire.ErrMetadataFirst, id)
	}
	return m, false, nil
}

// checkSliver decodes a sliver and verifies it against the blob's metadata.
func (n *Node) checkSliver(ctx context.Context, v *view, m *blob.Metadata, key store.SliverKey, pair int, raw []byte) error {
	s, err := blob.ParseSliver(key.Axis, raw)
	if err != nil {
		return fmt.Errorf("%w: %w", wire.ErrContentType, err)
	}
	if want := blob.PairIndex(pair).Sliver(key.Axis, v.Shards); s.Index != want {
		return fmt.Errorf("%w: index %d, the %v sliver of pair %d has %d", wire.ErrSliverIndex, s.Index, key.Axis, pair, want)
	}
	if err := s.VerifyShape(m); err != nil {
		return fmt.Errorf("%w: %w", wire.ErrInvalidSliver, err)
	}
	return n.workers.do(ctx, func() error {
		if err := s.Verify(m); err != nil {
			return fmt.Errorf("%w: %w", wire.ErrInvalidSliver, err)
		}
		return nil
	})
}

// storeSliver keeps a sliver for good.
func (n *Node) storeSliver(w http.ResponseWriter, key store.SliverKey, raw []byte) error {
	added, err := n.putVerified(key, raw)
	if err != nil {
		return err
	}
	if !added {
		return data(w, http.StatusOK, wire.SliverPresent)
	}
	return data(w, http.StatusCreated, wire.SliverStored)
}

// putVerified stores a verified sliver and says what the store says in the words of the API.
func (n *Node) putVerified(key store.SliverKey, raw []byte) (added bool, err error) {
	added, err = n.store.PutSliver(key, raw)
	switch {
	case errors.Is(err, store.ErrNoMetadata): // the blob ended meanwhile
		return false, fmt.Errorf("%w: %w", wire.ErrNotRegistered, err)
	case errors.Is(err, store.ErrNoShard): // the shard went meanwhile
		return false, fmt.Errorf("%w: %w", wire.ErrShardNotAssigned, err)
	case err != nil:
		return false, err
	}
	if added {
		n.metrics.sliversStored.WithLabelValues(key.Axis.String()).Inc()
	}
	return added, nil
}

// holdSliver keeps a sliver of a blob that may be registered soon.
func (n *Node) holdSliver(w http.ResponseWriter, v *view, key store.SliverKey, raw []byte) error {
	held, added, err := n.pending.addSliver(key, append([]byte(nil), raw...))
	switch {
	case err != nil:
		return err
	case !held:
		// The blob's uploads were stored, or forgotten, while this one was read.
		if _, err := n.metadataOf(key.Blob); errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("%w: blob %v", wire.ErrMetadataFirst, key.Blob)
		}
		return n.storeSliver(w, key, raw)
	case !added:
		return data(w, http.StatusOK, wire.SliverPresent)
	}
	n.flushIfRegistered(v, key.Blob)
	return data(w, http.StatusAccepted, wire.SliverBuffered)
}

// flushIfRegistered stores what waits of a blob if its registration arrived in between. It says
// nothing of trouble: what waits goes on waiting, and is tried again with the confirmation.
func (n *Node) flushIfRegistered(v *view, id blob.ID) {
	if _, registered, err := n.registered(v, id); err == nil && registered {
		n.flushSoon(id)
	}
}

// flushSoon stores what waits of a blob in the background.
func (n *Node) flushSoon(id blob.ID) {
	if n.pending.metadata(id) == nil {
		return
	}
	n.background.Go(func() {
		select {
		case n.flushSlots <- struct{}{}:
		case <-n.stopping.Done():
			return
		}
		defer func() { <-n.flushSlots }()
		if err := n.flush(id); err != nil {
			n.log.Warn("node: uploads that waited are not stored yet", "blob", id, "err", err)
		}
	})
}

// flush stores what waits of a registered blob: its metadata, then its slivers. When it returns nil,
// nothing waits.
func (n *Node) flush(id blob.ID) error {
	defer n.verifying.Lock(id)()
	for {
		raw, slivers, ok := n.pending.peek(id)
		if !ok {
			return nil
		}
		added, err := n.store.PutMetadata(id, raw)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("%w: %w", wire.ErrNotRegistered, err)
		}
		if err != nil {
			return err
		}
		if added {
			n.metrics.metadataStored.Inc()
		}
		if err := n.flushSlivers(slivers); err != nil {
			return err
		}
		if n.pending.stored(id, slivers) {
			return nil
		}
	}
}

// flushAtOnce is how many slivers of one blob are on their way to the disk at once: enough for them to
// share syncs.
const flushAtOnce = 16

// flushSlivers stores slivers that waited, but for those whose shards have gone meanwhile: they are
// others' to store and must not keep the blob from being confirmed.
func (n *Node) flushSlivers(slivers map[store.SliverKey][]byte) error {
	errs := make(chan error, len(slivers))
	slots := make(chan struct{}, flushAtOnce)
	for key, raw := range slivers {
		slots <- struct{}{}
		go func() {
			defer func() { <-slots }()
			_, err := n.putVerified(key, raw)
			if errors.Is(err, wire.ErrShardNotAssigned) {
				n.log.Warn("node: sliver that waited dropped", "sliver", key, "err", err)
				err = nil
			}
			errs <- err
		}()
	}
	var failed error
	for range slivers {
		if err := <-errs; err != nil && failed == nil {
			failed = err
		}
	}
	return failed
}

// axes are both.
var axes = [...]redstuff.Axis{redstuff.Primary, redstuff.Secondary}
