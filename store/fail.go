package store

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// failure remembers the first failed write. The zero value is none.
type failure struct {
	mu  sync.Mutex
	err error // guarded by mu
}

func (f *failure) get() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *failure) set(err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = fmt.Errorf("%w: %w", ErrFailed, err)
	}
	return f.err
}

// commit writes a batch, to disk if durable. Those who wait for the disk do so together.
func (s *Store) commit(b *pebble.Batch, durable bool) error {
	if err := s.enqueue(b, durable); err != nil || !durable {
		return err
	}
	if err := b.SyncWait(); err != nil {
		return s.fail(err)
	}
	return s.failed.get() // the database is not told; see logFS
}

// enqueue applies a batch and, if it is to be durable, asks for its way to disk, for which the caller
// must wait. The database panics when it cannot go on and leaves locks held, so from then on nobody
// may write to it, or they would wait for ever: one at a time is let in, and none after a failure.
func (s *Store) enqueue(b *pebble.Batch, durable bool) (err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.failed.get(); err != nil {
		return err
	}
	defer func() {
		if r := recover(); r != nil {
			err = s.fail(fmt.Errorf("%v", r))
		}
	}()
	if durable {
		err = s.db.ApplyNoSyncWait(b, pebble.Sync)
	} else {
		err = s.db.Apply(b, pebble.NoSync)
	}
	if err != nil {
		return s.fail(err)
	}
	return nil
}

// fail notes that a write failed and returns what to say of it.
func (s *Store) fail(err error) error {
	err = s.failed.set(err)
	s.log.Error("store: write failed, no more are taken", "err", err)
	return err
}

// release gives a batch's memory back. After a failure the database may still hold on to it.
func (s *Store) release(b *pebble.Batch) {
	if s.failed.get() == nil {
		_ = b.Close() // only returns memory
	}
}

// dbLogger takes the database's own messages: the fatal ones end in a panic, which enqueue catches
// where it is ours to catch; on the database's goroutines it ends the process, because a database
// that cannot write its files cannot go on, and what it acknowledged is safe.
type dbLogger struct{ log *slog.Logger }

func (l dbLogger) Infof(format string, args ...any) {
	l.log.Debug("store: database: " + fmt.Sprintf(format, args...))
}

func (l dbLogger) Errorf(format string, args ...any) {
	l.log.Error("store: database: " + fmt.Sprintf(format, args...))
}

func (l dbLogger) Fatalf(format string, args ...any) {
	panic("store: database: " + fmt.Sprintf(format, args...))
}

// readError tells corruption from other trouble of the database.
func readError(err error) error {
	switch {
	case errors.Is(err, pebble.ErrNotFound):
		return ErrNotFound
	case pebble.IsCorruptionError(err):
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return fmt.Errorf("store: read: %w", err)
}
