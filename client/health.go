package client

import (
	"context"
	"sync"
	"time"

	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/wire"
)

// NodeHealth is what a node says of itself, or why it says nothing.
type NodeHealth struct {
	Node *committee.Member
	// Info is nil if Err is set. It is the node's own word.
	Info *wire.Health
	// RoundTrip is how long the answer took, a connection included if there was none.
	RoundTrip time.Duration
	Err       error // a [*NodeError]
}

// healthRequests is how many nodes are asked for their health at once, and healthTimeout how long
// each may take. Monitoring wants an answer more than it wants the last slow node's.
const (
	healthRequests = 60
	healthTimeout  = 10 * time.Second
)

// Health asks every node of the current committee how it is. The result has the committee's order;
// nodes that do not answer are part of it. detailed asks for the state of each shard.
//
// Errors: those of the ledger.
func (c *Client) Health(ctx context.Context, detailed bool) ([]NodeHealth, error) {
	net, err := c.currentNetwork(ctx, false)
	if err != nil {
		return nil, err
	}
	members := make([]*committee.Member, len(net.Current.Members()))
	for i := range members {
		members[i] = net.Current.Member(i)
	}
	return c.HealthOf(ctx, members, detailed), nil
}

// HealthOf asks given nodes how they are, in the committee or not: ID, name, address and network key say
// which. The result has their order; nodes that do not answer are part of it. detailed asks for the state of
// each shard.
func (c *Client) HealthOf(ctx context.Context, nodes []*committee.Member, detailed bool) []NodeHealth {
	health := make([]NodeHealth, len(nodes))
	places := make(chan struct{}, healthRequests)
	var wait sync.WaitGroup
	for i := range health {
		wait.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			health[i] = c.nodeHealth(ctx, nodes[i], detailed)
		})
	}
	wait.Wait()
	return health
}

func (c *Client) nodeHealth(ctx context.Context, m *committee.Member, detailed bool) NodeHealth {
	h := NodeHealth{Node: m}
	ctx, cancel := context.WithTimeoutCause(ctx, healthTimeout, ErrStalled)
	defer cancel()
	var info wire.Health
	p, err := c.peer(m)
	start := time.Now()
	if err == nil {
		err = p.getJSON(ctx, wire.HealthPath(detailed), 0, &info)
	}
	h.RoundTrip = time.Since(start)
	if err != nil {
		h.Err = nodeError(m, m.Shards, err)
		return h
	}
	h.Info = &info
	return h
}
