package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	sdkmath "cosmossdk.io/math"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	"github.com/cosmos/gogoproto/proto"
	"github.com/spf13/cobra"

	"github.com/walrus-go/walrus/ledger"
)

// newGov makes the gov command and those below it.
func newGov(d *deps) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gov",
		Short: "Propose, vote and see what is decided",
		Long: `Gov is about proposals on which staked WAL votes: a storage node votes with all stake on it, through the account that
votes for it, and a staker's own vote takes his stake out of the node's.

Proposals and messages are in the chain's own JSON, with names_like_this and large numbers in quotes; identifiers are
0x and hex digits, accounts wal1….` + exits(),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, make := range []func(*deps) *cobra.Command{newGovList, newGovShow, newGovTally, newGovParams, newGovSubmit, newGovDeposit, newGovVote} {
		cmd.AddCommand(make(d))
	}
	return cmd
}

// askGov calls a method of the query service of x/gov.
func (s *session) askGov(ctx context.Context, method string, request, response proto.Message) error {
	return s.reader.Ask(ctx, "/cosmos.gov.v1.Query/"+method, request, response)
}

// statuses are those of proposals, as people name them.
var statuses = map[string]govv1.ProposalStatus{
	"deposit": govv1.StatusDepositPeriod, "voting": govv1.StatusVotingPeriod, "passed": govv1.StatusPassed,
	"rejected": govv1.StatusRejected, "failed": govv1.StatusFailed,
}

func statusText(s govv1.ProposalStatus) string {
	for text, known := range statuses {
		if s == known {
			return text
		}
	}
	return strings.ToLower(strings.TrimPrefix(s.String(), "PROPOSAL_STATUS_"))
}

func newGovList(d *deps) *cobra.Command {
	var status string
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List proposals",
		Long:    "List shows all proposals, or those of one status. JSON: a list of proposals." + exits(),
		Example: "  walrus gov list --status voting",
		Args:    cobra.NoArgs,
		RunE: d.does(func(ctx context.Context, _ []string) error {
			want, ok := statuses[status]
			if !ok && status != "" {
				return usagef("--status: %q is not one of deposit, voting, passed, rejected, failed", status)
			}
			return d.withNetwork(ctx, func(s *session) error { return runGovList(ctx, s, want) })
		}),
	}
	cmd.Flags().StringVar(&status, "status", "", "deposit, voting, passed, rejected or failed")
	return cmd
}

func runGovList(ctx context.Context, s *session, status govv1.ProposalStatus) error {
	list, err := askPages(ctx, s, "/cosmos.gov.v1.Query/Proposals", func(p *query.PageRequest) proto.Message {
		return &govv1.QueryProposalsRequest{ProposalStatus: status, Pagination: p}
	}, (*govv1.QueryProposalsResponse).GetProposals)
	if err != nil {
		return err
	}
	if s.json {
		m, err := newMessages()
		if err != nil {
			return err
		}
		shown, err := tryConvert(list, m.proposal)
		if err != nil {
			return err
		}
		return s.printJSON(shown)
	}
	err = printTable(s.stdout, list, cells{"ID", "Status", "Title", "Until", "What"}, func(p *govv1.Proposal) cells {
		names := make([]string, len(p.Messages))
		for i, m := range p.Messages {
			names[i] = shortType(m.TypeUrl)
		}
		return cells{p.Id, statusText(p.Status), p.Title, timeText(proposalEnd(p)), strings.Join(slices.Compact(names), ", ")}
	})
	if err != nil {
		return err
	}
	return s.remark("%s\n", plural(len(list), "proposal"))
}

// proposal makes JSON of a proposal.
func (m *messages) proposal(p *govv1.Proposal) (any, error) {
	if err := p.UnpackInterfaces(m.codec.InterfaceRegistry()); err != nil {
		return nil, fmt.Errorf("proposal %d: %w", p.Id, err)
	}
	return m.show(p)
}

// proposalEnd is when the stage that a proposal is in ends, or ended.
func proposalEnd(p *govv1.Proposal) *time.Time {
	if p.VotingEndTime != nil {
		return p.VotingEndTime
	}
	return p.DepositEndTime
}

func timeText(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// parseProposalID reads the number of a proposal.
func parseProposalID(text string) (uint64, error) {
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, usagef(`proposal %q: want its number; "walrus gov list" shows them`, text)
	}
	return id, nil
}

func (s *session) proposal(ctx context.Context, id uint64) (*govv1.Proposal, error) {
	var out govv1.QueryProposalResponse
	if err := s.askGov(ctx, "Proposal", &govv1.QueryProposalRequest{ProposalId: id}, &out); err != nil {
		if h := classify(err); h.code == "NOT_FOUND" {
			return nil, &hinted{err: err, code: h.code, exit: h.exit, hint: `"walrus gov list" shows the proposals that there are`}
		}
		return nil, err
	}
	return out.Proposal, nil
}

func newGovShow(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:     "show ID",
		Short:   "Show a proposal with its messages and votes",
		Long:    `Show shows all about a proposal. JSON: {"proposal","tally"}.` + exits("with --exit-codes=detailed 3 no such proposal"),
		Example: "  walrus gov show 1",
		Args:    cobra.ExactArgs(1),
		RunE:    readsOne(d, parseProposalID, runGovShow),
	}
}

func runGovShow(ctx context.Context, s *session, id uint64) error {
	p, err := s.proposal(ctx, id)
	if err != nil {
		return err
	}
	tally, err := s.tally(ctx, p)
	if err != nil {
		return err
	}
	m, err := newMessages()
	if err != nil {
		return err
	}
	shown, err := m.proposal(p)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(fields{"proposal": shown, "tally": tally})
	}
	pairs := []string{"Proposal", fmt.Sprint(p.Id), "Title", p.Title, "Summary", p.Summary, "Status", statusText(p.Status), "Proposed by", p.Proposer,
		"Proposed", timeText(p.SubmitTime), "Deposit", coinsText(p.TotalDeposit)}
	if p.VotingEndTime == nil {
		pairs = append(pairs, "Deposits until", timeText(p.DepositEndTime))
	} else {
		pairs = append(pairs, "Votes until", timeText(p.VotingEndTime))
	}
	if p.FailedReason != "" {
		pairs = append(pairs, "Failed because", p.FailedReason)
	}
	if err := labels(s.stdout, append(pairs, tally.pairs()...)...); err != nil {
		return err
	}
	fmt.Fprintln(s.stdout, "Messages")
	object, _ := shown.(map[string]any)
	list, _ := object["messages"].([]any)
	return printValues(s.stdout, list)
}

// coinsText gives an amount of the SDK as people read it.
func coinsText(c sdk.Coins) string {
	if len(c) == 1 && c[0].Amount.IsUint64() {
		return formatWAL(c[0].Amount.Uint64())
	}
	if len(c) == 0 {
		return formatWAL(0)
	}
	return c.String()
}

// tallyJSON is staked FROST for each answer to a proposal. Quorum and thresholds are parts of one.
type tallyJSON struct {
	Yes     uint64 `json:"yes"`
	No      uint64 `json:"no"`
	Abstain uint64 `json:"abstain"`
	Veto    uint64 `json:"noWithVeto"`
	Staked  uint64 `json:"staked"` // that could vote
	Final   bool   `json:"final"`
}

func (s *session) tally(ctx context.Context, p *govv1.Proposal) (*tallyJSON, error) {
	out := &tallyJSON{Final: p.Status != govv1.StatusVotingPeriod && p.Status != govv1.StatusDepositPeriod}
	result := p.FinalTallyResult
	if p.Status == govv1.StatusVotingPeriod {
		var now govv1.QueryTallyResultResponse
		if err := s.askGov(ctx, "TallyResult", &govv1.QueryTallyResultRequest{ProposalId: p.Id}, &now); err != nil {
			return nil, err
		}
		result = now.Tally
	}
	if result != nil {
		for _, c := range []struct {
			text string
			to   *uint64
		}{{result.YesCount, &out.Yes}, {result.NoCount, &out.No}, {result.AbstainCount, &out.Abstain}, {result.NoWithVetoCount, &out.Veto}} {
			n, ok := sdkmath.NewIntFromString(c.text)
			if c.text != "" && (!ok || !n.IsUint64()) {
				return nil, fmt.Errorf("%w: %q votes in the answer", ledger.ErrUnavailable, c.text)
			}
			if ok {
				*c.to = n.Uint64()
			}
		}
	}
	epoch, err := s.epochState(ctx)
	if err != nil {
		return nil, err
	}
	members, err := s.committeeAt(ctx, epoch.Epoch.Number)
	if err != nil {
		return nil, err
	}
	pools, err := s.pools(ctx)
	if err != nil {
		return nil, err
	}
	for i := range pools {
		if members[nodeIDOf(pools[i].NodeId)] != nil {
			out.Staked += pools[i].Balance
		}
	}
	return out, nil
}

// pairs are the lines that show a tally.
func (t *tallyJSON) pairs() []string {
	voted := t.Yes + t.No + t.Abstain + t.Veto
	title := "Voted so far"
	if t.Final {
		title = "Voted"
	}
	part := "-"
	if t.Staked > 0 && !t.Final {
		part = fmt.Sprintf("%.1f%% of what is staked", 100*float64(voted)/float64(t.Staked))
	}
	text := formatWAL(voted)
	if part != "-" {
		text += ", " + part
	}
	return []string{title, text, "Yes", formatWAL(t.Yes), "No", formatWAL(t.No), "No with veto", formatWAL(t.Veto), "Abstain", formatWAL(t.Abstain)}
}

func newGovTally(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:   "tally ID",
		Short: "Count the votes on a proposal",
		Long: `Tally counts the votes on a proposal as if voting ended now, or shows the result. Amounts are FROST staked.
JSON: {"yes","no","abstain","noWithVeto","staked","final"}.` + exits("with --exit-codes=detailed 3 no such proposal"),
		Example: "  walrus gov tally 1",
		Args:    cobra.ExactArgs(1),
		RunE: readsOne(d, parseProposalID, func(ctx context.Context, s *session, id uint64) error {
			p, err := s.proposal(ctx, id)
			if err != nil {
				return err
			}
			tally, err := s.tally(ctx, p)
			if err != nil {
				return err
			}
			return s.printLabels(tally, append([]string{"Status", statusText(p.Status)}, tally.pairs()...)...)
		}),
	}
}

func newGovParams(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:     "params",
		Short:   "Show deposits, times and thresholds of votes",
		Long:    `Params shows what a proposal needs. JSON: the chain's own.` + exits(),
		Example: "  walrus gov params",
		Args:    cobra.NoArgs,
		RunE:    d.reads(runGovParams),
	}
}

func runGovParams(ctx context.Context, s *session, _ []string) error {
	p, err := s.govParams(ctx)
	if err != nil {
		return err
	}
	if s.json {
		m, err := newMessages()
		if err != nil {
			return err
		}
		shown, err := m.show(p)
		if err != nil {
			return err
		}
		return s.printJSON(shown)
	}
	length := func(t *time.Duration) string {
		if t == nil {
			return "-"
		}
		return formatDuration(*t)
	}
	part := func(text string) string {
		d, err := sdkmath.LegacyNewDecFromStr(text)
		if err != nil {
			return text
		}
		return strings.TrimRight(strings.TrimRight(d.MulInt64(100).String(), "0"), ".") + "%"
	}
	return labels(s.stdout, "Deposit", coinsText(p.MinDeposit)+" within "+length(p.MaxDepositPeriod), "Votes", length(p.VotingPeriod),
		"Expedited", fmt.Sprintf("deposit %s, votes %s, threshold %s", coinsText(p.ExpeditedMinDeposit), length(p.ExpeditedVotingPeriod), part(p.ExpeditedThreshold)),
		"Quorum", part(p.Quorum)+" of what is staked", "Threshold", part(p.Threshold)+" of yes and no", "Veto", part(p.VetoThreshold)+" of what has voted")
}

func (s *session) govParams(ctx context.Context) (*govv1.Params, error) {
	var out govv1.QueryParamsResponse
	err := s.askGov(ctx, "Params", &govv1.QueryParamsRequest{}, &out)
	if err == nil && out.Params == nil {
		err = fmt.Errorf("%w: no parameters of governance in the answer", ledger.ErrUnavailable)
	}
	return out.Params, err
}
