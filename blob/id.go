package blob

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"math/bits"
	"slices"
	"strings"
)

// IDSize is the length of an ID in bytes.
const IDSize = 32

// ErrID: text that is not the one form of an ID.
var ErrID = errors.New("blob: not a blob ID")

// An ID names a blob: the hash of its encoding type, its length and the root over its slivers. The
// same blob has different IDs for different numbers of shards.
//
// Source: spec: encoding.md sections 4.5 and 4.6.
type ID [IDSize]byte

var idText = base64.RawURLEncoding.Strict()

// String returns the ID in URL-safe base64 without padding, 43 characters.
func (id ID) String() string { return idText.EncodeToString(id[:]) }

// ParseID reads what [ID.String] returns, and nothing else: no padding, no other alphabet, no stray
// bits. Errors: [ErrID].
func ParseID(s string) (ID, error) {
	// The decoder would skip line breaks, but then the length is wrong.
	if len(s) != idText.EncodedLen(IDSize) || strings.ContainsAny(s, "\r\n") {
		return ID{}, fmt.Errorf("%w: %.60q is not %d characters of URL-safe base64", ErrID, s, idText.EncodedLen(IDSize))
	}
	b, err := idText.DecodeString(s)
	if err != nil {
		return ID{}, fmt.Errorf("%w: %q: %w", ErrID, s, err)
	}
	return ID(b), nil
}

// MarshalText returns [ID.String].
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads an ID like [ParseID].
func (id *ID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseID(string(text))
	return err
}

// Decimal returns the ID as chains show it: its bytes as a little-endian integer, in decimal.
func (id ID) Decimal() string {
	slices.Reverse(id[:])
	return new(big.Int).SetBytes(id[:]).String()
}

// maxDecimal is the number of digits of the largest ID.
const maxDecimal = 78

// ParseDecimal reads what [ID.Decimal] returns: digits without sign or leading zeros, below 2^256.
// Errors: [ErrID].
func ParseDecimal(s string) (id ID, err error) {
	digits := strings.Trim(s, "0123456789") == ""
	v, ok := new(big.Int), digits && len(s) <= maxDecimal
	if ok {
		v, ok = v.SetString(s, 10)
	}
	if !ok || v.BitLen() > 8*IDSize || s[0] == '0' && s != "0" {
		return ID{}, fmt.Errorf("%w: %.80q is not a decimal number below 2^256", ErrID, s)
	}
	v.FillBytes(id[:])
	slices.Reverse(id[:])
	return id, nil
}

// rotation returns the shard that holds pair 0: the ID as a big-endian integer modulo n.
func (id ID) rotation(n int) int {
	rem := uint64(0)
	for _, b := range id {
		_, rem = bits.Div64(0, rem<<8|uint64(b), uint64(n))
	}
	return int(rem)
}

// Shard returns the shard that holds pair p of this blob among n shards. p must be below n, which
// must be positive. Source: spec: encoding.md section 2.5.
func (id ID) Shard(p PairIndex, n int) Shard {
	return Shard((int(p) + id.rotation(n)) % n)
}

// Pair returns the pair of this blob that shard s holds among n shards. s must be below n, which
// must be positive.
func (id ID) Pair(s Shard, n int) PairIndex {
	return PairIndex((n + int(s) - id.rotation(n)) % n)
}
