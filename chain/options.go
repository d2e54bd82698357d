package chain

import (
	"cosmossdk.io/log/v2"
	"github.com/cosmos/cosmos-sdk/baseapp"
	pruningtypes "github.com/cosmos/cosmos-sdk/store/v2/pruning/types"
)

const (
	// defaultKeptVersions is how many past states can be queried, with proofs.
	defaultKeptVersions = 1_000
	// pruneEvery is how many blocks lie between two removals of older states.
	pruneEvery = 100
	// defaultCacheNodes keeps a node's memory small; one tree node takes about 200 bytes.
	defaultCacheNodes = 50_000
	// queryGasLimit bounds the work of one query.
	queryGasLimit = 50_000_000
)

func (o AppOptions) withDefaults() AppOptions {
	setDefault(&o.CacheNodes, defaultCacheNodes)
	setDefault(&o.KeptVersions, defaultKeptVersions)
	if o.Logger == nil {
		o.Logger = log.NewNopLogger()
	}
	return o
}

// baseOptions are the settings of the base application.
func baseOptions(opts AppOptions) []func(*baseapp.BaseApp) {
	return []func(*baseapp.BaseApp){
		baseapp.SetChainID(opts.ChainID),
		baseapp.SetMinGasPrices(opts.MinGasPrice),
		baseapp.SetPruning(pruningtypes.NewCustomPruningOptions(opts.KeptVersions, pruneEvery)),
		baseapp.SetIAVLCacheSize(opts.CacheNodes),
		baseapp.SetQueryGasLimit(queryGasLimit),
	}
}
