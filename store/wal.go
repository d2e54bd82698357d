package store

import (
	"strings"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// logFS is the file system that the database sees. When its log cannot be written, a database that
// hears of it panics, with locks held that nobody gives back or not held that are given back next.
// So it does not hear of it: the store notes the failure, the log ends there as after a crash, and
// whoever waits for the disk finds the note when the wait is over; see [Store.commit].
type logFS struct {
	vfs.FS
	store *Store
	open  atomic.Bool // before, errors are the database's to report
}

func isLog(name string) bool { return strings.HasSuffix(name, ".log") }

// Create implements [vfs.FS].
func (l *logFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return l.begin(name, func() (vfs.File, error) { return l.FS.Create(name, category) })
}

// ReuseForWrite implements [vfs.FS].
func (l *logFS) ReuseForWrite(from, to string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return l.begin(to, func() (vfs.File, error) { return l.FS.ReuseForWrite(from, to, category) })
}

// Unwrap implements [vfs.FS].
func (l *logFS) Unwrap() vfs.FS { return l.FS }

func (l *logFS) begin(name string, create func() (vfs.File, error)) (vfs.File, error) {
	if !isLog(name) {
		return create()
	}
	var f vfs.File
	err := l.do(func() (err error) {
		f, err = create()
		return err
	})
	if f == nil && err == nil { // none of what follows is to be on disk
		f, err = vfs.NewMem().Create("log", vfs.WriteCategoryUnspecified)
	}
	if err != nil {
		return nil, err
	}
	return &logFile{f, l}, nil
}

// do does something to a log, unless one failed before.
func (l *logFS) do(op func() error) error {
	if !l.open.Load() {
		return op()
	}
	if l.store.failed.get() != nil {
		return nil
	}
	if err := op(); err != nil {
		_ = l.store.fail(err) // noted
	}
	return nil
}

// A logFile is one of the database's logs.
type logFile struct {
	vfs.File
	fs *logFS
}

// Write implements [vfs.File].
func (f *logFile) Write(b []byte) (int, error) {
	size := len(b)
	return size, f.fs.do(func() error {
		_, err := f.File.Write(b)
		return err
	})
}

// WriteAt implements [vfs.File].
func (f *logFile) WriteAt(b []byte, offset int64) (int, error) {
	size := len(b)
	return size, f.fs.do(func() error {
		_, err := f.File.WriteAt(b, offset)
		return err
	})
}

// Preallocate implements [vfs.File].
func (f *logFile) Preallocate(offset, length int64) error {
	return f.fs.do(func() error { return f.File.Preallocate(offset, length) })
}

// Sync implements [vfs.File].
func (f *logFile) Sync() error { return f.fs.do(f.File.Sync) }

// SyncData implements [vfs.File].
func (f *logFile) SyncData() error { return f.fs.do(f.File.SyncData) }

// SyncTo implements [vfs.File].
func (f *logFile) SyncTo(length int64) (full bool, err error) {
	err = f.fs.do(func() (err error) {
		full, err = f.File.SyncTo(length)
		return err
	})
	return full, err
}

// Close implements [vfs.File].
func (f *logFile) Close() error {
	err := f.File.Close()
	if err == nil {
		return nil
	}
	return f.fs.do(func() error { return err })
}
