package chain

import (
	"encoding/json"
	"errors"
	"fmt"

	abci "github.com/cometbft/cometbft/abci/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/walrus-go/walrus/chain/records"
)

// initChain takes up a genesis. Errors: [ErrGenesis].
func (app *App) initChain(ctx sdk.Context, req *abci.RequestInitChain) (resp *abci.ResponseInitChain, err error) {
	defer func() {
		if r := recover(); r != nil { // how modules refuse a genesis
			cause, is := r.(error)
			if !is {
				cause = fmt.Errorf("%v", r)
			}
			err = cause
		}
		if err != nil && !errors.Is(err, ErrGenesis) {
			err = fmt.Errorf("%w: %w", ErrGenesis, err)
		}
	}()
	var state map[string]json.RawMessage
	if err := json.Unmarshal(req.AppStateBytes, &state); err != nil {
		return nil, err
	}
	if err := app.keepers.upgrade.SetModuleVersionMap(ctx, app.modules.GetVersionMap()); err != nil {
		return nil, err
	}
	digest, given := state[recordsKey]
	if !given {
		return app.modules.InitGenesis(ctx, app.codec, state)
	}
	delete(state, recordsKey)
	return app.initWithRecords(ctx, state, digest)
}

// initWithRecords takes up a genesis of which the records with the given digest are a part.
func (app *App) initWithRecords(ctx sdk.Context, state map[string]json.RawMessage, digest json.RawMessage) (*abci.ResponseInitChain, error) {
	var want records.Digest
	if err := json.Unmarshal(digest, &want); err != nil {
		return nil, err
	}
	file, err := app.settings.Genesis.openRecords()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	in, err := records.NewReader(file)
	if err != nil {
		return nil, err
	}
	resp, err := app.modules.InitGenesis(records.WithReader(ctx, in), app.codec, state)
	if err != nil {
		return nil, err
	}
	return resp, in.Finish(want)
}
