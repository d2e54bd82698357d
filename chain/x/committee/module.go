// Package committee is the chain's registry of storage nodes and their committees: a module that knows who
// stores in which epoch, verifies what they certify together, and tells the consensus engine which of
// them validate. See README.md.
package committee

import (
	"context"
	"encoding/json"
	"fmt"

	"cosmossdk.io/core/appmodule"
	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/types/msgservice"
	"github.com/grpc-ecosystem/grpc-gateway/runtime"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain/x/committee/keeper"
	"github.com/walrus-go/walrus/chain/x/committee/types"
)

var (
	_ module.AppModuleBasic     = AppModule{}
	_ module.HasABCIGenesis     = AppModule{}
	_ module.HasServices        = AppModule{}
	_ appmodule.HasBeginBlocker = AppModule{}
	_ module.HasABCIEndBlock    = AppModule{}
)

// AppModule connects the keeper to the application.
type AppModule struct{ keeper keeper.Keeper }

// NewAppModule returns the module of k.
func NewAppModule(k keeper.Keeper) AppModule { return AppModule{k} }

// Name implements [module.AppModuleBasic].
func (AppModule) Name() string { return types.ModuleName }

// IsAppModule marks the type for the module manager.
func (AppModule) IsAppModule() {}

// IsOnePerModuleType marks the type for the module manager.
func (AppModule) IsOnePerModuleType() {}

// ConsensusVersion counts incompatible changes of the module's state.
func (AppModule) ConsensusVersion() uint64 { return 1 }

// RegisterLegacyAminoCodec does nothing: transactions are signed in protobuf form only.
func (AppModule) RegisterLegacyAminoCodec(*codec.LegacyAmino) {}

// RegisterInterfaces makes the module's messages known.
func (AppModule) RegisterInterfaces(r codectypes.InterfaceRegistry) {
	msgservice.RegisterMsgServiceDesc(r, &committeev1.Msg_serviceDesc)
}

// RegisterGRPCGatewayRoutes serves the queries over HTTP.
func (AppModule) RegisterGRPCGatewayRoutes(c client.Context, mux *runtime.ServeMux) {
	if err := committeev1.RegisterQueryHandlerClient(context.Background(), mux, committeev1.NewQueryClient(c)); err != nil {
		panic(err) // a bug of ours: the routes are constants
	}
}

// RegisterServices implements [module.HasServices].
func (m AppModule) RegisterServices(cfg module.Configurator) {
	committeev1.RegisterMsgServer(cfg.MsgServer(), keeper.NewMsgServer(m.keeper))
	committeev1.RegisterQueryServer(cfg.QueryServer(), keeper.NewQuerier(m.keeper))
}

// BeginBlock implements [appmodule.HasBeginBlocker].
func (m AppModule) BeginBlock(ctx context.Context) error {
	m.keeper.BeginBlock(ctx)
	return nil
}

// EndBlock implements [module.HasABCIEndBlock].
func (m AppModule) EndBlock(ctx context.Context) ([]abci.ValidatorUpdate, error) {
	return m.keeper.EndBlock(ctx), nil
}

// DefaultGenesis has no nodes. It does not validate: a chain needs its first committee.
func (AppModule) DefaultGenesis(cdc codec.JSONCodec) json.RawMessage {
	return cdc.MustMarshalJSON(&committeev1.GenesisState{})
}

// ValidateGenesis implements [module.HasGenesisBasics].
func (AppModule) ValidateGenesis(cdc codec.JSONCodec, _ client.TxEncodingConfig, raw json.RawMessage) error {
	var g committeev1.GenesisState
	if err := cdc.UnmarshalJSON(raw, &g); err != nil {
		return fmt.Errorf("committee: genesis: %w", err)
	}
	return keeper.Validate(&g)
}

// InitGenesis implements [module.HasABCIGenesis]; a genesis that cannot be applied stops the chain.
func (m AppModule) InitGenesis(ctx sdk.Context, cdc codec.JSONCodec, raw json.RawMessage) []abci.ValidatorUpdate {
	var g committeev1.GenesisState
	cdc.MustUnmarshalJSON(raw, &g)
	validators, err := m.keeper.InitGenesis(ctx, &g)
	if err != nil {
		panic(err)
	}
	return validators
}

// ExportGenesis implements [module.HasABCIGenesis].
func (m AppModule) ExportGenesis(ctx sdk.Context, cdc codec.JSONCodec) json.RawMessage {
	g, err := m.keeper.ExportGenesis(ctx)
	if err != nil {
		panic(err)
	}
	return cdc.MustMarshalJSON(g)
}
