package rpc

import (
	"fmt"
	"io"

	secp256k1eth "cosmossdk.io/api/cosmos/crypto/secp256k1eth"
	cmtsecp256k1eth "github.com/cometbft/cometbft/crypto/secp256k1eth"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/walrus-go/walrus/ledger"
)

// Signer is what a wallet signs with. Safe for concurrent use.
type Signer interface {
	Address() ledger.Address
	// PublicKey returns the key in the form in which transactions carry it.
	PublicKey() (*anypb.Any, error)
	// Sign returns a signature of the bytes.
	Sign(message []byte) ([]byte, error)
}

// Key is an account's secret key in memory: secp256k1, with the address that Ethereum derives from it, so
// that one key serves both kinds of transactions.
type Key struct {
	secret  cmtsecp256k1eth.PrivKey
	public  []byte
	address ledger.Address
}

// KeySize is the size of a secret key in bytes.
const KeySize = cmtsecp256k1eth.PrivKeySize

// GenerateKey draws a key from random, usually crypto/rand.Reader.
func GenerateKey(random io.Reader) (*Key, error) {
	secret := make([]byte, KeySize)
	for {
		if _, err := io.ReadFull(random, secret); err != nil {
			return nil, fmt.Errorf("ledger: generate key: %w", err)
		}
		if key, err := ParseKey(secret); err == nil {
			return key, nil // all but one in 2^127 draws
		}
	}
}

// ParseKey reads a secret of [KeySize] bytes, big-endian, above 0 and below the curve's order.
func ParseKey(secret []byte) (*Key, error) {
	private := cmtsecp256k1eth.PrivKey(append([]byte(nil), secret...))
	// Only signing checks the secret's range.
	if _, err := private.Sign(nil); err != nil {
		return nil, fmt.Errorf("ledger: key: %w", err)
	}
	public := private.PubKey()
	return &Key{secret: private, public: public.Bytes(), address: ledger.Address(public.Address())}, nil
}

// Bytes returns the secret. Whoever has it has the account's money.
func (k *Key) Bytes() []byte { return append([]byte(nil), k.secret...) }

// Address implements [Signer].
func (k *Key) Address() ledger.Address { return k.address }

// PublicKey implements [Signer].
func (k *Key) PublicKey() (*anypb.Any, error) { return packKey(&secp256k1eth.PubKey{Key: k.public}) }

// Sign implements [Signer].
func (k *Key) Sign(message []byte) ([]byte, error) { return k.secret.Sign(message) }

// String keeps the secret out of logs.
func (k *Key) String() string { return k.address.String() }

func packKey(m proto.Message) (*anypb.Any, error) {
	value, err := proto.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("ledger: key: %w", err)
	}
	return &anypb.Any{TypeUrl: "/" + string(m.ProtoReflect().Descriptor().FullName()), Value: value}, nil
}
