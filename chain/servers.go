package chain

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	cmtpubsub "github.com/cometbft/cometbft/libs/pubsub"
	"github.com/cometbft/cometbft/rpc/client/local"
	rpcserver "github.com/cometbft/cometbft/rpc/jsonrpc/server"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	nodeservice "github.com/cosmos/cosmos-sdk/client/grpc/node"
	"github.com/cosmos/cosmos-sdk/codec"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
	gateway "github.com/cosmos/gogogateway"
	"github.com/grpc-ecosystem/grpc-gateway/runtime"
	"golang.org/x/net/netutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
)

// Bounds of what a server takes from its clients.
const (
	rpcWriteTimeout = 30 * time.Second
	headerTimeout   = 10 * time.Second
	readTimeout     = 30 * time.Second
	idleTimeout     = 2 * time.Minute
	// stopTimeout is short: what is asked is answered in milliseconds, and connections that a client
	// opened in advance and never used would be waited for in vain.
	stopTimeout     = 200 * time.Millisecond
	maxConnections  = 2_000
	maxHeaderBytes  = 1 << 20
	maxStreams      = 100 // of one gRPC connection
	maxGRPCMessage  = 8 << 20
	maxRequestBytes = maxBlockBytes
)

// servers are the endpoints of a node.
type servers struct {
	rpc, rest *httpServer
	grpc      *grpc.Server
	grpcAddr  string
	wg        sync.WaitGroup
}

// startServers opens the endpoints. On error those already open are closed.
func (n *Node) startServers(opts *Options) (s *servers, err error) {
	s = &servers{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stop())
			s = nil
		}
	}()
	ctx := n.clientContext()
	n.registerServices(ctx)
	rpc, err := n.rpcHandler(opts)
	if err != nil {
		return s, err
	}
	if s.rpc, err = s.serveHTTP(opts.RPCAddr, rpc); err != nil {
		return s, err
	}
	if s.rest, err = s.serveHTTP(opts.RESTAddr, n.restHandler(ctx)); err != nil {
		return s, err
	}
	return s, s.serveGRPC(opts.GRPCAddr, n)
}

// clientContext lets services reach the node they run in.
func (n *Node) clientContext() client.Context {
	return client.Context{}.
		WithCodec(n.app.codec).
		WithInterfaceRegistry(n.app.registry).
		WithTxConfig(n.app.tx).
		WithChainID(n.ChainID()).
		WithClient(local.New(n.engine))
}

// registerServices adds the services for transactions and blocks to those of the modules.
func (n *Node) registerServices(ctx client.Context) {
	authtx.RegisterTxService(n.app.GRPCQueryRouter(), ctx, n.app.Simulate, n.app.registry)
	cmtservice.RegisterTendermintService(ctx, n.app.GRPCQueryRouter(), n.app.registry, n.app.Query)
}

// rpcHandler serves CometBFT's RPC: JSON over POST, URIs over GET, subscriptions over a web socket.
func (n *Node) rpcHandler(opts *Options) (http.Handler, error) {
	env, err := n.engine.ConfigureRPC()
	if err != nil {
		return nil, fmt.Errorf("chain: RPC: %w", err)
	}
	logger := newConsensusLogger(opts.Log, &n.stopping)
	routes := env.GetRoutes()
	sockets := rpcserver.NewWebsocketManager(routes,
		rpcserver.OnDisconnect(func(remote string) {
			err := n.engine.EventBus().UnsubscribeAll(context.Background(), remote)
			if err != nil && !errors.Is(err, cmtpubsub.ErrSubscriptionNotFound) {
				opts.Log.Warn("chain: unsubscribe", "remote", remote, "err", err)
			}
		}),
		rpcserver.ReadLimit(maxRequestBytes),
	)
	sockets.SetLogger(logger)
	mux := http.NewServeMux()
	mux.HandleFunc("/websocket", sockets.WebsocketHandler)
	rpcserver.RegisterRPCFuncs(mux, routes, logger)
	return rpcserver.PreChecksHandler(rpcserver.RecoverAndLogHandler(mux, logger), rpcserver.DefaultConfig()), nil
}

// restHandler serves every query, and the broadcast of transactions, as JSON over HTTP.
func (n *Node) restHandler(ctx client.Context) http.Handler {
	mux := runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, &gateway.JSONPb{
			EmitDefaults: true, OrigName: true, AnyResolver: n.app.registry,
		}),
		runtime.WithProtoErrorHandler(restError),
	)
	n.app.basics.RegisterGRPCGatewayRoutes(ctx, mux)
	authtx.RegisterGRPCGatewayRoutes(ctx, mux)
	cmtservice.RegisterGRPCGatewayRoutes(ctx, mux)
	nodeservice.RegisterGRPCGatewayRoutes(ctx, mux)
	return mux
}

// restError answers a failed request. An unknown path is not found, whatever the library calls it.
func restError(
	ctx context.Context, mux *runtime.ServeMux, m runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error,
) {
	if status.Code(err) == codes.Unimplemented {
		err = status.Error(codes.NotFound, "no such path")
	}
	runtime.DefaultHTTPProtoErrorHandler(ctx, mux, m, w, r, err)
}

// serveGRPC serves every query service over gRPC.
func (s *servers) serveGRPC(addr string, n *Node) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("chain: listen for gRPC: %w", err)
	}
	s.grpcAddr = listener.Addr().String()
	s.grpc = grpc.NewServer(
		grpc.ForceServerCodec(codec.NewProtoCodec(n.app.registry).GRPCCodec()),
		grpc.MaxRecvMsgSize(maxGRPCMessage),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.WaitForHandlers(true), // the stores are closed after the servers
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: idleTimeout}),
	)
	n.app.RegisterGRPCServerWithSkipCheckHeader(s.grpc, false)
	s.wg.Go(func() { _ = s.grpc.Serve(netutil.LimitListener(listener, maxConnections)) }) // returns when stop is called
	return nil
}

// An httpServer is a server with the address it got.
type httpServer struct {
	*http.Server
	addr string
}

func (s *servers) serveHTTP(addr string, handler http.Handler) (*httpServer, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("chain: listen: %w", err)
	}
	h := &httpServer{addr: listener.Addr().String(), Server: &http.Server{
		Handler:           http.MaxBytesHandler(handler, maxRequestBytes),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      rpcWriteTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
	}}
	s.wg.Go(func() { _ = h.Serve(netutil.LimitListener(listener, maxConnections)) }) // returns when stop is called
	return h, nil
}

// stop closes the endpoints and waits until nothing is served any more.
func (s *servers) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	var errs []error
	for _, h := range []*httpServer{s.rpc, s.rest} {
		if h == nil {
			continue
		}
		if err := h.Shutdown(ctx); err != nil {
			errs = append(errs, h.Close())
		}
	}
	if s.grpc != nil {
		s.grpc.Stop()
	}
	s.wg.Wait()
	return errors.Join(errs...)
}

// RPCURL is where package ledger/rpc finds the node.
func (n *Node) RPCURL() string { return "http://" + n.servers.rpc.addr }

// RESTURL is where the queries answer in JSON.
func (n *Node) RESTURL() string { return "http://" + n.servers.rest.addr }

// GRPCAddr is the host:port of the gRPC services.
func (n *Node) GRPCAddr() string { return n.servers.grpcAddr }
