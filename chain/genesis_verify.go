package chain

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	cmtjson "github.com/cometbft/cometbft/libs/json"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/cosmos-sdk/types/module"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"golang.org/x/crypto/blake2b"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	blobtypes "github.com/walrus-go/walrus/chain/x/blob/types"
	committeetypes "github.com/walrus-go/walrus/chain/x/committee/types"
)

// GenesisSummary is what people compare and look at before they start from a genesis.
type GenesisSummary struct {
	ChainID       string        `json:"chainId"`
	Time          time.Time     `json:"time"`
	Height        int64         `json:"initialHeight"`
	Hash          string        `json:"hash"` // of the genesis, see [Genesis.Hash]
	Supply        uint64        `json:"supply,string"`
	Staked        uint64        `json:"staked,string"`
	Epoch         uint32        `json:"epoch"`
	EpochDuration time.Duration `json:"epochDurationNanos"`
	Shards        int           `json:"nShards"`
	Nodes         int           `json:"nodes"`
	Members       int           `json:"members"`    // of the committee that begins
	Validators    int           `json:"validators"` // with power
	Power         int64         `json:"power"`
}

// bytes is the canonical form of the document.
func (g *Genesis) bytes() ([]byte, error) {
	raw, err := cmtjson.Marshal(g.doc)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrGenesis, err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrGenesis, err)
	}
	return compact.Bytes(), nil
}

// Hash is BLAKE2b-256 of the canonical JSON, in hex: how the file is laid out makes no difference, every
// value in it does. All nodes of a chain have the same.
func (g *Genesis) Hash() (string, error) {
	raw, err := g.bytes()
	if err != nil {
		return "", err
	}
	sum := blake2b.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

// Verify begins a chain with the genesis in memory, as a node would on disk, and tells what came of it.
//
// Errors: [ErrGenesis].
func (g *Genesis) Verify() (*GenesisSummary, error) {
	hash, err := g.Hash()
	if err != nil {
		return nil, err
	}
	app, err := NewApp(dbm.NewMemDB(), AppOptions{ChainID: g.ChainID(), Genesis: g})
	if err != nil {
		return nil, err
	}
	defer app.Close()
	var state map[string]json.RawMessage
	if err := json.Unmarshal(g.doc.AppState, &state); err != nil {
		return nil, fmt.Errorf("%w: state: %w", ErrGenesis, err)
	}
	delete(state, recordsKey)
	if err := app.checkModules(state); err != nil {
		return nil, err
	}
	begun, err := app.InitChain(g.InitChain())
	if err != nil {
		return nil, err
	}
	s := &GenesisSummary{ChainID: g.ChainID(), Time: g.doc.GenesisTime, Height: g.doc.InitialHeight, Hash: hash}
	for _, v := range begun.Validators {
		s.Validators++
		s.Power += v.Power
	}
	return s, s.read(app, state)
}

// checkModules wants a part for every module that is known, and no other.
func (app *App) checkModules(state map[string]json.RawMessage) error {
	for _, name := range genesisOrder {
		_, plain := app.modules.Modules[name].(module.HasGenesis)
		_, withValidators := app.modules.Modules[name].(module.HasABCIGenesis)
		if _, given := state[name]; !given && (plain || withValidators) {
			return fmt.Errorf("%w: no state of module %s", ErrGenesis, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(state)) {
		if app.modules.Modules[name] == nil {
			return fmt.Errorf("%w: state of module %q, which this program does not have", ErrGenesis, name)
		}
	}
	if err := app.basics.ValidateGenesis(app.codec, app.tx, state); err != nil {
		return fmt.Errorf("%w: %w", ErrGenesis, err)
	}
	return nil
}

// read takes the figures out of a state that was found valid.
func (s *GenesisSummary) read(app *App, state map[string]json.RawMessage) error {
	var money banktypes.GenesisState
	if err := app.codec.UnmarshalJSON(state[banktypes.ModuleName], &money); err != nil {
		return fmt.Errorf("%w: %w", ErrGenesis, err)
	}
	var nodes committeev1.GenesisState
	if err := app.codec.UnmarshalJSON(state[committeetypes.ModuleName], &nodes); err != nil {
		return fmt.Errorf("%w: %w", ErrGenesis, err)
	}
	supply := money.Supply.AmountOf(blobtypes.Denom)
	if !supply.IsUint64() {
		return fmt.Errorf("%w: supply of %s FROST", ErrGenesis, supply)
	}
	s.Supply = supply.Uint64()
	var err error
	if s.Staked, err = staked(&nodes); err != nil {
		return fmt.Errorf("%w: stakes: %w", ErrGenesis, err)
	}
	s.Epoch, s.Shards, s.Nodes = nodes.Epoch.Number, int(nodes.Params.NShards), len(nodes.Nodes)
	s.EpochDuration = time.Duration(nodes.Params.EpochDurationMs) * time.Millisecond
	for _, c := range nodes.Committees {
		if c.Epoch == s.Epoch {
			s.Members = len(c.Members)
		}
	}
	return nil
}
