package economy_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/walrus-go/walrus/chain/economy"
)

// A group is the entries of one golden group and the section of the specification that they are about.
type group struct {
	section string
	run     func(t *testing.T, entries json.RawMessage)
}

// groups lists every group that this code must reproduce.
var groups = map[string]group{
	"encoded_length":       {"1.3", testEncodedLength},
	"storage_cost":         {"1.4", testStorageCost},
	"blob_id":              {"2.3", testBlobID},
	"thresholds":           {"0.2", testThresholds},
	"price_vote":           {"1.5", testPriceVote},
	"capacity_vote":        {"1.5", testCapacityVote},
	"apportionment":        {"6.2", testApportionment},
	"max_shards_per_node":  {"6.2", testMaxShards},
	"active_set":           {"6.1", testActiveSet},
	"committee_init":       {"6.3", testCommitteeInit},
	"committee_transition": {"6.4", testCommitteeTransition},
	"exchange_rate":        {"5.4", testExchangeRate},
	"reward_split":         {"7.4", testRewardSplit},
	"bitmap":               {"4.4", testBitmap},
	"messages":             {"4.3", testMessages},
	"bls_certificates":     {"4.4", testCertificates},
	"proof_of_possession":  {"4.5", testPossession},
	"legacy_subsidy_split": {"2.13", testLegacySubsidy},
	"pool_scenarios":       {"5.5-5.7", testPoolScenarios},
	"pool_regressions":     {"5.9", testPoolScenarios},
	"scenarios":            {"11.3", testScenarios},
}

// outOfScope lists what the file holds besides: section 12 is built elsewhere.
var outOfScope = map[string]string{
	"format":            "description of the file",
	"design_extensions": "proposals of section 12",
}

// TestVectors reproduces the golden values. See testdata/README.md.
func TestVectors(t *testing.T) {
	dir, published := vectorsDir()
	data, err := os.ReadFile(filepath.Join(dir, "control-plane.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]json.RawMessage
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(file)) {
		if why, ok := outOfScope[name]; ok {
			t.Logf("%s: out of scope: %s", name, why)
			continue
		}
		g, ok := groups[name]
		if !ok {
			t.Errorf("%s: unknown group", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Logf("spec: control-plane.md section %s", g.section)
			g.run(t, file[name])
		})
	}
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		if _, ok := file[name]; !ok && published {
			t.Errorf("%s: group is missing", name)
		}
	}
}

// TestVectorForms reads values of our own in the forms that the format allows and the golden values do not use.
func TestVectorForms(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "forms.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]json.RawMessage
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(file)) {
		t.Run(name, func(t *testing.T) { groups[name].run(t, file[name]) })
	}
}

// vectorsDir returns where the golden values are, and whether they are the published ones, which are complete.
func vectorsDir() (dir string, published bool) {
	if dir = os.Getenv("WALRUS_VECTORS_DIR"); dir != "" {
		return dir, false
	}
	return "testdata", true
}

// decode reads JSON and keeps all digits of numbers whose type is left open.
func decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode(v)
}

// each decodes the entries of a group and runs f on every one as a test of its own.
func each[T any](t *testing.T, entries json.RawMessage, f func(t *testing.T, v T)) {
	t.Helper()
	var raw []json.RawMessage
	if err := json.Unmarshal(entries, &raw); err != nil {
		t.Fatal(err)
	}
	if _, published := vectorsDir(); len(raw) == 0 && published {
		t.Fatal("group is empty")
	}
	for i, r := range raw {
		var named struct{ Name string }
		_ = json.Unmarshal(r, &named)
		t.Run(fmt.Sprintf("%d %s", i, named.Name), func(t *testing.T) {
			defer func() { // one bad entry must not hide the others
				if p := recover(); p != nil {
					t.Fatalf("panic: %v\n%s", p, debug.Stack())
				}
			}()
			var v T
			if err := decode(r, &v); err != nil {
				t.Fatal(err)
			}
			f(t, v)
		})
	}
}

// wantError compares an error with the name of the one expected, "" for none. It tells whether the entry is
// about an error.
func wantError(t *testing.T, err error, want string) bool {
	t.Helper()
	if err == nil && want == "" {
		return false
	}
	if err == nil {
		t.Errorf("no error, want %s", want)
	} else if got := economy.NameOf(err); got != want {
		t.Errorf("error %q (%v), want %q", got, err, want)
	}
	return true
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func equalSlices[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// A number is a u64 written as a decimal string or as a JSON number.
type number uint64

func (n *number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*n = 0
		return nil
	}
	v, err := strconv.ParseUint(string(bytes.Trim(b, `"`)), 10, 64)
	*n = number(v)
	return err
}

// octets are bytes written as hex, null for none.
type octets []byte

func (o *octets) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	v, err := hex.DecodeString(strings.TrimPrefix(s, "0x"))
	*o = v
	return err
}

// id is 32 bytes written as hex, null for zeros.
type id [32]byte

func (i *id) UnmarshalJSON(b []byte) error {
	var o octets
	if err := o.UnmarshalJSON(b); err != nil {
		return err
	}
	if len(o) != len(i) && string(b) != "null" {
		return fmt.Errorf("id of %d bytes", len(o))
	}
	copy(i[:], o)
	return nil
}
