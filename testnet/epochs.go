package testnet

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// epochPoll is how often a network looks for a new epoch.
const epochPoll = 250 * time.Millisecond

// reportShards ends the changes of epochs until ctx does: whenever an epoch has begun, the operator reports
// for every node whose shards are those it had before that it has them. A node with other shards is not
// reported, since nothing moves shards yet.
func (n *Network) reportShards(ctx context.Context, operator *rpc.Wallet) {
	ticker := time.NewTicker(epochPoll)
	defer ticker.Stop()
	var done committee.Epoch
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		s, err := n.ledger.System(ctx)
		if err != nil || s.Epoch == done {
			continue // the chain is asked again soon
		}
		if err := n.reportEpoch(ctx, operator); err != nil {
			if ctx.Err() == nil {
				n.log.Warn("testnet: epoch change waits", "epoch", s.Epoch, "err", err)
			}
			continue
		}
		done = s.Epoch
	}
}

// reportEpoch reports for the current epoch if it is still changing.
func (n *Network) reportEpoch(ctx context.Context, operator *rpc.Wallet) error {
	c, err := n.ledger.Committees(ctx)
	if err != nil || !c.Transition {
		return err
	}
	kept := unmoved(c.Previous, c.Current)
	errs := make(chan error, len(kept))
	for _, id := range kept {
		go func() { errs <- reported(operator.SyncDone(ctx, id, c.Current.Epoch())) }()
	}
	for range kept {
		err = errors.Join(err, <-errs)
	}
	return err
}

// reported forgives a report that was made before: by an earlier attempt whose answer was lost.
func reported(err error) error {
	var r *ledger.RejectedError
	if errors.As(err, &r) && r.Name == "staking_inner::EDuplicateSyncDone" {
		return nil
	}
	return err
}

// unmoved returns the nodes that own exactly the shards they owned before.
func unmoved(before, now *committee.Committee) []committee.NodeID {
	if before == nil {
		return nil
	}
	var ids []committee.NodeID
	for i := range now.Members() {
		m := now.Member(i)
		at, ok := before.Find(m.ID)
		if ok && slices.Equal(sorted(before.Member(at).Shards), sorted(m.Shards)) {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

func sorted(shards []committee.Shard) []committee.Shard { return slices.Sorted(slices.Values(shards)) }
