package wire

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/committee"
)

// ErrKey means that text is not a key in one of the forms that nodes keep theirs in.
var ErrKey = errors.New("wire: not a key")

// First bytes of keys in files, one for each curve. Source: spec storage-node.md section 2.1.
const (
	flagNetworkKey = 0x02
	flagBLSKey     = 0x04
	secretSize     = 32
)

// GenerateNetworkKey makes a key for a node's TLS, on P-256.
func GenerateNetworkKey() (*ecdsa.PrivateKey, error) {
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// NetworkKeyOf returns the public half in the form that committees list. key is on P-256.
func NetworkKeyOf(key *ecdsa.PublicKey) (k committee.NetworkKey) {
	// Bytes is the uncompressed point, 4, X and Y; it fails only off the curve.
	point, err := key.Bytes()
	if err != nil || len(point) != 1+2*(len(k)-1) {
		return committee.NetworkKey{}
	}
	k[0] = 2 + point[len(point)-1]&1
	copy(k[1:], point[1:len(k)])
	return k
}

// ParseNetworkKey reads a committee's network key. Errors: [ErrKey] if it is no point of P-256.
func ParseNetworkKey(k committee.NetworkKey) (*ecdsa.PublicKey, error) {
	x, y := elliptic.UnmarshalCompressed(elliptic.P256(), k[:])
	if x == nil {
		return nil, fmt.Errorf("%w: network key %x is not a compressed point", ErrKey, k[:])
	}
	point := make([]byte, 1+2*secretSize)
	point[0] = 4
	x.FillBytes(point[1 : 1+secretSize])
	y.FillBytes(point[1+secretSize:])
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
}

// FormatNetworkKey returns the content of a network key's file: base64 of 0x02 and the secret.
func FormatNetworkKey(key *ecdsa.PrivateKey) (string, error) {
	secret, err := key.Bytes()
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrKey, err)
	}
	return formatSecret(flagNetworkKey, secret), nil
}

// ParseNetworkKeyFile reads the content of a network key's file: the form of [FormatNetworkKey], or
// PKCS#8 in PEM. Errors: [ErrKey].
func ParseNetworkKeyFile(text []byte) (*ecdsa.PrivateKey, error) {
	if block, _ := pem.Decode(text); block != nil {
		return parsePKCS8(block)
	}
	secret, err := parseSecret(flagNetworkKey, text)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), secret)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return key, nil
}

func parsePKCS8(block *pem.Block) (*ecdsa.PrivateKey, error) {
	if block.Type != "PRIVATE KEY" {
		return nil, fmt.Errorf("%w: PEM block %q, want a PKCS#8 PRIVATE KEY", ErrKey, block.Type)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%w: PKCS#8 key is not on P-256", ErrKey)
	}
	return key, nil
}

// FormatKey returns the content of a BLS key's file: base64 of 0x04 and the secret.
func FormatKey(key *bls.PrivateKey) string { return formatSecret(flagBLSKey, key.Bytes()) }

// ParseKeyFile reads the form of [FormatKey]. Errors: [ErrKey].
func ParseKeyFile(text []byte) (*bls.PrivateKey, error) {
	secret, err := parseSecret(flagBLSKey, text)
	if err != nil {
		return nil, err
	}
	key, err := bls.ParsePrivateKey(secret)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return key, nil
}

func formatSecret(flag byte, secret []byte) string {
	return base64.StdEncoding.EncodeToString(append([]byte{flag}, secret...))
}

// parseSecret never quotes its input in an error: it may be a secret.
func parseSecret(flag byte, text []byte) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: neither base64 nor PEM", ErrKey)
	case len(raw) != 1+secretSize:
		return nil, fmt.Errorf("%w: %d bytes, want %d", ErrKey, len(raw), 1+secretSize)
	case raw[0] != flag:
		return nil, fmt.Errorf("%w: of kind %#02x, want %#02x", ErrKey, raw[0], flag)
	}
	if new(big.Int).SetBytes(raw[1:]).Sign() == 0 {
		return nil, fmt.Errorf("%w: the secret is zero", ErrKey)
	}
	return raw[1:], nil
}
