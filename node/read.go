package node

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/redstuff"
	"github.com/walrus-go/walrus/store"
	"github.com/walrus-go/walrus/wire"
)

// registered returns what the chain said of a blob and whether it is to be kept now. A blob that the
// chain never mentioned has an empty record.
func (n *Node) registered(v *view, id blob.ID) (*store.Info, bool, error) {
	info, err := n.store.Info(id)
	if errors.Is(err, store.ErrNotFound) {
		return new(store.Info), false, nil
	}
	if err != nil {
		return nil, false, err
	}
	return info, info.Registered(v.Epoch), nil
}

// kept is registered for those who want the data of a blob, or bring it: they are told if it is denied.
func (n *Node) kept(v *view, id blob.ID) (*store.Info, bool, error) {
	if denied, err := n.store.Denied(id); err != nil {
		return nil, false, err
	} else if denied {
		return nil, false, fmt.Errorf("%w: blob %v is denied by the network", wire.ErrForbidden, id)
	}
	return n.registered(v, id)
}

// getMetadata is route 2.
func (n *Node) getMetadata(w http.ResponseWriter, r *http.Request) error {
	id, err := wire.PathBlob(r)
	if err != nil {
		return err
	}
	v, err := n.current()
	if err != nil {
		return err
	}
	_, registered, err := n.kept(v, id)
	if err != nil {
		return err
	}
	if !registered {
		return fmt.Errorf("%w: blob %v is not registered in epoch %d", wire.ErrMetadataNotFound, id, v.Epoch)
	}
	raw, err := n.store.Metadata(id)
	if err := n.readable(err, wire.ErrMetadataNotFound); err != nil {
		return err
	}
	n.metrics.metadataRead.Inc()
	return immutable(w, r, "metadata-"+id.String(), append(id.AppendBCS(make([]byte, 0, len(id)+len(raw))), raw...))
}

// readable maps what the store says on reading. What is corrupt is as good as missing to a caller,
// who finds it elsewhere; the operator hears of it.
func (n *Node) readable(err, missing error) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("%w: %w", missing, err)
	case errors.Is(err, store.ErrCorrupt):
		n.metrics.corrupt.Inc()
		n.log.Error("node: stored data is corrupt", "err", err)
		return fmt.Errorf("%w: unreadable here", missing)
	}
	return err
}

// immutable answers with bytes that never change under their name.
func immutable(w http.ResponseWriter, r *http.Request, name string, body []byte) error {
	tag := `"` + name + `"`
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	_ = wire.WriteBCS(w, body) // the caller is gone
	return nil
}

// data answers with JSON.
func data(w http.ResponseWriter, status int, value any) error {
	_ = wire.WriteData(w, status, value) // the caller is gone
	return nil
}

// metadataStatus is route 4. It does not look at the registration, as the reference does not.
func (n *Node) metadataStatus(w http.ResponseWriter, r *http.Request) error {
	id, err := wire.PathBlob(r)
	if err != nil {
		return err
	}
	stored, err := n.store.HasMetadata(id)
	switch {
	case err != nil:
		return err
	case stored:
		return data(w, http.StatusOK, wire.Stored)
	case n.pending.metadata(id) != nil:
		return data(w, http.StatusOK, wire.Buffered)
	}
	return data(w, http.StatusOK, wire.Nonexistent)
}

// sliverPath reads the path of routes 5 to 7.
func (n *Node) sliverPath(r *http.Request) (v *view, key store.SliverKey, pair int, err error) {
	id, err := wire.PathBlob(r)
	if err != nil {
		return nil, key, 0, err
	}
	pair, axis, err := wire.PathSliver(r)
	if err != nil {
		return nil, key, 0, err
	}
	if v, err = n.current(); err != nil {
		return nil, key, 0, err
	}
	key, err = n.keyOf(v, id, pair, axis)
	return v, key, pair, err
}

// getSliver is route 5.
func (n *Node) getSliver(w http.ResponseWriter, r *http.Request) error {
	v, key, _, err := n.sliverPath(r)
	if err != nil {
		return err
	}
	_, registered, err := n.kept(v, key.Blob)
	if err != nil {
		return err
	}
	if !registered {
		return fmt.Errorf("%w: blob %v is not registered in epoch %d", wire.ErrSliverNotFound, key.Blob, v.Epoch)
	}
	size, err := n.store.SliverSize(key)
	if err := n.readable(err, wire.ErrSliverNotFound); err != nil {
		return err
	}
	if r.Method == http.MethodHead {
		w.Header().Set("Content-Type", wire.ContentBCS)
		w.Header().Set("Content-Length", strconv.Itoa(size))
		w.WriteHeader(http.StatusOK)
		return nil
	}
	release, err := n.memory.reads.take(r.Context(), int64(size))
	if err != nil {
		return err
	}
	defer release()
	raw, err := n.store.Sliver(key)
	if err := n.readable(err, wire.ErrSliverNotFound); err != nil {
		return err
	}
	n.metrics.sliversRead.WithLabelValues(key.Axis.String()).Inc()
	return immutable(w, r, fmt.Sprintf("%v-%d-%v", key.Axis, key.Shard, key.Blob), raw)
}

// sliverStatus is route 7.
func (n *Node) sliverStatus(w http.ResponseWriter, r *http.Request) error {
	_, key, _, err := n.sliverPath(r)
	if err != nil {
		return err
	}
	stored, err := n.store.HasSliver(key)
	switch {
	case err != nil:
		return err
	case stored:
		return data(w, http.StatusOK, wire.Stored)
	case n.pending.has(key):
		return data(w, http.StatusOK, wire.Buffered)
	}
	return data(w, http.StatusOK, wire.Nonexistent)
}

// blobStatus is route 13.
func (n *Node) blobStatus(w http.ResponseWriter, r *http.Request) error {
	id, err := wire.PathBlob(r)
	if err != nil {
		return err
	}
	v, err := n.current()
	if err != nil {
		return err
	}
	info, _, err := n.registered(v, id)
	if err != nil {
		return err
	}
	return data(w, http.StatusOK, info.Status(v.Epoch))
}

// metadataOf returns the decoded metadata that is stored for a blob. Errors: [store.ErrNotFound].
func (n *Node) metadataOf(id blob.ID) (*blob.Metadata, error) {
	if m, ok := n.metadata.get(id); ok {
		return m, nil
	}
	raw, err := n.store.Metadata(id)
	if err != nil {
		return nil, err
	}
	m, err := blob.ParseMetadata(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: metadata of blob %v: %w", store.ErrCorrupt, id, err)
	}
	n.metadata.put(id, m, metadataBytes(m.Shards()))
	return m, nil
}

// metadataBytes is about what metadata for so many shards takes in memory.
func metadataBytes(shards int) int64 { return int64(shards)*64 + 128 }

// sliverBytes is the exact length of a sliver's encoding.
func sliverBytes(v *view, m *blob.Metadata, axis redstuff.Axis) (int, error) {
	symbol, err := v.code.SymbolSize(m.Size)
	if err != nil {
		return 0, err
	}
	// Only the length of Data matters, so none is made.
	size := v.code.SliverSize(axis, symbol)
	return sliverHead(size) + size, nil
}
