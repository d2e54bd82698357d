package chain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/cosmos/cosmos-sdk/codec"
	"github.com/cosmos/cosmos-sdk/store/v2/rootmulti"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/walrus-go/walrus/chain/records"
)

// Export returns a genesis that continues from the last block: the same state, one height higher, under
// the given name. Its records are in memory. With the same name, transactions that were signed for the old
// chain and are not yet past their deadline could be executed again, so a chain that forks wants a new one.
//
// No block may be executed meanwhile. The application can go on afterwards.
func (app *App) Export(chainID string, at time.Time) (*Genesis, error) {
	var out bytes.Buffer
	doc, err := app.export(&out, chainID, at)
	if err != nil {
		return nil, err
	}
	return &Genesis{doc: doc, records: fromMemory(out.Bytes())}, nil
}

// ExportFile is [App.Export] to a file and one for the records beside it, see [RecordsFile]. It takes little
// memory, however large the state is.
func (app *App) ExportFile(path, chainID string, at time.Time) (*Genesis, error) {
	var doc *cmttypes.GenesisDoc
	err := replaceFile(RecordsFile(path), func(w io.Writer) (err error) {
		doc, err = app.export(w, chainID, at)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := doc.SaveAs(path); err != nil {
		return nil, fmt.Errorf("chain: export: %w", err)
	}
	return &Genesis{doc: doc, records: fromFile(RecordsFile(path))}, nil
}

// export writes records to w and returns the rest.
func (app *App) export(w io.Writer, chainID string, at time.Time) (*cmttypes.GenesisDoc, error) {
	ctx, err := app.CreateQueryContext(app.LastBlockHeight(), false)
	if err != nil {
		return nil, fmt.Errorf("chain: export: %w", err)
	}
	raw, err := app.exportState(ctx.WithBlockTime(at), w)
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
	return doc, nil
}

// exportState writes records to w and returns the rest of the modules' state with their digest. Modules go
// one after the other, in the order in which they will be taken up.
func (app *App) exportState(ctx sdk.Context, w io.Writer) (raw json.RawMessage, err error) {
	defer func() {
		if r := recover(); r != nil { // how modules report errors
			raw, err = nil, fmt.Errorf("%v", r)
		}
	}()
	out, err := records.NewWriter(w)
	if err != nil {
		return nil, err
	}
	ctx = records.WithWriter(ctx, out).WithGasMeter(storetypes.NewInfiniteGasMeter())
	state := map[string]json.RawMessage{}
	for _, name := range genesisOrder {
		m, ok := app.modules.Modules[name].(interface {
			ExportGenesis(sdk.Context, codec.JSONCodec) json.RawMessage
		})
		if ok {
			state[name] = m.ExportGenesis(ctx, app.codec)
		}
	}
	digest, err := out.Finish()
	if err != nil {
		return nil, err
	}
	if state[recordsKey], err = json.Marshal(digest); err != nil {
		return nil, err
	}
	return json.Marshal(state)
}

// ExportHome writes a genesis that continues the stopped chain in a node's directory under the given name, see
// [App.ExportFile]. Its time is that of the last block, so every node that stopped at the same height exports
// the same. height is that of the last block.
//
// Errors: [ErrHome] if the directory holds no chain; [ErrGenesis] if the name is that of the chain itself: what
// was signed for it would count once more.
func ExportHome(dir, path, chainID string) (g *Genesis, height int64, err error) {
	h := home(dir)
	if known, err := exists(h.genesis()); err != nil || !known {
		return nil, 0, errors.Join(fmt.Errorf("%w: %s", ErrNoGenesis, dir), err)
	}
	old, err := ReadGenesis(h.genesis())
	if err != nil {
		return nil, 0, err
	}
	if chainID == old.ChainID() {
		return nil, 0, fmt.Errorf("%w: %q is the name of the chain that ends; the one that goes on wants another", ErrGenesis, chainID)
	}
	stores := &stores{dir: h.data()}
	defer func() { err = errors.Join(err, stores.close()) }()
	state, err := stores.open("application")
	if err != nil {
		return nil, 0, err
	}
	app, err := NewApp(state.App(), AppOptions{ChainID: old.ChainID()})
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, app.Close()) }()
	height = app.LastBlockHeight()
	if height == 0 {
		return nil, 0, fmt.Errorf("%w: the chain in %s has no block", ErrHome, dir)
	}
	at, err := app.lastTime()
	if err != nil {
		return nil, 0, err
	}
	g, err = app.ExportFile(path, chainID, at)
	return g, height, err
}

// lastTime is the time of the last block.
func (app *App) lastTime() (time.Time, error) {
	store, ok := app.BaseApp.CommitMultiStore().(*rootmulti.Store)
	if !ok {
		return time.Time{}, errors.New("chain: the state does not know its time")
	}
	info, err := store.GetCommitInfo(app.LastBlockHeight())
	if err != nil {
		return time.Time{}, fmt.Errorf("chain: last block: %w", err)
	}
	return info.Timestamp.UTC(), nil
}
