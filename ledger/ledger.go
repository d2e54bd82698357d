// Package ledger has what everyone else asks of a chain: the nouns that live there, and small
// interfaces to read them, to follow what happens and to send transactions.
//
// The idea: programs that store, serve or read blobs see these interfaces and never the chain's
// application. Package ledger/rpc implements them for a live chain; the in-process implementation
// for tests passes the same suite, ledger/ledgertest.
//
// Amounts are FROST, 10^9 to a WAL. End epochs are exclusive. Start with [Reader] and [Wallet].
// Source: spec control-plane.md sections 1, 2 and 9.
package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/cosmos/btcutil/bech32"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
)

// AddressPrefix starts every account address in text.
const AddressPrefix = "wal"

// FrostPerWAL is the number of FROST, the unit of all amounts, in a WAL.
const FrostPerWAL = 1_000_000_000

// StorageUnit is the number of bytes that prices speak of.
const StorageUnit = 1 << 20

// Address is an account: of a person, or of a contract.
type Address [20]byte

// String returns the bech32 form, wal1….
func (a Address) String() string {
	five, err := bech32.ConvertBits(a[:], 8, 5, true)
	if err != nil { // 8 to 5 bits with padding always fits
		panic("ledger: " + err.Error())
	}
	s, err := bech32.Encode(AddressPrefix, five)
	if err != nil {
		panic("ledger: " + err.Error())
	}
	return s
}

// ParseAddress reads the form of [Address.String].
func ParseAddress(s string) (Address, error) {
	prefix, five, err := bech32.Decode(s, 90)
	if err != nil {
		return Address{}, fmt.Errorf("ledger: address %q: %w", s, err)
	}
	if prefix != AddressPrefix {
		return Address{}, fmt.Errorf("ledger: address %q: starts with %q, want %q", s, prefix, AddressPrefix)
	}
	raw, err := bech32.ConvertBits(five, 5, 8, false)
	if err != nil || len(raw) != len(Address{}) {
		return Address{}, fmt.Errorf("ledger: address %q: not %d bytes", s, len(Address{}))
	}
	return Address(raw), nil
}

// MarshalText implements [encoding.TextMarshaler] with the form of [Address.String].
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler] like [ParseAddress].
func (a *Address) UnmarshalText(text []byte) error {
	parsed, err := ParseAddress(string(text))
	if err == nil {
		*a = parsed
	}
	return err
}

// System is the state of the storage market.
type System struct {
	ChainID        string
	Shards         int
	Epoch          committee.Epoch
	EpochStart     time.Time
	EpochDuration  time.Duration
	MaxEpochsAhead uint32 // longest purchase, counted from and including the current epoch
	TotalCapacity  uint64 // bytes that may be in use at once
	UsedCapacity   uint64 // bytes in use in the current epoch
	StoragePrice   uint64 // FROST per storage unit and epoch
	WritePrice     uint64 // FROST per storage unit, once at registration
}

// Committees is the membership around the current epoch.
type Committees struct {
	Current *committee.Committee
	// Previous serves reads while Transition lasts; nil before the second epoch.
	Previous *committee.Committee
	// Next is nil until it has been chosen.
	Next *committee.Committee
	// Transition is set from an epoch's start until its committee has reported its shards.
	Transition bool
}

// Storage is a right to keep Size bytes, encoded, from epoch Start until before epoch End.
type Storage struct {
	ID    blob.ObjectID
	Owner Address
	Start committee.Epoch
	End   committee.Epoch
	Size  uint64
}

// Blob is a registration: an owned object that says a blob is to be kept, and since when the network
// answers for it.
type Blob struct {
	ID         blob.ObjectID
	Owner      Address
	BlobID     blob.ID
	Size       uint64 // bytes, before encoding
	Registered committee.Epoch
	Certified  *committee.Epoch // nil until certified
	Storage    Storage
	Deletable  bool
}

// Page asks for part of a list. The zero value asks for its start.
type Page struct {
	Cursor []byte // where to go on, from the previous answer; nil for the start
	Limit  int    // at most so many; 0 lets the chain choose
}

// Reader answers questions from the latest committed block. Safe for concurrent use.
//
// Errors: [ErrNotFound] for objects that do not exist, [ErrUnavailable] when no answer could be had.
type Reader interface {
	System(ctx context.Context) (System, error)
	Committees(ctx context.Context) (Committees, error)
	// BlobStatus sums up all registrations of a blob ID; an unknown one is [blob.Nonexistent].
	BlobStatus(ctx context.Context, id blob.ID) (blob.Status, error)
	Blob(ctx context.Context, id blob.ObjectID) (Blob, error)
	// Blobs lists an owner's registrations; next is nil at the end.
	Blobs(ctx context.Context, owner Address, page Page) (blobs []Blob, next []byte, err error)
	// Storages lists an owner's storage resources that are not attached to a blob.
	Storages(ctx context.Context, owner Address, page Page) (storages []Storage, next []byte, err error)
	// Balance returns FROST.
	Balance(ctx context.Context, owner Address) (uint64, error)
}

// Registration asks to register a blob.
type Registration struct {
	BlobID    blob.ID
	RootHash  [32]byte
	Size      uint64 // bytes, before encoding
	Deletable bool
	// Epochs is how many epochs of space to buy, the current one included, if Storage is nil.
	Epochs uint32
	// Storage names an owned resource to use instead of buying.
	Storage *blob.ObjectID
	// StorageSize is how many bytes of Storage to use; the rest stays behind as a resource of its own. 0 uses all.
	StorageSize uint64
}

// Certification asks to certify a registered blob.
type Certification struct {
	Object      blob.ObjectID
	Certificate attest.Certificate
}

// Wallet signs and sends transactions of one account. Each method sends one transaction, all or
// nothing, and returns once it is in a committed block. Safe for concurrent use: calls do not wait
// for each other.
//
// Errors: [ErrFunds], [ErrRejected] with its kin, [ErrUnavailable]. After an error that matches
// [ErrUnknown] the transaction may still be committed.
type Wallet interface {
	Address() Address
	// Register buys space where asked and registers the blobs, in order.
	Register(ctx context.Context, blobs []Registration) ([]Blob, error)
	Certify(ctx context.Context, certs []Certification) error
	// Delete takes deletable registrations back and returns their storage.
	Delete(ctx context.Context, objects []blob.ObjectID) ([]Storage, error)
	// Extend buys more epochs for a certified blob.
	Extend(ctx context.Context, object blob.ObjectID, epochs uint32) error
	// Send pays amount FROST to another account.
	Send(ctx context.Context, to Address, amount uint64) error
}
