// Package types has the names and bounds of the blob module.
package types

import "cosmossdk.io/collections"

// ModuleName names the module, its store, and the account that holds what was paid for epochs to come.
const ModuleName = "blob"

// TransientKey names the store of what is only needed within a block.
const TransientKey = "transient_" + ModuleName

// Denom is the unit of every payment: 10^9 FROST are one WAL.
const Denom = "frost"

// Prefixes of the module's state. They are consensus and never reused.
var (
	ParamsPrefix        = collections.NewPrefix(0)
	SystemPrefix        = collections.NewPrefix(1)  // prices and capacity
	RingPrefix          = collections.NewPrefix(2)  // accounting of the epochs to come
	StoragesPrefix      = collections.NewPrefix(3)  // ID -> storage resource
	StorageOwnersPrefix = collections.NewPrefix(4)  // (owner, ID)
	BlobsPrefix         = collections.NewPrefix(5)  // object ID -> blob
	BlobOwnersPrefix    = collections.NewPrefix(6)  // (owner, object ID)
	BlobIDsPrefix       = collections.NewPrefix(7)  // (blob ID, object ID)
	AttributesPrefix    = collections.NewPrefix(8)  // object ID -> attributes
	InfosPrefix         = collections.NewPrefix(9)  // blob ID -> sum of its registrations
	SharedBlobsPrefix   = collections.NewPrefix(10) // kept for shared blobs
	PoolsPrefix         = collections.NewPrefix(11) // kept for storage pools
	PooledBlobsPrefix   = collections.NewPrefix(12) // kept for (pool ID, blob ID) -> pooled blob
	BucketsPrefix       = collections.NewPrefix(13) // kept for blob buckets
	EventBlobsPrefix    = collections.NewPrefix(14) // kept for the state of event blobs
	DenyListsPrefix     = collections.NewPrefix(15) // kept for node ID -> size of its deny list
)

// Bounds of messages. They are consensus.
const (
	MaxBatch          = 200   // blobs in one message
	MaxAttributes     = 64    // pairs on one blob
	MaxAttributeBytes = 8_192 // keys and values of one blob together
)
