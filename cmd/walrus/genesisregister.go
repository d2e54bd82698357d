package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/genesis"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/internal/config"
	"github.com/walrus-go/walrus/ledger/rpc"
	"github.com/walrus-go/walrus/wire"
)

// foundOptions are the flags of genesis register.
type foundOptions struct {
	node, home, out          string
	name, address, peer      string
	stake                    string
	commission               string
	storage, write, capacity string
	image, project, about    string
	backend                  string
}

func newGenesisRegister(d *deps) *cobra.Command {
	var o foundOptions
	cmd := &cobra.Command{
		Use:   "register DRAFT --node DIR --name NAME --address HOST:PORT --stake AMOUNT",
		Short: "Register for a new network, as one of its operators",
		Long: `Register reads a draft, check it before: it says who has how much and by which rules. It makes the directory of a storage
node with keys and configuration, or takes the keys that are there, and writes a registration that the account of --key
signs: the node's public keys with proof that their secrets are at hand, its address, commission and votes, and the stake,
which comes out of what the draft gives the account. With --home, the directory that "walrus chain init" made, the node
runs a validator. The registration holds no secret: send it to whoever collects.
JSON: {"registration","nodeId","owner","config"}.` + exits(),
		Example: "  walrus genesis register draft.json --node ./node --home ./chain --name alice --address alice.example:9185 --stake 1000WAL",
		Args:    cobra.ExactArgs(1),
		RunE:    d.does(func(_ context.Context, args []string) error { return runGenesisRegister(d, args[0], &o) }),
	}
	f := cmd.Flags()
	f.StringVar(&o.node, "node", "", "`DIR` of the storage node, made if need be")
	f.StringVar(&o.home, "home", "", "`DIR` of the chain node whose validator this node runs (default: none)")
	f.StringVar(&o.out, "out", "", "`FILE` to write (default: NAME.json)")
	f.StringVar(&o.name, "name", "", "`NAME` of the node")
	f.StringVar(&o.address, "address", "", "`HOST:PORT` at which others reach the storage node")
	f.StringVar(&o.peer, "peer", "", "`HOST:PORT` at which others reach the chain node of --home")
	f.StringVar(&o.stake, "stake", "", "`AMOUNT` to stake, such as 1000WAL")
	f.StringVar(&o.commission, "commission", "0", "`RATE` of the rewards that the operator keeps, in basis points or like 2.5%")
	f.StringVar(&o.storage, "vote-storage-price", "0", "`AMOUNT` per MiB and epoch to ask for (default: the draft's)")
	f.StringVar(&o.write, "vote-write-price", "0", "`AMOUNT` per MiB written to ask for (default: the draft's)")
	f.StringVar(&o.capacity, "vote-capacity", "0", "`SIZE` of encoded data to offer (default: the node's part of the draft's)")
	f.StringVar(&o.image, "image-url", "", "`URL` of a picture")
	f.StringVar(&o.project, "project-url", "", "`URL` of who runs the node")
	f.StringVar(&o.about, "description", "", "`TEXT` about the node")
	f.StringVar(&o.backend, "backend", "", "file or test: the kind of keyring (default: as configured, or file)")
	required(cmd, "node", "name", "address", "stake")
	return cmd
}

func runGenesisRegister(d *deps, path string, o *foundOptions) error {
	draft, err := genesis.ReadDraft(config.Expand(path, "."))
	if err != nil {
		return err
	}
	operator, err := o.operator(d, draft)
	if err != nil {
		return err
	}
	out := o.out
	if out == "" {
		out = o.name + ".json"
		if filepath.Base(out) != out {
			return usagef("--name: %q makes no file name; name one with --out", o.name)
		}
	}
	out = config.Expand(out, ".")
	if err := refuseExisting(out); err != nil {
		return err
	}
	dir := config.Expand(o.node, ".")
	if operator.NodeKey, operator.NetworkKey, err = keysOfNode(dir); err != nil {
		return err
	}
	r, err := genesis.Register(draft, operator)
	if errors.Is(err, genesis.ErrRegistration) {
		return usagef("%v", err)
	}
	if err != nil {
		return err
	}
	id := chain.NodeIDOf(operator.NodeKey.Public())
	cfg, err := o.writeNodeConfig(dir, draft.ChainID, id)
	if err != nil {
		return err
	}
	if err := r.WriteFile(out); err != nil {
		return err
	}
	return d.printResult(fields{"registration": out, "nodeId": id.String(), "owner": r.Owner.String(), "config": cfg},
		"%s registers node %s, owned by %s, for draft %s\nconfiguration of the node: %s\n", out, id, r.Owner, r.Draft, cfg)
}

// operator gathers what to register but for the storage node's keys.
func (o *foundOptions) operator(d *deps, draft *genesis.Draft) (*genesis.Operator, error) {
	stake, err := parseWAL(o.stake)
	if err != nil {
		return nil, err
	}
	keys, name, err := d.openAnyKeys(o.backend)
	if err != nil {
		return nil, err
	}
	if d.key != "" {
		name = d.key
	}
	var owner rpc.Signer
	if owner, err = keys.Signer(name); err != nil {
		return nil, err
	}
	rate, err := parseRate(o.commission)
	if err != nil {
		return nil, err
	}
	var votes chain.NodeVotes
	if votes.StoragePrice, votes.WritePrice, votes.Capacity, err = parsePrices(o.storage, o.write, o.capacity); err != nil {
		return nil, err
	}
	if votes.StoragePrice == 0 {
		votes.StoragePrice = draft.StoragePrice
	}
	if votes.WritePrice == 0 {
		votes.WritePrice = draft.WritePrice
	}
	operator := &genesis.Operator{
		Name: o.name, NetworkAddress: o.address, Stake: stake, CommissionRate: uint16(rate), Votes: &votes, Owner: owner,
		Metadata: chain.NodeMetadata{ImageURL: o.image, ProjectURL: o.project, Description: o.about},
	}
	if o.home == "" {
		if o.peer != "" {
			return nil, usagef("--peer is of the chain node of --home, which is not given")
		}
		return operator, nil
	}
	home := config.Expand(o.home, ".")
	if o.peer != "" {
		id, err := chain.PeerID(home)
		if err != nil {
			return nil, err
		}
		operator.Peer = id + "@" + o.peer
	}
	operator.Consensus = func(chainID string, node committee.NodeID) (ed25519.PublicKey, []byte, error) {
		return chain.ProveConsensusKey(home, chainID, node)
	}
	return operator, nil
}

// The files of a storage node's directory, as "walrus devnet" makes them too.
const (
	nodeFile        = "node.yaml"
	protocolKeyFile = "protocol.key"
	networkKeyFile  = "network.key"
)

// keysOfNode reads the keys of a storage node's directory, and makes those that are not there.
func keysOfNode(dir string) (key *bls.PrivateKey, network committee.NetworkKey, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, network, err
	}
	key, err = ownKey(filepath.Join(dir, protocolKeyFile), wire.ParseKeyFile, func() (string, error) {
		made, err := bls.GenerateKey(rand.Reader)
		if err != nil {
			return "", err
		}
		return wire.FormatKey(made), nil
	})
	if err != nil {
		return nil, network, err
	}
	tls, err := ownKey(filepath.Join(dir, networkKeyFile), wire.ParseNetworkKeyFile, func() (string, error) {
		made, err := wire.GenerateNetworkKey()
		if err != nil {
			return "", err
		}
		return wire.FormatNetworkKey(made)
	})
	if err != nil {
		return nil, network, err
	}
	return key, wire.NetworkKeyOf(&tls.PublicKey), nil
}

// ownKey reads the key in a file, or draws one and writes it there.
func ownKey[K any](path string, parse func([]byte) (K, error), draw func() (string, error)) (key K, err error) {
	key, err = readKey(path, parse)
	if !errors.Is(err, os.ErrNotExist) {
		return key, err
	}
	text, err := draw()
	if err != nil {
		return key, err
	}
	if err := createFile(path, text+"\n"); err != nil {
		return key, err
	}
	return readKey(path, parse)
}

// readKey reads the key in a file.
func readKey[K any](path string, parse func([]byte) (K, error)) (key K, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return key, err
	}
	if key, err = parse(raw); err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return key, err
}

// writeNodeConfig makes the storage node's configuration, for "walrus node run", if there is none.
func (o *foundOptions) writeNodeConfig(dir, chainID string, id committee.NodeID) (string, error) {
	path := filepath.Join(dir, nodeFile)
	have, err := config.LoadNode(path)
	switch {
	case err == nil && have.ChainID == chainID && have.NodeID == id.String():
		return path, nil
	case err == nil:
		return "", &hinted{
			err: fmt.Errorf("%s is of node %s on chain %s", path, have.NodeID, have.ChainID), code: "EXISTS", exit: exitFailure,
			hint: "if that network is no more, remove it and what the node stored; the keys beside it can stay",
		}
	case !errors.Is(err, config.ErrNotFound):
		return "", err
	}
	rpcURL := "http://" + defaultRPC
	if o.home != "" {
		cfg, err := config.LoadChain(config.Expand(o.home, "."))
		if err != nil {
			return "", err
		}
		rpcURL = "http://" + cfg.RPC
	}
	listen := o.address
	if host, port, err := net.SplitHostPort(o.address); err == nil && net.ParseIP(host) == nil {
		listen = net.JoinHostPort("0.0.0.0", port) // a name may be another machine's on the way here
	}
	cfg := &config.Node{
		NodeID: id.String(), Name: o.name, ChainID: chainID, RPCURLs: []string{rpcURL}, Listen: listen,
		StoragePath: "store", ProtocolKey: protocolKeyFile, NetworkKey: networkKeyFile,
	}
	return path, cfg.Write(path)
}
