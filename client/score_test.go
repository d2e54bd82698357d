package client

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/walrus-go/walrus/committee"
)

// scored makes a committee of nodes and scores in which they are known.
func scored(t *testing.T, nodes int) (*scores, *committee.Committee) {
	t.Helper()
	var members []committee.Member
	s := newScores()
	for i := range nodes {
		members = append(members, committee.Member{ID: committee.NodeID{byte(i)}, Shards: []committee.Shard{committee.Shard(i)}})
		for range 10 {
			s.observe(members[i].ID, 100*time.Millisecond, 0, false)
		}
	}
	c, err := committee.New(1, nodes, members)
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

// shares counts how often each node comes first, and how often it is a suspect, of 10000 draws.
func shares(s *scores, c *committee.Committee) (first, suspect []int) {
	first, suspect = make([]int, len(c.Members())), make([]int, len(c.Members()))
	for range 10_000 {
		r := s.rank(c)
		first[r.order[0]]++
		for i, bad := range r.suspect {
			if bad {
				suspect[i]++
			}
		}
	}
	return first, suspect
}

func TestScores(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := scored(t, 5)
		first, _ := shares(s, c)
		for i, n := range first {
			if n < 1500 || n > 2500 {
				t.Errorf("equal node %d comes first %d times of 10000", i, n)
			}
		}

		for range 3 {
			s.observe(c.Member(2).ID, 0, 0, true)
		}
		first, suspect := shares(s, c)
		if first[2] == 0 || first[2] > 200 || suspect[2] < 9000 || suspect[0] > 0 {
			t.Errorf("failing node comes first %d times of 10000, suspect %d times; a good one suspect %d times", first[2], suspect[2], suspect[0])
		}

		time.Sleep(10 * forgiveness)
		if first, _ = shares(s, c); first[2] < 1500 {
			t.Errorf("long after its failures, node comes first %d times of 10000", first[2])
		}

		for range 20 {
			s.observe(c.Member(3).ID, 3*time.Second, 0, false)
		}
		first, suspect = shares(s, c)
		if first[3] > 200 || suspect[3] < 9000 {
			t.Errorf("slow node comes first %d times of 10000, suspect %d times", first[3], suspect[3])
		}
	})
}

// TestScoresComparesSizes: a node is not slow for being asked for more.
func TestScoresComparesSizes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := scored(t, 5)
		for range 20 {
			s.observe(c.Member(1).ID, 2*time.Second, 20*latencyUnit, false)
		}
		if s.suspects(c)[1] {
			t.Error("a node that sent 20 times as much in 20 times the time is a suspect")
		}
	})
}

// TestScoresOfStrangers: nodes nobody has asked yet are as good as the rest.
func TestScoresOfStrangers(t *testing.T) {
	_, c := scored(t, 4)
	s := newScores()
	if got := s.typicalLatency(); got != 0 {
		t.Errorf("typical latency of nothing is %v", got)
	}
	first, suspect := shares(s, c)
	for i := range first {
		if first[i] < 2000 || suspect[i] > 0 {
			t.Errorf("unknown node %d comes first %d times of 10000, suspect %d times", i, first[i], suspect[i])
		}
	}
}
