package testnet

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// Endpoints are where one validator's node of the chain answers.
type Endpoints struct {
	RPC  string `json:"rpc"`  // URL of CometBFT's RPC
	REST string `json:"rest"` // URL
	GRPC string `json:"grpc"` // host:port
}

// Validators returns where each validator answers. Validator i is that of storage node i.
func (n *Network) Validators() []Endpoints {
	var all []Endpoints
	for _, at := range n.plan.validators() {
		all = append(all, Endpoints{RPC: "http://" + hostPort(at.RPC), REST: "http://" + hostPort(at.REST), GRPC: hostPort(at.GRPC)})
	}
	return all
}

// validatorDir is the home of validator i. A chain with one validator is in a directory without a number.
func validatorDir(dir string, i int) string {
	if i == 0 {
		return filepath.Join(dir, chainDir)
	}
	return filepath.Join(dir, fmt.Sprintf("%s-%02d", chainDir, i))
}

// startChain starts all validators and connects to them.
func (n *Network) startChain(ctx context.Context) error {
	if err := n.claimPorts(); err != nil {
		return err
	}
	n.validators = make([]*chain.Node, len(n.plan.validators()))
	starting, all := errgroup.WithContext(ctx)
	for i := range n.validators {
		starting.Go(func() error { return n.startValidator(all, i) })
	}
	if err := starting.Wait(); err != nil {
		return err
	}
	n.ledger = rpc.NewFailover(n.plan.ChainID, n.plan.rpcURLs(0), nil)
	return nil
}

// claimPorts claims the ports of a network that was made earlier.
func (n *Network) claimPorts() (err error) {
	if n.guard == nil && n.plan.Ports.Guard != 0 {
		n.guard, err = listen(hostPort(n.plan.Ports.Guard))
	}
	return err
}

// startValidator starts validator i and returns when it has a block that it did not have before: once
// validators with more than two thirds of the power run. Of a new chain it answers no questions earlier, and
// after a restart it takes no transactions, since it does not know the time.
func (n *Network) startValidator(ctx context.Context, i int) error {
	at := n.plan.validators()[i]
	for _, port := range []int{at.RPC, at.GRPC, at.REST, at.P2P} {
		if err := portFree(port); err != nil {
			return err
		}
	}
	peers, err := n.peers()
	if err != nil {
		return err
	}
	blockTime := n.opts.BlockTime
	if blockTime == 0 {
		blockTime = DefaultBlockTime
	}
	v, err := chain.Start(ctx, chain.Options{
		Dir: validatorDir(n.dir, i), Name: nodeName(i), BlockTime: blockTime, IdleBlockTime: idleBlockTime, Peers: peers,
		RPCAddr: hostPort(at.RPC), GRPCAddr: hostPort(at.GRPC), RESTAddr: hostPort(at.REST), P2PAddr: hostPort(at.P2P),
		Log: slog.New(&hush{n.log.Handler(), &n.stopping}).With("validator", i),
	})
	if err != nil {
		return err
	}
	n.mu.Lock()
	n.validators[i] = v
	n.mu.Unlock()
	for begun := v.Height(); v.Height() <= begun; {
		if err := pause(ctx); err != nil {
			return fmt.Errorf("testnet: validator %d has no block: %w", i, err)
		}
	}
	return v.Ready(ctx)
}

// peers returns all validators as they name each other; none minds that it is among them.
func (n *Network) peers() (string, error) {
	var peers []string
	for i, at := range n.plan.validators() {
		id, err := chain.PeerID(validatorDir(n.dir, i))
		if err != nil {
			return "", err
		}
		peers = append(peers, id+"@"+hostPort(at.P2P))
	}
	return strings.Join(peers, ","), nil
}

// StopValidator stops validator i as an operator would, and returns when it has let go of its files. Clients
// and storage nodes go on with another one; it comes back with the next start of the network.
//
// Errors: [ErrStopped], [ErrOptions].
func (n *Network) StopValidator(i int) error {
	if i < 0 || i >= len(n.validators) {
		return fmt.Errorf("%w: no validator %d of %d", ErrOptions, i, len(n.validators))
	}
	n.mu.Lock()
	v := n.validators[i]
	n.validators[i] = nil
	n.mu.Unlock()
	if v == nil {
		return fmt.Errorf("%w: validator %d", ErrStopped, i)
	}
	return v.Stop()
}
