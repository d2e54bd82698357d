package chain_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	eventv1 "github.com/walrus-go/walrus/api/event/v1"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
)

// spoil writes raw bytes into the state of the committee module, as no transaction could.
func spoil(c *chaintest.Chain, key, value []byte) {
	//lint:ignore SA1019 the others write to branches that are dropped
	ctx := c.App.NewUncachedContext(false, cmtproto.Header{})
	ctx.KVStore(c.App.StoreKey("committee")).Set(key, value)
}

// Prefixes of the committee module's state.
const (
	nodesPrefix = 2
	poolsPrefix = 4
	ratesPrefix = 5
)

// Nothing on the way of an epoch change fails because of one party: nodes whose state cannot be read, makes
// the rules refuse or makes code panic are left out, and the others get what is theirs.
func TestEpochChangeOutlastsBrokenNodes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := chaintest.New(t, &chaintest.Options{
		Nodes: 10, Shards: 40, Genesis: func(g *chain.GenesisOptions) { g.EpochDuration = time.Hour },
	})
	if _, err := c.Wallet(0).Register(ctx, []ledger.Registration{ledgertest.Claim(1<<20, 20, false)}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.NextEpoch(ctx); err != nil {
			t.Fatal(err)
		}
	}
	at := func(prefix byte, node int) []byte { return append([]byte{prefix}, c.Nodes[node].ID[:]...) }
	garbage := []byte{0xff, 0xff, 0xff}
	spoil(c, at(poolsPrefix, 1), garbage)
	poisoned := committeev1.Pool{NodeId: c.Nodes[2].ID[:], LatestEpoch: 3, Balance: 5, Shares: 50}
	raw, err := poisoned.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	spoil(c, at(poolsPrefix, 2), raw)                      // more shares than WAL
	spoil(c, at(poolsPrefix, 3), []byte{0x0a, 3, 1, 2, 3}) // of a node with an ID of three bytes
	exits := committeev1.Pool{NodeId: c.Nodes[4].ID[:], LatestEpoch: 3, Balance: 1000 * ledger.FrostPerWAL, Shares: 1000 * ledger.FrostPerWAL,
		EarlyExits: []committeev1.EarlyExit{{WithdrawEpoch: 4, ActivationEpoch: 1, Principal: 7}}}
	if raw, err = exits.Marshal(); err != nil {
		t.Fatal(err)
	}
	spoil(c, at(poolsPrefix, 4), raw)
	// The rates of node 4, which its early exit asks for, make the lookup panic.
	rate := append([]byte{ratesPrefix, 32}, c.Nodes[4].ID[:]...)
	for e := range byte(8) {
		spoil(c, append(append([]byte(nil), rate...), 0, 0, 0, e), garbage)
	}
	if err := c.NextEpoch(ctx); err != nil { // 4
		t.Fatal(err)
	}
	// A node whose registration is gone is passed over when the next committee is selected.
	spoil(c, at(nodesPrefix, 5), garbage)
	// So is one whose key is none.
	keyless := committeev1.Node{Id: c.Nodes[6].ID[:], Owner: make([]byte, 20), BlsPublicKey: bytes.Repeat([]byte{7}, 48)}
	if raw, err = keyless.Marshal(); err != nil {
		t.Fatal(err)
	}
	spoil(c, at(nodesPrefix, 6), raw)
	if err := c.EndVoting(ctx); err != nil {
		t.Fatal(err)
	}
	committees, err := c.Client().Committees(ctx)
	if err != nil {
		t.Fatalf("one node hides the committee: %v", err)
	}
	for _, m := range committees.Current.Members() {
		spoilt := m.ID == c.Nodes[5].ID || m.ID == c.Nodes[6].ID
		if got := m.Address == ""; got != spoilt {
			t.Errorf("node %v has the address %q", m.ID, m.Address)
		}
	}
	if err := c.Advance(time.Hour); err != nil {
		t.Fatal(err)
	}
	e, err := c.Epoch(ctx)
	if err != nil || e.Epoch.Number != 5 {
		t.Fatalf("epoch %+v, %v", e, err)
	}
	var healthy committeev1.QueryPoolResponse
	if err := c.Ask(ctx, "/walrus.committee.v1.Query/Pool", &committeev1.QueryPoolRequest{NodeId: c.Nodes[7].ID.String()}, &healthy); err != nil {
		t.Fatal(err)
	}
	if healthy.Pool.LatestEpoch != 5 || healthy.Pool.RewardsPool == 0 {
		t.Errorf("a healthy node went without: %+v", healthy.Pool)
	}
	if got := skipped(t, c); got["change"] < 4 || got["selection"] != 2 {
		t.Errorf("the log tells of %v", got)
	}
}

// skipped counts the nodes left out, by step.
func skipped(t *testing.T, c *chaintest.Chain) map[string]int {
	t.Helper()
	var out eventv1.QueryEventsResponse
	if err := c.Ask(context.Background(), "/walrus.event.v1.Query/Events", &eventv1.QueryEventsRequest{}, &out); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, e := range out.Entries {
		if s := e.Event.GetNodeSkipped(); s != nil {
			got[s.Step]++
		}
	}
	return got
}
