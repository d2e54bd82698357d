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
	"github.com/walrus-go/walrus/chain/economy/cert"
	"github.com/walrus-go/walrus/chain/economy/election"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/chain/origin"
	"github.com/walrus-go/walrus/chain/x/blob/types"
	eventkeeper "github.com/walrus-go/walrus/chain/x/event/keeper"
	"github.com/walrus-go/walrus/committee"
)

// Bank moves money.
type Bank interface {
	GetBalance(ctx context.Context, addr sdk.AccAddress, denom string) sdk.Coin
	SpendableCoin(ctx context.Context, addr sdk.AccAddress, denom string) sdk.Coin
	SendCoinsFromAccountToModule(ctx context.Context, from sdk.AccAddress, module string, amt sdk.Coins) error
	SendCoinsFromModuleToModule(ctx context.Context, from, to string, amt sdk.Coins) error
}

// Committee knows the epoch, who may certify in it, and the nodes.
type Committee interface {
	Shards(ctx context.Context) (uint16, error)
	Now(ctx context.Context) (committee.Epoch, error)
	BlobCertificates(ctx context.Context, list []attest.Certificate) ([]storage.Certificate, error)
	InvalidBlobCertificate(ctx context.Context, cert attest.Certificate) (blob.ID, error)
	DenyListCertificate(ctx context.Context, a attest.Certificate) (cert.DenyListUpdate, error)
	DenyListDeletedCertificate(ctx context.Context, a attest.Certificate) (blob.ID, error)
	// OwnWeight returns the number of shards that a node of owner has in the current epoch.
	OwnWeight(ctx context.Context, owner sdk.AccAddress, node []byte) (uint16, error)
	// Previous returns the committee of the epoch before, which is empty before the second one.
	Previous(ctx context.Context) (election.Committee, error)
	// CreditCommission adds to the commission of a node what the caller has moved to the module's account.
	CreditCommission(ctx context.Context, node committee.NodeID, amount uint64) error
}

// Log records events.
type Log interface {
	Emit(ctx context.Context, event proto.Message) (eventkeeper.Ref, error)
}

// Dependencies are what the keeper asks of other modules.
type Dependencies struct {
	Bank      Bank
	Committee Committee
	Log       Log
	// Authority is the account of governance.
	Authority string
}

type (
	ownedKey  = collections.Pair[[]byte, []byte]
	pooledKey = collections.Pair[[]byte, []byte] // pool ID, blob ID
)

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
	shared        collections.Map[[]byte, blobv1.SharedBlob]
	pools         collections.Map[[]byte, blobv1.StoragePool]
	poolOwners    collections.KeySet[ownedKey]
	pooled        collections.Map[pooledKey, blobv1.PooledBlob]
	pooledIDs     collections.KeySet[ownedKey] // blob ID, pool ID
	buckets       collections.Map[[]byte, blobv1.Bucket]
	caps          collections.Map[[]byte, blobv1.BucketCap]
	capOwners     collections.KeySet[ownedKey]
	eventBlob     collections.Item[blobv1.Checkpoint]
	eventWeights  collections.Item[blobv1.Supports]
	attestations  collections.Map[[]byte, blobv1.Attestation]
	denyLists     collections.Map[[]byte, blobv1.DenyList]
	subsidies     collections.Item[blobv1.Subsidies]

	objects   origin.Counter
	bank      Bank
	committee Committee
	log       Log
	authority string
}

// NewKeeper returns the keeper of the state in the given stores.
func NewKeeper(
	cdc codec.BinaryCodec, kv store.KVStoreService, transient store.TransientStoreService, deps Dependencies,
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
		shared:        collections.NewMap(sb, types.SharedBlobsPrefix, "shared_blobs", collections.BytesKey, codec.CollValue[blobv1.SharedBlob](cdc)),
		pools:         collections.NewMap(sb, types.PoolsPrefix, "pools", collections.BytesKey, codec.CollValue[blobv1.StoragePool](cdc)),
		poolOwners:    collections.NewKeySet(sb, types.PoolOwnersPrefix, "pool_owners", pair),
		pooled:        collections.NewMap(sb, types.PooledBlobsPrefix, "pooled_blobs", pair, codec.CollValue[blobv1.PooledBlob](cdc)),
		pooledIDs:     collections.NewKeySet(sb, types.PooledIDsPrefix, "pooled_ids", pair),
		buckets:       collections.NewMap(sb, types.BucketsPrefix, "buckets", collections.BytesKey, codec.CollValue[blobv1.Bucket](cdc)),
		caps:          collections.NewMap(sb, types.BucketCapsPrefix, "bucket_caps", collections.BytesKey, codec.CollValue[blobv1.BucketCap](cdc)),
		capOwners:     collections.NewKeySet(sb, types.BucketCapOwnersPrefix, "bucket_cap_owners", pair),
		eventBlob:     collections.NewItem(sb, types.EventBlobsPrefix, "event_blob", codec.CollValue[blobv1.Checkpoint](cdc)),
		eventWeights:  collections.NewItem(sb, types.EventWeightsPrefix, "event_blob_weights", codec.CollValue[blobv1.Supports](cdc)),
		attestations:  collections.NewMap(sb, types.AttestationsPrefix, "attestations", collections.BytesKey, codec.CollValue[blobv1.Attestation](cdc)),
		denyLists:     collections.NewMap(sb, types.DenyListsPrefix, "deny_lists", collections.BytesKey, codec.CollValue[blobv1.DenyList](cdc)),
		subsidies:     collections.NewItem(sb, types.SubsidiesPrefix, "subsidies", codec.CollValue[blobv1.Subsidies](cdc)),
		objects:       origin.NewCounter("object", transient),
		bank:          deps.Bank,
		committee:     deps.Committee,
		log:           deps.Log,
		authority:     deps.Authority,
	}
	_, err := sb.Build()
	return k, err
}
