package testnet

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/genesis"
	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/internal/config"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/keyring"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// Names of the keys in a network's wallet.
const (
	WalletKey   = "default"  // has WAL to spend
	FaucetKey   = "faucet"   // has WAL to give away
	OperatorKey = "operator" // owns all storage nodes
)

// What the accounts have at the beginning, in FROST.
const (
	walletWAL   = 1_000_000 * ledger.FrostPerWAL
	faucetWAL   = 1_000_000_000 * ledger.FrostPerWAL
	operatorWAL = 10_000 * ledger.FrostPerWAL
)

// Network is a network that runs in this process. Its methods are safe for concurrent use.
type Network struct {
	dir     string
	opts    Options
	plan    *plan
	lock    io.Closer
	guard   net.Listener // claims the ports; nil if they were given, or before they are claimed
	keys    *keyring.Keyring
	ledger  *rpc.Client
	faucet  *httpServer
	log     *slog.Logger
	closing func() error

	stopEpochs func() // ends the reports of epochs; nil before they begin

	stopping atomic.Bool // set once the whole chain is being stopped

	mu         sync.Mutex
	members    []*member     // guarded by mu; nil where a node does not run here
	validators []*chain.Node // guarded by mu; nil where a validator does not run
}

// Open starts the network of a directory, which it makes if there is none, and returns when every node
// of this process answers. ctx bounds the start alone; [Network.Close] stops the network.
//
// Errors: [ErrForeign], [ErrInUse], [ErrDiffers], [ErrOptions], [ErrPort].
func Open(ctx context.Context, opts Options) (*Network, error) {
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, fmt.Errorf("testnet: %w", err)
	}
	full, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	p, lock, err := claim(dir)
	if err != nil {
		return nil, err
	}
	n := &Network{dir: dir, opts: full, plan: p, lock: lock, log: full.Logger}
	if n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	n.closing = sync.OnceValue(n.close)
	if p != nil {
		err = p.fits(opts)
	} else {
		err = n.create()
	}
	if err == nil {
		err = n.start(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// create fills the directory of a new network. The plan is written last.
func (n *Network) create() error {
	if err := wipe(n.dir); err != nil {
		return err
	}
	p, guard, err := newPlan(n.opts)
	if err != nil {
		return err
	}
	n.guard = guard
	if err := p.write(n.dir); err != nil { // from here on the directory is ours
		return err
	}
	operators, err := newOperators(p)
	if err != nil {
		return err
	}
	for i := range operators {
		if err := operators[i].write(nodeDir(n.dir, i), p); err != nil {
			return err
		}
	}
	if err := n.createChain(p, operators); err != nil {
		return err
	}
	if err := p.clientConfig(n.dir).Write(n.ConfigPath()); err != nil {
		return err
	}
	p.Complete = true
	n.plan = p
	return p.write(n.dir)
}

// createChain draws the accounts' keys and writes the chain's first state, from the same registrations that
// operators of a real network would exchange.
func (n *Network) createChain(p *plan, operators []operator) error {
	keys, err := n.openKeys()
	if err != nil {
		return err
	}
	draft := genesis.NewDraft(p.ChainID, p.Shards)
	draft.Time, draft.EpochDuration = time.Now().UTC().Truncate(time.Millisecond), genesis.Duration(p.EpochDuration)
	draft.SharedOwners, draft.VotingPeriod = true, genesis.Duration(p.VotingPeriod)
	amounts := map[string]uint64{WalletKey: walletWAL, FaucetKey: faucetWAL, OperatorKey: operatorWAL + uint64(p.Shards)*stakePerShard}
	for _, name := range []string{WalletKey, FaucetKey, OperatorKey} {
		e, _, err := keys.Generate(name)
		if err != nil {
			return err
		}
		draft.Accounts = append(draft.Accounts, chain.GenesisAccount{Address: e.Address, Amount: amounts[name]})
	}
	owner, err := keys.Signer(OperatorKey)
	if err != nil {
		return err
	}
	for i := range operators {
		draft.Seats = append(draft.Seats, genesis.Seat{Node: operators[i].name, Shards: p.Shares[i]})
	}
	registrations := make([]*genesis.Registration, len(operators))
	for i := range operators {
		o := operators[i].founder(owner)
		if i < len(p.validators()) {
			home := validatorDir(n.dir, i)
			if _, err := chain.Prepare(home); err != nil {
				return err
			}
			o.Consensus = func(chainID string, node committee.NodeID) (ed25519.PublicKey, []byte, error) {
				return chain.ProveConsensusKey(home, chainID, node)
			}
		}
		if registrations[i], err = genesis.Register(draft, o); err != nil {
			return err
		}
	}
	made, err := genesis.Collect(draft, registrations)
	if err != nil {
		return err
	}
	for i := range p.validators() {
		if err := chain.KeepGenesis(validatorDir(n.dir, i), made); err != nil {
			return err
		}
	}
	return nil
}

// clientConfig is the configuration with which clients reach the network and spend its wallet's WAL.
func (p *plan) clientConfig(dir string) *config.Client {
	return &config.Client{
		ChainID: p.ChainID, RPCURLs: p.rpcURLs(0), FaucetURL: "http://" + hostPort(p.Ports.Faucet), NShards: p.Shards,
		Wallet: config.Wallet{Path: filepath.Join(dir, walletDir), Backend: keyring.Test, Key: WalletKey},
	}
}

func (n *Network) openKeys() (*keyring.Keyring, error) {
	return keyring.Open(filepath.Join(n.dir, walletDir), keyring.Test, nil)
}

// start starts what a complete directory describes.
func (n *Network) start(ctx context.Context) error {
	n.members = make([]*member, len(n.plan.Shares))
	var err error
	if n.keys, err = n.openKeys(); err != nil {
		return err
	}
	if err := n.startChain(ctx); err != nil {
		return err
	}
	if err := n.startFaucet(); err != nil {
		return err
	}
	inside := len(n.members) - n.opts.External
	errs := make([]error, inside)
	var wait sync.WaitGroup
	for i := range inside {
		wait.Go(func() { errs[i] = n.StartNode(ctx, i) })
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	operator, err := n.WalletOf(OperatorKey)
	if err != nil {
		return err
	}
	reporting, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	n.stopEpochs = func() { stop(); <-done }
	go func() { defer close(done); n.reportShards(reporting, operator) }()
	return nil
}

func (n *Network) startFaucet() error {
	wallet, err := n.WalletOf(FaucetKey)
	if err != nil {
		return err
	}
	n.faucet, err = serveHTTP(hostPort(n.plan.Ports.Faucet), newFaucet(wallet))
	return err
}

// Close stops the network and lets go of its directory. Closing again returns what the first call did.
func (n *Network) Close() error { return n.closing() }

func (n *Network) close() error {
	var errs []error
	if n.stopEpochs != nil {
		n.stopEpochs()
	}
	errs = append(errs, stopAll(n.members, n.StopNode))
	if n.faucet != nil {
		errs = append(errs, n.faucet.stop())
	}
	if n.ledger != nil {
		n.ledger.Close()
	}
	n.stopping.Store(true)
	errs = append(errs, stopAll(n.validators, n.StopValidator))
	if n.guard != nil {
		errs = append(errs, n.guard.Close())
	}
	if err := os.Remove(filepath.Join(n.dir, pidFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		errs = append(errs, err)
	}
	return errors.Join(append(errs, n.lock.Close())...)
}

// stopAll stops at once whatever runs of the given, and returns when all have stopped.
func stopAll[T any](all []T, stop func(i int) error) error {
	errs := make([]error, len(all))
	var wait sync.WaitGroup
	for i := range all {
		wait.Go(func() {
			if err := stop(i); !errors.Is(err, ErrStopped) {
				errs[i] = err
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// Dir is the network's directory.
func (n *Network) Dir() string { return n.dir }

// ConfigPath is the configuration of a client with the network's wallet.
func (n *Network) ConfigPath() string { return filepath.Join(n.dir, configFile) }

// NodeConfigPath is the configuration with which "walrus node run" starts node i.
func (n *Network) NodeConfigPath(i int) string {
	return filepath.Join(nodeDir(n.dir, i), nodeConfigFile)
}

// Nodes is the number of storage nodes, those outside of this process included.
func (n *Network) Nodes() int { return len(n.plan.Shares) }

// External is how many of the nodes, the last ones, are left to other processes.
func (n *Network) External() int { return n.opts.External }

// Shards is the network's number of shards.
func (n *Network) Shards() int { return n.plan.Shards }

// Shares returns how many shards each node has.
func (n *Network) Shares() []int { return append([]int(nil), n.plan.Shares...) }

// EpochDuration is how long an epoch lasts.
func (n *Network) EpochDuration() string { return n.plan.EpochDuration.String() }

// ChainID names the network's chain.
func (n *Network) ChainID() string { return n.plan.ChainID }

// FaucetURL is where the faucet answers.
func (n *Network) FaucetURL() string { return "http://" + hostPort(n.plan.Ports.Faucet) }

// NodeAddress is the host:port of node i's API.
func (n *Network) NodeAddress(i int) string { return hostPort(n.plan.Ports.Nodes[i]) }

// Ledger reads the network's chain. It is closed with the network.
func (n *Network) Ledger() *rpc.Client { return n.ledger }

// WalletOf returns the wallet of a key in the network's keyring, such as [WalletKey].
func (n *Network) WalletOf(key string) (*rpc.Wallet, error) {
	n.mu.Lock()
	signer, err := n.keys.Signer(key)
	n.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return n.ledger.Wallet(signer, nil)
}

// Client returns a new client with the network's funded wallet. opts may be nil; its wallet is replaced.
// The caller closes it.
func (n *Network) Client(opts *client.Options) (*client.Client, error) {
	var o client.Options
	if opts != nil {
		o = *opts
	}
	wallet, err := n.WalletOf(WalletKey)
	if err != nil {
		return nil, err
	}
	o.Wallet = wallet
	return client.New(n.ledger, &o)
}
