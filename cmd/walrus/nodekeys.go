package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/cosmos/gogoproto/proto"
	"github.com/spf13/cobra"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/internal/config"
	"github.com/walrus-go/walrus/ledger/rpc"
	"github.com/walrus-go/walrus/wire"
)

func newNodeUpdate(d *deps) *cobra.Command {
	var name, address, keyFile string
	var imageURL, projectURL, description string
	described := []string{"image-url", "project-url", "description"}
	var cmd *cobra.Command
	cmd = nodeAction{
		use: "update", short: "Change what a node says about itself",
		long:    `Update changes name, address, TLS key or description of a node; what no flag names stays. JSON: {"nodeId","txDigest"}.`,
		example: `  walrus node update --key operator node-00 --description "in a cellar"`,
		flags: func(cmd *cobra.Command) {
			f := cmd.Flags()
			f.StringVar(&name, "name", "", "`NAME` for people")
			f.StringVar(&address, "address", "", "`HOST:PORT` at which others reach the node")
			f.StringVar(&keyFile, "network-key", "", "`FILE` with the node's TLS key")
			f.StringVar(&imageURL, "image-url", "", "`URL` of a picture")
			f.StringVar(&projectURL, "project-url", "", "`URL` of who runs the node")
			f.StringVar(&description, "description", "", "`TEXT` about the node")
			cmd.MarkFlagsOneRequired("name", "address", "network-key", "image-url", "project-url", "description")
		},
		message: func(_ context.Context, s *session, n *committeev1.Node, _ []string) (proto.Message, error) {
			m := &committeev1.MsgUpdateNode{Owner: s.self(), NodeId: n.Id, Name: name, NetworkAddress: address}
			for i, to := range []*string{&n.Metadata.ImageUrl, &n.Metadata.ProjectUrl, &n.Metadata.Description} {
				if cmd.Flags().Changed(described[i]) {
					*to = []string{imageURL, projectURL, description}[i]
					m.Metadata = &n.Metadata
				}
			}
			if keyFile != "" {
				raw, err := os.ReadFile(config.Expand(keyFile, "."))
				if err != nil {
					return nil, err
				}
				key, err := wire.ParseNetworkKeyFile(raw)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", keyFile, err)
				}
				public := wire.NetworkKeyOf(&key.PublicKey)
				m.NetworkPublicKey = public[:]
			}
			return m, nil
		},
		done: say("%s is updated"),
	}.command(d)
	return cmd
}

func newNodeNextKey(d *deps) *cobra.Command {
	var generate bool
	var public string
	return nodeAction{
		use: "next-key KEY_FILE", short: "Change the key that a node signs with", args: 1,
		long: `Next-key announces the BLS key in a file as the one with which a node signs from the next committee that is chosen on;
with --generate it makes the key first. Keep the old key until that committee's epoch begins, then let
protocol_key_path name the new one and restart the node. JSON: {"nodeId","publicKey","txDigest"}.`,
		example: "  walrus node next-key --key operator node-00 --generate ./next.key",
		flags: func(cmd *cobra.Command) {
			cmd.Flags().BoolVar(&generate, "generate", false, "make the key, in a file that is not there yet")
		},
		message: func(ctx context.Context, s *session, n *committeev1.Node, args []string) (proto.Message, error) {
			key, err := protocolKey(config.Expand(args[0], "."), generate)
			if err != nil {
				return nil, err
			}
			public = key.Public().String()
			m := &committeev1.MsgSetNextKey{Owner: s.self(), NodeId: n.Id, BlsPublicKey: key.Public().Bytes()}
			m.Possession, err = s.possession(ctx, accountOf(n.Owner), key)
			return m, err
		},
		done: func(n *committeev1.Node, _ *rpc.Receipt) (string, fields, error) {
			return fmt.Sprintf("%s signs with key %s from the next committee that is chosen on", nodeText(n), public), fields{"publicKey": public}, nil
		},
	}.command(d)
}

// protocolKey reads a BLS key from a file, or makes one and writes it there.
func protocolKey(path string, generate bool) (*bls.PrivateKey, error) {
	if generate {
		key, err := bls.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		return key, createFile(path, wire.FormatKey(key)+"\n")
	}
	return readKey(path, wire.ParseKeyFile)
}

func newNodeConsensusKey(d *deps) *cobra.Command {
	return nodeAction{
		use: "consensus-key (KEY_FILE | none)", short: "Say which validator a node runs", args: 1,
		long: `Consensus-key names the validator of a node, by the file with its secret: validator_key.json in a chain node's
directory. From the next committee on it validates with a power of one per shard. A key belongs for ever to the node
that named it first; none means that the node runs no validator. JSON: {"nodeId","txDigest"}.`,
		example: "  walrus node consensus-key --key operator node-01 none",
		message: func(_ context.Context, s *session, n *committeev1.Node, args []string) (proto.Message, error) {
			m := &committeev1.MsgSetConsensusKey{Owner: s.self(), NodeId: n.Id}
			if args[0] == "none" {
				return m, nil
			}
			key, err := consensusKey(config.Expand(args[0], "."))
			if err != nil {
				return nil, err
			}
			m.Key = key.Public().(ed25519.PublicKey)
			m.Signature = ed25519.Sign(key, chain.ConsensusKeyMessage(s.reader.ChainID(), nodeIDOf(n.Id)))
			return m, nil
		},
		done: say("the validator of %s is set from the next committee on"),
	}.command(d)
}

// consensusKey reads the secret of a validator as CometBFT keeps it.
func consensusKey(path string) (ed25519.PrivateKey, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file struct {
		Key struct {
			Type  string `json:"type"`
			Value []byte `json:"value"`
		} `json:"priv_key"`
	}
	err = json.Unmarshal(raw, &file)
	if err == nil && (file.Key.Type != "tendermint/PrivKeyEd25519" || len(file.Key.Value) != ed25519.PrivateKeySize) {
		err = errors.New("no ed25519 key in it")
	}
	if err != nil {
		return nil, &hinted{err: fmt.Errorf("%s: not the key of a validator: %w", path, err), code: "INVALID_KEY", exit: exitFailure,
			hint: "it is validator_key.json in the directory of a chain node"}
	}
	// The public half in the file is not trusted: a signature made with another one would not verify.
	return ed25519.NewKeyFromSeed(file.Key.Value[:ed25519.SeedSize]), nil
}
