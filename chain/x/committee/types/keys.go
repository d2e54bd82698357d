// Package types has the names under which the committee module keeps its state.
package types

import "cosmossdk.io/collections"

// ModuleName names the module, its store, and the account that holds principals, rewards and commissions.
const ModuleName = "committee"

// CommunityName names the account that governance spends from. Anyone may pay into it.
const CommunityName = "community"

// Prefixes of the module's state. They are consensus and never reused.
var (
	ParamsPrefix     = collections.NewPrefix(0)
	EpochPrefix      = collections.NewPrefix(1)  // state of the epoch machine
	NodesPrefix      = collections.NewPrefix(2)  // node ID -> node
	CommitteesPrefix = collections.NewPrefix(3)  // epoch -> committee
	PoolsPrefix      = collections.NewPrefix(4)  // node ID -> pool
	RatesPrefix      = collections.NewPrefix(5)  // (node ID, epoch) -> rate
	StakesPrefix     = collections.NewPrefix(6)  // ID -> stake
	OwnersPrefix     = collections.NewPrefix(7)  // (owner, stake ID)
	ActiveSetPrefix  = collections.NewPrefix(8)  // the nodes with the most stake
	SlashingsPrefix  = collections.NewPrefix(9)  // node ID -> proposal
	UpgradesPrefix   = collections.NewPrefix(10) // digest -> proposal
	VersionPrefix    = collections.NewPrefix(11) // of the application
	ValidatorsPrefix = collections.NewPrefix(12) // consensus address -> validator
	ChangedPrefix    = collections.NewPrefix(13) // set while validators are to be weighed again
	PoweredPrefix    = collections.NewPrefix(14) // consensus addresses of validators with power
	LeftPrefix       = collections.NewPrefix(15) // (when it left, consensus address) of validators without
)

// Bounds of what a node says about itself. Source: spec: control-plane.md section 1.2.
const (
	MaxNameLength           = 100
	MaxNetworkAddressLength = 259
	MaxMetadataLength       = 1000 // of each text; ours
)
