package drive

import (
	"slices"
	"testing"
)

func TestShares(t *testing.T) {
	for _, tc := range []struct {
		nodes, shards, faulty int
		want                  []int
	}{
		{4, 10, 1, []int{3, 2, 2, 3}},
		{10, 100, 3, []int{10, 10, 10, 10, 9, 9, 9, 11, 11, 11}},
		{4, 4, 1, []int{1, 1, 1, 1}},
	} {
		if got, faulty := Shares(tc.nodes, tc.shards); !slices.Equal(got, tc.want) || faulty != tc.faulty {
			t.Errorf("Shares(%d, %d) = %v, %d, want %v, %d", tc.nodes, tc.shards, got, faulty, tc.want, tc.faulty)
		}
	}
	for nodes := 4; nodes <= 50; nodes++ {
		for shards := nodes; shards <= 1000; shards += 37 {
			shares, faulty := Shares(nodes, shards)
			sum, last := 0, 0
			for i, s := range shares {
				if s < 1 {
					t.Fatalf("Shares(%d, %d): node %d has %d", nodes, shards, i, s)
				}
				sum += s
				if i >= nodes-faulty {
					last += s
				}
			}
			if sum != shards || last != (shards-1)/3 || len(shares) != nodes {
				t.Fatalf("Shares(%d, %d) = %v, %d", nodes, shards, shares, faulty)
			}
		}
	}
}

func TestTail(t *testing.T) {
	w := new(tail)
	for range 3 {
		if n, err := w.Write(make([]byte, tailBytes)); n != tailBytes || err != nil {
			t.Fatal(n, err)
		}
	}
	w.Write([]byte("the end\n"))
	if got := w.String(); len(got) > tailBytes || got[len(got)-7:] != "the end" {
		t.Errorf("kept %d bytes, ending in %q", len(got), got[len(got)-7:])
	}
}
