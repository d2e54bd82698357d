package node

import (
	"container/list"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/store"
	"github.com/walrus-go/walrus/wire"
)

// Bounds on uploads before registration that are no one's to choose. Source: spec storage-node.md 6.3.
const (
	maxPendingBlobs   = 1024
	maxPendingSlivers = 20480
	maxPendingSliver  = 4 << 20 // bytes
)

// pending holds uploads of blobs that are not registered yet: verified metadata, and slivers verified
// against it. A blob's uploads are forgotten together, some time after the last of them.
type pending struct {
	room int64
	life time.Duration

	mu      sync.Mutex
	blobs   map[blob.ID]*list.Element // of *upload; guarded by mu, as is all below
	order   list.List                 // the one that expires first in front
	slivers int
	bytes   int64
	timer   *time.Timer // runs while blobs is not empty
	closed  bool
}

// An upload is what is held of one blob.
type upload struct {
	id       blob.ID
	metadata *blob.Metadata
	raw      []byte // metadata's bytes
	slivers  map[store.SliverKey][]byte
	expires  time.Time
}

func newPending(l Limits) *pending {
	p := &pending{room: l.Pending, life: l.PendingLife, blobs: make(map[blob.ID]*list.Element)}
	p.timer = time.AfterFunc(p.life, p.expire)
	p.timer.Stop()
	return p
}

func (p *pending) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.timer.Stop()
}

// expire forgets what has waited long enough.
func (p *pending) expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for e := p.order.Front(); e != nil; e = p.order.Front() {
		u := e.Value.(*upload)
		if wait := u.expires.Sub(now); wait > 0 {
			if !p.closed {
				p.timer.Reset(wait)
			}
			return
		}
		p.remove(u.id)
	}
}

// remove forgets a blob; mu is held.
func (p *pending) remove(id blob.ID) {
	e, ok := p.blobs[id]
	if !ok {
		return
	}
	u := e.Value.(*upload)
	p.bytes -= int64(len(u.raw))
	for _, data := range u.slivers {
		p.bytes -= int64(len(data))
	}
	p.slivers -= len(u.slivers)
	p.order.Remove(e)
	delete(p.blobs, id)
}

// touch gives a blob its full time again; mu is held.
func (p *pending) touch(e *list.Element) {
	e.Value.(*upload).expires = time.Now().Add(p.life)
	p.order.MoveToBack(e)
	if len(p.blobs) == 1 && !p.closed {
		p.timer.Reset(p.life)
	}
}

// metadata returns what is held for a blob, or nil.
func (p *pending) metadata(id blob.ID) *blob.Metadata {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e, ok := p.blobs[id]; ok {
		return e.Value.(*upload).metadata
	}
	return nil
}

// has tells whether a sliver is held.
func (p *pending) has(key store.SliverKey) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	e, ok := p.blobs[key.Blob]
	if !ok {
		return false
	}
	_, ok = e.Value.(*upload).slivers[key]
	return ok
}

// roomForBlob tells whether another blob of so many bytes of metadata would be taken now. Errors:
// [wire.ErrCacheSaturated].
func (p *pending) roomForBlob(size int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.checkBlob(size)
}

func (p *pending) checkBlob(size int) error {
	if len(p.blobs) >= maxPendingBlobs || p.bytes+int64(size) > p.room {
		return fmt.Errorf("%w: %d blobs wait, %d bytes", wire.ErrCacheSaturated, len(p.blobs), p.bytes)
	}
	return nil
}

// roomForSliver is roomForBlob for a sliver.
func (p *pending) roomForSliver(size int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.checkSliver(size)
}

func (p *pending) checkSliver(size int) error {
	if size > maxPendingSliver {
		return fmt.Errorf("%w: a sliver of %d bytes, up to %d wait", wire.ErrCacheSaturated, size, maxPendingSliver)
	}
	if p.slivers >= maxPendingSlivers || p.bytes+int64(size) > p.room {
		return fmt.Errorf("%w: %d slivers wait, %d bytes", wire.ErrCacheSaturated, p.slivers, p.bytes)
	}
	return nil
}

// addMetadata holds verified metadata; raw is kept. added is false if there was some. Errors:
// [wire.ErrCacheSaturated].
func (p *pending) addMetadata(id blob.ID, m *blob.Metadata, raw []byte) (added bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.blobs[id]; ok {
		return false, nil
	}
	if err := p.checkBlob(len(raw)); err != nil {
		return false, err
	}
	e := p.order.PushBack(&upload{id: id, metadata: m, raw: raw, slivers: make(map[store.SliverKey][]byte)})
	p.blobs[id] = e
	p.bytes += int64(len(raw))
	p.touch(e)
	return true, nil
}

// addSliver holds a verified sliver; data is kept. held is false if the blob's metadata is not here any
// more, added is false if the sliver was. Errors: [wire.ErrCacheSaturated].
func (p *pending) addSliver(key store.SliverKey, data []byte) (held, added bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e, ok := p.blobs[key.Blob]
	if !ok {
		return false, false, nil
	}
	u := e.Value.(*upload)
	if _, ok := u.slivers[key]; ok {
		return true, false, nil
	}
	if err := p.checkSliver(len(data)); err != nil {
		return true, false, err
	}
	u.slivers[key] = data
	p.slivers++
	p.bytes += int64(len(data))
	p.touch(e)
	return true, true, nil
}

// peek returns what is held of a blob for storing it; it stays held. ok is false if there is nothing.
func (p *pending) peek(id blob.ID) (raw []byte, slivers map[store.SliverKey][]byte, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e, ok := p.blobs[id]
	if !ok {
		return nil, nil, false
	}
	u := e.Value.(*upload)
	return u.raw, maps.Clone(u.slivers), true
}

// stored forgets slivers that are durable now, and the blob with the last of them. done is false if
// others have arrived meanwhile.
func (p *pending) stored(id blob.ID, slivers map[store.SliverKey][]byte) (done bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e, ok := p.blobs[id]
	if !ok {
		return true
	}
	u := e.Value.(*upload)
	for key := range slivers {
		if data, ok := u.slivers[key]; ok {
			delete(u.slivers, key)
			p.slivers--
			p.bytes -= int64(len(data))
		}
	}
	if len(u.slivers) > 0 {
		return false
	}
	p.remove(id)
	return true
}

// drop forgets a blob.
func (p *pending) drop(id blob.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.remove(id)
}

// usage returns what is held, for metrics.
func (p *pending) usage() (blobs, slivers int, bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.blobs), p.slivers, p.bytes
}
