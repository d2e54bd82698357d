package main

import (
	"context"
	"fmt"

	"github.com/cosmos/gogoproto/proto"
	"github.com/spf13/cobra"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// stakedJSON is staked WAL. Source: spec client.md section 2.6.
type stakedJSON struct {
	ID              blob.ObjectID    `json:"id"`
	State           any              `json:"state"` // "Staked", or {"Withdrawing": epoch}
	NodeID          committee.NodeID `json:"node_id"`
	Principal       uint64           `json:"principal"`
	ActivationEpoch committee.Epoch  `json:"activation_epoch"`
	Worth           *uint64          `json:"worth,omitempty"` // principal and rewards
}

func newStakedJSON(s rpc.Stake) stakedJSON {
	out := stakedJSON{ID: s.ID, State: "Staked", NodeID: s.Node, Principal: s.Principal, ActivationEpoch: s.Activation}
	if s.Withdraw != 0 {
		out.State = map[string]committee.Epoch{"Withdrawing": s.Withdraw}
	}
	if s.Worth != 0 {
		out.Worth = &s.Worth
	}
	return out
}

func stakesJSON(list []rpc.Stake) []stakedJSON { return convert(list, newStakedJSON) }

// newStake makes the stake command and those below it.
func newStake(d *deps) *cobra.Command {
	var nodes, amounts []string
	cmd := &cobra.Command{
		Use:   "stake (NODE [AMOUNT] | --node-ids IDS --amounts AMOUNTS)",
		Short: "Stake WAL on storage nodes",
		Long: `Stake puts WAL behind a storage node, which it names by ID or name. More stake brings a node more shards,
and its stakers a share of what it earns. A bare number is FROST, 1.5WAL has a unit; the least is 1 WAL, which is
also what is staked if no amount is given. With several nodes there is one amount for all, or one for each, and
one transaction for them together.

A stake counts from the epoch that is printed on. Until then "walrus withdraw" takes it back at once, and later
"walrus unstake" asks for it. JSON: {"stakedWal":[{"id","state","node_id","principal","activation_epoch"}],"txDigest"}.` +
			exits("with --exit-codes=detailed 4 not enough WAL"),
		Example: "  walrus stake node-00 100WAL",
		Args:    cobra.MaximumNArgs(2),
		RunE: d.does(func(ctx context.Context, args []string) error {
			if len(args) > 0 {
				if len(nodes)+len(amounts) > 0 {
					return usagef("name nodes and amounts either as arguments or with --node-ids and --amounts")
				}
				nodes, amounts = args[:1], args[1:]
			}
			return runStake(ctx, d, nodes, amounts)
		}),
	}
	listFlag(cmd, &nodes, "node-ids", "node-id", "`IDS` or names of storage nodes, separated by commas")
	listFlag(cmd, &amounts, "amounts", "amount", "`AMOUNTS` of FROST, or like 10WAL; one for all or one for each (default 1WAL)")
	cmd.AddCommand(newStakeSplit(d), newStakeJoin(d), newStakeTransfer(d))
	return cmd
}

// listFlag adds a flag with values separated by commas under its name and another.
func listFlag(cmd *cobra.Command, values *[]string, name, alias, usage string) {
	cmd.Flags().StringSliceVar(values, name, nil, usage)
	cmd.Flags().StringSliceVar(values, alias, nil, "the same as --"+name)
}

func runStake(ctx context.Context, d *deps, nodes, amounts []string) error {
	if len(nodes) == 0 {
		return usagef(`name the storage node to stake on; "walrus nodes" lists them`)
	}
	frost, err := stakeAmounts(amounts, len(nodes))
	if err != nil {
		return err
	}
	return d.withWallet(ctx, func(s *session) error { return s.stake(ctx, nodes, frost) })
}

// stake stakes an amount on each of some nodes.
func (s *session) stake(ctx context.Context, nodes []string, frost []uint64) error {
	messages := make([]proto.Message, len(nodes))
	names := map[committee.NodeID]string{}
	for i, text := range nodes {
		n, err := s.node(ctx, text)
		if err != nil {
			return err
		}
		names[nodeIDOf(n.Id)] = n.Name
		messages[i] = &committeev1.MsgStake{Owner: s.self(), NodeId: n.Id, Amount: frost[i]}
	}
	receipt, answers, err := callAll[committeev1.MsgStakeResponse](ctx, s, messages)
	if err != nil {
		return err
	}
	made, err := tryConvert(answers, func(a committeev1.MsgStakeResponse) (rpc.Stake, error) { return rpc.StakeOf(&a.Stake) })
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(fields{"stakedWal": stakesJSON(made), "txDigest": txDigest(receipt.Tx)})
	}
	for _, st := range made {
		fmt.Fprintf(s.stdout, "%s staked on %s, counts from epoch %d on\n", formatWAL(st.Principal), printable(names[st.Node]), st.Activation)
		if err := labels(s.stdout, "Stake", blob.ObjectID(st.ID).String(), "Node", st.Node.String()); err != nil {
			return err
		}
	}
	return nil
}

// stakeAmounts returns an amount for each of n nodes.
func stakeAmounts(texts []string, n int) ([]uint64, error) {
	if len(texts) == 0 {
		texts = []string{"1WAL"}
	}
	if len(texts) != 1 && len(texts) != n {
		return nil, usagef("--amounts: %d for %s; want one for all or one for each", len(texts), plural(n, "node"))
	}
	out := make([]uint64, n)
	for i := range out {
		var err error
		if out[i], err = parseWAL(texts[min(i, len(texts)-1)]); err != nil {
			return nil, err
		}
		if out[i] < ledger.FrostPerWAL {
			return nil, usagef("a stake of %s is too small: the least is 1 WAL", formatWAL(out[i]))
		}
	}
	return out, nil
}

func newStakeSplit(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:   "split STAKE_ID AMOUNT",
		Short: "Take a part out of a stake into a new one",
		Long: `Split makes two stakes of one: the new one has the amount, the old one keeps the rest. Each must have 1 WAL at
least. JSON: {"stakedWal":[the new one],"txDigest"}.` + exits(),
		Example: `  walrus stake split "$(walrus stakes --json | jq -r '.stakedWals[0].id')" 2WAL`,
		Args:    cobra.ExactArgs(2),
		RunE: signsTwo(d, parseStake, parseWAL, func(ctx context.Context, s *session, id blob.ObjectID, amount uint64) error {
			m := &committeev1.MsgSplitStake{Owner: s.self(), StakeId: id[:], Amount: amount}
			return s.oneStake(ctx, m, &committeev1.MsgSplitStakeResponse{}, "split off")
		}),
	}
}

func newStakeJoin(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:   "join STAKE_ID OTHER_ID",
		Short: "Add a second stake to a first",
		Long: `Join adds the second stake to the first, and it is gone. Both must be on the same node, count from the same epoch
on, and be leaving in the same epoch or not at all. JSON: {"stakedWal":[the one that is left],"txDigest"}.` + exits(),
		Example: `  walrus stake join $(walrus stakes --json | jq -r '.stakedWals[0,1].id')`,
		Args:    cobra.ExactArgs(2),
		RunE: signsTwo(d, parseStake, parseStake, func(ctx context.Context, s *session, id, other blob.ObjectID) error {
			m := &committeev1.MsgJoinStake{Owner: s.self(), StakeId: id[:], OtherId: other[:]}
			return s.oneStake(ctx, m, &committeev1.MsgJoinStakeResponse{}, "joined")
		}),
	}
}

// stakeAnswer is the answer to a message that leaves one stake to tell of.
type stakeAnswer interface {
	proto.Message
	GetStake() committeev1.Stake
}

// oneStake sends one message and prints the stake in its answer.
func (s *session) oneStake(ctx context.Context, message proto.Message, answer stakeAnswer, done string) error {
	receipt, err := s.call(ctx, message, answer)
	if err != nil {
		return err
	}
	record := answer.GetStake()
	st, err := rpc.StakeOf(&record)
	if err != nil {
		return err
	}
	return s.printSent(receipt, fields{"stakedWal": stakesJSON([]rpc.Stake{st})}, "%s %s: stake %v\n", formatWAL(st.Principal), done, blob.ObjectID(st.ID))
}

func newStakeTransfer(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:     "transfer STAKE_ID ADDRESS",
		Short:   "Give a stake to another account",
		Long:    `Transfer gives a stake, with all that it earns, to another account. JSON: {"id","from","to","txDigest"}.` + exits(),
		Example: `  walrus stake transfer "$(walrus stakes --json | jq -r '.stakedWals[0].id')" "$(walrus keys show --address)"`,
		Args:    cobra.ExactArgs(2),
		RunE: signsTwo(d, parseStake, parseAddress, func(ctx context.Context, s *session, id blob.ObjectID, to ledger.Address) error {
			m := &committeev1.MsgTransferStake{Owner: s.self(), StakeId: id[:], Recipient: to.String()}
			return s.send(ctx, m, fields{"id": id, "from": s.self(), "to": to}, "stake %v is %v's\n", id, to)
		}),
	}
}
