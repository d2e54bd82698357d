package stake

import (
	"slices"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/committee"
)

// Advance processes the pool at the start of epoch e with the reward it earned in the epoch before. It
// returns the rate that the caller must keep for e. Whatever is pending up to e takes effect.
//
// Errors, in order: [economy.ErrStakingPoolPoolAlreadyUpdated],
// [economy.ErrStakingPoolIncorrectEpochAdvance], and [economy.ErrOverflow] or
// [economy.ErrPoolExchangeRateInvalidRate] if the pool's own numbers are broken.
// Source: spec: control-plane.md sections 5.6 and 5.9, D-2.
func (p *Pool) Advance(e committee.Epoch, reward uint64, rates Rates) (Rate, error) {
	if e <= p.Latest {
		return Rate{}, economy.ErrStakingPoolPoolAlreadyUpdated
	}
	if reward > 0 && p.Balance == 0 {
		return Rate{}, economy.ErrStakingPoolIncorrectEpochAdvance
	}
	next := *p
	if err := next.credit(reward); err != nil {
		return Rate{}, err
	}
	next.changeCommissionRate(e)
	next.Latest = e
	rate, err := MakeRate(next.Balance, next.Shares)
	if err != nil {
		return Rate{}, err
	}
	if next.Balance, err = economy.Add(next.Balance, next.PendingStake.upTo(e)); err != nil {
		return Rate{}, err
	}
	shares := economy.SatAdd(next.EarlyExits.shares(e, rates, rate), next.PendingShares.upTo(e))
	next.Balance -= min(rate.satWal(shares), next.Balance)
	if next.Shares, err = rate.ToShares(next.Balance); err != nil {
		return Rate{}, err
	}
	next.PendingStake = next.PendingStake.after(e)
	next.PendingShares = next.PendingShares.after(e)
	next.EarlyExits = slices.Clone(next.EarlyExits[len(next.EarlyExits.upTo(e)):])
	*p = next
	return rate, nil
}

// credit splits reward between the node, at the rate in force until now, and the stakers.
func (p *Pool) credit(reward uint64) error {
	fee := economy.SatMulDiv(reward, uint64(p.CommissionRate), economy.BasisPoints)
	fee = min(fee, reward)
	if err := p.AddCommission(fee, true); err != nil {
		return err
	}
	rewards, err := economy.Add(p.RewardsPool, reward-fee)
	if err != nil {
		return err
	}
	balance, err := economy.Add(p.Balance, reward-fee)
	if err != nil {
		return err
	}
	p.RewardsPool, p.Balance = rewards, balance
	return nil
}

// changeCommissionRate puts the last scheduled rate up to epoch e in force.
func (p *Pool) changeCommissionRate(e committee.Epoch) {
	due := 0
	for due < len(p.RateChanges) && p.RateChanges[due].Epoch <= e {
		p.CommissionRate = p.RateChanges[due].Rate
		due++
	}
	p.RateChanges = slices.Clone(p.RateChanges[due:])
}
