package chaintest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cosmos/gogoproto/proto"
	"golang.org/x/crypto/blake2b"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
	"github.com/walrus-go/walrus/ledger/rpc"
)

var (
	walkEpochs = flag.Int("walk.epochs", 6, "epochs of the random history of TestWalk")
	walkSeed   = flag.Uint64("walk.seed", 1, "its seed")
	walkOps    = flag.Int("walk.ops", 30, "operations per epoch")
	walkNodes  = flag.Int("walk.nodes", 12, "nodes at the beginning; as many register later")
)

// A walk is a random history of a chain: every operation is a signed transaction, and may be refused.
type walk struct {
	*chaintest.Chain
	rng     *rand.Rand
	wallets []*rpc.Wallet
	nodes   []committee.NodeID // those that registered later are of wallets[0]
	first   int                // how many there were at the beginning
	owners  map[committee.NodeID]*rpc.Wallet
	supply  uint64
	// done and refused count operations.
	done, refused int
}

// TestWalk plays a random history twice, checks the invariants of section 11.1 all along and compares the
// hashes of the two states. A long run: go test ./chain/chaintest -run TestWalk -walk.epochs 2000
// -walk.ops 100 -walk.nodes 75 -timeout 0.
func TestWalk(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	var hashes [2][]byte
	for i := range hashes {
		w := newWalk(t, ctx)
		for e := range *walkEpochs {
			w.epoch(t, ctx)
			if t.Failed() {
				t.Fatalf("seed %d, epoch %d", *walkSeed, e+1)
			}
		}
		hashes[i] = w.AppHash()
		t.Logf("seed %d: %d operations, %d of them refused, %d FROST burned", *walkSeed, w.done, w.refused, w.supply-supply(t, w.Chain))
	}
	if !bytes.Equal(hashes[0], hashes[1]) {
		t.Errorf("seed %d: app hashes %x and %x", *walkSeed, hashes[0], hashes[1])
	}
}

func newWalk(t *testing.T, ctx context.Context) *walk {
	t.Helper()
	c := newEpochs(t, chaintest.Options{Nodes: *walkNodes, Shards: 10 * *walkNodes, Accounts: 5, Seed: *walkSeed, Genesis: func(g *chain.GenesisOptions) {
		g.EpochDuration = 24 * time.Hour
		for i := range g.Nodes {
			g.Nodes[i].ConsensusKey = publicKey(i)
			g.Nodes[i].CommissionRate = uint16(100 * i)
		}
	}})
	w := &walk{Chain: c, rng: rand.New(rand.NewPCG(*walkSeed, 2)), first: len(c.Nodes), owners: map[committee.NodeID]*rpc.Wallet{}}
	for i := range c.Accounts {
		w.wallets = append(w.wallets, c.WalletOf(c.Accounts[i]))
	}
	for i, n := range c.Nodes {
		ok(t, w.wallets[0].Send(ctx, n.Owner.Address(), 10*wal))
		w.nodes = append(w.nodes, n.ID)
		w.owners[n.ID] = c.WalletOf(c.Nodes[i].Owner)
	}
	w.supply = supply(t, c)
	return w
}

// epoch plays an epoch: operations before and after the end of voting, the change, and the reports.
func (w *walk) epoch(t *testing.T, ctx context.Context) {
	t.Helper()
	for range *walkOps / 2 {
		w.step(t, ctx)
	}
	ok(t, w.EndVoting(ctx))
	for range *walkOps / 2 {
		w.step(t, ctx)
	}
	e, err := w.Epoch(ctx)
	ok(t, err)
	ok(t, w.Advance(time.Duration(e.EpochDurationMs/2+1)*time.Millisecond))
	now, err := w.Epoch(ctx)
	ok(t, err)
	if now.Epoch.Number != e.Epoch.Number+1 || now.Epoch.Phase != committeev1.EPOCH_PHASE_CHANGE_SYNC {
		t.Fatalf("epoch %+v did not follow %+v", now.Epoch, e.Epoch)
	}
	w.check(t, ctx)
	committees, err := w.Client().Committees(ctx)
	ok(t, err)
	for _, m := range committees.Current.Members() {
		ok(t, w.owners[m.ID].SyncDone(ctx, m.ID, committee.Epoch(now.Epoch.Number)))
	}
	w.check(t, ctx)
}

// check holds the state against the invariants.
func (w *walk) check(t *testing.T, ctx context.Context) {
	t.Helper()
	checkMoney(t, w.Chain) // I-1
	if got := supply(t, w.Chain); got > w.supply {
		t.Errorf("supply of %d grew to %d", w.supply, got)
	}
	for _, p := range pools(t, w.Chain) { // I-9
		if p.Shares > p.Balance || p.BlockedCommission > p.Commission {
			t.Errorf("pool out of balance: %+v", p)
		}
	}
	// I-5: the client refuses committees that do not divide all shards.
	if _, err := w.Client().Committees(ctx); err != nil {
		t.Error(err)
	}
	var set committeev1.QueryActiveSetResponse // I-8
	ok(t, w.Ask(ctx, "/walrus.committee.v1.Query/ActiveSet", &committeev1.QueryActiveSetRequest{}, &set))
	seen := map[string]bool{}
	for _, c := range set.ActiveSet.Entries {
		if c.Stake < wal || seen[string(c.NodeId)] {
			t.Errorf("active set: %+v", set.ActiveSet)
		}
		seen[string(c.NodeId)] = true
	}
}

// step tries one random operation. Whatever the rules say is well; anything else is not.
func (w *walk) step(t *testing.T, ctx context.Context) {
	t.Helper()
	who := w.wallets[w.rng.IntN(len(w.wallets))]
	node := w.nodes[w.rng.IntN(len(w.nodes))]
	err := w.try(t, ctx, who, node)
	w.done++
	var refused *ledger.RejectedError
	switch {
	case err == nil:
	case errors.As(err, &refused) && (refused.Name != "" || refused.Codespace == "sdk" && refused.Code == 18):
		w.refused++
	case errors.Is(err, ledger.ErrFunds):
		w.refused++
	default:
		t.Errorf("seed %d, operation %d: %v", *walkSeed, w.done, err)
	}
}

func (w *walk) try(t *testing.T, ctx context.Context, who *rpc.Wallet, node committee.NodeID) error {
	t.Helper()
	me, owner := who.Address().String(), w.owners[node]
	amount := w.rng.Uint64N(2000 * wal)
	switch w.rng.IntN(13) {
	case 0, 1, 2:
		_, err := who.Stake(ctx, node, amount)
		return err
	case 3:
		return w.withStake(t, who, func(s rpc.Stake) error { return errOf(who.RequestWithdraw(ctx, s.ID)) })
	case 4, 5:
		return w.withStake(t, who, func(s rpc.Stake) error { return errOf(who.Withdraw(ctx, s.ID)) })
	case 6:
		return w.withStake(t, who, func(s rpc.Stake) error {
			return execute(ctx, who, &committeev1.MsgSplitStake{Owner: me, StakeId: s.ID[:], Amount: w.rng.Uint64N(s.Principal + wal)})
		})
	case 7:
		return w.withStake(t, who, func(s rpc.Stake) error {
			return w.withStake(t, who, func(o rpc.Stake) error {
				return execute(ctx, who, &committeev1.MsgJoinStake{Owner: me, StakeId: s.ID[:], OtherId: o.ID[:]})
			})
		})
	case 8:
		to := w.wallets[w.rng.IntN(len(w.wallets))].Address().String()
		return w.withStake(t, who, func(s rpc.Stake) error {
			return execute(ctx, who, &committeev1.MsgTransferStake{Owner: me, StakeId: s.ID[:], Recipient: to})
		})
	case 9:
		return errOf(who.Register(ctx, []ledger.Registration{w.claim()}))
	case 10:
		sender := owner.Address().String()
		return execute(ctx, owner, []proto.Message{
			&committeev1.MsgCollectCommission{Sender: sender, NodeId: node[:]},
			&committeev1.MsgSetCommission{Owner: sender, NodeId: node[:], Rate: w.rng.Uint32N(10_500)},
			&committeev1.MsgSetVotes{Owner: sender, NodeId: node[:], Votes: committeev1.Votes{
				StoragePrice: w.rng.Uint64N(200_000), WritePrice: w.rng.Uint64N(40_000), Capacity: w.rng.Uint64N(1 << 45),
			}},
			&committeev1.MsgJoinActiveSet{Owner: sender, NodeId: node[:]},
		}[w.rng.IntN(4)])
	case 11:
		return w.ballot(ctx, owner, node)
	default:
		return w.register(ctx)
	}
}

// claim makes up a blob.
func (w *walk) claim() ledger.Registration {
	c := ledgertest.Claim(w.rng.Uint64N(1<<30), 1+w.rng.Uint32N(20), w.rng.IntN(2) == 0)
	c.RootHash = sha256.Sum256(fmt.Appendf(nil, "root %d", w.done))
	derived := binary.LittleEndian.AppendUint64([]byte{1}, c.Size)
	c.BlobID = blake2b.Sum256(append(derived, c.RootHash[:]...))
	return c
}

// withStake does something with one of an account's stakes, if it has any.
func (w *walk) withStake(t *testing.T, who *rpc.Wallet, do func(rpc.Stake) error) error {
	t.Helper()
	list, _, err := w.Client().Stakes(context.Background(), who.Address(), ledger.Page{Limit: 50})
	ok(t, err)
	if len(list) == 0 {
		return nil
	}
	return do(list[w.rng.IntN(len(list))])
}

func (w *walk) ballot(ctx context.Context, owner *rpc.Wallet, node committee.NodeID) error {
	victim := w.nodes[w.rng.IntN(3)]
	if w.rng.IntN(3) == 0 {
		return execute(ctx, owner, &committeev1.MsgExecuteSlash{Sender: owner.Address().String(), Candidate: victim[:]})
	}
	return execute(ctx, owner, &committeev1.MsgVoteSlash{Sender: owner.Address().String(), NodeId: node[:], Candidate: victim[:]})
}

// register adds a node, up to as many as there were at the beginning.
func (w *walk) register(ctx context.Context) error {
	if len(w.nodes) >= 2*w.first {
		return nil
	}
	e, err := w.Epoch(ctx)
	if err != nil {
		return err
	}
	who := w.wallets[0]
	address := who.Address()
	registrant, err := attest.Registrant(address[:])
	if err != nil {
		return err
	}
	secret := chaintest.NewCommittee(len(w.nodes)+1, 1000).Nodes[len(w.nodes)].Secret
	m := &committeev1.MsgRegisterNode{
		Owner: address.String(), Name: fmt.Sprintf("late-%d", len(w.nodes)), NetworkAddress: "127.0.0.1:1",
		NetworkPublicKey: bytes.Repeat([]byte{3}, 33), BlsPublicKey: secret.Public().Bytes(),
		Possession:     secret.Sign(attest.Possession(committee.Epoch(e.Epoch.Number), registrant, secret.Public())).Bytes(),
		CommissionRate: w.rng.Uint32N(10_000), Votes: committeev1.Votes{StoragePrice: 100_000, WritePrice: 20_000, Capacity: 1 << 42},
	}
	var out committeev1.MsgRegisterNodeResponse
	if err := who.Execute(ctx, 1_000_000, m, &out); err != nil {
		return err
	}
	id := committee.NodeID(out.NodeId)
	w.nodes = append(w.nodes, id)
	w.owners[id] = who
	return nil
}
