package keyring

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// noAsk fails a test that is asked for a passphrase.
func noAsk(t *testing.T) func(string) (string, error) {
	return func(what string) (string, error) {
		t.Errorf("asked for %s", what)
		return "", errors.New("nobody to ask")
	}
}

func openTest(t *testing.T, dir string) *Keyring {
	t.Helper()
	k, err := Open(dir, Test, noAsk(t))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// phrase and its first account are known to every Ethereum development tool; see for example the
// accounts that hardhat prints.
const (
	phrase  = "test test test test test test test test test test test junk"
	secret  = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
	address = "f39fd6e51aad88f6f4ce6ab8827279cfffb92266"
)

func TestRestore(t *testing.T) {
	k := openTest(t, t.TempDir())
	e, err := k.Restore("me", "  "+phrase+"\n")
	if err != nil {
		t.Fatal(err)
	}
	if got := hexOf(e.Address[:]); got != address {
		t.Errorf("address %s, want %s", got, address)
	}
	if got, err := k.Export("me"); err != nil || got != secret {
		t.Errorf("secret %s, %v, want %s", got, err, secret)
	}
	key, err := k.Signer("me")
	if err != nil || key.Address() != e.Address {
		t.Errorf("signer of %v, %v, want %v", key, err, e.Address)
	}
}

// TestReadingWritesNothing looks for keys in a directory that does not exist.
func TestReadingWritesNothing(t *testing.T) {
	t.Parallel()
	for _, backend := range []string{File, Test} {
		dir := filepath.Join(t.TempDir(), "keys")
		k, err := Open(dir, backend, noAsk(t))
		if err != nil {
			t.Fatal(err)
		}
		if list, err := k.List(); err != nil || len(list) != 0 {
			t.Errorf("%s: list %v, %v", backend, list, err)
		}
		if _, err := k.Get("me"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: got %v, want %v", backend, err, ErrNotFound)
		}
		if _, err := k.Signer("me"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: got %v, want %v", backend, err, ErrNotFound)
		}
		if err := k.Delete("me"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: got %v, want %v", backend, err, ErrNotFound)
		}
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: looking has made the directory: %v", backend, err)
		}
	}
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var s strings.Builder
	for _, x := range b {
		s.WriteByte(digits[x>>4])
		s.WriteByte(digits[x&15])
	}
	return s.String()
}

func TestKeys(t *testing.T) {
	dir := t.TempDir()
	k := openTest(t, dir)
	if list, err := k.List(); err != nil || len(list) != 0 {
		t.Errorf("new keyring: %v, %v", list, err)
	}
	made, words, err := k.Generate("bob")
	if err != nil || len(strings.Fields(words)) != 24 {
		t.Fatal(made, words, err)
	}
	if _, err := k.Import("alice", "0x"+secret); err != nil {
		t.Fatal(err)
	}

	again := openTest(t, dir) // nothing is kept in memory alone
	list, err := again.List()
	if err != nil || len(list) != 2 || list[0].Name != "alice" || list[1] != made {
		t.Fatalf("after reopening: %v, %v", list, err)
	}
	other := openTest(t, t.TempDir())
	if e, err := other.Restore("bob", words); err != nil || e != made {
		t.Errorf("restored %v, %v, want %v", e, err, made)
	}
	if err := again.Delete("bob"); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Get("bob"); !errors.Is(err, ErrNotFound) {
		t.Errorf("deleted key: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	k := openTest(t, t.TempDir())
	if _, err := k.Import("alice", secret); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		do   func() error
		want error
	}{
		{"a name twice", func() error { _, _, err := k.Generate("alice"); return err }, ErrExists},
		{"an account twice", func() error { _, err := k.Import("bob", secret); return err }, ErrExists},
		{"a name that is a path", func() error { _, _, err := k.Generate("../alice"); return err }, ErrName},
		{"no name", func() error { _, err := k.Get(""); return err }, ErrName},
		{"a phrase that is none", func() error { _, err := k.Restore("c", "one two three"); return err }, ErrSecret},
		{"a phrase with a wrong word", func() error { _, err := k.Restore("c", strings.Replace(phrase, "junk", "test", 1)); return err }, ErrSecret},
		{"a short secret", func() error { _, err := k.Import("c", "abcd"); return err }, ErrSecret},
		{"zero", func() error { _, err := k.Import("c", strings.Repeat("0", 64)); return err }, ErrSecret},
		{"no hex", func() error { _, err := k.Import("c", "secret"); return err }, ErrSecret},
		{"a key that is not there", func() error { return k.Delete("nobody") }, ErrNotFound},
		{"a signer that is not there", func() error { _, err := k.Signer("nobody"); return err }, ErrNotFound},
	}
	for _, tc := range tests {
		if err := tc.do(); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
	}
	if _, err := Open(t.TempDir(), "usb", nil); !errors.Is(err, ErrBackend) {
		t.Errorf("backend: %v", err)
	}
}

func TestFileBackend(t *testing.T) {
	dir := t.TempDir()
	say := func(answers ...string) func(string) (string, error) {
		return func(what string) (string, error) {
			if len(answers) == 0 {
				t.Fatalf("asked for %s once too often", what)
			}
			a := answers[0]
			answers = answers[1:]
			return a, nil
		}
	}
	open := func(answers ...string) *Keyring {
		k, err := Open(dir, File, say(answers...))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	for name, answers := range map[string][]string{"too short": {"short"}, "two that differ": {"long enough", "long Enough"}} {
		if _, err := open(answers...).Import("a", secret); !errors.Is(err, ErrPassphrase) {
			t.Errorf("%s: %v", name, err)
		}
	}
	made, err := open("long enough", "long enough").Import("a", secret)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := open("long enough").Get("a"); err != nil || got != made {
		t.Errorf("right passphrase: %v, %v", got, err)
	}
	if _, err := open("wrong enough").Signer("a"); !errors.Is(err, ErrPassphrase) {
		t.Errorf("wrong passphrase: %v", err)
	}
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if strings.Contains(string(raw), secret) {
			t.Errorf("%s holds the secret in the clear", path)
		}
		if info, err := d.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
