package node

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/store"
	"github.com/walrus-go/walrus/wire"
)

// Patterns of what supervisors ask.
const (
	patternLive  = "/livez"
	patternReady = "/readyz"
)

// stale is how long the chain may be silent before the node is not ready.
const stale = 2 * time.Minute

// health is route 14. It says 200 as long as the process serves.
func (n *Node) health(w http.ResponseWriter, r *http.Request) error {
	detailed, err := wire.ParseDetailed(r.URL.RawQuery)
	if err != nil {
		return err
	}
	v, err := n.current()
	if err != nil {
		return err
	}
	cursor, err := n.store.Cursor()
	if err != nil {
		return err
	}
	next, err := n.store.Next()
	if err != nil {
		return err
	}
	up := time.Since(n.started)
	h := wire.Health{
		Uptime:     wire.Uptime{Secs: uint64(up / time.Second), Nanos: uint32(up % time.Second)},
		Epoch:      v.Epoch,
		PublicKey:  n.key.Public(),
		NodeStatus: "Standby",
		Events:     wire.EventProgress{Persisted: cursor, Pending: next - min(cursor, next)},
	}
	if len(v.Owned) > 0 {
		h.NodeStatus = "Active"
	}
	if cursor > 0 {
		finished := cursor - 1
		h.Events.HighestFinished = &finished
	}
	if height := n.height.Load(); height > 0 {
		checkpoint := uint64(height)
		h.Checkpoint = &checkpoint
	}
	detail := n.shardHealth(v, &h.ShardSummary)
	if detailed {
		h.ShardDetail = detail
	}
	return data(w, http.StatusOK, h)
}

// shardHealth counts and lists the node's shards.
func (n *Node) shardHealth(v *view, sum *wire.ShardSummary) *wire.ShardDetail {
	detail := new(wire.ShardDetail)
	shards := n.store.Shards()
	order := make([]committee.Shard, 0, len(shards))
	for shard := range shards {
		order = append(order, shard)
	}
	slices.Sort(order)
	owned := make(map[committee.Shard]bool, len(v.Owned))
	for _, shard := range v.Owned {
		owned[shard] = true
	}
	for _, shard := range order {
		status := shards[shard]
		line := wire.ShardHealth{Shard: shard, Status: status.String()}
		switch {
		case status == store.ShardLockedToMove:
			sum.ReadOnly++
			detail.Other = append(detail.Other, line)
			continue
		case !owned[shard]:
			detail.Other = append(detail.Other, line)
			continue
		case status == store.ShardNone:
			sum.ByStatus.Unknown++
		case status == store.ShardActive:
			sum.ByStatus.Ready++
		case status == store.ShardActiveSync:
			sum.ByStatus.InTransfer++
		case status == store.ShardActiveRecover:
			sum.ByStatus.InRecovery++
		}
		sum.Owned++
		detail.Owned = append(detail.Owned, line)
	}
	return detail
}

// live says that the process answers.
func (n *Node) live(w http.ResponseWriter, _ *http.Request) error {
	return data(w, http.StatusOK, "alive")
}

// readiness says whether the node can do its work: it knows the committee, the chain answers, the
// disk takes writes.
func (n *Node) readiness(w http.ResponseWriter, _ *http.Request) error {
	if _, err := n.current(); err != nil {
		return err
	}
	if err := n.store.Failed(); err != nil {
		return fmt.Errorf("%w: %w", wire.ErrUnavailable, err)
	}
	if err := n.store.Room(); err != nil {
		return fmt.Errorf("%w: %w", wire.ErrUnavailable, err)
	}
	contact := n.contact.Load()
	if contact == 0 {
		return fmt.Errorf("%w: the chain has not answered since the node was started", wire.ErrUnavailable)
	}
	if silent := time.Since(time.Unix(0, contact)); silent > stale {
		return fmt.Errorf("%w: the chain has been silent for %v", wire.ErrUnavailable, silent.Round(time.Second))
	}
	return data(w, http.StatusOK, "ready")
}
