// Package bcs writes and reads Binary Canonical Serialization: one byte string for each value.
//
// The idea: integers are little endian and of fixed width, vectors and strings carry their element
// count as a ULEB128, enums their variant index the same way, structs and fixed arrays are nothing
// but their parts in order. There is exactly one encoding of a value, and a [Reader] refuses every
// other one, so that hashes and signatures over it are safe.
//
// Writing is appending: AppendU16(b, v) and its relatives. Reading is a [Reader] with a sticky
// error: read all fields, then look at [Reader.Done] once. A Reader never allocates by a length
// that its input merely claims; see [Reader.Len].
//
// This package is pure. Start with [AppendBytes] and [NewReader]. Source: spec: encoding.md section 6.
package bcs

import (
	"encoding/binary"
	"errors"
)

// MaxLength is the largest element count of a vector, map or string, 2^31 - 1. It is part of the format.
const MaxLength = 1<<31 - 1

// Errors of a [Reader]. Wrapped errors say at which byte.
var (
	// ErrTruncated: the input ends inside a value, or claims more elements than it could hold.
	ErrTruncated = errors.New("bcs: input too short")
	// ErrTrailing: bytes are left after the value.
	ErrTrailing = errors.New("bcs: bytes after the end of the value")
	// ErrNonCanonical: the value has another, shorter or ordered, encoding.
	ErrNonCanonical = errors.New("bcs: not the canonical encoding")
	// ErrLength: an element count above [MaxLength] or above what the caller allows.
	ErrLength = errors.New("bcs: length out of range")
	// ErrVariant: an enum variant, or a boolean, that does not exist.
	ErrVariant = errors.New("bcs: unknown variant")
	// ErrUTF8: a string that is not UTF-8.
	ErrUTF8 = errors.New("bcs: string is not UTF-8")
)

// AppendU8 appends an 8-bit integer.
func AppendU8(b []byte, v uint8) []byte { return append(b, v) }

// AppendU16 appends a 16-bit integer.
func AppendU16(b []byte, v uint16) []byte { return binary.LittleEndian.AppendUint16(b, v) }

// AppendU32 appends a 32-bit integer.
func AppendU32(b []byte, v uint32) []byte { return binary.LittleEndian.AppendUint32(b, v) }

// AppendU64 appends a 64-bit integer.
func AppendU64(b []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(b, v) }

// AppendBool appends a boolean as one byte, 0 or 1. The tag of an option is the same.
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

// AppendULEB appends v in as few groups of seven bits as it needs.
func AppendULEB(b []byte, v uint32) []byte {
	for ; v >= 0x80; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v))
}

// AppendLen appends the element count of a vector or map. It panics if n is negative or above
// [MaxLength], which only a bug of the caller can bring about.
func AppendLen(b []byte, n int) []byte {
	if n < 0 || n > MaxLength {
		panic("bcs: length out of range")
	}
	return AppendULEB(b, uint32(n))
}

// AppendVariant appends the variant index of an enum.
func AppendVariant(b []byte, v int) []byte { return AppendLen(b, v) }

// AppendBytes appends a vector of bytes: its length, then v. It panics like [AppendLen].
func AppendBytes(b, v []byte) []byte { return append(AppendLen(b, len(v)), v...) }

// AppendString appends a string, which must be UTF-8: its length in bytes, then s.
func AppendString(b []byte, s string) []byte { return append(AppendLen(b, len(s)), s...) }

// LenSize returns how many bytes [AppendLen] appends for n.
func LenSize(n int) int {
	size := 1
	for ; n >= 0x80; n >>= 7 {
		size++
	}
	return size
}
