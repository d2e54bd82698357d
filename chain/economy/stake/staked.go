package stake

import (
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/committee"
)

// Staked is staked WAL: an object that belongs to somebody and holds its principal itself.
// Source: spec: control-plane.md section 5.3.
type Staked struct {
	Node        committee.NodeID
	Principal   uint64 // FROST, at least 1 WAL
	Activation  committee.Epoch
	Withdrawing bool
	Withdraw    committee.Epoch // if Withdrawing
}

// Split takes amount out of s into a new object of the same kind.
//
// Errors, in order: [economy.ErrStakedWalInvalidAmount], [economy.ErrStakedWalStakeBelowThreshold].
// Source: spec: control-plane.md section 5.3.
func (s *Staked) Split(amount uint64) (Staked, error) {
	if amount >= s.Principal {
		return Staked{}, economy.ErrStakedWalInvalidAmount
	}
	if amount < economy.MinStake || s.Principal-amount < economy.MinStake {
		return Staked{}, economy.ErrStakedWalStakeBelowThreshold
	}
	part := *s
	part.Principal = amount
	s.Principal -= amount
	return part, nil
}

// Join adds o, of the same node, activation epoch and state, to s. The caller deletes o.
//
// Errors: [economy.ErrStakedWalMetadataMismatch], [economy.ErrOverflow].
// Source: spec: control-plane.md section 5.3.
func (s *Staked) Join(o Staked) error {
	same := *s
	same.Principal = o.Principal
	if same != o {
		return economy.ErrStakedWalMetadataMismatch
	}
	sum, err := economy.Add(s.Principal, o.Principal)
	if err != nil {
		return err
	}
	s.Principal = sum
	return nil
}

// A Moment is what the rules of staking ask of the epoch machine, for one node.
// Source: spec: control-plane.md section 5.1.
type Moment struct {
	Epoch     committee.Epoch
	Selected  bool // the next committee is selected
	InCurrent bool // the node is in the current committee
	InNext    bool // the next committee is selected and the node is in it
}

// early tells whether s can leave before it has ever counted. Source: spec: control-plane.md section 5.5.
func (m Moment) early(s Staked) bool {
	if s.Withdrawing {
		return false
	}
	return s.Activation == m.Epoch+2 || s.Activation == m.Epoch+1 && !m.InNext
}

// direct tells whether s, which is active, can leave without a request because its node serves neither
// now nor next.
func (m Moment) direct(s Staked) bool {
	return !s.Withdrawing && s.Activation <= m.Epoch && !m.InCurrent && !m.InNext
}
