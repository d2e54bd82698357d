package node

import (
	"context"
	"fmt"
	"slices"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/redstuff"
	"github.com/walrus-go/walrus/store"
	"github.com/walrus-go/walrus/wire"
)

// A view is what the chain last said of the committees. It is never changed, so that a request sees
// one epoch from beginning to end.
type view struct {
	ledger.Committees
	code  *redstuff.Code
	owned []committee.Shard // of the current committee; empty for a node outside
}

func (v *view) epoch() committee.Epoch { return v.Current.Epoch() }
func (v *view) shards() int            { return v.Current.Shards() }

// current returns the view. Errors: [wire.ErrUnavailable] before there is one.
func (n *Node) current() (*view, error) {
	v := n.view.Load()
	if v == nil {
		return nil, fmt.Errorf("%w: the committee is not known yet", wire.ErrUnavailable)
	}
	return v, nil
}

// refresh asks the chain for the committees and gives storage to shards that are this node's.
func (n *Node) refresh(ctx context.Context) error {
	c, err := n.ledger.Committees(ctx)
	if err != nil {
		return fmt.Errorf("node: committees: %w", err)
	}
	n.heard()
	code, err := redstuff.New(c.Current.Shards())
	if err != nil {
		return fmt.Errorf("node: committee of epoch %d: %w", c.Current.Epoch(), err)
	}
	v := &view{Committees: c, code: code}
	if i, ok := c.Current.Find(n.id); ok {
		member := c.Current.Member(i)
		if member.Key != n.key.Public() {
			n.log.Error("node: the chain has another key for this node; its confirmations are worthless",
				"chain", member.Key, "own", n.key.Public())
		}
		v.owned = slices.Clone(member.Shards)
	}
	if err := n.makeRoom(v); err != nil {
		return err
	}
	n.setView(v)
	return nil
}

// setView takes a view over, unless it is older than what there is: answers may overtake each other.
func (n *Node) setView(v *view) {
	for {
		old := n.view.Load()
		if old != nil && old.epoch() > v.epoch() {
			return
		}
		if !n.view.CompareAndSwap(old, v) {
			continue
		}
		if old == nil || old.epoch() != v.epoch() {
			n.log.Info("node: epoch", "epoch", v.epoch(), "shards", len(v.owned))
		}
		n.readyOnce.Do(func() { close(n.ready) })
		return
	}
}

// makeRoom gives storage to owned shards that have none. In the first epoch there is nothing in them
// that someone else could have; later they are incomplete until their content has been fetched.
// Shards that went to others are kept.
func (n *Node) makeRoom(v *view) error {
	status := store.ShardNone
	if v.Previous == nil {
		status = store.ShardActive
	}
	have := n.store.Shards()
	var gained []committee.Shard
	for _, shard := range v.owned {
		if _, ok := have[shard]; !ok {
			gained = append(gained, shard)
		}
	}
	if len(gained) == 0 {
		return nil
	}
	if status == store.ShardNone {
		n.log.Warn("node: shards gained whose content is elsewhere", "epoch", v.epoch(), "shards", gained)
	}
	if err := n.store.SetShards(status, gained...); err != nil {
		return fmt.Errorf("node: storage for shards: %w", err)
	}
	return nil
}

// shardOf returns the shard of a sliver pair. Errors: [wire.ErrIndexOutOfRange].
func (v *view) shardOf(id blob.ID, pair int) (committee.Shard, error) {
	if pair >= v.shards() {
		return 0, fmt.Errorf("%w: %d, there are %d", wire.ErrIndexOutOfRange, pair, v.shards())
	}
	return committee.Shard(id.Shard(blob.PairIndex(pair), v.shards())), nil
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
