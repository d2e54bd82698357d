package chain

import (
	"fmt"
	"sync"

	"cosmossdk.io/log/v2"
	abci "github.com/cometbft/cometbft/abci/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/client"
	nodeservice "github.com/cosmos/cosmos-sdk/client/grpc/node"
	serverconfig "github.com/cosmos/cosmos-sdk/server/config"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
)

// Name and Version are what the application calls itself.
const (
	Name    = "walrus"
	Version = "1"
)

// App is the application. It is driven by CometBFT, or block by block by package chaintest.
type App struct {
	*baseapp.BaseApp
	encoding
	keys     storeKeys
	keepers  keepers
	modules  *module.Manager
	basics   module.BasicManager
	closeDB  func() error
	settings AppOptions

	snapshots    *snapshotter // nil if none are kept
	failed       chan error   // holds why a block could not be executed
	configurator module.Configurator
}

// AppOptions are what one node may decide for itself.
type AppOptions struct {
	ChainID string
	// Genesis is what a new chain begins with. Only its records are taken from here.
	Genesis *Genesis
	// MinGasPrice in FROST per unit of gas is the least that this node accepts into its mempool.
	MinGasPrice string
	// CacheNodes is the number of tree nodes kept in memory per module.
	CacheNodes int
	// KeptVersions is how many past states can be queried; the default is 1000.
	KeptVersions uint64
	// Home is where upgrade-info.json is written when the chain stops for an upgrade.
	Home string
	// Upgrades are the plans, by name, that this program carries out when their height has come.
	Upgrades []string
	// Snapshots, if not nil, are taken, given to peers and begun with.
	Snapshots *SnapshotOptions
	Logger    log.Logger
}

// NewApp returns the application with the state in db, which it closes with [App.Close].
func NewApp(db dbm.DB, opts AppOptions) (*App, error) {
	opts = opts.withDefaults()
	enc, err := newEncoding()
	if err != nil {
		return nil, err
	}
	base := baseapp.NewBaseApp(Name, opts.Logger, db, enc.tx.TxDecoder(), baseOptions(opts)...)
	base.SetVersion(Version)
	base.SetInterfaceRegistry(enc.registry)
	base.SetTxEncoder(enc.tx.TxEncoder())
	app := &App{
		BaseApp:  base,
		encoding: enc,
		keys:     newStoreKeys(),
		closeDB:  sync.OnceValue(db.Close),
		settings: opts,
		failed:   make(chan error, 1),
	}
	if opts.Snapshots != nil {
		if err := app.setSnapshots(opts.Snapshots); err != nil {
			return nil, err
		}
	}
	if err := app.wire(); err != nil {
		return nil, fmt.Errorf("chain: wire the application: %w", err)
	}
	if err := app.LoadLatestVersion(); err != nil {
		return nil, fmt.Errorf("chain: load the state: %w", err)
	}
	return app, nil
}

// wire makes keepers and modules and connects them to the base application.
func (app *App) wire() error {
	var err error
	if app.keepers, err = newKeepers(app); err != nil {
		return err
	}
	app.SetParamStore(app.keepers.consensus.ParamsStore)
	if err := app.addModules(); err != nil {
		return err
	}
	app.setUpgrades(app.settings.Upgrades)
	app.registerNodeService()
	app.MountKVStores(app.keys.persistent)
	app.MountTransientStores(app.keys.transient)
	app.SetInitChainer(app.initChain)
	app.SetPreBlocker(func(ctx sdk.Context, _ *abci.RequestFinalizeBlock) (*sdk.ResponsePreBlock, error) {
		return app.modules.PreBlock(ctx)
	})
	app.SetBeginBlocker(app.modules.BeginBlock)
	app.SetEndBlocker(app.modules.EndBlock)
	app.SetAnteHandler(app.newAnteHandler())
	return nil
}

// registerNodeService answers what this node wants to be paid for gas.
func (app *App) registerNodeService() {
	config := serverconfig.DefaultConfig()
	config.MinGasPrices = app.settings.MinGasPrice
	nodeservice.RegisterNodeService(client.Context{}, app.GRPCQueryRouter(), *config,
		func() int64 { return max(app.LastBlockHeight()-int64(app.settings.KeptVersions), 1) })
}

// FinalizeBlock implements the application's interface to the engine. A block that cannot be executed stops
// the engine for good, so that is told to whoever runs the node as well.
func (app *App) FinalizeBlock(req *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	resp, err := app.BaseApp.FinalizeBlock(req)
	if err != nil {
		select {
		case app.failed <- err:
		default: // the first is the reason for the others
		}
	}
	return resp, err
}

// Close releases the state. Closing again does nothing.
func (app *App) Close() error {
	app.snapshots.wait()
	if err := app.BaseApp.Close(); err != nil {
		return err
	}
	return app.closeDB()
}

// CommitMultiStore returns the state as a store, for servers of the SDK.
func (app *App) CommitMultiStore() storetypes.CommitMultiStore { return app.BaseApp.CommitMultiStore() }
