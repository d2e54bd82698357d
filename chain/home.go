package chain

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	cmtcfg "github.com/cometbft/cometbft/config"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"

	"github.com/walrus-go/walrus/committee"
)

// ErrHome means that a directory is not a chain node's home, or is another chain's.
var ErrHome = errors.New("chain: not this chain's directory")

// ErrNoGenesis means that a chain node's home was not told yet how its chain begins.
var ErrNoGenesis = errors.New("chain: directory has no genesis")

// home is the layout of a node's directory.
type home string

func (h home) path(names ...string) string {
	return filepath.Join(append([]string{string(h)}, names...)...)
}

func (h home) genesis() string        { return h.path("genesis.json") }
func (h home) validatorKey() string   { return h.path("validator_key.json") }
func (h home) validatorState() string { return h.path("validator_state.json") }
func (h home) nodeKey() string        { return h.path("node_key.json") }
func (h home) data() string           { return h.path("data") }

// Prepare makes dir the home of a chain node, with fresh keys where there are none, and returns the public
// key of its validator, for a genesis. It changes nothing in a directory that is prepared already.
//
// Errors: [ErrHome] if the directory holds other things.
func Prepare(dir string) (ed25519.PublicKey, error) {
	h := home(dir)
	if err := h.claim(); err != nil {
		return nil, err
	}
	if _, err := p2p.LoadOrGenNodeKey(h.nodeKey()); err != nil {
		return nil, fmt.Errorf("chain: node key: %w", err)
	}
	pv, err := h.validator()
	if err != nil {
		return nil, err
	}
	return ed25519.PublicKey(pv.Key.PubKey.Bytes()), nil
}

// PeerID is how other nodes name the node of a prepared directory: 40 hex digits.
func PeerID(dir string) (string, error) {
	key, err := p2p.LoadNodeKey(home(dir).nodeKey())
	if err != nil {
		return "", fmt.Errorf("chain: node key: %w", err)
	}
	return string(key.ID()), nil
}

// ProveConsensusKey signs, with the key of the validator of a prepared directory, that the given storage
// node may name it on a chain, see [ConsensusKeyMessage].
//
// Errors: [ErrHome] if the directory has no validator's key.
func ProveConsensusKey(dir, chainID string, node committee.NodeID) (key ed25519.PublicKey, proof []byte, err error) {
	h := home(dir)
	prepared, err := exists(h.validatorKey())
	if err != nil {
		return nil, nil, fmt.Errorf("chain: %w", err)
	}
	if !prepared {
		return nil, nil, fmt.Errorf("%w: %s has no validator's key", ErrHome, dir)
	}
	pv, err := h.validator()
	if err != nil {
		return nil, nil, err
	}
	if proof, err = pv.Key.PrivKey.Sign(ConsensusKeyMessage(chainID, node)); err != nil {
		return nil, nil, fmt.Errorf("chain: validator's key: %w", err)
	}
	return ed25519.PublicKey(pv.Key.PubKey.Bytes()), proof, nil
}

// claim creates the directory, or checks that it is a chain node's.
func (h home) claim() error {
	entries, err := os.ReadDir(string(h))
	if errors.Is(err, os.ErrNotExist) || err == nil && len(entries) == 0 {
		return os.MkdirAll(h.data(), 0o700)
	}
	if err != nil {
		return fmt.Errorf("chain: %w", err)
	}
	if info, err := os.Stat(h.data()); err != nil || !info.IsDir() {
		return fmt.Errorf("%w: %s holds other things", ErrHome, h)
	}
	return nil
}

// validator opens the validator's key and the record of what it signed last, which keeps it from signing
// twice after a restart.
func (h home) validator() (*privval.FilePV, error) {
	keyExists, err := exists(h.validatorKey())
	if err != nil {
		return nil, err
	}
	stateExists, err := exists(h.validatorState())
	if err != nil {
		return nil, err
	}
	// The library ends the process when one of the files is missing; it must not come to that.
	if keyExists != stateExists {
		return nil, fmt.Errorf("%w: %s has only one of the validator's two files", ErrHome, h)
	}
	return privval.LoadOrGenFilePV(h.validatorKey(), h.validatorState()), nil
}

func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// openGenesis returns the genesis of the directory. The first time it is the given one, which is kept;
// afterwards the given one may be nil, or must be of the same chain.
func (h home) openGenesis(given *Genesis) (*Genesis, error) {
	kept, err := exists(h.genesis())
	if err != nil {
		return nil, fmt.Errorf("chain: %w", err)
	}
	if !kept {
		if given == nil {
			return nil, fmt.Errorf("%w: %s", ErrNoGenesis, h)
		}
		return given, given.WriteFile(h.genesis())
	}
	own, err := ReadGenesis(h.genesis())
	if err != nil {
		return nil, err
	}
	if given != nil && given.ChainID() != own.ChainID() {
		return nil, fmt.Errorf("%w: %s is of chain %q, not %q", ErrHome, h, own.ChainID(), given.ChainID())
	}
	return own, nil
}

// KeepGenesis puts a genesis into a prepared directory. One that is there must be the same.
//
// Errors: [ErrHome].
func KeepGenesis(dir string, g *Genesis) error {
	h := home(dir)
	own, err := h.openGenesis(g)
	if err != nil {
		return err
	}
	want, err1 := g.Hash()
	got, err2 := own.Hash()
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%w: %s has another genesis of chain %q", ErrHome, dir, g.ChainID())
	}
	return nil
}

// config is the engine's configuration.
func (h home) config(opts *Options) *cmtcfg.Config {
	c := cmtcfg.DefaultConfig()
	c.SetRoot(string(h))
	c.Moniker = opts.Name
	c.RPC.ListenAddress = "" // served by this package, on listeners of its own
	c.RPC.TimeoutBroadcastTxCommit = rpcWriteTimeout / 2
	c.P2P.ListenAddress = "tcp://" + opts.P2PAddr
	c.P2P.PersistentPeers = opts.Peers
	c.P2P.AllowDuplicateIP = true
	c.P2P.AddrBook = filepath.Join("data", "addrbook.json") // below the root
	c.P2P.AddrBookStrict = false
	c.P2P.PexReactor = false
	c.P2P.FlushThrottleTimeout = opts.BlockTime / 20
	c.Consensus.TimeoutCommit = opts.BlockTime
	c.Consensus.PeerGossipSleepDuration = min(c.Consensus.PeerGossipSleepDuration, max(opts.BlockTime/10, minGossipSleep))
	c.Consensus.CreateEmptyBlocks = opts.IdleBlockTime <= opts.BlockTime
	c.Consensus.CreateEmptyBlocksInterval = opts.IdleBlockTime
	c.Mempool.Size = mempoolTxs
	c.Mempool.MaxTxBytes = maxTxBytes
	c.Mempool.MaxTxsBytes = mempoolBytes
	c.P2P.ExternalAddress = opts.ExternalAddr
	opts.StateSync.configure(c.StateSync)
	c.BlockSync.Version = "v0"
	return c
}
