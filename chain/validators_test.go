package chain_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	cmthttp "github.com/cometbft/cometbft/rpc/client/http"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// A validatorNet is a chain of several validators on loopback, one node each.
type validatorNet struct {
	chaintest.Committee
	t       *testing.T
	ctx     context.Context
	options []chain.Options
	nodes   []*chain.Node // nil where a node is stopped
	clients []*rpc.Client
}

// newValidatorNet starts n validators with the same number of shards each, and an account of much WAL.
func newValidatorNet(t *testing.T, ctx context.Context, n int, epoch time.Duration) *validatorNet {
	t.Helper()
	v := &validatorNet{Committee: chaintest.NewCommittee(n+1, 11), t: t, ctx: ctx}
	opts := chain.GenesisOptions{ChainID: "walrus-validators", Shards: 100, EpochDuration: epoch, Nodes: v.Genesis()[:n]}
	opts.Accounts = []chain.GenesisAccount{{Address: chaintest.AccountKey(11, 0).Address(), Amount: chaintest.Funds}}
	for _, node := range v.Nodes {
		opts.Accounts = append(opts.Accounts, chain.GenesisAccount{Address: node.Owner.Address(), Amount: 10_000 * ledger.FrostPerWAL})
	}
	for i := range n {
		o := chain.Options{
			Dir: t.TempDir(), BlockTime: 50 * time.Millisecond, IdleBlockTime: 150 * time.Millisecond, SnapshotInterval: 5, SnapshotKeep: 4,
		}
		v.options = append(v.options, o)
		var err error
		if opts.Nodes[i].ConsensusKey, err = chain.Prepare(o.Dir); err != nil {
			t.Fatal(err)
		}
	}
	genesis, err := chain.NewGenesis(opts)
	if err != nil {
		t.Fatal(err)
	}
	v.nodes, v.clients = make([]*chain.Node, n), make([]*rpc.Client, n)
	for i := range n {
		v.options[i].Genesis = genesis
		v.start(i)
	}
	return v
}

// start starts a node, which keeps connected to all that run.
func (v *validatorNet) start(i int) {
	v.t.Helper()
	var peers []string
	for j, n := range v.nodes {
		if n == nil || j == i {
			continue
		}
		addr, err := n.PeerAddress()
		if err != nil {
			v.t.Fatal(err)
		}
		peers = append(peers, addr)
	}
	v.options[i].Peers = strings.Join(peers, ",")
	n, err := chain.Start(v.ctx, v.options[i])
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() {
		if err := n.Stop(); err != nil {
			v.t.Error(err)
		}
	})
	v.nodes[i] = n
	addr, err := n.PeerAddress()
	if err != nil {
		v.t.Fatal(err)
	}
	_, v.options[i].P2PAddr, _ = strings.Cut(addr, "@") // it comes back where the others look for it
}

// dial connects to a node, which must have a block.
func (v *validatorNet) dial(i int) *rpc.Client {
	v.t.Helper()
	if err := v.nodes[i].Ready(v.ctx); err != nil {
		v.t.Fatal(err)
	}
	c, err := rpc.Dial(v.ctx, v.nodes[i].RPCURL(), nil)
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(c.Close)
	v.clients[i] = c
	return c
}

// until waits for a condition; what it says when it does not come is told.
func (v *validatorNet) until(what string, met func() bool) {
	v.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !met() {
		select {
		case <-tick.C:
		case <-v.ctx.Done():
			v.t.Fatalf("in vain: %s", what)
		}
	}
}

// reach waits until a node has a height.
func (v *validatorNet) reach(i int, height int64) {
	v.t.Helper()
	v.until(fmt.Sprintf("node %d at height %d", i, height), func() bool { return v.nodes[i].Height() >= height })
}

// hashes returns hash and state of a block as a node knows it.
func (v *validatorNet) hashes(i int, height int64) (block, app []byte) {
	v.t.Helper()
	c, err := cmthttp.New(v.nodes[i].RPCURL(), "/websocket")
	if err != nil {
		v.t.Fatal(err)
	}
	out, err := c.Commit(v.ctx, &height)
	if err != nil {
		v.t.Fatalf("node %d, block %d: %v", i, height, err)
	}
	return out.Header.Hash(), out.AppHash
}

// earliest returns the height of the first block that a node has.
func (v *validatorNet) earliest(i int) int64 {
	v.t.Helper()
	c, err := cmthttp.New(v.nodes[i].RPCURL(), "/websocket")
	if err != nil {
		v.t.Fatal(err)
	}
	out, err := c.Status(v.ctx)
	if err != nil {
		v.t.Fatal(err)
	}
	return out.SyncInfo.EarliestBlockHeight
}

// same checks that all running nodes have the same state after the block before height.
func (v *validatorNet) same(height int64) {
	v.t.Helper()
	var want []byte
	for i, n := range v.nodes {
		if n == nil {
			continue
		}
		v.reach(i, height)
		_, app := v.hashes(i, height)
		if want == nil {
			want = app
		}
		if !bytes.Equal(app, want) {
			v.t.Errorf("node %d has state %x before block %d, the first %x", i, app, height, want)
		}
	}
}

// register stores a blob's registration by way of a node.
func (v *validatorNet) register(i int) ledger.Blob {
	v.t.Helper()
	w, err := v.clients[i].Wallet(chaintest.AccountKey(11, 0), nil)
	if err != nil {
		v.t.Fatal(err)
	}
	blobs, err := w.Register(v.ctx, []ledger.Registration{ledgertest.Claim(1000, 2, false)})
	if err != nil {
		v.t.Fatal(err)
	}
	return blobs[0]
}

// Four validators make blocks; with one of them stopped the others go on, and it catches up when it comes
// back. A new node begins with a snapshot, has the same state as all, and becomes a validator when its
// storage node gets shards.
func TestFourValidators(t *testing.T) {
	if testing.Short() {
		t.Skip("starts six nodes")
	}
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	v := newValidatorNet(t, ctx, 4, 4*time.Second)
	v.dial(0)
	first := v.register(0)

	if err := v.nodes[3].Stop(); err != nil {
		t.Fatal(err)
	}
	stopped := v.nodes[3].Height()
	v.nodes[3] = nil
	second := v.register(0)
	v.reach(0, stopped+5)
	v.start(3)
	v.reach(3, stopped+5)
	v.same(stopped + 5)
	back := v.dial(3)
	for _, want := range []ledger.Blob{first, second} {
		if got, err := back.Blob(ctx, want.ID); err != nil || got.BlobID != want.BlobID {
			t.Errorf("after coming back: got %+v, %v", got, err)
		}
	}

	v.join(second)
}

// join adds a fifth node, first of the chain and then of the committee.
func (v *validatorNet) join(known ledger.Blob) {
	t, ctx := v.t, v.ctx
	t.Helper()
	v.reach(0, 11) // there is a snapshot of height 5 or 10
	trusted, _ := v.hashes(0, 4)
	dir := t.TempDir()
	validator, err := chain.Prepare(dir)
	if err != nil {
		t.Fatal(err)
	}
	options := v.options[0]
	options.Dir, options.P2PAddr = dir, ""
	options.StateSync = &chain.StateSync{
		RPCURLs: []string{v.nodes[0].RPCURL(), v.nodes[1].RPCURL()}, TrustHeight: 4, TrustHash: hex.EncodeToString(trusted),
	}
	v.options, v.nodes, v.clients = append(v.options, options), append(v.nodes, nil), append(v.clients, nil)
	v.start(4)
	client := v.dial(4)
	v.reach(4, 12)
	if first := v.earliest(4); first < 5 {
		t.Errorf("the new node has block %d; it did not begin with a snapshot", first)
	}
	v.same(v.nodes[0].Height())
	if got, err := client.Blob(ctx, known.ID); err != nil || got.BlobID != known.BlobID {
		t.Errorf("on the new node: got %+v, %v", got, err)
	}

	id := v.registerNode(4, validator)
	v.until("shards for the new node", func() bool {
		v.report(id)
		c, err := v.clients[0].Committees(ctx)
		if err != nil {
			return false
		}
		_, member := c.Current.Find(id)
		return member
	})
	v.until("power for the new validator", func() bool {
		for _, w := range v.validators() {
			if bytes.Equal(w.Key, validator) && w.Power == 20 {
				return true
			}
		}
		return false
	})
	height := v.nodes[0].Height()
	v.reach(0, height+5)
	v.same(height + 5)
	// With one more gone the chain needs the newcomer: sixty of a hundred without it are not two thirds.
	if err := v.nodes[1].Stop(); err != nil {
		t.Fatal(err)
	}
	v.nodes[1] = nil
	height = v.nodes[0].Height()
	v.reach(4, height+3)
}

// registerNode registers the last storage node with its validator, and stakes on it as on each other.
func (v *validatorNet) registerNode(i int, validator ed25519.PublicKey) committee.NodeID {
	t, ctx, node := v.t, v.ctx, v.Nodes[i]
	t.Helper()
	w, err := v.clients[i].Wallet(node.Owner, nil)
	if err != nil {
		t.Fatal(err)
	}
	owner := node.Owner.Address()
	registrant, err := attest.Registrant(owner[:])
	if err != nil {
		t.Fatal(err)
	}
	var id committee.NodeID
	v.until("a registration in the epoch that it names", func() bool {
		system, err := v.clients[i].System(ctx)
		if err != nil {
			t.Fatal(err)
		}
		key := node.Secret.Public()
		said := v.Genesis()[i]
		var out committeev1.MsgRegisterNodeResponse
		err = w.Execute(ctx, 1_000_000, &committeev1.MsgRegisterNode{
			Owner: owner.String(), Name: said.Name, NetworkAddress: said.NetworkAddress, NetworkPublicKey: said.NetworkKey[:],
			BlsPublicKey: key.Bytes(), Possession: node.Secret.Sign(attest.Possession(system.Epoch, registrant, key)).Bytes(),
			Votes: committeev1.Votes{StoragePrice: 1, WritePrice: 1, Capacity: 1 << 40},
		}, &out)
		if err != nil {
			t.Log(err)
			return false
		}
		id = committee.NodeID(out.NodeId)
		return true
	})
	_, proof, err := chain.ProveConsensusKey(v.options[i].Dir, "walrus-validators", id)
	if err != nil {
		t.Fatal(err)
	}
	named := &committeev1.MsgSetConsensusKey{Owner: owner.String(), NodeId: id[:], Key: validator, Signature: proof}
	if err := w.Execute(ctx, 1_000_000, named, &committeev1.MsgSetConsensusKeyResponse{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Stake(ctx, id, 1000*ledger.FrostPerWAL); err != nil {
		t.Fatal(err)
	}
	return id
}

// report lets all nodes tell that they have their shards while an epoch changes.
func (v *validatorNet) report(newcomer committee.NodeID) {
	c, err := v.clients[0].Committees(v.ctx)
	if err != nil || !c.Transition {
		return
	}
	for i, n := range v.Nodes {
		id := n.ID
		if i == len(v.Nodes)-1 {
			id = newcomer
		}
		if _, member := c.Current.Find(id); !member {
			continue
		}
		w, err := v.clients[0].Wallet(n.Owner, nil)
		if err == nil {
			err = w.SyncDone(v.ctx, id, c.Current.Epoch())
		}
		if err != nil {
			v.t.Logf("node %d: %v", i, err) // it has reported already
		}
	}
}

// validators returns the validators that the chain knows.
func (v *validatorNet) validators() []committeev1.Validator {
	v.t.Helper()
	var out committeev1.QueryValidatorsResponse
	err := v.clients[0].Ask(v.ctx, "/walrus.committee.v1.Query/Validators", &committeev1.QueryValidatorsRequest{}, &out)
	if err != nil {
		v.t.Fatal(err)
	}
	return out.Validators
}

// A node that is told to begin with a snapshot, but not how, does not start.
func TestStateSyncWantsTrust(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]chain.StateSync{
		"nothing":   {},
		"one node":  {RPCURLs: []string{"http://127.0.0.1:1"}, TrustHeight: 1, TrustHash: strings.Repeat("00", 32)},
		"no height": {RPCURLs: []string{"http://127.0.0.1:1", "http://127.0.0.1:2"}, TrustHash: strings.Repeat("00", 32)},
		"no hash":   {RPCURLs: []string{"http://127.0.0.1:1", "http://127.0.0.1:2"}, TrustHeight: 1, TrustHash: "zz"},
	} {
		if _, err := chain.Start(t.Context(), chain.Options{Dir: t.TempDir(), StateSync: &s}); err == nil || !strings.Contains(err.Error(), "state sync") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
