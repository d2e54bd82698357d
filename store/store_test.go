package store_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/store"
	"github.com/walrus-go/walrus/store/storetest"
)

var (
	me    = store.Identity{Chain: "walrus-test", Node: committee.NodeID{1}}
	quiet = slog.New(slog.DiscardHandler)
)

func TestStore(t *testing.T) {
	for _, tc := range []struct {
		name   string
		disk   bool
		inline int
	}{
		{"in memory", false, 0},
		{"in memory, all in files", false, -1},
		{"in memory, all in the database", false, 1 << 30},
		{"on disk", true, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t *testing.T) storetest.Open {
				options := &store.Options{FS: vfs.NewMem(), Create: true, Inline: tc.inline, Logger: quiet}
				dir := "data"
				if tc.disk {
					options.FS, dir = vfs.Default, t.TempDir()
				}
				var s *store.Store
				shut := func() {
					if s == nil {
						return
					}
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				}
				t.Cleanup(shut)
				return func() *store.Store {
					shut()
					var err error
					if s, err = store.Open(dir, me, options); err != nil {
						t.Fatal(err)
					}
					return s
				}
			})
		})
	}
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "node")
	open := func(dir string, id store.Identity, create bool) error {
		s, err := store.Open(dir, id, &store.Options{Create: create, Logger: quiet})
		if err == nil {
			err = s.Close()
		}
		return err
	}
	want := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", what, err, want)
		}
	}
	want("a directory that does not exist", open(dir, me, false), store.ErrNoStore)
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("a refusal leaves the directory behind: %v", err)
	}
	want("a new one", open(dir, me, true), nil)
	want("the same again", open(dir, me, false), nil)
	want("the same, allowed to create", open(dir, me, true), nil)
	want("another node's", open(dir, store.Identity{Chain: me.Chain, Node: committee.NodeID{2}}, true), store.ErrIdentity)
	want("another chain's", open(dir, store.Identity{Chain: "other", Node: me.Node}, true), store.ErrIdentity)

	s, err := store.Open(dir, me, &store.Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	want("one that is open", open(dir, me, false), store.ErrInUse)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "photo.jpg"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	want("a directory with something else", open(foreign, me, true), store.ErrIdentity)

	if err := os.RemoveAll(filepath.Join(dir, "db")); err != nil {
		t.Fatal(err)
	}
	want("one whose database is gone", open(dir, me, true), store.ErrNoStore)

	if err := os.WriteFile(filepath.Join(dir, "identity.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	want("one whose identity is garbage", open(dir, me, true), store.ErrCorrupt)
	if err := os.WriteFile(filepath.Join(dir, "identity.json"), []byte(`{"version":2}`), 0o600); err != nil {
		t.Fatal(err)
	}
	want("one of a later version", open(dir, me, true), store.ErrVersion)
}

func TestRoom(t *testing.T) {
	t.Parallel()
	fs := vfs.NewMem()
	s, err := store.Open("data", me, &store.Options{FS: fs, Create: true, Logger: quiet, Reserve: 1000})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	id := storetest.ID(1)
	register := store.Register{Blob: id, Object: blob.ObjectID{1}, End: 5}
	if err := errors.Join(s.Apply(0, register), s.SetShards(store.ShardActive, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutMetadata(id, nil); err != nil {
		t.Fatal(err)
	}
	key := store.SliverKey{Blob: id, Shard: 1}
	fs.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 999})
	for range 2 {
		// What the store asked for ahead does not last for this one.
		if _, err := s.PutSliver(key, make([]byte, 9<<20)); !errors.Is(err, store.ErrFull) {
			t.Fatalf("a full disk: %v", err)
		}
	}
	if err := s.Apply(1, nil); err != nil {
		t.Errorf("events with a full disk: %v", err)
	}
	fs.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 40})
	if _, err := s.PutSliver(key, make([]byte, 9<<20)); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

func TestCorruptFile(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		spoil func(t *testing.T, path string)
	}{
		{"one bit", func(t *testing.T, path string) {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			raw[len(raw)/2] ^= 4
			if err := os.WriteFile(path, raw, 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		{"cut", func(t *testing.T, path string) {
			if err := os.Truncate(path, 99_999); err != nil {
				t.Fatal(err)
			}
		}},
		{"gone", func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s, err := store.Open(dir, me, &store.Options{Create: true, Logger: quiet})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			key := store.SliverKey{Blob: storetest.ID(9), Shard: 1}
			if err := errors.Join(s.Apply(0, store.Register{Blob: key.Blob, End: 5}), s.SetShards(store.ShardActive, 1)); err != nil {
				t.Fatal(err)
			}
			_, err1 := s.PutMetadata(key.Blob, nil)
			_, err2 := s.PutSliver(key, storetest.Data(1, 100_000))
			if err := errors.Join(err1, err2); err != nil {
				t.Fatal(err)
			}
			found, err := filepath.Glob(filepath.Join(dir, "slivers", "*", "*"))
			if err != nil || len(found) != 1 {
				t.Fatalf("files %v, %v", found, err)
			}
			tc.spoil(t, found[0])
			if _, err := s.Sliver(key); !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("got %v, want %v", err, store.ErrCorrupt)
			}
			if there, err := s.HasSliver(key); err != nil || there {
				t.Errorf("a spoiled sliver is said to be there: %v, %v", there, err)
			}
			if _, err := s.Sliver(key); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("the second time: got %v, want %v", err, store.ErrNotFound)
			}
			if added, err := s.PutSliver(key, storetest.Data(2, 100_000)); err != nil || !added {
				t.Errorf("a spoiled sliver cannot be put again: %v, %v", added, err)
			}
			if got, err := s.Sliver(key); err != nil || !bytes.Equal(got, storetest.Data(2, 100_000)) {
				t.Errorf("what is put again does not come back: %v", err)
			}
			tc.spoil(t, found[0])
			if collected, err := s.Collect(key.Blob, 9); err != nil || !collected {
				t.Errorf("a spoiled sliver cannot be collected: %v, %v", collected, err)
			}
		})
	}
}

// TestCorruptDatabase spoils a sliver inside the database. Nobody is told that it is there, and it can
// be deleted and put again.
func TestCorruptDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := func() *store.Store {
		s, err := store.Open(dir, me, &store.Options{Create: true, Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	if err := s.SetShards(store.ShardActive, 1); err != nil {
		t.Fatal(err)
	}
	const size = 60_000
	key := func(i byte) store.SliverKey { return store.SliverKey{Blob: storetest.ID(i), Shard: 1} }
	for i := range byte(4) {
		err := s.Apply(uint64(i), store.Register{Blob: storetest.ID(i), End: 5})
		_, err1 := s.PutMetadata(storetest.ID(i), nil)
		_, err2 := s.PutSliver(key(i), storetest.Data(i, size))
		if err := errors.Join(err, err1, err2); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // what is in the log is in a table once the store has been opened again
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open()
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	spoiled := 0
	tables, err := filepath.Glob(filepath.Join(dir, "db", "*.sst"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range tables {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := byte(1); i <= 2; i++ { // the first shares a block with other records
			if at := bytes.Index(raw, storetest.Data(i, size)[1000:1100]); at >= 0 {
				raw[at] ^= 1
				spoiled++
			}
		}
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if spoiled != 2 {
		t.Fatalf("%d slivers found in %v, want 2", spoiled, tables)
	}
	s = open()
	defer s.Close()
	for i := range byte(4) {
		if there, err := s.HasSliver(key(i)); err != nil || there != (i == 0 || i == 3) {
			t.Errorf("sliver %d: there is %v, %v", i, there, err)
		}
	}
	if _, err := s.Sliver(key(1)); !errors.Is(err, store.ErrCorrupt) && !errors.Is(err, store.ErrNotFound) {
		t.Errorf("reading: %v", err)
	}
	if added, err := s.PutSliver(key(1), storetest.Data(1, size)); err != nil || !added {
		t.Errorf("putting again: %v, %v", added, err)
	}
	if got, err := s.Sliver(key(1)); err != nil || !bytes.Equal(got, storetest.Data(1, size)) {
		t.Errorf("what is put again does not come back: %v", err)
	}
	for i := range byte(4) {
		if collected, err := s.Collect(storetest.ID(i), 9); err != nil || !collected {
			t.Errorf("collecting blob %d: %v, %v", i, collected, err)
		}
		if there, err := s.HasSliver(key(i)); err != nil || there {
			t.Errorf("after collecting sliver %d: there is %v, %v", i, there, err)
		}
	}
}
