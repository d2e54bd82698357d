package chaintest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// confirmation is what nodes sign for a registration.
func confirmation(b ledger.Blob, epoch committee.Epoch) []byte {
	c := attest.Confirmation{Epoch: epoch, Blob: b.BlobID}
	if b.Deletable {
		c.Object = &b.ID
	}
	return c.Message()
}

// lastTx returns the bytes of the transaction in the last block.
func lastTx(t *testing.T, c *chaintest.Chain) []byte {
	t.Helper()
	head, err := c.Head(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	txs := c.Txs(head.Height)
	if len(txs) != 1 {
		t.Fatalf("%d transactions in the last block, want 1", len(txs))
	}
	return txs[0]
}

func TestTransactionIsExecutedOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := chaintest.New(t, nil)
	if _, err := c.Wallet(0).Register(ctx, []ledger.Registration{ledgertest.Claim(1, 1, false)}); err != nil {
		t.Fatal(err)
	}
	tx := lastTx(t, c)
	if err := c.Broadcast(ctx, tx); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("handed in again: got %v, want a refusal", err)
	}
	// A proposer that skips the check gets nothing either, now or after the deadline.
	for range 2 {
		results, err := c.Deliver(tx)
		if err != nil {
			t.Fatal(err)
		}
		if results[0].Code == 0 {
			t.Error("executed twice")
		}
		if err := c.Advance(2 * chain.MaxUnorderedTimeout); err != nil {
			t.Fatal(err)
		}
	}
	events, err := c.Client().Events(ctx, 0, 10)
	if err != nil || len(events) != 1 {
		t.Errorf("%d events, %v, want 1", len(events), err)
	}
}

func TestTransactionMeansNothingOnAnotherChain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := chaintest.New(t, nil)
	other := chaintest.New(t, &chaintest.Options{Genesis: func(g *chain.GenesisOptions) { g.ChainID = "walrus-other" }})
	if _, err := c.Wallet(0).Register(ctx, []ledger.Registration{ledgertest.Claim(1, 1, false)}); err != nil {
		t.Fatal(err)
	}
	tx := lastTx(t, c)
	var refused *ledger.RejectedError
	if err := other.Broadcast(ctx, tx); !errors.As(err, &refused) || refused.Codespace != "sdk" || refused.Code != 4 {
		t.Errorf("got %v, want the signature refused (sdk 4)", err)
	}
	if results, err := other.Deliver(tx); err != nil || results[0].Code == 0 {
		t.Errorf("delivered: got %+v, %v, want a refusal", results, err)
	}
	amount, err := other.Client().Balance(ctx, c.Accounts[0].Address())
	if err != nil || amount != chaintest.Funds {
		t.Errorf("balance there is %d, %v; want all of it", amount, err)
	}
}

func TestTamperedTransactionIsRefused(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := chaintest.New(t, nil)
	if _, err := c.Wallet(0).Register(ctx, []ledger.Registration{ledgertest.Claim(1, 1, false)}); err != nil {
		t.Fatal(err)
	}
	tx := lastTx(t, c)
	for i := 0; i < len(tx); i += 7 {
		bad := append([]byte(nil), tx...)
		bad[i] ^= 0x55
		results, err := c.Deliver(bad)
		if err != nil {
			t.Fatal(err)
		}
		if results[0].Code == 0 {
			t.Errorf("byte %d changed: executed", i)
		}
	}
}

func TestFees(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := chaintest.New(t, &chaintest.Options{MinGasPrice: "0.5frost"})
	cheap, err := c.Client().Wallet(c.Accounts[0], &rpc.WalletOptions{Now: c.Now, GasPrice: "0.0001"})
	if err != nil {
		t.Fatal(err)
	}
	var refused *ledger.RejectedError
	if err := cheap.Send(ctx, c.Accounts[1].Address(), 1); !errors.As(err, &refused) || refused.Code != 13 {
		t.Errorf("fee below the node's price: got %v, want a refusal (sdk 13)", err)
	}
	if err := c.Wallet(0).Send(ctx, c.Accounts[1].Address(), 1); err != nil {
		t.Errorf("fee at the node's price: %v", err)
	}
	stranger := chaintest.AccountKey(99, 0)
	poor, err := c.Client().Wallet(stranger, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := poor.Send(ctx, c.Accounts[1].Address(), 1); !errors.Is(err, ledger.ErrFunds) {
		t.Errorf("account without money: got %v, want %v", err, ledger.ErrFunds)
	}
}
