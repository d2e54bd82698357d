package interop

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/testnet"
	"github.com/walrus-go/walrus/wire"
)

// A remoteNode is a storage node as the driver is told of it.
type remoteNode struct {
	URL    string            `json:"url"`
	Key    []byte            `json:"key"` // BLS, from the chain
	Shards []committee.Shard `json:"shards"`
}

// A network is one of ours with the official client beside it.
type network struct {
	*testnet.Network
	*driver
	committee *committee.Committee
	nodes     []remoteNode // in the committee's order
}

// startNetwork starts a network and the driver. The driver trusts the certificates that the nodes show,
// each of which is checked against the network key on chain first, and nothing else.
func startNetwork(t *testing.T) *network {
	t.Helper()
	if os.Getenv("WALRUS_INTEROP") == "" {
		start(t) // skips
	}
	n := &network{Network: testnet.Start(t, testnet.Options{Shares: []int{7, 7, 6, 6, 5}, Shards: 31})}
	committees, err := n.Ledger().Committees(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n.committee = committees.Current
	var trusted bytes.Buffer
	for _, m := range n.committee.Members() {
		n.nodes = append(n.nodes, remoteNode{"https://" + m.Address, m.Key.Bytes(), m.Shards})
		if err := pem.Encode(&trusted, &pem.Block{Type: "CERTIFICATE", Bytes: certificate(t, &m)}); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "nodes.pem")
	if err := os.WriteFile(file, trusted.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	n.driver = start(t, "NODE_EXTRA_CA_CERTS="+file)
	return n
}

// certificate returns what a node shows, if its key is the one on chain.
func certificate(t *testing.T, m *committee.Member) []byte {
	t.Helper()
	config, err := wire.ClientTLS(m.NetworkKey)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := tls.Dial("tcp", m.Address, config)
	if err != nil {
		t.Fatalf("node %s: %v", m.Name, err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].Raw
}

// register registers an encoded blob on chain with our wallet.
func (n *network) register(t *testing.T, e *encoded, size int, deletable bool) (ledger.Wallet, ledger.Blob) {
	t.Helper()
	wallet, err := n.WalletOf(testnet.WalletKey)
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := wallet.Register(t.Context(), []ledger.Registration{{
		BlobID: e.BlobID, RootHash: [32]byte(e.RootHash), Size: uint64(size), Deletable: deletable, Epochs: 1,
	}})
	if err != nil {
		t.Fatal(err)
	}
	return wallet, blobs[0]
}

// upload lets the official client send each node its part.
func (n *network) upload(t *testing.T, e *encoded) {
	t.Helper()
	for _, node := range n.nodes {
		n.call(t, "upload", n.part(e, node), &struct{}{})
	}
}

// part is the request to upload to one node.
func (n *network) part(e *encoded, node remoteNode) map[string]any {
	return map[string]any{
		"node": node, "shards": n.Shards(), "blobId": e.BlobID,
		"metadata": e.Metadata, "primary": e.Primary, "secondary": e.Secondary,
	}
}

// A confirmation is a node's, as the packages found it.
type confirmation struct {
	SerializedMessage []byte `json:"serializedMessage"`
	Signature         []byte `json:"signature"`
}

// certify lets the official client collect and check confirmations, aggregates them with its code, and
// brings the certificate on our chain.
func (n *network) certify(t *testing.T, wallet ledger.Wallet, registered ledger.Blob) {
	t.Helper()
	var (
		confirmations []confirmation
		positions     []int
		keys          [][]byte
		signers       = make(attest.Signers, (len(n.nodes)+7)/8)
	)
	for i, node := range n.nodes {
		var answer struct {
			confirmation
			SameMessage, Verified bool
		}
		request := map[string]any{"node": node, "epoch": n.committee.Epoch(), "blobId": registered.BlobID}
		if registered.Deletable {
			request["object"] = registered.ID
		}
		n.call(t, "confirm", request, &answer)
		if !answer.SameMessage || !answer.Verified {
			t.Errorf("node %d: the packages would have signed the same message: %v; the signature verifies: %v", i, answer.SameMessage, answer.Verified)
		}
		confirmations = append(confirmations, answer.confirmation)
		positions = append(positions, i)
		keys = append(keys, node.Key)
		signers[i/8] |= 1 << (i % 8)
	}
	var certificate struct {
		Message, Signature []byte
		Verified           bool
	}
	n.call(t, "aggregate", map[string]any{"confirmations": confirmations, "signers": positions, "keys": keys}, &certificate)
	if !certificate.Verified {
		t.Error("the packages do not verify their own aggregate of our signatures")
	}
	err := wallet.Certify(t.Context(), []ledger.Certification{{
		Object:      registered.ID,
		Certificate: attest.Certificate{Message: certificate.Message, Signers: signers, Signature: certificate.Signature},
	}})
	if err != nil {
		t.Fatalf("the chain refuses the official certificate: %v", err)
	}
}

// checkStored lets the official client read everything back from every node, and decode.
func (n *network) checkStored(t *testing.T, e *encoded, data []byte) {
	t.Helper()
	var primaries [][]byte
	for i, node := range n.nodes {
		var answer struct {
			BlobID         blob.ID
			Metadata       []byte
			MetadataStatus string
			Status         struct {
				Type        string
				IsCertified bool
			}
			Slivers []struct {
				Pair, Index  int
				Type, Status string
				Sliver       []byte
			}
		}
		n.call(t, "read", map[string]any{"node": node, "shards": n.Shards(), "blobId": e.BlobID}, &answer)
		if answer.BlobID != e.BlobID || !bytes.Equal(answer.Metadata, e.Metadata) {
			t.Errorf("node %d returns other metadata than was stored", i)
		}
		if answer.MetadataStatus != "stored" {
			t.Errorf("node %d: status of the metadata is %q", i, answer.MetadataStatus)
		}
		if len(answer.Slivers) != 2*len(node.Shards) {
			t.Errorf("node %d: %d slivers, want two for each of %d shards", i, len(answer.Slivers), len(node.Shards))
		}
		for _, s := range answer.Slivers {
			axis := blob.Primary
			if s.Type == "secondary" {
				axis = blob.Secondary
			}
			if !bytes.Equal(s.Sliver, e.sliver(axis, s.Pair)) || s.Status != "stored" {
				t.Errorf("node %d: %s sliver of pair %d, status %q, is not what was stored", i, s.Type, s.Pair, s.Status)
			}
			if axis == blob.Primary {
				primaries = append(primaries, s.Sliver)
			}
		}
	}
	var decoded struct{ Blob []byte }
	n.call(t, "decode", map[string]any{"shards": n.Shards(), "blobId": e.BlobID, "size": len(data), "slivers": primaries}, &decoded)
	if !bytes.Equal(decoded.Blob, data) {
		t.Error("the packages decode something else")
	}
}

// TestOfficialClientStores: the official encoder and storage-node client put a blob on our nodes, which
// sign for it; the official code certifies it; then both clients read it back.
func TestOfficialClientStores(t *testing.T) {
	n := startNetwork(t)
	ours, err := n.Client(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	r := source(t)
	for _, test := range []struct {
		name      string
		size      int
		deletable bool
	}{
		{"an empty permanent blob", 0, false},
		{"a small permanent blob", 1000, false},
		{"a deletable blob", 100_000, true},
		{"a megabyte", 1 << 20, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			data := random(r, test.size)
			var e encoded
			n.call(t, "encode", map[string]any{"shards": n.Shards(), "blob": data}, &e)
			wallet, registered := n.register(t, &e, len(data), test.deletable)
			n.upload(t, &e)
			n.certify(t, wallet, registered)
			n.checkStored(t, &e, data)

			var got bytes.Buffer
			if _, err := ours.Read(t.Context(), e.BlobID, &got, nil); err != nil || !bytes.Equal(got.Bytes(), data) {
				t.Errorf("our client reads it back: %v, equal: %v", err, bytes.Equal(got.Bytes(), data))
			}
		})
	}
}

// TestOfficialClientReads: what our client stored is all there for the official one.
func TestOfficialClientReads(t *testing.T) {
	n := startNetwork(t)
	// Every node is looked at below, so the store goes on until the slowest has its part.
	ours, err := n.Client(&client.Options{TailBase: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	data := random(source(t), 300_000)
	stored, err := ours.Store(t.Context(), [][]byte{data}, &client.StoreOptions{Epochs: 1})
	if err != nil {
		t.Fatal(err)
	}
	var e encoded
	n.call(t, "encode", map[string]any{"shards": n.Shards(), "blob": data}, &e)
	if stored[0].BlobID != e.BlobID {
		t.Fatalf("stored as %v, the official ID is %v", stored[0].BlobID, e.BlobID)
	}
	n.checkStored(t, &e, data)
}

// TestOfficialClientErrors: a node's refusals arrive as the classes that the official client acts on.
func TestOfficialClientErrors(t *testing.T) {
	n := startNetwork(t)
	var e encoded
	n.call(t, "encode", map[string]any{"shards": n.Shards(), "blob": []byte("nobody registered this")}, &e)
	node := n.nodes[0]
	request := n.part(&e, node)
	request["once"] = true
	about := map[string]any{"node": node, "shards": n.Shards(), "blobId": e.BlobID, "epoch": n.committee.Epoch()}
	for _, test := range []struct {
		op      string
		request map[string]any
		class   string
		status  int
	}{
		{"upload", request, "BlobNotRegisteredError", 400},
		{"confirm", about, "BlobNotRegisteredError", 400},
		{"read", about, "NotFoundError", 404},
	} {
		var remote *remoteError
		if err := n.try(test.op, test.request, &struct{}{}); !errors.As(err, &remote) {
			t.Errorf("%s of an unregistered blob: %v, want an error of the official client", test.op, err)
		} else if remote.Name != test.class || remote.Status != test.status {
			t.Errorf("%s of an unregistered blob: %v with status %d, want %s with %d", test.op, remote, remote.Status, test.class, test.status)
		}
	}
}
