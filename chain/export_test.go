package chain

import storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"

// StoreKey opens a module's store, for tests that spoil what is in it.
func (app *App) StoreKey(module string) storetypes.StoreKey { return app.keys.persistent[module] }
