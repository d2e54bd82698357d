// Package types has the names and bounds of the blob module.
package types

import "cosmossdk.io/collections"

// ModuleName names the module, its store, and the account that holds what was paid for epochs to come.
const ModuleName = "blob"

// SubsidiesName names the account that holds what subsidies are paid from.
const SubsidiesName = "walrus_subsidies"

// TransientKey names the store of what is only needed within a block.
const TransientKey = "transient_" + ModuleName

// Denom is the unit of every payment: 10^9 FROST are one WAL.
const Denom = "frost"

// Prefixes of the module's state. They are consensus and never reused.
//
// What is proved to be absent is shown to lie between two neighbours, and ICS 23 knows no neighbour with an
// empty value, as members of sets have. So the records of blob IDs lie between two that are always there.
var (
	ParamsPrefix        = collections.NewPrefix(0)
	InfosPrefix         = collections.NewPrefix(1)  // blob ID -> sum of its registrations
	SystemPrefix        = collections.NewPrefix(2)  // prices and capacity
	StoragesPrefix      = collections.NewPrefix(3)  // ID -> storage resource
	StorageOwnersPrefix = collections.NewPrefix(4)  // (owner, ID)
	BlobsPrefix         = collections.NewPrefix(5)  // object ID -> blob
	BlobOwnersPrefix    = collections.NewPrefix(6)  // (owner, object ID)
	BlobIDsPrefix       = collections.NewPrefix(7)  // (blob ID, object ID)
	AttributesPrefix    = collections.NewPrefix(8)  // object ID -> attributes
	RingPrefix          = collections.NewPrefix(9)  // accounting of the epochs to come
	SharedBlobsPrefix   = collections.NewPrefix(10) // shared ID -> shared blob
	PoolsPrefix         = collections.NewPrefix(11) // pool ID -> storage pool
	PooledBlobsPrefix   = collections.NewPrefix(12) // (pool ID, blob ID) -> pooled blob
	BucketsPrefix       = collections.NewPrefix(13) // bucket ID -> blob bucket
	EventBlobsPrefix    = collections.NewPrefix(14) // event blob certified last
	DenyListsPrefix     = collections.NewPrefix(15) // node ID -> digest of its deny list

	PoolOwnersPrefix      = collections.NewPrefix(16) // (owner, pool ID)
	PooledIDsPrefix       = collections.NewPrefix(17) // (blob ID, pool ID)
	BucketCapsPrefix      = collections.NewPrefix(18) // capability ID -> capability of a bucket
	BucketCapOwnersPrefix = collections.NewPrefix(19) // (owner, capability ID)
	EventWeightsPrefix    = collections.NewPrefix(20) // shards behind event blobs of the epoch
	AttestationsPrefix    = collections.NewPrefix(21) // node ID -> its last word on event blobs
	SubsidiesPrefix       = collections.NewPrefix(22) // rates and pool of subsidies
)

// Bounds of messages. They are consensus.
const (
	MaxBatch          = 200   // blobs in one message
	MaxAttributes     = 64    // pairs on one blob
	MaxAttributeBytes = 8_192 // keys and values of one blob together
)
