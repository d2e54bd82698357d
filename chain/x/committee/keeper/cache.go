package keeper

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"cosmossdk.io/collections"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/chain/x/committee/types"
	"github.com/walrus-go/walrus/committee"
)

// cache keeps the last committee with its keys decoded and checked, which costs more than the
// verification of a certificate, as reading the record of a large committee does. It is a function of the
// record's bytes alone: a record that differs, for instance in a block that was proposed and then dropped, is
// decoded anew.
type cache struct {
	mu    sync.Mutex
	raw   []byte
	value *committee.Committee
}

func (c *cache) decode(raw []byte, read func([]byte) (committeev1.Committee, error)) (*committee.Committee, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.value != nil && bytes.Equal(c.raw, raw) {
		return c.value, nil
	}
	record, err := read(raw)
	if err != nil {
		return nil, err
	}
	value, err := decode(record, c.value)
	if err != nil {
		return nil, err
	}
	c.raw, c.value = bytes.Clone(raw), value
	return value, nil
}

// Current returns the committee of the current epoch. Its members have IDs, keys, stake and shards; what
// they say about themselves is left out.
func (k Keeper) Current(ctx context.Context) (*committee.Committee, error) {
	epoch, err := k.epoch.Get(ctx)
	if err != nil {
		return nil, err
	}
	key, err := collections.EncodeKeyWithPrefix(types.CommitteesPrefix, k.committees.KeyCodec(), epoch.Number)
	if err != nil {
		return nil, err
	}
	raw, err := k.kv.OpenKVStore(ctx).Get(key)
	if err == nil && raw == nil {
		err = collections.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("committee of epoch %d: %w", epoch.Number, err)
	}
	return k.cache.decode(raw, k.committees.ValueCodec().Decode)
}

// decode checks a record: shards, order, keys. Keys that members have in before, which may be nil, are known
// to be keys and not checked again, which would take longer than all the rest.
func decode(record committeev1.Committee, before *committee.Committee) (*committee.Committee, error) {
	members := make([]committee.Member, len(record.Members))
	for i, m := range record.Members {
		if len(m.NodeId) != len(committee.NodeID{}) {
			return nil, fmt.Errorf("committee: member %d has an ID of %d bytes", i, len(m.NodeId))
		}
		key, err := parseKey(m.BlsPublicKey, committee.NodeID(m.NodeId), before)
		if err != nil {
			return nil, fmt.Errorf("committee: member %d: %w", i, err)
		}
		members[i] = committee.Member{ID: committee.NodeID(m.NodeId), Key: key, Stake: m.Stake}
		for _, s := range m.Shards {
			if s >= record.NShards {
				return nil, fmt.Errorf("committee: member %d has shard %d of %d", i, s, record.NShards)
			}
			members[i].Shards = append(members[i].Shards, committee.Shard(s))
		}
	}
	return committee.New(committee.Epoch(record.Epoch), int(record.NShards), members)
}

func parseKey(raw []byte, of committee.NodeID, before *committee.Committee) (bls.PublicKey, error) {
	if before != nil {
		if at, found := before.Find(of); found && bytes.Equal(before.Member(at).Key.Bytes(), raw) {
			return before.Member(at).Key, nil
		}
	}
	return bls.ParsePublicKey(raw)
}
