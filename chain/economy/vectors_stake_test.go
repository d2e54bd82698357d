package economy_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/walrus-go/walrus/chain/economy/stake"
	"github.com/walrus-go/walrus/committee"
)

// A poolOp is one step of a pool scenario.
type poolOp struct {
	Op             string
	CommissionRate basisPoints `json:"commission_rate"`
	Rate           *basisPoints
	Amount         number
	Rewards        number
	Block          *bool
	Stake          string
	Other          string
	As             string
	InCurrent      bool `json:"in_current"`
	InNext         bool `json:"in_next"`
	At             []committee.Epoch
	Expect         map[string]any
}

// basisPoints may be more than a rate can hold, which is refused like any rate above 10,000.
type basisPoints uint32

func (b basisPoints) rate() uint16 { return uint16(min(b, math.MaxUint16)) }

// A poolPlay is one pool with its stakes and the context that the ops move.
type poolPlay struct {
	pool     stake.Pool
	rates    stake.Table
	stakes   map[string]stake.Staked
	epoch    committee.Epoch
	selected bool
}

func testPoolScenarios(t *testing.T, entries json.RawMessage) {
	each(t, entries, func(t *testing.T, v struct{ Ops []poolOp }) {
		p := &poolPlay{stakes: make(map[string]stake.Staked)}
		for i, op := range v.Ops {
			got, err := p.play(t, op)
			compare(t, i, op.Op, got, err, op.Expect)
		}
	})
}

func (p *poolPlay) moment(op poolOp) stake.Moment {
	return stake.Moment{Epoch: p.epoch, Selected: p.selected, InCurrent: op.InCurrent, InNext: op.InNext}
}

func (p *poolPlay) play(t *testing.T, op poolOp) (map[string]any, error) {
	s := p.stakes[op.Stake]
	switch op.Op {
	case "new":
		pool, err := stake.NewPool(committee.NodeID{1}, op.CommissionRate.rate(), p.epoch, p.selected)
		p.pool = pool
		return map[string]any{"activation_epoch": pool.Activation}, err
	case "stake":
		placed, err := p.pool.Stake(uint64(op.Amount), p.moment(op))
		if err == nil {
			p.stakes[op.As] = placed
		}
		return map[string]any{"activation_epoch": placed.Activation}, err
	case "split", "split_stake":
		part, err := s.Split(uint64(op.Amount))
		if err == nil {
			p.stakes[op.Stake], p.stakes[op.As] = s, part
		}
		return map[string]any{"principal": s.Principal}, err
	case "join", "join_stake":
		err := s.Join(p.stakes[op.Other])
		if err == nil {
			p.stakes[op.Stake] = s
			delete(p.stakes, op.Other)
		}
		return map[string]any{"principal": s.Principal}, err
	case "request", "request_withdraw":
		err := p.pool.RequestWithdraw(&s, p.moment(op), p.rates)
		p.stakes[op.Stake] = s
		return map[string]any{"withdraw_epoch": s.Withdraw}, err
	case "withdraw":
		amount, err := p.pool.Withdraw(s, p.moment(op), p.rates)
		if err == nil {
			delete(p.stakes, op.Stake)
		}
		return map[string]any{"amount": amount}, err
	case "select_committee":
		p.selected = true
	case "next_epoch":
		p.epoch++
		p.selected = false
		return map[string]any{"epoch": p.epoch}, nil
	case "advance":
		rate, err := p.pool.Advance(p.epoch, uint64(op.Rewards), p.rates)
		if err == nil {
			p.rates.Add(p.epoch, rate)
		}
		return nil, err
	case "check":
		return p.check(op), nil
	default:
		return p.commission(t, op)
	}
	return nil, nil
}

func (p *poolPlay) commission(t *testing.T, op poolOp) (map[string]any, error) {
	switch op.Op {
	case "set_commission":
		rate := op.CommissionRate
		if op.Rate != nil {
			rate = *op.Rate
		}
		return nil, p.pool.SetNextCommission(rate.rate(), p.epoch)
	case "add_commission":
		return nil, p.pool.AddCommission(uint64(op.Amount), op.Block == nil || *op.Block)
	case "collect", "collect_commission":
		return map[string]any{"amount": p.pool.CollectCommission()}, nil
	case "burn_commission":
		return map[string]any{"amount": p.pool.BurnCommission()}, nil
	case "clear_blocked":
		p.pool.ClearBlocked()
	default:
		t.Fatalf("unknown op %q", op.Op)
	}
	return nil, nil
}

func (p *poolPlay) check(op poolOp) map[string]any {
	at := op.At
	if at == nil {
		at = []committee.Epoch{p.epoch, p.epoch + 1, p.epoch + 2}
	}
	var projected []any
	for _, e := range at {
		projected = append(projected, map[string]any{"epoch": e, "amount": p.pool.BalanceAt(e, p.rates)})
	}
	return map[string]any{
		"wal_balance":     p.pool.Balance,
		"num_shares":      p.pool.Shares,
		"rewards_pool":    p.pool.RewardsPool,
		"commission":      p.pool.Commission,
		"blocked":         p.pool.Blocked,
		"commission_rate": p.pool.CommissionRate,
		"latest_epoch":    p.pool.Latest,
		"balance_at":      projected,
	}
}
