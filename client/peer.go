package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/wire"
)

// A peer is the way to one storage node: its address, its key, its connections.
type peer struct {
	client *Client
	member *committee.Member
	base   string
	http   *http.Client
	places chan struct{} // the link's
}

// A link is what all operations share of the way to one node.
type link struct {
	transport *http.Transport
	places    chan struct{} // one for each request under way
}

// peerKey is what must stay the same for connections to be used again.
type peerKey struct {
	address string
	key     committee.NetworkKey
}

const (
	// maxHeader bounds the headers of an answer.
	maxHeader = 32 << 10
	// slowest is the rate in bytes per second below which an answer is not worth waiting for.
	slowest = 64 << 10
	// pingAfter and pingTimeout find connections whose other end has gone without a word.
	pingAfter, pingTimeout = 10 * time.Second, 5 * time.Second
)

// newTransport returns connections to the server that holds the key, wherever it is.
func (c *Client) newTransport(key committee.NetworkKey) (*http.Transport, error) {
	tlsConfig, err := wire.ClientTLS(key)
	if err != nil {
		return nil, err
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: c.opts.ConnectTimeout, KeepAlive: pingAfter}).DialContext,
		TLSClientConfig:        tlsConfig,
		TLSHandshakeTimeout:    c.opts.ConnectTimeout,
		Protocols:              protocols,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
		MaxIdleConnsPerHost:    c.opts.NodeRequests,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true, // a few bytes must not unfold into many
	}, nil
}

// peer returns the way to a member. Connections are shared by all operations.
func (c *Client) peer(m *committee.Member) (*peer, error) {
	k := peerKey{m.Address, m.NetworkKey}
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.links[k]
	if l == nil {
		transport, err := c.newTransport(m.NetworkKey)
		if err != nil {
			return nil, err
		}
		l = &link{transport, make(chan struct{}, c.opts.NodeRequests)}
		c.links[k] = l
	}
	refuse := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &peer{c, m, "https://" + m.Address, &http.Client{Transport: l.transport, CheckRedirect: refuse}, l.places}, nil
}

// enter waits for a place among the node's requests, which [peer.leave] gives back. Whoever needs room
// in the budget for bytes as well takes the place first, so that nobody waits for a place with room
// that others could use.
func (p *peer) enter(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case p.places <- struct{}{}:
		return nil
	default:
	}
	queued, _ := ctx.Value(pulseKey{}).(*pulse)
	if queued != nil {
		queued.queued.Store(true)
		defer queued.queued.Store(false)
	}
	select {
	case p.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (p *peer) leave() { <-p.places }

// getBCS reads a raw answer of at most limit bytes. The caller has a place.
func (p *peer) getBCS(ctx context.Context, path string, limit int) (body []byte, err error) {
	deadline := p.client.opts.StallTimeout + time.Duration(limit)*time.Second/slowest
	err = p.do(ctx, http.MethodGet, path, nil, deadline, limit, func(resp *http.Response) error {
		body, err = wire.ReadBCS(resp, limit)
		return err
	})
	return body, err
}

// getJSON reads a JSON answer into data. The node may take wait longer than usual to begin it.
func (p *peer) getJSON(ctx context.Context, path string, wait time.Duration, data any) error {
	if err := p.enter(ctx); err != nil {
		return err
	}
	defer p.leave()
	ctx, stop := withWait(ctx, wait)
	defer stop()
	return p.do(ctx, http.MethodGet, path, nil, wait+p.client.opts.StallTimeout, 0, func(resp *http.Response) error {
		return wire.ReadData(resp, data)
	})
}

// put sends body and returns the status with which the node accepted it. The caller has a place.
func (p *peer) put(ctx context.Context, path string, body []byte) (status int, err error) {
	err = p.do(ctx, http.MethodPut, path, body, p.client.opts.RequestTimeout, len(body), func(resp *http.Response) error {
		status = resp.StatusCode
		return wire.ReadData(resp, nil)
	})
	return status, err
}

// do makes one request and hands a bounded, watched answer to read. size is what the exchange should
// weigh, for the node's record.
func (p *peer) do(ctx context.Context, method, path string, body []byte, deadline time.Duration, size int, read func(*http.Response) error) error {
	caller := ctx
	ctx, w := p.client.watch(ctx, min(deadline, p.client.opts.RequestTimeout))
	defer w.stop()
	req, err := http.NewRequestWithContext(ctx, method, p.base+path, nil)
	if err != nil {
		return fmt.Errorf("client: address of node: %w", err)
	}
	if body != nil {
		w.attach(req, body)
	}
	start := time.Now()
	err = p.exchange(req, w, read)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause // rather than that the request was canceled
	}
	if err == nil || caller.Err() == nil { // what we broke off ourselves, for whatever cause, is no fault of the node
		p.client.scores.observe(p.member.ID, time.Since(start), size, isFault(err))
	}
	return err
}

func (p *peer) exchange(req *http.Request, w *watch, read func(*http.Response) error) error {
	resp, err := p.http.Do(req)
	if err != nil {
		return unwrapURL(err)
	}
	w.moved()
	defer func() { _ = resp.Body.Close() }() // what was read is judged on its own
	if req.Method == http.MethodGet {
		// The answer to anything else fits a packet: it has no more time than silence has.
		resp.Body = &watchedBody{resp.Body, w}
	}
	return read(resp)
}

// unwrapURL drops the method and address that package http writes before an error; ours are named by
// node.
func unwrapURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// A watch ends a request in which nothing moves.
type watch struct {
	timer  *time.Timer
	stall  time.Duration
	pulse  *pulse // may be nil
	cancel func()
}

// A pulse tells when a byte of a request moved last, and what it waits for that is not the node's to
// give. Safe for concurrent use.
type pulse struct {
	start  time.Time
	since  atomic.Int64 // after start
	begun  atomic.Int64 // after start; negative while the request is held back
	queued atomic.Bool  // it waits for a place among the node's requests
}

func newPulse(now time.Time) *pulse { return &pulse{start: now} }

func (p *pulse) beat() { p.since.Store(int64(time.Since(p.start))) }

func (p *pulse) last() time.Time { return p.start.Add(time.Duration(p.since.Load())) }

// hold says that the request waits until our own line has room for it.
func (p *pulse) hold() { p.begun.Store(-1) }

// begin ends hold.
func (p *pulse) begin() {
	p.beat()
	p.begun.Store(p.since.Load())
}

// origin returns when the request began, or that it is held back.
func (p *pulse) origin() (t time.Time, ok bool) {
	begun := p.begun.Load()
	return p.start.Add(time.Duration(begun)), begun >= 0
}

type pulseKey struct{}

// withPulse lets p beat with the requests under ctx.
func withPulse(ctx context.Context, p *pulse) context.Context {
	return context.WithValue(ctx, pulseKey{}, p)
}

type waitKey struct{}

// withWait lets requests under ctx stay silent for longer.
func withWait(ctx context.Context, wait time.Duration) (context.Context, context.CancelFunc) {
	return context.WithCancel(context.WithValue(ctx, waitKey{}, wait))
}

// watch returns a context that ends with [ErrStalled] when nothing moves for StallTimeout, or at the
// deadline. stop must be called.
func (c *Client) watch(parent context.Context, deadline time.Duration) (context.Context, *watch) {
	stall := c.opts.StallTimeout
	if wait, ok := parent.Value(waitKey{}).(time.Duration); ok {
		stall += wait
	}
	ctx, cancelTimeout := context.WithTimeoutCause(parent, deadline, fmt.Errorf("%w: not done after %v", ErrStalled, deadline))
	ctx, cancel := context.WithCancelCause(ctx)
	silent := fmt.Errorf("%w: silent for %v", ErrStalled, stall)
	beat, _ := parent.Value(pulseKey{}).(*pulse)
	w := &watch{stall: stall, pulse: beat, timer: time.AfterFunc(stall, func() { cancel(silent) })}
	w.cancel = func() { cancel(nil); cancelTimeout() }
	return ctx, w
}

func (w *watch) stop() {
	w.timer.Stop()
	w.cancel()
}

// moved notes that a byte moved.
func (w *watch) moved() {
	w.timer.Reset(w.stall)
	if w.pulse != nil {
		w.pulse.beat()
	}
}

// attach makes body the request's, watched.
func (w *watch) attach(req *http.Request, body []byte) {
	req.ContentLength = int64(len(body))
	req.Header.Set("Content-Type", wire.ContentBCS)
	req.GetBody = func() (io.ReadCloser, error) {
		return &watchedBody{io.NopCloser(bytes.NewReader(body)), w}, nil
	}
	req.Body, _ = req.GetBody()
	if len(body) == 0 {
		req.Body = http.NoBody
	}
}

type watchedBody struct {
	io.ReadCloser
	w *watch
}

// Read implements [io.Reader].
func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.w.moved()
	}
	return n, err
}

// retryable tells whether the same request to the same node may succeed later.
func retryable(err error) bool {
	var refusal *wire.Error
	var over *givenUp
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.As(err, &over):
		return false
	case errors.As(err, &refusal):
		return wire.Retryable(err)
	}
	for _, final := range []error{wire.ErrAnswer, wire.ErrIdentity, wire.ErrKey, ErrCorrupt, ErrSignature} {
		if errors.Is(err, final) {
			return false
		}
	}
	return true
}

// isFault tells whether err speaks against the node: not so where it merely has not got something.
func isFault(err error) bool {
	if err == nil {
		return false
	}
	for _, fair := range []error{
		wire.ErrMetadataNotFound, wire.ErrSliverNotFound, wire.ErrForbidden, wire.ErrNotRegistered,
		wire.ErrCacheSaturated, wire.ErrMetadataFirst, wire.ErrMissingSlivers, wire.ErrInvalidBlob,
	} {
		if errors.Is(err, fair) {
			return false
		}
	}
	return true
}

// nodeError names the node that err is about.
func nodeError(m *committee.Member, shards []committee.Shard, err error) *NodeError {
	shards = slices.Clone(shards)
	slices.Sort(shards)
	return &NodeError{Node: m.ID, Name: m.Name, Address: m.Address, Shards: shards, Err: err}
}
