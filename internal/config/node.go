package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"

	"go.yaml.in/yaml/v3"
)

var nodeID = regexp.MustCompile(`^0x[0-9a-f]{64}$`)

// Node says who a storage node is and where it keeps what it stores.
type Node struct {
	// NodeID is the node's identity in the chain's registry, 0x and 64 hex digits.
	NodeID string `yaml:"node_id"`
	// Name is what people call it.
	Name string `yaml:"name"`
	// ChainID and RPCURLs say which chain it follows, and where.
	ChainID string   `yaml:"chain_id"`
	RPCURLs []string `yaml:"rpc_urls"`
	// Listen is the host:port of its API.
	Listen string `yaml:"listen_address"`
	// StoragePath is the directory of its slivers and metadata.
	StoragePath string `yaml:"storage_path"`
	// ProtocolKey is a file with the BLS secret key it signs with, 64 hex digits.
	ProtocolKey string `yaml:"protocol_key_path"`
	// NetworkKey is a file with its TLS key, a P-256 key as PKCS #8 in PEM.
	NetworkKey string `yaml:"network_key_path"`
	// CacheBytes is the memory for its database's blocks; 0 means 64 MiB.
	CacheBytes int64 `yaml:"cache_bytes,omitempty"`

	// Path is the file this came from.
	Path string `yaml:"-"`
}

// LoadNode reads a storage node's configuration. Errors: [ErrNotFound], [ErrInvalid].
func LoadNode(path string) (*Node, error) {
	raw, err := read(path)
	if err != nil {
		return nil, err
	}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	cfg := new(Node)
	if err := dec.Decode(cfg); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %s: %w", ErrInvalid, path, err)
	}
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrInvalid, path, err)
	}
	if cfg.Path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	dir := filepath.Dir(cfg.Path)
	for _, p := range []*string{&cfg.StoragePath, &cfg.ProtocolKey, &cfg.NetworkKey} {
		*p = Expand(*p, dir)
	}
	return cfg, nil
}

// check refuses what cannot work, by name.
func (n *Node) check() error {
	for _, need := range []struct{ key, value string }{
		{"chain_id", n.ChainID}, {"listen_address", n.Listen}, {"storage_path", n.StoragePath},
		{"protocol_key_path", n.ProtocolKey}, {"network_key_path", n.NetworkKey},
	} {
		if need.value == "" {
			return fmt.Errorf("%s is missing", need.key)
		}
	}
	if len(n.RPCURLs) == 0 {
		return errors.New("rpc_urls is missing")
	}
	if !nodeID.MatchString(n.NodeID) {
		return fmt.Errorf("node_id: %q is not 0x and 64 hex digits", n.NodeID)
	}
	if n.CacheBytes < 0 {
		return fmt.Errorf("cache_bytes: %d is negative", n.CacheBytes)
	}
	return nil
}

// Write puts the configuration at path, readable by its owner only.
func (n *Node) Write(path string) error {
	raw, err := yaml.Marshal(n)
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	return write(path, raw)
}
