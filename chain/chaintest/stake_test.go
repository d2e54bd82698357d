package chaintest_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	bankv1beta1 "github.com/cosmos/cosmos-sdk/x/bank/types"

	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
	"github.com/walrus-go/walrus/ledger/rpc"
)

const wal = ledger.FrostPerWAL

// epochs gives a chain epochs that are longer than the transactions of a test take.
func epochs(g *chain.GenesisOptions) { g.EpochDuration = time.Hour }

func newEpochs(t *testing.T, opts chaintest.Options) *chaintest.Chain {
	t.Helper()
	if opts.Genesis == nil {
		opts.Genesis = epochs
	}
	return chaintest.New(t, &opts)
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// moduleBalance is what a module's account holds.
func moduleBalance(t *testing.T, c *chaintest.Chain, module string) uint64 {
	t.Helper()
	held, err := c.Client().Balance(context.Background(), ledger.Address(authtypes.NewModuleAddress(module)))
	ok(t, err)
	return held
}

func supply(t *testing.T, c *chaintest.Chain) uint64 {
	t.Helper()
	var out bankv1beta1.QuerySupplyOfResponse
	ok(t, c.Ask(context.Background(), "/cosmos.bank.v1beta1.Query/SupplyOf", &bankv1beta1.QuerySupplyOfRequest{Denom: "frost"}, &out))
	return out.Amount.Amount.Uint64()
}

func pools(t *testing.T, c *chaintest.Chain) (list []committeev1.Pool) {
	t.Helper()
	for after := []byte(nil); ; {
		var out committeev1.QueryPoolsResponse
		ok(t, c.Ask(context.Background(), "/walrus.committee.v1.Query/Pools", &committeev1.QueryPoolsRequest{After: after, Limit: 3}, &out))
		list = append(list, out.Pools...)
		if after = out.Next; after == nil {
			return list
		}
	}
}

func stakesOf(t *testing.T, c *chaintest.Chain, owner ledger.Address) (list []rpc.Stake) {
	t.Helper()
	for cursor := []byte(nil); ; {
		some, next, err := c.Client().Stakes(context.Background(), owner, ledger.Page{Cursor: cursor, Limit: 40})
		ok(t, err)
		list = append(list, some...)
		if cursor = next; cursor == nil {
			return list
		}
	}
}

// checkMoney checks that every FROST of the modules is accounted for: invariant I-1.
func checkMoney(t *testing.T, c *chaintest.Chain) {
	t.Helper()
	var staked uint64
	owners := map[ledger.Address]bool{}
	for _, k := range c.Accounts {
		owners[k.Address()] = true
	}
	for _, n := range c.Nodes {
		owners[n.Owner.Address()] = true
	}
	for owner := range owners {
		for _, s := range stakesOf(t, c, owner) {
			staked += s.Principal
		}
	}
	for _, p := range pools(t, c) {
		staked += p.RewardsPool + p.Commission
	}
	if held := moduleBalance(t, c, "committee"); held != staked {
		t.Errorf("stakes, rewards and commissions are %d, the module holds %d", staked, held)
	}
	var ring blobv1.QueryAccountingResponse
	ok(t, c.Ask(context.Background(), "/walrus.blob.v1.Query/Accounting", &blobv1.QueryAccountingRequest{}, &ring))
	var pots uint64
	for _, e := range ring.Ring.Entries {
		pots += e.Rewards
	}
	var funds uint64
	for cursor := []byte(nil); ; {
		some, next, err := c.Client().SharedBlobs(context.Background(), ledger.Page{Cursor: cursor, Limit: 50})
		ok(t, err)
		for _, s := range some {
			funds += s.Funds
		}
		if cursor = next; cursor == nil {
			break
		}
	}
	if held := moduleBalance(t, c, "blob"); held != pots+funds {
		t.Errorf("pots are %d, shared blobs have %d, the module holds %d", pots, funds, held)
	}
	var subsidies blobv1.QuerySubsidiesResponse
	ok(t, c.Ask(context.Background(), "/walrus.blob.v1.Query/Subsidies", &blobv1.QuerySubsidiesRequest{}, &subsidies))
	if held := moduleBalance(t, c, "walrus_subsidies"); held != subsidies.Subsidies.Pool {
		t.Errorf("subsidies have %d, their account holds %d", subsidies.Subsidies.Pool, held)
	}
}

// A stake gets its node shards, earns with it, and is paid out with what it earned.
func TestStakeEarnsAndLeaves(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{})
	w := c.Wallet(1)
	before := supply(t, c)

	s, err := w.Stake(ctx, c.Nodes[2].ID, 4000*wal)
	ok(t, err)
	if s.Owner != w.Address() || s.Principal != 4000*wal || s.Activation != 2 {
		t.Errorf("staked in epoch 1: %+v", s)
	}
	checkMoney(t, c)
	ok(t, c.NextEpoch(ctx)) // 2: the stake counts
	committees, err := c.Client().Committees(ctx)
	ok(t, err)
	at, _ := committees.Current.Find(c.Nodes[2].ID)
	if got := committees.Current.Member(at).Weight(); got != 5 { // a half of 8000 WAL is 5000, capped at 2n/k
		t.Errorf("node with most of the stake has %d shards of 10, want 5", got)
	}
	if committees.Previous == nil || committees.Previous.Epoch() != 1 || committees.Transition {
		t.Errorf("committees after the change: %+v", committees)
	}
	// Something to earn, from the next epoch on.
	_, err = c.Wallet(0).Register(ctx, []ledger.Registration{ledgertest.Claim(1<<20, 10, false)})
	ok(t, err)
	for range 3 {
		ok(t, c.NextEpoch(ctx))
		checkMoney(t, c)
	}
	if burned := before - supply(t, c); burned == 0 {
		t.Error("nothing was burned")
	}
	worth := stakesOf(t, c, w.Address())[0].Worth
	if worth <= 4000*wal {
		t.Errorf("after three epochs the stake is worth %d", worth)
	}
	wantRule(t, errOf(w.Withdraw(ctx, s.ID)), "staking_pool::ENotWithdrawing")
	at2, err := w.RequestWithdraw(ctx, s.ID)
	ok(t, err)
	if at2 != 6 {
		t.Errorf("requested in epoch 5, leaves in %d, want 6", at2)
	}
	wantRule(t, errOf(w.Withdraw(ctx, s.ID)), "staking_pool::EWithdrawEpochNotReached")
	ok(t, c.NextEpoch(ctx))
	held, err := c.Client().Balance(ctx, w.Address())
	ok(t, err)
	paid, err := w.Withdraw(ctx, s.ID)
	ok(t, err)
	now, err := c.Client().Balance(ctx, w.Address())
	ok(t, err)
	if paid < worth || now != held+paid {
		t.Errorf("paid %d for a stake that was worth %d, balance %d to %d", paid, worth, held, now)
	}
	checkMoney(t, c)
	if left := stakesOf(t, c, w.Address()); len(left) != 0 {
		t.Errorf("still there: %+v", left)
	}
}

func errOf[T any](_ T, err error) error { return err }

// wantRule checks that the chain refused by the given rule.
func wantRule(t *testing.T, err error, rule string) {
	t.Helper()
	var refused *ledger.RejectedError
	if !errors.As(err, &refused) || refused.Name != rule {
		t.Errorf("got %v, want a refusal by %s", err, rule)
	}
}

// Where stakes do not change, no shard moves, however many epochs pass.
func TestShardsStayWhereStakeStays(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{Nodes: 7, Shards: 31})
	holders := func() (out []committee.NodeID) {
		committees, err := c.Client().Committees(ctx)
		ok(t, err)
		for s := range 31 {
			out = append(out, committees.Current.Member(committees.Current.Owner(committee.Shard(s))).ID)
		}
		return out
	}
	before := holders()
	for range 4 {
		ok(t, c.NextEpoch(ctx))
	}
	for s, id := range holders() {
		if id != before[s] {
			t.Errorf("shard %d moved", s)
		}
	}
	system, err := c.Client().System(ctx)
	ok(t, err)
	if system.Epoch != 5 || system.StoragePrice != chain.DefaultStoragePrice || system.TotalCapacity < chain.DefaultCapacity {
		t.Errorf("after four epochs: %+v", system)
	}
	if got := time.Duration(system.EpochStart.UnixNano() - c.Now().UnixNano()).Abs(); got > time.Minute {
		t.Errorf("epoch began %v ago", got)
	}
}

func TestEpochsDoNotChangeWithoutLength(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{Genesis: func(g *chain.GenesisOptions) { g.EpochDuration = -1 }})
	ok(t, c.Advance(10_000*time.Hour))
	e, err := c.Epoch(ctx)
	ok(t, err)
	if e.Epoch.Number != 1 || e.Epoch.Phase != committeev1.EPOCH_PHASE_CHANGE_DONE {
		t.Errorf("epoch %+v", e.Epoch)
	}
}

// An epoch goes through its phases in order, and the log tells.
func TestEpochEvents(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{})
	ok(t, c.EndVoting(ctx))
	committees, err := c.Client().Committees(ctx)
	ok(t, err)
	if committees.Next == nil || committees.Next.Epoch() != 2 {
		t.Errorf("next committee: %v", committees.Next)
	}
	ok(t, c.Advance(31*time.Minute))
	committees, err = c.Client().Committees(ctx)
	ok(t, err)
	if !committees.Transition || committees.Current.Epoch() != 2 {
		t.Errorf("after the change: %+v", committees)
	}
	w, err := c.NodeWallet(ctx, 0)
	ok(t, err)
	wantRule(t, w.SyncDone(ctx, c.Nodes[0].ID, 1), "staking_inner::EInvalidSyncEpoch")
	ok(t, w.SyncDone(ctx, c.Nodes[0].ID, 2))
	wantRule(t, w.SyncDone(ctx, c.Nodes[0].ID, 2), "staking_inner::EDuplicateSyncDone")
	if err := w.SyncDone(ctx, c.Nodes[1].ID, 2); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("reported for another's node: %v", err)
	}
	for i := 1; i < 4; i++ {
		w, err := c.NodeWallet(ctx, i)
		ok(t, err)
		ok(t, w.SyncDone(ctx, c.Nodes[i].ID, 2))
	}
	events, err := c.Client().Events(ctx, 0, 100)
	ok(t, err)
	var got []string
	for _, e := range events {
		switch b := e.Body.(type) {
		case ledger.EpochParametersSelected:
			got = append(got, "selected")
		case ledger.EpochChangeStart:
			got = append(got, "start")
		case ledger.PricesUpdated:
			got = append(got, "prices")
			if b.Epoch != 2 || b.StoragePrice != chain.DefaultStoragePrice {
				t.Errorf("prices: %+v", b)
			}
		case ledger.EpochChangeDone:
			got = append(got, "done")
		case ledger.ShardsReceived:
			got = append(got, "received")
			if len(b.Shards) == 0 {
				t.Error("a node received nothing")
			}
		}
	}
	want := []string{"selected", "start", "prices", "received", "received", "done", "received", "received"}
	if !equal(got, want) {
		t.Errorf("log %v, want %v", got, want)
	}
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// A state with stakes, votes, pools and validators is the same after export and import.
func TestExportWithStakes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{})
	w := c.Wallet(1)
	s, err := w.Stake(ctx, c.Nodes[0].ID, 100*wal)
	ok(t, err)
	_, err = c.Wallet(0).Register(ctx, []ledger.Registration{ledgertest.Claim(1000, 10, false)})
	ok(t, err)
	ok(t, c.NextEpoch(ctx))
	ok(t, c.NextEpoch(ctx))
	_, err = w.RequestWithdraw(ctx, s.ID)
	ok(t, err)
	_, err = w.Stake(ctx, c.Nodes[1].ID, 7*wal)
	ok(t, err)
	ok(t, c.EndVoting(ctx))
	node, err := c.NodeWallet(ctx, 0)
	ok(t, err)
	ok(t, node.Execute(ctx, 400_000, &committeev1.MsgVoteSlash{
		Sender: node.Address().String(), NodeId: c.Nodes[0].ID[:], Candidate: c.Nodes[1].ID[:],
	}, &committeev1.MsgVoteSlashResponse{}))
	first, err := c.App.Export("walrus-fork", c.Now())
	ok(t, err)
	fork, err := chaintest.Import(first, nil)
	ok(t, err)
	defer fork.Close()
	second, err := fork.App.Export("walrus-fork", c.Now())
	ok(t, err)
	if !bytes.Equal(first.State(), second.State()) {
		t.Errorf("state changed:\n%s", difference(t, first.State(), second.State()))
	}
}
