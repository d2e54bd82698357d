package chain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	cmtdb "github.com/cometbft/cometbft-db"
	abci "github.com/cometbft/cometbft/abci/types"
	cmtcfg "github.com/cometbft/cometbft/config"
	cmtnode "github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/proxy"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/cosmos/cosmos-sdk/server"

	"github.com/walrus-go/walrus/internal/kvdb"
)

// Defaults of a node.
const (
	DefaultBlockTime     = time.Second
	DefaultIdleBlockTime = 5 * time.Second
	// DefaultMinGasPrice is FROST per unit of gas: registering a blob costs about a thousandth of what
	// storing a MiB for an epoch does.
	DefaultMinGasPrice = "0.001frost"

	loopback       = "127.0.0.1:0"
	minGossipSleep = 5 * time.Millisecond
	readyPoll      = 5 * time.Millisecond
	mempoolTxs     = 20_000
	mempoolBytes   = 64 << 20
)

// Options say how one node runs. The zero value of each but Dir is a good default.
type Options struct {
	// Dir is the node's home, see [Prepare].
	Dir string
	// Genesis is needed the first time; later the node uses the one it kept.
	Genesis *Genesis
	// Name is what the node calls itself towards its peers.
	Name string
	// BlockTime is how long the engine waits after a block before it proposes the next: the delay of a
	// transaction. All validators of a chain should have the same.
	BlockTime time.Duration
	// IdleBlockTime is how long it waits when there is nothing to put into a block. Time, and with it
	// the epochs, only moves with blocks. Not above BlockTime means blocks whether empty or not.
	IdleBlockTime time.Duration
	// MinGasPrice is the least price of gas the node accepts, such as "0.001frost".
	MinGasPrice string

	// Addresses to listen on, host:port; port 0 is a free one. The default is a free port of loopback.
	RPCAddr  string // CometBFT's RPC over HTTP, which package ledger/rpc speaks
	GRPCAddr string
	RESTAddr string
	P2PAddr  string
	// ExternalAddr is the host:port under which peers reach the node, if not P2PAddr.
	ExternalAddr string
	// Peers are other nodes to keep connected to, comma-separated ID@host:port.
	Peers string

	// SnapshotInterval is how many blocks lie between two snapshots of the state, which new nodes may
	// begin with; 0 takes none. SnapshotKeep is how many are kept, 0 for [DefaultSnapshotKeep].
	SnapshotInterval uint64
	SnapshotKeep     uint32
	// StateSync, if not nil, lets a node without blocks begin with a snapshot of one of its peers.
	StateSync *StateSync

	Log *slog.Logger
}

// StateSync says what a node that begins with a snapshot relies on: one block that its operator vouches for.
// From there it checks with a light client that two thirds of the validators signed for the state.
type StateSync struct {
	// RPCURLs are the RPC of two or more nodes, which are compared with each other.
	RPCURLs []string
	// TrustHeight and TrustHash, in hex, are the block's. It must not be older than TrustPeriod, 0 for
	// [DefaultTrustPeriod], and not newer than the snapshot.
	TrustHeight int64
	TrustHash   string
	TrustPeriod time.Duration
}

// DefaultTrustPeriod is well below the age up to which evidence against validators is taken.
const DefaultTrustPeriod = 24 * time.Hour

func (o Options) withDefaults() Options {
	setDefault(&o.Name, "walrus")
	setDefault(&o.BlockTime, DefaultBlockTime)
	setDefault(&o.IdleBlockTime, DefaultIdleBlockTime)
	setDefault(&o.MinGasPrice, DefaultMinGasPrice)
	for _, addr := range []*string{&o.RPCAddr, &o.GRPCAddr, &o.RESTAddr, &o.P2PAddr} {
		setDefault(addr, loopback)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// A Node runs the application on CometBFT, with the servers that programs talk to. Stop it with
// [Node.Stop].
type Node struct {
	genesis *Genesis
	app     *App
	engine  *cmtnode.Node
	servers *servers
	stores  *stores
	stop    func() error

	stopping atomic.Bool
}

// Start starts a node on its directory and returns when its servers listen. A new chain can be asked
// nothing before its first block, see [Node.Ready]. The node runs until [Node.Stop], also after ctx has
// ended.
//
// Errors: [ErrHome], [ErrGenesis], [ErrStateSync].
func Start(ctx context.Context, opts Options) (*Node, error) {
	opts = opts.withDefaults()
	if err := opts.StateSync.check(); err != nil {
		return nil, err
	}
	if _, err := Prepare(opts.Dir); err != nil {
		return nil, err
	}
	h := home(opts.Dir)
	genesis, err := h.openGenesis(opts.Genesis)
	if err != nil {
		return nil, err
	}
	n := &Node{genesis: genesis, stores: &stores{dir: h.data()}}
	n.stop = sync.OnceValue(n.stopAll)
	if err := n.start(ctx, h, &opts); err != nil {
		return nil, errors.Join(err, n.Stop())
	}
	return n, nil
}

func (n *Node) start(ctx context.Context, h home, opts *Options) error {
	state, err := n.stores.open("application")
	if err != nil {
		return err
	}
	snapshots, err := n.openSnapshots(h, opts)
	if err != nil {
		return err
	}
	n.app, err = NewApp(state.App(), AppOptions{
		Snapshots:   snapshots,
		ChainID:     n.genesis.ChainID(),
		Genesis:     n.genesis,
		MinGasPrice: opts.MinGasPrice,
		Home:        string(h),
		Logger:      newAppLogger(opts.Log),
	})
	if err != nil {
		return err
	}
	if err := n.awaitGenesis(ctx, opts.Log); err != nil {
		return err
	}
	if err := n.startEngine(ctx, h, opts); err != nil {
		return err
	}
	n.servers, err = n.startServers(opts)
	return err
}

// openSnapshots returns where snapshots are kept, or nil if the node neither takes nor needs any.
func (n *Node) openSnapshots(h home, opts *Options) (*SnapshotOptions, error) {
	if opts.SnapshotInterval == 0 && opts.StateSync == nil {
		return nil, nil
	}
	store, err := n.stores.open("snapshots")
	if err != nil {
		return nil, err
	}
	return &SnapshotOptions{
		DB: store.App(), Dir: h.path("data", "snapshots"), Interval: opts.SnapshotInterval, Keep: opts.SnapshotKeep,
	}, nil
}

// awaitGenesis waits for the time at which the chain begins. The engine would do so too, deaf to all else.
func (n *Node) awaitGenesis(ctx context.Context, log *slog.Logger) error {
	begins := n.genesis.doc.GenesisTime
	left := time.Until(begins)
	if left <= 0 {
		return nil
	}
	log.Warn("chain: waiting for the chain's beginning", "time", begins)
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("chain: waiting until %v: %w", begins, context.Cause(ctx))
	}
}

func (n *Node) startEngine(ctx context.Context, h home, opts *Options) error {
	validator, err := h.validator()
	if err != nil {
		return err
	}
	key, err := p2p.LoadNodeKey(h.nodeKey())
	if err != nil {
		return fmt.Errorf("chain: node key: %w", err)
	}
	if opts.P2PAddr, err = freePort(opts.P2PAddr); err != nil {
		return fmt.Errorf("chain: listen for peers: %w", err)
	}
	config := h.config(opts)
	n.engine, err = cmtnode.NewNodeWithContext(ctx, config, validator, key,
		// The unsynchronised variant of this client lets checks of new transactions race with blocks.
		proxy.NewLocalClientCreator(server.NewCometABCIWrapper(n.app)),
		func() (*cmttypes.GenesisDoc, error) { return n.genesis.doc, nil },
		n.stores.provide,
		cmtnode.DefaultMetricsProvider(config.Instrumentation),
		newConsensusLogger(opts.Log, &n.stopping),
	)
	if err != nil {
		return fmt.Errorf("chain: %w", err)
	}
	if err := n.engine.Start(); err != nil {
		return fmt.Errorf("chain: %w", err)
	}
	return nil
}

// Stop stops servers and engine and closes the databases. Stopping again returns what the first call did.
func (n *Node) Stop() error { return n.stop() }

func (n *Node) stopAll() error {
	n.stopping.Store(true)
	var errs []error
	if n.servers != nil {
		errs = append(errs, n.servers.stop())
	}
	if n.engine != nil && n.engine.IsRunning() {
		errs = append(errs, n.engine.Stop())
		n.engine.Wait()
	}
	if n.app != nil {
		errs = append(errs, n.app.Close())
	}
	return errors.Join(append(errs, n.stores.close())...)
}

// ChainID names the chain.
func (n *Node) ChainID() string { return n.genesis.ChainID() }

// Height returns the height of the last block that the node stored.
func (n *Node) Height() int64 { return n.engine.BlockStore().Height() }

// Ready returns once the node has a state that can be queried: at once after a restart, after the first
// block of a new chain, which takes more than two thirds of the validators.
func (n *Node) Ready(ctx context.Context) error {
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for {
		info, err := n.engine.ProxyApp().Query().Info(ctx, &abci.RequestInfo{})
		if err != nil {
			return fmt.Errorf("chain: %w", err)
		}
		if info.LastBlockHeight > 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("chain: no block yet: %w", ctx.Err())
		}
	}
}

// Failed holds an error once the node cannot execute a block: this program is not the one that an upgrade
// asks for, say, see [ErrUpgrade]. Nothing happens on the node any more; it is to be stopped.
func (n *Node) Failed() <-chan error { return n.app.failed }

// PeerAddress is how other nodes name this one in [Options.Peers]: its ID and where it listens.
func (n *Node) PeerAddress() (string, error) {
	addr, err := n.engine.NodeInfo().NetAddress()
	if err != nil {
		return "", fmt.Errorf("chain: %w", err)
	}
	return addr.String(), nil
}

// freePort replaces port 0 by a free one. The engine tells its peers the port it was given, not the one it
// got, so it has to be given a real one.
func freePort(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || port != "0" {
		return addr, err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// stores are the databases of a node. They are closed here, since the engine does not close all of its.
type stores struct {
	dir string

	mu   sync.Mutex
	list []*kvdb.Store
}

func (s *stores) open(name string) (*kvdb.Store, error) {
	store, err := kvdb.Open(filepath.Join(s.dir, name+".db"))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, store)
	return store, nil
}

func (s *stores) provide(c *cmtcfg.DBContext) (cmtdb.DB, error) {
	store, err := s.open(c.ID)
	if err != nil {
		return nil, err
	}
	return store.Consensus(), nil
}

func (s *stores) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, store := range s.list {
		errs = append(errs, store.Close())
	}
	return errors.Join(errs...)
}
