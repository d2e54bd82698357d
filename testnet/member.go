package testnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/internal/config"
	"github.com/walrus-go/walrus/node"
	"github.com/walrus-go/walrus/store"
	"github.com/walrus-go/walrus/wire"
)

// member is a storage node that runs in this process.
type member struct {
	node *node.Node
	stop context.CancelFunc
	done chan struct{} // closed when the node has stopped
	err  error         // why it stopped; read after done
}

// Limits of a node that shares its process with all others. Its database's cache is small, since the
// system keeps the same blocks; what it computes is seldom asked for twice on a test network.
const (
	memberCache    = 4 << 20
	memberSymbols  = 8 << 20
	memberMetadata = 2 << 20
)

// StartNode starts storage node i in this process, which must not be running, and returns when it serves.
//
// Errors: [ErrPort], [ErrOptions], those of package node.
func (n *Network) StartNode(ctx context.Context, i int) error {
	if i < 0 || i >= n.Nodes() {
		return fmt.Errorf("%w: no node %d of %d", ErrOptions, i, n.Nodes())
	}
	n.mu.Lock()
	running := n.members[i] != nil
	n.mu.Unlock()
	if running {
		return fmt.Errorf("%w: %s runs already", ErrOptions, nodeName(i))
	}
	m, err := n.startMember(ctx, i)
	if err != nil {
		return fmt.Errorf("testnet: %s: %w", nodeName(i), err)
	}
	n.mu.Lock()
	n.members[i] = m
	n.mu.Unlock()
	return nil
}

func (n *Network) startMember(ctx context.Context, i int) (*member, error) {
	cfg, err := config.LoadNode(n.NodeConfigPath(i))
	if err != nil {
		return nil, err
	}
	opts, err := NodeOptions(cfg, true)
	if err != nil {
		return nil, err
	}
	opts.Ledger, opts.Logger = n.ledger, n.log.With("node", cfg.Name)
	opts.Store.Cache = memberCache
	opts.Limits.SymbolCache, opts.Limits.MetadataCache = memberSymbols, memberMetadata
	l, err := listen(cfg.Listen)
	if err != nil {
		return nil, err
	}
	made, err := node.New(opts)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	m := &member{node: made, done: make(chan struct{})}
	serving, stop := context.WithCancel(context.Background())
	m.stop = stop
	handler := made.Handler()
	if n.opts.Wrap != nil {
		handler = n.opts.Wrap(i, handler)
	}
	go func() {
		defer close(m.done)
		m.err = made.ServeHandler(serving, l, handler)
		if serving.Err() == nil {
			opts.Logger.Error("testnet: a storage node stopped by itself", "err", m.err)
		}
		m.err = errors.Join(m.err, made.Close())
	}()
	select {
	case <-made.Ready():
		return m, nil
	case <-m.done:
		return nil, m.err
	case <-ctx.Done():
		stop()
		<-m.done
		return nil, errors.Join(context.Cause(ctx), m.err)
	}
}

// StopNode stops storage node i of this process as an operator would, and returns when it has let go of
// its files. Errors: [ErrStopped].
func (n *Network) StopNode(i int) error {
	if i < 0 || i >= n.Nodes() {
		return fmt.Errorf("%w: no node %d of %d", ErrOptions, i, n.Nodes())
	}
	n.mu.Lock()
	m := n.members[i]
	n.members[i] = nil
	n.mu.Unlock()
	if m == nil {
		return fmt.Errorf("%w: %s", ErrStopped, nodeName(i))
	}
	m.stop()
	<-m.done
	return m.err
}

// NodeOptions makes a node's options of its configuration: keys are read, everything but Ledger and
// Logger is filled in. create allows to begin a store where there is none.
func NodeOptions(cfg *config.Node, create bool) (node.Options, error) {
	var id committee.NodeID
	if err := id.UnmarshalText([]byte(cfg.NodeID)); err != nil {
		return node.Options{}, fmt.Errorf("%w: %s: %w", config.ErrInvalid, cfg.Path, err)
	}
	secret, err := os.ReadFile(cfg.ProtocolKey)
	if err != nil {
		return node.Options{}, fmt.Errorf("testnet: %s: protocol key: %w", cfg.Name, err)
	}
	key, err := wire.ParseKeyFile(secret)
	if err != nil {
		return node.Options{}, fmt.Errorf("testnet: %s: %s: %w", cfg.Name, cfg.ProtocolKey, err)
	}
	secret, err = os.ReadFile(cfg.NetworkKey)
	if err != nil {
		return node.Options{}, fmt.Errorf("testnet: %s: network key: %w", cfg.Name, err)
	}
	network, err := wire.ParseNetworkKeyFile(secret)
	if err != nil {
		return node.Options{}, fmt.Errorf("testnet: %s: %s: %w", cfg.Name, cfg.NetworkKey, err)
	}
	host, _, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return node.Options{}, fmt.Errorf("%w: %s: listen_address: %w", config.ErrInvalid, cfg.Path, err)
	}
	return node.Options{
		ID: id, Key: key, NetworkKey: network, PublicHost: host, Chain: cfg.ChainID, Dir: cfg.StoragePath,
		Store: &store.Options{Create: create, Cache: cfg.CacheBytes},
	}, nil
}
