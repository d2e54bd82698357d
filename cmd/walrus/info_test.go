package main

import (
	"strings"
	"testing"

	"github.com/walrus-go/walrus/committee"
)

// TestPrintChanges: what the next epoch changes is told for each node, and that nothing changes, too.
func TestPrintChanges(t *testing.T) {
	t.Parallel()
	member := func(name string, shards ...committee.Shard) memberJSON {
		return memberJSON{Name: name, NodeID: committee.NodeID{name[0]}, ShardIDs: shards, NShards: len(shards)}
	}
	current := []memberJSON{member("alice", 0, 1), member("bob", 2), member("carol", 3, 4)}
	for _, tc := range []struct {
		name string
		next []memberJSON
		want string
	}{
		{"nothing", current, "\nIn the next epoch\n  Committee:  the same nodes with the same shards\n"},
		{"all kinds", []memberJSON{member("dave", 1, 2), member("alice", 0, 3), member("carol", 4)},
			"\nIn the next epoch\n  alice:  gains 1 shard, loses 1\n  bob:    leaves, with 1 shard\n  carol:  gains 0 shards, loses 1\n  dave:   joins, with 2 shards\n"},
	} {
		var out strings.Builder
		if err := printChanges(&out, current, tc.next); err != nil || out.String() != tc.want {
			t.Errorf("%s: got %q, %v, want %q", tc.name, out.String(), err, tc.want)
		}
	}
}
