// Package price says what storage costs: how large a blob is once encoded, how many units that is, what
// the units cost, and how the votes of nodes make prices and capacity.
//
// The idea: a charge is always a price per unit times a number of started units of 1 MiB, on encoded
// bytes. Prices are the lowest vote that a quorum of shards finds high enough; capacity is the highest
// vote that a quorum of shards can provide.
//
// Start with [EncodedSize], [Due] and [Vote]. Source: spec: control-plane.md sections 1.3 to 1.5.
package price

import (
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/committee"
)

const (
	// Unit is the storage unit in bytes. Consensus.
	Unit uint64 = 1 << 20
	// RS2 is the one encoding type there is.
	RS2 uint8 = 1
	// maxSymbol is the largest symbol a u16 holds.
	maxSymbol = 1<<16 - 1
	// digestSize is the size of a hash, of which metadata has two per shard and one for the blob ID.
	digestSize = 32
)

// Units returns the number of started units in size bytes: ceil(size / 2^20).
func Units(size uint64) uint64 {
	n := size / Unit
	if size%Unit != 0 {
		n++
	}
	return n
}

// Due returns what size bytes cost for one epoch, or once for a write, at price FROST per unit.
//
// Errors: [economy.ErrOverflow]. Source: spec: control-plane.md section 1.4.
func Due(price, size uint64) (uint64, error) { return economy.Mul(price, Units(size)) }

// SymbolSize returns the bytes of one symbol of a blob of size bytes on n shards.
//
// Errors: [economy.ErrOverflow] if the blob is too large for n, or n is zero.
// Source: spec: control-plane.md section 1.3.
func SymbolSize(n uint16, size uint64) (uint16, error) {
	if n == 0 {
		return 0, economy.ErrOverflow
	}
	primary, secondary := sourceSymbols(n)
	symbol := (max(size, 1)-1)/(primary*secondary) + 1
	if symbol >= maxSymbol { // that is odd, and the next even number is too large
		return 0, economy.ErrOverflow
	}
	return uint16(symbol + symbol%2), nil
}

// EncodedSize returns the bytes that a blob of size bytes takes on n shards, metadata included. An empty
// blob is priced like one of a single byte.
//
// Errors: [economy.ErrEncodingInvalidEncodingType], [economy.ErrOverflow].
// Source: spec: control-plane.md section 1.3.
func EncodedSize(n uint16, size uint64, encoding uint8) (uint64, error) {
	if encoding != RS2 {
		return 0, economy.ErrEncodingInvalidEncodingType
	}
	symbol, err := SymbolSize(n, size)
	if err != nil {
		return 0, err
	}
	primary, secondary := sourceSymbols(n)
	shards := uint64(n)
	return shards * ((primary+secondary)*uint64(symbol) + 2*digestSize*shards + digestSize), nil
}

// sourceSymbols returns n-2f and n-f, the source symbols of the two axes.
func sourceSymbols(n uint16) (primary, secondary uint64) {
	f := committee.Faulty(int(n))
	return uint64(int(n) - 2*f), uint64(int(n) - f)
}
