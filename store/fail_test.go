package store_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/redstuff"
	"github.com/walrus-go/walrus/store"
	"github.com/walrus-go/walrus/store/storetest"
)

// isLogWrite tells whether an operation writes the database's log.
func isLogWrite(op errorfs.Op) bool {
	return op.Kind.ReadOrWrite() == errorfs.OpIsWrite && strings.HasSuffix(op.Path, ".log")
}

const writersAtOnce = 16

// failing opens a store on fs with shards 0 and 1 and the metadata of some blobs.
func failing(t *testing.T, fs vfs.FS) *store.Store {
	t.Helper()
	s, err := store.Open("data", me, &store.Options{FS: fs, Create: true, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetShards(store.ShardActive, 0, 1); err != nil {
		t.Fatal(err)
	}
	for i := range byte(writersAtOnce) {
		if err := s.Apply(uint64(i), store.Register{Blob: storetest.ID(i), End: 5}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.PutMetadata(storetest.ID(i), nil); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// within wants f to return: a lock that nobody gives back is what is looked for.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatalf("%s hangs", what)
	}
}

// TestCloseAfterFailure lets the disk fail under many writers at once. Each must be told, the store
// must close, and what was acknowledged must be there when it is opened again.
func TestCloseAfterFailure(t *testing.T) {
	t.Parallel()
	for _, healthy := range []int32{0, 1, 5, 20, 60} {
		var armed, broken atomic.Bool
		var writes atomic.Int32
		memory := vfs.NewCrashableMem()
		s := failing(t, errorfs.Wrap(memory, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if armed.Load() && isLogWrite(op) && writes.Add(1) > healthy {
				broken.Store(true)
			}
			if broken.Load() && isLogWrite(op) {
				return errorfs.ErrInjected
			}
			return nil
		})))
		armed.Store(true)
		// Enough bytes to fill blocks of the log, and logs, after the failure.
		data := storetest.Data(1, 40_000)
		var writers sync.WaitGroup
		var taken sync.Map // of store.SliverKey
		for i := range byte(writersAtOnce) {
			writers.Go(func() {
				var err error
				for k := 0; k < 4 && err == nil; k++ {
					key := store.SliverKey{Blob: storetest.ID(i), Shard: committee.Shard(k / 2), Axis: redstuff.Axis(k % 2)}
					if _, err = s.PutSliver(key, data); err == nil {
						taken.Store(key, nil)
					}
				}
				for err == nil {
					err = s.SetShards(store.ShardActive, 0, 1)
				}
				if !errors.Is(err, store.ErrFailed) {
					t.Errorf("writer %d: %v, want %v", i, err, store.ErrFailed)
				}
			})
		}
		within(t, "a writer", writers.Wait)
		within(t, "closing", func() {
			if err := s.Close(); !errors.Is(err, store.ErrFailed) {
				t.Errorf("closing: %v, want %v", err, store.ErrFailed)
			}
		})
		for _, percent := range []int{0, 100} {
			clone := memory.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(1, 2))})
			again, err := store.Open("data", me, &store.Options{FS: clone, Logger: quiet})
			if err != nil {
				t.Fatalf("after %d writes and a failure the store does not open: %v", healthy, err)
			}
			taken.Range(func(key, _ any) bool {
				if got, err := again.Sliver(key.(store.SliverKey)); err != nil || !bytes.Equal(got, data) {
					t.Errorf("after %d writes and a failure: %v is lost: %v", healthy, key, err)
				}
				return true
			})
			if err := again.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestNotThereBeforeOnDisk holds up the sync of a sliver, asks for the sliver meanwhile, and lets the
// sync fail in the end: whoever was told that the sliver is there was told too early.
func TestNotThereBeforeOnDisk(t *testing.T) {
	t.Parallel()
	var armed atomic.Bool
	reached, release := make(chan struct{}), make(chan struct{})
	hold := sync.OnceFunc(func() { close(reached) })
	s := failing(t, errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if !armed.Load() || !isLogWrite(op) || op.Kind == errorfs.OpFileWrite {
			return nil
		}
		hold()
		<-release
		return errorfs.ErrInjected
	})))
	armed.Store(true)
	key := store.SliverKey{Blob: storetest.ID(1), Shard: 1}
	data := storetest.Data(1, 100)
	var asking sync.WaitGroup
	put := func() {
		if added, err := s.PutSliver(key, data); !errors.Is(err, store.ErrFailed) {
			t.Errorf("a sliver that is not on disk is taken: %v, %v", added, err)
		}
	}
	ask := func() {
		if there, err := s.HasSliver(key); !errors.Is(err, store.ErrFailed) {
			t.Errorf("a sliver that is not on disk is said to be: %v, %v", there, err)
		}
	}
	asking.Go(put)
	<-reached
	// The record can be read by now.
	if _, err := s.Sliver(key); err != nil {
		t.Error(err)
	}
	asking.Go(ask)
	asking.Go(put)
	close(release)
	within(t, "an answer", asking.Wait)
	ask()
	put()
	if _, err := s.PutMetadata(key.Blob, nil); !errors.Is(err, store.ErrFailed) {
		t.Errorf("metadata after the failure: %v", err)
	}
	within(t, "closing", func() { _ = s.Close() }) // tested above
}

// TestDeepDirectory wants a new store to survive a crash together with all directories above it.
func TestDeepDirectory(t *testing.T) {
	t.Parallel()
	memory := vfs.NewCrashableMem()
	s, err := store.Open("a/b/c/d", me, &store.Options{FS: memory, Create: true, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.SetShards(store.ShardActive, 3); err != nil {
		t.Fatal(err)
	}
	again, err := store.Open("a/b/c/d", me, &store.Options{FS: memory.CrashClone(vfs.CrashCloneCfg{}), Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, ok := again.Shard(3); !ok {
		t.Error("the shard is gone")
	}
}

// TestNothingToCollect wants nothing written where there is nothing to delete: the chain's log is full
// of blobs that a node never had.
func TestNothingToCollect(t *testing.T) {
	t.Parallel()
	var armed atomic.Bool
	s := failing(t, errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if armed.Load() && isLogWrite(op) {
			return errorfs.ErrInjected
		}
		return nil
	})))
	defer s.Close()
	armed.Store(true)
	if collected, err := s.Collect(storetest.ID(200), 1); err != nil || !collected {
		t.Errorf("an unknown blob: %v, %v", collected, err)
	}
	armed.Store(false)
	if collected, err := s.Collect(storetest.ID(1), 9); err != nil || !collected {
		t.Errorf("a blob with metadata: %v, %v", collected, err)
	}
	armed.Store(true)
	if collected, err := s.Collect(storetest.ID(1), 9); err != nil || !collected {
		t.Errorf("the second time: %v, %v", collected, err)
	}
}
