// Package keeper holds the registry of storage nodes, the stake on them, the committees and the state of
// the epoch machine. It turns epochs as blocks pass, verifies certificates against the current committee
// and tells the consensus engine who validates.
//
// The rules are in package economy and its siblings; a keeper loads values, calls a rule and writes back
// what changed. Start with [MsgServer], [Keeper.EndBlock] and [Keeper.Current].
package keeper

import (
	"context"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/store"
	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"
	"github.com/cosmos/gogoproto/proto"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain/economy/market"
	"github.com/walrus-go/walrus/chain/origin"
	"github.com/walrus-go/walrus/chain/x/committee/types"
	eventkeeper "github.com/walrus-go/walrus/chain/x/event/keeper"
	"github.com/walrus-go/walrus/committee"
)

// Bank moves money.
type Bank interface {
	GetBalance(ctx context.Context, addr sdk.AccAddress, denom string) sdk.Coin
	SendCoinsFromAccountToModule(ctx context.Context, from sdk.AccAddress, module string, amt sdk.Coins) error
	SendCoinsFromModuleToAccount(ctx context.Context, module string, to sdk.AccAddress, amt sdk.Coins) error
	SendCoinsFromModuleToModule(ctx context.Context, from, to string, amt sdk.Coins) error
	BurnCoins(ctx context.Context, module string, amt sdk.Coins) error
}

// Log records events.
type Log interface {
	Emit(ctx context.Context, event proto.Message) (eventkeeper.Ref, error)
}

// Market is the storage market, which knows nothing of epochs but what it is told.
type Market interface {
	// Market returns the market's state, SetMarket replaces it.
	Market(ctx context.Context) (market.Market, error)
	SetMarket(ctx context.Context, m market.Market) error
	// Denied returns the encoded bytes that a node refuses to store.
	Denied(ctx context.Context, node committee.NodeID) (uint64, error)
	// EndEpoch drops what is of the current epoch only.
	EndEpoch(ctx context.Context) error
}

// Upgrades schedules new versions of the application.
type Upgrades interface {
	ScheduleUpgrade(ctx context.Context, plan upgradetypes.Plan) error
}

// Dependencies are what the keeper asks of other modules.
type Dependencies struct {
	Bank     Bank
	Log      Log
	Upgrades Upgrades
	// Authority is the account of governance.
	Authority string
}

type (
	rateKey  = collections.Pair[[]byte, uint32]
	ownedKey = collections.Pair[[]byte, []byte]
	leftKey  = collections.Pair[uint64, []byte]
)

// Keeper reads and changes the module's state.
type Keeper struct {
	params     collections.Item[committeev1.Params]
	epoch      collections.Item[committeev1.Epoch]
	nodes      collections.Map[[]byte, committeev1.Node]
	committees collections.Map[uint32, committeev1.Committee]
	pools      collections.Map[[]byte, committeev1.Pool]
	rates      collections.Map[rateKey, committeev1.Rate]
	stakes     collections.Map[[]byte, committeev1.Stake]
	owners     collections.KeySet[ownedKey]
	active     collections.Item[committeev1.ActiveSet]
	slashings  collections.Map[[]byte, committeev1.Proposal]
	upgrades   collections.Map[[]byte, committeev1.Proposal]
	version    collections.Item[uint64]
	validators collections.Map[[]byte, committeev1.Validator]
	changed    collections.Item[bool]
	powered    collections.KeySet[[]byte]
	left       collections.KeySet[leftKey]

	kv      store.KVStoreService
	objects origin.Counter
	deps    Dependencies
	market  Market // nil in keepers that are only asked
	cache   *cache
}

// NewKeeper returns the keeper of the state in the given stores. It needs [Keeper.WithMarket] before it can
// turn epochs.
func NewKeeper(cdc codec.BinaryCodec, kv store.KVStoreService, transient store.TransientStoreService, deps Dependencies) (Keeper, error) {
	sb := collections.NewSchemaBuilder(kv)
	rateKeys := collections.PairKeyCodec(collections.BytesKey, collections.Uint32Key)
	leftKeys := collections.PairKeyCodec(collections.Uint64Key, collections.BytesKey)
	ownedKeys := collections.PairKeyCodec(collections.BytesKey, collections.BytesKey)
	k := Keeper{
		params:     collections.NewItem(sb, types.ParamsPrefix, "params", codec.CollValue[committeev1.Params](cdc)),
		epoch:      collections.NewItem(sb, types.EpochPrefix, "epoch", codec.CollValue[committeev1.Epoch](cdc)),
		nodes:      collections.NewMap(sb, types.NodesPrefix, "nodes", collections.BytesKey, codec.CollValue[committeev1.Node](cdc)),
		committees: collections.NewMap(sb, types.CommitteesPrefix, "committees", collections.Uint32Key, codec.CollValue[committeev1.Committee](cdc)),
		pools:      collections.NewMap(sb, types.PoolsPrefix, "pools", collections.BytesKey, codec.CollValue[committeev1.Pool](cdc)),
		rates:      collections.NewMap(sb, types.RatesPrefix, "rates", rateKeys, codec.CollValue[committeev1.Rate](cdc)),
		stakes:     collections.NewMap(sb, types.StakesPrefix, "stakes", collections.BytesKey, codec.CollValue[committeev1.Stake](cdc)),
		owners:     collections.NewKeySet(sb, types.OwnersPrefix, "owners", ownedKeys),
		active:     collections.NewItem(sb, types.ActiveSetPrefix, "active_set", codec.CollValue[committeev1.ActiveSet](cdc)),
		slashings:  collections.NewMap(sb, types.SlashingsPrefix, "slashings", collections.BytesKey, codec.CollValue[committeev1.Proposal](cdc)),
		upgrades:   collections.NewMap(sb, types.UpgradesPrefix, "upgrades", collections.BytesKey, codec.CollValue[committeev1.Proposal](cdc)),
		version:    collections.NewItem(sb, types.VersionPrefix, "version", collections.Uint64Value),
		validators: collections.NewMap(sb, types.ValidatorsPrefix, "validators", collections.BytesKey, codec.CollValue[committeev1.Validator](cdc)),
		changed:    collections.NewItem(sb, types.ChangedPrefix, "changed", collections.BoolValue),
		powered:    collections.NewKeySet(sb, types.PoweredPrefix, "powered", collections.BytesKey),
		left:       collections.NewKeySet(sb, types.LeftPrefix, "left", leftKeys),
		kv:         kv,
		objects:    origin.NewCounter("object", transient),
		deps:       deps,
		cache:      new(cache),
	}
	_, err := sb.Build()
	return k, err
}

// WithMarket returns the keeper with the market it is to drive.
func (k Keeper) WithMarket(m Market) Keeper {
	k.market = m
	return k
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
