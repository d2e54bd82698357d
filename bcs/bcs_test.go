package bcs

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
)

func TestAppend(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want []byte
	}{
		{"integers are little endian", AppendU64(AppendU32(AppendU16(AppendU8(nil, 1), 2), 3), 4),
			[]byte{1, 2, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0}},
		{"booleans are one byte", AppendBool(AppendBool(nil, true), false), []byte{1, 0}},
		{"a length below 128 is one byte", AppendLen(nil, 127), []byte{0x7f}},
		{"a length of 128 is two bytes", AppendLen(nil, 128), []byte{0x80, 1}},
		{"the largest length is five bytes", AppendLen(nil, MaxLength), []byte{0xff, 0xff, 0xff, 0xff, 7}},
		{"bytes carry their length", AppendBytes(nil, []byte{9, 8}), []byte{2, 9, 8}},
		{"strings count bytes", AppendString(nil, "é"), []byte{2, 0xc3, 0xa9}},
		{"variants are like lengths", AppendVariant(nil, 300), []byte{0xac, 2}},
	} {
		if !bytes.Equal(c.got, c.want) {
			t.Errorf("%s: got %x, want %x", c.name, c.got, c.want)
		}
	}
	for _, n := range []int{0, 127, 128, 16383, 16384, MaxLength} {
		if got, want := LenSize(n), len(AppendLen(nil, n)); got != want {
			t.Errorf("LenSize(%d) = %d, want %d", n, got, want)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	b := AppendU8(nil, math.MaxUint8)
	b = AppendU16(b, math.MaxUint16)
	b = AppendU32(b, math.MaxUint32)
	b = AppendU64(b, math.MaxUint64)
	b = AppendBool(b, true)
	b = AppendULEB(b, math.MaxUint32)
	b = AppendVariant(b, 3)
	b = AppendBytes(b, []byte("bytes"))
	b = AppendString(b, "zeichen ä")
	r := NewReader(b)
	if r.U8() != math.MaxUint8 || r.U16() != math.MaxUint16 || r.U32() != math.MaxUint32 ||
		r.U64() != math.MaxUint64 || !r.Bool() || r.ULEB() != math.MaxUint32 || r.Variant(4) != 3 ||
		string(r.Bytes()) != "bytes" || r.Str() != "zeichen ä" {
		t.Errorf("values of %x did not come back", b)
	}
	if err := r.Done(); err != nil {
		t.Error(err)
	}
}

func TestReaderRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		in   string
		read func(*Reader)
		want error
	}{
		{"an integer cut short", "\x01", func(r *Reader) { r.U16() }, ErrTruncated},
		{"trailing bytes", "\x01\x02", func(r *Reader) { r.U8() }, ErrTrailing},
		{"a boolean of two", "\x02", func(r *Reader) { r.Bool() }, ErrVariant},
		{"a padded length", "\x80\x00", func(r *Reader) { r.ULEB() }, ErrNonCanonical},
		{"a length of six groups", "\xff\xff\xff\xff\xff\x01", func(r *Reader) { r.ULEB() }, ErrNonCanonical},
		{"a length above 32 bits", "\xff\xff\xff\xff\x1f", func(r *Reader) { r.ULEB() }, ErrNonCanonical},
		{"a length of 2^31", "\x80\x80\x80\x80\x08", func(r *Reader) { r.Len(1) }, ErrLength},
		{"a length beyond the input", "\xff\xff\xff\xff\x07", func(r *Reader) { r.Bytes() }, ErrTruncated},
		{"elements that cannot fit", "\x02\x00\x00\x00", func(r *Reader) { r.Len(2) }, ErrTruncated},
		{"more than allowed", "\x02\x00\x00", func(r *Reader) { r.BytesMax(1) }, ErrLength},
		{"an unknown variant", "\x02", func(r *Reader) { r.Variant(2) }, ErrVariant},
		{"a string of stray bytes", "\x01\xff", func(r *Reader) { r.Str() }, ErrUTF8},
		{"keys out of order", "", func(r *Reader) { r.Unique([]byte{2}, []byte{1}) }, ErrNonCanonical},
		{"a repeated key", "", func(r *Reader) { r.Unique([]byte{2}, []byte{2}) }, ErrNonCanonical},
		{"what the caller refuses", "", func(r *Reader) { r.Fail(ErrLength) }, ErrLength},
	} {
		r := NewReader([]byte(c.in))
		c.read(r)
		if err := r.Done(); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

func TestErrorsStick(t *testing.T) {
	r := NewReader([]byte{0x80, 0, 1, 2, 3, 4})
	r.ULEB()
	first := r.Err()
	if r.U8() != 0 || r.U64() != 0 || r.Bytes() != nil || r.Str() != "" || r.Len(1) != 0 || r.Variant(9) != 0 {
		t.Error("values were read after an error")
	}
	if r.Done() != first || !errors.Is(first, ErrNonCanonical) {
		t.Errorf("got %v, want the first error %v", r.Done(), first)
	}
}

// FuzzReader reads arbitrary bytes as a vector of strings and wants formatting to undo parsing.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{"\x00", "\x01\x03abc", "\x02\x00\x01z", "\x80\x00", "\xff\xff\xff\xff\x07"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r := NewReader(in)
		values := make([]string, r.Len(1))
		for i := range values {
			values[i] = r.Str()
		}
		if r.Done() != nil {
			return
		}
		out := AppendLen(nil, len(values))
		for _, v := range values {
			out = AppendString(out, v)
		}
		if !bytes.Equal(in, out) {
			t.Errorf("%x was read as %q, which is written %x", in, strings.Join(values, ","), out)
		}
	})
}
