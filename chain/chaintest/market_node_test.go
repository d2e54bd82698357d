package chaintest_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/chain/economy/cert"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// attestation is the word of a node of a test chain on an event blob.
func attestation(c *chaintest.Chain, node int, claim ledger.Registration, checkpoint uint64, epoch uint32) *blobv1.MsgCertifyEventBlob {
	return &blobv1.MsgCertifyEventBlob{
		Owner: c.Nodes[node].Owner.Address().String(), NodeId: c.Nodes[node].ID[:],
		BlobId: claim.BlobID[:], RootHash: claim.RootHash[:], Size_: claim.Size, EncodingType: 1,
		Checkpoint: checkpoint, Epoch: epoch,
	}
}

func nodeWallets(t *testing.T, c *chaintest.Chain) (list []*rpc.Wallet) {
	t.Helper()
	for i := range c.Nodes {
		w, err := c.NodeWallet(context.Background(), i)
		ok(t, err)
		list = append(list, w)
	}
	return list
}

// A quorum of nodes certifies an event blob: it is kept as long as can be, and nobody paid for it.
func TestEventBlob(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{}) // four nodes of 3, 3, 2 and 2 shards; the quorum is 7
	nodes := nodeWallets(t, c)
	claim, rival := ledgertest.Claim(1000, 0, false), ledgertest.Claim(1000, 0, false)
	say := func(node int, what ledger.Registration, checkpoint uint64) (*blobv1.MsgCertifyEventBlobResponse, error) {
		e, err := c.Epoch(ctx)
		ok(t, err)
		var out blobv1.MsgCertifyEventBlobResponse
		return &out, nodes[node].Execute(ctx, 1_000_000, attestation(c, node, what, checkpoint, e.Epoch.Number), &out)
	}
	weights := func() (sum uint32) {
		var out blobv1.QueryEventBlobsResponse
		ok(t, c.Ask(ctx, "/walrus.blob.v1.Query/EventBlobs", &blobv1.QueryEventBlobsRequest{}, &out))
		for _, w := range out.Weights {
			sum += w.Weight
		}
		return sum
	}
	_, err := say(3, rival, 10)
	ok(t, err)
	first, err := say(0, claim, 10)
	ok(t, err)
	_, err = say(0, claim, 20)
	wantRule(t, err, "system_state_inner::EIncorrectAttestation")
	_, err = say(0, claim, 10)
	wantRule(t, err, "system_state_inner::ERepeatedAttestation")
	if first.Certified || first.Weight == 0 || weights() == 0 {
		t.Errorf("first: %+v, weights %d", first, weights())
	}
	// Open attestations are of their epoch only.
	ok(t, c.NextEpoch(ctx))
	if weights() != 0 {
		t.Errorf("weights of %d outlived the epoch", weights())
	}
	var certified bool
	for i := range nodes {
		out, err := say(i, claim, 10)
		ok(t, err)
		if certified && !out.Already {
			t.Errorf("node %d: %+v, after it was certified", i, out)
		}
		certified = certified || out.Certified
	}
	s, err := c.Client().BlobStatus(ctx, claim.BlobID)
	ok(t, err)
	if !certified || s.Kind != blob.Permanent || !s.Certified || s.End != 2+53 {
		t.Errorf("certified %v, status %+v", certified, s)
	}
	system, err := c.Client().System(ctx)
	ok(t, err)
	if system.UsedCapacity == 0 {
		t.Error("event blobs take no capacity")
	}
	if list, _, err := c.Client().Blobs(ctx, nodes[0].Address(), ledger.Page{}); err != nil || len(list) != 0 {
		t.Errorf("somebody owns it: %+v, %v", list, err)
	}
	checkMoney(t, c)
}

// What a node refuses to store is certified by a quorum, and lowers its rewards.
func TestDenyList(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{Nodes: 5})
	nodes := nodeWallets(t, c)
	certify := func(message []byte, positions ...int) blobv1.Certificate {
		committees, err := c.Client().Committees(ctx)
		ok(t, err)
		a, err := c.Certify(committees.Current, message, positions...)
		ok(t, err)
		return blobv1.Certificate{Message: a.Message, Signers: a.Signers, Signature: a.Signature}
	}
	update := cert.DenyListUpdate{Node: c.Nodes[0].ID, List: storage.DenyList{Root: [32]byte{1}, Sequence: 3, Size: 1 << 60}}
	owner := nodes[0].Address().String()
	node := c.Nodes[0].ID[:]
	ok(t, execute(ctx, nodes[0], &blobv1.MsgRegisterDenyListUpdate{Owner: owner, NodeId: node, Root: update.List.Root[:], Sequence: 3}))
	set := &blobv1.MsgUpdateDenyList{Owner: owner, NodeId: node, Certificate: certify(update.Message(1))}
	ok(t, execute(ctx, nodes[0], set))
	wantRule(t, execute(ctx, nodes[0], set), "system_state_inner::EIncorrectDenyListSequence")
	set.Owner, set.NodeId = nodes[1].Address().String(), c.Nodes[1].ID[:]
	wantRule(t, execute(ctx, nodes[1], set), "system_state_inner::EIncorrectDenyListNode")
	wantRule(t, execute(ctx, nodes[0],
		&blobv1.MsgRegisterDenyListUpdate{Owner: owner, NodeId: node, Root: update.List.Root[:], Sequence: 3}),
		"system_state_inner::EIncorrectDenyListSequence")
	var lists blobv1.QueryDenyListsResponse
	ok(t, c.Ask(ctx, "/walrus.blob.v1.Query/DenyLists", &blobv1.QueryDenyListsRequest{Limit: 1}, &lists))
	if len(lists.Lists) != 1 || lists.Lists[0].Size_ != 1<<60 || lists.Lists[0].Sequence != 3 || lists.Next != nil {
		t.Errorf("deny lists %+v", lists)
	}
	denied := &blobv1.MsgDeleteDenyListedBlob{
		Sender:      nodes[1].Address().String(),
		Certificate: certify(cert.DenyListDeletedMessage(1, blob.ID{7}), 0, 1),
	}
	ok(t, execute(ctx, nodes[1], denied))

	// All of the pot goes to the four others.
	ok(t, errOf(c.Wallet(0).Register(ctx, []ledger.Registration{ledgertest.Claim(1<<20, 5, false)})))
	ok(t, c.NextEpoch(ctx))
	for _, p := range pools(t, c) {
		if zero := p.RewardsPool == 0; zero != (committee.NodeID(p.NodeId) == c.Nodes[0].ID) {
			t.Errorf("node %x has rewards of %d", p.NodeId[:4], p.RewardsPool)
		}
	}
	checkMoney(t, c)
	told := map[string]bool{}
	events, err := c.Client().Events(ctx, 0, 100)
	ok(t, err)
	for _, e := range events {
		switch body := e.Body.(type) {
		case ledger.UnknownEvent:
			told[body.Name] = true
		case ledger.DenyListBlobDeleted:
			told["deleted"] = body.BlobID == blob.ID{7} && body.Epoch == 1
		}
	}
	if len(told) < 3 || !told["deleted"] {
		t.Errorf("events of deny lists: %v", told)
	}
}

// Subsidies reach the rewards of epochs and the commissions of nodes, at the rates that governance sets.
func TestSubsidies(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	month := func(g *chain.GenesisOptions) { g.EpochDuration = 30 * 24 * time.Hour }
	c := newEpochs(t, chaintest.Options{Genesis: month}) // longer than a vote
	w := c.Wallet(0)
	me := w.Address().String()
	ok(t, execute(ctx, w, &blobv1.MsgAddSubsidy{Sender: me, Amount: 11, EpochsAhead: 3}))
	ok(t, execute(ctx, w, &blobv1.MsgAddPerEpochSubsidies{Sender: me, Amounts: []uint64{0, 5}}))
	var ring blobv1.QueryAccountingResponse
	ok(t, c.Ask(ctx, "/walrus.blob.v1.Query/Accounting", &blobv1.QueryAccountingRequest{}, &ring))
	if e := ring.Ring.Entries; e[0].Rewards != 5 || e[1].Rewards != 8 || e[2].Rewards != 3 {
		t.Errorf("ring %+v", e[:3])
	}
	checkMoney(t, c)
	wantRule(t, execute(ctx, w, &blobv1.MsgSetSubsidies{Authority: me, Rate: 1}), "walrus_subsidies::EUnauthorizedAdminCap")

	subsidies := func() blobv1.Subsidies {
		var out blobv1.QuerySubsidiesResponse
		ok(t, c.Ask(ctx, "/walrus.blob.v1.Query/Subsidies", &blobv1.QuerySubsidiesRequest{}, &out))
		return out.Subsidies
	}
	process := func() (out blobv1.MsgProcessSubsidiesResponse, err error) {
		return out, w.Execute(ctx, 5_000_000, &blobv1.MsgProcessSubsidies{Sender: me}, &out)
	}
	if _, err := process(); err != nil { // from here on, only what is new counts
		t.Fatal(err)
	}
	id := propose(t, w, &blobv1.MsgSetSubsidies{Authority: governance(), Rate: 10_000, Base: 1000, PerShard: 10})
	for _, n := range nodeWallets(t, c) {
		vote(t, n, id, govv1.OptionYes)
	}
	if p := decided(t, c, id); p.Status != govv1.StatusPassed {
		t.Fatalf("proposal %+v", p)
	}
	if s := subsidies(); s.Rate != 10_000 || s.Base != 1000 || s.PerShard != 10 {
		t.Fatalf("subsidies %+v", s)
	}
	ok(t, errOf(w.Register(ctx, []ledger.Registration{ledgertest.Claim(1, 2, false)})))
	_, err := process()
	wantRule(t, err, "walrus_subsidies_inner::EInsufficientFundsInPool")
	ok(t, execute(ctx, w, &blobv1.MsgFundSubsidies{Sender: me, Amount: wal}))
	out, err := process()
	ok(t, err)
	if out.Usage != 220_000 || subsidies().Pool != wal-out.Usage-out.Fixed {
		t.Errorf("paid %+v, pool %d", out, subsidies().Pool)
	}
	checkMoney(t, c)
	ok(t, c.NextEpoch(ctx))
	if out, err = process(); err != nil || out.Fixed != 4*1000+10*10 {
		t.Errorf("fixed part: %+v, %v", out, err)
	}
	if out, err = process(); err != nil || out.Fixed != 0 || out.Usage != 0 {
		t.Errorf("nothing is due: %+v, %v", out, err)
	}
	var commission uint64
	for _, p := range pools(t, c) {
		commission += p.Commission
	}
	if commission != 4*1000+10*10 {
		t.Errorf("commissions of %d", commission)
	}
	checkMoney(t, c)
}

// A node whose pool cannot be read gets no subsidies, and the others do.
func TestSubsidiesOutlastABrokenPool(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{})
	w := c.Wallet(0)
	me := w.Address().String()
	ok(t, execute(ctx, w, &blobv1.MsgFundSubsidies{Sender: me, Amount: wal}))
	store, key := c.Store("blob"), []byte{subsidiesStart}
	var s blobv1.Subsidies
	ok(t, s.Unmarshal(store.Get(key)))
	s.Base = 1000
	raw, err := s.Marshal()
	ok(t, err)
	store.Set(key, raw)
	ok(t, c.NextEpoch(ctx))
	broken := append([]byte{poolsPrefix}, c.Nodes[2].ID[:]...)
	before := c.Store("committee").Get(broken)
	c.Store("committee").Set(broken, []byte{0xff, 0xff, 0xff})
	var out blobv1.MsgProcessSubsidiesResponse
	ok(t, w.Execute(ctx, 5_000_000, &blobv1.MsgProcessSubsidies{Sender: me}, &out))
	c.Store("committee").Set(broken, before)
	blocks(t, c, 1)
	for _, p := range pools(t, c) {
		if paid := p.Commission == 1000; paid == bytes.Equal(p.NodeId, c.Nodes[2].ID[:]) {
			t.Errorf("node %x has a commission of %d", p.NodeId[:4], p.Commission)
		}
	}
	var left blobv1.QuerySubsidiesResponse
	ok(t, c.Ask(ctx, "/walrus.blob.v1.Query/Subsidies", &blobv1.QuerySubsidiesRequest{}, &left))
	if out.Fixed != 3*1000 || left.Subsidies.Pool != wal-3*1000 {
		t.Errorf("paid %+v, left %d", out, left.Subsidies.Pool)
	}
	checkMoney(t, c)
}
