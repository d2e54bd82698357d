// Package client stores blobs on a Walrus network and reads them back.
//
// The idea: nobody on the network is trusted alone. A writer encodes a blob, registers it on chain,
// sends every storage node its share and collects signed confirmations until nodes owning a quorum
// of shards have signed; the certificate of these signatures, once on chain, is the point of
// availability. A reader takes metadata and slivers from whichever nodes are quick, checks each piece
// against the blob ID before using it, and asks others instead of those that lie, fail or dawdle.
//
// Weight means shards: a node counts as often as it owns shards. With n shards, f = (n-1)/3 may be in
// faulty hands, n-2f primary slivers bring a blob back and 2n/3+1 shards make a certificate.
//
// Every wait is bounded, every answer is limited to the size it must have, and every request has a
// deadline that a peer cannot push away by sending a byte now and then.
//
// Start with [New], [Client.Store] and [Client.Read]; [Client.Status] and [Client.Health] look
// without touching. Source: spec: client.md sections 3 and 4.
package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/walrus-go/walrus/ledger"
)

// Options are the settings of a [Client]. The zero value of each field stands for its default.
type Options struct {
	// Wallet pays for and owns what is stored. Without one a Client only reads.
	Wallet ledger.Wallet
	// BytesInFlight bounds the bytes of slivers that are on their way to or from nodes at once, in all
	// operations together. Requests that take longer than is usual do not count, or nodes that hang
	// would hold up the others. 32 MiB by default, which fills a gigabit line with a quarter of a second
	// of delay.
	BytesInFlight int64
	// NodeRequests bounds the requests to one node at once, of all operations together. 10 by default.
	NodeRequests int
	// StallTimeout ends a request in which no byte moved for so long. 15 seconds by default.
	StallTimeout time.Duration
	// RequestTimeout ends a request however well it goes. 5 minutes by default. Sooner than that ends an
	// upload that takes many times as long as those to other nodes, and a write that is short of a
	// quorum gives up on nodes that are not done so long after, in proportion, the others were.
	RequestTimeout time.Duration
	// ConnectTimeout bounds connecting to a node, TLS handshake included. 5 seconds by default.
	ConnectTimeout time.Duration
	// Backoff is how a write repeats requests that failed for a passing reason. 300 ms growing to 30 s,
	// 5 repetitions, by default.
	Backoff Backoff
	// RegistrationWait bounds how long nodes may take to learn of a registration. 30 seconds by default.
	RegistrationWait time.Duration
	// TailFactor and TailBase say how long slower nodes may go on receiving once a quorum has
	// confirmed: TailFactor times what it took to the quorum, plus TailBase. 0.5 and 500 ms by default;
	// a negative TailBase stops at the quorum.
	TailFactor float64
	TailBase   time.Duration
	// PendingSize is the largest blob in bytes whose slivers are sent while its registration is still
	// under way. 4 MiB by default, negative for never.
	PendingSize int64
	// BatchSize bounds the bytes of all blobs of one [Client.Store]. 1 GiB by default; about five times
	// as much memory is needed.
	BatchSize int64
	// CommitteeAge is how long a committee is believed before the chain is asked again. 30 seconds by
	// default.
	CommitteeAge time.Duration
	// Logger hears of nodes that misbehave, at level debug. Nothing is logged by default.
	Logger *slog.Logger
}

// Errors of using a Client wrongly.
var (
	// ErrNoWallet: a write with a Client that has no wallet.
	ErrNoWallet = errors.New("client: no wallet to pay with")
	// ErrOption: a setting or argument outside what is possible.
	ErrOption = errors.New("client: invalid option")
)

// withDefaults returns a copy of o with every zero replaced.
func (o *Options) withDefaults() (Options, error) {
	var opts Options
	if o != nil {
		opts = *o
	}
	setDefault(&opts.BytesInFlight, 32<<20)
	setDefault(&opts.NodeRequests, 10)
	setDefault(&opts.StallTimeout, 15*time.Second)
	setDefault(&opts.RequestTimeout, 5*time.Minute)
	setDefault(&opts.ConnectTimeout, 5*time.Second)
	setDefault(&opts.Backoff.Min, 300*time.Millisecond)
	setDefault(&opts.Backoff.Max, 30*time.Second)
	setDefault(&opts.Backoff.Retries, 5)
	setDefault(&opts.RegistrationWait, 30*time.Second)
	setDefault(&opts.TailFactor, 0.5)
	setDefault(&opts.TailBase, 500*time.Millisecond)
	setDefault(&opts.PendingSize, 4<<20)
	setDefault(&opts.BatchSize, 1<<30)
	setDefault(&opts.CommitteeAge, 30*time.Second)
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	for name, bad := range map[string]bool{
		"BytesInFlight":    opts.BytesInFlight < 0,
		"NodeRequests":     opts.NodeRequests < 0,
		"StallTimeout":     opts.StallTimeout < 0,
		"RequestTimeout":   opts.RequestTimeout < 0,
		"ConnectTimeout":   opts.ConnectTimeout < 0,
		"Backoff":          opts.Backoff.Min < 0 || opts.Backoff.Max < opts.Backoff.Min,
		"RegistrationWait": opts.RegistrationWait < 0,
		"TailFactor":       opts.TailFactor < 0,
		"BatchSize":        opts.BatchSize < 0,
	} {
		if bad {
			return Options{}, fmt.Errorf("%w: %s", ErrOption, name)
		}
	}
	return opts, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Client writes and reads blobs. Safe for concurrent use; make one and keep it, since it learns which
// nodes are good and keeps connections to them. Call [Client.Close] when done.
type Client struct {
	ledger  ledger.Reader
	opts    Options
	scores  *scores
	budget  *semaphore.Weighted // bytes on their way
	cpu     chan struct{}       // a place for each check that may run at once
	encoder chan struct{}       // a place for the encoding that may run

	mu      sync.Mutex
	links   map[peerKey]*link // guarded by mu
	network *network          // guarded by mu; nil until first asked for
}

// New makes a client of the network that reader tells of. It does not talk to anyone yet.
//
// Errors: [ErrOption].
func New(reader ledger.Reader, o *Options) (*Client, error) {
	opts, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Client{
		ledger:  reader,
		opts:    opts,
		scores:  newScores(),
		budget:  semaphore.NewWeighted(opts.BytesInFlight),
		cpu:     make(chan struct{}, runtime.GOMAXPROCS(0)),
		encoder: make(chan struct{}, 1),
		links:   make(map[peerKey]*link),
	}, nil
}

// Close closes connections that are not in use. Operations under way go on; new ones would connect
// again.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.links {
		l.transport.CloseIdleConnections()
	}
}

// compute runs f when a processor is free for it.
func (c *Client) compute(ctx context.Context, f func() error) error {
	select {
	case c.cpu <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-c.cpu }()
	return f()
}
