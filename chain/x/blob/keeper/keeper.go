// Package keeper holds the state of the storage market: what is for sale, who owns which storage resource
// and which registration of a blob, and what is known of each blob ID.
//
// The rules are in package economy and its siblings; a keeper loads values, calls a rule and writes back
// what changed. Start with [MsgServer].
package keeper

import (
	"context"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/store"
	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/gogoproto/proto"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/chain/origin"
	"github.com/walrus-go/walrus/chain/x/blob/types"
	eventkeeper "github.com/walrus-go/walrus/chain/x/event/keeper"
	"github.com/walrus-go/walrus/committee"
)

// Bank moves money.
type Bank interface {
	SpendableCoin(ctx context.Context, addr sdk.AccAddress, denom string) sdk.Coin
	SendCoinsFromAccountToModule(ctx context.Context, from sdk.AccAddress, module string, amt sdk.Coins) error
}

// Committee knows the epoch and who may certify in it.
type Committee interface {
	Shards(ctx context.Context) (uint16, error)
	Now(ctx context.Context) (committee.Epoch, error)
	BlobCertificate(ctx context.Context, cert attest.Certificate) (storage.Certificate, error)
	InvalidBlobCertificate(ctx context.Context, cert attest.Certificate) (blob.ID, error)
}

// Log records events.
type Log interface {
	Emit(ctx context.Context, event proto.Message) (eventkeeper.Ref, error)
}

type ownedKey = collections.Pair[[]byte, []byte]

// Keeper reads and changes the module's state.
type Keeper struct {
	params        collections.Item[blobv1.Params]
	system        collections.Item[blobv1.System]
	ring          collections.Item[blobv1.Ring]
	storages      collections.Map[[]byte, blobv1.Storage]
	storageOwners collections.KeySet[ownedKey]
	blobs         collections.Map[[]byte, blobv1.Blob]
	blobOwners    collections.KeySet[ownedKey]
	blobIDs       collections.KeySet[ownedKey]
	attributes    collections.Map[[]byte, blobv1.Attributes]
	infos         collections.Map[[]byte, blobv1.Info]

	objects   origin.Counter
	bank      Bank
	committee Committee
	log       Log
}

// NewKeeper returns the keeper of the state in the given stores.
func NewKeeper(
	cdc codec.BinaryCodec, kv store.KVStoreService, transient store.TransientStoreService,
	bank Bank, committee Committee, log Log,
) (Keeper, error) {
	sb := collections.NewSchemaBuilder(kv)
	pair := collections.PairKeyCodec(collections.BytesKey, collections.BytesKey)
	k := Keeper{
		params:        collections.NewItem(sb, types.ParamsPrefix, "params", codec.CollValue[blobv1.Params](cdc)),
		system:        collections.NewItem(sb, types.SystemPrefix, "system", codec.CollValue[blobv1.System](cdc)),
		ring:          collections.NewItem(sb, types.RingPrefix, "ring", codec.CollValue[blobv1.Ring](cdc)),
		storages:      collections.NewMap(sb, types.StoragesPrefix, "storages", collections.BytesKey, codec.CollValue[blobv1.Storage](cdc)),
		storageOwners: collections.NewKeySet(sb, types.StorageOwnersPrefix, "storage_owners", pair),
		blobs:         collections.NewMap(sb, types.BlobsPrefix, "blobs", collections.BytesKey, codec.CollValue[blobv1.Blob](cdc)),
		blobOwners:    collections.NewKeySet(sb, types.BlobOwnersPrefix, "blob_owners", pair),
		blobIDs:       collections.NewKeySet(sb, types.BlobIDsPrefix, "blob_ids", pair),
		attributes:    collections.NewMap(sb, types.AttributesPrefix, "attributes", collections.BytesKey, codec.CollValue[blobv1.Attributes](cdc)),
		infos:         collections.NewMap(sb, types.InfosPrefix, "infos", collections.BytesKey, codec.CollValue[blobv1.Info](cdc)),
		objects:       origin.NewCounter("object", transient),
		bank:          bank,
		committee:     committee,
		log:           log,
	}
	_, err := sb.Build()
	return k, err
}
