package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/redstuff"
	"github.com/walrus-go/walrus/store"
	"github.com/walrus-go/walrus/store/storetest"
)

// A fact is something that was acknowledged and must hold after any later crash.
type fact func(s *store.Store) error

// A history runs operations on a store and remembers what was acknowledged. Later facts may undo
// earlier ones, so facts have names.
type history struct {
	mu    sync.Mutex
	facts map[string]fact // guarded by mu
}

func (h *history) acknowledge(name string, f fact) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.facts[name] = f
}

// doubt forgets a fact while it is being changed.
func (h *history) doubt(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.facts, name)
}

// during runs f while nothing is acknowledged or doubted, and returns the facts.
func (h *history) during(f func()) map[string]fact {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
	return maps.Clone(h.facts)
}

func options(fs vfs.FS) *store.Options {
	return &store.Options{FS: fs, Create: true, Logger: quiet, Inline: 1000}
}

// run does everything that must last: events, metadata, slivers in both places, deletions. It stops
// at the first error, which is the test's to judge.
func (h *history) run(fs vfs.FS) error {
	s, err := store.Open("data", me, options(fs))
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }() // the crash or the fault is the point
	if err := s.SetShards(store.ShardActive, 1, 2); err != nil {
		return err
	}
	h.acknowledge("shards", func(s *store.Store) error {
		if len(s.Shards()) != 2 {
			return fmt.Errorf("shards %v", s.Shards())
		}
		return nil
	})
	index := uint64(0)
	for i := range byte(6) {
		id := storetest.ID(i)
		if err := s.Apply(index, store.Register{Blob: id, Object: blob.ObjectID{i}, Epoch: 1, End: 5, Deletable: true}); err != nil {
			return err
		}
		index++
		if err := h.upload(s, id, i, index); err != nil {
			return err
		}
		if i%2 == 0 {
			continue
		}
		if err := s.Apply(index, store.Delete{Blob: id, Object: blob.ObjectID{i}}); err != nil {
			return err
		}
		index++
		if err := h.collect(s, id); err != nil {
			return err
		}
	}
	return h.pools(s, index)
}

// pools is run for blobs in a storage pool.
func (h *history) pools(s *store.Store, index uint64) error {
	pool, id := blob.ObjectID{99}, storetest.ID(99)
	for i, c := range []store.Change{
		store.KeepPool{Pool: pool, End: 3},
		store.RegisterPooled{Blob: id, Pool: pool, Object: blob.ObjectID{98}, Epoch: 1, Size: 1, Deletable: true},
		store.CertifyPooled{Blob: id, Pool: pool, Object: blob.ObjectID{98}, Epoch: 1},
		store.KeepPool{Pool: pool, End: 5},
	} {
		if err := s.Apply(index+uint64(i), c); err != nil {
			return err
		}
	}
	if err := h.upload(s, id, 99, index+4); err != nil {
		return err
	}
	h.acknowledge("pool", func(s *store.Store) error {
		o, err := s.Object(blob.ObjectID{98})
		if err == nil && o.End != 5 {
			err = fmt.Errorf("pool ends with epoch %d", o.End)
		}
		return err
	})
	h.doubt("pool")
	if err := s.Apply(index+4, store.DeletePooled{Blob: id, Pool: pool, Object: blob.ObjectID{98}}); err != nil {
		return err
	}
	return h.collect(s, id)
}

func (h *history) upload(s *store.Store, id blob.ID, seed byte, index uint64) error {
	metadata := storetest.Data(seed, 700)
	if _, err := s.PutMetadata(id, metadata); err != nil {
		return err
	}
	h.acknowledge("metadata "+id.String(), func(s *store.Store) error {
		if next, err := s.Next(); err != nil || next < index {
			return fmt.Errorf("metadata outlives event %d of its blob (%w)", index, err)
		}
		got, err := s.Metadata(id)
		if err == nil && !bytes.Equal(got, metadata) {
			err = errors.New("metadata differs")
		}
		return err
	})
	for i, size := range []int{10, 1000, 1001, 9000} {
		key := store.SliverKey{Blob: id, Shard: committee.Shard(1 + i%2), Axis: redstuff.Axis(i / 2)}
		data := storetest.Data(seed, size)
		if _, err := s.PutSliver(key, data); err != nil {
			return err
		}
		h.acknowledge(key.String(), func(s *store.Store) error {
			got, err := s.Sliver(key)
			if err == nil && !bytes.Equal(got, data) {
				err = fmt.Errorf("%v differs", key)
			}
			return err
		})
	}
	return nil
}

func (h *history) collect(s *store.Store, id blob.ID) error {
	h.doubt("metadata " + id.String())
	keys := []store.SliverKey{{Blob: id, Shard: 1}, {Blob: id, Shard: 2}, {Blob: id, Shard: 1, Axis: 1}, {Blob: id, Shard: 2, Axis: 1}}
	for _, key := range keys {
		h.doubt(key.String())
	}
	if _, err := s.Collect(id, 1); err != nil {
		return err
	}
	h.acknowledge("collected "+id.String(), func(s *store.Store) error {
		for _, key := range keys {
			if _, err := s.Sliver(key); !errors.Is(err, store.ErrNotFound) {
				return fmt.Errorf("%v is back (%v)", key, err)
			}
		}
		return nil
	})
	return nil
}

// check opens the store as a crash left it and wants every fact, nothing half done, and a store that
// works.
func (h *history) check(t *testing.T, what string, fs vfs.FS, facts map[string]fact) {
	t.Helper()
	s, err := store.Open("data", me, options(fs))
	if err != nil {
		t.Fatalf("%s: the store does not open: %v", what, err)
	}
	for name, f := range facts {
		if err := f(s); err != nil {
			t.Errorf("%s: %s: %v", what, name, err)
		}
	}
	// Whatever else is there is whole: a sliver in the record can be read.
	for shard := range s.Shards() {
		for axis := range redstuff.Axis(2) {
			ids, err := s.Slivers(shard, axis, blob.ID{}, 100)
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range ids {
				if _, err := s.Sliver(store.SliverKey{Blob: id, Shard: shard, Axis: axis}); err != nil {
					t.Errorf("%s: half a sliver: %v", what, err)
				}
			}
		}
	}
	if _, err := s.Sweep(t.Context()); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	for name, f := range facts {
		if err := f(s); err != nil {
			t.Errorf("%s: after sweeping: %s: %v", what, name, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// TestCrash stops the world before every operation that changes the disk and looks at what a crash
// there could leave: all, none or some of what was not synced.
func TestCrash(t *testing.T) {
	t.Parallel()
	const seed = 1
	rng := rand.New(rand.NewPCG(seed, 0))
	memory := vfs.NewCrashableMem()
	h := &history{facts: map[string]fact{}}
	type crash struct {
		what  string
		fs    *vfs.MemFS
		facts map[string]fact
	}
	var mu sync.Mutex
	var crashes []crash
	fs := errorfs.Wrap(memory, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() == errorfs.OpIsRead {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		for _, percent := range []int{0, 50, 100} {
			var clone *vfs.MemFS
			facts := h.during(func() { clone = memory.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rng}) })
			what := fmt.Sprintf("seed %d, crash %d, before %v of %s, %d%% of unsynced data", seed, len(crashes), op.Kind, op.Path, percent)
			crashes = append(crashes, crash{what, clone, facts})
		}
		return nil
	}))
	if err := h.run(fs); err != nil {
		t.Fatal(err)
	}
	final := h.during(func() {})
	mu.Lock()
	defer mu.Unlock()
	if len(crashes) < 300 || len(final) < 10 {
		t.Fatalf("%d crashes, %d facts: the history is too thin", len(crashes), len(final))
	}
	for _, c := range crashes {
		h.check(t, c.what, c.fs, c.facts)
	}
	t.Logf("%d crashes, %d facts at the end", len(crashes), len(final))
}

// TestFaults lets every operation that changes the disk fail in turn, for good, and wants an error
// and a disk that keeps its promises.
func TestFaults(t *testing.T) {
	t.Parallel()
	// The database's log and the files are what acknowledgements wait for; when the database's other
	// files fail, the process ends.
	awaited := func(path string) bool { return strings.Contains(path, "slivers/") || strings.HasSuffix(path, ".log") }
	for n := int32(0); ; n++ {
		memory := vfs.NewCrashableMem()
		h := &history{facts: map[string]fact{}}
		index := errorfs.OnIndex(n)
		broken := false
		var mu sync.Mutex
		fs := errorfs.Wrap(memory, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind.ReadOrWrite() == errorfs.OpIsRead || !awaited(op.Path) {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			if err := index.MaybeError(op); err != nil {
				broken = true
			}
			if broken {
				return errorfs.ErrInjected
			}
			return nil
		}))
		err := h.run(fs)
		if !broken {
			if n < 50 {
				t.Fatalf("only %d operations could fail", n)
			}
			break
		}
		if err == nil && n < 10 {
			t.Errorf("fault %d: no error", n)
		}
		h.check(t, fmt.Sprintf("fault %d", n), memory.CrashClone(vfs.CrashCloneCfg{}), h.during(func() {}))
	}
}
