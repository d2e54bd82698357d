package store

import (
	"encoding/binary"
	"fmt"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/redstuff"
)

// Keys of the database start with one of these bytes. Numbers in keys are big endian, so that the
// order of keys is that of numbers, and of blob IDs as bytes.
const (
	keyMember   = 'e' // () -> Membership
	keyNext     = 'n' // () -> index of the first event that is not applied
	keyCursor   = 'c' // () -> index of the first event that is not handled for good
	keyInfo     = 'i' // blob ID -> Info
	keyObject   = 'o' // object ID -> Object
	keyPool     = 'p' // pool ID -> end epoch
	keyDenied   = 'd' // blob ID -> ()
	keyPooled   = 'q' // blob ID, pool ID -> Pooled
	keyMetadata = 'm' // blob ID -> bytes
	keyShard    = 'h' // shard -> ShardStatus
	keySliver   = 's' // shard, axis, blob ID -> sliver
)

// A SliverKey names a sliver in a store. A shard holds one sliver of each axis of a blob.
type SliverKey struct {
	Blob  blob.ID
	Shard committee.Shard
	Axis  redstuff.Axis
}

// String returns, for example, "primary sliver of blob … on shard 3".
func (k SliverKey) String() string {
	return fmt.Sprintf("%v sliver of blob %v on shard %d", k.Axis, k.Blob, k.Shard)
}

func infoKey(id blob.ID) []byte         { return append([]byte{keyInfo}, id[:]...) }
func objectKey(id blob.ObjectID) []byte { return append([]byte{keyObject}, id[:]...) }
func poolKey(id blob.ObjectID) []byte   { return append([]byte{keyPool}, id[:]...) }
func deniedKey(id blob.ID) []byte       { return append([]byte{keyDenied}, id[:]...) }
func metadataKey(id blob.ID) []byte     { return append([]byte{keyMetadata}, id[:]...) }

// pooledPrefix starts the keys of a blob's registrations in storage pools.
func pooledPrefix(id blob.ID) []byte { return append([]byte{keyPooled}, id[:]...) }

func pooledKey(id blob.ID, pool blob.ObjectID) []byte { return append(pooledPrefix(id), pool[:]...) }

func shardKey(shard committee.Shard) []byte {
	return binary.BigEndian.AppendUint16([]byte{keyShard}, uint16(shard))
}

// sliverPrefix starts the keys of all slivers of one axis on a shard.
func sliverPrefix(shard committee.Shard, axis redstuff.Axis) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{keySliver}, uint16(shard)), byte(axis))
}

func sliverKey(key SliverKey) []byte {
	return append(sliverPrefix(key.Shard, key.Axis), key.Blob[:]...)
}
