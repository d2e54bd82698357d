package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/internal/config"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/node"
	"github.com/walrus-go/walrus/testnet"
	"github.com/walrus-go/walrus/wire"
)

// initOptions are the flags of node init.
type initOptions struct {
	name, listen string
}

// newNodeInit makes the node init command.
func newNodeInit(d *deps) *cobra.Command {
	var opts initOptions
	cmd := &cobra.Command{
		Use:   "init DIR --name NAME --listen HOST:PORT",
		Short: "Make the keys and the configuration of a new storage node",
		Long: `Init makes a directory with what a storage node needs: a key to sign with, a key for TLS, and a configuration for the
chain that this client uses. Its ID is filled in by "walrus node register", which comes next.
JSON: {"config","publicKey","networkPublicKey"}.` + exits(),
		Example: "  walrus node init ./my-node --name my-node --listen 127.0.0.1:9185",
		Args:    cobra.ExactArgs(1),
		RunE:    d.does(func(_ context.Context, args []string) error { return runNodeInit(d, args[0], opts) }),
	}
	f := cmd.Flags()
	f.StringVar(&opts.name, "name", "", "`NAME` of the node, for people")
	f.StringVar(&opts.listen, "listen", "", "`HOST:PORT` of its API")
	required(cmd, "name", "listen")
	return cmd
}

// required marks flags without which a command makes no sense.
func required(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // the flag is defined by the caller
		}
	}
}

// unregistered stands in a configuration for the ID of a node that has none yet.
var unregistered = committee.NodeID{}.String()

func runNodeInit(d *deps, dir string, opts initOptions) error {
	if _, _, err := net.SplitHostPort(opts.listen); err != nil {
		return usagef("--listen: %q is not HOST:PORT", opts.listen)
	}
	client, err := d.loadConfig()
	if err != nil {
		return err
	}
	dir = config.Expand(dir, ".")
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return &hinted{err: fmt.Errorf("%s is not empty", dir), code: "EXISTS", exit: exitFailure, hint: "name another directory: the keys of a node are made once"}
	}
	key, network, err := keysOfNode(dir)
	if err != nil {
		return err
	}
	cfg := &config.Node{
		NodeID: unregistered, Name: opts.name, ChainID: client.ChainID, RPCURLs: client.RPCURLs, Listen: opts.listen,
		StoragePath: "store", ProtocolKey: protocolKeyFile, NetworkKey: networkKeyFile,
	}
	path := filepath.Join(dir, nodeFile)
	if err := cfg.Write(path); err != nil {
		return err
	}
	return d.printResult(fields{"config": path, "publicKey": key.Public().String(), "networkPublicKey": fmt.Sprintf("0x%x", network[:])},
		"%s is ready; next: walrus node register %s\n", path, path)
}

// createFile writes a file that must not be there, readable by its owner alone.
func createFile(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// registerOptions are the flags of node register.
type registerOptions struct {
	name, address                     string
	rate, storage, write, capacity    string
	imageURL, projectURL, description string
}

// newNodeRegister makes the node register command.
func newNodeRegister(d *deps) *cobra.Command {
	var opts registerOptions
	cmd := &cobra.Command{
		Use:   "register NODE_CONFIG --capacity SIZE",
		Short: "Register a storage node on the chain",
		Long: `Register adds a storage node to the chain's registry and makes the wallet's account its owner. Name, address and keys
come from the node's configuration, see "walrus node init"; the proof that the account knows the key is made here.
Prices that no flag names are voted for as they are now. The node's new ID is written into its configuration.

A node without stake is in no committee: stake on it, and start it with "walrus node run" before the epoch in
which it has shards. JSON: {"nodeId","name","networkAddress","publicKey","config","txDigest"}.` + exits(),
		Example: "  walrus node register ./my-node/node.yaml --capacity 1TiB --commission 5%",
		Args:    cobra.ExactArgs(1),
		RunE:    d.does(func(ctx context.Context, args []string) error { return runNodeRegister(ctx, d, args[0], opts) }),
	}
	f := cmd.Flags()
	f.StringVar(&opts.name, "name", "", "`NAME` for people (default: as configured)")
	f.StringVar(&opts.address, "address", "", "`HOST:PORT` at which others reach the node (default: listen_address)")
	f.StringVar(&opts.rate, "commission", "0", "`RATE` of the node's commission: basis points, or like 5%")
	f.StringVar(&opts.capacity, "capacity", "", "`SIZE` that the node can store: bytes, or like 10TiB")
	f.StringVar(&opts.storage, "storage-price", "", "vote for this `AMOUNT` of FROST per encoded MiB and epoch (default: the price of now)")
	f.StringVar(&opts.write, "write-price", "", "vote for this `AMOUNT` of FROST per encoded MiB written (default: the price of now)")
	f.StringVar(&opts.imageURL, "image-url", "", "`URL` of a picture")
	f.StringVar(&opts.projectURL, "project-url", "", "`URL` of who runs the node")
	f.StringVar(&opts.description, "description", "", "`TEXT` about the node")
	required(cmd, "capacity")
	return cmd
}

func runNodeRegister(ctx context.Context, d *deps, path string, opts registerOptions) error {
	path = config.Expand(path, ".")
	cfg, err := config.LoadNode(path)
	if err != nil {
		return err
	}
	if cfg.NodeID != unregistered {
		return &hinted{err: fmt.Errorf("%s has node_id %s already", path, cfg.NodeID), code: "REGISTERED", exit: exitFailure,
			hint: `a node registers once; "walrus node update" changes what it says about itself, "walrus node init" makes a new one`}
	}
	keys, err := testnet.NodeOptions(cfg, false)
	if err != nil {
		return err
	}
	return d.withWallet(ctx, func(s *session) error { return s.registerNode(ctx, path, cfg, &keys, opts) })
}

// registerNode registers the node of a configuration, with its keys, and writes its ID there.
func (s *session) registerNode(ctx context.Context, path string, cfg *config.Node, keys *node.Options, opts registerOptions) error {
	if cfg.ChainID != s.reader.ChainID() {
		return &hinted{err: fmt.Errorf("%s is for chain %q, not %q", path, cfg.ChainID, s.reader.ChainID()), code: "WRONG_CHAIN", exit: exitFailure,
			hint: "choose the client's configuration with --config or WALRUS_CONFIG"}
	}
	message, err := opts.message(ctx, s, cfg)
	if err != nil {
		return err
	}
	network := wire.NetworkKeyOf(&keys.NetworkKey.PublicKey)
	message.NetworkPublicKey, message.BlsPublicKey = network[:], keys.Key.Public().Bytes()
	if message.Possession, err = s.possession(ctx, s.account.Address(), keys.Key); err != nil {
		return err
	}
	var out committeev1.MsgRegisterNodeResponse
	receipt, err := s.call(ctx, message, &out)
	if err != nil {
		return err
	}
	id := nodeIDOf(out.NodeId)
	if err := fillID(path, id); err != nil {
		return fmt.Errorf("registered as %v, but its configuration does not say so: %w", id, err)
	}
	return s.printSent(receipt, fields{"nodeId": id, "name": message.Name, "networkAddress": message.NetworkAddress, "publicKey": keys.Key.Public(), "config": path},
		"node %s is registered; its ID, written to %s, is\n  %v\nnext: walrus stake %v 1200WAL, and walrus node run --create --config %s\n",
		printable(message.Name), path, id, id, path)
}

// message makes the registration, its keys aside.
func (o *registerOptions) message(ctx context.Context, s *session, cfg *config.Node) (*committeev1.MsgRegisterNode, error) {
	m := &committeev1.MsgRegisterNode{
		Owner: s.self(), Name: or(o.name, cfg.Name), NetworkAddress: or(o.address, cfg.Listen),
		Metadata: committeev1.Metadata{ImageUrl: o.imageURL, ProjectUrl: o.projectURL, Description: o.description},
	}
	host, _, err := net.SplitHostPort(m.NetworkAddress)
	if ip := net.ParseIP(host); err != nil || host == "" || ip != nil && ip.IsUnspecified() {
		return nil, usagef("--address: %q is not a HOST:PORT at which others reach the node", m.NetworkAddress)
	}
	if m.CommissionRate, err = parseRate(o.rate); err != nil {
		return nil, err
	}
	sys, err := s.reader.System(ctx)
	if err != nil {
		return nil, err
	}
	m.Votes.StoragePrice, m.Votes.WritePrice = sys.StoragePrice, sys.WritePrice
	return m, readVotes(o.storage, o.write, o.capacity, &m.Votes)
}

// readVotes changes the votes that texts name; where one is empty, the vote stays.
func readVotes(storage, write, capacity string, votes *committeev1.Votes) (err error) {
	for _, v := range []struct {
		text string
		to   *uint64
		read func(string) (uint64, error)
	}{{storage, &votes.StoragePrice, parseWAL}, {write, &votes.WritePrice, parseWAL}, {capacity, &votes.Capacity, parseSize}} {
		if v.text == "" {
			continue
		}
		if *v.to, err = v.read(v.text); err != nil {
			return err
		}
	}
	return nil
}

// or returns the first text that is not empty.
func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// possession signs, with a key, that its holder knows it and acts for an account in the current epoch.
// Source: spec control-plane.md section 4.5.
func (s *session) possession(ctx context.Context, account ledger.Address, key *bls.PrivateKey) ([]byte, error) {
	epoch, err := s.epochState(ctx)
	if err != nil {
		return nil, err
	}
	registrant, err := attest.Registrant(account[:])
	if err != nil {
		return nil, err
	}
	return key.Sign(attest.Possession(committee.Epoch(epoch.Epoch.Number), registrant, key.Public())).Bytes(), nil
}

// fillID writes a node's ID where its configuration says that it has none.
func fillID(path string, id committee.NodeID) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if bytes.Count(raw, []byte(unregistered)) != 1 {
		return fmt.Errorf("put node_id: %q into %s by hand", id, path)
	}
	temp := path + ".new"
	_ = os.Remove(temp) // of an attempt that was interrupted
	if err := createFile(temp, strings.Replace(string(raw), unregistered, id.String(), 1)); err != nil {
		return err
	}
	return os.Rename(temp, path)
}
