package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/wire"
)

// statusTimeout bounds how long nodes are waited for once they have been asked for a status.
const statusTimeout = 10 * time.Second

// Status asks the nodes what they know of a blob and returns the strongest statement that can be
// believed: one that nodes of more than f shards make, or that the chain backs. Counts of deletable
// registrations are those that nodes of more than f shards have at least.
//
// An unknown blob is [blob.Nonexistent] and no error. Errors: [ErrNoStatus], those of the ledger.
// Source: spec: client.md section 4.8.
func (c *Client) Status(ctx context.Context, id blob.ID) (blob.Status, error) {
	net, err := c.currentNetwork(ctx, false)
	if err != nil {
		return blob.Status{}, err
	}
	answers, failures := c.askStatus(ctx, net.Current, id)
	if err := ctx.Err(); err != nil {
		return blob.Status{}, context.Cause(ctx)
	}
	ask := sync.OnceValues(func() (blob.Status, error) { return c.ledger.BlobStatus(ctx, id) })
	chain := func(claimed blob.Status) bool {
		known, err := ask()
		return err == nil && backs(known, claimed)
	}
	status, ok := believe(net.Current, answers, chain)
	if ok {
		return status, nil
	}
	have := 0
	for _, a := range answers {
		have += net.Current.Member(a.node).Weight()
	}
	return blob.Status{}, newQuorumError(ErrNoStatus, id, have, net.Current.Quorum(), failures)
}

// statusAnswer is what one node says of a blob.
type statusAnswer struct {
	node   int // position in the committee
	status blob.Status
}

// askStatus asks all members at once and returns when answers of a quorum are there, all have
// answered or failed, or the time is up.
func (c *Client) askStatus(ctx context.Context, com *committee.Committee, id blob.ID) ([]statusAnswer, []*NodeError) {
	ctx, cancel := context.WithTimeoutCause(ctx, statusTimeout, ErrStalled)
	defer cancel()
	type reply struct {
		statusAnswer
		err error
	}
	replies := make(chan reply, len(com.Members())) // room for all: late ones have nobody to wait for
	for i := range com.Members() {
		go func() {
			r := reply{statusAnswer: statusAnswer{node: i}}
			p, err := c.peer(com.Member(i))
			if err == nil {
				err = p.getJSON(ctx, wire.StatusPath(id), 0, &r.status)
			}
			r.err = err
			replies <- r
		}()
	}
	var answers []statusAnswer
	var failures []*NodeError
	weight := 0
	for range com.Members() {
		r := <-replies // every request ends by ctx
		m := com.Member(r.node)
		switch {
		case errors.Is(r.err, wire.ErrMetadataNotFound), errors.Is(r.err, wire.ErrRoute):
			r.status, r.err = blob.Status{}, nil // 404 is how some say that they know nothing
		case r.err != nil:
			failures = append(failures, nodeError(m, m.Shards, r.err))
			continue
		}
		answers = append(answers, r.statusAnswer)
		if weight += m.Weight(); weight >= com.Quorum() {
			break
		}
	}
	return answers, failures
}

// believe returns the strongest of the answers that is backed by nodes of more than f shards or, if
// it is of a kind that names an event, by the chain.
func believe(com *committee.Committee, answers []statusAnswer, chain func(blob.Status) bool) (blob.Status, bool) {
	type group struct {
		status blob.Status
		weight int
	}
	var groups []group
	for _, a := range answers {
		weight := com.Member(a.node).Weight()
		at := slices.IndexFunc(groups, func(g group) bool { return sameStatement(g.status, a.status) })
		if at < 0 {
			groups = append(groups, group{status: a.status})
			at = len(groups) - 1
		}
		groups[at].weight += weight
	}
	slices.SortFunc(groups, func(a, b group) int { return -compareStatus(a.status, b.status) })
	for _, g := range groups {
		backed := g.weight >= com.Validity()
		if !backed && (g.status.Kind == blob.Invalid || g.status.Kind == blob.Permanent) {
			backed = chain(g.status)
		}
		if backed {
			g.status.Counts = supportedCounts(com, answers)
			return g.status, true
		}
	}
	return blob.Status{}, false
}

// sameStatement compares what nodes must agree on: everything but the counts, in which they may lag.
func sameStatement(a, b blob.Status) bool { return compareStatus(a, b) == 0 && a.Event == b.Event }

// compareStatus orders statements by how much they promise.
func compareStatus(a, b blob.Status) int {
	return cmp.Or(
		cmp.Compare(a.Kind, b.Kind),
		compareBool(a.Certified, b.Certified),
		cmp.Compare(a.End, b.End),
		compareBool(a.InitialCertified != nil, b.InitialCertified != nil),
		cmp.Compare(epochOrZero(a), epochOrZero(b)),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func epochOrZero(s blob.Status) committee.Epoch {
	if s.InitialCertified == nil {
		return 0
	}
	return *s.InitialCertified
}

// supportedCounts returns, for each count, the largest that nodes of more than f shards have at least.
func supportedCounts(com *committee.Committee, answers []statusAnswer) blob.DeletableCounts {
	supported := func(count func(blob.Status) uint64) uint64 {
		sorted := slices.Clone(answers)
		slices.SortFunc(sorted, func(a, b statusAnswer) int { return cmp.Compare(count(b.status), count(a.status)) })
		weight := 0
		for _, a := range sorted {
			if weight += com.Member(a.node).Weight(); weight >= com.Validity() {
				return count(a.status)
			}
		}
		return 0
	}
	return blob.DeletableCounts{
		Total:     supported(func(s blob.Status) uint64 { return s.Counts.Total }),
		Certified: supported(func(s blob.Status) uint64 { return s.Counts.Certified }),
	}
}

// backs tells whether the chain's knowledge supports what a node claims on its own.
func backs(known, claimed blob.Status) bool {
	switch claimed.Kind {
	case blob.Invalid:
		return known.Kind == blob.Invalid
	case blob.Permanent:
		return known.Kind == blob.Permanent && known.End == claimed.End && (known.Certified || !claimed.Certified)
	}
	return false
}

// mustExist returns [ErrNotFound] or [ErrInconsistent] if status rules out that the blob can be read.
func mustExist(id blob.ID, status blob.Status) error {
	switch {
	case status.Kind == blob.Invalid:
		return fmt.Errorf("%w: blob %v is marked invalid on chain", ErrInconsistent, id)
	case status.Kind == blob.Nonexistent:
		return fmt.Errorf("%w: %v is not registered", ErrNotFound, id)
	}
	return nil
}
