package chaintest_test

import (
	"fmt"
	"slices"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/committee"
)

// maxWalkStakes bounds the stakes there are at a time.
const maxWalkStakes = 800

// A walkStake is a stake as the walk knows it.
type walkStake struct {
	id                   [32]byte
	owner                int // of wallets
	node                 committee.NodeID
	principal            uint64
	activation, withdraw uint32
	busy                 bool
}

func (w *walk) stakeOf(r *committeev1.Stake) *walkStake {
	s := &walkStake{
		id: [32]byte(r.Id), node: committee.NodeID(r.NodeId), principal: r.Principal,
		activation: r.ActivationEpoch, withdraw: r.WithdrawEpoch, owner: -1,
	}
	for i, wallet := range w.wallets {
		if address := wallet.Address(); string(address[:]) == string(r.Owner) {
			s.owner = i
		}
	}
	return s
}

func (w *walk) nodeOf(id committee.NodeID) *walkNode {
	for _, n := range w.nodes {
		if n.id == id {
			return n
		}
	}
	return &walkNode{} // registered in a block that is being looked at
}

// usable draws a stake that nothing else is done with in this block and whose pool is sound.
func (w *walk) usable(fits func(*walkStake) bool) (*walkStake, bool) {
	return w.stakes.draw(w.rng, func(s *walkStake) bool { return !s.busy && w.nodeOf(s.node).broken == nil && fits(s) })
}

func anyStake(*walkStake) bool { return true }

func (w *walk) stake() *operation {
	node := w.nodes[w.rng.IntN(len(w.nodes))]
	if node.broken != nil || len(w.stakes.items) >= maxWalkStakes {
		return nil
	}
	owner := w.anyone()
	amount := w.rng.Uint64N(2000 * wal)
	if w.one(20) {
		amount = w.rng.Uint64() // more than there is, mostly
	}
	if w.one(20) {
		amount = w.rng.Uint64N(2) * w.rng.Uint64N(2*wal)
	}
	return &operation{
		sender: owner, message: &committeev1.MsgStake{Owner: w.address(owner), NodeId: node.id[:], Amount: amount},
		may: []string{"staking_pool::EZeroStake", "staked_wal::EStakeBelowThreshold", "balance::ENotEnough"},
		then: func(response []byte) error {
			var out committeev1.MsgStakeResponse
			if err := out.Unmarshal(response); err != nil {
				return err
			}
			w.stakes.put(w.stakeOf(&out.Stake))
			return nil
		},
	}
}

// requestWithdraw is one half of invariant I-11: a stake can be withdrawn at once or leave within two epochs.
func (w *walk) requestWithdraw() *operation {
	s, found := w.usable(anyStake)
	if !found {
		return nil
	}
	return w.request(s)
}

func (w *walk) request(s *walkStake) *operation {
	o := &operation{sender: s.owner, message: &committeev1.MsgRequestWithdraw{Owner: w.address(s.owner), StakeId: s.id[:]}}
	o.may = []string{"staking_pool::EWithdrawDirectly"}
	if s.withdraw != 0 {
		o.may, o.must = []string{"staking_pool::ENotStaked"}, true
	}
	o.then = func(response []byte) error {
		var out committeev1.MsgRequestWithdrawResponse
		if err := out.Unmarshal(response); err != nil {
			return err
		}
		if out.WithdrawEpoch <= uint32(w.number) || out.WithdrawEpoch > uint32(w.number)+2 {
			return fmt.Errorf("I-11: leaves in epoch %d, it is %d", out.WithdrawEpoch, w.number)
		}
		s.withdraw = out.WithdrawEpoch
		return nil
	}
	return o.lock(&s.busy)
}

func (w *walk) withdraw() *operation {
	s, found := w.usable(func(s *walkStake) bool { return w.one(3) || s.withdraw != 0 && s.withdraw <= uint32(w.number) })
	if !found {
		return nil
	}
	return w.takeOut(s)
}

// takeOut withdraws a stake. Invariants I-10 and I-11: what has waited is paid, and nobody gets less than
// he staked.
func (w *walk) takeOut(s *walkStake) *operation {
	o := &operation{sender: s.owner, message: &committeev1.MsgWithdraw{Owner: w.address(s.owner), StakeId: s.id[:]}}
	switch {
	case s.withdraw == 0:
		o.may = []string{"staking_pool::ENotWithdrawing"}
	case s.withdraw > uint32(w.number):
		o.may, o.must = []string{"staking_pool::EWithdrawEpochNotReached"}, true
	}
	o.then = func(response []byte) error {
		var out committeev1.MsgWithdrawResponse
		if err := out.Unmarshal(response); err != nil {
			return err
		}
		if out.Amount < s.principal {
			return fmt.Errorf("I-10: %d paid for a principal of %d", out.Amount, s.principal)
		}
		w.stakes.drop(func(o *walkStake) bool { return o == s })
		return nil
	}
	return o.lock(&s.busy)
}

func (w *walk) splitStake() *operation {
	s, found := w.usable(anyStake)
	if !found || len(w.stakes.items) >= maxWalkStakes {
		return nil
	}
	amount := w.rng.Uint64N(s.principal + wal)
	o := &operation{
		sender: s.owner, message: &committeev1.MsgSplitStake{Owner: w.address(s.owner), StakeId: s.id[:], Amount: amount},
		may: []string{"staked_wal::EInvalidAmount", "staked_wal::EStakeBelowThreshold"},
		then: func(response []byte) error {
			var out committeev1.MsgSplitStakeResponse
			if err := out.Unmarshal(response); err != nil {
				return err
			}
			part := w.stakeOf(&out.Stake)
			if part.principal != amount || part.activation != s.activation || part.withdraw != s.withdraw {
				return fmt.Errorf("%+v split off %+v", part, s)
			}
			s.principal -= amount
			w.stakes.put(part)
			return nil
		},
	}
	return o.lock(&s.busy)
}

func (w *walk) joinStake() *operation {
	s, found := w.usable(anyStake)
	if !found {
		return nil
	}
	other, found := w.usable(func(o *walkStake) bool { return o != s && o.owner == s.owner })
	for range 20 { // mostly of the same node
		if found && other.node == s.node {
			break
		}
		other, found = w.usable(func(o *walkStake) bool { return o != s && o.owner == s.owner })
	}
	if !found {
		return nil
	}
	o := &operation{
		sender: s.owner, message: &committeev1.MsgJoinStake{Owner: w.address(s.owner), StakeId: s.id[:], OtherId: other.id[:]},
		may: []string{"staked_wal::EMetadataMismatch"},
		then: func([]byte) error {
			s.principal += other.principal
			w.stakes.drop(func(o *walkStake) bool { return o == other })
			return nil
		},
	}
	if other.node == s.node && other.activation == s.activation && other.withdraw == s.withdraw {
		o.may = nil
	}
	return o.lock(&s.busy).lock(&other.busy)
}

func (w *walk) transferStake() *operation {
	s, found := w.usable(anyStake)
	if !found {
		return nil
	}
	to := w.anyone()
	o := &operation{
		sender: s.owner, message: &committeev1.MsgTransferStake{Owner: w.address(s.owner), StakeId: s.id[:], Recipient: w.address(to)},
		then: func([]byte) error {
			s.owner = to
			return nil
		},
	}
	return o.lock(&s.busy)
}

// leave lets everybody withdraw everything but the first stakes of the first nodes, without which there
// would be no network: invariant I-11.
func (w *walk) leave() error {
	var leaving []*walkStake
	staying := map[committee.NodeID]bool{}
	for _, s := range w.stakes.items {
		if staying[s.node] || w.number > 3 && s.activation > 2 {
			leaving = append(leaving, s)
			continue
		}
		staying[s.node] = true
	}
	if len(leaving) == len(w.stakes.items) {
		leaving = leaving[1:]
	}
	for round := range 4 {
		if err := w.all(leaving, func(s *walkStake) bool { return s.withdraw == 0 }, w.request); err != nil {
			return err
		}
		if err := w.all(leaving, func(*walkStake) bool { return true }, w.takeOut); err != nil {
			return err
		}
		rest := slices.DeleteFunc(leaving, func(s *walkStake) bool { return !slices.Contains(w.stakes.items, s) })
		if leaving = rest; len(leaving) == 0 {
			return w.Advance(chaintest.BlockTime)
		}
		if round == 3 {
			break
		}
		if err := w.endVoting(); err != nil {
			return err
		}
		if err := w.change(); err != nil {
			return err
		}
		if err := w.sync(); err != nil {
			return err
		}
	}
	return fmt.Errorf("I-11: %d stakes cannot leave, such as %+v", len(leaving), leaving[0])
}

// all does something with all stakes that fit.
func (w *walk) all(stakes []*walkStake, fits func(*walkStake) bool, what func(*walkStake) *operation) error {
	for _, s := range stakes {
		if !fits(s) {
			continue
		}
		w.queue = append(w.queue, what(s))
		if len(w.queue) >= walkBatch {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return w.flush()
}
