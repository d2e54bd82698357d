package epoch

import (
	"fmt"

	"github.com/walrus-go/walrus/chain/economy/election"
	"github.com/walrus-go/walrus/chain/economy/price"
	"github.com/walrus-go/walrus/committee"
)

// A Failure is a node that a step had to leave out, with the reason. It is to be logged: the node's state
// is broken, or its loader is.
type Failure struct {
	Node committee.NodeID
	Err  error
}

// A Selection is what is fixed at the end of voting for the next epoch.
type Selection struct {
	Committee election.Committee
	Capacity  uint64 // voted
	Failed    []Failure
}

// Select chooses the committee after current from the active set, and the capacity that its members vote
// for. capacity returns what a node says it can store; a node for which it fails, or panics, is passed
// over. Keys of the members are the caller's to freeze.
//
// Errors: [economy.ErrStakingInnerNoStake], [economy.ErrApportionmentQueuePopFromEmptyHeap]: nothing is
// selected, try again later. Source: spec: control-plane.md sections 6, 7.2 and 1.5.
func Select(active election.ActiveSet, current election.Committee, shards uint16, capacity func(committee.NodeID) (uint64, error)) (Selection, error) {
	var sel Selection
	var nodes []committee.NodeID
	var stakes []uint64
	capacities := make(map[committee.NodeID]uint64, len(active.Entries))
	for _, c := range active.Entries {
		err := isolate(func() (err error) {
			capacities[c.Node], err = capacity(c.Node)
			return err
		})
		if err != nil {
			sel.Failed = append(sel.Failed, Failure{c.Node, err})
			continue
		}
		nodes = append(nodes, c.Node)
		stakes = append(stakes, c.Stake)
	}
	counts, err := election.Apportion(stakes, shards)
	if err != nil {
		return Selection{}, err
	}
	var seats []election.Seat
	for i, count := range counts {
		if count > 0 {
			seats = append(seats, election.Seat{Node: nodes[i], Count: count})
		}
	}
	if len(current) == 0 {
		sel.Committee = election.First(seats)
	} else if sel.Committee, err = current.Transition(seats); err != nil {
		return Selection{}, err
	}
	sel.Capacity = votedCapacity(sel.Committee, shards, capacities)
	return sel, nil
}

func votedCapacity(next election.Committee, shards uint16, capacities map[committee.NodeID]uint64) uint64 {
	votes := make([]price.Vote, len(next))
	for i, m := range next {
		weight := uint16(len(m.Shards))
		votes[i] = price.Vote{Value: price.CapacityVote(capacities[m.Node], weight, shards), Weight: weight}
	}
	return price.CapacityFromVotes(votes, shards)
}

// isolate runs f and returns its error, or its panic as an error.
func isolate(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("epoch: node state is broken: %v", r)
		}
	}()
	return f()
}
