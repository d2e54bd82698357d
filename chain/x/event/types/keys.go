// Package types has the names under which the event log keeps its state.
package types

import "cosmossdk.io/collections"

// ModuleName names the module and its store.
const ModuleName = "event"

// TransientKey names the store of what is only needed within a block.
const TransientKey = "transient_" + ModuleName

// Prefixes of the module's state. They are consensus and never reused.
var (
	EntriesPrefix = collections.NewPrefix(0) // sequence -> entry
	FirstPrefix   = collections.NewPrefix(1) // oldest sequence kept
	NextPrefix    = collections.NewPrefix(2) // sequence of the next entry
	ParamsPrefix  = collections.NewPrefix(3)
	MarksPrefix   = collections.NewPrefix(4) // epoch -> sequence of its first entry
)
