package chaintest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/cosmos/gogoproto/jsonpb"
	gogoproto "github.com/cosmos/gogoproto/proto"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/chain/economy/cert"
	"github.com/walrus-go/walrus/chain/economy/storage"
	blobkeeper "github.com/walrus-go/walrus/chain/x/blob/keeper"
	committeekeeper "github.com/walrus-go/walrus/chain/x/committee/keeper"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// use leaves something of every kind in a chain's state.
func use(t *testing.T, c *chaintest.Chain) []ledger.Blob {
	t.Helper()
	ctx := context.Background()
	w := c.Wallet(0)
	blobs, err := w.Register(ctx, []ledger.Registration{
		ledgertest.Claim(1, 1, false), ledgertest.Claim(1000, 2, true), ledgertest.Claim(0, 53, false), ledgertest.Claim(5, 1, true),
	})
	if err != nil {
		t.Fatal(err)
	}
	committees, err := c.Client().Committees(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range blobs[:2] {
		cert, err := c.Certify(committees.Current, confirmation(b, committees.Current.Epoch()))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Certify(ctx, []ledger.Certification{{Object: b.ID, Certificate: cert}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Extend(ctx, blobs[0].ID, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Delete(ctx, []blob.ObjectID{blobs[3].ID}); err != nil {
		t.Fatal(err)
	}
	useMarket(t, c)
	return blobs
}

// useMarket leaves shared blobs, pools, buckets, subsidies and what nodes say in a chain's state.
func useMarket(t *testing.T, c *chaintest.Chain) {
	t.Helper()
	ctx := context.Background()
	w := c.Wallet(0)
	me := w.Address().String()
	ok(t, errOf(w.Share(ctx, certified(t, c, w, 2).ID, 1000)))
	pool, err := w.CreatePool(ctx, 3*encodedSize, 2)
	ok(t, err)
	in, err := w.RegisterPooled(ctx, pool.ID, []rpc.PooledRegistration{pooled(1, true), pooled(1, false)})
	ok(t, err)
	ok(t, w.CertifyPooled(ctx, pool.ID, []rpc.PooledCertification{pooledCertification(t, c, in[0])}))
	ok(t, execute(ctx, w, &blobv1.MsgSetPooledAttributes{Owner: me, PoolId: pool.ID[:], BlobId: in[0].BlobID[:], Add: true}))
	right, err := w.CreateBucket(ctx, encodedSize, 2)
	ok(t, err)
	ok(t, errOf(w.RegisterInBucket(ctx, right, []rpc.PooledRegistration{pooled(1, true)})))
	ok(t, execute(ctx, w, &blobv1.MsgFundSubsidies{Sender: me, Amount: 12_345}))
	nodes := nodeWallets(t, c)
	event, rival := ledgertest.Claim(5, 0, false), ledgertest.Claim(6, 0, false)
	for i, n := range nodes {
		ok(t, execute(ctx, n, attestation(c, i, event, 1, 1)))
	}
	ok(t, execute(ctx, nodes[0], attestation(c, 0, rival, 2, 1)))
	committees, err := c.Client().Committees(ctx)
	ok(t, err)
	update := cert.DenyListUpdate{Node: c.Nodes[0].ID, List: storage.DenyList{Root: [32]byte{1}, Sequence: 3, Size: 9}}
	a, err := c.Certify(committees.Current, update.Message(1))
	ok(t, err)
	ok(t, execute(ctx, nodes[0], &blobv1.MsgUpdateDenyList{
		Owner: nodes[0].Address().String(), NodeId: c.Nodes[0].ID[:],
		Certificate: blobv1.Certificate{Message: a.Message, Signers: a.Signers, Signature: a.Signature},
	}))
}

func TestExportImportExportIsTheSame(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := chaintest.New(t, nil)
	blobs := use(t, c)
	first, err := c.App.Export("walrus-fork", c.Now())
	if err != nil {
		t.Fatal(err)
	}
	if s, err := first.Verify(); err != nil || s.Height < 3 || s.Supply == 0 {
		t.Errorf("the export verifies as %+v, %v", s, err)
	}
	fork, err := chaintest.Import(first, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer fork.Close()
	second, err := fork.App.Export("walrus-fork", c.Now())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.State(), second.State()) {
		t.Errorf("state changed:\n%s", difference(t, first.State(), second.State()))
	}
	for _, b := range blobs[:3] {
		want, err1 := c.Client().BlobStatus(ctx, b.BlobID)
		got, err2 := fork.Client().BlobStatus(ctx, b.BlobID)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if got.Kind != want.Kind || got.End != want.End || got.Event != want.Event || got.Counts != want.Counts {
			t.Errorf("blob %s: got %+v, want %+v", b.BlobID, got, want)
		}
	}
	want, err := c.Client().Events(ctx, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	got, err := fork.Client().Events(ctx, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) || len(got) == 0 {
		t.Errorf("%d events in the log, want %d", len(got), len(want))
	}
}

// A genesis of the market that contradicts itself, or promises money that is not there, is refused.
func TestMarketGenesisIsChecked(t *testing.T) {
	t.Parallel()
	c := chaintest.New(t, nil)
	use(t, c)
	exported, err := c.App.Export("walrus-fork", c.Now())
	ok(t, err)
	for name, change := range map[string]func(g *blobv1.GenesisState){
		"rewards that nobody paid":        func(g *blobv1.GenesisState) { g.Ring.Entries[0].Rewards++ },
		"funds that nobody paid":          func(g *blobv1.GenesisState) { g.SharedBlobs[0].Funds++ },
		"subsidies that nobody paid":      func(g *blobv1.GenesisState) { g.Subsidies.Pool++ },
		"subsidies out of range":          func(g *blobv1.GenesisState) { g.Subsidies.Rate = 1_000_001 },
		"shared blob of nothing":          func(g *blobv1.GenesisState) { g.SharedBlobs[0].ObjectId[0] ^= 1 },
		"pool that uses more":             func(g *blobv1.GenesisState) { g.Pools[0].Used++ },
		"pool with more blobs":            func(g *blobv1.GenesisState) { g.Pools[0].Blobs++ },
		"pool twice":                      func(g *blobv1.GenesisState) { g.Pools[1].Id = g.Pools[0].Id },
		"pooled blob of no pool":          func(g *blobv1.GenesisState) { g.PooledBlobs[0].PoolId[0] ^= 1 },
		"pooled blob twice":               func(g *blobv1.GenesisState) { g.PooledBlobs = append(g.PooledBlobs, g.PooledBlobs[0]) },
		"bucket of no pool":               func(g *blobv1.GenesisState) { g.Buckets[0].PoolId[0] ^= 1 },
		"capability of no bucket":         func(g *blobv1.GenesisState) { g.BucketCaps[0].BucketId[0] ^= 1 },
		"deny list with a short root":     func(g *blobv1.GenesisState) { g.DenyLists[0].Root = nil },
		"attestation of a short node ID":  func(g *blobv1.GenesisState) { g.Attestations[0].NodeId = nil },
		"event blob with a short ID":      func(g *blobv1.GenesisState) { g.EventBlob.BlobId = nil },
		"pooled blob that no sum counts":  func(g *blobv1.GenesisState) { pooledInfo(g).PooledTotal-- },
		"sum of a blob that is not there": func(g *blobv1.GenesisState) { pooledInfo(g).PooledCertified++ },
		"sum without a deletable blob":    func(g *blobv1.GenesisState) { deletableInfo(g).DeletableTotal = 0 },
		"blob without a sum":              func(g *blobv1.GenesisState) { deletableInfo(g).BlobId[0] ^= 1 },
		"sum twice":                       func(g *blobv1.GenesisState) { g.Infos = append(g.Infos, g.Infos[0]) },
		"open event blobs out of order": func(g *blobv1.GenesisState) {
			first := g.EventBlobWeights.List[0]
			first.Checkpoint.Sequence++
			g.EventBlobWeights.List = append([]blobv1.Support{first}, g.EventBlobWeights.List...)
		},
		"open event blob with a short ID": func(g *blobv1.GenesisState) { g.EventBlobWeights.List[0].Checkpoint.BlobId = nil },
	} {
		if err := importChanged(t, exported, "blob", change); !errors.Is(err, blobkeeper.ErrGenesis) {
			t.Errorf("%s: got %v, want %v", name, err, blobkeeper.ErrGenesis)
		}
	}
}

// importChanged tries to start a chain from a genesis with the state of one module changed.
func importChanged[G any, P interface {
	*G
	gogoproto.Message
}](t *testing.T, exported *chain.Genesis, module string, change func(P)) error {
	t.Helper()
	state := expanded(t, exported)
	g := P(new(G))
	ok(t, jsonpb.Unmarshal(bytes.NewReader(state[module]), g))
	change(g)
	text, err := new(jsonpb.Marshaler).MarshalToString(g)
	ok(t, err)
	state[module] = json.RawMessage(text)
	raw, err := json.Marshal(state)
	ok(t, err)
	return imported(exported.WithState(raw))
}

// Votes of nodes that could be neither executed nor removed, and an epoch that could never end, are no genesis.
func TestCommitteeGenesisIsChecked(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{})
	ok(t, c.EndVoting(ctx))
	node := nodeWallets(t, c)[0]
	me, id := node.Address().String(), c.Nodes[0].ID[:]
	ok(t, execute(ctx, node, &committeev1.MsgVoteSlash{Sender: me, NodeId: id, Candidate: c.Nodes[1].ID[:]}))
	ok(t, execute(ctx, node, &committeev1.MsgVoteUpgrade{Sender: me, NodeId: id, Digest: bytes.Repeat([]byte{1}, 32)}))
	exported, err := c.App.Export("walrus-fork", c.Now())
	ok(t, err)
	ok(t, importChanged(t, exported, "committee", func(*committeev1.GenesisState) {}))
	for name, change := range map[string]func(g *committeev1.GenesisState){
		"slashing of a short node ID":   func(g *committeev1.GenesisState) { g.Slashings[0].Subject = []byte{1} },
		"slashing of nobody":            func(g *committeev1.GenesisState) { g.Slashings[0].Subject[0] ^= 1 },
		"slashing with a short voter":   func(g *committeev1.GenesisState) { g.Slashings[0].Voters[0] = []byte{1} },
		"slashing of a later epoch":     func(g *committeev1.GenesisState) { g.Slashings[0].Epoch++ },
		"upgrade with a short digest":   func(g *committeev1.GenesisState) { g.Upgrades[0].Subject = []byte{1} },
		"upgrade with a short voter":    func(g *committeev1.GenesisState) { g.Upgrades[0].Voters[0] = nil },
		"selection without a committee": func(g *committeev1.GenesisState) { g.Committees = g.Committees[:len(g.Committees)-1] },
	} {
		if err := importChanged(t, exported, "committee", change); !errors.Is(err, committeekeeper.ErrGenesis) {
			t.Errorf("%s: got %v, want %v", name, err, committeekeeper.ErrGenesis)
		}
	}
}

// pooledInfo is the sum of some blob ID with a registration in a pool.
func pooledInfo(g *blobv1.GenesisState) *blobv1.Info {
	return &g.Infos[slices.IndexFunc(g.Infos, func(i blobv1.Info) bool { return i.PooledTotal > 0 })]
}

// deletableInfo is the sum of some blob ID with a deletable registration that is not burned.
func deletableInfo(g *blobv1.GenesisState) *blobv1.Info {
	b := g.Blobs[slices.IndexFunc(g.Blobs, func(b blobv1.Blob) bool { return b.Deletable })]
	return &g.Infos[slices.IndexFunc(g.Infos, func(i blobv1.Info) bool { return bytes.Equal(i.BlobId, b.BlobId) })]
}

// imported tries to start a chain. A genesis that cannot be applied stops the application.
func imported(g *chain.Genesis) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err, _ = r.(error)
		}
	}()
	fork, err := chaintest.Import(g, nil)
	if err == nil {
		err = fork.Close()
	}
	return err
}

// difference names the modules whose states differ.
func difference(t *testing.T, a, b json.RawMessage) (out string) {
	t.Helper()
	var x, y map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(a, &x), json.Unmarshal(b, &y)); err != nil {
		t.Fatal(err)
	}
	for name := range x {
		if !bytes.Equal(x[name], y[name]) {
			out += name + ":\n" + string(x[name]) + "\n" + string(y[name]) + "\n"
		}
	}
	return out
}

func TestSameTransactionsGiveTheSameState(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := chaintest.New(t, nil)
	use(t, c)
	replica, err := chaintest.Import(c.Genesis, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer replica.Close()
	head, err := c.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for h := int64(2); h <= head.Height; h++ { // both have made an empty first block
		if _, err := replica.Deliver(c.Txs(h)...); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := replica.AppHash(), c.AppHash(); !bytes.Equal(got, want) {
		t.Errorf("app hash %x, want %x", got, want)
	}
}

func TestPrunedEventsAreReported(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := chaintest.New(t, nil)
	use(t, c)
	exported, err := c.App.Export("walrus-fork", c.Now())
	if err != nil {
		t.Fatal(err)
	}
	state := expanded(t, exported)
	var log struct {
		First   string            `json:"first"`
		Entries []json.RawMessage `json:"entries"`
	}
	ok(t, json.Unmarshal(state["event"], &log))
	count := uint64(len(log.Entries))
	log.First, log.Entries = "3", log.Entries[3:]
	if state["event"], err = json.Marshal(log); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	fork, err := chaintest.Import(exported.WithState(raw), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer fork.Close()
	if _, err := fork.Client().Events(ctx, 2, 10); !errors.Is(err, ledger.ErrPruned) {
		t.Errorf("below the oldest: got %v, want %v", err, ledger.ErrPruned)
	}
	if events, err := fork.Client().Events(ctx, 3, 100); err != nil || uint64(len(events)) != count-3 {
		t.Errorf("from the oldest: %d events, %v, want %d", len(events), err, count-3)
	}
}
