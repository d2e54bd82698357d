package chaintest_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"
	"github.com/cosmos/gogoproto/proto"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

func governance() string { return authtypes.NewModuleAddress(govtypes.ModuleName).String() }

// propose puts a message to the vote and returns the proposal's number.
func propose(t *testing.T, w *rpc.Wallet, m proto.Message) uint64 {
	t.Helper()
	packed, err := codectypes.NewAnyWithValue(m)
	ok(t, err)
	var out govv1.MsgSubmitProposalResponse
	ok(t, w.Execute(context.Background(), 2_000_000, &govv1.MsgSubmitProposal{
		Messages: []*codectypes.Any{packed}, InitialDeposit: sdk.NewCoins(sdk.NewInt64Coin("frost", 100*wal)),
		Proposer: w.Address().String(), Title: "a change", Summary: "of something",
	}, &out))
	return out.ProposalId
}

func vote(t *testing.T, w *rpc.Wallet, id uint64, option govv1.VoteOption) {
	t.Helper()
	ok(t, w.Execute(context.Background(), 400_000, &govv1.MsgVote{ProposalId: id, Voter: w.Address().String(), Option: option}, &govv1.MsgVoteResponse{}))
}

// decided ends the time for votes and returns what became of a proposal.
func decided(t *testing.T, c *chaintest.Chain, id uint64) *govv1.Proposal {
	t.Helper()
	ok(t, c.Advance(49*time.Hour))
	var out govv1.QueryProposalResponse
	ok(t, c.Ask(context.Background(), "/cosmos.gov.v1.Query/Proposal", &govv1.QueryProposalRequest{ProposalId: id}, &out))
	return out.Proposal
}

// Epochs stand still, so that voting, which takes days, is not about them.
func newStill(t *testing.T) *chaintest.Chain {
	t.Helper()
	return newEpochs(t, chaintest.Options{Genesis: func(g *chain.GenesisOptions) { g.EpochDuration = -1 }})
}

// Nodes vote with their pools, stakers for themselves if they want to, and parameters change.
func TestGovernanceCountsStake(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newStill(t)
	params := committeev1.Params{NShards: 10, EpochDurationMs: 5_000, MaxActiveNodes: 77, MinStake: wal, DowntimeBlocks: 9}
	id := propose(t, c.Wallet(0), &committeev1.MsgUpdateParams{Authority: governance(), Params: params})
	// The owner of node 1 gives a part of its stake to an account, which votes against it.
	node, err := c.NodeWallet(ctx, 1)
	ok(t, err)
	var part committeev1.MsgSplitStakeResponse
	own := stakesOf(t, c, node.Address())[0]
	ok(t, node.Execute(ctx, 400_000, &committeev1.MsgSplitStake{Owner: node.Address().String(), StakeId: own.ID[:], Amount: 300 * wal}, &part))
	ok(t, node.Execute(ctx, 400_000, &committeev1.MsgTransferStake{
		Owner: node.Address().String(), StakeId: part.Stake.Id, Recipient: c.Accounts[2].Address().String(),
	}, &committeev1.MsgTransferStakeResponse{}))
	vote(t, c.Wallet(2), id, govv1.OptionNo)
	for i := range 3 {
		w, err := c.NodeWallet(ctx, i)
		ok(t, err)
		vote(t, w, id, govv1.OptionYes)
	}
	vote(t, c.Wallet(1), id, govv1.OptionNo) // has no stake
	p := decided(t, c, id)
	if p.Status != govv1.StatusPassed {
		t.Fatalf("proposal %+v", p)
	}
	if yes, no := p.FinalTallyResult.YesCount, p.FinalTallyResult.NoCount; yes != "2700000000000" || no != "300000000000" {
		t.Errorf("yes %s, no %s; want 2700 and 300 WAL", yes, no)
	}
	var out committeev1.QueryParamsResponse
	ok(t, c.Ask(ctx, "/walrus.committee.v1.Query/Params", &committeev1.QueryParamsRequest{}, &out))
	if out.Params != params {
		t.Errorf("parameters %+v, want %+v", out.Params, params)
	}
}

// The end of a vote must not stop the chain: stakes that cannot be read, or whose worth cannot be told, do not
// count, and the others do.
func TestGovernanceOutlastsBrokenStakes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	garbage := []byte{0xff, 0xff, 0xff}
	tests := map[string]struct {
		spoil func(c *chaintest.Chain, own rpc.Stake)
		yes   string
	}{
		"stake": {func(c *chaintest.Chain, own rpc.Stake) {
			c.Store("committee").Set(append([]byte{stakesPrefix}, own.ID[:]...), garbage)
		}, "3000000000000"}, // the node votes with its pool all the same
		"rates": {func(c *chaintest.Chain, _ rpc.Stake) {
			store := c.Store("committee")
			for _, key := range ratesOf(store, c.Nodes[1].ID) {
				store.Set(key, garbage)
			}
			store.Set(append(ratePrefix(c.Nodes[1].ID), 0, 0, 0, 1), garbage)
		}, "3000000000000"},
		"pool": {func(c *chaintest.Chain, _ rpc.Stake) {
			c.Store("committee").Set(append([]byte{poolsPrefix}, c.Nodes[1].ID[:]...), garbage)
		}, "2000000000000"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newStill(t)
			id := propose(t, c.Wallet(0), &committeev1.MsgUpdateParams{
				Authority: governance(), Params: committeev1.Params{NShards: 10, MaxActiveNodes: 77},
			})
			for i := range 3 {
				w, err := c.NodeWallet(ctx, i)
				ok(t, err)
				vote(t, w, id, govv1.OptionYes)
			}
			test.spoil(c, stakesOf(t, c, c.Nodes[1].Owner.Address())[0])
			p := decided(t, c, id)
			if p.Status != govv1.StatusPassed || p.FinalTallyResult.YesCount != test.yes {
				t.Errorf("%s with %s, want %s in favour", p.Status, p.FinalTallyResult.YesCount, test.yes)
			}
			blocks(t, c, 2)
		})
	}
}

// Votes that cannot be read are nobody's, and the chain goes on.
func TestGovernanceOutlastsBrokenVotes(t *testing.T) {
	t.Parallel()
	c := newStill(t)
	id := propose(t, c.Wallet(0), &committeev1.MsgSpendCommunity{Authority: governance(), Recipient: governance(), Amount: 1})
	for _, w := range nodeWallets(t, c) {
		vote(t, w, id, govv1.OptionYes)
	}
	store := c.Store(govtypes.StoreKey)
	it := store.Iterator(govtypes.VotesKeyPrefix, storetypes.PrefixEndBytes(govtypes.VotesKeyPrefix))
	key := it.Key()
	ok(t, it.Close())
	store.Set(key, []byte{0xff, 0xff, 0xff})
	if p := decided(t, c, id); p.Status != govv1.StatusRejected || p.FinalTallyResult.YesCount != "0" {
		t.Errorf("proposal %+v", p)
	}
	blocks(t, c, 2)
}

// Without a quorum of stake nothing passes.
func TestGovernanceWantsQuorum(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newStill(t)
	id := propose(t, c.Wallet(0), &committeev1.MsgSpendCommunity{Authority: governance(), Recipient: c.Accounts[1].Address().String(), Amount: 1})
	w, err := c.NodeWallet(ctx, 0)
	ok(t, err)
	vote(t, w, id, govv1.OptionYes) // 25 % of the stake, 33.4 % are wanted
	if p := decided(t, c, id); p.Status != govv1.StatusRejected {
		t.Errorf("proposal %+v", p)
	}
}

// The community's account takes payments from anyone and pays what governance decides.
func TestGovernanceSpends(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newStill(t)
	ok(t, c.Wallet(0).Send(ctx, ledger.Address(authtypes.NewModuleAddress("community")), 50*wal))
	id := propose(t, c.Wallet(0), &committeev1.MsgSpendCommunity{Authority: governance(), Recipient: c.Accounts[1].Address().String(), Amount: 20 * wal})
	for i := range 4 {
		w, err := c.NodeWallet(ctx, i)
		ok(t, err)
		vote(t, w, id, govv1.OptionYes)
	}
	before, err := c.Client().Balance(ctx, c.Accounts[1].Address())
	ok(t, err)
	if p := decided(t, c, id); p.Status != govv1.StatusPassed {
		t.Fatalf("proposal %+v", p)
	}
	after, err := c.Client().Balance(ctx, c.Accounts[1].Address())
	ok(t, err)
	if after-before != 20*wal || moduleBalance(t, c, "community") != 30*wal {
		t.Errorf("paid %d, left %d", after-before, moduleBalance(t, c, "community"))
	}
}

// A quorum of nodes, or governance, schedules an upgrade.
func TestUpgradesAreScheduled(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newStill(t)
	plan := committeev1.UpgradePlan{Name: "v2", Height: 1_000_000, Info: "faster"}
	digest, err := chain.UpgradeDigest(plan.Name, plan.Height, plan.Info)
	ok(t, err)
	w := c.Wallet(0)
	authorize := &committeev1.MsgAuthorizeUpgrade{Sender: w.Address().String(), Plan: plan}
	wantRule(t, execute(ctx, w, authorize), "upgrade::ENoProposalForDigest")
	for i := range 3 {
		node, err := c.NodeWallet(ctx, i)
		ok(t, err)
		if i == 2 {
			wantRule(t, execute(ctx, w, authorize), "upgrade::ENotEnoughVotes")
		}
		ballot := &committeev1.MsgVoteUpgrade{Sender: node.Address().String(), NodeId: c.Nodes[i].ID[:], Digest: digest[:]}
		ok(t, execute(ctx, node, ballot))
		wantRule(t, execute(ctx, node, ballot), "upgrade::EDuplicateVote")
	}
	ok(t, execute(ctx, w, authorize))
	wantPlan(t, c, "v2")
	id := propose(t, w, &upgradetypes.MsgSoftwareUpgrade{Authority: governance(), Plan: upgradetypes.Plan{Name: "v3", Height: 2_000_000}})
	for i := range 4 {
		node, err := c.NodeWallet(ctx, i)
		ok(t, err)
		vote(t, node, id, govv1.OptionYes)
	}
	if p := decided(t, c, id); p.Status != govv1.StatusPassed {
		t.Fatalf("proposal %+v", p)
	}
	wantPlan(t, c, "v3")
}

func wantPlan(t *testing.T, c *chaintest.Chain, name string) {
	t.Helper()
	var out upgradetypes.QueryCurrentPlanResponse
	ok(t, c.Ask(context.Background(), "/cosmos.upgrade.v1beta1.Query/CurrentPlan", &upgradetypes.QueryCurrentPlanRequest{}, &out))
	if out.Plan == nil || out.Plan.Name != name {
		t.Errorf("plan %+v, want %s", out.Plan, name)
	}
}

// A quorum of nodes burns the commission of another.
func TestSlashingBurnsCommission(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newStill(t)
	w := c.Wallet(0)
	ok(t, execute(ctx, w, &committeev1.MsgAddCommission{Sender: w.Address().String(), NodeId: c.Nodes[3].ID[:], Amount: 2 * wal}))
	slash := &committeev1.MsgExecuteSlash{Sender: w.Address().String(), Candidate: c.Nodes[3].ID[:]}
	wantRule(t, execute(ctx, w, slash), "slashing::ENoProposalForNode")
	ballot := func(of committee.NodeID, sender *rpc.Wallet) *committeev1.MsgVoteSlash {
		return &committeev1.MsgVoteSlash{Sender: sender.Address().String(), NodeId: of[:], Candidate: c.Nodes[3].ID[:]}
	}
	wantRule(t, execute(ctx, w, ballot(c.Nodes[0].ID, w)), "slashing::ENotAuthorized")
	for i := range 3 {
		node, err := c.NodeWallet(ctx, i)
		ok(t, err)
		ok(t, execute(ctx, node, ballot(c.Nodes[i].ID, node)))
		wantRule(t, execute(ctx, node, ballot(c.Nodes[i].ID, node)), "slashing::EDuplicateVote")
	}
	before := supply(t, c)
	ok(t, execute(ctx, w, slash))
	if burned := before - supply(t, c); burned != 2*wal {
		t.Errorf("burned %d, want %d", burned, 2*wal)
	}
	checkMoney(t, c)
}

// Proposals that are over, or that nobody can read, are removed by whoever cares.
func TestVotesAreCleanedUp(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{})
	w := nodeWallets(t, c)[0]
	clean := &committeev1.MsgCleanupVotes{Sender: w.Address().String(), Digests: [][]byte{bytes.Repeat([]byte{1}, 32), {1}}}
	for _, n := range c.Nodes[1:] {
		ok(t, execute(ctx, w, &committeev1.MsgVoteSlash{Sender: clean.Sender, NodeId: c.Nodes[0].ID[:], Candidate: n.ID[:]}))
		clean.Candidates = append(clean.Candidates, n.ID[:])
	}
	ok(t, execute(ctx, w, &committeev1.MsgVoteUpgrade{Sender: clean.Sender, NodeId: c.Nodes[0].ID[:], Digest: clean.Digests[0]}))
	left := func() int {
		var out committeev1.QueryProposalsResponse
		ok(t, c.Ask(ctx, "/walrus.committee.v1.Query/Proposals", &committeev1.QueryProposalsRequest{}, &out))
		return len(out.Slashings) + len(out.Upgrades)
	}
	ok(t, execute(ctx, w, clean))
	if n := left(); n != len(c.Nodes) {
		t.Errorf("%d proposals are left in their epoch, want %d", n, len(c.Nodes))
	}
	ok(t, c.NextEpoch(ctx))
	c.Store("committee").Set(append([]byte{slashingsPrefix}, c.Nodes[2].ID[:]...), []byte{0xff, 0xff, 0xff})
	blocks(t, c, 1)
	ok(t, execute(ctx, w, clean))
	if n := left(); n != 0 {
		t.Errorf("%d proposals are left", n)
	}
}

// An upgrade stops the program from before at its height; the next one goes on from there, and neither does
// the other's part.
func TestUpgradeChangesPrograms(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newStill(t)
	home := t.TempDir()
	ok(t, c.Restart(chain.AppOptions{Home: home}))
	blocks(t, c, 1) // until then a program does not know the time
	const height = 40
	digest, err := chain.UpgradeDigest("v2", height, "")
	ok(t, err)
	for i := range 3 {
		node, err := c.NodeWallet(ctx, i)
		ok(t, err)
		ok(t, execute(ctx, node, &committeev1.MsgVoteUpgrade{Sender: node.Address().String(), NodeId: c.Nodes[i].ID[:], Digest: digest[:]}))
	}
	w := c.Wallet(0)
	ok(t, execute(ctx, w, &committeev1.MsgAuthorizeUpgrade{Sender: w.Address().String(), Plan: committeev1.UpgradePlan{Name: "v2", Height: height}}))
	ok(t, c.Restart(chain.AppOptions{Home: home, Upgrades: []string{"v2"}}))
	if err := c.Advance(time.Second); err == nil {
		t.Error("the next program ran before its time")
	}
	ok(t, c.Restart(chain.AppOptions{Home: home}))
	for {
		head, err := c.Head(ctx)
		ok(t, err)
		if err := c.Advance(time.Second); err != nil {
			if head.Height != height-1 {
				t.Errorf("stopped after height %d: %v", head.Height, err)
			}
			break
		}
		if head.Height > height {
			t.Fatal("the program from before goes on")
		}
	}
	ok(t, c.Restart(chain.AppOptions{Home: home, Upgrades: []string{"v2"}}))
	blocks(t, c, 3)
	ok(t, c.Wallet(0).Send(ctx, c.Accounts[1].Address(), 1))
	ok(t, c.Restart(chain.AppOptions{Home: home}))
	if err := c.Advance(time.Second); err == nil {
		t.Error("the program from before ran after the upgrade")
	}
}
