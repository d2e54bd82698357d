package store

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/walrus-go/walrus/bcs"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/redstuff"
)

// ErrNoMetadata means that slivers were offered before the metadata they belong to.
var ErrNoMetadata = errors.New("store: no metadata for the blob")

// PutMetadata keeps a blob's metadata, on disk when it returns. added is false if it was there.
//
// Errors: [ErrNotFound] if the chain said nothing of the blob, proved it invalid or denied it; [ErrFull];
// [ErrFailed].
func (s *Store) PutMetadata(id blob.ID, metadata []byte) (added bool, err error) {
	if err := s.enter(); err != nil {
		return false, err
	}
	defer s.gate.RUnlock()
	defer s.blobs.Lock(id)()
	info, err := s.info(id)
	if err != nil {
		return false, err
	}
	if info.MetadataStored {
		return false, s.failed.get()
	}
	if info.Invalid {
		return false, fmt.Errorf("%w: blob %v is invalid", ErrNotFound, id)
	}
	if denied, err := s.has(deniedKey(id)); err != nil {
		return false, err
	} else if denied {
		return false, fmt.Errorf("%w: blob %v is denied", ErrNotFound, id)
	}
	if err := s.room.take(len(metadata)); err != nil {
		return false, err
	}
	info.MetadataStored = true
	b := s.db.NewBatch()
	defer s.release(b)
	if err := errors.Join(b.Set(metadataKey(id), metadata, nil), b.Set(infoKey(id), info.appendTo(nil), nil)); err != nil {
		return false, err
	}
	return true, s.commit(b, true)
}

// Metadata returns a blob's metadata. Errors: [ErrNotFound], [ErrCorrupt].
func (s *Store) Metadata(id blob.ID) ([]byte, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.gate.RUnlock()
	raw, err := s.get(metadataKey(id))
	if err != nil {
		return nil, fmt.Errorf("%w: metadata of blob %v", err, id)
	}
	return raw, nil
}

// HasMetadata tells whether a blob's metadata is on disk; it waits for what is on its way there.
// Errors: [ErrFailed].
func (s *Store) HasMetadata(id blob.ID) (bool, error) {
	if err := s.enter(); err != nil {
		return false, err
	}
	defer s.gate.RUnlock()
	defer s.blobs.RLock(id)()
	if err := s.failed.get(); err != nil {
		return false, err
	}
	return s.has(metadataKey(id))
}

// How a sliver's record says where the sliver is.
const (
	inRecord = 0 // the rest of the record is the sliver
	inFile   = 1 // the rest is the file's length and checksum
)

// PutSliver keeps a sliver, on disk when it returns. added is false if there was one. data is not
// kept.
//
// Errors: [ErrNoMetadata], [ErrNoShard], [ErrFull], [ErrFailed].
func (s *Store) PutSliver(key SliverKey, data []byte) (added bool, err error) {
	if err := s.enter(); err != nil {
		return false, err
	}
	defer s.gate.RUnlock()
	if err := s.writable(key.Shard); err != nil {
		return false, err
	}
	// Metadata and slivers go together: as long as the blob is read-locked, neither is deleted.
	defer s.blobs.RLock(key.Blob)()
	defer s.parts.Lock(key)()
	info, err := s.record(s.db, key.Blob)
	if errors.Is(err, ErrNotFound) || err == nil && (!info.MetadataStored || info.Invalid) {
		return false, fmt.Errorf("%w: %v", ErrNoMetadata, key)
	}
	if err != nil {
		return false, err
	}
	there, err := s.has(sliverKey(key))
	if there || err != nil && !errors.Is(err, ErrCorrupt) { // a corrupt record is written over
		return false, errors.Join(err, s.failed.get())
	}
	if err := s.room.take(len(data)); err != nil {
		return false, err
	}
	record, err := s.place(key, data)
	if err != nil {
		return false, err
	}
	b := s.db.NewBatch()
	defer s.release(b)
	if err := b.Set(sliverKey(key), record, nil); err != nil {
		return false, err
	}
	return true, s.commit(b, true)
}

// place puts a large sliver in its file, and returns the record of any.
func (s *Store) place(key SliverKey, data []byte) ([]byte, error) {
	if len(data) <= s.options.Inline {
		return append([]byte{inRecord}, data...), nil
	}
	if err := s.failed.get(); err != nil {
		return nil, err
	}
	if err := s.files.write(key, data); err != nil {
		return nil, fmt.Errorf("store: %v: %w", key, err)
	}
	record := bcs.AppendU64([]byte{inFile}, uint64(len(data)))
	return bcs.AppendU32(record, checksum(data)), nil
}

// maxFile bounds what a record may claim of a file: the largest sliver there can be, and more.
const maxFile = 1 << 33

// Sliver returns a sliver. One that is corrupt, or whose file is missing, is as good as none, and from
// then on is none, so that it can be put again.
//
// Errors: [ErrNotFound], [ErrCorrupt].
func (s *Store) Sliver(key SliverKey) ([]byte, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.gate.RUnlock()
	data, err := s.sliver(key)
	if errors.Is(err, ErrCorrupt) {
		if err := s.discard(key); err != nil {
			s.log.Error("store: corrupt sliver stays", "sliver", key, "err", err)
		}
	}
	return data, err
}

func (s *Store) sliver(key SliverKey) ([]byte, error) {
	defer s.blobs.RLock(key.Blob)()
	record, err := s.get(sliverKey(key))
	if err != nil {
		return nil, fmt.Errorf("%w: %v", err, key)
	}
	data, err := s.follow(key, record)
	if err != nil {
		return nil, fmt.Errorf("store: %v: %w", key, err)
	}
	return data, nil
}

// discard deletes the record of a sliver if the sliver is still corrupt.
func (s *Store) discard(key SliverKey) error {
	defer s.blobs.RLock(key.Blob)()
	defer s.parts.Lock(key)()
	record, err := s.get(sliverKey(key))
	if err != nil { // a record that cannot be read counts for none as it is
		return nil
	}
	if _, err := s.follow(key, record); !errors.Is(err, ErrCorrupt) {
		return err
	}
	// Where even the directory is gone, a disk is, which may come back.
	if err := s.files.reachable(key); err != nil {
		return err
	}
	b := s.db.NewBatch()
	defer s.release(b)
	if err := b.Delete(sliverKey(key), nil); err != nil {
		return err
	}
	if err := s.commit(b, true); err != nil {
		return err
	}
	s.log.Error("store: corrupt sliver discarded", "sliver", key)
	return s.files.remove(key)
}

// follow returns the sliver that a record is about.
func (s *Store) follow(key SliverKey, record []byte) ([]byte, error) {
	if len(record) > 0 && record[0] == inRecord {
		return record[1:], nil
	}
	size, sum, err := parseFileRecord(record)
	if err != nil {
		return nil, err
	}
	return s.files.read(key, size, sum)
}

func parseFileRecord(record []byte) (size int, sum uint32, err error) {
	r := bcs.NewReader(record)
	kind, length, sum := r.U8(), r.U64(), r.U32()
	if err := r.Done(); err != nil {
		return 0, 0, fmt.Errorf("%w: record: %w", ErrCorrupt, err)
	}
	if kind != inFile || length > maxFile {
		return 0, 0, fmt.Errorf("%w: record of kind %d, %d bytes", ErrCorrupt, kind, length)
	}
	return int(length), sum, nil
}

// SliverSize returns how many bytes [Store.Sliver] will return. Errors: [ErrNotFound], [ErrCorrupt].
func (s *Store) SliverSize(key SliverKey) (int, error) {
	if err := s.enter(); err != nil {
		return 0, err
	}
	defer s.gate.RUnlock()
	record, closer, err := s.db.Get(sliverKey(key))
	if err != nil {
		return 0, fmt.Errorf("%w: %v", readError(err), key)
	}
	defer func() { _ = closer.Close() }() // read only
	if len(record) > 0 && record[0] == inRecord {
		return len(record) - 1, nil
	}
	size, _, err := parseFileRecord(record)
	return size, err
}

// HasSliver tells whether a sliver is on disk. It waits for one that is on its way there, because
// records can be read before they are. It does not look at a sliver's bytes.
//
// Errors: [ErrFailed], since after a failed write nobody knows which records are on disk.
func (s *Store) HasSliver(key SliverKey) (bool, error) {
	if err := s.enter(); err != nil {
		return false, err
	}
	defer s.gate.RUnlock()
	defer s.parts.RLock(key)()
	if err := s.failed.get(); err != nil {
		return false, err
	}
	there, err := s.has(sliverKey(key))
	if errors.Is(err, ErrCorrupt) {
		return false, nil // nor can it be read; it may be put again
	}
	return there, err
}

// Slivers lists, in ascending order of their bytes, up to limit blobs from first on that have a sliver
// of the given axis on a shard.
func (s *Store) Slivers(shard committee.Shard, axis redstuff.Axis, first blob.ID, limit int) ([]blob.ID, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.gate.RUnlock()
	upper := sliverPrefix(shard, axis)
	upper[len(upper)-1]++ // axes are 0 and 1
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: sliverKey(SliverKey{first, shard, axis}), UpperBound: upper})
	if err != nil {
		return nil, readError(err)
	}
	var ids []blob.ID
	for ok := it.First(); ok && len(ids) < limit; ok = it.Next() {
		ids = append(ids, blob.ID(it.Key()[len(upper):]))
	}
	if err := it.Close(); err != nil {
		return nil, readError(err)
	}
	return ids, nil
}
