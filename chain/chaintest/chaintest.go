// Package chaintest runs the real application without consensus: blocks are made when they are wanted, in
// memory, by a clock that only moves when told to.
//
// The idea: everything but the agreement between replicas is the code that runs in production. A
// transaction that is handed in gets a block of its own at once, so that clients built on ledger/rpc run
// unchanged; tests that care about time move it with [Chain.Advance].
//
// Start with [New].
package chaintest

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	dbm "github.com/cosmos/cosmos-db"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"

	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// Options say what the chain is like. The zero value is a good default.
type Options struct {
	Nodes    int    // default 4
	Shards   int    // default 10
	Accounts int    // funded ones; default 3
	Seed     uint64 // of all keys
	// Genesis, if not nil, may change what the chain begins with.
	Genesis func(*chain.GenesisOptions)
	// MinGasPrice is the least price of gas; the default is none.
	MinGasPrice string
	// Operators is how many of the accounts own the nodes, in turn; the default is that every node has an
	// owner of its own, without money.
	Operators int
	// DB is where the state is kept, in memory by default. The chain closes it.
	DB dbm.DB
	// History is how many blocks and past states are kept; the default is a thousand states and all blocks.
	History int
}

// Funds is what every account of a test chain begins with: a million WAL.
const Funds = 1_000_000 * ledger.FrostPerWAL

// BlockTime is how far the clock moves with each block.
const BlockTime = 100 * time.Millisecond

// Chain is the application and what is needed to use it. Safe for concurrent use.
type Chain struct {
	Committee // the nodes' secrets
	Accounts  []*rpc.Key
	Genesis   *chain.Genesis
	App       *chain.App

	client  *rpc.Client
	wallets atomic.Uint64 // made so far

	mu     sync.Mutex // guards the application and everything below
	db     dbm.DB
	engine *engine
	height int64
	now    time.Time
	blocks map[int64]rpc.Block
	txs    map[int64][][]byte
	kept   int // blocks in blocks and txs; 0 for all
}

// New starts a chain that lasts as long as the test.
func New(tb testing.TB, opts *Options) *Chain {
	tb.Helper()
	c, err := Start(opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Error(err)
		}
	})
	return c
}

// Start starts a chain, which the caller closes.
func Start(opts *Options) (*Chain, error) {
	o := Options{}
	if opts != nil {
		o = *opts
	}
	o.Nodes, o.Shards, o.Accounts = or(o.Nodes, 4), or(o.Shards, 10), or(o.Accounts, 3)
	c := &Chain{blocks: map[int64]rpc.Block{}, txs: map[int64][][]byte{}}
	genesis, err := c.newGenesis(&o)
	if err != nil {
		return nil, err
	}
	if err := c.run(genesis, &o); err != nil {
		return nil, err
	}
	return c, nil
}

func or(v, otherwise int) int {
	if v == 0 {
		return otherwise
	}
	return v
}

// newGenesis draws the keys and builds a genesis from them.
func (c *Chain) newGenesis(o *Options) (*chain.Genesis, error) {
	g := chain.GenesisOptions{
		ChainID: "walrus-test", Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Shards: o.Shards,
	}
	validator := sha256.Sum256(fmt.Appendf(nil, "validator %d", o.Seed))
	c.Committee = NewCommittee(o.Nodes, o.Seed)
	if o.Operators > 0 {
		for i := range c.Nodes {
			c.Nodes[i].Owner = AccountKey(o.Seed, i%o.Operators)
		}
	}
	g.Nodes = c.Committee.Genesis()
	g.Nodes[0].ConsensusKey = ed25519.NewKeyFromSeed(validator[:]).Public().(ed25519.PublicKey)
	c.Accounts = make([]*rpc.Key, o.Accounts)
	for i := range c.Accounts {
		c.Accounts[i] = AccountKey(o.Seed, i)
		g.Accounts = append(g.Accounts, chain.GenesisAccount{Address: c.Accounts[i].Address(), Amount: Funds})
	}
	if o.Genesis != nil {
		o.Genesis(&g)
	}
	return chain.NewGenesis(g)
}

// Import starts a chain from an exported state, kept in db or, if that is nil, in memory. It has neither keys
// nor accounts of its own.
func Import(genesis *chain.Genesis, db dbm.DB) (*Chain, error) {
	c := &Chain{blocks: map[int64]rpc.Block{}, txs: map[int64][][]byte{}}
	return c, c.run(genesis, &Options{DB: db})
}

func (c *Chain) run(genesis *chain.Genesis, o *Options) error {
	c.Genesis, c.db, c.kept = genesis, o.DB, o.History
	if c.db == nil {
		c.db = dbm.NewMemDB()
	}
	app, err := chain.NewApp(shared{c.db}, chain.AppOptions{
		ChainID: genesis.ChainID(), Genesis: genesis, MinGasPrice: o.MinGasPrice, KeptVersions: uint64(o.History),
	})
	if err != nil {
		return err
	}
	c.App = app
	begin := genesis.InitChain()
	begun, err := app.InitChain(begin)
	if err != nil {
		return errors.Join(err, app.Close(), c.db.Close())
	}
	if c.engine, err = newEngine(begun.Validators); err != nil {
		return errors.Join(err, app.Close(), c.db.Close())
	}
	c.now = begin.Time
	c.height = begin.InitialHeight - 1
	c.client = rpc.New(c, genesis.ChainID())
	return c.Advance(BlockTime)
}

// Restart replaces the application by one with other options, on the same state.
func (c *Chain) Restart(o chain.AppOptions) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.App.Close(); err != nil {
		return err
	}
	o.ChainID = c.Genesis.ChainID()
	app, err := chain.NewApp(shared{c.db}, o)
	if err != nil {
		return err
	}
	c.App = app
	return nil
}

// Close releases the chain.
func (c *Chain) Close() error {
	c.client.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Join(c.App.Close(), c.db.Close())
}

// shared is a database that outlasts the applications on it.
type shared struct{ dbm.DB }

// Close implements [dbm.DB].
func (shared) Close() error { return nil }

// Client returns a client of the chain.
func (c *Chain) Client() *rpc.Client { return c.client }

// Wallet returns a wallet of an account.
func (c *Chain) Wallet(account int) *rpc.Wallet { return c.WalletOf(c.Accounts[account]) }

// WalletOf returns a wallet that signs with key. Its transactions depend on nothing but the chain's history
// and the number of wallets that were made before.
func (c *Chain) WalletOf(key *rpc.Key) *rpc.Wallet {
	var seed [32]byte
	binary.BigEndian.PutUint64(seed[:], c.wallets.Add(1))
	w, err := c.client.Wallet(key, &rpc.WalletOptions{Now: c.Now, Random: rand.NewChaCha8(seed)})
	if err != nil {
		panic(err) // a bug of ours: the options are constants
	}
	return w
}

// Now returns the chain's time, that of its last block.
func (c *Chain) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance makes an empty block that is d later than the last.
func (c *Chain) Advance(d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.block(d)
	return err
}

// Deliver makes a block of the given transactions without checking them first, as a proposer could.
func (c *Chain) Deliver(txs ...[]byte) ([]rpc.TxResult, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.block(BlockTime, txs...)
}

// Txs returns the transactions of a block.
func (c *Chain) Txs(height int64) [][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.txs[height]
}

// AppHash returns the hash of the state after the last block.
func (c *Chain) AppHash() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.App.LastCommitID().Hash
}

// block makes a block. The caller holds mu.
func (c *Chain) block(d time.Duration, txs ...[]byte) ([]rpc.TxResult, error) {
	req := &abci.RequestFinalizeBlock{Height: c.height + 1, Time: c.now.Add(d), Txs: txs}
	if err := c.engine.prepare(req); err != nil {
		return nil, err
	}
	c.now = req.Time
	resp, err := c.App.FinalizeBlock(req)
	if err == nil {
		err = c.engine.finish(resp.ValidatorUpdates)
	}
	if err != nil {
		return nil, fmt.Errorf("chaintest: block %d: %w", c.height+1, err)
	}
	if _, err := c.App.Commit(); err != nil {
		return nil, fmt.Errorf("chaintest: commit block %d: %w", c.height+1, err)
	}
	c.height++
	b := rpc.Block{Time: c.now}
	for i, r := range resp.TxResults {
		b.Txs = append(b.Txs, rpc.TxResult{
			Hash: sha256.Sum256(txs[i]), Codespace: r.Codespace, Code: r.Code, Log: r.Log, Data: r.Data, GasUsed: r.GasUsed,
		})
	}
	c.blocks[c.height], c.txs[c.height] = b, txs
	if c.kept > 0 {
		delete(c.blocks, c.height-int64(c.kept))
		delete(c.txs, c.height-int64(c.kept))
	}
	return b.Txs, nil
}

var _ rpc.Conn = (*Chain)(nil)

// Query implements [rpc.Conn].
func (c *Chain) Query(ctx context.Context, method string, request []byte) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	resp, err := c.App.Query(ctx, &abci.RequestQuery{Path: method, Data: request})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ledger.ErrUnavailable, err)
	}
	if resp.Code != 0 {
		return nil, rpc.Rejected(resp.Codespace, resp.Code, resp.Log)
	}
	return resp.Value, nil
}

// Broadcast implements [rpc.Conn]: a transaction that passes its check gets a block at once.
func (c *Chain) Broadcast(_ context.Context, tx []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	resp, err := c.App.CheckTx(&abci.RequestCheckTx{Tx: tx, Type: abci.CheckTxType_New})
	if err != nil {
		return fmt.Errorf("%w: %w", ledger.ErrUnavailable, err)
	}
	if resp.Code != 0 {
		return rpc.Rejected(resp.Codespace, resp.Code, resp.Log)
	}
	_, err = c.block(BlockTime, tx)
	return err
}

// Head implements [rpc.Conn].
func (c *Chain) Head(context.Context) (rpc.Head, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return rpc.Head{Height: c.height}, nil
}

// Block implements [rpc.Conn].
func (c *Chain) Block(_ context.Context, height int64) (rpc.Block, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, ok := c.blocks[height]
	if !ok {
		return rpc.Block{}, fmt.Errorf("%w: no block %d", ledger.ErrUnavailable, height)
	}
	return b, nil
}

// Audit calls f with the state after the last block.
func (c *Chain) Audit(f func(*chain.Audit) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return f(c.App.Audit())
}

// Store returns a module's store below all transactions, for tests that spoil what is in it. What is read
// and written is the state that the next block begins with.
func (c *Chain) Store(module string) storetypes.KVStore {
	named := c.App.CommitMultiStore().(interface {
		StoreKeysByName() map[string]storetypes.StoreKey
	})
	return c.App.CommitMultiStore().GetKVStore(named.StoreKeysByName()[module])
}
