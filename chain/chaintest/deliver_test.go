package chaintest_test

import (
	"context"
	"errors"
	"testing"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/x/feegrant"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// Several messages go in one transaction with the gas that a simulation found, where fees cost something.
func TestDeliverFindsGas(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := chaintest.New(t, &chaintest.Options{MinGasPrice: "0.001frost"})
	w := c.Wallet(0)
	stake := func(node int, amount uint64) *committeev1.MsgStake {
		return &committeev1.MsgStake{Owner: w.Address().String(), NodeId: c.Nodes[node].ID[:], Amount: amount}
	}
	sim, err := w.Simulate(ctx, stake(0, 5*wal), stake(1, 6*wal))
	ok(t, err)
	before, err := c.Client().Balance(ctx, w.Address())
	ok(t, err)
	receipt, err := w.Deliver(ctx, 0, stake(0, 5*wal), stake(1, 6*wal))
	ok(t, err)
	if sim.Fee == 0 || receipt.Fee != sim.Fee || receipt.GasLimit != sim.GasLimit || receipt.GasUsed > receipt.GasLimit || receipt.GasUsed < sim.GasUsed/2 {
		t.Errorf("receipt %+v, simulated %+v", receipt, sim)
	}
	after, err := c.Client().Balance(ctx, w.Address())
	ok(t, err)
	if before-after != 11*wal+receipt.Fee {
		t.Errorf("paid %d, want 11 WAL and a fee of %d", before-after, receipt.Fee)
	}
	for i, want := range []uint64{5 * wal, 6 * wal} {
		var out committeev1.MsgStakeResponse
		ok(t, receipt.Response(i, &out))
		if out.Stake.Principal != want {
			t.Errorf("stake %d of %d FROST, want %d", i, out.Stake.Principal, want)
		}
	}
	if err := receipt.Response(2, &committeev1.MsgStakeResponse{}); !errors.Is(err, ledger.ErrUnknown) {
		t.Errorf("a third answer: %v", err)
	}

	// What is refused is refused whole: by the simulation for nothing, and in a block by its name.
	var refused *ledger.RejectedError
	_, err = w.Deliver(ctx, 0, stake(0, 5*wal), stake(1, 0))
	wantRule(t, err, "staking_pool::EZeroStake")
	if errors.As(err, &refused) && refused.Tx != [32]byte{} {
		t.Error("a simulation is in a block")
	}
	_, err = w.Deliver(ctx, 1_000_000, stake(0, 5*wal), stake(1, 0))
	wantRule(t, err, "staking_pool::EZeroStake")
	if errors.As(err, &refused) && refused.Tx == [32]byte{} {
		t.Error("a transaction in a block has no name")
	}
	if list, _, err := c.Client().Stakes(ctx, w.Address(), ledger.Page{}); err != nil || len(list) != 2 {
		t.Errorf("%d stakes, %v", len(list), err)
	}
}

// Fees are paid by an account that has granted them, and by no other.
func TestFeesAreGranted(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := chaintest.New(t, &chaintest.Options{MinGasPrice: "0.001frost"})
	granter, grantee := c.Wallet(0), c.Accounts[1]
	from := granter.Address()
	w, err := c.Client().Wallet(grantee, &rpc.WalletOptions{Now: c.Now, FeeGranter: &from})
	ok(t, err)
	m := &committeev1.MsgStake{Owner: w.Address().String(), NodeId: c.Nodes[0].ID[:], Amount: 2 * wal}
	if _, err := w.Deliver(ctx, 0, m); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("fees that nobody granted: %v", err)
	}
	allowance, err := codectypes.NewAnyWithValue(&feegrant.BasicAllowance{})
	ok(t, err)
	_, err = granter.Deliver(ctx, 0, &feegrant.MsgGrantAllowance{Granter: from.String(), Grantee: w.Address().String(), Allowance: allowance})
	ok(t, err)
	before, err := c.Client().Balance(ctx, from)
	ok(t, err)
	receipt, err := w.Deliver(ctx, 0, m)
	ok(t, err)
	after, err := c.Client().Balance(ctx, from)
	ok(t, err)
	if own, err := c.Client().Balance(ctx, w.Address()); err != nil || own != chaintest.Funds-2*wal || receipt.Fee == 0 || before-after != receipt.Fee {
		t.Errorf("fee of %d: granter paid %d, %d is left to the other, %v", receipt.Fee, before-after, own, err)
	}
}
