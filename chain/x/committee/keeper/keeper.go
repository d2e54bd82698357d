// Package keeper holds the registry of storage nodes, the committees and the state of the epoch machine,
// and verifies certificates against the current committee.
//
// Start with [Keeper.Current] and [Keeper.VerifyCertificate].
package keeper

import (
	"context"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/store"
	"github.com/cosmos/cosmos-sdk/codec"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain/x/committee/types"
	"github.com/walrus-go/walrus/committee"
)

// Keeper reads and changes the module's state.
type Keeper struct {
	params     collections.Item[committeev1.Params]
	epoch      collections.Item[committeev1.Epoch]
	nodes      collections.Map[[]byte, committeev1.Node]
	committees collections.Map[uint32, committeev1.Committee]

	cache *cache
}

// NewKeeper returns the keeper of the state in the given store.
func NewKeeper(cdc codec.BinaryCodec, kv store.KVStoreService) (Keeper, error) {
	sb := collections.NewSchemaBuilder(kv)
	k := Keeper{
		params:     collections.NewItem(sb, types.ParamsPrefix, "params", codec.CollValue[committeev1.Params](cdc)),
		epoch:      collections.NewItem(sb, types.EpochPrefix, "epoch", codec.CollValue[committeev1.Epoch](cdc)),
		nodes:      collections.NewMap(sb, types.NodesPrefix, "nodes", collections.BytesKey, codec.CollValue[committeev1.Node](cdc)),
		committees: collections.NewMap(sb, types.CommitteesPrefix, "committees", collections.Uint32Key, codec.CollValue[committeev1.Committee](cdc)),
		cache:      new(cache),
	}
	_, err := sb.Build()
	return k, err
}

// Shards returns n, which is fixed at genesis.
func (k Keeper) Shards(ctx context.Context) (uint16, error) {
	p, err := k.params.Get(ctx)
	return uint16(p.NShards), err
}

// Now returns the current epoch.
func (k Keeper) Now(ctx context.Context) (committee.Epoch, error) {
	e, err := k.epoch.Get(ctx)
	return committee.Epoch(e.Number), err
}
