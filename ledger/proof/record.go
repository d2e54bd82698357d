package proof

import (
	"bytes"
	"fmt"

	ics23 "github.com/cosmos/ics23/go"

	"github.com/walrus-go/walrus/blob"
)

// A location is a key of the state: a module's store, and the key there.
type location struct {
	store string
	key   []byte
}

// InfoKey is where the chain keeps the sum of a blob ID's registrations. It is consensus: the tests of
// package chain compare it with what the application uses.
func InfoKey(id blob.ID) (store string, key []byte) {
	return "blob", append([]byte{1}, id[:]...)
}

// EpochKey is where the chain keeps the number of the current epoch; otherwise as [InfoKey].
func EpochKey() (store string, key []byte) { return "committee", []byte{1} }

func infoAt(id blob.ID) location {
	store, key := InfoKey(id)
	return location{store, key}
}

func epochAt() location {
	store, key := EpochKey()
	return location{store, key}
}

// A record is a value of the state, or that there is none, with the way from it to the state's hash.
type record struct {
	Value []byte `json:"value,omitempty"` // empty for none
	Root  []byte `json:"root"`            // hash of the store
	Inner []byte `json:"inner"`           // an ICS 23 proof of value, or of absence, in the store
	Outer []byte `json:"outer"`           // an ICS 23 proof of Root among the stores
}

// verify checks that the state with the given hash has this record at a place.
func (r *record) verify(appHash []byte, at location) error {
	outer, err := parseProof(r.Outer)
	if err != nil {
		return err
	}
	inner, err := parseProof(r.Inner)
	if err != nil {
		return err
	}
	if !ics23.VerifyMembership(ics23.TendermintSpec, appHash, outer, []byte(at.store), r.Root) {
		return fmt.Errorf("%w: store %q is not the one the header has", ErrInvalid, at.store)
	}
	if len(r.Value) == 0 {
		if !ics23.VerifyNonMembership(ics23.IavlSpec, r.Root, inner, at.key) {
			return fmt.Errorf("%w: key %x of store %q is not shown to be absent", ErrInvalid, at.key, at.store)
		}
		return nil
	}
	if !ics23.VerifyMembership(ics23.IavlSpec, r.Root, inner, at.key, r.Value) {
		return fmt.Errorf("%w: key %x of store %q does not have that value", ErrInvalid, at.key, at.store)
	}
	return nil
}

// parseProof reads an ICS 23 proof of one key. Batches and compressed batches are refused: nothing here
// writes them, and they cost more to read than they take to send.
func parseProof(data []byte) (*ics23.CommitmentProof, error) {
	p := &ics23.CommitmentProof{}
	if err := p.Unmarshal(data); err != nil {
		return nil, fmt.Errorf("%w: Merkle path: %w", ErrFormat, err)
	}
	switch p.Proof.(type) {
	case *ics23.CommitmentProof_Exist, *ics23.CommitmentProof_Nonexist:
		return p, nil
	}
	return nil, fmt.Errorf("%w: Merkle path of another kind than one key's", ErrFormat)
}

// rootOf returns the value that a proof of existence is about.
func rootOf(outer []byte, store string) ([]byte, error) {
	p, err := parseProof(outer)
	if err != nil {
		return nil, err
	}
	exist := p.GetExist()
	if exist == nil || !bytes.Equal(exist.Key, []byte(store)) {
		return nil, fmt.Errorf("%w: no Merkle path of store %q", ErrFormat, store)
	}
	return exist.Value, nil
}
