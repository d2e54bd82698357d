package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"time"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"
	"github.com/spf13/cobra"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/ledger"
)

// governance is the account in whose name proposals act.
func governance() string {
	return ledger.Address(authtypes.NewModuleAddress(govtypes.ModuleName)).String()
}

// A proposal is what flags say about a proposal, its messages aside.
type proposal struct {
	title, summary, deposit string
	expedited, dryRun       bool
}

func (p *proposal) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&p.title, "title", "", "`TEXT` of a line")
	f.StringVar(&p.summary, "summary", "", "`TEXT` that says why (default: the title)")
	f.StringVar(&p.deposit, "deposit", "", "`AMOUNT` of FROST, or like 100WAL (default: what brings it to the vote)")
	f.BoolVar(&p.expedited, "expedited", false, "vote faster, with a larger deposit and threshold")
	f.BoolVar(&p.dryRun, "dry-run", false, "show what would be proposed and what that would cost, and send nothing")
}

// newGovSubmit makes the gov submit command and those below it.
func newGovSubmit(d *deps) *cobra.Command {
	var p proposal
	cmd := &cobra.Command{
		Use:   "submit (FILE | -)",
		Short: "Propose something",
		Long: `Submit makes a proposal of any messages that governance may send, from a file or standard input:
{"title","summary","deposit":"100WAL","expedited":false,"messages":[{"@type":"/walrus.committee.v1.MsgSpendCommunity",
"recipient":"wal1…","amount":"1000000000"}]}. Flags take the place of what the file says. In whose name messages act
is filled in. The commands below make the usual ones without a file. JSON: {"proposalId","txDigest","messages"}.` +
			exits("with --exit-codes=detailed 4 not enough WAL"),
		Example: "  walrus gov submit proposal.json --dry-run",
		Args:    cobra.ExactArgs(1),
		RunE:    d.does(func(ctx context.Context, args []string) error { return runGovSubmit(ctx, d, args[0], p) }),
	}
	p.flags(cmd)
	cmd.AddCommand(newSubmitParams(d), newSubmitSpend(d), newSubmitUpgrade(d))
	return cmd
}

func runGovSubmit(ctx context.Context, d *deps, file string, p proposal) error {
	in, err := d.openText(file)
	if err != nil {
		return err
	}
	defer in.Close()
	raw, err := io.ReadAll(io.LimitReader(in, maxMessageFile))
	if err != nil {
		return err
	}
	var given struct {
		Title     string            `json:"title"`
		Summary   string            `json:"summary"`
		Deposit   string            `json:"deposit"`
		Expedited bool              `json:"expedited"`
		Messages  []json.RawMessage `json:"messages"`
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&given); err != nil {
		return usagef("%s is not a proposal: %w", file, err)
	}
	p.title, p.summary, p.deposit = or(p.title, given.Title), or(p.summary, given.Summary), or(p.deposit, given.Deposit)
	p.expedited = p.expedited || given.Expedited
	m, err := newMessages()
	if err != nil {
		return err
	}
	list, err := m.readAll(bytes.NewReader(raw), governance())
	if err != nil {
		return err
	}
	return p.submit(ctx, d, func(*session) ([]sdk.Msg, error) { return list, nil })
}

// submit sends a proposal of the messages that make returns.
func (p *proposal) submit(ctx context.Context, d *deps, make func(*session) ([]sdk.Msg, error)) error {
	if p.title == "" {
		return usagef("--title: a proposal needs a title")
	}
	return d.withWallet(ctx, func(s *session) error {
		list, err := make(s)
		if err != nil {
			return err
		}
		return p.send(ctx, s, list)
	})
}

func (p *proposal) send(ctx context.Context, s *session, list []sdk.Msg) error {
	msg := &govv1.MsgSubmitProposal{Proposer: s.self(), Title: p.title, Summary: or(p.summary, p.title), Expedited: p.expedited}
	var err error
	if msg.Messages, err = tryConvert(list, pack); err != nil {
		return err
	}
	if msg.InitialDeposit, err = p.initialDeposit(ctx, s); err != nil {
		return err
	}
	m, err := newMessages()
	if err != nil {
		return err
	}
	if p.dryRun {
		return s.sendMessages(ctx, m, []sdk.Msg{msg}, sendOptions{dryRun: true})
	}
	shown, err := tryConvert(list, m.showAny)
	if err != nil {
		return err
	}
	var out govv1.MsgSubmitProposalResponse
	receipt, err := s.call(ctx, msg, &out)
	if err != nil {
		return err
	}
	return s.printSent(receipt, fields{"proposalId": out.ProposalId, "messages": shown},
		"proposal %d is made, with a deposit of %s; next: walrus gov vote %d yes\n", out.ProposalId, coinsText(msg.InitialDeposit), out.ProposalId)
}

// pack makes a message one that another one can carry.
func pack(m sdk.Msg) (*codectypes.Any, error) { return codectypes.NewAnyWithValue(m) }

// initialDeposit is what comes with a proposal: by default as much as brings it to the vote.
func (p *proposal) initialDeposit(ctx context.Context, s *session) (sdk.Coins, error) {
	if p.deposit != "" {
		frost, err := parseWAL(p.deposit)
		return frostCoins(frost), err
	}
	params, err := s.govParams(ctx)
	if err != nil {
		return nil, err
	}
	if p.expedited {
		return params.ExpeditedMinDeposit, nil
	}
	return params.MinDeposit, nil
}

// newSubmitParams makes the gov submit params command.
func newSubmitParams(d *deps) *cobra.Command {
	var p proposal
	var epoch time.Duration
	var nodes, downtime uint32
	var stake string
	var cmd *cobra.Command
	cmd = &cobra.Command{
		Use:   "params --title TEXT",
		Short: "Propose to change parameters of epochs and nodes",
		Long: `Params proposes to change the parameters that flags name; the others stay as they are now.
JSON: {"proposalId","txDigest","messages"}.` + exits(),
		Example: `  walrus gov submit params --title "longer epochs" --epoch-duration 48h`,
		Args:    cobra.NoArgs,
		RunE: d.does(func(ctx context.Context, _ []string) error {
			return p.submit(ctx, d, func(s *session) ([]sdk.Msg, error) {
				var now committeev1.QueryParamsResponse
				if err := s.askCommittee(ctx, "Params", &committeev1.QueryParamsRequest{}, &now); err != nil {
					return nil, err
				}
				changed := cmd.Flags().Changed
				if changed("epoch-duration") {
					if epoch < time.Millisecond || epoch%time.Millisecond != 0 {
						return nil, usagef("--epoch-duration: %v is not a number of milliseconds above 0", epoch)
					}
					now.Params.EpochDurationMs = uint64(epoch / time.Millisecond)
				}
				if changed("max-active-nodes") {
					now.Params.MaxActiveNodes = nodes
				}
				if changed("downtime-blocks") {
					now.Params.DowntimeBlocks = downtime
				}
				if changed("min-stake") {
					var err error
					if now.Params.MinStake, err = parseWAL(stake); err != nil {
						return nil, err
					}
				}
				return []sdk.Msg{&committeev1.MsgUpdateParams{Authority: governance(), Params: now.Params}}, nil
			})
		}),
	}
	p.flags(cmd)
	f := cmd.Flags()
	f.DurationVar(&epoch, "epoch-duration", 0, "length of an epoch, such as 48h")
	f.Uint32Var(&nodes, "max-active-nodes", 0, "`NUMBER` of nodes in the active set")
	f.StringVar(&stake, "min-stake", "", "`AMOUNT` of FROST that a node needs to be in the active set")
	f.Uint32Var(&downtime, "downtime-blocks", 0, "`NUMBER` of blocks missed in a row after which a validator is set aside; 0 means never")
	cmd.MarkFlagsOneRequired("epoch-duration", "max-active-nodes", "min-stake", "downtime-blocks")
	return cmd
}

// newSubmitSpend makes the gov submit spend command.
func newSubmitSpend(d *deps) *cobra.Command {
	var p proposal
	cmd := &cobra.Command{
		Use:   "spend ADDRESS AMOUNT --title TEXT",
		Short: "Propose to pay out of the community's account",
		Long: `Spend proposes to pay an amount out of the community's account, which takes payments from anyone.
JSON: {"proposalId","txDigest","messages"}.` + exits(),
		Example: `  walrus gov submit spend --title "thanks" "$(walrus keys show --address)" 10WAL`,
		Args:    cobra.ExactArgs(2),
		RunE: d.does(func(ctx context.Context, args []string) error {
			to, amount, err := parseBoth(args[0], parseAddress, args[1], parseWAL)
			if err != nil {
				return err
			}
			return p.submit(ctx, d, func(*session) ([]sdk.Msg, error) {
				return []sdk.Msg{&committeev1.MsgSpendCommunity{Authority: governance(), Recipient: to.String(), Amount: amount}}, nil
			})
		}),
	}
	p.flags(cmd)
	return cmd
}

// newSubmitUpgrade makes the gov submit upgrade command.
func newSubmitUpgrade(d *deps) *cobra.Command {
	var p proposal
	var plan planFlags
	cmd := &cobra.Command{
		Use:   "upgrade --name NAME --height HEIGHT",
		Short: "Propose an upgrade of the chain's program",
		Long: `Upgrade proposes that the program which makes the chain stops before a height, and another goes on from there, which knows
the upgrade by its name. JSON: {"proposalId","txDigest","messages"}.` + exits(),
		Example: `  walrus gov submit upgrade --name v2 --height 1000000 --info "see the release notes"`,
		Args:    cobra.NoArgs,
		RunE: d.does(func(ctx context.Context, _ []string) error {
			if _, err := plan.digest(); err != nil {
				return err
			}
			p.title = or(p.title, "Upgrade "+plan.name)
			return p.submit(ctx, d, func(s *session) ([]sdk.Msg, error) {
				now, err := s.epochState(ctx)
				if err != nil {
					return nil, err
				}
				if plan.height <= now.Height {
					return nil, usagef("--height: the chain is at %d already, and the vote takes its time", now.Height)
				}
				return []sdk.Msg{&upgradetypes.MsgSoftwareUpgrade{
					Authority: governance(), Plan: upgradetypes.Plan{Name: plan.name, Height: plan.height, Info: plan.info},
				}}, nil
			})
		}),
	}
	p.flags(cmd)
	plan.add(cmd)
	return cmd
}
