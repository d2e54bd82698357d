package chain

import (
	"fmt"

	"github.com/cosmos/cosmos-sdk/codec/address"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	authzkeeper "github.com/cosmos/cosmos-sdk/x/authz/keeper"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	consensuskeeper "github.com/cosmos/cosmos-sdk/x/consensus/keeper"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	"github.com/cosmos/cosmos-sdk/x/feegrant"
	feegrantkeeper "github.com/cosmos/cosmos-sdk/x/feegrant/keeper"
	govkeeper "github.com/cosmos/cosmos-sdk/x/gov/keeper"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	upgradekeeper "github.com/cosmos/cosmos-sdk/x/upgrade/keeper"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	blobkeeper "github.com/walrus-go/walrus/chain/x/blob/keeper"
	blobtypes "github.com/walrus-go/walrus/chain/x/blob/types"
	committeekeeper "github.com/walrus-go/walrus/chain/x/committee/keeper"
	committeetypes "github.com/walrus-go/walrus/chain/x/committee/types"
	eventkeeper "github.com/walrus-go/walrus/chain/x/event/keeper"
	eventtypes "github.com/walrus-go/walrus/chain/x/event/types"
	"github.com/walrus-go/walrus/ledger"
)

// storeKeys open the stores of the modules.
type storeKeys struct {
	persistent map[string]*storetypes.KVStoreKey
	transient  map[string]*storetypes.TransientStoreKey
}

func newStoreKeys() storeKeys {
	return storeKeys{
		persistent: storetypes.NewKVStoreKeys(
			authtypes.StoreKey, banktypes.StoreKey, consensustypes.StoreKey, authzkeeper.StoreKey, feegrant.StoreKey,
			upgradetypes.StoreKey, govtypes.StoreKey, eventtypes.ModuleName, committeetypes.ModuleName, blobtypes.ModuleName,
		),
		transient: storetypes.NewTransientStoreKeys(eventtypes.TransientKey, blobtypes.TransientKey),
	}
}

// keepers hold the state of the modules.
type keepers struct {
	account   authkeeper.AccountKeeper
	bank      bankkeeper.BaseKeeper
	consensus consensuskeeper.Keeper
	authz     authzkeeper.Keeper
	feegrant  feegrantkeeper.Keeper
	upgrade   *upgradekeeper.Keeper
	gov       *govkeeper.Keeper
	event     eventkeeper.Keeper
	committee committeekeeper.Keeper
	blob      blobkeeper.Keeper
}

// moduleAccounts are the accounts of modules and what each may do besides holding money. The blob module
// holds what was paid for epochs to come, a part of which is burned at their end, and the funds of shared
// blobs; an account beside it what subsidies are paid from; the committee module stakes, rewards and
// commissions, of which slashing burns some; governance deposits.
func moduleAccounts() map[string][]string {
	return map[string][]string{
		authtypes.FeeCollectorName:   nil,
		blobtypes.ModuleName:         {authtypes.Burner},
		blobtypes.SubsidiesName:      nil,
		committeetypes.ModuleName:    {authtypes.Burner},
		committeetypes.CommunityName: nil,
		govtypes.ModuleName:          {authtypes.Burner},
	}
}

// authority is the account that governs the chain's parameters.
func authority() string { return authtypes.NewModuleAddress(govtypes.ModuleName).String() }

func newKeepers(app *App) (k keepers, err error) {
	open := func(name string) kvService { return runtime.NewKVStoreService(app.keys.persistent[name]) }
	k.consensus = consensuskeeper.NewKeeper(app.codec, open(consensustypes.StoreKey), authority(), runtime.EventService{})
	k.account = authkeeper.NewAccountKeeper(app.codec, open(authtypes.StoreKey), authtypes.ProtoBaseAccount,
		moduleAccounts(), address.NewBech32Codec(ledger.AddressPrefix), ledger.AddressPrefix, authority(),
		authkeeper.WithUnorderedTransactions(true))
	k.bank = bankkeeper.NewBaseKeeper(app.codec, open(banktypes.StoreKey), k.account, blockedAddresses(), authority(), app.Logger())
	k.authz = authzkeeper.NewKeeper(open(authzkeeper.StoreKey), app.codec, app.MsgServiceRouter(), k.account)
	k.feegrant = feegrantkeeper.NewKeeper(app.codec, open(feegrant.StoreKey), k.account)

	transient := func(name string) transientService { return runtime.NewTransientStoreService(app.keys.transient[name]) }
	if k.event, err = eventkeeper.NewKeeper(app.codec, open(eventtypes.ModuleName), transient(eventtypes.TransientKey), authority()); err != nil {
		return k, fmt.Errorf("event: %w", err)
	}
	k.upgrade = upgradekeeper.NewKeeper(nil, open(upgradetypes.StoreKey), app.codec, app.settings.Home, app.BaseApp, authority())
	// The modules that make objects number them together, so that no two objects share an identifier.
	if k.committee, err = committeekeeper.NewKeeper(app.codec, open(committeetypes.ModuleName), transient(blobtypes.TransientKey),
		committeekeeper.Dependencies{Bank: k.bank, Log: k.event, Upgrades: k.upgrade, Authority: authority()}); err != nil {
		return k, fmt.Errorf("committee: %w", err)
	}
	if k.blob, err = blobkeeper.NewKeeper(app.codec, open(blobtypes.ModuleName), transient(blobtypes.TransientKey),
		blobkeeper.Dependencies{Bank: k.bank, Committee: k.committee, Log: k.event, Authority: authority()}); err != nil {
		return k, fmt.Errorf("blob: %w", err)
	}
	k.committee = k.committee.WithMarket(k.blob)
	k.gov = govkeeper.NewKeeper(app.codec, open(govtypes.StoreKey), k.account, k.bank, nil, app.MsgServiceRouter(),
		govtypes.DefaultConfig(), authority(), tally(k.committee))
	return k, nil
}

// blockedAddresses are accounts that nobody can send to: the modules' own, but for the community's.
func blockedAddresses() map[string]bool {
	blocked := map[string]bool{}
	for name := range moduleAccounts() {
		blocked[authtypes.NewModuleAddress(name).String()] = name != committeetypes.CommunityName
	}
	return blocked
}
