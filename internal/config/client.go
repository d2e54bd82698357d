package config

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Client says how to reach a network and whose money to spend there.
type Client struct {
	// ChainID names the network. Transactions are signed for it, so a wrong endpoint cannot replay them.
	ChainID string `yaml:"chain_id"`
	// RPCURLs are the chain's CometBFT endpoints, http://host:port, tried in order.
	RPCURLs []string `yaml:"rpc_urls"`
	// FaucetURL is where test networks give WAL away; empty elsewhere.
	FaucetURL string `yaml:"faucet_url,omitempty"`
	// NShards lets blob IDs be computed without asking the chain; 0 means ask.
	NShards int `yaml:"n_shards,omitempty"`
	// Wallet is where the keys are.
	Wallet Wallet `yaml:"wallet_config,omitempty"`
	// Communication bounds what a client does at once.
	Communication Communication `yaml:"communication_config,omitempty"`

	// Path is the file this came from, Context its name there ("" for a file of one configuration).
	Path    string `yaml:"-"`
	Context string `yaml:"-"`
}

// Wallet names a keyring and a key in it. In YAML a plain string is the path alone.
type Wallet struct {
	Path    string `yaml:"path"`
	Backend string `yaml:"backend,omitempty"` // test (no passphrase) or file; empty means file
	Key     string `yaml:"active_key,omitempty"`
}

// UnmarshalYAML implements [yaml.Unmarshaler].
func (w *Wallet) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&w.Path)
	}
	type plain Wallet
	return node.Decode((*plain)(w))
}

// Communication has the limits of a client; zero means the client's own choice.
type Communication struct {
	MaxDataInFlight  int         `yaml:"max_data_in_flight,omitempty"`  // bytes of slivers on their way
	MaxTotalBlobSize int64       `yaml:"max_total_blob_size,omitempty"` // bytes of all blobs of one store
	RequestRate      RequestRate `yaml:"request_rate_config,omitempty"`
	Reqwest          Reqwest     `yaml:"reqwest_config,omitempty"`
}

// RequestRate bounds what one node is asked at once.
type RequestRate struct {
	MaxNodeConnections int `yaml:"max_node_connections,omitempty"`
}

// Reqwest has the limits of one request. The name is of the file format.
type Reqwest struct {
	TotalTimeoutMillis int `yaml:"total_timeout_millis,omitempty"`
}

// clientFile is the file: one configuration, or contexts.
type clientFile struct {
	Client         `yaml:",inline"`
	Contexts       map[string]*Client `yaml:"contexts,omitempty"`
	DefaultContext string             `yaml:"default_context,omitempty"`
}

// LoadClient reads a client's configuration from path. context chooses among several; "" takes the
// default one. The warnings name keys that mean nothing here.
//
// Errors: [ErrNotFound], [ErrInvalid].
func LoadClient(path, context string) (cfg *Client, warnings []string, err error) {
	raw, err := read(path)
	if err != nil {
		return nil, nil, err
	}
	var file clientFile
	if err := yaml.Unmarshal(raw, &file); err != nil {
		return nil, nil, fmt.Errorf("%w: %s: %w", ErrInvalid, path, err)
	}
	cfg, err = file.choose(context)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %s: %w", ErrInvalid, path, err)
	}
	if err := cfg.check(); err != nil {
		return nil, nil, fmt.Errorf("%w: %s: %w", ErrInvalid, path, err)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, nil, fmt.Errorf("config: %w", err)
	}
	cfg.Path = abs
	cfg.Wallet.Path = Expand(cfg.Wallet.Path, filepath.Dir(abs))
	return cfg, unknownKeys(raw), nil
}

// choose returns the configuration of the given context.
func (f *clientFile) choose(context string) (*Client, error) {
	if len(f.Contexts) == 0 {
		if context != "" {
			return nil, fmt.Errorf("holds a single configuration, so there is no context %q", context)
		}
		return &f.Client, nil
	}
	if context == "" {
		context = f.DefaultContext
	}
	names := strings.Join(slices.Sorted(maps.Keys(f.Contexts)), ", ")
	if context == "" {
		return nil, fmt.Errorf("has no default_context; choose one of %s with --context", names)
	}
	cfg := f.Contexts[context]
	if cfg == nil {
		return nil, fmt.Errorf("has no context %q, only %s", context, names)
	}
	cfg.Context = context
	return cfg, nil
}

// check refuses what cannot work, by name.
func (c *Client) check() error {
	if c.ChainID == "" {
		return errors.New("chain_id is missing")
	}
	if len(c.RPCURLs) == 0 {
		return errors.New("rpc_urls is missing")
	}
	for _, u := range c.RPCURLs {
		if !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") {
			return fmt.Errorf("rpc_urls: %q is not an http or https URL", u)
		}
	}
	if c.NShards < 0 || c.NShards > 1<<16-1 {
		return fmt.Errorf("n_shards: %d is not in [0, 65535]", c.NShards)
	}
	m := c.Communication
	for _, v := range []int64{int64(m.MaxDataInFlight), m.MaxTotalBlobSize, int64(m.RequestRate.MaxNodeConnections), int64(m.Reqwest.TotalTimeoutMillis)} {
		if v < 0 {
			return fmt.Errorf("communication_config: %d is negative", v)
		}
	}
	switch c.Wallet.Backend {
	case "", "file", "test":
		return nil
	}
	return fmt.Errorf("wallet_config: backend %q is neither file nor test", c.Wallet.Backend)
}

// unknownKeys lists keys that no field takes, one warning each.
func unknownKeys(raw []byte) []string {
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	var file clientFile
	var bad *yaml.TypeError
	if err := dec.Decode(&file); !errors.As(err, &bad) {
		return nil
	}
	warnings := make([]string, len(bad.Errors))
	for i, text := range bad.Errors {
		if at := strings.Index(text, " not found in type"); at > 0 {
			text = text[:at] + " is not known"
		}
		warnings[i] = text
	}
	return warnings
}

// Write puts the configuration at path, alone in its file and readable by its owner only.
func (c *Client) Write(path string) error {
	raw, err := yaml.Marshal(c)
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	return write(path, raw)
}

// clientNames are the names under which a file is looked for in each directory.
var clientNames = [...]string{"client_config.yaml", "client_config.yml"}

// FindClient returns the path of the client's configuration: explicit if given, else WALRUS_CONFIG,
// else the first of client_config.yaml or .yml in the working directory, $XDG_CONFIG_HOME,
// $XDG_CONFIG_HOME/walrus, ~/.config/walrus and ~/.walrus.
//
// Errors: [ErrNotFound], with every path that was tried.
func FindClient(explicit string, getenv func(string) string) (string, error) {
	if explicit == "" {
		explicit = getenv("WALRUS_CONFIG")
	}
	if explicit != "" {
		return Expand(explicit, "."), nil
	}
	dirs := []string{"."}
	if xdg := getenv("XDG_CONFIG_HOME"); xdg != "" {
		dirs = append(dirs, xdg, filepath.Join(xdg, "walrus"))
	}
	if home := getenv("HOME"); home != "" {
		dirs = append(dirs, filepath.Join(home, ".config", "walrus"), filepath.Join(home, ".walrus"))
	}
	var tried []string
	for _, dir := range dirs {
		for _, name := range clientNames {
			path := filepath.Join(dir, name)
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
				return path, nil
			}
			tried = append(tried, path)
		}
	}
	return "", fmt.Errorf("%w: none of %s", ErrNotFound, strings.Join(tried, ", "))
}
