package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/internal/config"
)

// newChain makes the chain command.
func newChain(d *deps) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "chain",
		Short: "Run a node of the chain",
		Long: `Chain is for whoever runs a node of the chain: operators of storage nodes, whose validators make the blocks, and anybody
who wants to check and serve them.` + exits(),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newChainInit(d), newChainRun(d))
	return cmd
}

// Addresses that a chain node listens on by default: clients on this machine, peers from everywhere.
const (
	defaultP2P  = "0.0.0.0:26656"
	defaultRPC  = "127.0.0.1:26657"
	defaultGRPC = "127.0.0.1:9090"
	defaultREST = "127.0.0.1:1317"
)

// chainOptions are the flags of chain init. Those that are not given change nothing.
type chainOptions struct {
	home, genesis       string
	name, p2p, external string
	rpc, grpc, rest     string
	peers, syncRPC      []string
	block, idle         time.Duration
	snapshots           uint64
	trustHeight         int64
	trustHash           string
}

// chainReady is what chain init and chain run print with --json.
type chainReady struct {
	Home      string `json:"home"`
	ChainID   string `json:"chainId,omitempty"`
	PeerID    string `json:"peerId"`
	Validator string `json:"validator,omitempty"` // key, hex
	Peer      string `json:"peer,omitempty"`
	RPC       string `json:"rpc,omitempty"`
	REST      string `json:"rest,omitempty"`
	GRPC      string `json:"grpc,omitempty"`
}

func newChainInit(d *deps) *cobra.Command {
	var o chainOptions
	cmd := &cobra.Command{
		Use:   "init --home DIR",
		Short: "Make or change the home of a chain node",
		Long: `Init makes the home of a chain node: its keys and chain.yaml, its configuration. In a home that is there it keeps the
keys, and changes what flags name. --genesis checks a genesis and keeps it. A new node of a chain that runs need not
follow it from its first block: with --sync-rpc it begins with a snapshot of one of its peers, and trusts a block that you
vouch for. JSON: {"home","peerId","validator","chainId"}.` + exits(),
		Example: "  walrus chain init --home ./chain --genesis genesis.json --peers 5f0c...@alice.example:26656",
		Args:    cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&o.home, "home", "", "`DIR` of the chain node")
	f.StringVar(&o.genesis, "genesis", "", "`FILE` that the chain begins with")
	f.StringVar(&o.name, "name", "", "`NAME` of the node towards its peers (default walrus)")
	f.StringVar(&o.p2p, "p2p", "", "`HOST:PORT` to listen on for peers (default "+defaultP2P+")")
	f.StringVar(&o.external, "external", "", "`HOST:PORT` at which peers reach the node, if another")
	f.StringVar(&o.rpc, "rpc", "", "`HOST:PORT` of the RPC for clients (default "+defaultRPC+")")
	f.StringVar(&o.grpc, "grpc", "", "`HOST:PORT` of gRPC (default "+defaultGRPC+")")
	f.StringVar(&o.rest, "rest", "", "`HOST:PORT` of the REST gateway (default "+defaultREST+")")
	f.StringSliceVar(&o.peers, "peers", nil, "`PEERS` to keep connected to, ID@host:port, separated by commas")
	f.DurationVar(&o.block, "block-time", 0, fmt.Sprintf("time between blocks, the same for all validators (default %v)", chain.DefaultBlockTime))
	f.DurationVar(&o.idle, "idle-block-time", 0, fmt.Sprintf("time between blocks with nothing in them (default %v)", chain.DefaultIdleBlockTime))
	f.Uint64Var(&o.snapshots, "snapshots", 0, "`NUMBER` of blocks between snapshots for new nodes (default: none)")
	f.StringSliceVar(&o.syncRPC, "sync-rpc", nil, "`URLS` of the RPC of two nodes, to begin with a snapshot")
	f.Int64Var(&o.trustHeight, "trust-height", 0, "`HEIGHT` of a recent block, for --sync-rpc")
	f.StringVar(&o.trustHash, "trust-hash", "", "`HASH` of that block, 64 hex digits")
	cmd.MarkFlagsRequiredTogether("sync-rpc", "trust-height", "trust-hash")
	required(cmd, "home")
	cmd.RunE = d.does(func(context.Context, []string) error { return runChainInit(d, &o, cmd.Flags().Changed) })
	return cmd
}

func runChainInit(d *deps, o *chainOptions, given func(flag string) bool) error {
	home := config.Expand(o.home, ".")
	key, err := chain.Prepare(home)
	if err != nil {
		return err
	}
	cfg, err := config.LoadChain(home)
	if errors.Is(err, config.ErrNotFound) {
		cfg, err = &config.Chain{Name: "walrus", P2P: defaultP2P, RPC: defaultRPC, GRPC: defaultGRPC, REST: defaultREST, Peers: []string{}}, nil
	}
	if err != nil {
		return err
	}
	o.change(cfg, given)
	if err := cfg.Check(); err != nil {
		return usagef("%v", err)
	}
	ready := chainReady{Home: home, Validator: fmt.Sprintf("%x", []byte(key))}
	if ready.PeerID, err = chain.PeerID(home); err != nil {
		return err
	}
	// Everyone is given the same list, with himself on it.
	cfg.Peers = slices.DeleteFunc(cfg.Peers, func(p string) bool { return strings.HasPrefix(p, ready.PeerID+"@") })
	if o.genesis != "" {
		if ready.ChainID, err = installGenesis(home, config.Expand(o.genesis, ".")); err != nil {
			return err
		}
	}
	if err := cfg.Write(home); err != nil {
		return err
	}
	return d.printLabels(ready, "Home", home, "Peer ID", ready.PeerID, "Validator", ready.Validator, "Configuration", filepath.Join(home, config.ChainFile))
}

// change takes over the flags that were given.
func (o *chainOptions) change(cfg *config.Chain, given func(flag string) bool) {
	for _, text := range []struct {
		flag string
		to   *string
		v    string
	}{
		{"name", &cfg.Name, o.name}, {"p2p", &cfg.P2P, o.p2p}, {"external", &cfg.External, o.external},
		{"rpc", &cfg.RPC, o.rpc}, {"grpc", &cfg.GRPC, o.grpc}, {"rest", &cfg.REST, o.rest},
	} {
		if given(text.flag) {
			*text.to = text.v
		}
	}
	if given("peers") {
		cfg.Peers = o.peers
	}
	if given("block-time") {
		cfg.BlockTime = o.block
	}
	if given("idle-block-time") {
		cfg.IdleBlockTime = o.idle
	}
	if given("snapshots") {
		cfg.SnapshotInterval = o.snapshots
	}
	if given("sync-rpc") {
		cfg.StateSync = &config.StateSync{RPCURLs: o.syncRPC, TrustHeight: o.trustHeight, TrustHash: o.trustHash}
	}
}

// installGenesis checks a genesis and keeps it in a home, which must not have another one.
func installGenesis(home, path string) (chainID string, err error) {
	g, err := chain.ReadGenesis(path)
	if err != nil {
		return "", err
	}
	if _, err := g.Verify(); err != nil {
		return "", err
	}
	return g.ChainID(), chain.KeepGenesis(home, g)
}

func newChainRun(d *deps) *cobra.Command {
	var home string
	cmd := &cobra.Command{
		Use:   "run --home DIR",
		Short: "Run a chain node until it is interrupted",
		Long: `Run runs the chain node of a home that "walrus chain init" made, until it is interrupted. If a storage node of the
committee named its validator's key, it makes blocks with the others; never run two nodes with the same key.
JSON, once it listens: {"home","chainId","peerId","peer","rpc","rest","grpc"}.` + exits(),
		Example: "  walrus chain run --home ./chain",
		Args:    cobra.NoArgs,
		RunE:    d.does(func(ctx context.Context, _ []string) error { return runChain(ctx, d, config.Expand(home, ".")) }),
	}
	cmd.Flags().StringVar(&home, "home", "", "`DIR` of the chain node")
	required(cmd, "home")
	d.stopOnEOF(cmd)
	return cmd
}

func runChain(ctx context.Context, d *deps, home string) (err error) {
	cfg, err := config.LoadChain(home)
	if errors.Is(err, config.ErrNotFound) {
		err = fmt.Errorf("%w: %s has no %s", chain.ErrHome, home, config.ChainFile)
	}
	if err != nil {
		return err
	}
	n, err := chain.Start(ctx, startOptions(home, cfg))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Stop()) }()
	peer, err := n.PeerAddress()
	if err != nil {
		return err
	}
	id, _, _ := strings.Cut(peer, "@")
	ready := chainReady{Home: home, ChainID: n.ChainID(), PeerID: id, Peer: peer, RPC: n.RPCURL(), REST: n.RESTURL(), GRPC: n.GRPCAddr()}
	err = d.show(ready, func() error {
		fmt.Fprintf(d.stdout, "chain node of %s listens; Ctrl-C stops it\n", ready.ChainID)
		return labels(d.stdout, "Peer", ready.Peer, "RPC", ready.RPC, "REST", ready.REST, "gRPC", ready.GRPC)
	})
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-n.Failed():
		return fmt.Errorf("the chain node cannot go on: %w", err)
	}
}

// startOptions are those of a configuration.
func startOptions(home string, cfg *config.Chain) chain.Options {
	opts := chain.Options{
		Dir: home, Name: cfg.Name, BlockTime: cfg.BlockTime, IdleBlockTime: cfg.IdleBlockTime, MinGasPrice: cfg.MinGasPrice,
		RPCAddr: cfg.RPC, GRPCAddr: cfg.GRPC, RESTAddr: cfg.REST, P2PAddr: cfg.P2P, ExternalAddr: cfg.External,
		Peers: strings.Join(cfg.Peers, ","), SnapshotInterval: cfg.SnapshotInterval, SnapshotKeep: cfg.SnapshotKeep, Log: slog.Default(),
	}
	if s := cfg.StateSync; s != nil {
		opts.StateSync = &chain.StateSync{RPCURLs: s.RPCURLs, TrustHeight: s.TrustHeight, TrustHash: s.TrustHash, TrustPeriod: s.TrustPeriod}
	}
	return opts
}
