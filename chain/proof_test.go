package chain_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"cosmossdk.io/collections"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	blobtypes "github.com/walrus-go/walrus/chain/x/blob/types"
	committeetypes "github.com/walrus-go/walrus/chain/x/committee/types"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
	"github.com/walrus-go/walrus/ledger/proof"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// Package ledger/proof names keys of the state without seeing the application. They are these.
func TestProofKeys(t *testing.T) {
	t.Parallel()
	id := blob.ID{1, 2, 3}
	want, err := collections.EncodeKeyWithPrefix(blobtypes.InfosPrefix, collections.BytesKey, id[:])
	if err != nil {
		t.Fatal(err)
	}
	if store, key := proof.InfoKey(id); store != blobtypes.ModuleName || !bytes.Equal(key, want) {
		t.Errorf("record of a blob: got %q %x, want %q %x", store, key, blobtypes.ModuleName, want)
	}
	if store, key := proof.EpochKey(); store != committeetypes.ModuleName || !bytes.Equal(key, committeetypes.EpochPrefix) {
		t.Errorf("epoch: got %q %x, want %q %x", store, key, committeetypes.ModuleName, committeetypes.EpochPrefix)
	}
}

// A provedChain is a live chain with blobs in every state that a proof tells apart.
type provedChain struct {
	*liveChain
	client *rpc.Client
	source *proof.Source
	early  proof.Anchor // a header from before the blobs
	now    committee.Epoch

	permanent, deletable, registered, unknown blob.ID
}

func newProvedChain(t *testing.T, ctx context.Context) *provedChain {
	t.Helper()
	l := startLive(t)
	client, wallets := l.client(t)
	p := &provedChain{liveChain: l, client: client, unknown: blob.ID{77}}
	var err error
	if p.source, err = proof.Dial(ctx, l.node.RPCURL()); err != nil {
		t.Fatal(err)
	}
	if p.early, err = p.source.Anchor(ctx, 0); err != nil {
		t.Fatal(err)
	}
	committees, err := client.Committees(ctx)
	if err != nil {
		t.Fatal(err)
	}
	p.now = committees.Current.Epoch()
	store := func(epochs uint32, deletable, certify bool) blob.ID {
		claim := ledgertest.Claim(1000, epochs, deletable)
		blobs, err := wallets[0].Register(ctx, []ledger.Registration{claim})
		if err != nil {
			t.Fatal(err)
		}
		if !certify {
			return claim.BlobID
		}
		confirmation := attest.Confirmation{Epoch: p.now, Blob: claim.BlobID}
		if deletable {
			confirmation.Object = &blobs[0].ID
		}
		certificate, err := l.Certify(committees.Current, confirmation.Message())
		if err == nil {
			err = wallets[0].Certify(ctx, []ledger.Certification{{Object: blobs[0].ID, Certificate: certificate}})
		}
		if err != nil {
			t.Fatal(err)
		}
		return claim.BlobID
	}
	p.permanent, p.deletable, p.registered = store(5, false, true), store(3, true, true), store(4, false, false)
	return p
}

// prove returns a proof that has been to a file and back.
func (p *provedChain) prove(t *testing.T, ctx context.Context, id blob.ID) *proof.Certification {
	t.Helper()
	c, err := p.source.Prove(ctx, id, p.early.Height)
	if err != nil {
		t.Fatal(err)
	}
	return reparse(t, encode(t, c))
}

// record keeps a proof for the tests of package proof, which sees no chain.
func record(t *testing.T, data []byte) {
	t.Helper()
	if err := os.WriteFile("../ledger/proof/testdata/certified.json", append(data, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

func encode(t *testing.T, c *proof.Certification) []byte {
	t.Helper()
	data, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func reparse(t *testing.T, data []byte) *proof.Certification {
	t.Helper()
	c, err := proof.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestProveCertification(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	p := newProvedChain(t, ctx)
	other := newProvedChain(t, ctx) // of the same name, with another validator
	trust := proof.Trust{Anchor: p.early, ChainID: "walrus-live"}

	if os.Getenv("WALRUS_UPDATE") != "" {
		record(t, encode(t, p.prove(t, ctx, p.permanent)))
	}
	t.Run("what it says", func(t *testing.T) { p.testResults(t, ctx, trust) })
	t.Run("whom it trusts", func(t *testing.T) { p.testTrust(t, ctx, trust, other) })
	t.Run("parts of others", func(t *testing.T) { p.testParts(t, ctx, trust, other) })
	t.Run("changed bytes", func(t *testing.T) { p.testChanged(t, ctx, trust) })
}

func (p *provedChain) testResults(t *testing.T, ctx context.Context, trust proof.Trust) {
	for _, c := range []struct {
		name      string
		id        blob.ID
		kind      blob.StatusKind
		certified bool
		until     committee.Epoch
	}{
		{"a certified permanent blob", p.permanent, blob.Permanent, true, p.now + 5},
		{"a certified deletable blob", p.deletable, blob.Deletable, true, 0},
		{"a registered blob", p.registered, blob.Permanent, false, 0},
		{"an unknown blob", p.unknown, blob.Nonexistent, false, 0},
		{"an unknown blob before all others", blob.ID{}, blob.Nonexistent, false, 0},
		{"an unknown blob after all others", blob.ID(bytes.Repeat([]byte{0xff}, blob.IDSize)), blob.Nonexistent, false, 0},
	} {
		r, err := p.prove(t, ctx, c.id).Verify(trust, time.Now())
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if r.Status.Kind != c.kind || r.Status.IsCertified() != c.certified || r.CertifiedUntil != c.until ||
			r.BlobID != c.id || r.Epoch != p.now || r.ChainID != trust.ChainID || r.Height < p.early.Height || r.Time.IsZero() {
			t.Errorf("%s: got %+v", c.name, r)
		}
	}
	c, err := p.source.Prove(ctx, p.permanent, 0)
	if err != nil {
		t.Fatal(err)
	}
	if anchors := c.Anchors(); len(anchors) != 1 {
		t.Errorf("a proof for those who trust its own header leads through %v", anchors)
	} else if _, err := c.Verify(proof.Trust{Anchor: anchors[0]}, time.Now()); err != nil {
		t.Errorf("a proof with its own header trusted: %v", err)
	}
}

func (p *provedChain) testTrust(t *testing.T, ctx context.Context, trust proof.Trust, other *provedChain) {
	c := p.prove(t, ctx, p.permanent)
	for _, test := range []struct {
		name   string
		change func(*proof.Trust)
		later  time.Duration
		want   error
	}{
		{"as it is", func(*proof.Trust) {}, 0, nil},
		{"without a chain's name", func(t *proof.Trust) { t.ChainID = "" }, 0, nil},
		{"another chain's name", func(t *proof.Trust) { t.ChainID = "walrus-dead" }, 0, proof.ErrTrust},
		{"a height that is not there", func(t *proof.Trust) { t.Height = 1 << 40 }, 0, proof.ErrTrust},
		{"another chain's header", func(t *proof.Trust) { t.Hash = other.early.Hash }, 0, proof.ErrTrust},
		{"a day later", func(*proof.Trust) {}, proof.DefaultPeriod, proof.ErrStale},
		{"two days later, trusting three", func(t *proof.Trust) { t.Period = 72 * time.Hour }, 48 * time.Hour, nil},
		{"a clock that is far behind", func(*proof.Trust) {}, -time.Hour, proof.ErrTrust},
	} {
		changed := trust
		test.change(&changed)
		if _, err := c.Verify(changed, time.Now().Add(test.later)); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
	}
}

// A proofFile is the encoding of a proof, to take apart.
type proofFile struct {
	Format string          `json:"format"`
	BlobID blob.ID         `json:"blobId"`
	Blocks [][]byte        `json:"blocks"`
	Info   json.RawMessage `json:"info"`
	Epoch  json.RawMessage `json:"epoch"`
}

func (p *provedChain) file(t *testing.T, ctx context.Context, id blob.ID) (f proofFile) {
	t.Helper()
	if err := json.Unmarshal(encode(t, p.prove(t, ctx, id)), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// testParts puts parts of honest proofs together that do not belong together.
func (p *provedChain) testParts(t *testing.T, ctx context.Context, trust proof.Trust, other *provedChain) {
	honest, registered, absent := p.file(t, ctx, p.permanent), p.file(t, ctx, p.registered), p.file(t, ctx, p.unknown)
	foreign := other.file(t, ctx, other.permanent)
	for _, test := range []struct {
		name   string
		change func(*proofFile)
		want   error
	}{
		{"nothing", func(*proofFile) {}, nil},
		{"for a blob that is only registered", func(f *proofFile) { f.BlobID = p.registered }, proof.ErrInvalid},
		{"for an unknown blob", func(f *proofFile) { f.BlobID = p.unknown }, proof.ErrInvalid},
		{"with another blob's record", func(f *proofFile) { f.Info = registered.Info }, proof.ErrInvalid},
		{"with another blob's absence", func(f *proofFile) { f.Info = absent.Info }, proof.ErrInvalid},
		{"with the epoch's record", func(f *proofFile) { f.Info = f.Epoch }, proof.ErrInvalid},
		{"with the record for the epoch's", func(f *proofFile) { f.Epoch = f.Info }, proof.ErrInvalid},
		{"with another chain's epoch", func(f *proofFile) { f.Epoch = foreign.Epoch }, proof.ErrInvalid},
		{"with another chain's blob", func(f *proofFile) { f.BlobID, f.Info = foreign.BlobID, foreign.Info }, proof.ErrInvalid},
		{"with the trusted header only", func(f *proofFile) { f.Blocks = f.Blocks[:1] }, proof.ErrInvalid},
		{"without the trusted header", func(f *proofFile) { f.Blocks = f.Blocks[1:] }, proof.ErrTrust},
		{"without headers", func(f *proofFile) { f.Blocks = nil }, proof.ErrFormat},
		{"in the wrong order", func(f *proofFile) { slices.Reverse(f.Blocks) }, proof.ErrFormat},
		{"in another format", func(f *proofFile) { f.Format = "walrus-certification-9" }, proof.ErrFormat},
		{"with too many headers", func(f *proofFile) { f.Blocks = slices.Repeat(f.Blocks, 1000) }, proof.ErrFormat},
	} {
		changed := honest
		changed.Blocks = slices.Clone(honest.Blocks)
		test.change(&changed)
		data, err := json.Marshal(changed)
		if err != nil {
			t.Fatal(err)
		}
		c, err := proof.Parse(data)
		if err == nil {
			_, err = c.Verify(trust, time.Now())
		}
		if !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
	}
}

// testChanged changes one byte of a proof at a time: what verifies still says the same.
func (p *provedChain) testChanged(t *testing.T, ctx context.Context, trust proof.Trust) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	for _, id := range []blob.ID{p.permanent, p.unknown} {
		data := encode(t, p.prove(t, ctx, id))
		want, err := reparse(t, data).Verify(trust, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		refused := 0
		for i := range data {
			changed := slices.Clone(data)
			changed[i] ^= 1 << random.IntN(7)
			c, err := proof.Parse(changed)
			if err == nil {
				var got proof.Result
				got, err = c.Verify(trust, time.Now())
				if got.Status.Kind == blob.Nonexistent {
					got.BlobID = want.BlobID // the gap shown has room for other unknown blobs
				}
				if err == nil && !sameResult(got, want) {
					t.Fatalf("seed %d: with byte %d changed it says %+v, want %+v", seed, i, got, want)
				}
			}
			if err != nil {
				refused++
			}
		}
		if 10*refused < 9*len(data) {
			t.Errorf("seed %d: %d of %d changed bytes were noticed", seed, refused, len(data))
		}
	}
}

func sameResult(a, b proof.Result) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}
