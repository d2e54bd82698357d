package chaintest

import (
	"crypto/ecdh"
	"crypto/sha256"
	"fmt"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// Committee has the secrets of a test chain's storage nodes.
type Committee struct {
	Nodes []Node
}

// Node is one storage node of a test chain.
type Node struct {
	ID     committee.NodeID
	Secret *bls.PrivateKey
	Owner  *rpc.Key // without money
}

// NewCommittee draws n nodes from a seed.
func NewCommittee(n int, seed uint64) Committee {
	c := Committee{Nodes: make([]Node, n)}
	for i := range c.Nodes {
		secret := derive("node", seed, i, bls.ParsePrivateKey)
		c.Nodes[i] = Node{ID: chain.NodeIDOf(secret.Public()), Secret: secret, Owner: derive("owner", seed, i, rpc.ParseKey)}
	}
	return c
}

// AccountKey is the key of an account of a test chain.
func AccountKey(seed uint64, i int) *rpc.Key { return derive("account", seed, i, rpc.ParseKey) }

// derive makes a key of any kind from a seed, trying hashes until one is in the kind's range.
func derive[K any](kind string, seed uint64, i int, parse func([]byte) (K, error)) K {
	for try := 0; ; try++ {
		secret := sha256.Sum256(fmt.Appendf(nil, "walrus test %s %d %d %d", kind, seed, i, try))
		if key, err := parse(secret[:]); err == nil {
			return key
		}
	}
}

// Genesis is what the nodes say about themselves in a genesis.
func (c Committee) Genesis() []chain.GenesisNode {
	out := make([]chain.GenesisNode, len(c.Nodes))
	for i, n := range c.Nodes {
		owner := n.Owner.Address()
		out[i] = chain.GenesisNode{
			Owner:          owner,
			Name:           fmt.Sprintf("node-%d", i),
			NetworkAddress: fmt.Sprintf("127.0.0.1:%d", 9000+i),
			NetworkKey:     networkKey(i),
			Key:            n.Secret.Public(),
			Possession:     n.Secret.Sign(chain.PossessionMessage(owner, n.Secret.Public())),
			Stake:          1000 * ledger.FrostPerWAL,
		}
	}
	return out
}

// networkKey is a valid P-256 key in compressed form.
func networkKey(i int) (out committee.NetworkKey) {
	secret := derive("network", 0, i, ecdh.P256().NewPrivateKey)
	point := secret.PublicKey().Bytes() // 4, x, y
	out[0] = 2 + point[64]&1
	copy(out[1:], point[1:33])
	return out
}

// Certify signs a message with the keys of the nodes of the given positions in the committee, or of all if
// none are given, and aggregates the signatures.
func (c Committee) Certify(of *committee.Committee, message []byte, positions ...int) (attest.Certificate, error) {
	if len(positions) == 0 {
		for i := range of.Members() {
			positions = append(positions, i)
		}
	}
	collector := attest.NewCollector(of, message)
	for _, p := range positions {
		secret, err := c.secret(of.Member(p).ID)
		if err != nil {
			return attest.Certificate{}, err
		}
		collector.Add(p, secret.Sign(message))
	}
	return collector.Certificate()
}

func (c Committee) secret(id committee.NodeID) (*bls.PrivateKey, error) {
	for _, n := range c.Nodes {
		if n.ID == id {
			return n.Secret, nil
		}
	}
	return nil, fmt.Errorf("chaintest: no secret of node %s", id)
}
