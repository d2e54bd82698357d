package main

import (
	"context"
	"fmt"
	"time"

	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/internal/config"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// loadConfig finds and reads the client's configuration.
func (d *deps) loadConfig() (*config.Client, error) {
	path, err := config.FindClient(d.config, d.getenv)
	if err != nil {
		return nil, err
	}
	cfg, warnings, err := config.LoadClient(path, d.context)
	if err != nil {
		return nil, err
	}
	if !d.json {
		for _, w := range warnings {
			fmt.Fprintf(d.stderr, "walrus: warning: %s: %s\n", path, w)
		}
	}
	if d.walletDir != "" {
		cfg.Wallet.Path = config.Expand(d.walletDir, ".")
	}
	if d.key != "" {
		cfg.Wallet.Key = d.key
	}
	return cfg, nil
}

// session is a connection to a network, for one command. Close it.
type session struct {
	*deps
	cfg    *config.Client
	reader *rpc.Client
	// wallet and account are the same, for what package ledger knows and for the rest; nil without a wallet.
	wallet  ledger.Wallet
	account *rpc.Wallet
	client  *client.Client
}

// connect reaches the configured network, with a wallet if one is needed.
func (d *deps) connect(ctx context.Context, withWallet bool) (*session, error) {
	cfg, err := d.loadConfig()
	if err != nil {
		return nil, err
	}
	s := &session{deps: d, cfg: cfg}
	if s.reader, err = dialChain(ctx, cfg); err != nil {
		return nil, err
	}
	if withWallet {
		if s.account, err = d.openWallet(s.reader, cfg); err != nil {
			s.reader.Close()
			return nil, err
		}
		s.wallet = s.account
	}
	if s.client, err = s.newClient(s.reader, s.wallet); err != nil {
		s.reader.Close()
		return nil, err
	}
	return s, nil
}

// withNetwork calls work with a session that has no wallet, and closes it.
func (d *deps) withNetwork(ctx context.Context, work func(*session) error) error {
	s, err := d.connect(ctx, false)
	if err != nil {
		return err
	}
	defer s.close()
	return work(s)
}

// withWallet calls work with a session that has the wallet, and closes it.
func (d *deps) withWallet(ctx context.Context, work func(*session) error) error {
	s, err := d.connect(ctx, true)
	if err != nil {
		return err
	}
	defer s.close()
	return work(s)
}

// newClient makes a client as configured; wallet may be nil.
func (s *session) newClient(reader ledger.Reader, wallet ledger.Wallet) (*client.Client, error) {
	m := s.cfg.Communication
	return client.New(reader, &client.Options{
		Wallet: wallet, BytesInFlight: int64(m.MaxDataInFlight), NodeRequests: m.RequestRate.MaxNodeConnections,
		RequestTimeout: time.Duration(m.Reqwest.TotalTimeoutMillis) * time.Millisecond, BatchSize: m.MaxTotalBlobSize,
	})
}

func (s *session) close() {
	s.client.Close()
	s.reader.Close()
}

// defaultBatch is how many bytes one store may take together unless the configuration says otherwise.
const defaultBatch = 1 << 30

func (s *session) batchLimit() int64 {
	if limit := s.cfg.Communication.MaxTotalBlobSize; limit > 0 {
		return limit
	}
	return defaultBatch
}

// dialChain returns a client of the configured chain, once a node of it answers. What a wallet signs is
// signed for that chain.
func dialChain(ctx context.Context, cfg *config.Client) (*rpc.Client, error) {
	c := rpc.NewFailover(cfg.ChainID, cfg.RPCURLs, nil)
	if _, err := c.Height(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// shards returns the network's number of shards: given if it is not 0, else as configured, else asked
// of the chain.
func (d *deps) shards(ctx context.Context, given int) (int, error) {
	if given != 0 {
		return given, nil
	}
	cfg, err := d.loadConfig()
	if err != nil {
		return 0, &hinted{err: fmt.Errorf("number of shards not known: %w", err), code: "NO_CONFIGURATION", exit: exitFailure, hint: "give it with --n-shards; public networks have 1000"}
	}
	if cfg.NShards != 0 {
		return cfg.NShards, nil
	}
	reader, err := dialChain(ctx, cfg)
	if err != nil {
		return 0, err
	}
	defer reader.Close()
	sys, err := reader.System(ctx)
	return sys.Shards, err
}
