package stake

import (
	"reflect"
	"testing"

	"github.com/walrus-go/walrus/committee"
)

// Whatever numbers a pool has, processing and projecting it neither panics nor leaves a trace of failing.
func FuzzAdvance(f *testing.F) {
	f.Add(uint64(3), uint64(2), uint64(1), uint64(1), uint64(5), uint64(7), uint64(9), uint32(2), uint64(4))
	f.Add(^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint32(0), ^uint64(0))
	f.Add(uint64(1), ^uint64(0), uint64(0), uint64(0), uint64(1), uint64(1), ^uint64(0), uint32(1), uint64(0))
	f.Fuzz(func(t *testing.T, balance, shares, rewards, commission, pending, leaving, early uint64, e uint32, reward uint64) {
		p := Pool{
			Balance: balance, Shares: shares, RewardsPool: rewards, Commission: commission,
			CommissionRate: uint16(reward % 10_001),
			PendingStake:   Ledger{{Epoch: 1, Amount: pending}, {Epoch: committee.Epoch(e), Amount: pending}},
			PendingShares:  Ledger{{Epoch: 1, Amount: leaving}},
			EarlyExits:     Exits{{Withdraw: 2, Activation: 1, Principal: early}},
		}
		before := p
		rates := Table{{Epoch: 1, Rate: Rate{balance, shares}}}
		rate, err := p.Advance(committee.Epoch(e), reward, rates)
		if err != nil {
			if !reflect.DeepEqual(p, before) {
				t.Errorf("refused with %v, but changed", err)
			}
			return
		}
		if p.Shares > p.Balance {
			t.Errorf("%d shares of %d FROST", p.Shares, p.Balance)
		}
		if paid := p.RewardsPool + p.Commission - before.RewardsPool - before.Commission; paid != reward {
			t.Errorf("reward of %d, %d credited", reward, paid)
		}
		p.BalanceAt(committee.Epoch(e)+1, With(rates, committee.Epoch(e), rate))
	})
}
