package chaintest

import (
	"context"
	"fmt"
	"time"

	"github.com/cosmos/gogoproto/proto"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// NodeWallet returns a wallet of the account that owns a node, which gets a WAL for its transactions if it
// has nothing yet.
func (c *Chain) NodeWallet(ctx context.Context, node int) (*rpc.Wallet, error) {
	owner := c.Nodes[node].Owner
	held, err := c.client.Balance(ctx, owner.Address())
	if err != nil {
		return nil, err
	}
	if held == 0 {
		if err := c.Wallet(0).Send(ctx, owner.Address(), ledger.FrostPerWAL); err != nil {
			return nil, err
		}
	}
	return c.WalletOf(owner), nil
}

// Epoch returns the state of the epoch machine.
func (c *Chain) Epoch(ctx context.Context) (*committeev1.QueryEpochResponse, error) {
	var out committeev1.QueryEpochResponse
	return &out, c.Ask(ctx, "/walrus.committee.v1.Query/Epoch", &committeev1.QueryEpochRequest{}, &out)
}

// Ask sends a query to the application and reads its answer.
func (c *Chain) Ask(ctx context.Context, method string, req interface{ Marshal() ([]byte, error) }, out interface{ Unmarshal([]byte) error }) error {
	raw, err := req.Marshal()
	if err != nil {
		return err
	}
	answer, err := c.Query(ctx, method, raw)
	if err != nil {
		return err
	}
	return out.Unmarshal(answer)
}

// Sync lets every member of the committee report that it has its shards: one transaction per owner, all in
// one block.
func (c *Chain) Sync(ctx context.Context) error {
	committees, err := c.client.Committees(ctx)
	if err != nil {
		return err
	}
	reports := map[ledger.Address][]proto.Message{}
	var wallets []*rpc.Wallet
	for i, n := range c.Nodes {
		if _, member := committees.Current.Find(n.ID); !member {
			continue
		}
		owner := n.Owner.Address()
		if reports[owner] == nil {
			w, err := c.NodeWallet(ctx, i)
			if err != nil {
				return err
			}
			wallets = append(wallets, w)
		}
		reports[owner] = append(reports[owner], &committeev1.MsgSyncDone{
			Owner: owner.String(), NodeId: n.ID[:], Epoch: uint32(committees.Current.Epoch()),
		})
	}
	var txs [][]byte
	for _, w := range wallets {
		list := reports[w.Address()]
		tx, err := w.Sign(ctx, rpc.GasLimit(len(list)), list...)
		if err != nil {
			return err
		}
		txs = append(txs, tx)
	}
	results, err := c.Deliver(txs...)
	if err != nil {
		return err
	}
	for i, r := range results {
		if r.Code != 0 {
			return fmt.Errorf("chaintest: reports of %s: %w", wallets[i].Address(), rpc.Rejected(r.Codespace, r.Code, r.Log))
		}
	}
	return nil
}

// EndVoting moves the clock to the end of voting; the next committee is selected then.
func (c *Chain) EndVoting(ctx context.Context) error {
	return c.half(ctx, committeev1.EPOCH_PHASE_NEXT_PARAMS_SELECTED)
}

// NextEpoch moves the clock to the next epoch and lets the nodes report.
func (c *Chain) NextEpoch(ctx context.Context) error {
	e, err := c.Epoch(ctx)
	if err != nil {
		return err
	}
	if e.Epoch.Phase == committeev1.EPOCH_PHASE_CHANGE_DONE {
		if err := c.EndVoting(ctx); err != nil {
			return err
		}
	}
	if err := c.half(ctx, committeev1.EPOCH_PHASE_CHANGE_SYNC); err != nil {
		return err
	}
	return c.Sync(ctx)
}

// half moves the clock by half an epoch, which must lead to the given phase.
func (c *Chain) half(ctx context.Context, want committeev1.EpochPhase) error {
	e, err := c.Epoch(ctx)
	if err != nil {
		return err
	}
	if err := c.Advance(time.Duration(e.EpochDurationMs/2+1) * time.Millisecond); err != nil {
		return err
	}
	if e, err = c.Epoch(ctx); err == nil && e.Epoch.Phase != want {
		err = fmt.Errorf("chaintest: epoch %d is in phase %v, want %v", e.Epoch.Number, e.Epoch.Phase, want)
	}
	return err
}
