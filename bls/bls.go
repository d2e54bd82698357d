// Package bls signs with BLS12-381 in the min-pk form: public keys are 48-byte points of G1,
// signatures 96-byte points of G2, both compressed.
//
// The idea: signatures of many keys over the same message add up to one signature, which verifies
// against the sum of the keys. That sum is only meaningful when every key's owner has shown that he
// knows its secret; package attest has the message of that proof of possession, and the chain asks
// for it at registration.
//
// A [PublicKey] or [Signature] that exists is a checked point: on the curve, in the prime-order
// subgroup and not the identity. Start with [GenerateKey], [PrivateKey.Sign] and
// [PublicKey.Verify]. Source: spec storage-node.md, section 3.1.
package bls

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// Sizes in bytes of the compressed forms and of a secret scalar.
const (
	PublicKeySize  = 48
	SignatureSize  = 96
	PrivateKeySize = 32
)

// dst separates these signatures from every other use of the curve; it is part of the protocol.
var dst = []byte("BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_")

// Errors of this package.
var (
	ErrKey       = errors.New("bls: not a valid key")
	ErrSignature = errors.New("bls: not a valid signature encoding")
	ErrVerify    = errors.New("bls: signature does not verify")
	ErrEmpty     = errors.New("bls: nothing to aggregate")
)

// PublicKey is a checked point of G1. Values are comparable with ==; the zero value is no key and
// verifies nothing.
type PublicKey struct{ point bls12381.G1Affine }

// Signature is a checked point of G2. The zero value is no signature and never verifies.
type Signature struct{ point bls12381.G2Affine }

// PrivateKey is a secret scalar with its public key. Safe for concurrent use.
type PrivateKey struct {
	scalar big.Int
	public PublicKey
}

// GenerateKey draws a key from random, usually crypto/rand.Reader.
func GenerateKey(random io.Reader) (*PrivateKey, error) {
	var wide [48]byte
	for {
		if _, err := io.ReadFull(random, wide[:]); err != nil {
			return nil, fmt.Errorf("bls: generate key: %w", err)
		}
		var s fr.Element
		s.SetBytes(wide[:])
		if !s.IsZero() {
			return newPrivateKey(&s), nil
		}
	}
}

// ParsePrivateKey reads a 32-byte big-endian scalar, which must be in [1, r).
func ParsePrivateKey(b []byte) (*PrivateKey, error) {
	if len(b) != PrivateKeySize {
		return nil, fmt.Errorf("%w: private key has %d bytes, want %d", ErrKey, len(b), PrivateKeySize)
	}
	var s fr.Element
	if err := s.SetBytesCanonical(b); err != nil {
		return nil, fmt.Errorf("%w: private key: %w", ErrKey, err)
	}
	if s.IsZero() {
		return nil, fmt.Errorf("%w: private key is zero", ErrKey)
	}
	return newPrivateKey(&s), nil
}

func newPrivateKey(s *fr.Element) *PrivateKey {
	k := new(PrivateKey)
	s.BigInt(&k.scalar)
	_, _, g1, _ := bls12381.Generators()
	k.public.point.ScalarMultiplication(&g1, &k.scalar)
	return k
}

// Public returns the key's public half.
func (k *PrivateKey) Public() PublicKey { return k.public }

// Bytes returns the 32-byte big-endian scalar. It is the secret itself.
func (k *PrivateKey) Bytes() []byte { return k.scalar.FillBytes(make([]byte, PrivateKeySize)) }

// String keeps the secret out of logs: it names the public key.
func (k *PrivateKey) String() string { return "private key of " + k.public.String() }

// Sign signs message. Signatures are deterministic.
func (k *PrivateKey) Sign(message []byte) Signature {
	var s Signature
	h := hashToG2(message)
	s.point.ScalarMultiplication(&h, &k.scalar)
	return s
}

// ParsePublicKey reads a compressed point of 48 bytes and checks that it is in the prime-order
// subgroup and not the identity. The check costs about as much as a signature; keep the result.
func ParsePublicKey(b []byte) (PublicKey, error) {
	var k PublicKey
	if len(b) != PublicKeySize {
		return k, fmt.Errorf("%w: public key has %d bytes, want %d", ErrKey, len(b), PublicKeySize)
	}
	// A cleared top bit would announce the 96-byte uncompressed form.
	if b[0]&0x80 == 0 {
		return k, fmt.Errorf("%w: public key is not compressed", ErrKey)
	}
	if _, err := k.point.SetBytes(b); err != nil {
		return PublicKey{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	if k.point.IsInfinity() {
		return PublicKey{}, fmt.Errorf("%w: public key is the identity", ErrKey)
	}
	return k, nil
}

// Bytes returns the compressed point, 48 bytes.
func (k PublicKey) Bytes() []byte { b := k.point.Bytes(); return b[:] }

// IsZero tells whether k is the zero value, which is no key.
func (k PublicKey) IsZero() bool { return k == PublicKey{} }

// String returns standard base64 with padding, the form used in JSON (spec storage-node.md 0.3).
func (k PublicKey) String() string { return base64.StdEncoding.EncodeToString(k.Bytes()) }

// MarshalText implements [encoding.TextMarshaler] with the form of [PublicKey.String].
func (k PublicKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler] and checks the key like [ParsePublicKey].
func (k *PublicKey) UnmarshalText(text []byte) error {
	raw, err := base64.StdEncoding.Strict().DecodeString(string(text))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrKey, err)
	}
	*k, err = ParsePublicKey(raw)
	return err
}

// Verify checks that s is k's signature of message. Errors: [ErrVerify].
func (k PublicKey) Verify(message []byte, s Signature) error {
	if k.IsZero() || s == (Signature{}) {
		return ErrVerify
	}
	_, _, g1, _ := bls12381.Generators()
	var minusG1 bls12381.G1Affine
	minusG1.Neg(&g1)
	ok, err := bls12381.PairingCheck(
		[]bls12381.G1Affine{k.point, minusG1},
		[]bls12381.G2Affine{hashToG2(message), s.point})
	if err != nil || !ok {
		return ErrVerify
	}
	return nil
}

// ParseSignature reads a compressed point of 96 bytes and checks its subgroup; the identity is
// refused.
func ParseSignature(b []byte) (Signature, error) {
	var s Signature
	if len(b) != SignatureSize {
		return s, fmt.Errorf("%w: %d bytes, want %d", ErrSignature, len(b), SignatureSize)
	}
	if b[0]&0x80 == 0 {
		return s, fmt.Errorf("%w: not compressed", ErrSignature)
	}
	if _, err := s.point.SetBytes(b); err != nil {
		return Signature{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	if s.point.IsInfinity() {
		return Signature{}, fmt.Errorf("%w: the identity", ErrSignature)
	}
	return s, nil
}

// Bytes returns the compressed point, 96 bytes.
func (s Signature) Bytes() []byte { b := s.point.Bytes(); return b[:] }

// AggregateSignatures adds signatures over one message. Errors: [ErrEmpty], or [ErrSignature] when
// the sum is the identity.
func AggregateSignatures(sigs []Signature) (Signature, error) {
	if len(sigs) == 0 {
		return Signature{}, ErrEmpty
	}
	var sum bls12381.G2Jac
	for i := range sigs {
		sum.AddMixed(&sigs[i].point)
	}
	var s Signature
	s.point.FromJacobian(&sum)
	if s.point.IsInfinity() {
		return Signature{}, fmt.Errorf("%w: the sum is the identity", ErrSignature)
	}
	return s, nil
}

// AggregateKeys adds public keys, each of which must have come with a proof of possession. Errors:
// [ErrEmpty], or [ErrKey] when the sum is the identity.
func AggregateKeys(keys []PublicKey) (PublicKey, error) {
	if len(keys) == 0 {
		return PublicKey{}, ErrEmpty
	}
	var sum bls12381.G1Jac
	for i := range keys {
		sum.AddMixed(&keys[i].point)
	}
	var k PublicKey
	k.point.FromJacobian(&sum)
	if k.point.IsInfinity() {
		return PublicKey{}, fmt.Errorf("%w: the sum is the identity", ErrKey)
	}
	return k, nil
}

func hashToG2(message []byte) bls12381.G2Affine {
	h, err := bls12381.HashToG2(message, dst)
	if err != nil { // only for a tag over 255 bytes, and ours is constant
		panic("bls: " + err.Error())
	}
	return h
}
