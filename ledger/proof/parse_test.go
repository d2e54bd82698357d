package proof

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func recorded(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/certified.json")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRecorded(t *testing.T) {
	t.Parallel()
	data := recorded(t)
	c, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.Encode()
	if err != nil || !bytes.Equal(again, bytes.TrimSpace(data)) {
		t.Errorf("encoded again it is %s, %v", again, err)
	}
	first := c.Anchors()[0]
	r, err := c.Verify(Trust{Anchor: first, ChainID: "walrus-live"}, c.blocks[0].Time.Add(time.Minute))
	if err != nil || r.CertifiedUntil != r.Epoch+5 || !r.Status.IsCertified() || r.BlobID != c.BlobID() {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	good := string(recorded(t))
	for _, c := range []struct{ name, data string }{
		{"nothing", ""},
		{"a list", "[]"},
		{"null", "null"},
		{"an empty object", "{}"},
		{"half of it", good[:len(good)/2]},
		{"it twice", good + good},
		{"an unknown field", strings.Replace(good, `"format"`, `"extra": 1, "format"`, 1)},
		{"a block that is none", strings.Replace(good, `"blocks": [`, `"blocks": ["AAAA",`, 1)},
		{"an empty block", strings.Replace(good, `"blocks": [`, `"blocks": ["",`, 1)},
		{"too much", good + strings.Repeat(" ", MaxSize)},
	} {
		if _, err := Parse([]byte(c.data)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: got %v, want %v", c.name, err, ErrFormat)
		}
	}
}

func TestParseHash(t *testing.T) {
	t.Parallel()
	want := Anchor{Hash: [32]byte{0xAB, 31: 1}}
	for _, text := range []string{want.HashText(), strings.ToLower(want.HashText())} {
		if got, err := ParseHash(text); err != nil || got != want.Hash {
			t.Errorf("%s: got %x, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "ab", "0x" + want.HashText(), want.HashText() + "00", strings.Repeat("g", 64)} {
		if _, err := ParseHash(text); err == nil {
			t.Errorf("%q was taken for a hash", text)
		}
	}
}

// FuzzParse wants no panic from any bytes, and the same proof after a round trip.
func FuzzParse(f *testing.F) {
	f.Add(recorded(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data)
		if err != nil {
			return
		}
		encoded, err := c.Encode()
		if err != nil {
			return
		}
		if _, err := Parse(encoded); err != nil {
			t.Fatalf("encoded again it is refused: %v", err)
		}
	})
}

// FuzzRecord wants no panic from any Merkle paths, and no other value than the one that is there.
func FuzzRecord(f *testing.F) {
	c, err := Parse(recorded(f))
	if err != nil {
		f.Fatal(err)
	}
	appHash := c.blocks[len(c.blocks)-1].AppHash
	f.Add(c.info.Value, c.info.Root, c.info.Inner, c.info.Outer)
	f.Add([]byte{}, c.epoch.Root, c.epoch.Inner, c.epoch.Outer)
	f.Fuzz(func(t *testing.T, value, root, inner, outer []byte) {
		r := record{Value: value, Root: root, Inner: inner, Outer: outer}
		if err := r.verify(appHash, infoAt(c.id)); err == nil && !bytes.Equal(value, c.info.Value) {
			t.Fatalf("value %x is accepted, want %x", value, c.info.Value)
		}
	})
}
