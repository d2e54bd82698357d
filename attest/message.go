// Package attest has what storage nodes put their names to: the messages, the certificates that
// gather the signatures of many nodes over one message, and their verification.
//
// The idea: a message starts with 7 bytes that say what it is and for which epoch, so that no
// signature can be taken for another; nodes of one committee sign identical bytes, so a certificate
// is one aggregate signature and a bitmap of who signed, weighed by shards.
//
// Start with [Confirmation] for what a node signs, and [Collector] for how a client turns signatures
// into a [Certificate]. Source: spec storage-node.md section 3, control-plane.md section 4.
package attest

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/committee"
)

// Type is the first byte of a message.
type Type uint8

// The message types. Their values are part of the protocol.
const (
	TypePossession      Type = 0 // proof of possession of a BLS key
	TypeConfirmation    Type = 1 // storage confirmation
	TypeInvalidBlob     Type = 2
	TypeShardSync       Type = 3
	TypeDenyListUpdate  Type = 4
	TypeDenyListDeleted Type = 5
	TypeProtocolVersion Type = 6
)

const (
	version    = 0
	appID      = 3 // storage
	headerSize = 7
)

// Errors about messages.
var (
	ErrVersion     = errors.New("attest: unknown message version")
	ErrAppID       = errors.New("attest: message of another application")
	ErrEpoch       = errors.New("attest: message of another epoch")
	ErrType        = errors.New("attest: unexpected message type")
	ErrMessage     = errors.New("attest: malformed message")
	ErrPersistence = errors.New("attest: unknown persistence type")
)

func header(t Type, epoch committee.Epoch, body int) []byte {
	b := make([]byte, 0, headerSize+body)
	b = append(b, byte(t), version, appID)
	return binary.LittleEndian.AppendUint32(b, uint32(epoch))
}

// Header reads the 7 bytes that every message starts with and checks version and application.
// Errors: [ErrMessage], [ErrVersion], [ErrAppID].
func Header(message []byte) (Type, committee.Epoch, error) {
	if len(message) < headerSize {
		return 0, 0, fmt.Errorf("%w: %d bytes", ErrMessage, len(message))
	}
	if message[1] != version {
		return 0, 0, fmt.Errorf("%w: %d", ErrVersion, message[1])
	}
	if message[2] != appID {
		return 0, 0, fmt.Errorf("%w: %d", ErrAppID, message[2])
	}
	return Type(message[0]), committee.Epoch(binary.LittleEndian.Uint32(message[3:])), nil
}

// body checks the header of a message against what is expected and returns the rest.
func body(message []byte, want Type) (committee.Epoch, []byte, error) {
	t, epoch, err := Header(message)
	if err != nil {
		return 0, nil, err
	}
	if t != want {
		return 0, nil, fmt.Errorf("%w: %d, want %d", ErrType, t, want)
	}
	return epoch, message[headerSize:], nil
}

// Confirmation says that a node durably holds its slivers of a blob in an epoch. It is permanent if
// Object is nil, else for that deletable registration.
type Confirmation struct {
	Epoch  committee.Epoch
	Blob   blob.ID
	Object *blob.ObjectID
}

// Message returns the bytes that are signed: 40, or 72 for a deletable blob.
func (c Confirmation) Message() []byte {
	b := header(TypeConfirmation, c.Epoch, len(c.Blob)+1+len(blob.ObjectID{}))
	b = append(b, c.Blob[:]...)
	if c.Object == nil {
		return append(b, 0)
	}
	b = append(b, 1)
	return append(b, c.Object[:]...)
}

// ParseConfirmation reads the bytes of [Confirmation.Message] and returns what follows them, which
// the chain ignores so that later versions can say more, and everyone else should refuse.
//
// Errors: those of [Header], [ErrType], [ErrMessage], [ErrPersistence].
func ParseConfirmation(message []byte) (c Confirmation, rest []byte, err error) {
	epoch, b, err := body(message, TypeConfirmation)
	if err != nil {
		return Confirmation{}, nil, err
	}
	if len(b) < len(c.Blob)+1 {
		return Confirmation{}, nil, fmt.Errorf("%w: confirmation of %d bytes", ErrMessage, len(message))
	}
	c.Epoch, c.Blob = epoch, blob.ID(b[:len(c.Blob)])
	kind, b := b[len(c.Blob)], b[len(c.Blob)+1:]
	switch {
	case kind == 0:
		return c, b, nil
	case kind != 1:
		return Confirmation{}, nil, fmt.Errorf("%w: %d", ErrPersistence, kind)
	case len(b) < len(blob.ObjectID{}):
		return Confirmation{}, nil, fmt.Errorf("%w: deletable confirmation of %d bytes", ErrMessage, len(message))
	}
	object := blob.ObjectID(b[:len(blob.ObjectID{})])
	c.Object = &object
	return c, b[len(object):], nil
}

// InvalidBlob returns the message by which nodes declare that the slivers of a blob do not fit
// together.
func InvalidBlob(epoch committee.Epoch, id blob.ID) []byte {
	return append(header(TypeInvalidBlob, epoch, len(id)), id[:]...)
}

// ParseInvalidBlob reads the bytes of [InvalidBlob] and returns what follows them.
func ParseInvalidBlob(message []byte) (epoch committee.Epoch, id blob.ID, rest []byte, err error) {
	epoch, b, err := body(message, TypeInvalidBlob)
	if err != nil {
		return 0, id, nil, err
	}
	if len(b) < len(id) {
		return 0, id, nil, fmt.Errorf("%w: invalid-blob message of %d bytes", ErrMessage, len(message))
	}
	return epoch, blob.ID(b[:len(id)]), b[len(id):], nil
}

// Registrant is the 32-byte form of an account address in a proof of possession: shorter addresses
// are padded with zeros on the left.
func Registrant(address []byte) (r [32]byte, err error) {
	if len(address) == 0 || len(address) > len(r) {
		return r, fmt.Errorf("%w: address of %d bytes", ErrMessage, len(address))
	}
	copy(r[len(r)-len(address):], address)
	return r, nil
}

// Possession returns the message that a registrant signs with the key itself, to show that he knows
// its secret. epoch is the chain's when the registration is processed, 0 at genesis.
func Possession(epoch committee.Epoch, registrant [32]byte, key bls.PublicKey) []byte {
	b := header(TypePossession, epoch, len(registrant)+bls.PublicKeySize)
	b = append(b, registrant[:]...)
	return append(b, key.Bytes()...)
}
