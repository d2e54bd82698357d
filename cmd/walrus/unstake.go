package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cosmos/gogoproto/proto"
	"github.com/spf13/cobra"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// unstakeOptions are the flags of unstake.
type unstakeOptions struct {
	dryRun, all bool
}

// newUnstake makes the unstake command.
func newUnstake(d *deps) *cobra.Command {
	var opts unstakeOptions
	cmd := &cobra.Command{
		Use:     "unstake (NODE | STAKE_ID) [STAKE_ID...]",
		Aliases: []string{"request-withdraw-stake"},
		Short:   "Ask for staked WAL back",
		Long: `Unstake asks for the end of stakes that count: named by their IDs, or by the node they are on if the account has one
stake there; --all takes all that it has there. A stake goes on earning until the epoch that is printed; from then on
"walrus withdraw" pays it out. One that does not count yet is withdrawn at once instead.
JSON: {"stakedWals":[{"id","state","node_id","principal","activation_epoch"}],"txDigest"}.` + exits(),
		Example: "  walrus unstake --all node-00",
		Args:    cobra.MinimumNArgs(1),
		RunE:    d.signs(func(ctx context.Context, s *session, args []string) error { return runUnstake(ctx, s, args, opts) }),
	}
	f := cmd.Flags()
	f.BoolVar(&opts.dryRun, "dry-run", false, "show which stakes would leave, and send nothing")
	f.BoolVar(&opts.all, "all", false, "all stakes on the node that are not leaving yet")
	return cmd
}

func runUnstake(ctx context.Context, s *session, args []string, opts unstakeOptions) error {
	chosen, err := s.leaving(ctx, args, opts.all)
	if err != nil {
		return err
	}
	messages := convert(chosen, func(st rpc.Stake) proto.Message {
		return &committeev1.MsgRequestWithdraw{Owner: s.self(), StakeId: st.ID[:]}
	})
	if opts.dryRun {
		if _, err := s.account.Simulate(ctx, messages...); err != nil {
			return err
		}
		return printLeaving(s.deps, chosen, "would be asked for; nothing was sent", nil)
	}
	receipt, answers, err := callAll[committeev1.MsgRequestWithdrawResponse](ctx, s, messages)
	if err != nil {
		return err
	}
	for i, a := range answers {
		chosen[i].Withdraw = committee.Epoch(a.WithdrawEpoch)
	}
	return printLeaving(s.deps, chosen, "asked for", &receipt.Tx)
}

// leaving finds the stakes that arguments name.
func (s *session) leaving(ctx context.Context, args []string, all bool) ([]rpc.Stake, error) {
	own, err := s.stakes(ctx, s.account.Address())
	if err != nil {
		return nil, err
	}
	byID := func(text string) (rpc.Stake, bool) {
		i := slices.IndexFunc(own, func(st rpc.Stake) bool { return strings.EqualFold(blob.ObjectID(st.ID).String(), text) })
		if i < 0 {
			return rpc.Stake{}, false
		}
		return own[i], true
	}
	var chosen []rpc.Stake
	ids := args
	if _, ok := byID(args[0]); !ok { // then it is a node
		n, err := s.node(ctx, args[0])
		if err != nil {
			return nil, stakeOrNode(err, args[0])
		}
		ids = args[1:]
		own = slices.DeleteFunc(own, func(st rpc.Stake) bool { return st.Node != nodeIDOf(n.Id) })
		if len(ids) == 0 {
			chosen = slices.DeleteFunc(slices.Clone(own), func(st rpc.Stake) bool { return st.Withdraw != 0 })
			if len(chosen) == 0 || len(chosen) > 1 && !all {
				return nil, whichStake(n, chosen, s.account.Address())
			}
		}
	}
	for _, text := range ids {
		if _, err := parseStake(text); err != nil {
			return nil, err
		}
		st, ok := byID(text)
		if !ok {
			return nil, &hinted{err: fmt.Errorf("%v has no stake %s there", s.account.Address(), text), code: "NOT_FOUND", exit: exitNotFound, hint: `"walrus stakes" lists the account's stakes`}
		}
		chosen = append(chosen, st)
	}
	return chosen, nil
}

func stakeOrNode(err error, text string) error {
	if h := classify(err); h.code != "NOT_FOUND" {
		return err
	}
	return &hinted{err: fmt.Errorf("%q is neither a stake of the account nor a storage node", text), code: "NOT_FOUND", exit: exitNotFound,
		hint: `"walrus stakes" lists the account's stakes, "walrus nodes" the storage nodes`}
}

// whichStake is the error for a node on which the account has no stake, or several.
func whichStake(n *committeev1.Node, list []rpc.Stake, owner ledger.Address) error {
	if len(list) == 0 {
		return &hinted{err: fmt.Errorf("%v has no stake on %s that is not leaving already", owner, printable(n.Name)), code: "NOT_FOUND", exit: exitNotFound,
			hint: `"walrus stakes" lists the account's stakes`}
	}
	ids := make([]string, len(list))
	lines := make([]string, len(list))
	for i, st := range list {
		ids[i] = blob.ObjectID(st.ID).String()
		lines[i] = "\n  " + ids[i] + "  " + formatWAL(st.Principal)
	}
	return &hinted{
		err:  fmt.Errorf("%v has %d stakes on %s:%s", owner, len(list), printable(n.Name), strings.Join(lines, "")),
		code: "AMBIGUOUS", exit: exitUsage, hint: "name those that are meant, or say --all", details: map[string]any{"stakedWalIds": ids},
	}
}

func printLeaving(d *deps, list []rpc.Stake, what string, tx *[32]byte) error {
	if d.json {
		out := fields{"stakedWals": stakesJSON(list)}
		if tx != nil {
			out["txDigest"] = txDigest(*tx)
		}
		return d.printJSON(out)
	}
	for _, st := range list {
		fmt.Fprintf(d.stdout, "stake %v of %s %s", blob.ObjectID(st.ID), formatWAL(st.Principal), what)
		if st.Withdraw != 0 {
			fmt.Fprintf(d.stdout, "; \"walrus withdraw\" pays it out from epoch %d on", st.Withdraw)
		}
		fmt.Fprintln(d.stdout)
	}
	return nil
}

// newWithdraw makes the withdraw command.
func newWithdraw(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:     "withdraw STAKE_ID...",
		Aliases: []string{"withdraw-stake"},
		Short:   "Take staked WAL out",
		Long: `Withdraw pays out stakes with what they earned: those whose withdrawal was asked for and whose time has come, and
those that do not count yet. One transaction is sent for all. JSON: {"stakedWalIds","amounts","txDigest"}.` + exits(),
		Example: `  walrus withdraw "$(walrus stakes --json | jq -r '.stakedWals[0].id')"`,
		Args:    cobra.MinimumNArgs(1),
		RunE:    d.does(func(ctx context.Context, args []string) error { return runWithdraw(ctx, d, args) }),
	}
}

func runWithdraw(ctx context.Context, d *deps, args []string) error {
	ids, err := tryConvert(args, parseStake)
	if err != nil {
		return err
	}
	return d.withWallet(ctx, func(s *session) error {
		messages := convert(ids, func(id blob.ObjectID) proto.Message {
			return &committeev1.MsgWithdraw{Owner: s.self(), StakeId: id[:]}
		})
		receipt, answers, err := callAll[committeev1.MsgWithdrawResponse](ctx, s, messages)
		if err != nil {
			return err
		}
		amounts := convert(answers, func(a committeev1.MsgWithdrawResponse) uint64 { return a.Amount })
		return d.show(fields{"stakedWalIds": ids, "amounts": amounts, "txDigest": txDigest(receipt.Tx)}, func() error {
			for i, id := range ids {
				fmt.Fprintf(d.stdout, "%s paid out for stake %v\n", formatWAL(amounts[i]), id)
			}
			return nil
		})
	})
}

// stakesOptions are the flags of stakes.
type stakesOptions struct {
	staked, withdrawing bool
}

// newStakes makes the stakes command.
func newStakes(d *deps) *cobra.Command {
	var opts stakesOptions
	cmd := &cobra.Command{
		Use:     "stakes [ADDRESS]",
		Aliases: []string{"list-staked-wal"},
		Short:   "List an account's stakes",
		Long: `Stakes lists the staked WAL of the wallet's account, or of another one: on which node, since when it counts, what it is
worth with what it earned, and whether it is leaving.
JSON: {"stakedWals":[{"id","state":"Staked"|{"Withdrawing":EPOCH},"node_id","principal","activation_epoch","worth"}]}.` + exits(),
		Example: "  walrus stakes",
		Args:    cobra.MaximumNArgs(1),
		RunE: d.readsAccount(func(ctx context.Context, s *session, owner ledger.Address) error {
			return runStakes(ctx, s, owner, opts)
		}),
	}
	f := cmd.Flags()
	f.BoolVar(&opts.staked, "staked-only", false, "only stakes that are not leaving")
	f.BoolVar(&opts.withdrawing, "withdrawing-only", false, "only stakes that are leaving")
	cmd.MarkFlagsMutuallyExclusive("staked-only", "withdrawing-only")
	return cmd
}

func runStakes(ctx context.Context, s *session, owner ledger.Address, opts stakesOptions) error {
	list, err := s.stakes(ctx, owner)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(st rpc.Stake) bool {
		return opts.staked && st.Withdraw != 0 || opts.withdrawing && st.Withdraw == 0
	})
	return s.show(fields{"stakedWals": stakesJSON(list)}, func() error { return s.printStakes(ctx, owner, list) })
}

// stakes returns all stakes of an account.
func (s *session) stakes(ctx context.Context, owner ledger.Address) ([]rpc.Stake, error) {
	return pagesOf(ctx, owner, s.reader.Stakes)
}

func (s *session) printStakes(ctx context.Context, owner ledger.Address, list []rpc.Stake) error {
	epoch, err := s.epochState(ctx)
	if err != nil {
		return err
	}
	nodes, err := s.nodes(ctx)
	if err != nil {
		return err
	}
	names := map[committee.NodeID]string{}
	for i := range nodes {
		names[nodeIDOf(nodes[i].Id)] = nodes[i].Name
	}
	now := committee.Epoch(epoch.Epoch.Number)
	var total uint64
	err = printTable(s.stdout, list, cells{"Stake ID", "Node", "Staked", "Worth", "State"}, func(st rpc.Stake) cells {
		total += st.Principal
		return cells{blob.ObjectID(st.ID), names[st.Node], formatWAL(st.Principal), formatWAL(st.Worth), stakeState(st, now)}
	})
	if err != nil {
		return err
	}
	return s.remark("%s of %v, %s together; it is now epoch %d\n", plural(len(list), "stake"), owner, formatWAL(total), now)
}

// stakeState says in words where a stake stands.
func stakeState(st rpc.Stake, now committee.Epoch) string {
	switch {
	case st.Withdraw != 0 && st.Withdraw <= now:
		return "can be withdrawn"
	case st.Withdraw != 0:
		return fmt.Sprintf("leaves in epoch %d", st.Withdraw)
	case st.Activation > now:
		return fmt.Sprintf("counts from epoch %d on", st.Activation)
	}
	return "counts"
}
