package bcs

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// A Reader reads values from the front of a byte string.
//
// After the first error every method returns zero values and changes nothing, so a decoder may read
// all its fields and check once, with [Reader.Done]. Loops over a length from [Reader.Len] are safe
// without checks in between. A Reader is not safe for concurrent use.
type Reader struct {
	data []byte
	off  int
	err  error
}

// NewReader returns a Reader of b. It keeps b, and what [Reader.Bytes] and [Reader.Fixed] return
// are parts of b.
func NewReader(b []byte) *Reader { return &Reader{data: b} }

// Err returns the first error, or nil.
func (r *Reader) Err() error { return r.err }

// Done returns the first error; failing that, [ErrTrailing] if input is left.
func (r *Reader) Done() error {
	if r.err == nil && r.off < len(r.data) {
		r.fail(fmt.Errorf("%w: %d at byte %d", ErrTrailing, r.Remaining(), r.off))
	}
	return r.err
}

// Fail records err as the Reader's error unless it has one already. Decoders built on a Reader use
// it to refuse a value that is well formed but not allowed.
func (r *Reader) Fail(err error) { r.fail(err) }

// Remaining returns how many bytes are left to read.
func (r *Reader) Remaining() int { return len(r.data) - r.off }

// Offset returns how many bytes have been read.
func (r *Reader) Offset() int { return r.off }

// U8 reads an 8-bit integer.
func (r *Reader) U8() uint8 {
	if b := r.Fixed(1); b != nil {
		return b[0]
	}
	return 0
}

// U16 reads a 16-bit integer.
func (r *Reader) U16() uint16 {
	if b := r.Fixed(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

// U32 reads a 32-bit integer.
func (r *Reader) U32() uint32 {
	if b := r.Fixed(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// U64 reads a 64-bit integer.
func (r *Reader) U64() uint64 {
	if b := r.Fixed(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// Bool reads a boolean, or the tag of an option.
func (r *Reader) Bool() bool {
	v := r.U8()
	if v > 1 {
		r.fail(fmt.Errorf("%w: boolean %d at byte %d", ErrVariant, v, r.off-1))
		return false
	}
	return v == 1
}

// Fixed reads n bytes that carry no length. The result is part of the input; it is nil after an
// error, and when n is 0.
func (r *Reader) Fixed(n int) []byte {
	switch {
	case r.err != nil || n == 0:
		return nil
	case n < 0 || n > r.Remaining():
		r.fail(fmt.Errorf("%w: %d bytes wanted at byte %d, %d left", ErrTruncated, n, r.off, r.Remaining()))
		return nil
	}
	b := r.data[r.off : r.off+n : r.off+n]
	r.off += n
	return b
}

// ULEB reads an integer of up to 32 bits in groups of seven.
func (r *Reader) ULEB() uint32 {
	start := r.off
	var v uint64
	for shift := 0; shift < 35; shift += 7 {
		b := r.U8()
		if r.err != nil {
			return 0
		}
		v |= uint64(b&0x7f) << shift
		if b&0x80 != 0 {
			continue
		}
		if b == 0 && shift > 0 || v > 1<<32-1 {
			r.fail(fmt.Errorf("%w: integer at byte %d", ErrNonCanonical, start))
			return 0
		}
		return uint32(v)
	}
	r.fail(fmt.Errorf("%w: integer at byte %d", ErrNonCanonical, start))
	return 0
}

// Len reads the element count of a vector or map whose elements take at least minSize bytes each.
// It fails when that many cannot be left in the input, so a caller may allocate by the result: for
// elements of minSize bytes in memory that is never more than the input itself. A minSize below 1
// counts as 1.
func (r *Reader) Len(minSize int) int {
	start := r.off
	n := int64(r.ULEB())
	switch {
	case r.err != nil:
		return 0
	case n > MaxLength:
		r.fail(fmt.Errorf("%w: %d at byte %d", ErrLength, n, start))
		return 0
	case n*int64(max(minSize, 1)) > int64(r.Remaining()):
		r.fail(fmt.Errorf("%w: %d elements at byte %d, %d bytes left", ErrTruncated, n, start, r.Remaining()))
		return 0
	}
	return int(n)
}

// LenMax is [Reader.Len] for a count that must not exceed limit.
func (r *Reader) LenMax(minSize, limit int) int {
	start := r.off
	n := r.Len(minSize)
	if n > limit {
		r.fail(fmt.Errorf("%w: %d at byte %d, at most %d allowed", ErrLength, n, start, limit))
		return 0
	}
	return n
}

// Variant reads the variant index of an enum with count variants, numbered from 0.
func (r *Reader) Variant(count int) int {
	start := r.off
	v := r.ULEB()
	if r.err == nil && int64(v) >= int64(count) {
		r.fail(fmt.Errorf("%w: %d at byte %d", ErrVariant, v, start))
		return 0
	}
	return int(v)
}

// Bytes reads a vector of bytes. The result is part of the input: copy it to keep it longer.
func (r *Reader) Bytes() []byte { return r.Fixed(r.Len(1)) }

// BytesMax is [Reader.Bytes] for at most limit bytes.
func (r *Reader) BytesMax(limit int) []byte { return r.Fixed(r.LenMax(1, limit)) }

// Str reads a string.
func (r *Reader) Str() string { return r.StrMax(MaxLength) }

// StrMax is [Reader.Str] for at most limit bytes.
func (r *Reader) StrMax(limit int) string {
	start := r.off
	b := r.BytesMax(limit)
	if !utf8.Valid(b) {
		r.fail(fmt.Errorf("%w: at byte %d", ErrUTF8, start))
		return ""
	}
	return string(b)
}

// Unique reports, through the Reader's error, map keys that are out of order: call it for every
// entry with the serialized key before (nil at first) and the serialized key now.
func (r *Reader) Unique(before, now []byte) {
	if r.err == nil && before != nil && string(before) >= string(now) {
		r.fail(fmt.Errorf("%w: map keys not in order before byte %d", ErrNonCanonical, r.off))
	}
}

func (r *Reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}
