package store

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"github.com/cockroachdb/pebble/v2"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/redstuff"
)

// Collect deletes the data of a blob that need not be kept in epoch e: metadata, all its slivers on
// all shards here, and the record of it if no registration is counted any more. collected is false if
// the blob is registered; then nothing changes. It may be repeated.
func (s *Store) Collect(id blob.ID, e committee.Epoch) (collected bool, err error) {
	return s.delete(id, func(info *Info) (bool, error) { return !info.Registered(e), nil })
}

// Purge deletes the data of a blob that was proved invalid or is denied; what is recorded of that stays, for
// ever. Errors: [ErrNotFound] if the blob is neither.
func (s *Store) Purge(id blob.ID) error {
	done, err := s.delete(id, func(info *Info) (bool, error) {
		if info.Invalid {
			return true, nil
		}
		return s.has(deniedKey(id))
	})
	if err == nil && !done {
		return fmt.Errorf("%w: blob %v is neither invalid nor denied", ErrNotFound, id)
	}
	return err
}

func (s *Store) delete(id blob.ID, allowed func(*Info) (bool, error)) (bool, error) {
	if err := s.enter(); err != nil {
		return false, err
	}
	defer s.gate.RUnlock()
	defer s.blobs.Lock(id)()
	info, err := s.info(id)
	unknown := errors.Is(err, ErrNotFound)
	if unknown {
		info, err = new(Info), nil // what data there is has no reason to be
	}
	if err != nil {
		return false, err
	}
	if may, err := allowed(info); err != nil || !may {
		return false, err
	}
	if unknown {
		info = nil // nor is there a record to change
	}
	b := s.db.NewBatch()
	defer s.release(b)
	inFiles, err := s.stageDelete(b, id, info)
	if err != nil {
		return false, err
	}
	if b.Empty() { // nothing here is about that blob
		return true, s.failed.get()
	}
	// Durable, so that no record outlives its file.
	if err := s.commit(b, true); err != nil {
		return false, err
	}
	for _, key := range inFiles {
		if err := s.files.remove(key); err != nil {
			return true, fmt.Errorf("store: %v: %w", key, err)
		}
	}
	return true, nil
}

// stageDelete adds the deletion of a blob's data to a batch and returns the slivers whose files are
// to follow. info is nil if there is no record.
func (s *Store) stageDelete(b *pebble.Batch, id blob.ID, info *Info) (inFiles []SliverKey, err error) {
	switch {
	case info == nil:
	case info.empty():
		err = b.Delete(infoKey(id), nil)
	case info.MetadataStored:
		info.MetadataStored = false
		err = b.Set(infoKey(id), info.appendTo(nil), nil)
	}
	if err != nil {
		return nil, err
	}
	if there, rerr := s.has(metadataKey(id)); there || rerr != nil {
		if err := b.Delete(metadataKey(id), nil); err != nil {
			return nil, err
		}
	}
	for shard := range s.Shards() {
		for _, axis := range []redstuff.Axis{redstuff.Primary, redstuff.Secondary} {
			key := SliverKey{id, shard, axis}
			record, err := s.get(sliverKey(key))
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if err != nil { // nobody will miss what cannot be read, and there may be a file
				s.log.Warn("store: sliver deleted unread", "sliver", key, "err", err)
			}
			if err != nil || len(record) > 0 && record[0] == inFile {
				inFiles = append(inFiles, key)
			}
			if err := b.Delete(sliverKey(key), nil); err != nil {
				return nil, err
			}
		}
	}
	return inFiles, nil
}

// Sweep removes files that no record names, which crashes leave behind. It may run beside everything
// else and takes time in proportion to the number of files. removed says how many there were.
func (s *Store) Sweep(ctx context.Context) (removed int, err error) {
	for i := range 256 {
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		n, err := s.sweepDir(s.fs.PathJoin(s.files.dir, hex.EncodeToString([]byte{byte(i)})))
		removed += n
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}

func (s *Store) sweepDir(dir string) (removed int, err error) {
	if err := s.enter(); err != nil {
		return 0, err
	}
	defer s.gate.RUnlock()
	names, err := s.fs.List(dir)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("store: sweep: %w", err)
	}
	for _, name := range names {
		key, temp, ok := parseName(name)
		if !ok {
			s.log.Warn("store: strange file among the slivers", "dir", dir, "name", name)
			continue
		}
		gone, err := s.sweepFile(key, temp, s.fs.PathJoin(dir, name))
		if err != nil {
			return removed, fmt.Errorf("store: sweep: %w", err)
		}
		if gone {
			removed++
		}
	}
	return removed, nil
}

// sweepFile removes the file at path if nothing will ever name it. Whoever writes or deletes a file
// holds the locks that are taken here.
func (s *Store) sweepFile(key SliverKey, temp bool, path string) (bool, error) {
	defer s.blobs.RLock(key.Blob)()
	defer s.parts.Lock(key)()
	record, err := s.get(sliverKey(key))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return false, err
	}
	if !temp && len(record) > 0 && record[0] == inFile {
		return false, nil
	}
	if err := s.fs.Remove(path); err != nil {
		return false, ignoreMissing(err)
	}
	return true, nil
}
