package sim

import (
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/epoch"
	"github.com/walrus-go/walrus/chain/economy/stake"
	"github.com/walrus-go/walrus/committee"
)

// RegisterNode adds a node without stake. Errors are those of [stake.NewPool], and
// [economy.ErrDynamicFieldFieldAlreadyExists].
func (w *World) RegisterNode(id committee.NodeID, commission uint16, price epoch.PriceVote, capacity uint64) error {
	if _, ok := w.nodes[id]; ok {
		return economy.ErrDynamicFieldFieldAlreadyExists
	}
	pool, err := stake.NewPool(id, commission, w.Epoch(), w.Machine.Selected())
	if err != nil {
		return err
	}
	n := &Node{ID: id, Pool: pool, Price: price, Capacity: capacity}
	w.Nodes = append(w.Nodes, n)
	w.nodes[id] = n
	return nil
}

// Stake stakes amount with a node.
func (w *World) Stake(node committee.NodeID, amount uint64) (Handle, committee.Epoch, error) {
	n, err := w.Node(node)
	if err != nil {
		return 0, 0, err
	}
	if amount > w.External {
		return 0, 0, economy.ErrBalanceNotEnough
	}
	s, err := n.Pool.Stake(amount, w.moment(node))
	if err != nil {
		return 0, 0, err
	}
	w.External -= amount
	w.refresh(n)
	return w.Stakes.Put(s), s.Activation, nil
}

// SplitStake takes amount out of a stake into a new one.
func (w *World) SplitStake(h Handle, amount uint64) (Handle, error) {
	s, err := w.Stakes.Get(h)
	if err != nil {
		return 0, err
	}
	part, err := s.Split(amount)
	if err != nil {
		return 0, err
	}
	return w.Stakes.Put(part), nil
}

// JoinStake joins the stake other to h and returns the principal.
func (w *World) JoinStake(h, other Handle) (uint64, error) {
	s, err := w.Stakes.Get(h)
	if err != nil {
		return 0, err
	}
	o, err := w.Stakes.Get(other)
	if err != nil {
		return 0, err
	}
	if err := s.Join(*o); err != nil {
		return 0, err
	}
	w.Stakes.Delete(other)
	return s.Principal, nil
}

// RequestWithdraw asks to leave and returns the withdraw epoch.
func (w *World) RequestWithdraw(h Handle) (committee.Epoch, error) {
	s, n, err := w.staked(h)
	if err != nil {
		return 0, err
	}
	if err := n.Pool.RequestWithdraw(s, w.moment(n.ID), n.Rates); err != nil {
		return 0, err
	}
	w.refresh(n)
	return s.Withdraw, nil
}

// Withdraw pays out a stake and returns what it was worth.
func (w *World) Withdraw(h Handle) (uint64, error) {
	s, n, err := w.staked(h)
	if err != nil {
		return 0, err
	}
	amount, err := n.Pool.Withdraw(*s, w.moment(n.ID), n.Rates)
	if err != nil {
		return 0, err
	}
	w.Stakes.Delete(h)
	w.give(amount)
	w.refresh(n)
	return amount, nil
}

func (w *World) staked(h Handle) (*stake.Staked, *Node, error) {
	s, err := w.Stakes.Get(h)
	if err != nil {
		return nil, nil, err
	}
	n, err := w.Node(s.Node)
	return s, n, err
}

// TryJoinActiveSet offers a node's stake to the active set again.
func (w *World) TryJoinActiveSet(node committee.NodeID) error {
	n, err := w.Node(node)
	if err != nil {
		return err
	}
	w.refresh(n)
	return nil
}

// CollectCommission pays a node its free commission.
func (w *World) CollectCommission(node committee.NodeID) (uint64, error) {
	n, err := w.Node(node)
	if err != nil {
		return 0, err
	}
	amount := n.Pool.CollectCommission()
	w.give(amount)
	return amount, nil
}

// SetCommission schedules a node's commission rate.
func (w *World) SetCommission(node committee.NodeID, rate uint16) error {
	n, err := w.Node(node)
	if err != nil {
		return err
	}
	return n.Pool.SetNextCommission(rate, w.Epoch())
}

// AddCommission donates amount to a node's commission.
func (w *World) AddCommission(node committee.NodeID, amount uint64) error {
	n, err := w.Node(node)
	if err != nil {
		return err
	}
	if amount > w.External {
		return economy.ErrBalanceNotEnough
	}
	if err := n.Pool.AddCommission(amount, !w.Machine.Selected()); err != nil {
		return err
	}
	w.External -= amount
	return nil
}

// moment is what staking asks of the epoch machine for a node.
func (w *World) moment(node committee.NodeID) stake.Moment {
	return stake.Moment{
		Epoch:     w.Epoch(),
		Selected:  w.Machine.Selected(),
		InCurrent: w.Current.Has(node),
		InNext:    w.Machine.Selected() && w.Next.Has(node),
	}
}

// refresh brings a node's entry in the active set up to date.
// Source: spec: control-plane.md section 6.1.
func (w *World) refresh(n *Node) { w.Active.Put(n.ID, n.Pool.BalanceAt(w.nextOpen(), n.Rates)) }

// nextOpen is the first epoch whose committee is not selected yet.
func (w *World) nextOpen() committee.Epoch {
	if w.Machine.Selected() {
		return w.Epoch() + 2
	}
	return w.Epoch() + 1
}
