package chaintest_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/ledger"
)

// known returns which of the keys 1 to n the chain has a record of.
func known(t *testing.T, c *chaintest.Chain, n int) (out []int) {
	t.Helper()
	var list committeev1.QueryValidatorsResponse
	ok(t, c.Ask(context.Background(), "/walrus.committee.v1.Query/Validators", &committeev1.QueryValidatorsRequest{Limit: 1000}, &list))
	for i := 1; i <= n; i++ {
		for _, v := range list.Validators {
			if bytes.Equal(v.Key, publicKey(i)) {
				out = append(out, i)
			}
		}
	}
	return out
}

func wantKnown(t *testing.T, c *chaintest.Chain, when string, want ...int) {
	t.Helper()
	got := known(t, c, 40)
	if len(got) != len(want) {
		t.Fatalf("%s: keys %v are on record, want %v", when, got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("%s: keys %v are on record, want %v", when, got, want)
		}
	}
}

// govern carries a message out by the votes of all nodes.
func govern(t *testing.T, c *chaintest.Chain, id uint64) {
	t.Helper()
	for i := range c.Nodes {
		w, err := c.NodeWallet(context.Background(), i)
		ok(t, err)
		vote(t, w, id, govv1.OptionYes)
	}
	if p := decided(t, c, id); p.Status != govv1.StatusPassed {
		t.Fatalf("proposal %+v", p)
	}
}

// Keys that a node named and replaced are forgotten at once if they never had power, and else when evidence
// against them does not count any more. Until then the node cannot replace another one.
func TestReplacedKeysAreForgotten(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{Shards: 100})
	const age, old = 10 * time.Minute, 8
	govern(t, c, propose(t, c.Wallet(0), &consensustypes.MsgUpdateParams{
		Authority: governance(),
		Block:     &cmtproto.BlockParams{MaxBytes: 1 << 20, MaxGas: 100_000_000},
		Evidence:  &cmtproto.EvidenceParams{MaxAgeNumBlocks: old, MaxAgeDuration: age, MaxBytes: 1 << 18},
		Validator: &cmtproto.ValidatorParams{PubKeyTypes: []string{"ed25519"}},
	}))
	ok(t, c.NextEpoch(ctx)) // its committee was chosen meanwhile
	for i := 1; i <= 30; i++ {
		ok(t, validate(ctx, c, 1, i))
	}
	wantKnown(t, c, "after thirty replacements", 30)
	ok(t, c.NextEpoch(ctx))
	blocks(t, c, 5)
	if got := c.Power(publicKey(30)); got == 0 {
		t.Fatal("the last key has no power")
	}

	ok(t, validate(ctx, c, 1, 31)) // of the next committee
	ok(t, validate(ctx, c, 1, 32)) // and the one before is none of any
	wantKnown(t, c, "before the next committee", 30, 32)
	ok(t, c.EndVoting(ctx))
	if err := validate(ctx, c, 1, 33); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("a third key that counts: %v, want a refusal", err)
	}
	w, err := c.NodeWallet(ctx, 1)
	ok(t, err)
	none := &committeev1.MsgSetConsensusKey{Owner: w.Address().String(), NodeId: c.Nodes[1].ID[:]}
	if err := execute(ctx, w, none); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("no key in place of a second one that counts: %v, want a refusal", err)
	}
	wantKnown(t, c, "after refusals", 30, 32)
	ok(t, c.Advance(31*time.Minute))
	ok(t, c.Sync(ctx))
	blocks(t, c, 5)
	if a, b := c.Power(publicKey(30)), c.Power(publicKey(32)); a != 0 || b == 0 {
		t.Fatalf("powers %d and %d, want none and some", a, b)
	}
	if err := validate(ctx, c, 1, 33); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("while evidence against the first counts: %v, want a refusal", err)
	}

	// An exported state forgets as the original does.
	exported, err := c.App.Export("walrus-fork", c.Now())
	ok(t, err)
	fork, err := chaintest.Import(exported, nil)
	ok(t, err)
	defer fork.Close()
	for _, chain := range []*chaintest.Chain{c, fork} {
		ok(t, chain.Advance(age/2))
		blocks(t, chain, old+5)
		wantKnown(t, chain, "old by blocks, not by time", 30, 32)
		ok(t, chain.Advance(age))
		blocks(t, chain, 1)
		wantKnown(t, chain, "old", 32)
	}
	ok(t, validate(ctx, c, 1, 33))
	wantKnown(t, c, "after another replacement", 32, 33)
	ok(t, validate(ctx, c, 1, 32)) // back
	wantKnown(t, c, "after coming back", 32)
	ok(t, validate(ctx, c, 2, 30)) // nobody's any more
	wantKnown(t, c, "another node's", 30, 32)
}

// Evidence finds a key that its node has replaced, as long as it counts, and the key is never forgotten then.
func TestReplacedKeyIsConvicted(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{Shards: 100})
	ok(t, validate(ctx, c, 1, 1))
	ok(t, c.NextEpoch(ctx))
	ok(t, validate(ctx, c, 1, 2))
	ok(t, c.NextEpoch(ctx))
	blocks(t, c, 5)
	if got := c.Power(publicKey(1)); got != 0 {
		t.Fatalf("a replaced key has a power of %d", got)
	}
	c.Accuse(publicKey(1))
	blocks(t, c, 1)
	if got := changes(t, c); got != "convicted " {
		t.Errorf("log: %q", got)
	}
	ok(t, validate(ctx, c, 1, 3)) // the convicted one is no spare
	if err := validate(ctx, c, 1, 1); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("the convicted key again: %v, want a refusal", err)
	}
	wantKnown(t, c, "after a conviction", 1, 2, 3)
}
