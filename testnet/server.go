package testnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"
)

// httpServer is a server of plain HTTP on loopback.
type httpServer struct {
	server *http.Server
	done   chan struct{} // closed when nothing is served any more
}

// serveHTTP serves handler at addr until stop.
func serveHTTP(addr string, handler http.Handler) (*httpServer, error) {
	l, err := listen(addr)
	if err != nil {
		return nil, err
	}
	s := &httpServer{
		server: &http.Server{
			Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
			WriteTimeout: time.Minute, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		},
		done: make(chan struct{}),
	}
	go func() {
		defer close(s.done)
		_ = s.server.Serve(l) // ends with an error that says that it was closed
	}()
	return s, nil
}

// stop ends requests under way after a short while.
func (s *httpServer) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err := s.server.Shutdown(ctx)
	if err != nil {
		err = s.server.Close()
	}
	<-s.done
	return err
}

// listen listens on addr. Errors: [ErrPort].
func listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%w: %w", ErrPort, err)
	}
	if err != nil {
		return nil, fmt.Errorf("testnet: %w", err)
	}
	return l, nil
}

// pause waits a moment between two looks at something that cannot call back.
func pause(ctx context.Context) error {
	t := time.NewTimer(20 * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
