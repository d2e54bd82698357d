package kvdb

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestValuesAndAbsence(t *testing.T) {
	t.Parallel()
	s, err := OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	db := s.App()
	if v, err := db.Get([]byte("a")); v != nil || err != nil {
		t.Errorf("absent key: got %v, %v, want nil, nil", v, err)
	}
	if err := db.Set([]byte("a"), []byte{}); err != nil {
		t.Fatal(err)
	}
	if v, err := db.Get([]byte("a")); v == nil || len(v) != 0 || err != nil {
		t.Errorf("empty value: got %v, %v, want an empty slice that is not nil", v, err)
	}
	if err := db.Set(nil, []byte("x")); !errors.Is(err, ErrKeyEmpty) {
		t.Errorf("nil key: got %v, want %v", err, ErrKeyEmpty)
	}
	if err := db.SetSync([]byte("k"), nil); !errors.Is(err, ErrValueNil) {
		t.Errorf("nil value: got %v, want %v", err, ErrValueNil)
	}
	if err := db.DeleteSync([]byte("a")); err != nil {
		t.Fatal(err)
	}
	if ok, err := db.Has([]byte("a")); ok || err != nil {
		t.Errorf("deleted key: got %v, %v", ok, err)
	}
}

func TestOpenTwice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, ErrInUse) {
		t.Errorf("opened twice: got %v, want %v", err, ErrInUse)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file); err == nil || errors.Is(err, ErrInUse) {
		t.Errorf("opened a file: %v", err)
	}
}

func TestRangesAreHalfOpenInBothDirections(t *testing.T) {
	t.Parallel()
	s, err := OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	b := s.Consensus().NewBatch()
	for _, k := range []string{"a", "b", "c", "d"} {
		if err := b.Set([]byte(k), []byte("v"+k)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.WriteSync(); err != nil {
		t.Fatal(err)
	}
	if err := b.Set([]byte("e"), []byte("x")); !errors.Is(err, ErrBatchClosed) {
		t.Errorf("set after write: got %v, want %v", err, ErrBatchClosed)
	}
	for _, tc := range []struct {
		start, end []byte
		forward    bool
		want       string
	}{
		{nil, nil, true, "abcd"},
		{nil, nil, false, "dcba"},
		{[]byte("b"), []byte("d"), true, "bc"},
		{[]byte("b"), []byte("d"), false, "cb"},
		{[]byte("x"), nil, true, ""},
	} {
		it, err := s.iterate(tc.start, tc.end, tc.forward)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		for ; it.Valid(); it.Next() {
			got.Write(it.Key())
		}
		if got.String() != tc.want {
			t.Errorf("[%s, %s) forward=%v: got %q, want %q", tc.start, tc.end, tc.forward, got.String(), tc.want)
		}
		if err := errors.Join(it.Error(), it.Close(), it.Close()); err != nil {
			t.Error(err)
		}
	}
}

func TestReopenKeepsWhatWasWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if err := s.Set(fmt.Appendf(nil, "k%03d", i), []byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Compact(nil, nil); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Get([]byte("k042")); err != nil || !bytes.Equal(v, []byte{42}) {
		t.Errorf("got %v, %v", v, err)
	}
}

// Close may come while others use the store. Those that are under way finish, those that come later are told,
// and nothing panics.
func TestCloseWhileInUse(t *testing.T) {
	t.Parallel()
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var users, inUse sync.WaitGroup
	for range 4 {
		inUse.Add(1)
		users.Go(func() {
			for i := 0; ; i++ {
				key := fmt.Appendf(nil, "k%03d", i%100)
				_, err := s.Get(key)
				if err == nil {
					err = s.Set(key, key)
				}
				if i == 50 {
					inUse.Done()
				}
				if err != nil {
					if i < 50 || !errors.Is(err, ErrClosed) {
						t.Errorf("use %d: %v", i, err)
					}
					return
				}
			}
		})
	}
	inUse.Wait()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	users.Wait()
}

func TestUseAfterClose(t *testing.T) {
	t.Parallel()
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	key := []byte("key")
	batch := s.App().NewBatch()
	if err := errors.Join(batch.Set(key, key), s.Close()); err != nil {
		t.Fatal(err)
	}
	_, getErr := s.App().Get(key)
	_, hasErr := s.App().Has(key)
	_, iterErr := s.Consensus().Iterator(nil, nil)
	for name, err := range map[string]error{
		"get": getErr, "has": hasErr, "iterator": iterErr, "compact": s.Compact(nil, nil), "batch": batch.Write(),
		"set": s.Set(key, key), "set sync": s.SetSync(key, key), "delete": s.Delete(key), "delete sync": s.DeleteSync(key),
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s: got %v, want %v", name, err, ErrClosed)
		}
	}
	if err := batch.Close(); err != nil {
		t.Error(err)
	}
	db := s.Consensus()
	for name, read := range map[string]func(){
		"get": func() { _, _ = db.Get(key) }, "has": func() { _, _ = db.Has(key) },
	} {
		var readers sync.WaitGroup
		readers.Go(func() {
			read()
			t.Errorf("the engine's %s returned", name)
		})
		readers.Wait()
	}
}
