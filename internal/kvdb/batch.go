package kvdb

import "github.com/cockroachdb/pebble/v2"

// Batch is a set of writes that happen together or not at all. Not safe for concurrent use.
type Batch struct {
	store *Store
	batch *pebble.Batch // nil once written or closed
}

func (s *Store) newBatch(size int) *Batch {
	return &Batch{store: s, batch: s.db.NewBatchWithSize(size)}
}

// Set adds a write.
func (b *Batch) Set(key, value []byte) error {
	if err := checkPair(key, value); err != nil {
		return err
	}
	if b.batch == nil {
		return ErrBatchClosed
	}
	return b.batch.Set(key, value, nil)
}

// Delete adds a removal.
func (b *Batch) Delete(key []byte) error {
	if len(key) == 0 {
		return ErrKeyEmpty
	}
	if b.batch == nil {
		return ErrBatchClosed
	}
	return b.batch.Delete(key, nil)
}

// Write applies the batch. Only Close may follow.
func (b *Batch) Write() error { return b.commit(pebble.NoSync) }

// WriteSync applies the batch, which is on disk when it returns. Only Close may follow.
func (b *Batch) WriteSync() error { return b.commit(pebble.Sync) }

func (b *Batch) commit(o *pebble.WriteOptions) error {
	if b.batch == nil {
		return ErrBatchClosed
	}
	if err := b.store.begin(); err != nil {
		return err
	}
	defer b.store.use.RUnlock()
	if err := b.batch.Commit(o); err != nil {
		return err
	}
	return b.Close()
}

// GetByteSize returns the bytes that the batch takes in memory.
func (b *Batch) GetByteSize() (int, error) {
	if b.batch == nil {
		return 0, ErrBatchClosed
	}
	return b.batch.Len(), nil
}

// Close drops the batch. Closing again does nothing.
func (b *Batch) Close() error {
	if b.batch == nil {
		return nil
	}
	err := b.batch.Close()
	b.batch = nil
	return err
}
