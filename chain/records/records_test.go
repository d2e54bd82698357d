package records

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"testing"

	"golang.org/x/crypto/blake2b"
)

// written returns a file with parts of two modules.
func written(tb testing.TB) ([]byte, Digest) {
	tb.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out)
	if err != nil {
		tb.Fatal(err)
	}
	for _, p := range []struct{ module, part string }{{"event", "one"}, {"event", ""}, {"blob", "two"}} {
		if err := w.Write(p.module, []byte(p.part)); err != nil {
			tb.Fatal(err)
		}
	}
	digest, err := w.Finish()
	if err != nil {
		tb.Fatal(err)
	}
	return out.Bytes(), digest
}

// readAll reads a file as modules would that come in the given order.
func readAll(raw []byte, want Digest, modules ...string) (parts []string, err error) {
	r, err := NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	for _, m := range modules {
		for {
			part, err := r.Next(m)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, err
			}
			parts = append(parts, m+" "+string(part))
		}
	}
	return parts, r.Finish(want)
}

func TestReaderReadsWhatWriterWrote(t *testing.T) {
	t.Parallel()
	raw, digest := written(t)
	if sum := blake2b.Sum256(raw); digest != (Digest{hex.EncodeToString(sum[:]), int64(len(raw))}) {
		t.Errorf("digest %+v is not that of the file", digest)
	}
	parts, err := readAll(raw, digest, "bank", "event", "committee", "blob", "gov")
	if want := []string{"event one", "event ", "blob two"}; err != nil || len(parts) != 3 || parts[0] != want[0] || parts[1] != want[1] || parts[2] != want[2] {
		t.Errorf("got %q, %v, want %q", parts, err, want)
	}
}

func TestReaderRefuses(t *testing.T) {
	t.Parallel()
	raw, digest := written(t)
	for i := range raw {
		changed := bytes.Clone(raw)
		changed[i] ^= 1
		if _, err := readAll(changed, digest, "event", "blob"); !errors.Is(err, ErrCorrupt) {
			t.Errorf("byte %d changed: got %v, want %v", i, err, ErrCorrupt)
		}
		if _, err := readAll(raw[:i], digest, "event", "blob"); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%d bytes: got %v, want %v", i, err, ErrCorrupt)
		}
	}
	if _, err := readAll(append(bytes.Clone(raw), 0), digest, "event", "blob"); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a byte more: got %v, want %v", err, ErrCorrupt)
	}
	if _, err := readAll(raw, digest, "blob", "event"); !errors.Is(err, ErrCorrupt) {
		t.Errorf("modules in another order: got %v, want %v", err, ErrCorrupt)
	}
}

func TestWriterRefusesWhatReadersWould(t *testing.T) {
	t.Parallel()
	w, err := NewWriter(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write("blob", make([]byte, maxPart)); err != nil {
		t.Errorf("the largest part: %v", err)
	}
	if w.Write("blob", make([]byte, maxPart+1)) == nil || w.Write("", nil) == nil || w.Write(string(make([]byte, 256)), nil) == nil {
		t.Error("a part too long, or of a module without a name or with a long one, was written")
	}
}

// FuzzReader checks that no file makes a reader panic or accept what is not what the digest says.
func FuzzReader(f *testing.F) {
	raw, digest := written(f)
	f.Add(raw)
	f.Add([]byte(magic + "\x05event\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if _, err := readAll(in, digest, "event", "blob"); (err == nil) != bytes.Equal(in, raw) {
			t.Errorf("%x: %v", in, err)
		}
	})
}
