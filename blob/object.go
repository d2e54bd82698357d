package blob

import (
	"encoding/hex"
	"fmt"
)

// ObjectID identifies an object on chain: the registration of a blob, or a storage resource. One
// blob ID may be registered many times, each time as an object of its own with its own lifetime.
type ObjectID [32]byte

// String returns 0x and 64 hex digits (spec storage-node.md section 0.3).
func (id ObjectID) String() string { return "0x" + hex.EncodeToString(id[:]) }

// ParseObjectID reads the form of [ObjectID.String]; fewer than 64 digits are taken as the number's
// low end, as users of such chains expect.
func ParseObjectID(s string) (ObjectID, error) {
	var id ObjectID
	if len(s) < 3 || len(s) > 2+2*len(id) || s[:2] != "0x" {
		return id, fmt.Errorf("blob: object ID %q: want 0x and up to %d hex digits", s, 2*len(id))
	}
	digits := s[2:]
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	if _, err := hex.Decode(id[len(id)-len(digits)/2:], []byte(digits)); err != nil {
		return ObjectID{}, fmt.Errorf("blob: object ID %q: %w", s, err)
	}
	return id, nil
}

// MarshalText implements [encoding.TextMarshaler] with the form of [ObjectID.String].
func (id ObjectID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler] like [ParseObjectID].
func (id *ObjectID) UnmarshalText(text []byte) error {
	parsed, err := ParseObjectID(string(text))
	if err == nil {
		*id = parsed
	}
	return err
}
