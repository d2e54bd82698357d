// Package blob is the chain's storage market: a module in which storage is bought, cut, joined and given
// away, and blobs are registered, certified, extended and deleted. See README.md.
package blob

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/types/msgservice"
	"github.com/grpc-ecosystem/grpc-gateway/runtime"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/chain/x/blob/keeper"
	"github.com/walrus-go/walrus/chain/x/blob/types"
)

var (
	_ module.AppModuleBasic = AppModule{}
	_ module.HasGenesis     = AppModule{}
	_ module.HasServices    = AppModule{}
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
	msgservice.RegisterMsgServiceDesc(r, &blobv1.Msg_serviceDesc)
}

// RegisterGRPCGatewayRoutes serves the queries over HTTP.
func (AppModule) RegisterGRPCGatewayRoutes(c client.Context, mux *runtime.ServeMux) {
	if err := blobv1.RegisterQueryHandlerClient(context.Background(), mux, blobv1.NewQueryClient(c)); err != nil {
		panic(err) // a bug of ours: the routes are constants
	}
}

// RegisterServices implements [module.HasServices].
func (m AppModule) RegisterServices(cfg module.Configurator) {
	blobv1.RegisterMsgServer(cfg.MsgServer(), keeper.NewMsgServer(m.keeper))
	blobv1.RegisterQueryServer(cfg.QueryServer(), keeper.NewQuerier(m.keeper))
}

// DefaultGenesis sells nothing. It does not validate: a chain needs a horizon and an epoch to begin with.
func (AppModule) DefaultGenesis(cdc codec.JSONCodec) json.RawMessage {
	return cdc.MustMarshalJSON(&blobv1.GenesisState{})
}

// ValidateGenesis implements [module.HasGenesisBasics].
func (AppModule) ValidateGenesis(cdc codec.JSONCodec, _ client.TxEncodingConfig, raw json.RawMessage) error {
	var g blobv1.GenesisState
	if err := cdc.UnmarshalJSON(raw, &g); err != nil {
		return fmt.Errorf("blob: genesis: %w", err)
	}
	return keeper.Validate(&g)
}

// InitGenesis implements [module.HasGenesis]; a genesis that cannot be applied stops the chain.
func (m AppModule) InitGenesis(ctx sdk.Context, cdc codec.JSONCodec, raw json.RawMessage) {
	var g blobv1.GenesisState
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
