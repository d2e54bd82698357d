package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"

	"github.com/cockroachdb/pebble/v2"

	"github.com/walrus-go/walrus/committee"
)

// ShardStatus is what a store is to a shard. Source: spec storage-node.md section 4.3.
type ShardStatus uint8

// The states of a shard. Their values are on disk.
const (
	ShardNone          ShardStatus = iota // storage is there, nothing was copied yet
	ShardActive                           // complete
	ShardActiveSync                       // being copied from its previous owner
	ShardActiveRecover                    // missing slivers are being rebuilt
	ShardLockedToMove                     // handed over; takes no writes
	shardStatuses
)

// String returns the state as health reports call it.
func (s ShardStatus) String() string {
	switch s {
	case ShardNone:
		return "unknown"
	case ShardActive:
		return "ready"
	case ShardActiveSync:
		return "inTransfer"
	case ShardActiveRecover:
		return "inRecovery"
	case ShardLockedToMove:
		return "readOnly"
	}
	return fmt.Sprintf("shard status %d", uint8(s))
}

// SetShards gives shards a status, and storage where they have none; on disk when it returns.
func (s *Store) SetShards(status ShardStatus, shards ...committee.Shard) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.gate.RUnlock()
	s.shardSet.Lock()
	defer s.shardSet.Unlock()
	b := s.db.NewBatch()
	defer s.release(b)
	for _, shard := range shards {
		if err := b.Set(shardKey(shard), []byte{byte(status)}, nil); err != nil {
			return err
		}
	}
	if err := s.commit(b, true); err != nil {
		return err
	}
	s.shardMu.Lock()
	defer s.shardMu.Unlock()
	for _, shard := range shards {
		s.shards[shard] = status
	}
	return nil
}

// Shards returns the shards that have storage here.
func (s *Store) Shards() map[committee.Shard]ShardStatus {
	s.shardMu.RLock()
	defer s.shardMu.RUnlock()
	return maps.Clone(s.shards)
}

// Shard returns the status of a shard; ok is false if it has no storage here.
func (s *Store) Shard(shard committee.Shard) (status ShardStatus, ok bool) {
	s.shardMu.RLock()
	defer s.shardMu.RUnlock()
	status, ok = s.shards[shard]
	return status, ok
}

func (s *Store) writable(shard committee.Shard) error {
	switch status, ok := s.Shard(shard); {
	case !ok:
		return fmt.Errorf("%w: %d has no storage", ErrNoShard, shard)
	case status == ShardLockedToMove:
		return fmt.Errorf("%w: %d has been handed over", ErrNoShard, shard)
	}
	return nil
}

func (s *Store) loadShards() (map[committee.Shard]ShardStatus, error) {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{keyShard}, UpperBound: []byte{keyShard + 1}})
	if err != nil {
		return nil, readError(err)
	}
	shards := make(map[committee.Shard]ShardStatus)
	for ok := it.First(); ok; ok = it.Next() {
		key, value := it.Key(), it.Value()
		if len(key) != 3 || len(value) != 1 || value[0] >= byte(shardStatuses) {
			return nil, errors.Join(fmt.Errorf("%w: record of shard %x", ErrCorrupt, key), it.Close())
		}
		shards[committee.Shard(binary.BigEndian.Uint16(key[1:]))] = ShardStatus(value[0])
	}
	if err := it.Close(); err != nil {
		return nil, readError(err)
	}
	return shards, nil
}
