package rpc

import (
	"context"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
)

// gasStake is the limit of gas of a message about nodes and stakes.
const gasStake = 400_000

// A Stake is staked WAL. Amounts are FROST.
type Stake struct {
	ID         [32]byte
	Owner      ledger.Address
	Node       committee.NodeID
	Principal  uint64
	Activation committee.Epoch
	Withdraw   committee.Epoch // 0 while staked
	Worth      uint64          // principal and rewards; 0 where the chain did not say
}

// StakeOf reads a stake in an answer of the chain. Errors: [ledger.ErrUnavailable] if it is none.
func StakeOf(s *committeev1.Stake) (out Stake, err error) {
	if out.ID, err = hashOf("stake ID", s.Id); err != nil {
		return out, err
	}
	if out.Node, err = hashOf("node ID", s.NodeId); err != nil {
		return out, err
	}
	out.Owner, err = ownerOf(s.Owner)
	out.Principal, out.Activation, out.Withdraw = s.Principal, epochOf(s.ActivationEpoch), epochOf(s.WithdrawEpoch)
	return out, err
}

// Stakes lists an owner's stakes; next is nil at the end.
func (c *Client) Stakes(ctx context.Context, owner ledger.Address, page ledger.Page) (list []Stake, cursor []byte, err error) {
	req := &committeev1.QueryStakesRequest{Owner: owner.String(), After: page.Cursor, Limit: limitOf(page.Limit)}
	var out committeev1.QueryStakesResponse
	if err := c.query(ctx, committeeQuery+"Stakes", req, &out); err != nil {
		return nil, nil, err
	}
	list, err = convert(out.Stakes, func(r *committeev1.QueryStakeResponse) (Stake, error) {
		s, err := StakeOf(&r.Stake)
		s.Worth = r.Worth
		return s, err
	})
	return list, next(out.Next), err
}

// Stake stakes amount FROST on a node.
func (w *Wallet) Stake(ctx context.Context, node committee.NodeID, amount uint64) (Stake, error) {
	var out committeev1.MsgStakeResponse
	m := &committeev1.MsgStake{Owner: w.Address().String(), NodeId: node[:], Amount: amount}
	if err := w.Execute(ctx, gasStake, m, &out); err != nil {
		return Stake{}, err
	}
	return StakeOf(&out.Stake)
}

// RequestWithdraw asks for the end of a stake and returns the epoch from which on it can be withdrawn.
func (w *Wallet) RequestWithdraw(ctx context.Context, stake [32]byte) (committee.Epoch, error) {
	var out committeev1.MsgRequestWithdrawResponse
	m := &committeev1.MsgRequestWithdraw{Owner: w.Address().String(), StakeId: stake[:]}
	err := w.Execute(ctx, gasStake, m, &out)
	return epochOf(out.WithdrawEpoch), err
}

// Withdraw takes a stake out and returns the FROST that it was worth.
func (w *Wallet) Withdraw(ctx context.Context, stake [32]byte) (uint64, error) {
	var out committeev1.MsgWithdrawResponse
	m := &committeev1.MsgWithdraw{Owner: w.Address().String(), StakeId: stake[:]}
	err := w.Execute(ctx, gasStake, m, &out)
	return out.Amount, err
}

// SyncDone reports that a node, which the account owns, has all its shards of an epoch. The chain refuses a
// second report, and one for another epoch than the current, by staking_inner::EDuplicateSyncDone and
// staking_inner::EInvalidSyncEpoch.
func (w *Wallet) SyncDone(ctx context.Context, node committee.NodeID, epoch committee.Epoch) error {
	m := &committeev1.MsgSyncDone{Owner: w.Address().String(), NodeId: node[:], Epoch: uint32(epoch)}
	return w.Execute(ctx, gasStake, m, &committeev1.MsgSyncDoneResponse{})
}
