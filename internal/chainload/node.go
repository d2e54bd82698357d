package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"runtime/pprof"
	"time"

	"github.com/walrus-go/walrus/chain"
)

// nodeOptions say how a process that is one validator runs. Dir set means to be one.
type nodeOptions struct {
	dir, p2p, peers string
	blockTime       time.Duration
	profile         string
}

func (o *nodeOptions) flags(f *flag.FlagSet) {
	f.StringVar(&o.dir, "node-dir", "", "be a validator in this prepared `DIR`; for this program itself")
	f.StringVar(&o.p2p, "node-p2p", "", "`ADDRESS` for peers")
	f.StringVar(&o.peers, "node-peers", "", "other validators")
	f.DurationVar(&o.blockTime, "node-block-time", 0, "time between blocks")
	f.StringVar(&o.profile, "node-profile", "", "write a profile of the processor's time to `FILE`")
}

// ready is what a validator's process prints once it serves.
type ready struct{ RPC string }

// runNode runs a validator until its standard input ends, which it does with the parent.
func runNode(ctx context.Context, o nodeOptions) (err error) {
	if o.profile != "" {
		f, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	node, err := chain.Start(ctx, chain.Options{
		Dir: o.dir, P2PAddr: o.p2p, Peers: o.peers, BlockTime: o.blockTime, IdleBlockTime: 5 * o.blockTime,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, node.Stop()) }()
	if err := json.NewEncoder(os.Stdout).Encode(ready{node.RPCURL()}); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
