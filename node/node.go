// Package node is the storage node: it takes metadata and slivers from writers, vouches for them with
// its signature, and gives them back to anyone.
//
// The idea: nothing is stored, signed or served that was not checked against the blob ID, and nothing
// is taken that the chain does not ask to be kept, but for a bounded while: uploads may arrive before
// their registration, and wait in memory. What the node knows of the chain comes from the chain's log,
// which it follows from a cursor in its [store.Store] and can replay from anywhere; what it knows of
// the committee, it asks.
//
// Everything that strangers can make grow has a bound here: bytes in flight, requests at once, waiting
// uploads, waiting callers, caches, connections and the time that each may take. See [Limits].
//
// A [Node] has no globals, so many run in one process. Start with [New] and [Node.Serve]; [Node.Handler]
// is the API alone. Source: spec storage-node.md sections 1 to 6.
package node

import (
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/internal/keylock"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/store"
	"github.com/walrus-go/walrus/wire"
)

// ErrOptions means that a node cannot be made of the options it was given.
var ErrOptions = errors.New("node: incomplete options")

// A Ledger is what a node needs of the chain.
type Ledger interface {
	ledger.Log
	Committees(ctx context.Context) (ledger.Committees, error)
}

// Options say who a node is and where it lives. All but those called optional are required.
type Options struct {
	ID         committee.NodeID
	Key        *bls.PrivateKey   // signs confirmations
	NetworkKey *ecdsa.PrivateKey // proves to callers who answers
	// PublicHost is the DNS name or IP address in the node's certificate; optional.
	PublicHost string
	// Chain is the ID of the chain, and Ledger the way to ask it.
	Chain  string
	Ledger Ledger
	// Dir is where the node keeps everything, and Store how, optional; see [store.Options.Create].
	Dir   string
	Store *store.Options
	// Logger and Metrics are optional: slog's default, and metrics nobody sees.
	Logger  *slog.Logger
	Metrics prometheus.Registerer
	Limits  Limits
}

// A Node is one storage node. Safe for concurrent use.
type Node struct {
	id      committee.NodeID
	key     *bls.PrivateKey
	ledger  Ledger
	store   *store.Store
	cert    tls.Certificate
	log     *slog.Logger
	limits  Limits
	started time.Time
	metrics *metrics
	handler http.Handler

	view      atomic.Pointer[view]
	viewing   sync.Mutex    // held while the view changes
	ready     chan struct{} // closed once the chain has told the committee
	readyOnce sync.Once
	contact   atomic.Int64 // when the chain last answered, in Unix nanoseconds; 0 before it has
	silence   silence
	height    atomic.Int64 // of the last event handled; 0 if unknown

	pending  *pending
	waiters  waiters
	metadata *cache[blob.ID, *blob.Metadata]
	expanded *cache[store.SliverKey, *blob.Expanded]
	workers  *pool
	memory   memory
	lanes    lanes
	// verifying is held for a blob while its metadata is verified, or its waiting uploads are stored.
	verifying keylock.Locks[blob.ID]

	// background is what requests and events leave behind; it ends with stop.
	background sync.WaitGroup
	flushSlots chan struct{}
	stopping   context.Context
	stop       context.CancelFunc
	closeOnce  sync.Once
	closeErr   error
}

// New opens the node's store and makes the node; it does not speak to anyone before [Node.Serve].
// The caller must call [Node.Close].
//
// Errors: [ErrOptions], those of [store.Open].
func New(o Options) (*Node, error) {
	if o.Key == nil || o.NetworkKey == nil || o.Ledger == nil || o.Dir == "" || o.Chain == "" {
		return nil, fmt.Errorf("%w: want Key, NetworkKey, Ledger, Dir and Chain", ErrOptions)
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	cert, err := wire.NewCertificate(o.NetworkKey, o.PublicHost)
	if err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	limits := o.Limits.withDefaults()
	storeOptions := store.Options{}
	if o.Store != nil {
		storeOptions = *o.Store
	}
	if storeOptions.Logger == nil {
		storeOptions.Logger = o.Logger
	}
	s, err := store.Open(o.Dir, store.Identity{Chain: o.Chain, Node: o.ID}, &storeOptions)
	if err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	n := &Node{
		id: o.ID, key: o.Key, ledger: o.Ledger, store: s, cert: cert, log: o.Logger, limits: limits,
		started:    time.Now(),
		ready:      make(chan struct{}),
		pending:    newPending(limits),
		metadata:   newCache[blob.ID, *blob.Metadata](limits.MetadataCache),
		expanded:   newCache[store.SliverKey, *blob.Expanded](limits.SymbolCache),
		workers:    newPool(limits.Workers, limits.Queue),
		memory:     newMemory(limits),
		lanes:      newLanes(limits),
		flushSlots: make(chan struct{}, 4),
	}
	n.silence.log = o.Logger
	if err := n.remember(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	n.stopping, n.stop = context.WithCancel(context.Background())
	n.metrics = newMetrics(n)
	if o.Metrics != nil {
		if err := n.metrics.register(o.Metrics); err != nil {
			return nil, errors.Join(fmt.Errorf("node: metrics: %w", err), s.Close())
		}
	}
	n.handler = n.routes()
	return n, nil
}

// Handler is the node's API. Until [Node.Serve] or [Node.Follow] has reached the chain it serves what is
// stored, as of the committee that the node knew when it was last stopped, and confirms nothing; a node that
// has never known one answers that it is unavailable.
func (n *Node) Handler() http.Handler { return n.handler }

// Ready is closed once the chain has told the committee, so that the node does all that it is for.
func (n *Node) Ready() <-chan struct{} { return n.ready }

// Close ends what the node does in the background and closes its store. Servers must have stopped.
func (n *Node) Close() error {
	n.closeOnce.Do(func() {
		n.stop()
		n.pending.close()
		n.background.Wait()
		n.closeErr = n.store.Close()
	})
	return n.closeErr
}
