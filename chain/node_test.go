package chain_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// A liveChain is a node with one validator, and the secrets of its genesis.
type liveChain struct {
	chaintest.Committee
	node    *chain.Node
	options chain.Options
}

// startLive starts a node on a fresh directory, stopped at the end of the test.
func startLive(t *testing.T) *liveChain {
	t.Helper()
	dir := t.TempDir()
	validator, err := chain.Prepare(dir)
	if err != nil {
		t.Fatal(err)
	}
	l := &liveChain{Committee: chaintest.NewCommittee(4, 1)}
	l.options = chain.Options{
		Dir: dir, Genesis: liveGenesis(t, l.Committee, validator),
		BlockTime: 20 * time.Millisecond, IdleBlockTime: 200 * time.Millisecond,
	}
	l.start(t)
	return l
}

func liveGenesis(t *testing.T, c chaintest.Committee, validator ed25519.PublicKey) *chain.Genesis {
	t.Helper()
	opts := chain.GenesisOptions{ChainID: "walrus-live", Shards: 10, Nodes: c.Genesis()}
	opts.Nodes[0].ConsensusKey = validator
	for i := range 2 {
		opts.Accounts = append(opts.Accounts, chain.GenesisAccount{
			Address: chaintest.AccountKey(1, i).Address(), Amount: chaintest.Funds,
		})
	}
	genesis, err := chain.NewGenesis(opts)
	if err != nil {
		t.Fatal(err)
	}
	return genesis
}

func (l *liveChain) start(t *testing.T) {
	t.Helper()
	node, err := chain.Start(context.Background(), l.options)
	if err != nil {
		t.Fatal(err)
	}
	l.node = node
	t.Cleanup(func() {
		if err := node.Stop(); err != nil {
			t.Error(err)
		}
	})
}

// TestBeforeBeginning: a node waits for the time at which its chain begins, and can be stopped meanwhile.
func TestBeforeBeginning(t *testing.T) {
	t.Parallel()
	c := chaintest.NewCommittee(4, 1)
	dir := t.TempDir()
	validator, err := chain.Prepare(dir)
	if err != nil {
		t.Fatal(err)
	}
	opts := chain.GenesisOptions{ChainID: "walrus-later", Time: time.Now().Add(time.Hour), Shards: 10, Nodes: c.Genesis()}
	opts.Nodes[0].ConsensusKey = validator
	genesis, err := chain.NewGenesis(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := chain.Start(ctx, chain.Options{Dir: dir, Genesis: genesis}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
}

// client returns a client of the node and wallets of its two accounts.
func (l *liveChain) client(t *testing.T) (*rpc.Client, [2]ledger.Wallet) {
	t.Helper()
	client, err := rpc.Dial(context.Background(), l.node.RPCURL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	var wallets [2]ledger.Wallet
	for i := range wallets {
		if wallets[i], err = client.Wallet(chaintest.AccountKey(1, i), nil); err != nil {
			t.Fatal(err)
		}
	}
	return client, wallets
}

func TestLedgerOverRPC(t *testing.T) {
	t.Parallel()
	l := startLive(t)
	client, wallets := l.client(t)
	ledgertest.Run(t, ledgertest.Ledger{
		Reader: client, Log: client, Wallets: wallets,
		Certify: func(message []byte, positions ...int) (attest.Certificate, error) {
			committees, err := client.Committees(context.Background())
			if err != nil {
				return attest.Certificate{}, err
			}
			return l.Certify(committees.Current, message, positions...)
		},
	})
}

func TestRestartContinues(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	l := startLive(t)
	client, wallets := l.client(t)
	before, err := wallets[0].Register(ctx, []ledger.Registration{ledgertest.Claim(100, 2, true)})
	if err != nil {
		t.Fatal(err)
	}
	height := l.node.Height()
	client.Close()
	if err := l.node.Stop(); err != nil {
		t.Fatal(err)
	}

	l.options.Genesis = nil // the node has kept it
	l.start(t)
	client, wallets = l.client(t)
	if got := l.node.Height(); got < height {
		t.Errorf("height %d after the restart, %d before", got, height)
	}
	if got, err := client.Blob(ctx, before[0].ID); err != nil || got.BlobID != before[0].BlobID {
		t.Errorf("blob registered before the restart: got %+v, %v", got, err)
	}
	// Not the first account: before the first block a node knows no account numbers.
	after, err := wallets[1].Register(ctx, []ledger.Registration{ledgertest.Claim(100, 2, true)})
	if err != nil {
		t.Fatal(err)
	}
	events, err := client.Events(ctx, 0, 10)
	if err != nil || len(events) != 2 {
		t.Fatalf("%d events, %v, want 2", len(events), err)
	}
	for i, want := range []ledger.Blob{before[0], after[0]} {
		if e, ok := events[i].Body.(ledger.BlobRegistered); !ok || e.Object != want.ID || events[i].Index != uint64(i) {
			t.Errorf("event %d: got %+v, want the registration of %s", i, events[i], want.ID)
		}
	}
}

// A chain that stopped goes on as another one, from the files that its node exports.
func TestExportedHomeGoesOn(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	l := startLive(t)
	client, wallets := l.client(t)
	registered, err := wallets[0].Register(ctx, []ledger.Registration{ledgertest.Claim(100, 2, true)})
	if err != nil {
		t.Fatal(err)
	}
	client.Close()
	if err := l.node.Stop(); err != nil {
		t.Fatal(err)
	}

	path := filepath.Join(t.TempDir(), "next.json")
	_, height, err := chain.ExportHome(l.options.Dir, path, "walrus-next")
	if err != nil {
		t.Fatal(err)
	}
	if l.options.Genesis, err = chain.ReadGenesis(path); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(l.options.Dir, "validator_key.json"))
	if err != nil {
		t.Fatal(err)
	}
	l.options.Dir = t.TempDir()
	if _, err := chain.Prepare(l.options.Dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(l.options.Dir, "validator_key.json"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	l.start(t)
	if err := l.node.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	client, _ = l.client(t)
	if got, err := client.Blob(ctx, registered[0].ID); err != nil || got.BlobID != registered[0].BlobID {
		t.Errorf("blob of the chain before: got %+v, %v", got, err)
	}
	if got := l.node.Height(); got <= height || l.node.ChainID() != "walrus-next" {
		t.Errorf("chain %s at %d, want walrus-next above %d", l.node.ChainID(), got, height)
	}
}

func TestHomeIsNotShared(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := chain.Start(context.Background(), chain.Options{Dir: dir}); !errors.Is(err, chain.ErrHome) {
		t.Errorf("a directory with other things: got %v, want %v", err, chain.ErrHome)
	}
	if _, err := chain.Start(context.Background(), chain.Options{Dir: t.TempDir()}); !errors.Is(err, chain.ErrNoGenesis) {
		t.Errorf("no genesis: got %v, want %v", err, chain.ErrNoGenesis)
	}
	l := startLive(t)
	if err := l.node.Stop(); err != nil {
		t.Fatal(err)
	}
	other := chaintest.New(t, nil)
	l.options.Genesis = other.Genesis
	if _, err := chain.Start(context.Background(), l.options); !errors.Is(err, chain.ErrHome) {
		t.Errorf("another chain's directory: got %v, want %v", err, chain.ErrHome)
	}
}

func TestQueriesOverHTTPAndGRPC(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	l := startLive(t)
	client, wallets := l.client(t)
	blobs, err := wallets[0].Register(ctx, []ledger.Registration{ledgertest.Claim(100, 2, true)})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path, want string
		status     int
	}{
		{"/walrus/blob/v1/system", `"storage_price":"100000"`, http.StatusOK},
		{"/walrus/blob/v1/accounting", `"entries":[{"epoch":1,`, http.StatusOK},
		{"/walrus/blob/v1/blobs/" + blobs[0].ID.String(), `"deletable":true`, http.StatusOK},
		{"/walrus/blob/v1/blobs?owner=" + wallets[0].Address().String(), `"size":"100"`, http.StatusOK},
		{"/walrus/blob/v1/blobs?blob_id=" + blobs[0].BlobID.String(), `"size":"100"`, http.StatusOK},
		{"/walrus/blob/v1/infos/" + blobs[0].BlobID.String(), `"deletable_total":"1"`, http.StatusOK},
		{"/walrus/committee/v1/epoch", `"phase":"EPOCH_PHASE_CHANGE_DONE"`, http.StatusOK},
		{"/walrus/committee/v1/committees/1", `"n_shards":10`, http.StatusOK},
		{"/walrus/committee/v1/nodes?limit=1", `"next":"`, http.StatusOK},
		{"/walrus/event/v1/events?limit=1", `"blob_registered":{`, http.StatusOK},
		{"/cosmos/bank/v1beta1/supply", `"denom":"frost"`, http.StatusOK},
		{"/cosmos/base/tendermint/v1beta1/blocks/latest", `"chain_id":"walrus-live"`, http.StatusOK},
		{"/walrus/blob/v1/blobs/0x00", "not found", http.StatusNotFound},
		{"/walrus/blob/v1/blobs/nonsense", "", http.StatusBadRequest},
		{"/walrus/blob/v1/blobs", "exactly one", http.StatusBadRequest},
		{"/walrus/committee/v1/committees/7", "not found", http.StatusNotFound},
		{"/nonsense", "", http.StatusNotFound},
	} {
		resp, err := http.Get(l.node.RESTURL() + c.path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != c.status || !strings.Contains(string(body), c.want) {
			t.Errorf("%s: status %d, want %d; body %s, want %q in it", c.path, resp.StatusCode, c.status, body, c.want)
		}
	}

	conn, err := grpc.NewClient(l.node.GRPCAddr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	out, err := blobv1.NewQueryClient(conn).Blob(ctx, &blobv1.QueryBlobRequest{ObjectId: blobs[0].ID.String()})
	if err != nil || !bytes.Equal(out.Blob.BlobId, blobs[0].BlobID[:]) {
		t.Errorf("over gRPC: got %+v, %v", out, err)
	}
	if height, err := client.Height(ctx); err != nil || height == 0 {
		t.Errorf("height %d, %v", height, err)
	}
}

// TestTwoValidatorsAgree runs a chain of two validators, neither of which can make a block alone, and a
// third node without a key.
func TestTwoValidatorsAgree(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	committee := chaintest.NewCommittee(2, 1)
	opts := chain.GenesisOptions{ChainID: "walrus-two", Shards: 10, Nodes: committee.Genesis()}
	var dirs []string
	for i := range opts.Nodes {
		dirs = append(dirs, t.TempDir())
		var err error
		if opts.Nodes[i].ConsensusKey, err = chain.Prepare(dirs[i]); err != nil {
			t.Fatal(err)
		}
	}
	opts.Accounts = []chain.GenesisAccount{{Address: chaintest.AccountKey(1, 0).Address(), Amount: chaintest.Funds}}
	genesis, err := chain.NewGenesis(opts)
	if err != nil {
		t.Fatal(err)
	}
	var nodes []*chain.Node
	for _, dir := range append(dirs, t.TempDir()) {
		o := chain.Options{Dir: dir, Genesis: genesis, BlockTime: 20 * time.Millisecond}
		if len(nodes) > 0 {
			if o.Peers, err = nodes[0].PeerAddress(); err != nil {
				t.Fatal(err)
			}
		}
		node, err := chain.Start(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		defer node.Stop()
		nodes = append(nodes, node)
	}
	first, err := rpc.Dial(ctx, nodes[0].RPCURL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	w, err := first.Wallet(chaintest.AccountKey(1, 0), nil)
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := w.Register(ctx, []ledger.Registration{ledgertest.Claim(1, 1, false)})
	if err != nil {
		t.Fatal(err)
	}
	for i, node := range nodes {
		client, err := rpc.Dial(ctx, node.RPCURL(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := client.WaitEvents(ctx, 0); err != nil {
			t.Fatal(err)
		}
		if got, err := client.Blob(ctx, blobs[0].ID); err != nil || got.BlobID != blobs[0].BlobID {
			t.Errorf("node %d: got %+v, %v", i, got, err)
		}
		client.Close()
	}
}
