package main

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
)

// nodeJSON is a registered storage node. Amounts are FROST, rates basis points.
type nodeJSON struct {
	NodeID              committee.NodeID `json:"nodeId"`
	Name                string           `json:"name"`
	NetworkAddress      string           `json:"networkAddress"`
	PublicKey           string           `json:"publicKey"`
	NextEpochPublicKey  string           `json:"nextEpochPublicKey,omitempty"`
	NetworkPublicKey    string           `json:"networkPublicKey"`
	Owner               ledger.Address   `json:"owner"`
	GovernanceAuthority ledger.Address   `json:"governanceAuthorized"`
	CommissionReceiver  ledger.Address   `json:"commissionReceiver"`
	NShards             int              `json:"nShards"`
	NextNShards         *int             `json:"nextNShards,omitempty"` // once the next committee is selected
	Stake               uint64           `json:"stake"`
	NextStake           uint64           `json:"nextStake"` // that counts for the next committee to be selected; 0 outside of the active set
	Active              bool             `json:"active"`    // in the active set, from which committees are chosen
	CommissionRate      uint32           `json:"commissionRate"`
	Commission          uint64           `json:"commission"`
	VotingParams        votingJSON       `json:"votingParams"`
	Validator           *validatorJSON   `json:"validator"`
	Metadata            metadataJSON     `json:"metadata"`
}

// votingJSON is what a node votes for.
type votingJSON struct {
	StoragePrice uint64 `json:"storagePrice"` // FROST per MiB and epoch
	WritePrice   uint64 `json:"writePrice"`   // FROST per MiB
	NodeCapacity uint64 `json:"nodeCapacity"` // bytes
}

// validatorJSON is the validator that a node runs.
type validatorJSON struct {
	PublicKey string `json:"publicKey"`
	Power     int64  `json:"power"`
	Missed    uint32 `json:"missedBlocks"`
	Status    string `json:"status"` // active, waiting, absent, setAside, convicted
}

type metadataJSON struct {
	ImageURL    string `json:"imageUrl"`
	ProjectURL  string `json:"projectUrl"`
	Description string `json:"description"`
}

// nodesOptions are the flags of nodes.
type nodesOptions struct {
	sortBy string
	desc   bool
}

// nodeKeys are what nodes can be sorted by.
var nodeKeys = map[string]func(a, b *nodeJSON) int{
	"id":         func(a, b *nodeJSON) int { return cmp.Compare(a.NodeID.String(), b.NodeID.String()) },
	"name":       func(a, b *nodeJSON) int { return cmp.Compare(a.Name, b.Name) },
	"shards":     func(a, b *nodeJSON) int { return cmp.Compare(a.NShards, b.NShards) },
	"stake":      func(a, b *nodeJSON) int { return cmp.Compare(a.Stake, b.Stake) },
	"commission": func(a, b *nodeJSON) int { return cmp.Compare(a.CommissionRate, b.CommissionRate) },
	"power":      func(a, b *nodeJSON) int { return cmp.Compare(a.power(), b.power()) },
	"url":        func(a, b *nodeJSON) int { return cmp.Compare(a.NetworkAddress, b.NetworkAddress) },
}

const nodeKeyNames = "id, name, shards, stake, commission, power or url"

// newNodes makes the nodes command.
func newNodes(d *deps) *cobra.Command {
	var opts nodesOptions
	cmd := &cobra.Command{
		Use:   "nodes [NODE]",
		Short: "List the registered storage nodes, or show one",
		Long: `Nodes lists every storage node that is registered, in the committee or not: shards, stake, commission, what it votes
for, and the power of its validator. With the ID or name of one it shows all about that one.
JSON: {"epoch","nodes":[{"nodeId","name","networkAddress","owner","nShards","stake","nextStake","active","commissionRate",
"votingParams","validator",...}]}, or one such node. Amounts are FROST, rates basis points.` +
			exits("with --exit-codes=detailed 3 no such node"),
		Example: "  walrus nodes --sort stake --desc",
		Args:    cobra.MaximumNArgs(1),
		RunE: d.does(func(ctx context.Context, args []string) error {
			if nodeKeys[opts.sortBy] == nil {
				return usagef("--sort: %q is not one of %s", opts.sortBy, nodeKeyNames)
			}
			return d.withNetwork(ctx, func(s *session) error { return runNodes(ctx, s, args, opts) })
		}),
	}
	f := cmd.Flags()
	f.StringVar(&opts.sortBy, "sort", "id", nodeKeyNames)
	f.StringVar(&opts.sortBy, "sort-by", "id", "the same as --sort")
	f.BoolVar(&opts.desc, "desc", false, "sort downwards")
	return cmd
}

func runNodes(ctx context.Context, s *session, args []string, opts nodesOptions) error {
	var only *committeev1.Node
	if len(args) == 1 {
		var err error
		if only, err = s.node(ctx, args[0]); err != nil {
			return err
		}
	}
	r, err := s.registry(ctx)
	if err != nil {
		return err
	}
	if only != nil {
		n := r.node(only)
		return s.printLabels(n, n.labels()...)
	}
	list := make([]nodeJSON, len(r.nodes))
	for i := range list {
		list[i] = r.node(&r.nodes[i])
	}
	slices.SortStableFunc(list, func(a, b nodeJSON) int { return nodeKeys[opts.sortBy](&a, &b) })
	if opts.desc {
		slices.Reverse(list)
	}
	return s.show(fields{"epoch": r.epoch.Epoch.Number, "nodes": list}, func() error { return printNodes(s.deps, r, list) })
}

// registry is all that the chain knows of storage nodes.
type registry struct {
	epoch         *committeev1.QueryEpochResponse
	nodes         []committeev1.Node
	pools         map[committee.NodeID]*committeev1.Pool
	current, next map[committee.NodeID]*committeev1.Member // next is nil until it is selected
	active        map[committee.NodeID]uint64              // stake of who is in the active set
	validators    map[string]*committeev1.Validator        // by key
}

func (s *session) registry(ctx context.Context) (*registry, error) {
	r := &registry{pools: map[committee.NodeID]*committeev1.Pool{}, active: map[committee.NodeID]uint64{}, validators: map[string]*committeev1.Validator{}}
	var err error
	if r.epoch, err = s.epochState(ctx); err != nil {
		return nil, err
	}
	if r.nodes, err = s.nodes(ctx); err != nil {
		return nil, err
	}
	pools, err := s.pools(ctx)
	if err != nil {
		return nil, err
	}
	for i := range pools {
		r.pools[nodeIDOf(pools[i].NodeId)] = &pools[i]
	}
	if r.current, err = s.committeeAt(ctx, r.epoch.Epoch.Number); err != nil {
		return nil, err
	}
	if r.epoch.Epoch.Phase == committeev1.EPOCH_PHASE_NEXT_PARAMS_SELECTED {
		if r.next, err = s.committeeAt(ctx, r.epoch.Epoch.Number+1); err != nil {
			return nil, err
		}
	}
	var set committeev1.QueryActiveSetResponse
	if err := s.askCommittee(ctx, "ActiveSet", &committeev1.QueryActiveSetRequest{}, &set); err != nil {
		return nil, err
	}
	for _, c := range set.ActiveSet.Entries {
		r.active[nodeIDOf(c.NodeId)] = c.Stake
	}
	validators, err := s.validators(ctx)
	if err != nil {
		return nil, err
	}
	for i := range validators {
		r.validators[string(validators[i].Key)] = &validators[i]
	}
	return r, nil
}

// node puts together what is known of a node.
func (r *registry) node(n *committeev1.Node) nodeJSON {
	id := nodeIDOf(n.Id)
	out := nodeJSON{
		NodeID: id, Name: n.Name, NetworkAddress: n.NetworkAddress, Owner: accountOf(n.Owner), GovernanceAuthority: accountOf(n.GovernanceAuthorized),
		PublicKey: base64.StdEncoding.EncodeToString(n.BlsPublicKey), NextEpochPublicKey: base64.StdEncoding.EncodeToString(n.NextBlsPublicKey),
		NetworkPublicKey: fmt.Sprintf("0x%x", n.NetworkPublicKey), CommissionReceiver: accountOf(n.CommissionReceiver),
		VotingParams: votingJSON{n.Votes.StoragePrice, n.Votes.WritePrice, n.Votes.Capacity},
		Metadata:     metadataJSON{n.Metadata.ImageUrl, n.Metadata.ProjectUrl, n.Metadata.Description},
	}
	if len(n.CommissionReceiver) == 0 {
		out.CommissionReceiver = out.Owner
	}
	if p := r.pools[id]; p != nil {
		out.Stake, out.CommissionRate, out.Commission = p.Balance, p.CommissionRate, p.Commission
	}
	out.NextStake, out.Active = r.active[id]
	if m := r.current[id]; m != nil {
		out.NShards = len(m.Shards)
	}
	if r.next != nil {
		count := 0
		if m := r.next[id]; m != nil {
			count = len(m.Shards)
		}
		out.NextNShards = &count
	}
	if v := r.validators[string(n.ConsensusPublicKey)]; v != nil {
		out.Validator = newValidatorJSON(v)
	} else if len(n.ConsensusPublicKey) > 0 {
		out.Validator = &validatorJSON{PublicKey: base64.StdEncoding.EncodeToString(n.ConsensusPublicKey), Status: "waiting"}
	}
	return out
}

func newValidatorJSON(v *committeev1.Validator) *validatorJSON {
	out := &validatorJSON{PublicKey: base64.StdEncoding.EncodeToString(v.Key), Power: v.Power, Missed: v.Missed, Status: "active"}
	switch {
	case v.Convicted:
		out.Status = "convicted"
	case v.SetAside:
		out.Status = "setAside"
	case v.Power == 0:
		out.Status = "waiting"
	case !v.Proven:
		out.Status = "absent"
	}
	return out
}

// power is that of the node's validator.
func (n *nodeJSON) power() int64 {
	if n.Validator == nil {
		return 0
	}
	return n.Validator.Power
}

// validatorText says in a few words how a node's validator is.
func (n *nodeJSON) validatorText() string {
	if n.Validator == nil {
		return "-"
	}
	words := map[string]string{
		"active": fmt.Sprintf("power %d", n.Validator.Power), "waiting": "for the next committee", "absent": fmt.Sprintf("power %d, absent", n.Validator.Power),
		"setAside": "set aside", "convicted": "convicted",
	}
	return words[n.Validator.Status]
}

func printNodes(d *deps, r *registry, list []nodeJSON) error {
	heading := cells{"Name", "Shards", "Stake", "Commission", "Votes (storage, write, capacity)", "Validator", "Address", "Node ID"}
	if r.next != nil {
		heading = slices.Insert(heading, 2, "Next")
	}
	err := printTable(d.stdout, list, heading, func(n nodeJSON) cells {
		v := n.VotingParams
		votes := strings.Join([]string{formatWAL(v.StoragePrice), formatWAL(v.WritePrice), formatSize(v.NodeCapacity)}, ", ")
		row := cells{n.Name, n.NShards, formatWAL(n.Stake), formatRate(n.CommissionRate), votes, n.validatorText(), n.NetworkAddress, n.NodeID}
		if r.next != nil {
			row = slices.Insert(row, 2, any(*n.NextNShards))
		}
		return row
	})
	if err != nil {
		return err
	}
	return d.remark("%s, %d of them in the committee of epoch %d\n", plural(len(list), "node"), len(r.current), r.epoch.Epoch.Number)
}

// labels are the lines that show all about a node.
func (n *nodeJSON) labels() []string {
	pairs := []string{"Name", n.Name, "Node ID", n.NodeID.String(), "Address", n.NetworkAddress, "Owner", n.Owner.String(),
		"Votes by", n.GovernanceAuthority.String(), "Commission to", n.CommissionReceiver.String(), "Public key", n.PublicKey}
	if n.NextEpochPublicKey != "" {
		pairs = append(pairs, "Next public key", n.NextEpochPublicKey)
	}
	pairs = append(pairs, "Network key", n.NetworkPublicKey, "Shards", fmt.Sprint(n.NShards))
	if n.NextNShards != nil {
		pairs = append(pairs, "Shards from the next epoch on", fmt.Sprint(*n.NextNShards))
	}
	active := "no: its stake is too small, or it has left"
	if n.Active {
		active = "yes, with " + formatWAL(n.NextStake)
	}
	v := n.VotingParams
	pairs = append(pairs, "Stake", formatWAL(n.Stake), "In the active set", active, "Commission rate", formatRate(n.CommissionRate), "Commission earned", formatWAL(n.Commission),
		"Votes for", fmt.Sprintf("%s per MiB and epoch, %s per MiB written, capacity of %s", formatWAL(v.StoragePrice), formatWAL(v.WritePrice), formatSize(v.NodeCapacity)),
		"Validator", n.validatorText())
	for _, m := range [][2]string{{"Description", n.Metadata.Description}, {"Project", n.Metadata.ProjectURL}, {"Image", n.Metadata.ImageURL}} {
		if m[1] != "" {
			pairs = append(pairs, m[0], m[1])
		}
	}
	return pairs
}

// formatRate gives basis points as a percentage, 5% or 2.5%.
func formatRate(points uint32) string {
	s := fmt.Sprintf("%d.%02d", points/100, points%100)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".") + "%"
}

// parseRate reads a rate: basis points as a bare number, or a percentage such as 2.5%.
func parseRate(s string) (uint32, error) {
	number, percent := strings.CutSuffix(s, "%")
	whole, frac, _ := strings.Cut(number, ".")
	digits := 0
	if percent {
		digits = 2
	}
	bad := usagef("rate %q: want basis points, of which 10000 are all, or a percentage with at most two decimals such as 2.5%%", s)
	if len(frac) > digits || whole == "" {
		return 0, bad
	}
	var points uint32
	for _, r := range whole + frac + strings.Repeat("0", digits-len(frac)) {
		if r < '0' || r > '9' || points > 10_000 {
			return 0, bad
		}
		points = 10*points + uint32(r-'0')
	}
	if points > 10_000 {
		return 0, bad
	}
	return points, nil
}
