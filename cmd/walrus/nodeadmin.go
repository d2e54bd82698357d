package main

import (
	"context"
	"fmt"

	"github.com/cosmos/gogoproto/proto"
	"github.com/spf13/cobra"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

func newNodeSyncDone(d *deps) *cobra.Command {
	return nodeAction{
		use: "sync-done", short: "Report that a node has its shards of this epoch",
		long: `Sync-done tells the chain that a node has the shards it was given for the current epoch. With a quorum of shards reported
the change of epochs is done; without it no next one comes. A devnet reports by itself. JSON: {"nodeId","txDigest"}.`,
		example: "  walrus node sync-done --key operator node-00",
		message: func(ctx context.Context, s *session, n *committeev1.Node, _ []string) (proto.Message, error) {
			system, err := s.reader.System(ctx)
			if err != nil {
				return nil, err
			}
			return &committeev1.MsgSyncDone{Owner: s.self(), NodeId: n.Id, Epoch: uint32(system.Epoch)}, nil
		},
		done: say("%s has its shards"),
	}.command(d)
}

func newNodeCollect(d *deps) *cobra.Command {
	return nodeAction{
		use: "collect", aliases: []string{"collect-commission"}, short: "Take a node's commission",
		long: `Collect pays out what a node has earned as commission, to the account that has the right to it, which sends
this. JSON: {"nodeId","amount","txDigest"}.`,
		example: "  walrus node collect --key operator",
		message: func(_ context.Context, s *session, n *committeev1.Node, _ []string) (proto.Message, error) {
			return &committeev1.MsgCollectCommission{Sender: s.self(), NodeId: n.Id}, nil
		},
		done: func(n *committeev1.Node, r *rpc.Receipt) (string, fields, error) {
			var out committeev1.MsgCollectCommissionResponse
			err := r.Response(0, &out)
			return fmt.Sprintf("%s paid out as commission of %s", formatWAL(out.Amount), nodeText(n)), fields{"amount": out.Amount}, err
		},
	}.command(d)
}

func newNodeGive(d *deps) *cobra.Command {
	var amount uint64
	return nodeAction{
		use: "give AMOUNT", aliases: []string{"add-commission"}, short: "Give WAL to a node", args: 1, anyone: true,
		long:    `Give adds WAL of the account to a node's commission. JSON: {"nodeId","amount","txDigest"}.`,
		example: "  walrus node give node-00 1WAL",
		message: func(_ context.Context, s *session, n *committeev1.Node, args []string) (m proto.Message, err error) {
			if amount, err = parseWAL(args[0]); err != nil {
				return nil, err
			}
			return &committeev1.MsgAddCommission{Sender: s.self(), NodeId: n.Id, Amount: amount}, nil
		},
		done: func(n *committeev1.Node, _ *rpc.Receipt) (string, fields, error) {
			return fmt.Sprintf("%s given to %s", formatWAL(amount), nodeText(n)), fields{"amount": amount}, nil
		},
	}.command(d)
}

func newNodeSetCommission(d *deps) *cobra.Command {
	var rate uint32
	return nodeAction{
		use: "set-commission RATE", short: "Change what share of its earnings a node keeps", args: 1,
		long: `Set-commission changes the share of a node's earnings that goes to the node itself, from the epoch after the next
on. A bare number is basis points, 5% has a unit. JSON: {"nodeId","commissionRate","txDigest"}.`,
		example: "  walrus node set-commission --key operator node-00 5%",
		message: func(_ context.Context, s *session, n *committeev1.Node, args []string) (m proto.Message, err error) {
			if rate, err = parseRate(args[0]); err != nil {
				return nil, err
			}
			return &committeev1.MsgSetCommission{Owner: s.self(), NodeId: n.Id, Rate: rate}, nil
		},
		done: func(n *committeev1.Node, _ *rpc.Receipt) (string, fields, error) {
			return fmt.Sprintf("%s keeps %s from the epoch after the next on", nodeText(n), formatRate(rate)), fields{"commissionRate": rate}, nil
		},
	}.command(d)
}

// addressAction makes a command that hands something of a node to the account in its argument, or in the
// flag of that name.
func addressAction(a nodeAction, hand func(s *session, n *committeev1.Node, to ledger.Address) proto.Message, words string) nodeAction {
	var to ledger.Address
	a.use, a.args = a.use+" ADDRESS", 1
	a.message = func(_ context.Context, s *session, n *committeev1.Node, args []string) (m proto.Message, err error) {
		if to, err = parseAddress(args[0]); err != nil {
			return nil, err
		}
		return hand(s, n, to), nil
	}
	a.done = func(n *committeev1.Node, _ *rpc.Receipt) (string, fields, error) {
		return fmt.Sprintf(words, to, nodeText(n)), fields{"address": to}, nil
	}
	return a
}

func newNodeSetReceiver(d *deps) *cobra.Command {
	return addressAction(nodeAction{
		use: "set-commission-authorized", aliases: []string{"set-commission-receiver"}, short: "Hand on the right to a node's commission",
		long: `Set-commission-authorized gives the right to a node's commission to another account. Whoever has the right now sends
it. JSON: {"nodeId","address","txDigest"}.`,
		example: `  walrus node set-commission-authorized --key operator node-00 "$(walrus keys show --address)"`,
	}, func(s *session, n *committeev1.Node, to ledger.Address) proto.Message {
		return &committeev1.MsgSetCommissionReceiver{Sender: s.self(), NodeId: n.Id, Receiver: to.String()}
	}, "%v has the right to the commission of %s").command(d)
}

func newNodeSetGovernor(d *deps) *cobra.Command {
	return addressAction(nodeAction{
		use: "set-governance-authorized", short: "Hand on the right to vote for a node",
		long: `Set-governance-authorized gives the right to vote with a node's shards and stake to another account. Whoever has the
right now sends it. JSON: {"nodeId","address","txDigest"}.`,
		example: `  walrus node set-governance-authorized --key operator node-00 "$(walrus keys show --address)"`,
	}, func(s *session, n *committeev1.Node, to ledger.Address) proto.Message {
		return &committeev1.MsgSetGovernanceAuthorized{Sender: s.self(), NodeId: n.Id, Authorized: to.String()}
	}, "%v votes for %s").command(d)
}

func newNodeTransfer(d *deps) *cobra.Command {
	return addressAction(nodeAction{
		use: "transfer", short: "Give a node to another account",
		long: `Transfer makes another account the owner of a node, which then acts for it. The right to vote stays where it is until it
is handed on, too. JSON: {"nodeId","address","txDigest"}.`,
		example: `  walrus node transfer --key operator node-00 "$(walrus keys show --address)"`,
	}, func(s *session, n *committeev1.Node, to ledger.Address) proto.Message {
		return &committeev1.MsgTransferNode{Owner: s.self(), NodeId: n.Id, Recipient: to.String()}
	}, "%v owns %s").command(d)
}

func newNodeVote(d *deps) *cobra.Command {
	var storage, write, capacity string
	var votes committeev1.Votes
	return nodeAction{
		use: "vote", short: "Vote on prices and capacity with a node's shards",
		long: `Vote changes what a node votes for; what no flag names stays. Prices follow the votes at once if the node is in the
committee, capacity with the next committee that is chosen. JSON: {"nodeId","votingParams","txDigest"}.`,
		example: "  walrus node vote --key operator node-00 --storage-price 20000 --capacity 10TiB",
		flags: func(cmd *cobra.Command) {
			f := cmd.Flags()
			f.StringVar(&storage, "storage-price", "", "`AMOUNT` of FROST, or like 0.001WAL, per encoded MiB and epoch")
			f.StringVar(&write, "write-price", "", "`AMOUNT` of FROST per encoded MiB written")
			f.StringVar(&capacity, "capacity", "", "`SIZE` that the node can store: bytes, or like 10TiB")
			f.StringVar(&capacity, "node-capacity", "", "the same as --capacity")
			cmd.MarkFlagsOneRequired("storage-price", "write-price", "capacity", "node-capacity")
		},
		message: func(_ context.Context, s *session, n *committeev1.Node, _ []string) (proto.Message, error) {
			votes = n.Votes
			if err := readVotes(storage, write, capacity, &votes); err != nil {
				return nil, err
			}
			return &committeev1.MsgSetVotes{Owner: s.self(), NodeId: n.Id, Votes: votes}, nil
		},
		done: func(n *committeev1.Node, _ *rpc.Receipt) (string, fields, error) {
			text := fmt.Sprintf("%s votes for %s per MiB and epoch, %s per MiB written, a capacity of %s",
				nodeText(n), formatWAL(votes.StoragePrice), formatWAL(votes.WritePrice), formatSize(votes.Capacity))
			return text, fields{"votingParams": votingJSON{votes.StoragePrice, votes.WritePrice, votes.Capacity}}, nil
		},
	}.command(d)
}

func newNodeJoin(d *deps) *cobra.Command {
	return nodeAction{
		use: "join", short: "Offer a node's stake to the active set again",
		long: `Join puts a node into the active set, from which committees are chosen, if its stake is large enough now: a node that
was pushed out does not come back by itself. JSON: {"nodeId","txDigest"}.`,
		example: "  walrus node join --key operator node-00",
		message: func(_ context.Context, s *session, n *committeev1.Node, _ []string) (proto.Message, error) {
			return &committeev1.MsgJoinActiveSet{Owner: s.self(), NodeId: n.Id}, nil
		},
		done: say("the stake of %s is offered to the active set"),
	}.command(d)
}

func newNodeResume(d *deps) *cobra.Command {
	return nodeAction{
		use: "resume", short: "Bring a node's validator back that was set aside",
		long: `Resume ends a time for which a node's validator was set aside because it was absent. Start the validator
first. JSON: {"nodeId","txDigest"}.`,
		example: "  walrus node resume --key operator node-00",
		message: func(_ context.Context, s *session, n *committeev1.Node, _ []string) (proto.Message, error) {
			return &committeev1.MsgResumeValidator{Owner: s.self(), NodeId: n.Id}, nil
		},
		done: say("the validator of %s counts again"),
	}.command(d)
}

func newNodeSlashVote(d *deps) *cobra.Command {
	return nodeAction{
		use: "slash-vote CANDIDATE", short: "Vote to burn another node's commission", args: 1,
		long: `Slash-vote votes, with the shards of a node, to burn the commission of another node, the candidate. The account that
votes for the node sends it. With a quorum of shards in one epoch "walrus node slash-execute" does it.
JSON: {"nodeId","weight","txDigest"}.`,
		example: "  walrus node slash-vote --key operator node-00 node-03",
		message: func(ctx context.Context, s *session, n *committeev1.Node, args []string) (proto.Message, error) {
			candidate, err := s.node(ctx, args[0])
			if err != nil {
				return nil, err
			}
			return &committeev1.MsgVoteSlash{Sender: s.self(), NodeId: n.Id, Candidate: candidate.Id}, nil
		},
		done: func(n *committeev1.Node, r *rpc.Receipt) (string, fields, error) {
			var out committeev1.MsgVoteSlashResponse
			err := r.Response(0, &out)
			return fmt.Sprintf("%s has voted; %s are for it", nodeText(n), plural(int(out.Weight), "shard")), fields{"weight": out.Weight}, err
		},
	}.command(d)
}

func newNodeSlashExecute(d *deps) *cobra.Command {
	return nodeAction{
		use: "slash-execute", short: "Burn a node's commission after a vote", anyone: true,
		long: `Slash-execute burns the commission of a node after a quorum of shards has voted for that in this epoch. Anyone may send
it. JSON: {"nodeId","burned","txDigest"}.`,
		example: "  walrus node slash-execute node-03",
		message: func(_ context.Context, s *session, n *committeev1.Node, _ []string) (proto.Message, error) {
			return &committeev1.MsgExecuteSlash{Sender: s.self(), Candidate: n.Id}, nil
		},
		done: func(n *committeev1.Node, r *rpc.Receipt) (string, fields, error) {
			var out committeev1.MsgExecuteSlashResponse
			err := r.Response(0, &out)
			return fmt.Sprintf("%s of the commission of %s burned", formatWAL(out.Burned), nodeText(n)), fields{"burned": out.Burned}, err
		},
	}.command(d)
}
