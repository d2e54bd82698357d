package genesis_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/chain/genesis"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
	"github.com/walrus-go/walrus/ledger/rpc"
)

const wal = ledger.FrostPerWAL

// founders are the operators of a test network, with the draft they answer to.
type founders struct {
	draft     *genesis.Draft
	operators []*genesis.Operator
	secrets   chaintest.Committee
	rich      *rpc.Key
}

// newFounders makes n operators, each with a directory for its chain node.
func newFounders(t *testing.T, n int) *founders {
	t.Helper()
	f := &founders{draft: genesis.NewDraft("walrus-founders", 100), secrets: chaintest.NewCommittee(n, 7), rich: chaintest.AccountKey(7, 0)}
	f.draft.Time = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f.draft.Accounts = []chain.GenesisAccount{{Address: f.rich.Address(), Amount: 1_000_000 * wal}}
	for i, node := range f.secrets.Genesis() {
		dir := t.TempDir()
		if _, err := chain.Prepare(dir); err != nil {
			t.Fatal(err)
		}
		id, err := chain.PeerID(dir)
		if err != nil {
			t.Fatal(err)
		}
		f.draft.Accounts = append(f.draft.Accounts, chain.GenesisAccount{Address: node.Owner, Amount: 5000 * wal})
		f.operators = append(f.operators, &genesis.Operator{
			Name: node.Name, NetworkAddress: node.NetworkAddress, NetworkKey: node.NetworkKey, Peer: fmt.Sprintf("%s@127.0.0.1:%d", id, 26000+i),
			Stake: uint64(1000*(i+1)) * wal, CommissionRate: 600, NodeKey: f.secrets.Nodes[i].Secret, Owner: f.secrets.Nodes[i].Owner,
			Consensus: func(chainID string, node committee.NodeID) (ed25519.PublicKey, []byte, error) {
				return chain.ProveConsensusKey(dir, chainID, node)
			},
		})
	}
	return f
}

// register makes all registrations.
func (f *founders) register(t *testing.T) []*genesis.Registration {
	t.Helper()
	out := make([]*genesis.Registration, len(f.operators))
	for i, o := range f.operators {
		var err error
		if out[i], err = genesis.Register(f.draft, o); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// Four operators exchange files. Whoever collects them, in whatever order, has the same bytes, and the chain
// that begins with them has the committee and the money that were agreed on.
func TestCollectIsTheSameInAnyOrder(t *testing.T) {
	t.Parallel()
	f := newFounders(t, 4)
	dir := t.TempDir()
	draftPath := filepath.Join(dir, "draft.json")
	if err := f.draft.WriteFile(draftPath); err != nil {
		t.Fatal(err)
	}
	if err := f.draft.WriteFile(draftPath); !errors.Is(err, os.ErrExist) {
		t.Errorf("draft written over another: %v", err)
	}
	var paths []string
	for i, r := range f.register(t) {
		paths = append(paths, filepath.Join(dir, fmt.Sprintf("%d.json", i)))
		if err := r.WriteFile(paths[i]); err != nil {
			t.Fatal(err)
		}
	}
	var first []byte
	var hash string
	for round := range 6 {
		rand.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
		draft, err := genesis.ReadDraft(draftPath)
		if err != nil {
			t.Fatal(err)
		}
		var list []*genesis.Registration
		for _, path := range paths {
			r, err := genesis.ReadRegistration(path)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, r)
		}
		g, err := genesis.Collect(draft, list)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, fmt.Sprintf("genesis-%d.json", round))
		if err := g.WriteFile(path); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = raw
			hash, _ = g.Hash()
		}
		if !bytes.Equal(raw, first) {
			t.Fatalf("order %v gives another genesis", paths)
		}
		if read, err := chain.ReadGenesis(path); err != nil {
			t.Fatal(err)
		} else if got, err := read.Hash(); err != nil || got != hash {
			t.Errorf("hash %s after reading, %v, want %s", got, err, hash)
		}
		if peers := genesis.Peers(list); len(peers) != 4 || peers[0] > peers[1] {
			t.Errorf("peers %v", peers)
		}
	}
	g, err := chain.ReadGenesis(filepath.Join(dir, "genesis-0.json"))
	if err != nil {
		t.Fatal(err)
	}
	f.begin(t, g)
}

// begin runs the chain without consensus.
func (f *founders) begin(t *testing.T, g *chain.Genesis) {
	t.Helper()
	ctx := context.Background()
	s, err := g.Verify()
	if err != nil {
		t.Fatal(err)
	}
	if s.Supply != 1_020_000*wal || s.Staked != 10_000*wal || s.Nodes != 4 || s.Members != 4 || s.Validators != 4 || s.Power != 100 || s.Shards != 100 {
		t.Errorf("summary %+v", s)
	}
	c, err := chaintest.Import(g, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	w := c.WalletOf(f.rich)
	if _, err := w.Register(ctx, []ledger.Registration{ledgertest.Claim(1000, 2, false)}); err != nil {
		t.Fatal(err)
	}
	committees, err := c.Client().Committees(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range f.secrets.Nodes {
		at, ok := committees.Current.Find(n.ID)
		if got, want := committees.Current.Member(at).Weight(), 10*(i+1); !ok || got != want {
			t.Errorf("node %d has %d shards, want %d for its stake", i, got, want)
		}
		if held, err := c.Client().Balance(ctx, n.Owner.Address()); err != nil || held != uint64(5000-1000*(i+1))*wal {
			t.Errorf("node %d's owner has %d FROST, %v", i, held, err)
		}
	}
}

// A registration in which anything was changed, or that breaks a rule, is refused by its name.
func TestCollectRefuses(t *testing.T) {
	t.Parallel()
	f := newFounders(t, 4)
	again := func(change func(o *genesis.Operator)) func(r *genesis.Registration) {
		return func(r *genesis.Registration) {
			o := *f.operators[2]
			change(&o)
			if made, err := genesis.Register(f.draft, &o); err == nil {
				*r = *made
			}
		}
	}
	first := f.operators[0]
	for _, c := range []struct {
		name, want string
		change     func(r *genesis.Registration) // of node-2
	}{
		{"stake", "signature does not fit", func(r *genesis.Registration) { r.Stake++ }},
		{"commission", "signature does not fit", func(r *genesis.Registration) { r.CommissionRate = 0 }},
		{"address", "signature does not fit", func(r *genesis.Registration) { r.NetworkAddress = "127.0.0.1:1" }},
		{"name", "signature does not fit", func(r *genesis.Registration) { r.Name = "node-9" }},
		{"votes", "signature does not fit", func(r *genesis.Registration) { r.Votes.Capacity = 1 }},
		{"description", "signature does not fit", func(r *genesis.Registration) { r.Metadata.Description = "mine" }},
		{"node's key", "signature does not fit", func(r *genesis.Registration) { r.NodeKey[5] ^= 1 }},
		{"signature", "signature does not fit", func(r *genesis.Registration) { r.Signature[5] ^= 1 }},
		{"no signature", "signature does not fit", func(r *genesis.Registration) { r.Signature = nil }},
		{"owner", "signature does not fit", func(r *genesis.Registration) { r.Owner = f.rich.Address() }},
		{"owner's key", "owner's key of 3 bytes", func(r *genesis.Registration) { r.OwnerKey = r.OwnerKey[:3] }},
		{"chain", `for chain "walrus-other"`, func(r *genesis.Registration) { r.ChainID = "walrus-other" }},
		{"draft", "another draft", func(r *genesis.Registration) { r.Draft = strings.Repeat("0", 64) }},
		{"format", "format 2", func(r *genesis.Registration) { r.Format = 2 }},
		{"two of a name", "name is that of", again(func(o *genesis.Operator) { o.Name = first.Name })},
		{"two at an address", "network address is that of", again(func(o *genesis.Operator) { o.NetworkAddress = first.NetworkAddress })},
		{"two with a network key", "network key is that of", again(func(o *genesis.Operator) { o.NetworkKey = first.NetworkKey })},
		{"two with a node key", "node key is that of", again(func(o *genesis.Operator) { o.NodeKey = first.NodeKey })},
		{"two of an owner", "owner is that of", again(func(o *genesis.Operator) { o.Owner = first.Owner })},
		{"two with a validator", "validator's key is that of", again(func(o *genesis.Operator) { o.Consensus = first.Consensus })},
		{"two with a peer", "peer is that of", again(func(o *genesis.Operator) { o.Peer = first.Peer })},
		{"more stake than there is", "its owner", again(func(o *genesis.Operator) { o.Stake = 5001 * wal })},
		{"owner without money", "nothing to stake", again(func(o *genesis.Operator) { o.Owner = chaintest.AccountKey(7, 5) })},
	} {
		list := f.register(t)
		c.change(list[2])
		_, err := genesis.Collect(f.draft, list)
		if !errors.Is(err, genesis.ErrRegistration) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), fmt.Sprintf("of %q", list[2].Name)) {
			t.Errorf("%s: %v, want %q about %q", c.name, err, c.want, list[2].Name)
		}
	}
}

// What an operator cannot register is refused on the operator's own machine.
func TestRegisterRefuses(t *testing.T) {
	t.Parallel()
	f := newFounders(t, 1)
	for name, change := range map[string]func(o *genesis.Operator){
		"no name":              func(o *genesis.Operator) { o.Name = "" },
		"long name":            func(o *genesis.Operator) { o.Name = strings.Repeat("a", 101) },
		"no port":              func(o *genesis.Operator) { o.NetworkAddress = "127.0.0.1" },
		"port 0":               func(o *genesis.Operator) { o.NetworkAddress = "127.0.0.1:0" },
		"any address":          func(o *genesis.Operator) { o.NetworkAddress = "0.0.0.0:80" },
		"no host":              func(o *genesis.Operator) { o.NetworkAddress = ":80" },
		"strange host":         func(o *genesis.Operator) { o.NetworkAddress = "a b:80" },
		"strange peer":         func(o *genesis.Operator) { o.Peer = "me@127.0.0.1:1" },
		"less than a WAL":      func(o *genesis.Operator) { o.Stake = wal - 1 },
		"commission above all": func(o *genesis.Operator) { o.CommissionRate = 10_001 },
		"network key of zeros": func(o *genesis.Operator) { o.NetworkKey = committee.NetworkKey{} },
		"long description":     func(o *genesis.Operator) { o.Metadata.Description = strings.Repeat("a", 1001) },
		"another chain's proof": func(o *genesis.Operator) {
			prove := o.Consensus
			o.Consensus = func(_ string, id committee.NodeID) (ed25519.PublicKey, []byte, error) {
				return prove("walrus-other", id)
			}
		},
	} {
		o := *f.operators[0]
		change(&o)
		if _, err := genesis.Register(f.draft, &o); !errors.Is(err, genesis.ErrRegistration) {
			t.Errorf("%s: %v, want %v", name, err, genesis.ErrRegistration)
		}
	}
}

func TestDraftRefuses(t *testing.T) {
	t.Parallel()
	f := newFounders(t, 4)
	list := f.register(t)
	for name, change := range map[string]func(d *genesis.Draft){
		"no chain":            func(d *genesis.Draft) { d.ChainID = "" },
		"strange chain":       func(d *genesis.Draft) { d.ChainID = "a chain" },
		"no shards":           func(d *genesis.Draft) { d.Shards = 0 },
		"too many shards":     func(d *genesis.Draft) { d.Shards = 1 << 16 },
		"fewer shards":        func(d *genesis.Draft) { d.Shards = 3 },
		"no epochs":           func(d *genesis.Draft) { d.EpochDuration = 0 },
		"no time to vote":     func(d *genesis.Draft) { d.VotingPeriod = 0 },
		"an age to vote":      func(d *genesis.Draft) { d.VotingPeriod = 1 << 62 },
		"no horizon":          func(d *genesis.Draft) { d.MaxEpochsAhead = 0 },
		"no price":            func(d *genesis.Draft) { d.StoragePrice = 0 },
		"too much money":      func(d *genesis.Draft) { d.Accounts[0].Amount = 1<<64 - 1 },
		"account twice":       func(d *genesis.Draft) { d.Accounts[0] = d.Accounts[1] },
		"poor account":        func(d *genesis.Draft) { d.Accounts[0].Amount = 0 },
		"seats for some":      func(d *genesis.Draft) { d.Seats = []genesis.Seat{{"node-0", 50}} },
		"a node seated twice": func(d *genesis.Draft) { d.Seats = []genesis.Seat{{"node-0", 50}, {"node-0", 50}} },
		"another format":      func(d *genesis.Draft) { d.Format = 9 },
	} {
		d := *f.draft
		d.Accounts = append([]chain.GenesisAccount(nil), d.Accounts...)
		change(&d)
		if _, err := genesis.Collect(&d, list); !errors.Is(err, genesis.ErrDraft) {
			t.Errorf("%s: %v, want %v", name, err, genesis.ErrDraft)
		}
	}
	if _, err := genesis.Collect(f.draft, nil); !errors.Is(err, genesis.ErrDraft) {
		t.Errorf("nobody: %v", err)
	}
	f.draft.Seats = []genesis.Seat{{"node-0", 50}, {"stranger", 50}}
	if _, err := genesis.Collect(f.draft, f.register(t)); !errors.Is(err, genesis.ErrDraft) || !strings.Contains(err.Error(), "stranger") {
		t.Errorf("a seat for a stranger: %v", err)
	}
}

// A draft may fix the seats, whatever the stakes are.
func TestSeats(t *testing.T) {
	t.Parallel()
	f := newFounders(t, 4)
	f.draft.Seats = []genesis.Seat{{"node-1", 60}, {"node-3", 30}, {"node-0", 10}}
	g, err := genesis.Collect(f.draft, f.register(t))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := g.Verify(); err != nil || s.Nodes != 4 || s.Members != 3 || s.Validators != 3 || s.Power != 100 {
		t.Errorf("summary %+v, %v", s, err)
	}
}

// Files with keys that mean nothing, with two values, or without end are not read.
func TestFilesAreStrict(t *testing.T) {
	t.Parallel()
	f := newFounders(t, 1)
	dir := t.TempDir()
	good := filepath.Join(dir, "good.json")
	if err := f.register(t)[0].WriteFile(good); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"unknown key": bytes.Replace(raw, []byte(`"name"`), []byte(`"nom"`), 1),
		"two values":  append(raw, "{}"...),
		"not hex":     bytes.Replace(raw, []byte(`"nodeKey": "`), []byte(`"nodeKey": "zz`), 1),
		"long":        append(raw, bytes.Repeat([]byte(" "), 64<<10)...),
		"empty":       nil,
	} {
		path := filepath.Join(dir, "bad.json")
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := genesis.ReadRegistration(path); !errors.Is(err, genesis.ErrRegistration) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := genesis.ReadDraft(path); !errors.Is(err, genesis.ErrDraft) {
			t.Errorf("%s as a draft: %v", name, err)
		}
	}
	if _, err := genesis.ReadDraft(filepath.Join(dir, "none")); !errors.Is(err, genesis.ErrDraft) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// A genesis that was changed afterwards is refused, or at least has another hash.
func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	f := newFounders(t, 4)
	g, err := genesis.Collect(f.draft, f.register(t))
	if err != nil {
		t.Fatal(err)
	}
	hash, err := g.Hash()
	if err != nil {
		t.Fatal(err)
	}
	state := string(g.State())
	for _, c := range []struct{ name, old, new string }{
		{"more WAL", fmt.Sprintf("%d", 1_000_000*wal), fmt.Sprintf("%d", 1_000_001*wal)},
		{"more stake", `"principal":"1000000000000"`, `"principal":"2000000000000"`},
		{"fewer shards", `"n_shards":100`, `"n_shards":99`},
		{"no module", `"event":{`, `"events":{`},
		{"no state", state, `[]`},
		{"too many nodes for the shards", `"n_shards":100`, `"n_shards":9`},
	} {
		if !strings.Contains(state, c.old) {
			t.Fatalf("%s: the state has no %s", c.name, c.old)
		}
		changed := g.WithState([]byte(strings.Replace(state, c.old, c.new, 1)))
		if got, err := changed.Hash(); err != nil || got == hash {
			t.Errorf("%s: the hash is the same, %v", c.name, err)
		}
		if s, err := changed.Verify(); !errors.Is(err, chain.ErrGenesis) {
			t.Errorf("%s: %+v, %v, want %v", c.name, s, err, chain.ErrGenesis)
		}
	}
}
