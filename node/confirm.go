package node

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/store"
	"github.com/walrus-go/walrus/wire"
)

// confirmPermanent is route 8.
func (n *Node) confirmPermanent(w http.ResponseWriter, r *http.Request) error {
	id, err := wire.PathBlob(r)
	if err != nil {
		return err
	}
	return n.confirm(w, r, attest.Confirmation{Blob: id})
}

// confirmDeletable is route 9.
func (n *Node) confirmDeletable(w http.ResponseWriter, r *http.Request) error {
	id, err := wire.PathBlob(r)
	if err != nil {
		return err
	}
	object, err := wire.PathObject(r)
	if err != nil {
		return err
	}
	return n.confirm(w, r, attest.Confirmation{Blob: id, Object: &object})
}

// confirm answers with the node's signature, or why there is none. Where only the registration is
// missing, and the caller would wait, it waits for the chain's log. Source: spec storage-node.md
// sections 1.6 and 6.4.
func (n *Node) confirm(w http.ResponseWriter, r *http.Request, c attest.Confirmation) error {
	wait, err := wire.ParseWait(r.URL.RawQuery)
	if err != nil {
		return err
	}
	if wait < 0 || wait > n.limits.Wait {
		wait = n.limits.Wait
	}
	if wait <= 0 || !n.lanes.waits.enter() {
		return n.attest(w, c)
	}
	defer n.lanes.waits.leave()
	// Listen first, so that a registration between the attempt and the wait is heard.
	news, forget := n.waiters.listen(c.Blob)
	defer forget()
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	for {
		err := n.attest(w, c)
		if !errors.Is(err, wire.ErrNotRegistered) {
			return err
		}
		select {
		case <-news: // perhaps of another object; then wait on
		case <-ctx.Done():
			return err
		case <-n.stopping.Done():
			return err
		}
	}
}

// attest signs if all that the signature says is so, now, on disk. Only it counts among the reads:
// those who wait must not keep others from reading.
func (n *Node) attest(w http.ResponseWriter, c attest.Confirmation) error {
	if !n.lanes.reads.enter() {
		return errBusy
	}
	defer n.lanes.reads.leave()
	v, err := n.current()
	if err != nil {
		return err
	}
	if v.remembered { // of an epoch that may be long past; its confirmations would be worthless
		return fmt.Errorf("%w: the chain has not answered since the node was started", wire.ErrUnavailable)
	}
	if len(v.Owned) == 0 {
		return fmt.Errorf("%w: this node has no shards in epoch %d", wire.ErrShardNotAssigned, v.Epoch)
	}
	if err := n.entitled(v, c); err != nil {
		return err
	}
	if err := n.flush(c.Blob); err != nil {
		return err
	}
	if err := n.complete(v, c.Blob); err != nil {
		return err
	}
	c.Epoch = v.Epoch
	n.metrics.confirmations.Inc()
	return data(w, http.StatusOK, wire.NewConfirmation(c.Message(), n.key))
}

// entitled checks that the chain asks for what is to be confirmed.
func (n *Node) entitled(v *view, c attest.Confirmation) error {
	_, registered, err := n.kept(v, c.Blob)
	if err != nil {
		return err
	}
	if !registered {
		return fmt.Errorf("%w: blob %v in epoch %d", wire.ErrNotRegistered, c.Blob, v.Epoch)
	}
	if c.Object == nil {
		return nil
	}
	o, err := n.store.Object(*c.Object)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("%w: %w", wire.ErrNotRegistered, err)
	case err != nil:
		return err
	case o.Blob != c.Blob:
		return fmt.Errorf("%w: object %v is of blob %v, not %v", wire.ErrNotRegistered, *c.Object, o.Blob, c.Blob)
	case !o.Deletable:
		return fmt.Errorf("%w: object %v is not deletable", wire.ErrNotRegistered, *c.Object)
	case !o.RegisteredAt(v.Epoch):
		return fmt.Errorf("%w: object %v ended with epoch %d", wire.ErrNotRegistered, *c.Object, o.End)
	}
	return nil
}

// complete checks that both slivers of every owned shard are stored: on disk, not merely on the way.
func (n *Node) complete(v *view, id blob.ID) error {
	missing := 0
	for _, shard := range v.Owned {
		for _, axis := range axes {
			there, err := n.store.HasSliver(store.SliverKey{Blob: id, Shard: shard, Axis: axis})
			if err != nil {
				return err
			}
			if !there {
				missing++
			}
		}
	}
	if missing > 0 {
		return fmt.Errorf("%w: %d of %d of blob %v", wire.ErrMissingSlivers, missing, len(axes)*len(v.Owned), id)
	}
	return nil
}

// waiters tells those who wait for news of a blob. The zero value is ready.
type waiters struct {
	mu    sync.Mutex
	blobs map[blob.ID]map[chan struct{}]struct{} // guarded by mu
}

// listen returns a channel that gets something when the blob has news, until forget is called.
func (w *waiters) listen(id blob.ID) (news <-chan struct{}, forget func()) {
	c := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.blobs == nil {
		w.blobs = make(map[blob.ID]map[chan struct{}]struct{})
	}
	if w.blobs[id] == nil {
		w.blobs[id] = make(map[chan struct{}]struct{})
	}
	w.blobs[id][c] = struct{}{}
	return c, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.blobs[id], c)
		if len(w.blobs[id]) == 0 {
			delete(w.blobs, id)
		}
	}
}

// tell wakes those who wait for a blob.
func (w *waiters) tell(id blob.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.blobs[id] {
		select {
		case c <- struct{}{}:
		default: // it has not looked since the last time
		}
	}
}
