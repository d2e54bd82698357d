package chaintest_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	eventv1 "github.com/walrus-go/walrus/api/event/v1"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

func consensusKey(i int) ed25519.PrivateKey {
	seed := sha256.Sum256(fmt.Appendf(nil, "consensus %d", i))
	return ed25519.NewKeyFromSeed(seed[:])
}

func publicKey(i int) ed25519.PublicKey { return consensusKey(i).Public().(ed25519.PublicKey) }

// genesisKey is the validator of a test chain's first node.
func genesisKey() ed25519.PublicKey {
	seed := sha256.Sum256([]byte("validator 0"))
	return ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey)
}

func execute(ctx context.Context, w *rpc.Wallet, m interface {
	Reset()
	String() string
	ProtoMessage()
}) error {
	return w.Execute(ctx, 1_000_000, m, &committeev1.MsgUpdateNodeResponse{})
}

// validate makes a node run a validator from the next committee on.
func validate(ctx context.Context, c *chaintest.Chain, node, key int) error {
	w, err := c.NodeWallet(ctx, node)
	if err != nil {
		return err
	}
	id := c.Nodes[node].ID
	message := chain.ConsensusKeyMessage(c.Genesis.ChainID(), id)
	return execute(ctx, w, &committeev1.MsgSetConsensusKey{
		Owner: w.Address().String(), NodeId: id[:], Key: publicKey(key), Signature: ed25519.Sign(consensusKey(key), message),
	})
}

func blocks(t *testing.T, c *chaintest.Chain, n int) {
	t.Helper()
	for range n {
		ok(t, c.Advance(chaintest.BlockTime))
	}
}

// Validators follow the committee. Those that come begin with little power, and those that go stay until the
// others have signed.
func TestValidatorsFollowTheCommittee(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{Nodes: 4, Shards: 100})
	if got := c.Power(genesisKey()); got != 25 {
		t.Fatalf("first validator has a power of %d, want 25", got)
	}
	for i := 1; i < 4; i++ {
		ok(t, validate(ctx, c, i, i))
	}
	c.SetAbsent(publicKey(3), true)
	ok(t, c.EndVoting(ctx))
	ok(t, c.Advance(31*time.Minute))
	first := c.Power(publicKey(1))
	if first == 0 || 2*3*first >= 2*c.Power(genesisKey()) {
		t.Errorf("newcomers begin with %d against %d", first, c.Power(genesisKey()))
	}
	blocks(t, c, 10)
	for i := 1; i < 4; i++ { // 75 that sign outweigh 25 that never did
		if got := c.Power(publicKey(i)); got != 25 {
			t.Errorf("validator %d has a power of %d, want 25", i, got)
		}
	}
	ok(t, c.Sync(ctx))
	// The first node stops validating; the one that never signed is still absent.
	w, err := c.NodeWallet(ctx, 0)
	ok(t, err)
	ok(t, execute(ctx, w, &committeev1.MsgSetConsensusKey{Owner: w.Address().String(), NodeId: c.Nodes[0].ID[:]}))
	ok(t, c.NextEpoch(ctx))
	blocks(t, c, 10)
	if a, b := c.Power(genesisKey()), c.Power(publicKey(3)); a == 0 || b == 0 {
		t.Errorf("powers %d and %d: 50 that sign need the one that leaves against 25 that do not", a, b)
	}
	c.SetAbsent(publicKey(3), false)
	blocks(t, c, 10)
	if a, b := c.Power(genesisKey()), c.Power(publicKey(3)); a != 0 || b != 25 {
		t.Errorf("powers %d and %d once all have signed, want 0 and 25", a, b)
	}
}

// A validator that is absent for long is set aside, until its owner wants it back.
func TestAbsentValidatorIsSetAside(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{Shards: 100, Genesis: func(g *chain.GenesisOptions) {
		epochs(g)
		g.DowntimeBlocks = 20
		for i := range g.Nodes {
			g.Nodes[i].ConsensusKey = publicKey(i)
		}
	}})
	blocks(t, c, 3)
	c.SetAbsent(publicKey(1), true)
	blocks(t, c, 15)
	if got := c.Power(publicKey(1)); got != 25 {
		t.Errorf("absent for 15 blocks: power %d, want 25", got)
	}
	blocks(t, c, 10)
	if got := c.Power(publicKey(1)); got != 0 {
		t.Errorf("absent for 25 blocks: power %d, want 0", got)
	}
	c.SetAbsent(publicKey(2), true) // 25 of 75 more may be missing
	if err := c.Advance(chaintest.BlockTime); err == nil {
		t.Error("two thirds exactly make blocks")
	}
	c.SetAbsent(publicKey(2), false)
	w, err := c.NodeWallet(ctx, 1)
	ok(t, err)
	c.SetAbsent(publicKey(1), false)
	resume := &committeev1.MsgResumeValidator{Owner: w.Address().String(), NodeId: c.Nodes[1].ID[:]}
	ok(t, execute(ctx, w, resume))
	blocks(t, c, 5)
	if got := c.Power(publicKey(1)); got != 25 {
		t.Errorf("back: power %d, want 25", got)
	}
	if err := execute(ctx, w, resume); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("back again: %v, want a refusal", err)
	}
	if got := changes(t, c); got != "absent resumed " {
		t.Errorf("log: %q", got)
	}
}

// changes are those of validators in the log.
func changes(t *testing.T, c *chaintest.Chain) (out string) {
	t.Helper()
	var log eventv1.QueryEventsResponse
	ok(t, c.Ask(context.Background(), "/walrus.event.v1.Query/Events", &eventv1.QueryEventsRequest{}, &log))
	for _, e := range log.Entries {
		if v := e.Event.GetValidatorChanged(); v != nil {
			out += v.Change + " "
		}
	}
	return out
}

// Who signs twice never validates again with that key, and the node's commission is burned.
func TestDoubleSignerIsConvicted(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{Shards: 100, Genesis: func(g *chain.GenesisOptions) {
		epochs(g)
		for i := range g.Nodes {
			g.Nodes[i].ConsensusKey = publicKey(i)
		}
	}})
	ok(t, execute(ctx, c.Wallet(0), &committeev1.MsgAddCommission{
		Sender: c.Wallet(0).Address().String(), NodeId: c.Nodes[1].ID[:], Amount: 5 * wal,
	}))
	before := supply(t, c)
	c.Accuse(publicKey(1))
	c.Accuse(publicKey(1))
	blocks(t, c, 1)
	if got := c.Power(publicKey(1)); got != 0 {
		t.Errorf("power %d, want 0", got)
	}
	if burned := before - supply(t, c); burned != 5*wal {
		t.Errorf("%d burned, want %d", burned, 5*wal)
	}
	checkMoney(t, c)
	if err := validate(ctx, c, 1, 1); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("the same key again: %v, want a refusal", err)
	}
	ok(t, c.NextEpoch(ctx))
	blocks(t, c, 5)
	if got := c.Power(publicKey(1)); got != 0 {
		t.Errorf("power %d in the next epoch, want 0", got)
	}
	ok(t, validate(ctx, c, 1, 11))
	ok(t, c.NextEpoch(ctx))
	blocks(t, c, 5)
	if got := c.Power(publicKey(11)); got != 25 {
		t.Errorf("with a new key: power %d, want 25", got)
	}
}

// The last validator stays, whatever it did: without any the engine would stop for good.
func TestLastValidatorStays(t *testing.T) {
	t.Parallel()
	c := newEpochs(t, chaintest.Options{})
	c.Accuse(genesisKey())
	blocks(t, c, 5)
	if got := c.Power(genesisKey()); got == 0 {
		t.Error("the chain has no validator")
	}
}

// A node can name only a validator that shows its key, and nobody else's.
func TestConsensusKeyIsShown(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{})
	ok(t, validate(ctx, c, 1, 1))
	if err := validate(ctx, c, 2, 1); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("another node's validator: %v, want a refusal", err)
	}
	w, err := c.NodeWallet(ctx, 2)
	ok(t, err)
	for name, m := range map[string]*committeev1.MsgSetConsensusKey{
		"no signature":     {Key: publicKey(2)},
		"of another chain": {Key: publicKey(2), Signature: ed25519.Sign(consensusKey(2), chain.ConsensusKeyMessage("walrus-other", c.Nodes[2].ID))},
		"short key":        {Key: publicKey(2)[:31], Signature: bytes.Repeat([]byte{1}, 64)},
	} {
		m.Owner, m.NodeId = w.Address().String(), c.Nodes[2].ID[:]
		if err := execute(ctx, w, m); !errors.Is(err, ledger.ErrRejected) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
}
