package genesis

import (
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"unicode/utf8"

	"cosmossdk.io/api/cosmos/crypto/secp256k1eth"
	cmtsecp256k1eth "github.com/cometbft/cometbft/crypto/secp256k1eth"

	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/economy"
	committeetypes "github.com/walrus-go/walrus/chain/x/committee/types"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// ErrRegistration means that a registration is not what its operator signed, or breaks a rule.
var ErrRegistration = errors.New("genesis: invalid registration")

// Hex is bytes that are hex digits in JSON.
type Hex []byte

// MarshalText implements [encoding.TextMarshaler].
func (h Hex) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (h *Hex) UnmarshalText(text []byte) (err error) {
	*h, err = hex.AppendDecode(nil, text)
	return err
}

// Registration is what one operator brings to a new network, checked by nothing but itself and the draft.
type Registration struct {
	Format  int    `json:"format"`
	ChainID string `json:"chainId"`
	Draft   string `json:"draft"` // digest

	Name           string             `json:"name"`
	NetworkAddress string             `json:"networkAddress"` // host:port of the storage node's API
	Peer           string             `json:"peer,omitempty"` // ID@host:port of its chain node; for the others to dial
	Stake          uint64             `json:"stake,string"`   // FROST, out of the owner's account
	CommissionRate uint16             `json:"commissionRate"` // basis points
	Votes          chain.NodeVotes    `json:"votes"`          // a capacity of 0 is the node's part of the draft's
	Metadata       chain.NodeMetadata `json:"metadata"`

	NetworkKey     Hex `json:"networkKey"` // P-256, compressed
	NodeKey        Hex `json:"nodeKey"`    // BLS
	Possession     Hex `json:"possession"` // of NodeKey, see [chain.PossessionMessage]
	ConsensusKey   Hex `json:"consensusKey,omitempty"`
	ConsensusProof Hex `json:"consensusProof,omitempty"` // see [chain.ConsensusKeyMessage]

	Owner    ledger.Address `json:"owner"`
	OwnerKey Hex            `json:"ownerKey"` // secp256k1, compressed; its address is Owner
	// Signature is the owner's, of everything above, see [Registration.message].
	Signature Hex `json:"signature,omitempty"`
}

// Operator is what [Register] needs: what to say, and secrets to say it with.
type Operator struct {
	Name           string
	NetworkAddress string
	Peer           string
	Stake          uint64
	CommissionRate uint16
	// Votes, if nil, are the draft's prices and the node's part of its capacity.
	Votes    *chain.NodeVotes
	Metadata chain.NodeMetadata

	NetworkKey committee.NetworkKey
	NodeKey    *bls.PrivateKey
	// Consensus proves the key of the node's validator, see [chain.ProveConsensusKey]; nil if it runs none.
	Consensus func(chainID string, node committee.NodeID) (ed25519.PublicKey, []byte, error)
	Owner     rpc.Signer
}

// Register makes the registration of an operator for a draft, checked as [Collect] will.
//
// Errors: [ErrRegistration].
func Register(d *Draft, o *Operator) (*Registration, error) {
	digest, err := d.Digest()
	if err != nil {
		return nil, err
	}
	owner := o.Owner.Address()
	r := &Registration{
		Format: format, ChainID: d.ChainID, Draft: digest, Name: o.Name, NetworkAddress: o.NetworkAddress, Peer: o.Peer,
		Stake: o.Stake, CommissionRate: o.CommissionRate, Metadata: o.Metadata,
		Votes:      chain.NodeVotes{StoragePrice: d.StoragePrice, WritePrice: d.WritePrice},
		NetworkKey: o.NetworkKey[:], NodeKey: o.NodeKey.Public().Bytes(),
		Possession: o.NodeKey.Sign(chain.PossessionMessage(owner, o.NodeKey.Public())).Bytes(), Owner: owner,
	}
	if o.Votes != nil {
		r.Votes = *o.Votes
	}
	if o.Consensus != nil {
		key, proof, err := o.Consensus(d.ChainID, chain.NodeIDOf(o.NodeKey.Public()))
		if err != nil {
			return nil, err
		}
		r.ConsensusKey, r.ConsensusProof = Hex(key), proof
	}
	if err := r.sign(o.Owner); err != nil {
		return nil, err
	}
	_, err = r.check(d, digest)
	return r, err
}

func (r *Registration) sign(owner rpc.Signer) error {
	packed, err := owner.PublicKey()
	if err != nil {
		return err
	}
	var key secp256k1eth.PubKey
	if err := packed.UnmarshalTo(&key); err != nil {
		return fmt.Errorf("%w: of %q: the owner's key is of another kind: %w", ErrRegistration, r.Name, err)
	}
	r.OwnerKey = key.Key
	message, err := r.message()
	if err != nil {
		return err
	}
	r.Signature, err = owner.Sign(message)
	return err
}

// message is what the owner signs: a text that no transaction begins with, and the canonical JSON of
// everything but the signature.
func (r *Registration) message() ([]byte, error) {
	unsigned := *r
	unsigned.Signature = nil
	raw, err := json.Marshal(&unsigned)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRegistration, err)
	}
	return append([]byte("walrus genesis registration\n"), raw...), nil
}

// WriteFile writes the registration to a file that does not exist yet. There is nothing secret in it.
func (r *Registration) WriteFile(path string) error { return writeNew(path, r) }

// ReadRegistration reads the form of [Registration.WriteFile], which [Collect] checks.
//
// Errors: [ErrRegistration].
func ReadRegistration(path string) (*Registration, error) {
	r := new(Registration)
	if err := readJSON(path, maxRegistrationSize, r); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrRegistration, path, err)
	}
	return r, nil
}

// check returns the node that a registration makes, its shards left out.
func (r *Registration) check(d *Draft, digest string) (*chain.GenesisNode, error) {
	bad := func(text string, args ...any) error {
		return fmt.Errorf("%w: of %q: %s", ErrRegistration, r.Name, fmt.Sprintf(text, args...))
	}
	switch {
	case r.Format != format:
		return nil, bad("format %d, this program knows %d", r.Format, format)
	case r.ChainID != d.ChainID:
		return nil, bad("it is for chain %q, not %q", r.ChainID, d.ChainID)
	case r.Draft != digest:
		return nil, bad("it is for another draft, %s, not %s; register again with this one", r.Draft, digest)
	}
	if err := r.checkOwner(); err != nil {
		return nil, bad("%v", err)
	}
	if err := r.checkText(); err != nil {
		return nil, bad("%v", err)
	}
	if r.Stake < economy.MinStake {
		return nil, bad("a stake of %d FROST, want at least %d", r.Stake, uint64(economy.MinStake))
	}
	if r.CommissionRate > economy.BasisPoints {
		return nil, bad("a commission of %d basis points, want at most %d", r.CommissionRate, economy.BasisPoints)
	}
	node, err := r.keys()
	if err != nil {
		return nil, bad("%v", err)
	}
	return node, nil
}

// checkOwner checks that the owner's account signed the registration.
func (r *Registration) checkOwner() error {
	if len(r.OwnerKey) != cmtsecp256k1eth.PubKeySize {
		return fmt.Errorf("owner's key of %d bytes", len(r.OwnerKey))
	}
	message, err := r.message()
	if err != nil {
		return err
	}
	key := cmtsecp256k1eth.PubKey(r.OwnerKey)
	if !key.VerifySignature(message, r.Signature) {
		return errors.New("the owner's signature does not fit; was the file changed?")
	}
	if ledger.Address(key.Address()) != r.Owner {
		return fmt.Errorf("signed by %s, which is not the owner %s", ledger.Address(key.Address()), r.Owner)
	}
	return nil
}

var peers = regexp.MustCompile(`^([0-9a-f]{40})@(.+)$`)

// checkText checks what the node says about itself.
func (r *Registration) checkText() error {
	for _, text := range []string{r.Metadata.ImageURL, r.Metadata.ProjectURL, r.Metadata.Description} {
		if len(text) > committeetypes.MaxMetadataLength || !utf8.ValidString(text) {
			return fmt.Errorf("metadata of %d bytes, want at most %d of UTF-8", len(text), committeetypes.MaxMetadataLength)
		}
	}
	if r.Name == "" || len(r.Name) > committeetypes.MaxNameLength || !utf8.ValidString(r.Name) {
		return fmt.Errorf("name of %d bytes, want 1 to %d of UTF-8", len(r.Name), committeetypes.MaxNameLength)
	}
	if len(r.NetworkAddress) > committeetypes.MaxNetworkAddressLength {
		return fmt.Errorf("network address of %d bytes, want at most %d", len(r.NetworkAddress), committeetypes.MaxNetworkAddressLength)
	}
	if err := checkHostPort(r.NetworkAddress); err != nil {
		return fmt.Errorf("network address %q: %w", r.NetworkAddress, err)
	}
	if r.Peer == "" {
		return nil
	}
	parts := peers.FindStringSubmatch(r.Peer)
	if parts == nil || len(r.Peer) > committeetypes.MaxNetworkAddressLength+41 {
		return fmt.Errorf("peer %q, want 40 hex digits, @, host:port", r.Peer)
	}
	if err := checkHostPort(parts[2]); err != nil {
		return fmt.Errorf("peer %q: %w", r.Peer, err)
	}
	return nil
}

var hosts = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$`)

func checkHostPort(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("port %q, want 1 to 65535", port)
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() || ip == nil && !hosts.MatchString(host) {
		return fmt.Errorf("host %q is no address or name that others could reach", host)
	}
	return nil
}

// keys checks the node's keys and the proofs that its operator has their secrets.
func (r *Registration) keys() (*chain.GenesisNode, error) {
	n := &chain.GenesisNode{
		Owner: r.Owner, Name: r.Name, NetworkAddress: r.NetworkAddress, Stake: r.Stake, CommissionRate: r.CommissionRate,
		Votes: &r.Votes, Metadata: r.Metadata,
	}
	var err error
	if n.Key, err = bls.ParsePublicKey(r.NodeKey); err != nil {
		return nil, err
	}
	if n.Possession, err = bls.ParseSignature(r.Possession); err != nil {
		return nil, err
	}
	if err := n.Key.Verify(chain.PossessionMessage(r.Owner, n.Key), n.Possession); err != nil {
		return nil, fmt.Errorf("the operator does not show the secret of the node's key: %w", err)
	}
	if len(r.NetworkKey) != len(n.NetworkKey) {
		return nil, fmt.Errorf("network key of %d bytes, want %d", len(r.NetworkKey), len(n.NetworkKey))
	}
	if x, _ := elliptic.UnmarshalCompressed(elliptic.P256(), r.NetworkKey); x == nil {
		return nil, errors.New("network key is not a compressed point of P-256")
	}
	copy(n.NetworkKey[:], r.NetworkKey)
	if len(r.ConsensusKey) == 0 && len(r.ConsensusProof) == 0 {
		return n, nil
	}
	if len(r.ConsensusKey) != ed25519.PublicKeySize ||
		!ed25519.Verify(ed25519.PublicKey(r.ConsensusKey), chain.ConsensusKeyMessage(r.ChainID, chain.NodeIDOf(n.Key)), r.ConsensusProof) {
		return nil, errors.New("the operator does not show the secret of the validator's key")
	}
	n.ConsensusKey = ed25519.PublicKey(r.ConsensusKey)
	return n, nil
}
