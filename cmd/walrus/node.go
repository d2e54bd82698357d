package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"

	"github.com/spf13/cobra"

	"github.com/walrus-go/walrus/internal/config"
	"github.com/walrus-go/walrus/ledger/rpc"
	"github.com/walrus-go/walrus/node"
	"github.com/walrus-go/walrus/testnet"
)

// newNode makes the node command.
func newNode(d *deps) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "node",
		Aliases: []string{"node-admin"},
		Short:   "Run, register and manage storage nodes",
		Long: `Node is for operators of storage nodes. What changes a node is sent by the account that owns it; on a devnet that is
--key operator.` + exits(),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, make := range []func(*deps) *cobra.Command{
		newNodeRun, newNodeInit, newNodeSyncDone, newNodeRegister, newNodeUpdate, newNodeTransfer, newNodeNextKey, newNodeConsensusKey, newNodeResume, newNodeJoin,
		newNodeVote, newNodeSetCommission, newNodeCollect, newNodeGive, newNodeSetReceiver, newNodeSetGovernor,
		newNodeSlashVote, newNodeSlashExecute, newNodeVoteUpgrade, newNodeAuthorizeUpgrade, newNodeProposals,
	} {
		cmd.AddCommand(make(d))
	}
	return cmd
}

// newNodeRun makes the node run command.
func newNodeRun(d *deps) *cobra.Command {
	var create bool
	cmd := &cobra.Command{
		Use:   "run --config FILE",
		Short: "Run one storage node until it is interrupted",
		Long: `Run runs the storage node that a configuration describes, against the chain it names, until it is interrupted.
What the node confirmed is on its disk; killed at any instant, it goes on where it was.

While no node of the chain answers at any of rpc_urls, it says so, serves what it has, and waits; at a chain of another
name it ends.

A node does not begin a new store by itself, since an empty directory may be a disk that is not mounted; the
first time say --create. "walrus devnet --external-nodes 1" writes a configuration to try.` + exits(),
		Example: "  walrus node run --create --config ~/.walrus/devnet/nodes/node-09/node.yaml",
		Args:    cobra.NoArgs,
		RunE: d.does(func(ctx context.Context, _ []string) error {
			if d.config == "" {
				return usagef("--config: name the node's configuration")
			}
			return runNode(ctx, d, config.Expand(d.config, "."), create)
		}),
	}
	cmd.Flags().BoolVar(&create, "create", false, "begin a new store if there is none")
	d.stopOnEOF(cmd)
	return cmd
}

func runNode(ctx context.Context, d *deps, path string, create bool) error {
	cfg, err := config.LoadNode(path)
	if err != nil {
		return err
	}
	opts, err := testnet.NodeOptions(cfg, create)
	if err != nil {
		return err
	}
	chain := rpc.NewFailover(cfg.ChainID, cfg.RPCURLs, nil)
	defer chain.Close()
	opts.Ledger, opts.Logger = chain, slog.Default()
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("%w: %w", testnet.ErrPort, err)
	}
	n, err := node.New(opts)
	if err != nil {
		l.Close()
		return err
	}
	defer n.Close()
	go func() {
		select {
		case <-n.Ready():
			if d.json {
				_ = d.printJSON(map[string]string{"name": cfg.Name, "nodeId": cfg.NodeID, "address": l.Addr().String()}) // as good as it gets
			} else {
				fmt.Fprintf(d.stdout, "storage node %s serves at https://%s; Ctrl-C stops it\n", cfg.Name, l.Addr())
			}
		case <-ctx.Done():
		}
	}()
	return n.Serve(ctx, l)
}
