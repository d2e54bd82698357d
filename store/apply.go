package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/walrus-go/walrus/blob"
)

// ErrGap means that an event was offered before the one that precedes it.
var ErrGap = errors.New("store: event out of order")

// Apply records what event index of the chain's log changes; nil is an event that changes no record.
// An event that has been applied is stepped over, so a log may be replayed from any point before.
//
// Errors: [ErrGap] if an event is left out, [ErrFailed].
func (s *Store) Apply(index uint64, change Change) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.gate.RUnlock()
	s.event.Lock()
	defer s.event.Unlock()
	next, err := s.number(keyNext)
	if err != nil || index < next {
		return err
	}
	if index > next {
		return fmt.Errorf("%w: %d, want %d", ErrGap, index, next)
	}
	b := s.db.NewBatch()
	defer s.release(b)
	switch c := change.(type) {
	case blobChange:
		defer s.blobs.Lock(c.blobID())()
		err = s.stage(b, index, c)
	case KeepPool:
		err = s.stagePool(b, c)
	case Deny:
		defer s.blobs.Lock(c.Blob)()
		err = b.Set(deniedKey(c.Blob), nil, nil)
	}
	if err != nil {
		return err
	}
	setNumber(b, keyNext, index+1)
	return s.commit(b, false)
}

// stage adds what a change does to a batch. The blob is locked.
func (s *Store) stage(b *pebble.Batch, index uint64, change blobChange) error {
	id := change.blobID()
	info, err := s.info(id)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if info == nil && change.creates() {
		info = new(Info)
	}
	switch {
	case info == nil:
		s.log.Warn("store: event for an unknown blob dropped", "index", index, "blob", id, "event", fmt.Sprintf("%T", change))
	case info.Invalid: // absorbs everything
	default:
		before := slices.Clone(info.Pooled)
		if err := change.info(info); err != nil {
			s.log.Warn("store: event dropped", "index", index, "blob", id, "event", fmt.Sprintf("%T", change), "err", err)
			break
		}
		if err := stagePooled(b, id, before, info.Pooled); err != nil {
			return err
		}
		info.pooled = uint64(len(info.Pooled))
		if err := b.Set(infoKey(id), info.appendTo(nil), nil); err != nil {
			return err
		}
	}
	return s.stageObject(b, change)
}

func (s *Store) stageObject(b *pebble.Batch, change blobChange) error {
	id, o, err := change.object(s.object)
	switch {
	case errors.Is(err, ErrNotFound) || id == nil && err == nil:
		return nil
	case err != nil:
		return err
	case o == nil:
		return b.Delete(objectKey(*id), nil)
	}
	return b.Set(objectKey(*id), o.appendTo(nil), nil)
}

// Next returns the index of the first event that is not applied.
func (s *Store) Next() (uint64, error) { return s.guardedNumber(keyNext) }

// Cursor returns the index of the first event whose consequences are not all done: where to go on
// after a start. It is never beyond [Store.Next].
func (s *Store) Cursor() (uint64, error) { return s.guardedNumber(keyCursor) }

// SetCursor moves the cursor. It becomes durable with the next durable write: consequences must be
// repeatable.
func (s *Store) SetCursor(next uint64) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.gate.RUnlock()
	b := s.db.NewBatch()
	defer s.release(b)
	setNumber(b, keyCursor, next)
	return s.commit(b, false)
}

// Info returns what is known of a blob ID. Errors: [ErrNotFound].
func (s *Store) Info(id blob.ID) (*Info, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.gate.RUnlock()
	return s.info(id)
}

// Denied tells whether the data of a blob is not to be kept.
func (s *Store) Denied(id blob.ID) (bool, error) {
	if err := s.enter(); err != nil {
		return false, err
	}
	defer s.gate.RUnlock()
	return s.has(deniedKey(id))
}

// Object returns a registration. Errors: [ErrNotFound].
func (s *Store) Object(id blob.ObjectID) (*Object, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.gate.RUnlock()
	return s.object(id)
}

// info returns all that is known of a blob ID, at one moment.
func (s *Store) info(id blob.ID) (*Info, error) {
	info, err := s.record(s.db, id)
	if err != nil || info.pooled == 0 {
		return info, err
	}
	now := s.db.NewSnapshot()
	defer func() { _ = now.Close() }() // read only
	if info, err = s.record(now, id); err != nil {
		return nil, err
	}
	info.Pooled, err = listPooled(now, id)
	return info, err
}

// record returns what is known of a blob ID, but for its registrations in pools.
func (s *Store) record(from pebble.Reader, id blob.ID) (*Info, error) {
	raw, err := get(from, infoKey(id))
	if err != nil {
		return nil, fmt.Errorf("%w: blob %v", err, id)
	}
	return parseInfo(raw)
}

func (s *Store) object(id blob.ObjectID) (*Object, error) {
	raw, err := s.get(objectKey(id))
	if err != nil {
		return nil, fmt.Errorf("%w: object %v", err, id)
	}
	o, err := parseObject(raw)
	if err == nil && o.Pool != nil {
		o.End, err = poolEnd(s.db, *o.Pool)
	}
	return o, err
}

// get returns a copy of a value.
func (s *Store) get(key []byte) ([]byte, error) { return get(s.db, key) }

func get(from pebble.Reader, key []byte) ([]byte, error) {
	value, closer, err := from.Get(key)
	if err != nil {
		return nil, readError(err)
	}
	own := append([]byte(nil), value...)
	return own, closer.Close()
}

// has tells whether a key has a value.
func (s *Store) has(key []byte) (bool, error) {
	_, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, readError(err)
	}
	return true, closer.Close()
}

func (s *Store) guardedNumber(key byte) (uint64, error) {
	if err := s.enter(); err != nil {
		return 0, err
	}
	defer s.gate.RUnlock()
	return s.number(key)
}

// number reads a counter; one that was never set is 0.
func (s *Store) number(key byte) (uint64, error) {
	raw, err := s.get([]byte{key})
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if len(raw) != 8 {
		return 0, fmt.Errorf("%w: counter %q of %d bytes", ErrCorrupt, key, len(raw))
	}
	return binary.BigEndian.Uint64(raw), nil
}

func setNumber(b *pebble.Batch, key byte, n uint64) {
	// Setting a key in a batch fails only once the batch is committed.
	_ = b.Set([]byte{key}, binary.BigEndian.AppendUint64(nil, n), nil)
}
