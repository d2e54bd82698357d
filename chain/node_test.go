package chain_test

import (
	"context"
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// A liveChain is a node with one validator, and the secrets of its genesis.
type liveChain struct {
	chaintest.Committee
	node    *chain.Node
	options chain.Options
}

// startLive starts a node on a fresh directory, stopped at the end of the test.
func startLive(t *testing.T) *liveChain {
	t.Helper()
	dir := t.TempDir()
	validator, err := chain.Prepare(dir)
	if err != nil {
		t.Fatal(err)
	}
	l := &liveChain{Committee: chaintest.NewCommittee(4, 1)}
	l.options = chain.Options{
		Dir: dir, Genesis: liveGenesis(t, l.Committee, validator),
		BlockTime: 20 * time.Millisecond, IdleBlockTime: 200 * time.Millisecond,
	}
	l.start(t)
	return l
}

func liveGenesis(t *testing.T, c chaintest.Committee, validator ed25519.PublicKey) *chain.Genesis {
	t.Helper()
	opts := chain.GenesisOptions{ChainID: "walrus-live", Shards: 10, Nodes: c.Genesis()}
	opts.Nodes[0].ConsensusKey = validator
	for i := range 2 {
		opts.Accounts = append(opts.Accounts, chain.GenesisAccount{
			Address: chaintest.AccountKey(1, i).Address(), Amount: chaintest.Funds,
		})
	}
	genesis, err := chain.NewGenesis(opts)
	if err != nil {
		t.Fatal(err)
	}
	return genesis
}

func (l *liveChain) start(t *testing.T) {
	t.Helper()
	node, err := chain.Start(context.Background(), l.options)
	if err != nil {
		t.Fatal(err)
	}
	l.node = node
	t.Cleanup(func() {
		if err := node.Stop(); err != nil {
			t.Error(err)
		}
	})
}

// client returns a client of the node and wallets of its two accounts.
func (l *liveChain) client(t *testing.T) (*rpc.Client, [2]ledger.Wallet) {
	t.Helper()
	client, err := rpc.Dial(context.Background(), l.node.RPCURL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	var wallets [2]ledger.Wallet
	for i := range wallets {
		if wallets[i], err = client.Wallet(chaintest.AccountKey(1, i), nil); err != nil {
			t.Fatal(err)
		}
	}
	return client, wallets
}

func TestLedgerOverRPC(t *testing.T) {
	t.Parallel()
	l := startLive(t)
	client, wallets := l.client(t)
	ledgertest.Run(t, ledgertest.Ledger{
		Reader: client, Log: client, Wallets: wallets,
		Certify: func(message []byte, positions ...int) (attest.Certificate, error) {
			committees, err := client.Committees(context.Background())
			if err != nil {
				return attest.Certificate{}, err
			}
			return l.Certify(committees.Current, message, positions...)
		},
	})
}
