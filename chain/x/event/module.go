// Package event is the chain's ordered event log: a module that keeps every event of the protocol in
// state, numbered from 0, for storage nodes and indexers that must not miss one. See README.md.
package event

import (
	"context"
	"encoding/json"
	"fmt"

	"cosmossdk.io/core/appmodule"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/types/msgservice"
	"github.com/grpc-ecosystem/grpc-gateway/runtime"

	eventv1 "github.com/walrus-go/walrus/api/event/v1"
	"github.com/walrus-go/walrus/chain/x/event/keeper"
	"github.com/walrus-go/walrus/chain/x/event/types"
)

var (
	_ module.AppModuleBasic = AppModule{}
	_ module.HasGenesis     = AppModule{}
	_ module.HasServices    = AppModule{}

	_ appmodule.HasEndBlocker = AppModule{}
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
	msgservice.RegisterMsgServiceDesc(r, &eventv1.Msg_serviceDesc)
}

// RegisterGRPCGatewayRoutes serves the queries over HTTP.
func (AppModule) RegisterGRPCGatewayRoutes(c client.Context, mux *runtime.ServeMux) {
	if err := eventv1.RegisterQueryHandlerClient(context.Background(), mux, eventv1.NewQueryClient(c)); err != nil {
		panic(err) // a bug of ours: the routes are constants
	}
}

// RegisterServices implements [module.HasServices].
func (m AppModule) RegisterServices(cfg module.Configurator) {
	eventv1.RegisterMsgServer(cfg.MsgServer(), keeper.NewMsgServer(m.keeper))
	eventv1.RegisterQueryServer(cfg.QueryServer(), keeper.NewQuerier(m.keeper))
}

// EndBlock implements [appmodule.HasEndBlocker].
func (m AppModule) EndBlock(ctx context.Context) error {
	m.keeper.EndBlock(ctx)
	return nil
}

// DefaultGenesis is an empty log.
func (AppModule) DefaultGenesis(cdc codec.JSONCodec) json.RawMessage {
	return cdc.MustMarshalJSON(&eventv1.GenesisState{})
}

// ValidateGenesis implements [module.HasGenesisBasics].
func (AppModule) ValidateGenesis(cdc codec.JSONCodec, _ client.TxEncodingConfig, raw json.RawMessage) error {
	var g eventv1.GenesisState
	if err := cdc.UnmarshalJSON(raw, &g); err != nil {
		return fmt.Errorf("event: genesis: %w", err)
	}
	return keeper.Validate(&g)
}

// InitGenesis implements [module.HasGenesis]; a genesis that cannot be applied stops the chain.
func (m AppModule) InitGenesis(ctx sdk.Context, cdc codec.JSONCodec, raw json.RawMessage) {
	var g eventv1.GenesisState
	cdc.MustUnmarshalJSON(raw, &g)
	if err := m.keeper.InitGenesis(ctx, &g); err != nil {
		panic(err)
	}
}

// ExportGenesis implements [module.HasGenesis].
func (m AppModule) ExportGenesis(ctx sdk.Context, cdc codec.JSONCodec) json.RawMessage {
	g, err := m.keeper.ExportGenesis(ctx)
	if err != nil {
		panic(err)
	}
	return cdc.MustMarshalJSON(g)
}
