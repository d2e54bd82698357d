package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/wire"
)

// healthOptions are the flags of health.
type healthOptions struct {
	committee bool
	activeSet bool
	nodeIDs   []string
	nodeURLs  []string
	detail    bool
	sortBy    string
	desc      bool
	fail      bool
}

// nodeHealthJSON is one node's health. Source: spec client.md section 2.4.
type nodeHealthJSON struct {
	NodeID           committee.NodeID `json:"nodeId"`
	NodeURL          string           `json:"nodeUrl"`
	NodeName         string           `json:"nodeName"`
	NetworkPublicKey string           `json:"networkPublicKey"`
	HealthInfo       map[string]any   `json:"healthInfo"` // Ok or Err
	RoundTripMillis  int64            `json:"roundTripMillis"`
}

// newHealth makes the health command.
func newHealth(d *deps) *cobra.Command {
	var opts healthOptions
	cmd := &cobra.Command{
		Use:   "health (--committee | --active-set | --node-ids IDS | --node-urls URLS)",
		Short: "Ask storage nodes how they are",
		Long: `Health asks storage nodes for their state: what they own, how far they have followed the chain, and how long they take to
answer: those of the current committee, those from which the next ones are chosen, or some that are registered. A node
that does not answer is part of the result.
JSON: {"healthInfo":[{"nodeId","nodeUrl","nodeName","networkPublicKey","healthInfo":{"Ok":{...}}|{"Err":"..."}}],"latestSeq"}.` +
			exits("with --fail 1 if a node does not answer or is not active (7 with --exit-codes=detailed)"),
		Example: "  walrus health --committee",
		Args:    cobra.NoArgs,
		RunE:    d.reads(func(ctx context.Context, s *session, _ []string) error { return runHealth(ctx, s, opts) }),
	}
	f := cmd.Flags()
	f.BoolVar(&opts.committee, "committee", false, "all nodes of the committee")
	f.BoolVar(&opts.activeSet, "active-set", false, "all nodes of the active set, from which committees are chosen")
	f.StringSliceVar(&opts.nodeIDs, "node-ids", nil, "registered nodes with these `IDS` or names, separated by commas")
	f.StringSliceVar(&opts.nodeURLs, "node-urls", nil, "registered nodes at these `URLS`, host:port, separated by commas")
	which := []string{"committee", "active-set", "node-ids", "node-urls"}
	cmd.MarkFlagsOneRequired(which...)
	cmd.MarkFlagsMutuallyExclusive(which...)
	f.BoolVar(&opts.detail, "detail", false, "show the state of every shard")
	f.StringVar(&opts.sortBy, "sort-by", "", "status, id, name or url (default: as the chain lists them)")
	f.BoolVar(&opts.desc, "desc", false, "sort downwards")
	f.BoolVar(&opts.fail, "fail", false, "fail if a node is not well")
	return cmd
}

func runHealth(ctx context.Context, s *session, opts healthOptions) error {
	nodes, err := opts.ask(ctx, s)
	if err != nil {
		return err
	}
	if err := opts.sort(nodes); err != nil {
		return err
	}
	err = s.show(fields{"healthInfo": healthJSON(nodes), "latestSeq": latest(nodes)}, func() error { return printHealth(s.deps, nodes) })
	if err != nil || !opts.fail {
		return err
	}
	return unwell(nodes)
}

// ask asks the nodes that are meant how they are.
func (o *healthOptions) ask(ctx context.Context, s *session) ([]client.NodeHealth, error) {
	if o.committee {
		return s.client.Health(ctx, o.detail)
	}
	chosen, err := o.choose(ctx, s)
	if err != nil {
		return nil, err
	}
	members := make([]*committee.Member, len(chosen))
	for i, n := range chosen {
		m := &committee.Member{ID: nodeIDOf(n.Id), Name: n.Name, Address: n.NetworkAddress}
		copy(m.NetworkKey[:], n.NetworkPublicKey)
		if m.Key, err = bls.ParsePublicKey(n.BlsPublicKey); err != nil {
			return nil, fmt.Errorf("%w: node %v: %w", ledger.ErrUnavailable, m.ID, err)
		}
		members[i] = m
	}
	return s.client.HealthOf(ctx, members, o.detail), nil
}

// choose finds nodes in the registry.
func (o *healthOptions) choose(ctx context.Context, s *session) ([]*committeev1.Node, error) {
	if len(o.nodeIDs) > 0 {
		return tryConvert(o.nodeIDs, func(text string) (*committeev1.Node, error) { return s.node(ctx, text) })
	}
	r, err := s.registry(ctx)
	if err != nil {
		return nil, err
	}
	if o.activeSet {
		var chosen []*committeev1.Node
		for i := range r.nodes {
			if _, ok := r.active[nodeIDOf(r.nodes[i].Id)]; ok {
				chosen = append(chosen, &r.nodes[i])
			}
		}
		return chosen, nil
	}
	return tryConvert(o.nodeURLs, func(url string) (*committeev1.Node, error) {
		address := strings.TrimSuffix(strings.TrimPrefix(url, "https://"), "/")
		return pickNode(r.nodes, func(n *committeev1.Node) bool { return n.NetworkAddress == address },
			fmt.Sprintf("is at %s", address), `"walrus nodes" lists them with their addresses`)
	})
}

// sort puts nodes in the order that was asked for.
func (o *healthOptions) sort(nodes []client.NodeHealth) error {
	keys := map[string]func(client.NodeHealth) string{
		"status": wellness,
		"id":     func(n client.NodeHealth) string { return n.Node.ID.String() },
		"name":   func(n client.NodeHealth) string { return n.Node.Name },
		"url":    func(n client.NodeHealth) string { return n.Node.Address },
	}
	if o.sortBy != "" {
		key := keys[o.sortBy]
		if key == nil {
			return usagef("--sort-by: %q is not one of status, id, name, url", o.sortBy)
		}
		slices.SortStableFunc(nodes, func(a, b client.NodeHealth) int { return cmp.Compare(key(a), key(b)) })
	}
	if o.desc {
		slices.Reverse(nodes)
	}
	return nil
}

// active is the status of a node that does what it should.
const active = "Active"

// wellness is a node's own word on its status, or that it does not answer.
func wellness(n client.NodeHealth) string {
	if n.Err != nil {
		return "unreachable"
	}
	return n.Info.NodeStatus
}

// latest returns the furthest point of the chain that a node has followed, or nil.
func latest(nodes []client.NodeHealth) *uint64 {
	var most *uint64
	for _, n := range nodes {
		if n.Info != nil && n.Info.Checkpoint != nil && (most == nil || *n.Info.Checkpoint > *most) {
			most = n.Info.Checkpoint
		}
	}
	return most
}

func healthJSON(nodes []client.NodeHealth) []nodeHealthJSON {
	list := make([]nodeHealthJSON, len(nodes))
	for i, n := range nodes {
		list[i] = nodeHealthJSON{
			NodeID: n.Node.ID, NodeURL: n.Node.Address, NodeName: n.Node.Name, NetworkPublicKey: fmt.Sprintf("0x%x", n.Node.NetworkKey[:]),
			HealthInfo: map[string]any{"Ok": n.Info}, RoundTripMillis: n.RoundTrip.Milliseconds(),
		}
		if n.Err != nil {
			list[i].HealthInfo = map[string]any{"Err": n.Err.Error()}
		}
	}
	return list
}

func printHealth(d *deps, nodes []client.NodeHealth) error {
	t := newTable(d.stdout, "Idx", "Name", "Address", "Shards ready", "Events", "Up", "Answers in", "Status")
	counts := map[string]int{}
	for i, n := range nodes {
		counts[wellness(n)]++
		if n.Err != nil {
			t.row(fmt.Sprint(i), n.Node.Name, n.Node.Address, "-", "-", "-", "-", wellness(n))
			continue
		}
		sum := n.Info.ShardSummary
		up := time.Duration(n.Info.Uptime.Secs) * time.Second
		t.row(fmt.Sprint(i), n.Node.Name, n.Node.Address, fmt.Sprintf("%d of %d", sum.ByStatus.Ready, sum.Owned),
			fmt.Sprint(n.Info.Events.Persisted), formatDuration(up), formatDuration(n.RoundTrip), n.Info.NodeStatus)
	}
	if err := t.flush(); err != nil {
		return err
	}
	for _, n := range nodes {
		if n.Info != nil && n.Info.ShardDetail != nil {
			fmt.Fprintf(d.stdout, "%s: %s\n", n.Node.Name, shardStates(n.Info.ShardDetail))
		}
	}
	var words []string
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		words = append(words, fmt.Sprintf("%d %s", counts[status], status))
	}
	_, err := fmt.Fprintf(d.stdout, "%s: %s\n", plural(len(nodes), "node"), strings.Join(words, ", "))
	return err
}

// shardStates lists the shards that a node has, by state.
func shardStates(detail *wire.ShardDetail) string {
	by := map[string][]string{}
	for _, s := range slices.Concat(detail.Owned, detail.Other) {
		by[s.Status] = append(by[s.Status], fmt.Sprint(s.Shard))
	}
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(by)) {
		parts = append(parts, status+" "+strings.Join(by[status], ","))
	}
	return strings.Join(parts, "; ")
}

// unwell is the error that --fail asks for.
func unwell(nodes []client.NodeHealth) error {
	var bad []string
	for _, n := range nodes {
		if w := wellness(n); w != active {
			bad = append(bad, n.Node.Name+" "+w)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return &hinted{
		err: fmt.Errorf("%d of %s not well: %s", len(bad), plural(len(nodes), "node"), strings.Join(bad, ", ")), code: "UNHEALTHY", exit: exitPartial,
		details: map[string]any{"unhealthy": len(bad), "of": len(nodes)},
	}
}
