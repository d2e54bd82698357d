package chain

import (
	"encoding/json"
	"fmt"
	"time"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmttypes "github.com/cometbft/cometbft/types"
)

// Export returns a genesis that continues from the last block: the same state, one height higher, under
// the given name. With the same name, transactions that were signed for the old chain and are not yet
// past their deadline could be executed again, so a chain that forks wants a new one.
//
// The engine must not be running: Export reads while nothing is written.
func (app *App) Export(chainID string, at time.Time) (*Genesis, error) {
	ctx := app.NewNextBlockContext(cmtproto.Header{Height: app.LastBlockHeight(), Time: at})
	state, err := app.modules.ExportGenesis(ctx, app.codec)
	if err != nil {
		return nil, fmt.Errorf("chain: export: %w", err)
	}
	raw, err := json.Marshal(state)
	if err != nil {
		return nil, fmt.Errorf("chain: export: %w", err)
	}
	params, err := app.keepers.consensus.ParamsStore.Get(ctx)
	if err != nil {
		return nil, fmt.Errorf("chain: export: consensus parameters: %w", err)
	}
	kept := cmttypes.ConsensusParamsFromProto(params)
	doc := &cmttypes.GenesisDoc{
		ChainID: chainID, GenesisTime: at, InitialHeight: app.LastBlockHeight() + 1, ConsensusParams: &kept, AppState: raw,
	}
	if err := doc.ValidateAndComplete(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrGenesis, err)
	}
	return &Genesis{doc: doc}, nil
}
