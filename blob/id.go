package blob

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// ErrID means that a text or number is not a blob ID.
var ErrID = errors.New("blob: invalid ID")

// ID names a blob: the hash of its encoding type, length and the root of its slivers' hashes. The
// same bytes have the same ID wherever the number of shards is the same. Source: spec encoding.md
// section 4.5.
type ID [32]byte

// idText is unpadded URL-safe base64; Strict refuses bits set beyond the last byte.
var idText = base64.RawURLEncoding.Strict()

// idTextSize is the length of an ID in text.
const idTextSize = 43

// String returns 43 characters of URL-safe base64 without padding.
func (id ID) String() string { return idText.EncodeToString(id[:]) }

// ParseID reads the form of [ID.String]. Errors: [ErrID]; a decimal number, the form that explorers
// show, is named as such, with the ID it stands for.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) == idTextSize {
		// DecodeString steps over line ends, which are no part of an ID; the length check catches it.
		if n, err := idText.Decode(id[:], []byte(s)); err == nil && n == len(id) {
			return id, nil
		}
		return ID{}, fmt.Errorf("%w: %q is not URL-safe base64 of 32 bytes", ErrID, s)
	}
	if n, err := ParseDecimalID(s); err == nil {
		return ID{}, fmt.Errorf("%w: %q is the decimal form of %v; use that", ErrID, s, n)
	}
	return ID{}, fmt.Errorf("%w: %d characters, want %d of URL-safe base64", ErrID, len(s), idTextSize)
}

// MarshalText implements [encoding.TextMarshaler] with the form of [ID.String].
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler] like [ParseID].
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := ParseID(string(text))
	if err == nil {
		*id = parsed
	}
	return err
}

// Decimal returns the ID as a number, read little-endian as chains do.
func (id ID) Decimal() string {
	slices.Reverse(id[:])
	return new(big.Int).SetBytes(id[:]).String()
}

// ParseDecimalID reads the form of [ID.Decimal]. Errors: [ErrID].
func ParseDecimalID(s string) (ID, error) {
	const longest = 78 // digits of 2^256 - 1
	if len(s) == 0 || len(s) > longest {
		return ID{}, fmt.Errorf("%w: a decimal of %d digits, want 1 to %d", ErrID, len(s), longest)
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return ID{}, fmt.Errorf("%w: %q is not decimal", ErrID, s)
		}
	}
	n, _ := new(big.Int).SetString(s, 10)
	var id ID
	if n.BitLen() > 8*len(id) {
		return ID{}, fmt.Errorf("%w: %s does not fit 256 bits", ErrID, s)
	}
	n.FillBytes(id[:])
	slices.Reverse(id[:])
	return id, nil
}

// Rotation is the shard that holds pair 0 of the blob among n shards: the ID read big-endian, modulo
// n. Pair p is on shard (p + rotation) mod n. Source: spec encoding.md section 2.5.
func (id ID) Rotation(n int) int {
	acc := 0
	for _, b := range id {
		acc = (acc<<8 | int(b)) % n
	}
	return acc
}
