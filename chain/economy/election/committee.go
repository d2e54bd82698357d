package election

import (
	"bytes"
	"slices"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/committee"
)

// A Committee says which node holds which shards: members in ascending order of IDs, each with its shards
// in an order that depends on history and is kept.
type Committee []Member

// A Member is a node with its shards.
type Member struct {
	Node   committee.NodeID
	Shards []committee.Shard
}

// A Seat is a node with the number of shards it is to have.
type Seat struct {
	Node  committee.NodeID
	Count uint16
}

// Find returns the shards of node, or false if it is no member.
func (c Committee) Find(node committee.NodeID) ([]committee.Shard, bool) {
	i, found := c.search(node)
	if !found {
		return nil, false
	}
	return c[i].Shards, true
}

// Weight returns the number of shards of node, 0 if it is no member.
func (c Committee) Weight(node committee.NodeID) uint16 {
	shards, _ := c.Find(node)
	return uint16(len(shards))
}

// Has tells whether node is a member.
func (c Committee) Has(node committee.NodeID) bool {
	_, found := c.search(node)
	return found
}

// ShardCount returns the number of shards of all members.
func (c Committee) ShardCount() int {
	n := 0
	for _, m := range c {
		n += len(m.Shards)
	}
	return n
}

func (c Committee) search(node committee.NodeID) (int, bool) {
	return slices.BinarySearchFunc(c, node, func(m Member, id committee.NodeID) int {
		return bytes.Compare(m.Node[:], id[:])
	})
}

// First returns the first committee: shard numbers in sequence, to seats in ascending order of IDs.
// Source: spec: control-plane.md section 6.3.
func First(seats []Seat) Committee {
	sorted := slices.SortedFunc(slices.Values(seats), func(a, b Seat) int { return bytes.Compare(a.Node[:], b.Node[:]) })
	c := make(Committee, 0, len(seats))
	next := 0
	for _, s := range sorted {
		m := Member{Node: s.Node, Shards: make([]committee.Shard, s.Count)}
		for i := range m.Shards {
			m.Shards[i] = committee.Shard(next)
			next++
		}
		c = append(c, m)
	}
	return c
}

// Transition returns the committee with the given seats, which are in the order of the active set, moving
// no more shards than necessary. Members of c that get fewer shards keep the first of theirs. The result
// shares nothing with c.
//
// Errors: [economy.ErrCommitteeInvalidShardAssignment] if the seats are not as many as the shards.
// Source: spec: control-plane.md section 6.4.
func (c Committee) Transition(seats []Seat) (Committee, error) {
	counts := make(map[committee.NodeID]int, len(seats))
	total := 0
	for _, s := range seats {
		counts[s.Node] = int(s.Count)
		total += int(s.Count)
	}
	if total != c.ShardCount() || len(counts) != len(seats) {
		return nil, economy.ErrCommitteeInvalidShardAssignment
	}
	next, freed := c.shrink(counts)
	kept := len(next)
	for _, s := range seats {
		if s.Count > 0 && !c.Has(s.Node) {
			next = append(next, Member{Node: s.Node})
		}
	}
	// Newcomers first, then members that grow: both find their shards on top of the stack.
	order := slices.Concat(indices(kept, len(next)), indices(0, kept))
	for _, i := range order {
		m := &next[i]
		for len(m.Shards) < counts[m.Node] {
			top := len(freed) - 1
			m.Shards = append(m.Shards, freed[top])
			freed = freed[:top]
		}
	}
	slices.SortFunc(next, func(a, b Member) int { return bytes.Compare(a.Node[:], b.Node[:]) })
	return next, nil
}

// shrink returns what the members of c keep, without those that leave, and the stack of shards freed.
func (c Committee) shrink(counts map[committee.NodeID]int) (kept Committee, freed []committee.Shard) {
	for _, m := range c {
		count := counts[m.Node]
		if count == 0 {
			freed = append(freed, m.Shards...)
			continue
		}
		keep := min(count, len(m.Shards))
		for i := len(m.Shards) - 1; i >= keep; i-- {
			freed = append(freed, m.Shards[i])
		}
		kept = append(kept, Member{Node: m.Node, Shards: slices.Clone(m.Shards[:keep])})
	}
	return kept, freed
}

func indices(from, to int) []int {
	out := make([]int, 0, to-from)
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}

// Moved returns the number of shards that have another holder in next than in c.
func (c Committee) Moved(next Committee) int {
	moved := 0
	for _, m := range next {
		before, _ := c.Find(m.Node)
		held := make(map[committee.Shard]bool, len(before))
		for _, s := range before {
			held[s] = true
		}
		for _, s := range m.Shards {
			if !held[s] {
				moved++
			}
		}
	}
	return moved
}
