// Package cert reads the certificates that the chain is shown, and answers with the rules' own errors.
//
// The idea: a certificate is a message, a bitmap of signers and one signature (package attest). The chain
// accepts those of the current epoch's committee only, checks them in a fixed order, because the order
// decides which error a sender sees, and ignores bytes after the fields it knows.
//
// Start with [Blob], which stands for the pattern of all. Source: spec: control-plane.md section 4.
package cert

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/committee"
)

// Verify checks signers, weight, signature and header of a certificate that needs the given weight:
// c.Quorum() or c.Validity().
//
// Errors, in order: [economy.ErrBlsAggregateInvalidBitmap], [economy.ErrBlsAggregateNotEnoughStake],
// [economy.ErrBlsAggregateSigVerification], [economy.ErrMessagesIncorrectIntentVersion],
// [economy.ErrMessagesIncorrectAppId], [economy.ErrMessagesIncorrectEpoch], [economy.ErrBcsOutOfRange].
// Source: spec: control-plane.md section 4.4.
func Verify(a attest.Certificate, c *committee.Committee, weight int) error {
	err := a.Verify(c, weight)
	if errors.Is(err, attest.ErrMessage) {
		return cutOff(a.Message)
	}
	return Named(err)
}

// cutOff returns what is wrong with a message that ends within its header: the fields that are there are checked
// before one is missed.
func cutOff(message []byte) error {
	whole := append(slices.Clone(message), header(0, 0)[min(len(message), headerSize):]...)
	if _, _, err := attest.Header(whole); err != nil {
		return Named(err)
	}
	return economy.ErrBcsOutOfRange
}

// Blob verifies a certificate of a quorum that a blob is stored.
//
// Errors: those of [Verify], [economy.ErrMessagesInvalidMsgType], [economy.ErrBcsOutOfRange],
// [economy.ErrMessagesInvalidBlobPersistenceType].
func Blob(a attest.Certificate, c *committee.Committee) (storage.Certificate, error) {
	if err := Verify(a, c, c.Quorum()); err != nil {
		return storage.Certificate{}, err
	}
	return ParseBlob(a.Message)
}

// Blobs does what [Blob] does for many certificates, for less. The error is that of the first wrong one.
func Blobs(list []attest.Certificate, c *committee.Committee) ([]storage.Certificate, error) {
	verified := verifiedBlobs(list, c)
	out := make([]storage.Certificate, len(list))
	for i, a := range list {
		var err error
		if i < verified {
			out[i], err = ParseBlob(a.Message)
		} else {
			out[i], err = Blob(a, c)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// batchFrom is how many certificates it takes until checking them together is cheaper.
const batchFrom = 4

// verifiedBlobs returns how many certificates, from the first on, verify together. If that is not all, one of
// the next few is wrong: they are halved to find it, so that wrong certificates cost no more than twice what
// right ones do, rather than what each alone would.
func verifiedBlobs(list []attest.Certificate, c *committee.Committee) (verified int) {
	end := len(list)
	for next := end; end-verified >= batchFrom; next = (verified + end) / 2 {
		if attest.VerifyAll(list[verified:next], c, c.Quorum()) == nil {
			verified = next
		} else {
			end = next
		}
	}
	return verified
}

// ParseBlob reads a message that [Blob] has verified, or the caller has.
func ParseBlob(message []byte) (storage.Certificate, error) {
	m, _, err := attest.ParseConfirmation(message)
	if err != nil {
		return storage.Certificate{}, Named(err)
	}
	out := storage.Certificate{ID: m.Blob, Deletable: m.Object != nil}
	if m.Object != nil {
		out.Object = *m.Object
	}
	return out, nil
}

// InvalidBlob verifies a certificate of at least one correct node that a blob is inconsistent.
// Errors: those of [Verify], [economy.ErrMessagesInvalidMsgType], [economy.ErrBcsOutOfRange].
func InvalidBlob(a attest.Certificate, c *committee.Committee) (blob.ID, error) {
	if err := Verify(a, c, c.Validity()); err != nil {
		return blob.ID{}, err
	}
	return ParseInvalidBlob(a.Message)
}

// ParseInvalidBlob reads a message that [InvalidBlob] has verified, or the caller has.
func ParseInvalidBlob(message []byte) (blob.ID, error) {
	_, id, _, err := attest.ParseInvalidBlob(message)
	return id, Named(err)
}

// DenyListUpdate is what nodes confirm about the deny list of one of them.
type DenyListUpdate struct {
	Node committee.NodeID
	List storage.DenyList
}

// Message returns the bytes that are signed in epoch.
func (u DenyListUpdate) Message(epoch committee.Epoch) []byte {
	b := append(header(attest.TypeDenyListUpdate, epoch), u.Node[:]...)
	b = binary.LittleEndian.AppendUint64(b, u.List.Sequence)
	b = binary.LittleEndian.AppendUint64(b, u.List.Size)
	return append(b, u.List.Root[:]...)
}

// DenyList verifies a certificate of a quorum about a node's deny list.
// Errors: those of [Verify], [economy.ErrMessagesInvalidMsgType], [economy.ErrBcsOutOfRange].
func DenyList(a attest.Certificate, c *committee.Committee) (DenyListUpdate, error) {
	if err := Verify(a, c, c.Quorum()); err != nil {
		return DenyListUpdate{}, err
	}
	return ParseDenyList(a.Message)
}

// ParseDenyList reads a message that [DenyList] has verified, or the caller has.
func ParseDenyList(message []byte) (DenyListUpdate, error) {
	b, err := body(message, attest.TypeDenyListUpdate, 32+8+8+32)
	if err != nil {
		return DenyListUpdate{}, err
	}
	return DenyListUpdate{
		Node: committee.NodeID(b[:32]),
		List: storage.DenyList{
			Sequence: binary.LittleEndian.Uint64(b[32:]),
			Size:     binary.LittleEndian.Uint64(b[40:]),
			Root:     [32]byte(b[48:]),
		},
	}, nil
}

// DenyListDeletedMessage returns the bytes by which nodes declare, in epoch, that they deleted a blob
// because it is on deny lists.
func DenyListDeletedMessage(epoch committee.Epoch, id blob.ID) []byte {
	return append(header(attest.TypeDenyListDeleted, epoch), id[:]...)
}

// DenyListDeleted verifies a certificate of at least one correct node that a blob on deny lists was deleted.
// Errors: those of [Verify], [economy.ErrMessagesInvalidMsgType], [economy.ErrBcsOutOfRange].
func DenyListDeleted(a attest.Certificate, c *committee.Committee) (blob.ID, error) {
	if err := Verify(a, c, c.Validity()); err != nil {
		return blob.ID{}, err
	}
	return ParseDenyListDeleted(a.Message)
}

// ParseDenyListDeleted reads a message that [DenyListDeleted] has verified, or the caller has.
func ParseDenyListDeleted(message []byte) (blob.ID, error) {
	b, err := body(message, attest.TypeDenyListDeleted, 32)
	if err != nil {
		return blob.ID{}, err
	}
	return blob.ID(b), nil
}

// ProtocolVersion is what nodes confirm about the version of their protocol.
type ProtocolVersion struct {
	Start   committee.Epoch // epoch from which on it is spoken
	Version uint64
}

// Message returns the bytes that are signed in epoch.
func (v ProtocolVersion) Message(epoch committee.Epoch) []byte {
	b := binary.LittleEndian.AppendUint32(header(attest.TypeProtocolVersion, epoch), uint32(v.Start))
	return binary.LittleEndian.AppendUint64(b, v.Version)
}

// Protocol verifies a certificate of a quorum about the version of the protocol.
// Errors: those of [Verify], [economy.ErrMessagesInvalidMsgType], [economy.ErrBcsOutOfRange].
func Protocol(a attest.Certificate, c *committee.Committee) (ProtocolVersion, error) {
	if err := Verify(a, c, c.Quorum()); err != nil {
		return ProtocolVersion{}, err
	}
	return ParseProtocol(a.Message)
}

// ParseProtocol reads a message that [Protocol] has verified, or the caller has.
func ParseProtocol(message []byte) (ProtocolVersion, error) {
	b, err := body(message, attest.TypeProtocolVersion, 4+8)
	if err != nil {
		return ProtocolVersion{}, err
	}
	return ProtocolVersion{
		Start:   committee.Epoch(binary.LittleEndian.Uint32(b)),
		Version: binary.LittleEndian.Uint64(b[4:]),
	}, nil
}

// CheckPossession checks that registrant knows the secret of key, by a signature made in epoch.
//
// Errors, in order: [economy.ErrMessagesInvalidKeyLength],
// [economy.ErrStakingPoolInvalidProofOfPossession]. Source: spec: control-plane.md section 4.5.
func CheckPossession(epoch committee.Epoch, registrant [32]byte, key, signature []byte) (bls.PublicKey, error) {
	if len(key) != bls.PublicKeySize {
		return bls.PublicKey{}, economy.ErrMessagesInvalidKeyLength
	}
	k, err := bls.ParsePublicKey(key)
	if err != nil {
		return bls.PublicKey{}, economy.ErrStakingPoolInvalidProofOfPossession
	}
	sig, err := bls.ParseSignature(signature)
	if err != nil || k.Verify(attest.Possession(epoch, registrant, k), sig) != nil {
		return bls.PublicKey{}, economy.ErrStakingPoolInvalidProofOfPossession
	}
	return k, nil
}

const headerSize = 7

// header returns the start of a message of the kinds that only the chain and nodes know.
func header(t attest.Type, epoch committee.Epoch) []byte {
	return binary.LittleEndian.AppendUint32([]byte{byte(t), 0, 3}, uint32(epoch))
}

// body returns the size bytes after the header of a message of type want.
func body(message []byte, want attest.Type, size int) ([]byte, error) {
	t, _, err := attest.Header(message)
	if err != nil {
		return nil, Named(err)
	}
	if t != want {
		return nil, economy.ErrMessagesInvalidMsgType
	}
	if len(message) < headerSize+size {
		return nil, economy.ErrBcsOutOfRange
	}
	return message[headerSize : headerSize+size], nil
}

// rules names the errors of package attest.
var rules = []struct {
	err  error
	rule *economy.Error
}{
	{attest.ErrBitmap, economy.ErrBlsAggregateInvalidBitmap},
	{attest.ErrWeight, economy.ErrBlsAggregateNotEnoughStake},
	{attest.ErrSignature, economy.ErrBlsAggregateSigVerification},
	{attest.ErrVersion, economy.ErrMessagesIncorrectIntentVersion},
	{attest.ErrAppID, economy.ErrMessagesIncorrectAppId},
	{attest.ErrEpoch, economy.ErrMessagesIncorrectEpoch},
	{attest.ErrType, economy.ErrMessagesInvalidMsgType},
	{attest.ErrPersistence, economy.ErrMessagesInvalidBlobPersistenceType},
	{attest.ErrMessage, economy.ErrBcsOutOfRange},
}

// Named replaces an error of package attest by the rule's; other errors stay as they are.
func Named(err error) error {
	for _, r := range rules {
		if errors.Is(err, r.err) {
			return r.rule
		}
	}
	return err
}
