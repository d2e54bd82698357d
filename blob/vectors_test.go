package blob_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/walrus-go/walrus/blake2x"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/gf"
	"github.com/walrus-go/walrus/merkle"
	"github.com/walrus-go/walrus/redstuff"
)

// source is the blob of a vector.
type source struct {
	Shards   int   `json:"n_shards"`
	Size     int   `json:"size"`
	Seed     int   `json:"seed"`
	Constant *byte `json:"constant"`
}

// bytes makes the blob by the file's data_rule.
func (s source) bytes() []byte {
	b := make([]byte, s.Size)
	for i := range b {
		if s.Constant != nil {
			b[i] = *s.Constant
		} else {
			b[i] = byte(167*i + 13*(i/256) + 7*(i/65536) + s.Seed)
		}
	}
	return b
}

func (s source) String() string {
	if s.Constant != nil {
		return fmt.Sprintf("%d shards, %d bytes of %d", s.Shards, s.Size, *s.Constant)
	}
	return fmt.Sprintf("%d shards, %d bytes, seed %d", s.Shards, s.Size, s.Seed)
}

type sliverVector struct {
	Index  int    `json:"index"`
	SHA256 string `json:"sha256"`
	Root   string `json:"root"`
}

type caseVector struct {
	source
	SymbolSize      int            `json:"symbol_size"`
	BlobID          string         `json:"blob_id"`
	BlobIDu256      string         `json:"blob_id_u256"`
	RootHash        string         `json:"root_hash"`
	ShardOfPair0    int            `json:"shard_of_pair_0"`
	EncodedSize     uint64         `json:"encoded_size"`
	MetadataSHA     string         `json:"metadata_bcs_sha256"`
	WithIDSHA       string         `json:"metadata_with_id_bcs_sha256"`
	WithIDHex       string         `json:"metadata_with_id_bcs_hex"`
	PrimaryHex      []string       `json:"primary_hex"`
	SecondaryHex    []string       `json:"secondary_hex"`
	PairHashes      [][2]string    `json:"pair_hashes"`
	Primary         []sliverVector `json:"primary"`
	Secondary       []sliverVector `json:"secondary"`
	AllPrimarySHA   string         `json:"all_primary_sha256"`
	AllSecondarySHA string         `json:"all_secondary_sha256"`
	Primary0Hex     string         `json:"primary_0_bcs_hex"`
	Secondary0Hex   string         `json:"secondary_0_bcs_hex"`
}

type recoveryVector struct {
	source
	BlobID      string           `json:"blob_id"`
	TargetType  redstuff.Axis    `json:"target_type"`
	TargetIndex blob.SliverIndex `json:"target_index"`
	SourceIndex blob.SliverIndex `json:"source_index"`
	SymbolID    blob.SymbolID    `json:"symbol_id"`
	Symbol      string           `json:"symbol"`
	General     string           `json:"general_recovery_symbol_bcs"`
	Recovery    string           `json:"recovery_symbol_bcs"`
}

type inconsistencyVector struct {
	source
	TargetType  redstuff.Axis      `json:"target_type"`
	TargetIndex blob.SliverIndex   `json:"target_index"`
	Sources     []blob.SliverIndex `json:"sources"`
	Proof       string             `json:"proof_bcs"`
	Note        string             `json:"note"`
}

// TestVectors runs every group of the vectors. Cases of up to 101 shards are encoded under every kernel and
// from a reader too.
func TestVectors(t *testing.T) {
	file := filepath.Join("testdata", "encoding.json")
	if dir := os.Getenv("WALRUS_VECTORS_DIR"); dir != "" {
		file = filepath.Join(dir, "encoding.json")
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var groups map[string]json.RawMessage
	if err := json.Unmarshal(raw, &groups); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for name, group := range groups {
		var n int
		switch name {
		case "format", "generator", "encoding_type", "data_rule", "notes", "recovery_note":
		case "cases":
			n = runGroup(t, name, group, checkCase)
		case "recovery":
			n = runGroup(t, name, group, checkRecovery)
		case "inconsistency":
			n = runGroup(t, name, group, checkInconsistency)
		default:
			t.Errorf("unknown group %q in %s", name, file)
		}
		ran += n
	}
	if ran == 0 {
		t.Fatalf("no case in %s", file)
	}
	t.Logf("%d cases of %s", ran, file)
}

// runGroup calls check for every element of a group, which must know all its fields.
func runGroup[T interface{ String() string }](t *testing.T, name string, group json.RawMessage, check func(*testing.T, T)) int {
	var cases []T
	d := json.NewDecoder(bytes.NewReader(group))
	d.DisallowUnknownFields()
	if err := d.Decode(&cases); err != nil {
		t.Errorf("group %s: %v", name, err)
		return 0
	}
	if len(cases) == 0 {
		t.Errorf("group %s is empty", name)
	}
	for i, c := range cases {
		t.Run(fmt.Sprintf("%s/%d: %v", name, i, c), func(t *testing.T) { check(t, c) })
	}
	return len(cases)
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

func encode(t *testing.T, data []byte, n int) (*redstuff.Encoding, *blob.Metadata, blob.ID) {
	t.Helper()
	e, m, id, err := blob.New(data, n, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e, m, id
}

func checkCase(t *testing.T, c caseVector) {
	data := c.bytes()
	e, m, id := encode(t, data, c.Shards)
	checkNames(t, c, m, id)
	checkSlivers(t, c, e, m)

	code, err := redstuff.New(c.Shards)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "symbol size", e.SymbolSize, c.SymbolSize)
	length, err := code.EncodedLength(uint64(c.Size))
	if err != nil {
		t.Error(err)
	}
	want(t, "encoded size", length, c.EncodedSize)

	if c.Shards > 101 {
		return
	}
	little := &redstuff.Options{Memory: 1 << 20}
	commitment, err := code.CommitFrom(bytes.NewReader(data), int64(len(data)), little)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "ID from a reader in little memory", blob.NewMetadata(commitment).ID(), id)
	checkKernels(t, code, data, id)
}

// checkKernels encodes under every kernel of the field and of the hash, one changed at a time. It is
// not run in parallel with other tests.
func checkKernels(t *testing.T, code *redstuff.Code, data []byte, id blob.ID) {
	check := func(what, name string, pin func(string) (func(), error)) {
		restore, err := pin(name)
		if err != nil {
			t.Fatal(err)
		}
		defer restore()
		c, err := code.Commit(data, nil)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "ID by the "+what+" kernel "+name, blob.NewMetadata(c).ID(), id)
	}
	for _, name := range gf.Kernels() {
		if name != gf.Active().Name {
			check("field's", name, gf.Pin)
		}
	}
	for _, name := range blake2x.Kernels() {
		if name != blake2x.Kernel() {
			check("hash's", name, blake2x.Pin)
		}
	}
}

func checkNames(t *testing.T, c caseVector, m *blob.Metadata, id blob.ID) {
	want(t, "blob ID", id.String(), c.BlobID)
	want(t, "decimal ID", id.Decimal(), c.BlobIDu256)
	want(t, "root", m.Root().String(), c.RootHash)
	want(t, "shard of pair 0", id.Shard(0, c.Shards), blob.Shard(c.ShardOfPair0))
	want(t, "pair of that shard", id.Pair(blob.Shard(c.ShardOfPair0), c.Shards), 0)
	if got, err := blob.ParseID(c.BlobID); err != nil || got != id {
		t.Errorf("ID %s parsed as %v, %v", c.BlobID, got, err)
	}
	if got, err := blob.ParseDecimal(c.BlobIDu256); err != nil || got != id {
		t.Errorf("ID %s parsed as %v, %v", c.BlobIDu256, got, err)
	}
	want(t, "metadata", sum(m.AppendBCS(nil)), c.MetadataSHA)
	withID := m.AppendBCSWithID(nil, id)
	want(t, "metadata with ID", sum(withID), c.WithIDSHA)
	if c.WithIDHex != "" {
		want(t, "metadata with ID", hex.EncodeToString(withID), c.WithIDHex)
	}
	gotID, got, err := blob.ParseMetadataWithID(withID)
	if err != nil {
		t.Fatal(err)
	}
	if gotID != id || !slices.Equal(got.Hashes, m.Hashes) || got.Size != m.Size {
		t.Error("metadata did not come back from its bytes")
	}
	if err := got.Verify(id, c.Shards); err != nil {
		t.Error(err)
	}
}

func checkSlivers(t *testing.T, c caseVector, e *redstuff.Encoding, m *blob.Metadata) {
	var all [2][]byte
	for _, axis := range []redstuff.Axis{redstuff.Primary, redstuff.Secondary} {
		for i := range c.Shards {
			all[axis] = append(all[axis], e.Sliver(axis, i)...)
		}
	}
	if c.AllPrimarySHA != "" {
		want(t, "all primary slivers", sum(all[redstuff.Primary]), c.AllPrimarySHA)
		want(t, "all secondary slivers", sum(all[redstuff.Secondary]), c.AllSecondarySHA)
	}
	for axis, list := range [2][]string{c.PrimaryHex, c.SecondaryHex} {
		for i, w := range list {
			want(t, fmt.Sprint(redstuff.Axis(axis), " sliver ", i), hex.EncodeToString(e.Sliver(redstuff.Axis(axis), i)), w)
		}
	}
	for axis, list := range [2][]sliverVector{c.Primary, c.Secondary} {
		for _, v := range list {
			sliver := blob.NewSliver(e, redstuff.Axis(axis), blob.SliverIndex(v.Index))
			want(t, sliver.ID().String(), sum(sliver.Data), v.SHA256)
			root, err := m.Hash(sliver.Axis, sliver.Index)
			if err != nil {
				t.Fatal(err)
			}
			want(t, "root of "+sliver.ID().String(), root.String(), v.Root)
			if err := sliver.Verify(m); err != nil {
				t.Error(err)
			}
		}
	}
	for p, v := range c.PairHashes {
		want(t, fmt.Sprint("primary root ", p), m.Hashes[p].Primary.String(), v[0])
		want(t, fmt.Sprint("secondary root of pair ", p), m.Hashes[p].Secondary.String(), v[1])
	}
	for axis, w := range [2]string{c.Primary0Hex, c.Secondary0Hex} {
		if w != "" {
			want(t, "bytes of sliver 0", hex.EncodeToString(blob.NewSliver(e, redstuff.Axis(axis), 0).AppendBCS(nil)), w)
		}
	}
}

func checkRecovery(t *testing.T, c recoveryVector) {
	e, m, id := encode(t, c.bytes(), c.Shards)
	want(t, "blob ID", id.String(), c.BlobID)
	expanded, err := blob.NewSliver(e, c.TargetType.Other(), c.SourceIndex).Expand(c.Shards)
	if err != nil {
		t.Fatal(err)
	}
	symbol, err := expanded.Recovery(c.TargetIndex)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "symbol", hex.EncodeToString(symbol.Data), c.Symbol)
	want(t, "symbol ID", symbol.SymbolID(), c.SymbolID)
	want(t, "general symbol", hex.EncodeToString(symbol.AppendBCS(nil)), c.General)
	want(t, "recovery symbol", hex.EncodeToString(symbol.RecoverySymbol.AppendBCS(nil)), c.Recovery)
	raw, _ := hex.DecodeString(c.General)
	parsed, err := blob.ParseGeneralSymbol(raw)
	if err != nil {
		t.Fatal(err)
	}
	target := blob.SliverID{Axis: c.TargetType, Index: c.TargetIndex}
	if err := parsed.Verify(m, target); err != nil {
		t.Error(err)
	}
	if err := parsed.Verify(m, blob.SliverID{Axis: c.TargetType.Other(), Index: c.SourceIndex}); err != nil {
		t.Errorf("for the source itself: %v", err)
	}
}

func checkInconsistency(t *testing.T, c inconsistencyVector) {
	e, m, _ := encode(t, c.bytes(), c.Shards)
	proof := &blob.InconsistencyProof{Target: blob.SliverID{Axis: c.TargetType, Index: c.TargetIndex}}
	for _, i := range c.Sources {
		x, err := blob.NewSliver(e, c.TargetType.Other(), i).Expand(c.Shards)
		if err != nil {
			t.Fatal(err)
		}
		s, err := x.Recovery(c.TargetIndex)
		if err != nil {
			t.Fatal(err)
		}
		proof.Symbols = append(proof.Symbols, s.RecoverySymbol)
	}
	want(t, "proof", hex.EncodeToString(proof.AppendBCS(nil)), c.Proof)
	raw, _ := hex.DecodeString(c.Proof)
	proof, err := blob.ParseInconsistencyProof(c.TargetType, raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := proof.Verify(m); !errors.Is(err, blob.ErrConsistent) {
		t.Errorf("with true metadata: got %v", err)
	}
	lie := *m
	lie.Hashes = slices.Clone(m.Hashes)
	pair := &lie.Hashes[c.TargetIndex.Pair(c.TargetType, c.Shards)]
	if c.TargetType == redstuff.Primary {
		pair.Primary = merkle.Hash{}
	} else {
		pair.Secondary = merkle.Hash{}
	}
	if err := proof.Verify(&lie); err != nil {
		t.Errorf("with a false root: got %v", err)
	}
	proof.Symbols = proof.Symbols[1:]
	if err := proof.Verify(&lie); !errors.Is(err, blob.ErrSymbolCount) {
		t.Errorf("with a symbol dropped: got %v", err)
	}
}
