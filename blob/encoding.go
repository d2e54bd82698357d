package blob

import (
	"errors"
	"fmt"
	"strings"

	"github.com/walrus-go/walrus/bcs"
)

// ErrEncoding: an encoding type other than RS2.
var ErrEncoding = errors.New("blob: unsupported encoding type")

// An EncodingType says which code a blob is encoded with. Its values are those of the chain, of the
// ID's preimage and of the wire.
type EncodingType uint8

// RS2 is RedStuff over Reed-Solomon codes, the only live encoding type. 0 was a retired one.
const RS2 EncodingType = 1

// String returns the name for people.
func (e EncodingType) String() string {
	if e == RS2 {
		return "RedStuff/Reed-Solomon"
	}
	return fmt.Sprintf("encoding(%d)", uint8(e))
}

// ParseEncodingType reads a name in any case: rs2, reed-solomon or redstuff/reed-solomon.
// Errors: [ErrEncoding].
func ParseEncodingType(s string) (EncodingType, error) {
	switch strings.ToLower(s) {
	case "rs2", "reed-solomon", "redstuff/reed-solomon":
		return RS2, nil
	}
	return 0, fmt.Errorf("%w: %.40q", ErrEncoding, s)
}

// MarshalText returns the name that JSON uses.
func (e EncodingType) MarshalText() ([]byte, error) {
	if e != RS2 {
		return nil, fmt.Errorf("%w: %d", ErrEncoding, uint8(e))
	}
	return []byte("RS2"), nil
}

// UnmarshalText reads the name that JSON uses, or any that people do.
func (e *EncodingType) UnmarshalText(text []byte) (err error) {
	*e, err = ParseEncodingType(string(text))
	return err
}

// AppendBCS appends the type as the variant of an enum.
func (e EncodingType) AppendBCS(b []byte) []byte { return bcs.AppendVariant(b, int(e)) }

// ReadEncodingType reads what [EncodingType.AppendBCS] wrote and refuses all but RS2 with [ErrEncoding].
func ReadEncodingType(r *bcs.Reader) EncodingType {
	v := r.Variant(2)
	if r.Err() == nil && EncodingType(v) != RS2 {
		r.Fail(fmt.Errorf("%w: %d", ErrEncoding, v))
		return 0
	}
	return EncodingType(v)
}
