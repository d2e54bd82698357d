package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/internal/config"
	"github.com/walrus-go/walrus/testnet"
)

// devnetOptions are the flags of devnet.
type devnetOptions struct {
	dir        string
	nodes      int
	shards     int
	shares     []int
	validators int
	epoch      time.Duration
	voting     time.Duration
	block      time.Duration
	ports      int
	external   int
}

// devnetReady is what devnet prints with --json once it runs.
type devnetReady struct {
	Dir               string              `json:"dir"`
	Config            string              `json:"config"`
	ChainID           string              `json:"chainId"`
	testnet.Endpoints                     // of the first validator
	Validators        []testnet.Endpoints `json:"validators"`
	Faucet            string              `json:"faucet"`
	Shards            int                 `json:"nShards"`
	Shares            []int               `json:"shards"`
	Nodes             []string            `json:"nodes"`
	NodeConfigs       []string            `json:"nodeConfigs"`
	External          int                 `json:"externalNodes"`
	Millis            int64               `json:"startMillis"`
}

// newDevnet makes the devnet command.
func newDevnet(d *deps) *cobra.Command {
	var opts devnetOptions
	cmd := &cobra.Command{
		Use:     "devnet [up]",
		Aliases: []string{"testnet"},
		Short:   "Run a whole network on this machine",
		Long: `Devnet runs a chain, storage nodes, a faucet and a wallet with WAL in it, in this process and on the loopback
interface, until it is interrupted. Everything is kept in one directory: started there again, the network goes
on where it stopped, with every blob that was stored. A new directory gets a new network.

It is the code of the production network, with nothing left out. With --validators 4 four storage nodes, the first
ones, run the chain together, each with a power of its shards, and it goes on while less than a third of the power is
gone; clients and storage nodes know all four and use one that answers. With --external-nodes K the last K storage nodes
are left to processes of their own: start each with "walrus node run".` + exits(),
		Example:   "  walrus devnet --nodes 10 --shards 100",
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"up"},
		RunE:      d.does(func(ctx context.Context, _ []string) error { return runDevnet(ctx, d, opts) }),
	}
	f := cmd.Flags()
	f.StringVar(&opts.dir, "dir", "~/.walrus/devnet", "`DIR` that holds everything")
	f.IntVar(&opts.nodes, "nodes", 0, fmt.Sprintf("`NUMBER` of storage nodes of a new network (default %d)", testnet.DefaultNodes))
	f.IntVar(&opts.shards, "shards", 0, fmt.Sprintf("`NUMBER` of shards of a new network (default %d)", testnet.DefaultShards))
	f.IntSliceVar(&opts.shares, "shares", nil, "`NUMBERS` of shards of each node, separated by commas (default: all the same)")
	f.IntVar(&opts.validators, "validators", 0, "`NUMBER` of validators of a new network's chain, at most 7 (default 1)")
	f.DurationVar(&opts.epoch, "epoch-duration", 0, fmt.Sprintf("length of an epoch of a new network (default %v)", testnet.DefaultEpochDuration))
	f.DurationVar(&opts.voting, "voting-period", 0, fmt.Sprintf("how long governance of a new network votes on a proposal (default %v)", chain.DefaultVotingPeriod))
	f.DurationVar(&opts.block, "block-time", testnet.DefaultBlockTime, "time between blocks, the delay of a transaction")
	f.IntVar(&opts.ports, "ports", 0, "first `PORT` of a row to use for a new network (default: any that are free)")
	f.IntVar(&opts.external, "external-nodes", 0, "`NUMBER` of storage nodes to leave to other processes")
	d.stopOnEOF(cmd)
	return cmd
}

func runDevnet(ctx context.Context, d *deps, opts devnetOptions) error {
	begun := d.now()
	n, err := testnet.Open(ctx, testnet.Options{
		Dir: config.Expand(opts.dir, "."), Nodes: opts.nodes, Shards: opts.shards, Shares: opts.shares, Validators: opts.validators,
		EpochDuration: opts.epoch, VotingPeriod: opts.voting,
		BlockTime: opts.block, BasePort: opts.ports, External: opts.external, Logger: slog.Default(),
	})
	if err != nil {
		return err
	}
	took := d.now().Sub(begun)
	err = d.show(newDevnetReady(n, took), func() error { return printDevnet(d, n, took) })
	if err == nil {
		<-ctx.Done()
		if !d.json {
			fmt.Fprintln(d.stderr, "stopping")
		}
	}
	return errors.Join(err, n.Close())
}

func newDevnetReady(n *testnet.Network, took time.Duration) devnetReady {
	validators := n.Validators()
	r := devnetReady{
		Dir: n.Dir(), Config: n.ConfigPath(), ChainID: n.ChainID(), Endpoints: validators[0], Validators: validators, Faucet: n.FaucetURL(),
		Shards: n.Shards(), Shares: n.Shares(), External: n.External(), Millis: took.Milliseconds(),
	}
	for i := range n.Nodes() {
		r.Nodes = append(r.Nodes, n.NodeAddress(i))
		r.NodeConfigs = append(r.NodeConfigs, n.NodeConfigPath(i))
	}
	return r
}

// printDevnet says what runs where, and what to type next.
func printDevnet(d *deps, n *testnet.Network, took time.Duration) error {
	inside := n.Nodes() - n.External()
	fmt.Fprintf(d.stdout, "Walrus devnet with %s and %d shards runs, ready in %s. Ctrl-C stops it.\n\n", plural(n.Nodes(), "storage node"), n.Shards(), formatDuration(took))
	pairs := []string{"Directory", n.Dir()}
	label, validators := "Chain "+n.ChainID(), n.Validators()
	if len(validators) > 1 {
		pairs = append(pairs, label, plural(len(validators), "validator"))
	}
	for i, at := range validators {
		if len(validators) > 1 {
			label = fmt.Sprintf("Validator %d", i)
		}
		pairs = append(pairs, label, at.RPC+" (CometBFT), "+at.REST+" (REST), "+at.GRPC+" (gRPC)")
	}
	pairs = append(pairs, "Faucet", n.FaucetURL())
	switch {
	case inside == 1:
		pairs = append(pairs, "Storage node", "https://"+n.NodeAddress(0))
	case inside > 1:
		pairs = append(pairs, "Storage nodes", fmt.Sprintf("https://%s and %d more; see \"walrus health --committee\"", n.NodeAddress(0), inside-1))
	}
	if err := labels(d.stdout, pairs...); err != nil {
		return err
	}
	for i := inside; i < n.Nodes(); i++ {
		fmt.Fprintf(d.stdout, "  start node %d with: walrus node run --create --config %s\n", i, n.NodeConfigPath(i))
	}
	_, err := fmt.Fprintf(d.stdout, `
In another terminal:

  export WALRUS_CONFIG=%s
  walrus balance
  walrus store --epochs 5 /etc/hosts
  walrus read "$(walrus blob-id /etc/hosts)"
`, n.ConfigPath())
	return err
}
