package client

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/walrus-go/walrus/committee"
)

// scores remembers how nodes did, so that good ones are asked first. A node that did badly is asked
// less, never not at all: its failures fade, and now and then it is taken at face value.
//
// Safe for concurrent use.
type scores struct {
	mu    sync.Mutex
	nodes map[committee.NodeID]*score // guarded by mu
}

// A score is a node's record.
type score struct {
	latency  float64   // seconds per request of up to latencyUnit bytes, smoothed; 0 if never measured
	failures float64   // share of requests that failed, smoothed, as of updated
	updated  time.Time // when failures was last set
}

const (
	// latencyUnit makes requests of different sizes comparable: a bigger one counts as several.
	latencyUnit = 64 << 10
	// smoothing is the weight of the newest observation.
	smoothing = 0.25
	// forgiveness is the time in which a record of failures halves.
	forgiveness = 30 * time.Second
	// floor is the chance that a node with a bad record is asked like any other.
	floor = 0.05
	// suspicion is how much worse than the median a node must be to be asked last.
	suspicion = 4
	// failurePenalty weighs failures against latency: a node that always fails counts as so many
	// times slower.
	failurePenalty = 20
	// quick is a latency that is never held against a node, in seconds.
	quick = 0.05
)

func newScores() *scores { return &scores{nodes: make(map[committee.NodeID]*score)} }

// observe records a request of size bytes that took d and ended with err.
func (s *scores) observe(id committee.NodeID, d time.Duration, size int, failed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.nodes[id]
	if n == nil {
		n = &score{updated: time.Now()}
		s.nodes[id] = n
	}
	outcome := 0.0
	if failed {
		outcome = 1
	}
	n.failures = (1-smoothing)*n.faded() + smoothing*outcome
	n.updated = time.Now()
	if !failed {
		n.measure(d.Seconds() / max(1, float64(size)/latencyUnit))
	}
}

// late records that a request is taking longer than d, which is too long.
func (s *scores) late(id committee.NodeID, d time.Duration, size int) {
	s.observe(id, d, size, false) // a lower bound of its latency
	s.observe(id, d, size, true)
}

func (n *score) measure(latency float64) {
	if n.latency == 0 {
		n.latency = latency
		return
	}
	n.latency += smoothing * (latency - n.latency)
}

// faded returns the share of failures as it counts now.
func (n *score) faded() float64 {
	return n.failures * math.Exp2(-time.Since(n.updated).Seconds()/forgiveness.Seconds())
}

// cost is what asking the node is worth avoiding, in seconds.
func (n *score) cost(typical float64) float64 {
	latency := n.latency
	if latency == 0 {
		latency = typical
	}
	return max(latency, quick) * (1 + failurePenalty*n.faded())
}

// typicalLatency returns the median latency of requests up to latencyUnit bytes, 0 if none is known.
func (s *scores) typicalLatency() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Duration(s.median() * float64(time.Second))
}

// suspects tells, by position, which members have a bad record.
func (s *scores) suspects(c *committee.Committee) []bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.judge(c, func(int, float64) {})
}

// judge calls f with what each member costs and tells which cost too much. It needs mu.
func (s *scores) judge(c *committee.Committee, f func(i int, cost float64)) []bool {
	members := c.Members()
	typical := s.median()
	suspect := make([]bool, len(members))
	for i := range members {
		cost := max(typical, quick)
		if n := s.nodes[members[i].ID]; n != nil {
			cost = n.cost(typical)
		}
		suspect[i] = cost > suspicion*max(typical, quick)
		f(i, cost)
	}
	return suspect
}

// median needs mu.
func (s *scores) median() float64 {
	var known []float64
	for _, n := range s.nodes {
		if n.latency > 0 {
			known = append(known, n.latency)
		}
	}
	if len(known) == 0 {
		return 0
	}
	slices.Sort(known)
	return known[len(known)/2]
}

// A ranking is one draw of an order among a committee's members.
type ranking struct {
	order   []int  // positions of members, best first
	suspect []bool // by position: better asked last
}

// rank draws an order of the committee's members: random, weighed by cost, with the suspects last.
func (s *scores) rank(c *committee.Committee) ranking {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := make([]float64, len(c.Members()))
	r := ranking{order: make([]int, len(key))}
	r.suspect = s.judge(c, func(i int, cost float64) {
		r.order[i] = i
		// The least of exponential variables with rates 1/cost falls on i in proportion to 1/cost.
		key[i] = rand.ExpFloat64() * cost
	})
	for i, bad := range r.suspect {
		r.suspect[i] = bad && rand.Float64() >= floor
	}
	slices.SortFunc(r.order, func(a, b int) int {
		if r.suspect[a] != r.suspect[b] {
			if r.suspect[a] {
				return 1
			}
			return -1
		}
		return cmp.Compare(key[a], key[b])
	})
	return r
}

// blame records that a node answered with something it should not have.
func (c *Client) blame(m *committee.Member, err error) {
	c.opts.Logger.Debug("node gave a wrong answer", "node", m.Name, "address", m.Address, "err", err)
	for range 2 { // worse than not answering
		c.scores.observe(m.ID, 0, 0, true)
	}
}

// lateness returns what to do about a late request to a candidate. One that waits its turn among our
// own says nothing of the node.
func (c *Client) lateness(com *committee.Committee, nodes []int, size int) func(int, time.Duration, bool) {
	return func(i int, after time.Duration, sent bool) {
		if sent {
			c.scores.late(com.Member(nodes[i]).ID, after, size)
		}
	}
}

// firstPace returns after how long in silence a request of size bytes is late as long as no other has
// been seen to end.
func (c *Client) firstPace(size int) pace {
	typical := c.scores.typicalLatency()
	if typical == 0 {
		return pace{prior: time.Second}
	}
	return pace{prior: 200*time.Millisecond + 4*typical*time.Duration(1+size/latencyUnit)}
}
