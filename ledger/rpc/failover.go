package rpc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/walrus-go/walrus/ledger"
)

// probeTimeout bounds how long a node may take to say of which chain it is. It is short, since another
// node may be waiting to be asked.
const probeTimeout = 5 * time.Second

// NewFailover returns a client of the chain of the given name that stays with one of the nodes at urls, of
// which there must be one at least, for as long as it answers, and then goes on to the next that does. It
// speaks to nobody before it is asked something. httpClient may be nil.
//
// Besides the usual errors, all calls may return [ledger.ErrChain].
func NewFailover(chainID string, urls []string, httpClient *http.Client) *Client {
	f := &failover{chainID: chainID, nodes: make([]endpoint, len(urls))}
	for i, url := range urls {
		f.nodes[i].conn = newHTTPConn(url, httpClient)
	}
	return New(f, chainID)
}

// failover is a [Conn] to whichever of several nodes answers.
type failover struct {
	chainID string

	mu    sync.Mutex // guards the rest, but for conn, which does not change; never held while a node is asked
	at    int        // the node that is asked first
	nodes []endpoint
}

type endpoint struct {
	conn *httpConn
	// known is set while the node is known to be of the right chain: from when it says so until it fails,
	// since another may come back at its address.
	known bool
}

// try asks the nodes in turn, beginning with the last that answered.
func (f *failover) try(ctx context.Context, ask func(*httpConn) error) error {
	f.mu.Lock()
	first := f.at
	f.mu.Unlock()
	var failed []error
	for i := range f.nodes {
		i = (first + i) % len(f.nodes)
		err := f.ask(ctx, i, ask)
		if !errors.Is(err, ledger.ErrUnavailable) || ctx.Err() != nil {
			return err
		}
		failed = append(failed, fmt.Errorf("%s: %w", f.nodes[i].conn.url, err))
	}
	return errors.Join(failed...)
}

// ask asks one node, once it is known to be of the right chain.
func (f *failover) ask(ctx context.Context, i int, ask func(*httpConn) error) error {
	f.mu.Lock()
	conn, known := f.nodes[i].conn, f.nodes[i].known
	f.mu.Unlock()
	var err error
	if !known {
		err = f.probe(ctx, conn)
	}
	if err == nil {
		err = ask(conn)
	}
	answered := !errors.Is(err, ledger.ErrUnavailable) && !errors.Is(err, ledger.ErrChain)
	if ctx.Err() != nil && !answered {
		return err // it was not given the time
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.nodes[i].known = answered; answered {
		f.at = i
	}
	return err
}

// probe asks a node of which chain it is. Errors: [ledger.ErrUnavailable], [ledger.ErrChain].
func (f *failover) probe(ctx context.Context, conn *httpConn) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	got, err := conn.chainID(ctx)
	if err != nil {
		return err
	}
	if got != f.chainID {
		return fmt.Errorf("%w: %s serves chain %q, not %q", ledger.ErrChain, conn.url, got, f.chainID)
	}
	return nil
}

// Query implements [Conn].
func (f *failover) Query(ctx context.Context, method string, request []byte) (answer []byte, err error) {
	err = f.try(ctx, func(c *httpConn) error {
		answer, err = c.Query(ctx, method, request)
		return err
	})
	return answer, err
}

// Broadcast implements [Conn].
func (f *failover) Broadcast(ctx context.Context, tx []byte) error {
	return f.try(ctx, func(c *httpConn) error { return c.Broadcast(ctx, tx) })
}

// Head implements [Conn].
func (f *failover) Head(ctx context.Context) (head Head, err error) {
	err = f.try(ctx, func(c *httpConn) error {
		head, err = c.Head(ctx)
		return err
	})
	return head, err
}

// Block implements [Conn].
func (f *failover) Block(ctx context.Context, height int64) (block Block, err error) {
	err = f.try(ctx, func(c *httpConn) error {
		block, err = c.Block(ctx, height)
		return err
	})
	return block, err
}

func (f *failover) tx(ctx context.Context, hash [32]byte) (found *Committed, err error) {
	err = f.try(ctx, func(c *httpConn) error {
		found, err = c.tx(ctx, hash)
		return err
	})
	return found, err
}

// closeIdle closes connections that nobody uses.
func (f *failover) closeIdle() {
	for i := range f.nodes { // in place: only conn may be read without the lock
		f.nodes[i].conn.closeIdle()
	}
}
