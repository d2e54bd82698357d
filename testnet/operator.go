package testnet

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/genesis"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/internal/config"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
	"github.com/walrus-go/walrus/wire"
)

// The files of a storage node's directory.
const (
	nodeConfigFile  = "node.yaml"
	protocolKeyFile = "protocol.key"
	networkKeyFile  = "network.key"
	storeDir        = "store"
)

// stakePerShard is the stake of a node per shard it owns, in FROST.
const stakePerShard = 1_000 * ledger.FrostPerWAL

// An operator is one storage node's identity: what a person would bring to join a network.
type operator struct {
	id      committee.NodeID
	name    string
	key     *bls.PrivateKey   // signs confirmations
	network *ecdsa.PrivateKey // answers TLS
	address string
	shards  int
	rpcURLs []string // of the chain, in the order in which the node tries them
}

// nodeName is what node i is called; its directory has the same name.
func nodeName(i int) string { return fmt.Sprintf("node-%02d", i) }

// nodeDir is where node i keeps everything.
func nodeDir(dir string, i int) string { return filepath.Join(dir, nodesDir, nodeName(i)) }

// newOperators draws identities for all nodes of a plan, in ascending order of their IDs, so that node i
// is member i of every committee.
func newOperators(p *plan) ([]operator, error) {
	ops := make([]operator, len(p.Shares))
	for i := range ops {
		key, err := bls.GenerateKey(rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("testnet: %s: %w", nodeName(i), err)
		}
		network, err := wire.GenerateNetworkKey()
		if err != nil {
			return nil, fmt.Errorf("testnet: %s: %w", nodeName(i), err)
		}
		ops[i] = operator{id: chain.NodeIDOf(key.Public()), key: key, network: network}
	}
	slices.SortFunc(ops, func(a, b operator) int { return bytes.Compare(a.id[:], b.id[:]) })
	for i := range ops {
		o := &ops[i]
		o.name, o.address, o.shards = nodeName(i), hostPort(p.Ports.Nodes[i]), p.Shares[i]
		o.rpcURLs = p.rpcURLs(i)
	}
	return ops, nil
}

// founder is the node as its operator registers it. owner acts for it.
func (o *operator) founder(owner rpc.Signer) *genesis.Operator {
	return &genesis.Operator{
		Name: o.name, NetworkAddress: o.address, NetworkKey: wire.NetworkKeyOf(&o.network.PublicKey), NodeKey: o.key, Owner: owner,
		Stake: uint64(o.shards) * stakePerShard,
	}
}

// write makes the node's directory: its keys, and the configuration that "walrus node run" takes.
func (o *operator) write(dir string, p *plan) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("testnet: %w", err)
	}
	network, err := wire.FormatNetworkKey(o.network)
	if err != nil {
		return fmt.Errorf("testnet: %s: %w", o.name, err)
	}
	if err := writeFile(filepath.Join(dir, networkKeyFile), []byte(network+"\n")); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, protocolKeyFile), []byte(wire.FormatKey(o.key)+"\n")); err != nil {
		return err
	}
	cfg := &config.Node{
		NodeID: o.id.String(), Name: o.name, ChainID: p.ChainID, RPCURLs: o.rpcURLs,
		Listen: o.address, StoragePath: storeDir, ProtocolKey: protocolKeyFile, NetworkKey: networkKeyFile,
	}
	return cfg.Write(filepath.Join(dir, nodeConfigFile))
}
