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

// commit writes a batch, to disk if durable. The database panics when its log cannot be written and
// leaves its locks held; from then on it must not be written to.
func (s *Store) commit(b *pebble.Batch, durable bool) (err error) {
	if err := s.failed.get(); err != nil {
		return err
	}
	defer func() {
		if r := recover(); r != nil {
			err = s.failed.set(fmt.Errorf("%v", r))
			s.log.Error("store: write failed, no more are taken", "err", err)
		}
	}()
	if err := b.Commit(&pebble.WriteOptions{Sync: durable}); err != nil {
		return s.failed.set(err)
	}
	return nil
}

// dbLogger takes the database's own messages: the fatal ones end in a panic, which commit catches
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
