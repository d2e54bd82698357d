package keeper

import (
	"context"
	"errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	eventv1 "github.com/walrus-go/walrus/api/event/v1"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/subsidy"
	"github.com/walrus-go/walrus/chain/x/blob/types"
	committeetypes "github.com/walrus-go/walrus/chain/x/committee/types"
	"github.com/walrus-go/walrus/committee"
)

// addSubsidy spreads an amount over the rewards of the coming epochs.
// Source: spec: control-plane.md section 2.13.
func (k Keeper) addSubsidy(ctx context.Context, sender sdk.AccAddress, amount uint64, epochs uint32) (*blobv1.MsgAddSubsidyResponse, error) {
	m, err := k.market(ctx)
	if err != nil {
		return nil, err
	}
	each, extra, err := m.Ring.AddSubsidy(amount, epochs)
	if err != nil {
		return nil, err
	}
	return &blobv1.MsgAddSubsidyResponse{Each: each, Extra: extra}, errors.Join(
		k.pay(ctx, sender, types.ModuleName, amount), k.setRing(ctx, m.Ring),
		announce(ctx, &blobv1.EventSubsidyAdded{Sender: sender, Amount: amount, Epochs: epochs}))
}

// addPerEpoch adds an amount to the rewards of each of the coming epochs.
func (k Keeper) addPerEpoch(ctx context.Context, sender sdk.AccAddress, amounts []uint64) error {
	m, err := k.market(ctx)
	if err != nil {
		return err
	}
	if err := m.Ring.AddRewards(amounts); err != nil {
		return err
	}
	var sum uint64
	for _, a := range amounts {
		if sum, err = economy.Add(sum, a); err != nil {
			return err
		}
	}
	return errors.Join(k.pay(ctx, sender, types.ModuleName, sum), k.setRing(ctx, m.Ring),
		announce(ctx, &blobv1.EventSubsidyAdded{Sender: sender, Amount: sum, Epochs: uint32(len(amounts))}))
}

func subsidiesValue(r blobv1.Subsidies) subsidy.Subsidies {
	s := subsidy.Subsidies{
		Rate: r.Rate, Base: r.Base, PerShard: r.PerShard, Pool: r.Pool,
		Latest: committee.Epoch(r.LatestEpoch), LastTime: r.ProcessedMs,
	}
	for _, b := range r.Buffer {
		s.Buffer = append(s.Buffer, subsidy.Subsidised{Epoch: committee.Epoch(b.Epoch), Rewards: b.Rewards})
	}
	return s
}

func subsidiesRecord(s subsidy.Subsidies) blobv1.Subsidies {
	r := blobv1.Subsidies{
		Rate: s.Rate, Base: s.Base, PerShard: s.PerShard, Pool: s.Pool,
		LatestEpoch: uint32(s.Latest), ProcessedMs: s.LastTime,
	}
	for _, b := range s.Buffer {
		r.Buffer = append(r.Buffer, blobv1.Subsidised{Epoch: uint32(b.Epoch), Rewards: b.Rewards})
	}
	return r
}

// changeSubsidies loads the subsidies, has them changed and writes them back.
func (k Keeper) changeSubsidies(ctx context.Context, change func(*subsidy.Subsidies) error) error {
	r, err := k.subsidies.Get(ctx)
	if err != nil {
		return err
	}
	s := subsidiesValue(r)
	if err := change(&s); err != nil {
		return err
	}
	return k.subsidies.Set(ctx, subsidiesRecord(s))
}

// fundSubsidies adds to what subsidies are paid from and returns it.
func (k Keeper) fundSubsidies(ctx context.Context, sender sdk.AccAddress, amount uint64) (pool uint64, err error) {
	err = k.changeSubsidies(ctx, func(s *subsidy.Subsidies) error {
		err := s.Fund(amount)
		pool = s.Pool
		return err
	})
	if err != nil {
		return 0, err
	}
	return pool, errors.Join(k.pay(ctx, sender, types.SubsidiesName, amount),
		announce(ctx, &blobv1.EventSubsidiesFunded{Sender: sender, Amount: amount}))
}

// setSubsidies changes the rates. Only governance may.
func (k Keeper) setSubsidies(ctx context.Context, m *blobv1.MsgSetSubsidies) error {
	if m.Authority != k.authority {
		return economy.ErrWalrusSubsidiesUnauthorizedAdminCap
	}
	err := k.changeSubsidies(ctx, func(s *subsidy.Subsidies) error { return s.Set(m.Rate, m.Base, m.PerShard) })
	if err != nil {
		return err
	}
	return announce(ctx, &blobv1.EventSubsidiesSet{Rate: m.Rate, Base: m.Base, PerShard: m.PerShard})
}

// processSubsidies pays what is due: to the nodes of the epoch before, and to the rewards of epochs.
func (k Keeper) processSubsidies(ctx context.Context) (*blobv1.MsgProcessSubsidiesResponse, error) {
	m, err := k.market(ctx)
	if err != nil {
		return nil, err
	}
	previous, err := k.committee.Previous(ctx)
	if err != nil {
		return nil, err
	}
	time := uint64(max(sdk.UnwrapSDKContext(ctx).BlockTime().UnixMilli(), 0))
	var paid subsidy.Paid
	err = k.changeSubsidies(ctx, func(s *subsidy.Subsidies) (err error) {
		if paid, err = s.Process(m.Ring, previous, time); err != nil {
			return err
		}
		refused, err := k.payNodes(ctx, m.Now(), paid.Fixed)
		if err != nil {
			return err
		}
		paid.Total -= refused
		return s.Fund(refused)
	})
	if err != nil {
		return nil, err
	}
	return &blobv1.MsgProcessSubsidiesResponse{Fixed: paid.Total, Usage: paid.Usage}, errors.Join(
		k.setRing(ctx, m.Ring),
		k.shift(ctx, committeetypes.ModuleName, paid.Total), k.shift(ctx, types.ModuleName, paid.Usage),
		announce(ctx, &blobv1.EventSubsidiesProcessed{Epoch: uint32(m.Now()), Fixed: paid.Total, Usage: paid.Usage}))
}

// payNodes adds to the commissions of nodes and returns the sum of what could not be added: a node whose pool
// cannot be read must not keep the others from what is theirs.
func (k Keeper) payNodes(ctx context.Context, now committee.Epoch, list []subsidy.Payment) (refused uint64, err error) {
	for _, p := range list {
		failure := k.committee.CreditCommission(ctx, p.Node, p.Amount)
		if failure == nil {
			continue
		}
		sdk.UnwrapSDKContext(ctx).Logger().Error("blob: node left out of subsidies", "node", p.Node, "err", failure)
		refused += p.Amount
		if _, err := k.log.Emit(ctx, &eventv1.NodeSkipped{Epoch: uint32(now), NodeId: p.Node[:], Step: "subsidies"}); err != nil {
			return 0, err
		}
	}
	return refused, nil
}

// shift moves amount from what subsidies are paid from to a module's account.
func (k Keeper) shift(ctx context.Context, to string, amount uint64) error {
	if amount == 0 {
		return nil
	}
	return k.bank.SendCoinsFromModuleToModule(ctx, types.SubsidiesName, to, frost(amount))
}
