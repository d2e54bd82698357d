package chaintest_test

import (
	"context"
	"testing"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
)

func TestLedger(t *testing.T) {
	t.Parallel()
	c := chaintest.New(t, &chaintest.Options{MinGasPrice: "0.001frost"})
	ledgertest.Run(t, ledgertest.Ledger{
		Reader:  c.Client(),
		Log:     c.Client(),
		Wallets: [2]ledger.Wallet{c.Wallet(0), c.Wallet(1)},
		Certify: func(message []byte, positions ...int) (attest.Certificate, error) {
			committees, err := c.Client().Committees(context.Background())
			if err != nil {
				return attest.Certificate{}, err
			}
			return c.Certify(committees.Current, message, positions...)
		},
	})
}
