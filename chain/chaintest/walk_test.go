package chaintest_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/gogoproto/proto"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/internal/kvdb"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

var (
	walkEpochs = flag.Int("walk.epochs", 8, "epochs of the random history of TestWalk")
	walkSeed   = flag.Uint64("walk.seed", 1, "its seed")
	walkOps    = flag.Int("walk.ops", 60, "operations per epoch")
	walkNodes  = flag.Int("walk.nodes", 12, "nodes at the beginning; as many register later")
	walkCount  = flag.Int("walk.count", 25, "all stakes and resources are counted every so many epochs")
)

// How a walk is played.
const (
	walkAccounts = 8  // wallets, which own the nodes in turn
	walkBatch    = 25 // operations in one block
	walkHistory  = 50 // blocks kept
)

// TestWalk plays a random history of everything that transactions can do in two chains at a time, holds
// every block against the invariants of spec: control-plane.md section 11.1 and compares the two states.
// "make walk" plays a long one.
//
// Invariants by what checks them: I-1 to I-3 and I-9 in block, I-4 in count, I-5 to I-8 and I-13 in
// voting and change, I-10, I-11 and I-15 in the operations, I-12, I-14 and I-17 in change, I-16 in the
// operations on storage and in count, I-18 here.
func TestWalk(t *testing.T) {
	t.Parallel()
	var walks [2]*walk
	var done [2]chan error
	for i := range walks {
		walks[i] = newWalk(t)
		if i == 0 {
			walks[i].logf = t.Logf
			walks[i].exports = true // which must make no difference
		}
		done[i] = make(chan error, 1)
		go func() { done[i] <- walks[i].play(*walkEpochs) }()
	}
	first, second := <-done[0], <-done[1]
	for i, err := range []error{first, second} {
		if err != nil {
			t.Fatalf("seed %d, play %d, epoch %d, operation %d: %v", *walkSeed, i, walks[i].number, walks[i].done, err)
		}
	}
	a, b := walks[0], walks[1]
	for e := range a.hashes {
		if !bytes.Equal(a.hashes[e], b.hashes[e]) {
			t.Fatalf("seed %d: I-18: app hashes %x and %x at the end of epoch %d of the walk", *walkSeed, a.hashes[e], b.hashes[e], e+1)
		}
	}
	t.Logf("seed %d: %s", *walkSeed, a.summary())
	for _, name := range slices.Sorted(maps.Keys(a.counts)) {
		t.Logf("  %-28s %s", name, a.counts[name])
	}
}

// A walk is a random history of one chain: signed transactions, many to a block, and what is known of what
// they made. An operation may be refused by the rules that it lists, and by no others.
type walk struct {
	*chaintest.Chain
	ctx     context.Context
	logf    func(format string, args ...any) // hears how far it is, unless nil
	rng     *rand.Rand
	wallets []*rpc.Wallet
	nodes   []*walkNode
	first   int // how many there were at the beginning

	stakes   shelf[*walkStake]
	storages shelf[*walkStorage]
	blobs    shelf[*walkBlob]
	shared   shelf[*walkShared]
	pools    shelf[*walkPool]
	// oldShared and oldPools are those that nothing can be done with any more, but that stay.
	oldShared []*walkShared
	oldPools  []*walkPool

	funds      uint64 // of shared blobs
	subsidies  uint64 // to be paid
	subsidised committee.Epoch
	processing bool
	events     walkEvents
	exports    bool   // whether the state is exported before everybody leaves
	free       uint64 // bytes taken for event blobs since the last look

	secrets              map[string]*bls.PrivateKey // by public key
	spare                []*bls.PrivateKey          // of nodes to come
	members, nextMembers []walkMember
	registering          bool
	absent               []int // validators

	queue         []*operation
	seen          look // after the last block
	number        committee.Epoch
	epochDuration time.Duration
	hashes        [][]byte
	counts        map[string]*tally

	done, refused, blocksMade, spoiled int
	burned                             uint64
}

type walkNode struct {
	id    committee.NodeID
	owner int // of wallets
	// receives and governs are the wallets with those authorities; receives is -1 for whoever owns the node.
	receives, governs int
	broken            *breakage
	// denySequence and denied are of its deny list.
	denySequence, denied uint64
	busy                 bool
}

// A tally counts operations of a kind.
type tally struct{ done, refused int }

func (c *tally) String() string { return fmt.Sprintf("%7d, %d of them refused", c.done, c.refused) }

func newWalk(t *testing.T) *walk {
	t.Helper()
	n := *walkNodes
	opts := chaintest.Options{
		Nodes: n, Shards: max(10*n, 100), Accounts: walkAccounts, Operators: walkAccounts, Seed: *walkSeed,
		History: walkHistory, MinGasPrice: "0.001frost",
		Genesis: func(g *chain.GenesisOptions) {
			g.EpochDuration = 24 * time.Hour
			g.Capacity = 1 << 45
			for i := range g.Nodes {
				g.Nodes[i].ConsensusKey = publicKey(i)
				g.Nodes[i].CommissionRate = uint16(10_000 * i / n)
				g.Nodes[i].Stake += uint64(i) * 7
			}
		},
	}
	if *walkEpochs > 100 { // on disk, for the sake of memory
		db, err := kvdb.Open(filepath.Join(t.TempDir(), "application.db"))
		ok(t, err)
		opts.DB = db.App()
	}
	c := chaintest.New(t, &opts)
	w := &walk{
		Chain: c, ctx: context.Background(), rng: rand.New(rand.NewPCG(*walkSeed, 2)), first: n, counts: map[string]*tally{},
	}
	w.learn()
	for i := range c.Accounts {
		w.wallets = append(w.wallets, c.Wallet(i))
	}
	for i, n := range c.Nodes {
		owner := i % walkAccounts
		w.nodes = append(w.nodes, &walkNode{id: n.ID, owner: owner, receives: owner, governs: owner})
	}
	ok(t, w.Audit(func(a *chain.Audit) error {
		return a.EachStake(func(s committeev1.Stake) error {
			w.stakes.put(w.stakeOf(&s))
			return nil
		})
	}))
	ok(t, w.setRates())
	seen, err := w.look()
	ok(t, err)
	w.seen = seen
	w.number = committee.Epoch(seen.state.Epoch.Number)
	w.epochDuration = time.Duration(seen.state.Params.EpochDurationMs) * time.Millisecond
	w.members = w.membersOf(&seen.state, false)
	return w
}

// play plays epochs, and then lets everybody who staked on the way leave.
func (w *walk) play(epochs int) error {
	for e := range epochs {
		if err := w.epoch(e); err != nil {
			return err
		}
		w.hashes = append(w.hashes, w.AppHash())
		if (e+1)%100 == 0 && w.logf != nil {
			w.logf("%d epochs, %d operations", e+1, w.done)
		}
	}
	if err := w.mend(true); err != nil {
		return err
	}
	if w.exports {
		if err := w.export(); err != nil {
			return err
		}
	}
	if err := w.leave(); err != nil {
		return err
	}
	w.hashes = append(w.hashes, w.AppHash())
	return w.count()
}

func (w *walk) summary() string {
	return fmt.Sprintf("%d operations, %d of them refused, in %d blocks and %d epochs with %d nodes; %d pools spoiled, %d FROST burned; app hash %x",
		w.done, w.refused, w.blocksMade, len(w.hashes)-1, len(w.nodes), w.spoiled, w.burned, w.hashes[len(w.hashes)-1][:8])
}

// epoch plays an epoch: operations before and after the end of voting, the change, and the reports.
func (w *walk) epoch(e int) error {
	w.disturb(e)
	if err := w.steps(*walkOps / 2); err != nil {
		return err
	}
	if err := w.endVoting(); err != nil {
		return fmt.Errorf("end of voting: %w", err)
	}
	if err := w.steps(*walkOps - *walkOps/2); err != nil {
		return err
	}
	if err := w.change(); err != nil {
		return fmt.Errorf("change: %w", err)
	}
	if err := w.sync(); err != nil {
		return fmt.Errorf("reports: %w", err)
	}
	if err := w.mend(false); err != nil {
		return err
	}
	if e%*walkCount == *walkCount-1 {
		return w.count()
	}
	return nil
}

func (w *walk) steps(n int) error {
	for range n {
		for range 5 { // not all can be done at any time
			if o := w.step(); o != nil {
				w.queue = append(w.queue, o)
				break
			}
		}
		if len(w.queue) >= walkBatch {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return w.flush()
}

// An operation is a transaction of one message, and what may come of it.
type operation struct {
	sender  int
	message proto.Message
	may     []string // rules that may refuse it
	must    bool     // one of them must
	// then takes note of what it did; response is what the chain answered.
	then func(response []byte) error
	// locks are released when it is through, whatever became of it.
	locks []*bool
}

func (o *operation) name() string {
	return strings.TrimPrefix(proto.MessageName(o.message), "walrus.")
}

// lock keeps other operations of the same block away from what this one uses.
func (o *operation) lock(used *bool) *operation {
	*used = true
	o.locks = append(o.locks, used)
	return o
}

// flush makes a block of the operations in the queue.
func (w *walk) flush() error {
	if len(w.queue) == 0 {
		return nil
	}
	queue := w.queue
	w.queue = nil
	txs := make([][]byte, len(queue))
	for i, o := range queue {
		var err error
		if txs[i], err = w.wallets[o.sender].Sign(w.ctx, 2_000_000, o.message); err != nil {
			return err
		}
	}
	results, err := w.Deliver(txs...)
	if err != nil {
		return err
	}
	for i, o := range queue {
		for _, l := range o.locks {
			*l = false
		}
		if err := w.judge(o, &results[i]); err != nil {
			return fmt.Errorf("%s: %w: %v", o.name(), err, o.message)
		}
	}
	return w.block()
}

// judge decides whether the result of an operation is one that the rules have, and takes note of it.
func (w *walk) judge(o *operation, r *rpc.TxResult) error {
	w.done++
	if w.counts[o.name()] == nil {
		w.counts[o.name()] = &tally{}
	}
	count := w.counts[o.name()]
	count.done++
	if r.Code != 0 {
		w.refused++
		count.refused++
		err := rpc.Rejected(r.Codespace, r.Code, r.Log)
		var refused *ledger.RejectedError
		errors.As(err, &refused)
		name := refused.Name
		if name == "" {
			name = fmt.Sprintf("%s %d", refused.Codespace, refused.Code)
		}
		if !slices.Contains(o.may, name) {
			return err
		}
		return nil
	}
	if o.must {
		return fmt.Errorf("it was not refused by any of %v", o.may)
	}
	if o.then == nil {
		return nil
	}
	var data sdk.TxMsgData
	if err := data.Unmarshal(r.Data); err != nil {
		return err
	}
	if len(data.MsgResponses) != 1 {
		return fmt.Errorf("%d responses", len(data.MsgResponses))
	}
	return o.then(data.MsgResponses[0].Value)
}

// A shelf is a set in the order in which things came, without holes, from which one draws.
type shelf[T any] struct{ items []T }

func (s *shelf[T]) put(it T) { s.items = append(s.items, it) }

// draw returns a random item that fits, nil in a few vain attempts.
func (s *shelf[T]) draw(rng *rand.Rand, fits func(T) bool) (it T, found bool) {
	for range 8 {
		if len(s.items) == 0 {
			break
		}
		if some := s.items[rng.IntN(len(s.items))]; fits(some) {
			return some, true
		}
	}
	return it, false
}

func (s *shelf[T]) drop(is func(T) bool) {
	if i := slices.IndexFunc(s.items, is); i >= 0 {
		last := len(s.items) - 1
		s.items[i] = s.items[last]
		s.items = s.items[:last]
	}
}
