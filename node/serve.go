package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/walrus-go/walrus/wire"
)

// Serve follows the chain and serves the API over TLS on l, which takes plain TCP connections, until
// ctx ends or something goes wrong for good. Then it lets requests under way finish, for
// [Limits.Grace], closes l and returns: nil if ctx ended. It must run once.
//
// Errors: those of [Node.Follow], and the listener's.
func (n *Node) Serve(ctx context.Context, l net.Listener) error {
	return n.ServeHandler(ctx, l, n.handler)
}

// ServeHandler is [Node.Serve] with another handler, which will usually hand requests on to
// [Node.Handler].
func (n *Node) ServeHandler(ctx context.Context, l net.Listener, h http.Handler) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	following := make(chan error, 1)
	go func() {
		defer cancel()
		following <- n.Follow(ctx)
	}()
	err := n.serveHTTP(ctx, l, h)
	cancel()
	return errors.Join(err, <-following)
}

func (n *Node) serveHTTP(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{
		Handler:           h,
		Protocols:         wire.Protocols(),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams:          100,
			MaxReceiveBufferPerConnection: 4 << 20,
			MaxReceiveBufferPerStream:     512 << 10,
			SendPingTimeout:               30 * time.Second,
			PingTimeout:                   15 * time.Second,
			WriteByteTimeout:              30 * time.Second,
		},
		ErrorLog: slog.NewLogLogger(n.log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() {
		served <- server.Serve(wire.NewListener(limitConnections(l, n.limits.Connections), wire.ServerTLS(n.cert)))
	}()
	select {
	case err := <-served:
		return fmt.Errorf("node: serving %v: %w", l.Addr(), errors.Join(err, server.Close()))
	case <-ctx.Done():
	}
	n.stop() // those who wait for registrations need not wait for the end
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), n.limits.Grace)
	defer cancel()
	err := server.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		n.log.Warn("node: requests were cut off", "after", n.limits.Grace)
		err = server.Close()
	}
	<-served
	return err
}

// limitConnections accepts no more than most connections at once.
func limitConnections(l net.Listener, most int) net.Listener {
	return &limited{Listener: l, slots: make(chan struct{}, most), closed: make(chan struct{})}
}

type limited struct {
	net.Listener
	slots     chan struct{}
	closed    chan struct{}
	closeOnce sync.Once
}

// Accept implements [net.Listener].
func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &limitedConn{Conn: c, done: sync.OnceFunc(func() { <-l.slots })}, nil
}

// Close implements [net.Listener].
func (l *limited) Close() error {
	l.closeOnce.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type limitedConn struct {
	net.Conn
	done func()
}

// Close implements [net.Conn].
func (c *limitedConn) Close() error {
	defer c.done()
	return c.Conn.Close()
}
