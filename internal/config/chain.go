package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// ChainFile is the name of a chain node's configuration in its home.
const ChainFile = "chain.yaml"

// Chain says how a chain node runs. It belongs to one home; see package chain for what the defaults are.
type Chain struct {
	// Name is what the node calls itself towards its peers.
	Name string `yaml:"name"`
	// P2P is the host:port where it listens for peers. External is the host:port under which they reach
	// it, if that is another one.
	P2P      string `yaml:"p2p_address"`
	External string `yaml:"external_address,omitempty"`
	// RPC, GRPC and REST are the host:port where clients are served.
	RPC  string `yaml:"rpc_address"`
	GRPC string `yaml:"grpc_address"`
	REST string `yaml:"rest_address"`
	// Peers are the chain nodes to keep connected to, ID@host:port.
	Peers []string `yaml:"peers"`
	// BlockTime is how long to wait after a block, IdleBlockTime if there is nothing to put into the next.
	// All validators of a chain should have the same. 0 is the default.
	BlockTime     time.Duration `yaml:"block_time,omitempty"`
	IdleBlockTime time.Duration `yaml:"idle_block_time,omitempty"`
	// MinGasPrice is the least price of gas that the node takes, such as "0.001frost".
	MinGasPrice string `yaml:"min_gas_price,omitempty"`
	// SnapshotInterval is how many blocks lie between two snapshots for others to begin with, 0 for none.
	// SnapshotKeep is how many are kept.
	SnapshotInterval uint64 `yaml:"snapshot_interval,omitempty"`
	SnapshotKeep     uint32 `yaml:"snapshot_keep,omitempty"`
	// StateSync lets a new node begin with a snapshot of its peers.
	StateSync *StateSync `yaml:"state_sync,omitempty"`

	// Path is the file this came from.
	Path string `yaml:"-"`
}

// StateSync says which block a new node takes on trust, and whom it asks about the later ones.
type StateSync struct {
	RPCURLs     []string      `yaml:"rpc_urls"` // two at least
	TrustHeight int64         `yaml:"trust_height"`
	TrustHash   string        `yaml:"trust_hash"` // 64 hex digits
	TrustPeriod time.Duration `yaml:"trust_period,omitempty"`
}

// LoadChain reads the configuration of a chain node's home. Errors: [ErrNotFound], [ErrInvalid].
func LoadChain(home string) (*Chain, error) {
	path := filepath.Join(home, ChainFile)
	raw, err := read(path)
	if err != nil {
		return nil, err
	}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	cfg := new(Chain)
	if err := dec.Decode(cfg); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %s: %w", ErrInvalid, path, err)
	}
	if err := cfg.Check(); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrInvalid, path, err)
	}
	cfg.Path, err = filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	return cfg, nil
}

// Check refuses what cannot work, by name.
func (c *Chain) Check() error {
	for _, addr := range []struct{ key, value string }{
		{"p2p_address", c.P2P}, {"rpc_address", c.RPC}, {"grpc_address", c.GRPC}, {"rest_address", c.REST}, {"external_address", c.External},
	} {
		if addr.value == "" && addr.key == "external_address" {
			continue
		}
		if _, _, err := net.SplitHostPort(addr.value); err != nil {
			return fmt.Errorf("%s: %q is not host:port", addr.key, addr.value)
		}
	}
	for _, p := range c.Peers {
		if id, addr, ok := strings.Cut(p, "@"); !ok || len(id) != 40 || strings.ContainsAny(addr, ", ") {
			return fmt.Errorf("peers: %q is not ID@host:port", p)
		}
	}
	if c.BlockTime < 0 || c.IdleBlockTime < 0 {
		return errors.New("block_time and idle_block_time cannot be negative")
	}
	if s := c.StateSync; s != nil && (len(s.RPCURLs) < 2 || s.TrustHeight <= 0 || len(s.TrustHash) != 64 || s.TrustPeriod < 0) {
		return errors.New("state_sync: wants two rpc_urls, a trust_height and a trust_hash of 64 hex digits")
	}
	return nil
}

// Write puts the configuration into a chain node's home, readable by its owner only.
func (c *Chain) Write(home string) error {
	raw, err := yaml.Marshal(c)
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	return write(filepath.Join(home, ChainFile), raw)
}
