package main

import (
	"context"
	"strings"

	sdkmath "cosmossdk.io/math"
	sdk "github.com/cosmos/cosmos-sdk/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	"github.com/spf13/cobra"
)

// frostCoins is an amount of FROST as the SDK's messages have it.
func frostCoins(frost uint64) sdk.Coins {
	return sdk.NewCoins(sdk.NewCoin("frost", sdkmath.NewIntFromUint64(frost)))
}

func newGovDeposit(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:   "deposit ID AMOUNT",
		Short: "Add to the deposit of a proposal",
		Long: `Deposit adds WAL of the account to what a proposal needs to come to the vote. It comes back unless the proposal is vetoed
or never comes to the vote. JSON: {"proposalId","amount","txDigest"}.` + exits("with --exit-codes=detailed 4 not enough WAL"),
		Example: "  walrus gov deposit 1 50WAL",
		Args:    cobra.ExactArgs(2),
		RunE: signsTwo(d, parseProposalID, parseWAL, func(ctx context.Context, s *session, id, amount uint64) error {
			if _, err := s.proposal(ctx, id); err != nil {
				return err
			}
			m := &govv1.MsgDeposit{ProposalId: id, Depositor: s.self(), Amount: frostCoins(amount)}
			return s.send(ctx, m, fields{"proposalId": id, "amount": amount}, "%s deposited for proposal %d\n", formatWAL(amount), id)
		}),
	}
}

// answers are those to a proposal, as people name them.
var answers = map[string]govv1.VoteOption{
	"yes": govv1.OptionYes, "no": govv1.OptionNo, "abstain": govv1.OptionAbstain,
	"veto": govv1.OptionNoWithVeto, "no-with-veto": govv1.OptionNoWithVeto, "no_with_veto": govv1.OptionNoWithVeto,
}

func newGovVote(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:   "vote ID (yes | no | abstain | veto | yes=0.7,no=0.3)",
		Short: "Vote on a proposal",
		Long: `Vote votes with the stakes of the account, and with those on the nodes that it votes for. A vote can be divided: the parts
sum up to 1. The last vote of an account counts. JSON: {"proposalId","options":[{"option","weight"}],"txDigest"}.` + exits(),
		Example: "  walrus gov vote 1 yes --key operator",
		Args:    cobra.ExactArgs(2),
		RunE: d.does(func(ctx context.Context, args []string) error {
			id, options, err := parseBoth(args[0], parseProposalID, args[1], parseVote)
			if err != nil {
				return err
			}
			return d.withWallet(ctx, func(s *session) error {
				m := &govv1.MsgVoteWeighted{ProposalId: id, Voter: s.self(), Options: options}
				return s.send(ctx, m, fields{"proposalId": id, "options": voteJSON(args[1])}, "voted %s on proposal %d\n", args[1], id)
			})
		}),
	}
}

// parseVote reads an answer, or several with their parts.
func parseVote(text string) (govv1.WeightedVoteOptions, error) {
	bad := func(part string) error {
		return usagef("vote %q: want yes, no, abstain or veto, or parts of them that sum up to 1 such as yes=0.7,no=0.3", part)
	}
	var out govv1.WeightedVoteOptions
	sum := sdkmath.LegacyZeroDec()
	for _, v := range voteJSON(text) {
		option, ok := answers[v.Option]
		weight, err := sdkmath.LegacyNewDecFromStr(v.Weight)
		if !ok || err != nil || !weight.IsPositive() {
			return nil, bad(text)
		}
		for _, o := range out {
			if o.Option == option {
				return nil, bad(text)
			}
		}
		out = append(out, &govv1.WeightedVoteOption{Option: option, Weight: weight.String()})
		sum = sum.Add(weight)
	}
	if !sum.Equal(sdkmath.LegacyOneDec()) {
		return nil, bad(text)
	}
	return out, nil
}

type votePart struct {
	Option string `json:"option"`
	Weight string `json:"weight"`
}

// voteJSON takes a vote apart; its parts are not checked.
func voteJSON(text string) []votePart {
	var parts []votePart
	for part := range strings.SplitSeq(text, ",") {
		option, weight, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			weight = "1"
		}
		parts = append(parts, votePart{strings.ToLower(option), weight})
	}
	return parts
}
