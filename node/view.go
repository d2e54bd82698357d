package node

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/redstuff"
	"github.com/walrus-go/walrus/store"
	"github.com/walrus-go/walrus/wire"
)

// A view is what the chain last said of the current committee. It is never changed, so that a request
// sees one epoch from beginning to end.
type view struct {
	store.Membership
	code *redstuff.Code
	// remembered is set if the chain said so before the node was started last.
	remembered bool
}

func newView(m store.Membership) (*view, error) {
	code, err := redstuff.New(m.Shards)
	if err != nil {
		return nil, fmt.Errorf("node: committee of epoch %d: %w", m.Epoch, err)
	}
	return &view{Membership: m, code: code}, nil
}

// current returns the view. Errors: [wire.ErrUnavailable] before there is one.
func (n *Node) current() (*view, error) {
	v := n.view.Load()
	if v == nil {
		return nil, fmt.Errorf("%w: the committee is not known yet", wire.ErrUnavailable)
	}
	return v, nil
}

// remember takes over what the chain said before the node was started.
func (n *Node) remember() error {
	m, err := n.store.Membership()
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	v, err := newView(m)
	if err != nil {
		return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	v.remembered = true
	n.view.Store(v)
	return nil
}

// refresh asks the chain for the committees and gives storage to shards that are this node's.
func (n *Node) refresh(ctx context.Context) error {
	c, err := n.ledger.Committees(ctx)
	if err != nil {
		return fmt.Errorf("node: committees: %w", err)
	}
	n.heard()
	m := store.Membership{Epoch: c.Current.Epoch(), Shards: c.Current.Shards()}
	if i, ok := c.Current.Find(n.id); ok {
		member := c.Current.Member(i)
		if member.Key != n.key.Public() {
			n.log.Error("node: the chain has another key for this node; its confirmations are worthless",
				"chain", member.Key, "own", n.key.Public())
		}
		m.Owned = slices.Clone(member.Shards)
	}
	v, err := newView(m)
	if err != nil {
		return err
	}
	if err := n.makeRoom(v, c.Previous == nil); err != nil {
		return err
	}
	return n.setView(v)
}

// setView takes a view over, unless the chain has told a newer one since the node was started: answers may
// overtake each other.
func (n *Node) setView(v *view) error {
	n.viewing.Lock()
	defer n.viewing.Unlock()
	old := n.view.Load()
	if old != nil && !old.remembered && old.Epoch > v.Epoch {
		return nil
	}
	if old == nil || old.Epoch != v.Epoch || old.Shards != v.Shards || !slices.Equal(old.Owned, v.Owned) {
		if err := n.store.SetMembership(v.Membership); err != nil {
			return fmt.Errorf("node: membership: %w", err)
		}
	}
	n.view.Store(v)
	if old == nil || old.Epoch != v.Epoch {
		n.log.Info("node: epoch", "epoch", v.Epoch, "shards", len(v.Owned))
	}
	n.readyOnce.Do(func() { close(n.ready) })
	return nil
}

// makeRoom gives storage to owned shards that have none. In the first epoch there is nothing in them
// that someone else could have; later they are incomplete until their content has been fetched.
// Shards that went to others are kept.
func (n *Node) makeRoom(v *view, first bool) error {
	status := store.ShardNone
	if first {
		status = store.ShardActive
	}
	have := n.store.Shards()
	var gained []committee.Shard
	for _, shard := range v.Owned {
		if _, ok := have[shard]; !ok {
			gained = append(gained, shard)
		}
	}
	if len(gained) == 0 {
		return nil
	}
	if status == store.ShardNone {
		n.log.Warn("node: shards gained whose content is elsewhere", "epoch", v.Epoch, "shards", gained)
	}
	if err := n.store.SetShards(status, gained...); err != nil {
		return fmt.Errorf("node: storage for shards: %w", err)
	}
	return nil
}

// shardOf returns the shard of a sliver pair. Errors: [wire.ErrIndexOutOfRange].
func (v *view) shardOf(id blob.ID, pair int) (committee.Shard, error) {
	if pair >= v.Shards {
		return 0, fmt.Errorf("%w: %d, there are %d", wire.ErrIndexOutOfRange, pair, v.Shards)
	}
	return committee.Shard(id.Shard(blob.PairIndex(pair), v.Shards)), nil
}

// keyOf returns the name of a sliver in the store, if its shard has storage here. Errors:
// [wire.ErrIndexOutOfRange], [wire.ErrShardNotAssigned].
func (n *Node) keyOf(v *view, id blob.ID, pair int, axis redstuff.Axis) (store.SliverKey, error) {
	shard, err := v.shardOf(id, pair)
	if err != nil {
		return store.SliverKey{}, err
	}
	if _, ok := n.store.Shard(shard); !ok {
		return store.SliverKey{}, fmt.Errorf("%w: sliver pair %d of blob %v is on shard %d", wire.ErrShardNotAssigned, pair, id, shard)
	}
	return store.SliverKey{Blob: id, Shard: shard, Axis: axis}, nil
}
