package chain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"cosmossdk.io/core/appmodule"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	upgradekeeper "github.com/cosmos/cosmos-sdk/x/upgrade/keeper"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"
	gateway "github.com/grpc-ecosystem/grpc-gateway/runtime"
)

// upgradeModule connects the SDK's keeper of upgrade plans to the application. The SDK's own module brings
// commands along that download programs, and with them the clients of several clouds.
type upgradeModule struct{ keeper *upgradekeeper.Keeper }

var (
	_ module.AppModuleBasic   = upgradeModule{}
	_ module.HasGenesis       = upgradeModule{}
	_ module.HasServices      = upgradeModule{}
	_ appmodule.HasPreBlocker = upgradeModule{}
)

// Name implements [module.AppModuleBasic].
func (upgradeModule) Name() string { return upgradetypes.ModuleName }

// IsAppModule marks the type for the module manager.
func (upgradeModule) IsAppModule() {}

// IsOnePerModuleType marks the type for the module manager.
func (upgradeModule) IsOnePerModuleType() {}

// ConsensusVersion is that of the keeper's state.
func (upgradeModule) ConsensusVersion() uint64 { return 2 }

// RegisterLegacyAminoCodec does nothing: transactions are signed in protobuf form only.
func (upgradeModule) RegisterLegacyAminoCodec(*codec.LegacyAmino) {}

// RegisterInterfaces makes the module's messages known.
func (upgradeModule) RegisterInterfaces(r codectypes.InterfaceRegistry) {
	upgradetypes.RegisterInterfaces(r)
}

// RegisterGRPCGatewayRoutes serves the queries over HTTP.
func (upgradeModule) RegisterGRPCGatewayRoutes(c client.Context, mux *gateway.ServeMux) {
	if err := upgradetypes.RegisterQueryHandlerClient(context.Background(), mux, upgradetypes.NewQueryClient(c)); err != nil {
		panic(err) // a bug of ours: the routes are constants
	}
}

// RegisterServices implements [module.HasServices].
func (m upgradeModule) RegisterServices(cfg module.Configurator) {
	upgradetypes.RegisterMsgServer(cfg.MsgServer(), upgradekeeper.NewMsgServerImpl(m.keeper))
	upgradetypes.RegisterQueryServer(cfg.QueryServer(), m.keeper)
}

// DefaultGenesis is empty: a plan is of one chain's heights and is not carried over to another.
func (upgradeModule) DefaultGenesis(codec.JSONCodec) json.RawMessage { return json.RawMessage("{}") }

// ValidateGenesis implements [module.HasGenesisBasics].
func (upgradeModule) ValidateGenesis(codec.JSONCodec, client.TxEncodingConfig, json.RawMessage) error {
	return nil
}

// InitGenesis implements [module.HasGenesis].
func (upgradeModule) InitGenesis(sdk.Context, codec.JSONCodec, json.RawMessage) {}

// ExportGenesis implements [module.HasGenesis].
func (m upgradeModule) ExportGenesis(_ sdk.Context, cdc codec.JSONCodec) json.RawMessage {
	return m.DefaultGenesis(cdc)
}

// ErrUpgrade means that this program is not the one that the chain's upgrade plan asks for.
var ErrUpgrade = errors.New("chain: upgrade")

// PreBlock carries out the plan when its height has come, if this program can. If it cannot it stops the
// chain, so that another one goes on from exactly there.
//
// Errors: [ErrUpgrade].
func (m upgradeModule) PreBlock(ctx context.Context) (appmodule.ResponsePreBlock, error) {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	plan, err := m.keeper.GetUpgradePlan(ctx)
	if errors.Is(err, upgradetypes.ErrNoUpgradePlanFound) {
		return &sdk.ResponsePreBlock{}, m.checkCompleted(ctx)
	}
	if err != nil {
		return nil, err
	}
	able := m.keeper.HasHandler(plan.Name)
	switch due := plan.ShouldExecute(sdkCtx.BlockHeight()); {
	case due && able:
		err := m.keeper.ApplyUpgrade(sdkCtx.WithBlockGasMeter(storetypes.NewInfiniteGasMeter()), plan)
		return &sdk.ResponsePreBlock{ConsensusParamsChanged: true}, err
	case due:
		err := fmt.Errorf("%w: %q is due at height %d and needs another program: %s", ErrUpgrade, plan.Name, plan.Height, plan.Info)
		return nil, errors.Join(err, m.keeper.DumpUpgradeInfoToDisk(sdkCtx.BlockHeight(), plan))
	case able:
		return nil, fmt.Errorf("%w: %q is not due before height %d: run the program from before", ErrUpgrade, plan.Name, plan.Height)
	}
	return &sdk.ResponsePreBlock{}, m.checkCompleted(ctx)
}

// checkCompleted checks, once in a program's life, that it knows the last upgrade that was carried out.
func (m upgradeModule) checkCompleted(ctx context.Context) error {
	if m.keeper.DowngradeVerified() {
		return nil
	}
	m.keeper.SetDowngradeVerified(true)
	last, _, err := m.keeper.GetLastCompletedUpgrade(ctx)
	if err == nil && last != "" && !m.keeper.HasHandler(last) {
		err = fmt.Errorf("%w: %q was carried out and this program does not know it", ErrUpgrade, last)
	}
	return err
}

// setUpgrades makes the application carry out the named plans: it runs the migrations of its modules.
func (app *App) setUpgrades(names []string) {
	for _, name := range names {
		app.keepers.upgrade.SetUpgradeHandler(name,
			func(ctx context.Context, _ upgradetypes.Plan, from module.VersionMap) (module.VersionMap, error) {
				return app.modules.RunMigrations(ctx, app.configurator, from)
			})
	}
}
