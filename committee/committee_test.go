package committee

import (
	"errors"
	"testing"
)

func node(id byte, shards ...Shard) Member { return Member{ID: NodeID{id}, Shards: shards} }

func TestNew(t *testing.T) {
	for name, tc := range map[string]struct {
		shards  int
		members []Member
		ok      bool
	}{
		"every shard once":        {4, []Member{node(1, 0, 3), node(2, 1, 2)}, true},
		"no members, no shards":   {0, nil, true},
		"shard without owner":     {4, []Member{node(1, 0, 3), node(2, 1)}, false},
		"shard with two owners":   {4, []Member{node(1, 0, 3), node(2, 1, 2, 0)}, false},
		"shard out of range":      {4, []Member{node(1, 0, 3), node(2, 1, 4)}, false},
		"member without shard":    {2, []Member{node(1, 0, 1), node(2)}, false},
		"members out of order":    {2, []Member{node(2, 0), node(1, 1)}, false},
		"the same member twice":   {2, []Member{node(1, 0), node(1, 1)}, false},
		"shards without a member": {2, nil, false},
		"too many shards":         {1 << 17, nil, false},
		"negative shards":         {-1, nil, false},
	} {
		_, err := New(7, tc.shards, tc.members)
		if (err == nil) != tc.ok {
			t.Errorf("%s: got %v", name, err)
		}
		if err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v is not ErrInvalid", name, err)
		}
	}
}

func TestThresholdsAgreeWithTheirDefinition(t *testing.T) {
	for n := 1; n <= 2000; n++ {
		q, v := Quorum(n), Validity(n)
		if 3*q < 2*n+1 || 3*(q-1) >= 2*n+1 {
			t.Fatalf("quorum of %d shards is %d", n, q)
		}
		if 3*v < n+1 || 3*(v-1) >= n+1 {
			t.Fatalf("validity of %d shards is %d", n, v)
		}
		if f := Faulty(n); n-f < q {
			t.Fatalf("with %d shards, %d faulty ones prevent the quorum of %d", n, f, q)
		}
	}
}

func TestLookups(t *testing.T) {
	c, err := New(3, 4, []Member{node(1, 0, 3), node(9, 2, 1)})
	if err != nil {
		t.Fatal(err)
	}
	if c.Owner(2) != 1 || c.Owner(3) != 0 {
		t.Errorf("owners of shards 2 and 3: %d, %d", c.Owner(2), c.Owner(3))
	}
	if i, ok := c.Find(NodeID{9}); !ok || i != 1 {
		t.Errorf("node 9 found at %d, %v", i, ok)
	}
	if _, ok := c.Find(NodeID{8}); ok {
		t.Error("node 8 found")
	}
	if c.Epoch() != 3 || c.Shards() != 4 || c.Faulty() != 1 || c.Quorum() != 3 || c.Validity() != 2 || c.Correct() != 3 {
		t.Errorf("thresholds: %+v", c)
	}
}

func TestNodeIDText(t *testing.T) {
	id := NodeID{0xab, 31: 1}
	text, _ := id.MarshalText()
	var back NodeID
	if err := back.UnmarshalText(text); err != nil || back != id {
		t.Fatalf("%s: %v", text, err)
	}
	for _, bad := range []string{"", "0x", "0x12", string(text[2:]) + "00", "0x" + string(text[2:65]) + "g"} {
		if err := back.UnmarshalText([]byte(bad)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
