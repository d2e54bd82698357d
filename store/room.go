package store

import (
	"errors"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// room watches how much of the disk is left. The database cannot survive a full disk in an orderly
// way, so large writes stop before.
type room struct {
	fs      vfs.FS
	dir     string
	reserve int64

	mu   sync.Mutex
	left int64 // bytes that may still be taken before the disk is asked again; guarded by mu
}

// recheck is how many bytes are taken before the disk is asked again.
const recheck = 8 << 20

// Room returns nil if the disk has room for more slivers and metadata. Errors: [ErrFull] and the file
// system's.
func (s *Store) Room() error {
	if s.room.reserve < 0 {
		return nil
	}
	usage, err := s.fs.GetDiskUsage(s.room.dir)
	switch {
	case errors.Is(err, vfs.ErrUnsupported):
		return nil
	case err != nil:
		return fmt.Errorf("store: free space: %w", err)
	case usage.AvailBytes < uint64(s.room.reserve):
		return fmt.Errorf("%w: %d bytes left, %d are kept free", ErrFull, usage.AvailBytes, s.room.reserve)
	}
	return nil
}

// take accounts for size bytes to be written. Errors: [ErrFull].
func (r *room) take(size int) error {
	if r.reserve < 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left -= int64(size); r.left >= 0 {
		return nil
	}
	usage, err := r.fs.GetDiskUsage(r.dir)
	if errors.Is(err, vfs.ErrUnsupported) {
		r.left = recheck
		return nil
	}
	if err != nil {
		return fmt.Errorf("store: free space: %w", err)
	}
	avail := int64(min(usage.AvailBytes, 1<<62))
	if avail < r.reserve+int64(size) {
		r.left = 0
		return fmt.Errorf("%w: %d bytes left, %d are kept free", ErrFull, avail, r.reserve)
	}
	r.left = min(recheck, avail-r.reserve-int64(size))
	return nil
}
