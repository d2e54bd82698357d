package stake

import (
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/committee"
)

// A Pool is the stake on one node. The rates it had are kept apart and looked up through [Rates]. A pool
// is a value: a copy made before a method call is not affected by it. Methods that return an error have
// changed nothing.
//
// Balance and Shares are bookkeeping; coins are RewardsPool, Commission and the principals of the staked WAL
// objects. Source: spec: control-plane.md sections 5.2 and 5.8.
type Pool struct {
	Node           committee.NodeID
	Activation     committee.Epoch // rates before it are flat
	Latest         committee.Epoch // last epoch of processing, or that of registration
	Balance        uint64          // FROST: absorbed principal plus rewards not yet paid out
	Shares         uint64
	RewardsPool    uint64 // FROST of rewards that belong to stakers
	Commission     uint64 // FROST that belongs to the node
	Blocked        uint64 // part of Commission that cannot be collected yet
	CommissionRate uint16 // basis points
	PendingStake   Ledger // FROST by activation epoch
	PendingShares  Ledger // shares by withdraw epoch
	EarlyExits     Exits
	RateChanges    []RateChange // ascending by epoch
}

// NewPool returns the pool of a node that registers in epoch e; selected tells whether the committee of
// e+1 is selected already.
//
// Errors: [economy.ErrStakingPoolIncorrectCommissionRate]. Source: spec: control-plane.md section 5.2.
func NewPool(node committee.NodeID, commissionRate uint16, e committee.Epoch, selected bool) (Pool, error) {
	if commissionRate > economy.BasisPoints {
		return Pool{}, economy.ErrStakingPoolIncorrectCommissionRate
	}
	p := Pool{Node: node, Activation: e, Latest: e, CommissionRate: commissionRate}
	if selected {
		p.Activation = e + 1
	}
	return p, nil
}

// Stake adds amount to the pool and returns the staked WAL object that holds it.
//
// Errors, in order: [economy.ErrStakingPoolZeroStake], [economy.ErrStakedWalStakeBelowThreshold],
// [economy.ErrOverflow]. Source: spec: control-plane.md section 5.5.
func (p *Pool) Stake(amount uint64, now Moment) (Staked, error) {
	if amount == 0 {
		return Staked{}, economy.ErrStakingPoolZeroStake
	}
	if amount < economy.MinStake {
		return Staked{}, economy.ErrStakedWalStakeBelowThreshold
	}
	activation := now.Epoch + 1
	if now.Selected {
		activation = now.Epoch + 2
	}
	pending, err := p.PendingStake.plus(activation, amount)
	if err != nil {
		return Staked{}, err
	}
	p.PendingStake = pending
	return Staked{Node: p.Node, Principal: amount, Activation: activation}, nil
}

// CanWithdrawEarly tells whether s may be withdrawn at once because it has not counted yet.
func (p *Pool) CanWithdrawEarly(s Staked, now Moment) bool { return s.Node == p.Node && now.early(s) }

// RequestWithdraw marks s as leaving, at the next epoch or the one after it.
//
// Errors, in order: [economy.ErrStakingPoolIncorrectPoolId], [economy.ErrStakingPoolNotStaked],
// [economy.ErrStakingPoolWithdrawDirectly], [economy.ErrStakingPoolZeroShares], [economy.ErrOverflow].
// Source: spec: control-plane.md sections 5.5 and 5.9, D-1.
func (p *Pool) RequestWithdraw(s *Staked, now Moment, rates Rates) error {
	switch {
	case s.Node != p.Node:
		return economy.ErrStakingPoolIncorrectPoolId
	case s.Withdrawing:
		return economy.ErrStakingPoolNotStaked
	case now.early(*s), !now.InCurrent && !now.InNext:
		return economy.ErrStakingPoolWithdrawDirectly
	}
	withdraw := now.Epoch + 1
	if now.InNext {
		withdraw = now.Epoch + 2
	}
	if err := p.bookExit(*s, withdraw, rates); err != nil {
		return err
	}
	s.Withdrawing, s.Withdraw = true, withdraw
	return nil
}

// bookExit lets s leave the pool's balance in epoch withdraw.
func (p *Pool) bookExit(s Staked, withdraw committee.Epoch, rates Rates) error {
	rate, absorbed := rates.AtOrAfter(s.Activation)
	if !absorbed {
		exits, err := p.EarlyExits.plus(withdraw, s.Activation, s.Principal)
		if err != nil {
			return err
		}
		p.EarlyExits = exits
		return nil
	}
	shares, err := rate.ToShares(s.Principal)
	if err != nil {
		return err
	}
	if shares == 0 {
		return economy.ErrStakingPoolZeroShares
	}
	pending, err := p.PendingShares.plus(withdraw, shares)
	if err != nil {
		return err
	}
	p.PendingShares = pending
	return nil
}

// Withdraw returns what s is worth to its owner, at least its principal. The caller deletes s and pays;
// all above the principal comes out of RewardsPool.
//
// Errors, in order: [economy.ErrStakingPoolIncorrectPoolId], [economy.ErrStakingPoolNotWithdrawing],
// [economy.ErrStakingPoolWithdrawEpochNotReached], [economy.ErrStakingPoolActivationEpochNotReached],
// [economy.ErrOverflow]. Source: spec: control-plane.md sections 5.5 and 5.9, D-1.
func (p *Pool) Withdraw(s Staked, now Moment, rates Rates) (uint64, error) {
	switch {
	case s.Node != p.Node:
		return 0, economy.ErrStakingPoolIncorrectPoolId
	case now.early(s):
		return p.withdrawPending(s)
	case now.direct(s):
		return p.withdrawDirect(s, now.Epoch, rates)
	case !s.Withdrawing:
		return 0, economy.ErrStakingPoolNotWithdrawing
	case s.Withdraw > now.Epoch:
		return 0, economy.ErrStakingPoolWithdrawEpochNotReached
	case s.Activation > now.Epoch:
		return 0, economy.ErrStakingPoolActivationEpochNotReached
	}
	rewards, err := p.CalculateRewards(s.Principal, s.Activation, s.Withdraw, rates)
	if err != nil {
		return 0, err
	}
	return p.pay(s.Principal, rewards)
}

// withdrawPending takes s out before the pool has absorbed it.
func (p *Pool) withdrawPending(s Staked) (uint64, error) {
	pending, err := p.PendingStake.minus(s.Activation, s.Principal)
	if err != nil {
		return 0, err
	}
	p.PendingStake = pending
	return s.Principal, nil
}

// withdrawDirect takes s out of a pool that serves neither now nor next. The pool is adjusted when it is
// next processed, at today's ratio, which is therefore also what s is worth.
func (p *Pool) withdrawDirect(s Staked, e committee.Epoch, rates Rates) (uint64, error) {
	absorbed, ok := rates.AtOrAfter(s.Activation)
	if !ok {
		return p.withdrawPending(s)
	}
	shares, err := absorbed.ToShares(s.Principal)
	if err != nil {
		return 0, err
	}
	pending, err := p.PendingShares.plus(e, shares)
	if err != nil {
		return 0, err
	}
	rate, err := MakeRate(p.Balance, p.Shares)
	if err != nil {
		return 0, err
	}
	payout, err := p.pay(s.Principal, economy.SatSub(rate.satWal(shares), s.Principal))
	if err != nil {
		return 0, err
	}
	p.PendingShares = pending
	return payout, nil
}

// pay takes rewards, as far as there are any, out of the rewards pool and returns them with principal.
func (p *Pool) pay(principal, rewards uint64) (uint64, error) {
	rewards = min(rewards, p.RewardsPool)
	payout, err := economy.Add(principal, rewards)
	if err != nil {
		return 0, err
	}
	p.RewardsPool -= rewards
	return payout, nil
}

// CalculateRewards returns the rewards of principal staked from epoch activation to epoch withdraw, as
// far as the rates are known; the rewards pool is not considered.
//
// Errors: [economy.ErrOverflow]. Source: spec: control-plane.md sections 5.5 and 5.9, D-1.
func (p *Pool) CalculateRewards(principal uint64, activation, withdraw committee.Epoch, rates Rates) (uint64, error) {
	in, ok := rates.AtOrAfter(activation)
	if !ok {
		return 0, nil
	}
	shares, err := in.ToShares(principal)
	if err != nil {
		return 0, err
	}
	return economy.SatSub(rateAt(rates, withdraw).satWal(shares), principal), nil
}

// Worth returns what s is worth in epoch e at the pool's ratio of today, at least its principal: the weight
// of its owner in votes, and what a wallet may show. A stake whose withdraw epoch has come is worth what
// will be paid for it. It never fails; a stake of another pool is worth nothing.
func (p *Pool) Worth(s Staked, e committee.Epoch, rates Rates) uint64 {
	if s.Node != p.Node {
		return 0
	}
	absorbed, ok := rates.AtOrAfter(s.Activation)
	if !ok {
		return s.Principal
	}
	rate := Rate{p.Balance, p.Shares}
	if s.Withdrawing && s.Withdraw <= e {
		rate = rateAt(rates, s.Withdraw)
	}
	rewards := economy.SatSub(rate.satWal(absorbed.satShares(s.Principal)), s.Principal)
	return economy.SatAdd(s.Principal, min(rewards, p.RewardsPool))
}

// BalanceAt projects the pool's balance in epoch e, now or later, from what is pending. It never fails.
// Source: spec: control-plane.md sections 5.6 and 5.9, D-2.
func (p *Pool) BalanceAt(e committee.Epoch, rates Rates) uint64 {
	rate := Rate{p.Balance, p.Shares}
	in := economy.SatAdd(p.Balance, p.PendingStake.upTo(e))
	shares := economy.SatAdd(p.PendingShares.upTo(e), p.EarlyExits.shares(e, rates, rate))
	return economy.SatSub(in, rate.satWal(shares))
}
