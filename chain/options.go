package chain

import (
	"github.com/cosmos/cosmos-sdk/baseapp"
	pruningtypes "github.com/cosmos/cosmos-sdk/store/v2/pruning/types"
)

const (
	// keptVersions is how many past states can be queried, with proofs.
	keptVersions = 1_000
	// pruneEvery is how many blocks lie between two removals of older states.
	pruneEvery = 100
	// defaultCacheNodes keeps a node's memory small; one tree node takes about 200 bytes.
	defaultCacheNodes = 50_000
	// queryGasLimit bounds the work of one query.
	queryGasLimit = 50_000_000
)

// baseOptions are the settings of the base application.
func baseOptions(opts AppOptions) []func(*baseapp.BaseApp) {
	if opts.CacheNodes == 0 {
		opts.CacheNodes = defaultCacheNodes
	}
	return []func(*baseapp.BaseApp){
		baseapp.SetChainID(opts.ChainID),
		baseapp.SetMinGasPrices(opts.MinGasPrice),
		baseapp.SetPruning(pruningtypes.NewCustomPruningOptions(keptVersions, pruneEvery)),
		baseapp.SetIAVLCacheSize(opts.CacheNodes),
		baseapp.SetQueryGasLimit(queryGasLimit),
	}
}
