package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/cosmos/gogoproto/proto"
	"github.com/spf13/cobra"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// planFlags are the flags that describe an upgrade of the chain's program.
type planFlags struct {
	name, info string
	height     int64
}

func (p *planFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&p.name, "name", "", "`NAME` of the upgrade, which the new program knows")
	f.Int64Var(&p.height, "height", 0, "`HEIGHT` of the first block that the new program makes")
	f.StringVar(&p.info, "info", "", "`TEXT` about it, such as where to get the program")
}

// digest is what nodes vote for.
func (p *planFlags) digest() ([32]byte, error) {
	if p.name == "" || p.height <= 0 {
		return [32]byte{}, usagef("name the upgrade with --name and --height")
	}
	return chain.UpgradeDigest(p.name, p.height, p.info)
}

func newNodeVoteUpgrade(d *deps) *cobra.Command {
	var plan planFlags
	var digest string
	return nodeAction{
		use: "vote-for-upgrade", short: "Vote for an upgrade of the chain's program with a node's shards",
		long: `Vote-for-upgrade votes, with the shards of a node, for an upgrade of the program that makes the chain, given by its plan or
by the digest of one. The account that votes for the node sends it. With a quorum of shards in one epoch
"walrus node authorize-upgrade" schedules it. JSON: {"nodeId","digest","weight","txDigest"}.`,
		example: "  walrus node vote-for-upgrade --key operator node-00 --name v2 --height 1000000",
		flags: func(cmd *cobra.Command) {
			plan.add(cmd)
			cmd.Flags().StringVar(&digest, "digest", "", "`DIGEST` of the plan, 64 hex digits, instead of the plan")
			cmd.MarkFlagsMutuallyExclusive("digest", "name")
		},
		message: func(_ context.Context, s *session, n *committeev1.Node, _ []string) (proto.Message, error) {
			m := &committeev1.MsgVoteUpgrade{Sender: s.self(), NodeId: n.Id}
			if digest == "" {
				sum, err := plan.digest()
				if err != nil {
					return nil, err
				}
				digest, m.Digest = hex.EncodeToString(sum[:]), sum[:]
				return m, nil
			}
			var err error
			if m.Digest, err = hex.DecodeString(strings.TrimPrefix(digest, "0x")); err != nil || len(m.Digest) != 32 {
				return nil, usagef("--digest: %q is not 64 hex digits", digest)
			}
			return m, nil
		},
		done: func(n *committeev1.Node, r *rpc.Receipt) (string, fields, error) {
			var out committeev1.MsgVoteUpgradeResponse
			err := r.Response(0, &out)
			return fmt.Sprintf("%s has voted for %s; %s are for it", nodeText(n), digest, plural(int(out.Weight), "shard")),
				fields{"digest": digest, "weight": out.Weight}, err
		},
	}.command(d)
}

func newNodeAuthorizeUpgrade(d *deps) *cobra.Command {
	var plan planFlags
	cmd := &cobra.Command{
		Use:   "authorize-upgrade --name NAME --height HEIGHT",
		Short: "Schedule an upgrade after nodes have voted for it",
		Long: `Authorize-upgrade schedules an upgrade of the chain's program after a quorum of shards has voted for exactly this plan in
this epoch. Anyone may send it. JSON: {"version","digest","txDigest"}.` + exits(),
		Example: "  walrus node authorize-upgrade --name v2 --height 1000000",
		Args:    cobra.NoArgs,
		RunE: d.does(func(ctx context.Context, _ []string) error {
			digest, err := plan.digest()
			if err != nil {
				return err
			}
			return d.withWallet(ctx, func(s *session) error {
				m := &committeev1.MsgAuthorizeUpgrade{Sender: s.self(), Plan: committeev1.UpgradePlan{Name: plan.name, Height: plan.height, Info: plan.info}}
				var out committeev1.MsgAuthorizeUpgradeResponse
				receipt, err := s.call(ctx, m, &out)
				if err != nil {
					return err
				}
				return d.printSent(receipt, fields{"version": out.Version, "digest": hex.EncodeToString(digest[:])},
					"upgrade %s is scheduled for height %d; it is version %d\n", printable(plan.name), plan.height, out.Version)
			})
		}),
	}
	plan.add(cmd)
	return cmd
}

// proposalJSON is what nodes vote on within an epoch.
type proposalJSON struct {
	Kind    string             `json:"kind"` // slash, upgrade
	Subject string             `json:"subject"`
	Epoch   uint32             `json:"epoch"`
	Version uint64             `json:"version,omitempty"`
	Weight  uint32             `json:"weight"`
	Voters  []committee.NodeID `json:"voters"`
}

func newNodeProposals(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:   "proposals",
		Short: "List what nodes vote on",
		Long: `Proposals lists the slashings and upgrades that nodes vote on, with the shards behind each. A vote holds for the epoch in
which it was begun. JSON: {"version","epoch","quorum","proposals":[{"kind","subject","epoch","version","weight","voters"}]}.` + exits(),
		Example: "  walrus node proposals",
		Args:    cobra.NoArgs,
		RunE:    d.reads(runProposals),
	}
}

func runProposals(ctx context.Context, s *session, _ []string) error {
	var out committeev1.QueryProposalsResponse
	if err := s.askCommittee(ctx, "Proposals", &committeev1.QueryProposalsRequest{}, &out); err != nil {
		return err
	}
	epoch, err := s.epochState(ctx)
	if err != nil {
		return err
	}
	list := []proposalJSON{}
	add := func(kind string, from []committeev1.Proposal) {
		for _, p := range from {
			j := proposalJSON{Kind: kind, Subject: hex.EncodeToString(p.Subject), Epoch: p.Epoch, Version: p.Version, Weight: p.Weight}
			if kind == "slash" {
				j.Subject = "0x" + j.Subject
			}
			for _, v := range p.Voters {
				j.Voters = append(j.Voters, nodeIDOf(v))
			}
			list = append(list, j)
		}
	}
	add("slash", out.Slashings)
	add("upgrade", out.Upgrades)
	quorum := committee.Quorum(int(epoch.NShards))
	if s.json {
		return s.printJSON(fields{"version": out.Version, "epoch": epoch.Epoch.Number, "quorum": quorum, "proposals": list})
	}
	err = printTable(s.stdout, list, cells{"Kind", "Shards", "Votes", "State", "Node, or digest of the plan"}, func(p proposalJSON) cells {
		state := "open"
		switch {
		case p.Epoch != epoch.Epoch.Number:
			state = "void: of an earlier epoch"
		case int(p.Weight) >= quorum:
			state = "can be executed"
		}
		return cells{p.Kind, fmt.Sprintf("%d of %d", p.Weight, quorum), plural(len(p.Voters), "node"), state, p.Subject}
	})
	if err != nil {
		return err
	}
	return s.remark("%s in epoch %d; the chain's program is version %d\n", plural(len(list), "proposal"), epoch.Epoch.Number, out.Version)
}
