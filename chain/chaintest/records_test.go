package chaintest_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cosmos/gogoproto/jsonpb"
	"github.com/cosmos/gogoproto/proto"
	"golang.org/x/crypto/blake2b"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	eventv1 "github.com/walrus-go/walrus/api/event/v1"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/chain/records"
	blobkeeper "github.com/walrus-go/walrus/chain/x/blob/keeper"
)

// expanded returns the modules' part of an exported genesis with the records in it rather than beside it,
// which is a form that a chain can begin with as well.
func expanded(t *testing.T, g *chain.Genesis) map[string]json.RawMessage {
	t.Helper()
	var state map[string]json.RawMessage
	ok(t, json.Unmarshal(g.State(), &state))
	delete(state, "records")
	file, err := g.Records()
	ok(t, err)
	defer file.Close()
	in, err := records.NewReader(file)
	ok(t, err)
	expand(t, in, state, "event", new(eventv1.GenesisState))
	expand(t, in, state, "blob", new(blobv1.GenesisState))
	return state
}

// expand merges the records of a module into its part of a genesis.
func expand(t *testing.T, in *records.Reader, state map[string]json.RawMessage, module string, g interface {
	proto.Message
	Unmarshal([]byte) error
}) {
	t.Helper()
	ok(t, jsonpb.Unmarshal(bytes.NewReader(state[module]), g))
	for {
		part, err := in.Next(module)
		if errors.Is(err, io.EOF) {
			break
		}
		ok(t, err)
		ok(t, g.Unmarshal(part))
	}
	text, err := (&jsonpb.Marshaler{EmitDefaults: true, OrigName: true}).MarshalToString(g)
	ok(t, err)
	state[module] = json.RawMessage(text)
}

// exportedFile is a chain with a bit of everything, as files.
func exportedFile(t *testing.T) string {
	t.Helper()
	c := chaintest.New(t, nil)
	use(t, c)
	path := filepath.Join(t.TempDir(), "next.json")
	_, err := c.App.ExportFile(path, "walrus-fork", c.Now())
	ok(t, err)
	return path
}

// A genesis goes on with the same state whether its records are beside it, in memory or in it.
func TestRecordsGoTheWayOfTheGenesis(t *testing.T) {
	t.Parallel()
	c := chaintest.New(t, nil)
	use(t, c)
	path := filepath.Join(t.TempDir(), "next.json")
	written, err := c.App.ExportFile(path, "walrus-fork", c.Now())
	ok(t, err)
	inMemory, err := c.App.Export("walrus-fork", c.Now())
	ok(t, err)
	ok(t, inMemory.WriteFile(filepath.Join(filepath.Dir(path), "copy")))
	copied, err := chain.ReadGenesis(filepath.Join(filepath.Dir(path), "copy"))
	ok(t, err)
	ok(t, copied.WriteFile(filepath.Join(filepath.Dir(path), "copy"))) // onto itself
	read, err := chain.ReadGenesis(path)
	ok(t, err)
	raw, err := json.Marshal(expanded(t, read))
	ok(t, err)
	for name, g := range map[string]*chain.Genesis{
		"written": written, "in memory": inMemory, "copied": copied, "read": read, "expanded": read.WithState(raw),
	} {
		fork, err := chaintest.Import(g, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := fork.App.Export("walrus-fork", c.Now())
		ok(t, err)
		ok(t, fork.Close())
		if !bytes.Equal(again.State(), inMemory.State()) {
			t.Errorf("%s: the state is another one", name)
		}
	}
}

// Records that are not those of the genesis are refused, wherever they differ.
func TestRecordsAreChecked(t *testing.T) {
	t.Parallel()
	path := exportedFile(t)
	whole, err := os.ReadFile(chain.RecordsFile(path))
	ok(t, err)
	for at := 0; at < len(whole); at += 1 + len(whole)/11 {
		changed := bytes.Clone(whole)
		changed[at] ^= 0x11
		ok(t, os.WriteFile(chain.RecordsFile(path), changed, 0o600))
		g, err := chain.ReadGenesis(path)
		ok(t, err)
		if _, err := g.Verify(); !errors.Is(err, chain.ErrGenesis) {
			t.Errorf("byte %d changed: got %v, want %v", at, err, chain.ErrGenesis)
		}
	}
	for _, raw := range [][]byte{nil, whole[:len(whole)-1], append(bytes.Clone(whole), 0)} {
		ok(t, os.WriteFile(chain.RecordsFile(path), raw, 0o600))
		if _, err := chain.ReadGenesis(path); !errors.Is(err, chain.ErrGenesis) {
			t.Errorf("%d bytes of %d: got %v, want %v", len(raw), len(whole), err, chain.ErrGenesis)
		}
	}
	ok(t, os.Remove(chain.RecordsFile(path)))
	if _, err := chain.ReadGenesis(path); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), chain.RecordsFile(path)) {
		t.Errorf("no records: %v", err)
	}
}

// Records whose hash is right are checked all the same: whoever makes a genesis makes the hash.
func TestRecordsMustBeRecords(t *testing.T) {
	t.Parallel()
	path := exportedFile(t)
	g, err := chain.ReadGenesis(path)
	ok(t, err)
	whole, err := os.ReadFile(chain.RecordsFile(path))
	ok(t, err)
	part := func(module string, g interface{ Marshal() ([]byte, error) }) []byte {
		raw, err := g.Marshal()
		ok(t, err)
		out := append([]byte{byte(len(module))}, module...)
		return append(append(out, 0, 0, byte(len(raw)>>8), byte(len(raw))), raw...)
	}
	twice := &blobv1.GenesisState{Infos: []blobv1.Info{{BlobId: make([]byte, 32)}, {BlobId: make([]byte, 32)}}}
	for _, c := range []struct {
		name string
		more []byte
		want error
	}{
		{"nothing", nil, nil},
		{"an empty part", part("blob", new(blobv1.GenesisState)), nil},
		{"parameters", part("blob", &blobv1.GenesisState{Params: blobv1.Params{MaxEpochsAhead: 1}}), records.ErrCorrupt},
		{"a field nobody knows", part("blob", raw("\x0a\x00\x12\x00\x1a\x00\x72\x00\xa0\x06\x01")), records.ErrCorrupt},
		{"not in the form that is written", part("blob", raw("\x1a\x00\x12\x00\x0a\x00\x72\x00")), records.ErrCorrupt},
		{"no protobuf", part("blob", raw("\xff")), records.ErrCorrupt},
		{"a part out of order", part("event", new(eventv1.GenesisState)), records.ErrCorrupt},
		{"a module nobody knows", part("moon", raw("")), records.ErrCorrupt},
		{"a part of no module", []byte{0, 0, 0, 0, 0}, records.ErrCorrupt},
		{"a part that is too long", []byte("\x04blob\x7f\xff\xff\xff"), records.ErrCorrupt},
		{"a part that ends early", []byte("\x04blob\x00\x00\x01\x00"), records.ErrCorrupt},
		{"a record twice", part("blob", twice), blobkeeper.ErrGenesis},
		{"a record without an ID", part("blob", &blobv1.GenesisState{Blobs: []blobv1.Blob{{}}}), blobkeeper.ErrGenesis},
	} {
		changed := append(bytes.Clone(whole), c.more...)
		ok(t, os.WriteFile(chain.RecordsFile(path), changed, 0o600))
		sum := blake2b.Sum256(changed)
		var state map[string]json.RawMessage
		ok(t, json.Unmarshal(g.State(), &state))
		var err error
		state["records"], err = json.Marshal(records.Digest{Hash: hex.EncodeToString(sum[:]), Size: int64(len(changed))})
		ok(t, err)
		text, err := json.Marshal(state)
		ok(t, err)
		if _, err := g.WithState(text).Verify(); !errors.Is(err, c.want) || c.want != nil && !errors.Is(err, chain.ErrGenesis) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

// raw is a message as bytes.
type raw string

// Marshal returns the bytes.
func (r raw) Marshal() ([]byte, error) { return []byte(r), nil }
