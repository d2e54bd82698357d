// Package types has the names under which the committee module keeps its state.
package types

import "cosmossdk.io/collections"

// ModuleName names the module and its store.
const ModuleName = "committee"

// Prefixes of the module's state. They are consensus and never reused.
var (
	ParamsPrefix     = collections.NewPrefix(0)
	EpochPrefix      = collections.NewPrefix(1) // state of the epoch machine
	NodesPrefix      = collections.NewPrefix(2) // node ID -> node
	CommitteesPrefix = collections.NewPrefix(3) // epoch -> committee
)

// Bounds of what a node says about itself. Source: spec: control-plane.md section 1.2.
const (
	MaxNameLength           = 100
	MaxNetworkAddressLength = 259
	MaxMetadataLength       = 1000 // of each text; ours
)
