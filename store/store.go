// Package store is a storage node's disk: what it knows of each blob, metadata, slivers, and how far
// it has followed the chain.
//
// The idea: everything small lives in one ordered database, so that a change to several things is one
// atomic batch; slivers above some size live in files of their own, which the database names and
// whose checksums it keeps. The database's record is what makes a file exist: a file is complete on
// disk before its record is, and a record is gone before its file is.
//
// Promises: when PutMetadata or PutSliver return, what they took survives a crash at any instant.
// [Store.Apply] is atomic, in order and idempotent, and reaches the disk no later than anything that
// is acknowledged after it; what a crash takes away is applied again from the chain's log. Bytes that
// come back are the bytes that went in, or the error is [ErrCorrupt].
//
// Slivers and metadata are opaque here, and taken as verified. Start with [Open]; [Info] is what the
// decisions of a node rest on. Source: spec storage-node.md section 4.
package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/internal/keylock"
)

// Errors of this package.
var (
	// ErrNotFound means that there is no such thing here.
	ErrNotFound = errors.New("store: not found")
	// ErrCorrupt means that what is on disk is not what was written.
	ErrCorrupt = errors.New("store: corrupt")
	// ErrClosed means that the store has been closed.
	ErrClosed = errors.New("store: closed")
	// ErrFailed means that the disk failed under a write. The store takes no more writes; what it
	// acknowledged before is safe, and opening it again tells how much more there is.
	ErrFailed = errors.New("store: failed")
	// ErrFull means that the disk has less room left than the store insists on.
	ErrFull = errors.New("store: disk is full")
	// ErrNoShard means that a shard has no storage here, or takes no writes.
	ErrNoShard = errors.New("store: shard is not here")
)

// Options adjust a store; the zero value and nil mean the defaults.
type Options struct {
	// FS is the file system; nil is the operating system's.
	FS vfs.FS
	// Create allows to begin a store in a directory that is empty or does not exist. Without it, such
	// a directory is an error: a disk that is not mounted must not look like a new node.
	Create bool
	// Inline is the size in bytes up to which slivers live in the database, which writes every value
	// twice; 0 means 64 KiB, where files become the faster of the two, and less than 0 none.
	Inline int
	// Cache bounds the database's memory for blocks in bytes; 0 means 16 MiB.
	Cache int64
	// Reserve is how many bytes must be left on the disk for slivers and metadata to be taken; 0 means
	// 256 MiB, less than 0 none. The chain's events are applied regardless.
	Reserve int64
	// Logger gets what is odd; nil means slog's default.
	Logger *slog.Logger
}

func (o *Options) withDefaults() Options {
	var r Options
	if o != nil {
		r = *o
	}
	if r.FS == nil {
		r.FS = vfs.Default
	}
	if r.Inline == 0 {
		r.Inline = 64 << 10
	}
	if r.Cache == 0 {
		r.Cache = 16 << 20
	}
	if r.Reserve == 0 {
		r.Reserve = 256 << 20
	}
	if r.Logger == nil {
		r.Logger = slog.Default()
	}
	return r
}

// A Store is one node's durable state. Safe for concurrent use.
type Store struct {
	options Options
	fs      vfs.FS
	log     *slog.Logger
	db      *pebble.DB
	files   files
	room    room

	blobs keylock.Locks[blob.ID]   // held for writing while a blob's record changes or its data goes
	parts keylock.Locks[SliverKey] // held while a sliver's file or record changes, until that is on disk
	event sync.Mutex               // one event is applied at a time

	gate   sync.RWMutex // read-held during every operation; guards closed
	closed bool

	failed  failure
	writing sync.Mutex // held while a batch is given to the database, not while it goes to disk

	shardSet sync.Mutex                      // one change of shards is written at a time
	shardMu  sync.RWMutex                    // guards shards; never held across disk writes
	shards   map[committee.Shard]ShardStatus // what is on disk
}

// Open opens the store in dir, which must be the one that id began there; see [Options.Create].
//
// Errors: [ErrIdentity], [ErrNoStore], [ErrInUse], [ErrCorrupt], [ErrVersion] and the file system's.
func Open(dir string, id Identity, o *Options) (*Store, error) {
	options := o.withDefaults()
	s := &Store{options: options, fs: options.FS, log: options.Logger}
	s.files = files{s.fs, s.fs.PathJoin(dir, "slivers")}
	s.room = room{fs: s.fs, dir: dir, reserve: options.Reserve}
	if err := s.open(dir, id); err != nil {
		return nil, fmt.Errorf("store: open %s: %w", dir, err)
	}
	return s, nil
}

func (s *Store) open(dir string, id Identity) error {
	begun, err := claim(s.fs, dir, id, s.options.Create)
	if err != nil {
		return err
	}
	cache := pebble.NewCache(s.options.Cache)
	defer cache.Unref() // the database holds its own reference
	// A directory that is complete has a database; making a new one would hide that it was lost.
	logs := &logFS{FS: s.fs, store: s}
	s.db, err = openDB(s.fs.PathJoin(dir, "db"), logs, cache, begun, s.log)
	if err != nil {
		return err
	}
	logs.open.Store(true)
	if begun {
		err = s.files.create()
		if err == nil {
			err = complete(s.fs, dir, id)
		}
	}
	if err == nil {
		s.shards, err = s.loadShards()
	}
	if err != nil {
		return errors.Join(err, s.db.Close())
	}
	return nil
}

// openDB opens the database in dir, or makes it anew.
func openDB(dir string, fs vfs.FS, cache *pebble.Cache, create bool, log *slog.Logger) (*pebble.DB, error) {
	if create {
		// What is there was begun and never completed, so nothing in it was ever acknowledged, and a
		// crash may have left it in a state that the database does not read.
		if err := renew(dir, fs); err != nil {
			return nil, err
		}
	}
	lock, err := lockDB(dir, fs)
	if err != nil {
		return nil, err
	}
	options := &pebble.Options{
		FS:                         fs,
		Lock:                       lock,
		Cache:                      cache,
		MemTableSize:               16 << 20,
		FormatMajorVersion:         pebble.FormatNewest,
		ErrorIfNotExists:           !create,
		Logger:                     dbLogger{log},
		CompactionConcurrencyRange: func() (int, int) { return 1, 2 },
		// Corruption is reported to whoever reads; it is no reason to end the process.
		EventListener: &pebble.EventListener{DataCorruption: func(info pebble.DataCorruptionInfo) {
			log.Error("store: database file is corrupt", "path", info.Path, "err", info.Details)
		}},
	}
	for i := range options.Levels {
		options.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	db, err := pebble.Open(dir, options)
	if err == nil {
		return db, lock.Close() // the database holds its own reference
	}
	switch {
	case errors.Is(err, pebble.ErrDBDoesNotExist):
		err = fmt.Errorf("%w: the database is gone: %w", ErrNoStore, err)
	case pebble.IsCorruptionError(err):
		err = fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return nil, errors.Join(err, lock.Close())
}

// renew empties dir, unless someone else is at work there, or makes it.
func renew(dir string, fs vfs.FS) error {
	lock, err := lockDB(dir, fs)
	if err == nil {
		err = errors.Join(lock.Close(), fs.RemoveAll(dir))
	}
	if err != nil && !errors.Is(err, ErrNoStore) {
		return err
	}
	return fs.MkdirAll(dir, 0o700)
}

func lockDB(dir string, fs vfs.FS) (*pebble.Lock, error) {
	lock, err := pebble.LockDirectory(dir, fs)
	if err == nil {
		return lock, nil
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: the database is gone: %w", ErrNoStore, err)
	}
	// Trouble with the file itself names the file; a lock that is held does not.
	var path *os.PathError
	if errors.As(err, &path) {
		return nil, err
	}
	return nil, fmt.Errorf("%w: %w", ErrInUse, err)
}

// Close waits for operations under way and releases the store. Closing again returns nil.
func (s *Store) Close() error {
	s.gate.Lock()
	defer s.gate.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if err := s.failed.get(); err != nil {
		// The database cannot be closed in an orderly way after a failed write; nothing is lost by
		// leaving it, as all it promised is on disk.
		return err
	}
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("store: close: %w", err)
	}
	return nil
}

// enter begins an operation; the caller must call s.gate.RUnlock when err is nil.
func (s *Store) enter() error {
	s.gate.RLock()
	if s.closed {
		s.gate.RUnlock()
		return ErrClosed
	}
	return nil
}

// Failed returns nil, or an error that matches [ErrFailed] once the store takes no more writes.
func (s *Store) Failed() error { return s.failed.get() }
