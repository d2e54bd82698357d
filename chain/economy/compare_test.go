package economy_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
)

// compare holds the result of an op against what the vectors expect of it: an error by name, or some of the
// result's fields.
func compare(t *testing.T, i int, op string, got map[string]any, err error, want map[string]any) {
	t.Helper()
	name := ""
	if e, ok := want["error"]; ok {
		name = e.(string)
	}
	if err != nil || name != "" {
		t.Helper()
		if !wantError(t, err, name) {
			return
		}
		if t.Failed() {
			t.Fatalf("op %d, %s", i, op)
		}
		return
	}
	for _, field := range slices.Sorted(maps.Keys(want)) {
		have, ok := got[field]
		if !ok {
			t.Fatalf("op %d, %s: result has no field %q", i, op, field)
		}
		if a, b := plain(t, have), plain(t, want[field]); !reflect.DeepEqual(a, b) {
			t.Fatalf("op %d, %s: %s:\n got %v\nwant %v", i, op, field, a, b)
		}
	}
}

// plain brings a value into the form in which the vectors write it, with all numbers as decimal strings.
func plain(t *testing.T, v any) any {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[k] = plain(t, x)
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, x := range v {
			out = append(out, plain(t, x))
		}
		return out
	case []committee.Shard:
		out := make([]any, 0, len(v))
		for _, x := range v {
			out = append(out, plain(t, x))
		}
		return out
	case blob.ID:
		return hex.EncodeToString(v[:])
	case [32]byte:
		return hex.EncodeToString(v[:])
	case string, bool, nil:
		return v
	case json.Number:
		return v.String()
	case float64:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprint(v)
}
