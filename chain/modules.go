package chain

import (
	"cosmossdk.io/core/store"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/x/auth"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	"github.com/cosmos/cosmos-sdk/x/authz"
	authzmodule "github.com/cosmos/cosmos-sdk/x/authz/module"
	"github.com/cosmos/cosmos-sdk/x/bank"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/consensus"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	"github.com/cosmos/cosmos-sdk/x/feegrant"
	feegrantmodule "github.com/cosmos/cosmos-sdk/x/feegrant/module"
	"github.com/cosmos/cosmos-sdk/x/gov"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	"github.com/walrus-go/walrus/chain/x/blob"
	blobtypes "github.com/walrus-go/walrus/chain/x/blob/types"
	"github.com/walrus-go/walrus/chain/x/committee"
	committeetypes "github.com/walrus-go/walrus/chain/x/committee/types"
	"github.com/walrus-go/walrus/chain/x/event"
	eventtypes "github.com/walrus-go/walrus/chain/x/event/types"
)

type (
	kvService        = store.KVStoreService
	transientService = store.TransientStoreService
)

// genesisOrder is the order in which modules take up their part of a genesis: money first, then the log,
// the committees, and the market, whose epoch is the committees'.
var genesisOrder = []string{
	authtypes.ModuleName, banktypes.ModuleName, consensustypes.ModuleName, authz.ModuleName, feegrant.ModuleName,
	upgradetypes.ModuleName, govtypes.ModuleName,
	eventtypes.ModuleName, committeetypes.ModuleName, blobtypes.ModuleName,
}

// addModules makes the modules and registers their services and types.
func (app *App) addModules() error {
	k := &app.keepers
	app.modules = module.NewManager(
		auth.NewAppModule(app.codec, k.account, nil),
		bank.NewAppModule(app.codec, k.bank, k.account),
		consensus.NewAppModule(app.codec, k.consensus),
		authzmodule.NewAppModule(app.codec, k.authz, k.account, k.bank, app.registry),
		feegrantmodule.NewAppModule(app.codec, k.account, k.bank, k.feegrant, app.registry),
		upgradeModule{k.upgrade},
		gov.NewAppModule(app.codec, k.gov, k.account, k.bank),
		event.NewAppModule(k.event),
		committee.NewAppModule(k.committee),
		blob.NewAppModule(k.blob),
	)
	app.basics = module.NewBasicManagerFromManager(app.modules, nil)
	app.basics.RegisterInterfaces(app.registry)
	app.modules.SetOrderInitGenesis(genesisOrder...)
	app.modules.SetOrderExportGenesis(genesisOrder...)
	app.modules.SetOrderPreBlockers(upgradetypes.ModuleName, authtypes.ModuleName)
	app.modules.SetOrderBeginBlockers(authz.ModuleName, committeetypes.ModuleName)
	app.modules.SetOrderEndBlockers(banktypes.ModuleName, feegrant.ModuleName, govtypes.ModuleName, committeetypes.ModuleName,
		eventtypes.ModuleName)
	app.configurator = module.NewConfigurator(app.codec, app.MsgServiceRouter(), app.GRPCQueryRouter())
	return app.modules.RegisterServices(app.configurator)
}
