// Package kvdb keeps the chain's databases in Pebble: one store, seen either as what the application's
// tree wants (cosmos-db) or as what the consensus engine wants (cometbft-db).
//
// The idea: the two interfaces say the same thing but name their iterators and batches differently, so
// no single type can satisfy both. [Store] does the work; [Store.App] and [Store.Consensus] are views of
// it. Writes called Sync are on disk when they return, others soon after and in order. [Store.Close] waits
// for the calls that are under way, and calls after it return [ErrClosed].
//
// Start with [Open], or [OpenMemory] for tests.
package kvdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Errors about misuse of the interfaces.
var (
	ErrKeyEmpty    = errors.New("kvdb: empty key")
	ErrValueNil    = errors.New("kvdb: nil value")
	ErrBatchClosed = errors.New("kvdb: batch written or closed")
	ErrClosed      = errors.New("kvdb: store closed")
)

// ErrInUse means that another process, or another part of this one, has the store open.
var ErrInUse = errors.New("kvdb: store in use")

// memTableSize keeps a node with five databases small; the chain writes little.
const memTableSize = 4 << 20

// Store is an ordered map on disk. Safe for concurrent use.
type Store struct {
	db    *pebble.DB
	close func() error // closes db, once

	// use is held for reading by each call, since Pebble panics when it is used while it closes or after.
	use    sync.RWMutex
	closed bool
}

// Open opens the store in dir, which is created if missing. Only one process can have it open.
//
// Errors: [ErrInUse] and the file system's.
func Open(dir string) (*Store, error) { return open(dir, vfs.Default) }

// OpenMemory opens an empty store that vanishes when it is closed.
func OpenMemory() (*Store, error) { return open("", vfs.NewMem()) }

func open(dir string, fs vfs.FS) (*Store, error) {
	cache := pebble.NewCache(8 << 20)
	defer cache.Unref() // the database holds its own reference
	db, err := pebble.Open(dir, &pebble.Options{
		FS:                         fs,
		Cache:                      cache,
		MemTableSize:               memTableSize,
		FormatMajorVersion:         pebble.FormatNewest,
		Logger:                     quiet{},
		CompactionConcurrencyRange: func() (int, int) { return 1, 1 },
	})
	if err != nil && held(dir, fs) {
		return nil, fmt.Errorf("%w: %s: %w", ErrInUse, dir, err)
	}
	if err != nil {
		return nil, fmt.Errorf("kvdb: open %s: %w", dir, err)
	}
	s := &Store{db: db}
	s.close = sync.OnceValue(func() error {
		s.use.Lock()
		defer s.use.Unlock()
		s.closed = true
		return db.Close()
	})
	return s, nil
}

// held tells whether somebody has the lock of a directory. Trouble with the file itself names the file; a
// lock that is held does not.
func held(dir string, fs vfs.FS) bool {
	lock, err := pebble.LockDirectory(dir, fs)
	if err == nil {
		_ = lock.Close()
		return false
	}
	var path *os.PathError
	return !errors.As(err, &path)
}

// Close releases the store. Iterators have to be closed before. Closing again returns what the first call
// returned.
func (s *Store) Close() error { return s.close() }

// begin keeps the store open until the call that returned nil is over; then use.RUnlock is due.
func (s *Store) begin() error {
	s.use.RLock()
	if s.closed {
		s.use.RUnlock()
		return ErrClosed
	}
	return nil
}

// Get returns a copy of the value of key: nil if there is none, never nil if there is.
func (s *Store) Get(key []byte) ([]byte, error) {
	if len(key) == 0 {
		return nil, ErrKeyEmpty
	}
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.use.RUnlock()
	value, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("kvdb: get: %w", err)
	}
	own := append(make([]byte, 0, len(value)), value...)
	return own, closer.Close()
}

// Has tells whether key has a value.
func (s *Store) Has(key []byte) (bool, error) {
	if len(key) == 0 {
		return false, ErrKeyEmpty
	}
	if err := s.begin(); err != nil {
		return false, err
	}
	defer s.use.RUnlock()
	_, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("kvdb: has: %w", err)
	}
	return true, closer.Close()
}

// Set gives key a value.
func (s *Store) Set(key, value []byte) error { return s.set(key, value, pebble.NoSync) }

// SetSync gives key a value, which is on disk when it returns.
func (s *Store) SetSync(key, value []byte) error { return s.set(key, value, pebble.Sync) }

func (s *Store) set(key, value []byte, o *pebble.WriteOptions) error {
	if err := checkPair(key, value); err != nil {
		return err
	}
	if err := s.begin(); err != nil {
		return err
	}
	defer s.use.RUnlock()
	return s.db.Set(key, value, o)
}

// Delete removes key, if it is there.
func (s *Store) Delete(key []byte) error { return s.delete(key, pebble.NoSync) }

// DeleteSync removes key; it is gone from disk when it returns.
func (s *Store) DeleteSync(key []byte) error { return s.delete(key, pebble.Sync) }

func (s *Store) delete(key []byte, o *pebble.WriteOptions) error {
	if len(key) == 0 {
		return ErrKeyEmpty
	}
	if err := s.begin(); err != nil {
		return err
	}
	defer s.use.RUnlock()
	return s.db.Delete(key, o)
}

// Compact rewrites the keys in [start, end) so that they take no more room than they need. A nil bound
// is the end of the keys.
func (s *Store) Compact(start, end []byte) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.use.RUnlock()
	if start == nil {
		start = []byte{}
	}
	if end == nil {
		iter, err := s.db.NewIter(nil)
		if err != nil {
			return fmt.Errorf("kvdb: compact: %w", err)
		}
		if iter.Last() {
			end = append(append([]byte(nil), iter.Key()...), 0)
		}
		if err := iter.Close(); err != nil || end == nil {
			return err
		}
	}
	return s.db.Compact(context.Background(), start, end, true)
}

// Print writes nothing: the interfaces want it for debugging, and a log is no place for a database.
func (s *Store) Print() error { return nil }

// Stats returns Pebble's own figures as text under the key "pebble".
func (s *Store) Stats() map[string]string {
	if s.begin() != nil {
		return nil
	}
	defer s.use.RUnlock()
	return map[string]string{"pebble": s.db.Metrics().String()}
}

func checkPair(key, value []byte) error {
	if len(key) == 0 {
		return ErrKeyEmpty
	}
	if value == nil {
		return ErrValueNil
	}
	return nil
}

// quiet drops Pebble's running commentary; its errors come back from the calls.
type quiet struct{}

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}

// Fatalf ends the process's use of a store that can no longer keep its promises.
func (quiet) Fatalf(format string, args ...any) {
	panic("kvdb: " + fmt.Sprintf(format, args...))
}
