package node

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/store"
)

// How the chain is followed.
const (
	eventPage    = 500
	shortPause   = 200 * time.Millisecond // after trouble with the chain; doubles up to longPause
	longPause    = 10 * time.Second
	committeeAge = 30 * time.Second // the committee is asked for that often, whatever the log says
)

// ErrLog means that the chain's log is not what a log may be; the node cannot go on.
var ErrLog = errors.New("node: chain's log has a gap")

// errTrails means that the chain answers as of an earlier epoch than its log has reached.
var errTrails = errors.New("node: chain's answers trail its log")

// Follow keeps the node abreast of the chain until ctx ends, which gives nil, or something happens
// that a restart, or someone, has to see to. [Node.Serve] includes it. It must run once.
//
// A chain that does not answer is waited for.
//
// Errors: [store.ErrFailed], [ledger.ErrChain], [ledger.ErrPruned] if the chain forgot what the node has not
// seen, [ErrLog].
func (n *Node) Follow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := n.patiently(ctx, n.refresh); err != nil {
		return ignoreCanceled(ctx, err)
	}
	n.background.Go(func() { n.sweep(ctx) })
	n.background.Go(func() { n.keepFresh(ctx) })
	return ignoreCanceled(ctx, n.followLog(ctx))
}

func ignoreCanceled(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// sweep removes what crashes left in the store.
func (n *Node) sweep(ctx context.Context) {
	removed, err := n.store.Sweep(ctx)
	if err != nil && ctx.Err() == nil {
		n.log.Warn("node: leftovers of a crash were not all removed", "err", err)
	}
	if removed > 0 {
		n.log.Info("node: leftovers of a crash removed", "files", removed)
	}
}

// keepFresh asks for the committee now and then, because confirmations need the latest even when the
// log lags.
func (n *Node) keepFresh(ctx context.Context) {
	ticker := time.NewTicker(committeeAge)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := n.refresh(ctx); err != nil && ctx.Err() == nil {
			n.trouble(err)
		}
	}
}

// trouble tells the operator of an error that asking the chain again may heal.
func (n *Node) trouble(err error) {
	switch {
	case permanent(err): // whoever follows the log meets it, and ends the node
	case errors.Is(err, errTrails):
		n.log.Info("node: trying again", "err", err)
	default:
		n.silence.note(err)
	}
}

// patiently repeats f, with growing pauses, until it succeeds, ctx ends, or it fails in a way that
// time does not heal.
func (n *Node) patiently(ctx context.Context, f func(context.Context) error) error {
	pause := shortPause
	for {
		err := f(ctx)
		if err == nil || permanent(err) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		n.trouble(err)
		// Not all nodes of a network at the same instant.
		timer := time.NewTimer(pause/2 + rand.N(pause/2+1))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		pause = min(2*pause, longPause)
	}
}

func permanent(err error) bool {
	for _, p := range []error{store.ErrFailed, store.ErrCorrupt, store.ErrClosed, store.ErrGap, ledger.ErrChain, ledger.ErrPruned, ErrLog} {
		if errors.Is(err, p) {
			return true
		}
	}
	return false
}

// followLog applies the log from the cursor on.
func (n *Node) followLog(ctx context.Context) error {
	next, err := n.store.Cursor()
	if err != nil {
		return fmt.Errorf("node: cursor: %w", err)
	}
	n.log.Info("node: following the chain", "event", next)
	for ctx.Err() == nil {
		var events []ledger.Event
		err := n.patiently(ctx, func(ctx context.Context) (err error) {
			events, err = n.page(ctx, next)
			return err
		})
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := n.handle(ctx, e); err != nil {
				return fmt.Errorf("node: event %d: %w", e.Index, err)
			}
			next = e.Index + 1
			n.height.Store(e.Height)
		}
		if err := n.store.SetCursor(next); err != nil {
			return fmt.Errorf("node: cursor: %w", err)
		}
	}
	return ctx.Err()
}

// page returns entries of the log from next on, as soon as there are any.
func (n *Node) page(ctx context.Context, next uint64) ([]ledger.Event, error) {
	events, err := n.ledger.Events(ctx, next, eventPage)
	if err != nil {
		return nil, fmt.Errorf("node: events from %d: %w", next, err)
	}
	n.heard()
	if len(events) == 0 {
		// A silent chain is no dead chain: look up now and then.
		wait, cancel := context.WithTimeout(ctx, committeeAge)
		defer cancel()
		if err := n.ledger.WaitEvents(wait, next); err != nil && wait.Err() == nil {
			return nil, fmt.Errorf("node: event %d: %w", next, err)
		}
		return nil, nil
	}
	for i, e := range events {
		if e.Index != next+uint64(i) {
			return nil, fmt.Errorf("%w: entry %d where %d should be", ErrLog, e.Index, next+uint64(i))
		}
	}
	return events, nil
}

// handle records what an event says, then does what follows from it. Both may happen again after a
// crash. Source: spec storage-node.md section 5.4.
func (n *Node) handle(ctx context.Context, e ledger.Event) error {
	if err := n.store.Apply(e.Index, change(e)); err != nil {
		return err
	}
	switch body := e.Body.(type) {
	case ledger.BlobRegistered:
		n.waiters.tell(body.BlobID)
		n.flushSoon(body.BlobID)
	case ledger.PooledBlobRegistered:
		n.waiters.tell(body.BlobID)
		n.flushSoon(body.BlobID)
	case ledger.BlobDeleted:
		return n.collect(body.BlobID, body.Epoch)
	case ledger.PooledBlobDeleted:
		return n.collect(body.BlobID, body.Epoch)
	case ledger.InvalidBlobID:
		return n.purge(body.BlobID)
	case ledger.DenyListBlobDeleted:
		return n.purge(body.BlobID)
	case ledger.EpochChangeStart:
		return n.reach(ctx, body.Epoch)
	case ledger.EpochChangeDone:
		return n.reach(ctx, body.Epoch)
	case ledger.UnknownEvent:
		n.log.Warn("node: event of an unknown kind", "index", e.Index, "event", body.Name)
	}
	return nil
}

// change translates an event; nil means that it changes no record.
func change(e ledger.Event) store.Change {
	switch b := e.Body.(type) {
	case ledger.BlobRegistered:
		return store.Register{Blob: b.BlobID, Object: b.Object, Epoch: b.Epoch, End: b.End, Size: b.Size, Deletable: b.Deletable, Ref: e.Ref}
	case ledger.BlobCertified:
		if b.Extension {
			return store.Extend{Blob: b.BlobID, Object: b.Object, End: b.End, Deletable: b.Deletable, Ref: e.Ref}
		}
		return store.Certify{Blob: b.BlobID, Object: b.Object, Epoch: b.Epoch, End: b.End, Deletable: b.Deletable, Ref: e.Ref}
	case ledger.BlobDeleted:
		return store.Delete{Blob: b.BlobID, Object: b.Object, WasCertified: b.WasCertified}
	case ledger.StoragePoolCreated:
		return store.KeepPool{Pool: b.Pool, End: b.End}
	case ledger.StoragePoolExtended:
		return store.KeepPool{Pool: b.Pool, End: b.End}
	case ledger.PooledBlobRegistered:
		return store.RegisterPooled{
			Blob: b.BlobID, Pool: b.Pool, Object: b.Object, Epoch: b.Epoch, Size: b.Size, Deletable: b.Deletable, Ref: e.Ref,
		}
	case ledger.PooledBlobCertified:
		return store.CertifyPooled{Blob: b.BlobID, Pool: b.Pool, Object: b.Object, Epoch: b.Epoch, Ref: e.Ref}
	case ledger.PooledBlobDeleted:
		return store.DeletePooled{Blob: b.BlobID, Pool: b.Pool, Object: b.Object}
	case ledger.InvalidBlobID:
		return store.Invalidate{Blob: b.BlobID, Epoch: b.Epoch, Ref: e.Ref}
	case ledger.DenyListBlobDeleted:
		return store.Deny{Blob: b.BlobID}
	}
	return nil
}

// collect deletes the data of a blob that nobody wants kept.
func (n *Node) collect(id blob.ID, epoch committee.Epoch) error {
	collected, err := n.store.Collect(id, epoch)
	if err != nil {
		return err
	}
	if collected {
		n.forget(id)
	}
	return nil
}

// purge deletes the data of a blob that nobody may keep.
func (n *Node) purge(id blob.ID) error {
	n.pending.drop(id)
	if err := n.store.Purge(id); err != nil {
		return err
	}
	n.forget(id)
	return nil
}

// forget drops what is cached of a blob.
func (n *Node) forget(id blob.ID) {
	n.metadata.drop(func(key blob.ID) bool { return key == id })
	n.expanded.drop(func(key store.SliverKey) bool { return key.Blob == id })
}

// reach makes sure that the view is not behind an event: the chain's answers may trail its log.
func (n *Node) reach(ctx context.Context, epoch committee.Epoch) error {
	return n.patiently(ctx, func(ctx context.Context) error {
		if err := n.refresh(ctx); err != nil {
			return err
		}
		if v := n.view.Load(); v.Epoch < epoch {
			return fmt.Errorf("%w: they are of epoch %d, it is in %d", errTrails, v.Epoch, epoch)
		}
		return nil
	})
}
