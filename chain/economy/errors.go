package economy

// The errors of the protocol, by module, with the codes of section 10. Modules dynamic_field, vec_map,
// bcs, balance and arith stand for checks of the original platform; the section names them without a
// code and theirs here are that platform's. A few cannot be reached through public operations and are
// kept so that the table is whole. Source: spec: control-plane.md section 10.
var (
	ErrSystemStateInnerInvalidMaxEpochsAhead     = newError("system_state_inner", 0, "EInvalidMaxEpochsAhead", "horizon above 1000 epochs")
	ErrSystemStateInnerStorageExceeded           = newError("system_state_inner", 1, "EStorageExceeded", "used capacity of an epoch would exceed the total capacity")
	ErrSystemStateInnerInvalidEpochsAhead        = newError("system_state_inner", 2, "EInvalidEpochsAhead", "interval is empty, expired, not started, or beyond the horizon")
	ErrSystemStateInnerInvalidIdEpoch            = newError("system_state_inner", 3, "EInvalidIdEpoch", "epoch is not the current one")
	ErrSystemStateInnerIncorrectCommittee        = newError("system_state_inner", 4, "EIncorrectCommittee", "next committee has the wrong epoch")
	ErrSystemStateInnerInvalidAccountingEpoch    = newError("system_state_inner", 5, "EInvalidAccountingEpoch", "accounting ring is out of step")
	ErrSystemStateInnerIncorrectAttestation      = newError("system_state_inner", 6, "EIncorrectAttestation", "node has an open event blob attestation in this epoch")
	ErrSystemStateInnerRepeatedAttestation       = newError("system_state_inner", 7, "ERepeatedAttestation", "checkpoint is not above the node's last attested one in this epoch")
	ErrSystemStateInnerNotCommitteeMember        = newError("system_state_inner", 8, "ENotCommitteeMember", "node is not in the current committee")
	ErrSystemStateInnerIncorrectDenyListSequence = newError("system_state_inner", 9, "EIncorrectDenyListSequence", "deny list sequence does not increase")
	ErrSystemStateInnerIncorrectDenyListNode     = newError("system_state_inner", 10, "EIncorrectDenyListNode", "deny list certificate names another node")
	ErrSystemStateInnerInvalidResourceSize       = newError("system_state_inner", 11, "EInvalidResourceSize", "storage size is zero")
	ErrSystemStateInnerInvalidStartEpoch         = newError("system_state_inner", 12, "EInvalidStartEpoch", "protocol version starts in the past")

	ErrSystemInvalidMigration = newError("system", 0, "EInvalidMigration", "migration is not possible")
	ErrSystemWrongVersion     = newError("system", 1, "EWrongVersion", "state has another version")
	ErrSystemZeroExtractSize  = newError("system", 2, "EZeroExtractSize", "nothing to extract from the pool")

	ErrStorageResourceInvalidEpoch       = newError("storage_resource", 0, "EInvalidEpoch", "split epoch is not strictly inside the period")
	ErrStorageResourceIncompatibleEpochs = newError("storage_resource", 1, "EIncompatibleEpochs", "periods are neither adjacent nor identical as required")
	ErrStorageResourceIncompatibleAmount = newError("storage_resource", 2, "EIncompatibleAmount", "sizes differ, or the split is larger than the resource")
	ErrStorageResourceInvalidEpochRange  = newError("storage_resource", 3, "EInvalidEpochRange", "start is not before end")

	ErrStorageAccountingTooFarInFuture = newError("storage_accounting", 0, "ETooFarInFuture", "offset is beyond the horizon")

	ErrEncodingInvalidEncodingType = newError("encoding", 0, "EInvalidEncodingType", "encoding type is not RS2")

	ErrBlobNotCertified               = newError("blob", 0, "ENotCertified", "blob is not certified")
	ErrBlobNotDeletable               = newError("blob", 1, "EBlobNotDeletable", "blob is permanent")
	ErrBlobResourceBounds             = newError("blob", 2, "EResourceBounds", "storage does not cover the epoch, or does not end later")
	ErrBlobResourceSize               = newError("blob", 3, "EResourceSize", "storage is smaller than the encoded blob")
	ErrBlobAlreadyCertified           = newError("blob", 5, "EAlreadyCertified", "blob is certified already")
	ErrBlobInvalidBlobId              = newError("blob", 6, "EInvalidBlobId", "blob ID does not derive from root, type and size, or belongs to another blob")
	ErrBlobDuplicateMetadata          = newError("blob", 7, "EDuplicateMetadata", "blob has attributes already")
	ErrBlobMissingMetadata            = newError("blob", 8, "EMissingMetadata", "blob has no attributes")
	ErrBlobInvalidBlobPersistenceType = newError("blob", 9, "EInvalidBlobPersistenceType", "certificate is for the other kind of persistence")
	ErrBlobInvalidBlobObject          = newError("blob", 10, "EInvalidBlobObject", "certificate names another object")

	ErrStoragePoolBlobNotDeletable           = newError("storage_pool", 0, "EBlobNotDeletable", "blob is permanent")
	ErrStoragePoolResourceBounds             = newError("storage_pool", 1, "EResourceBounds", "storage does not cover the epoch")
	ErrStoragePoolAlreadyCertified           = newError("storage_pool", 2, "EAlreadyCertified", "blob is certified already")
	ErrStoragePoolInvalidBlobId              = newError("storage_pool", 3, "EInvalidBlobId", "blob ID does not derive from root, type and size, or belongs to another blob")
	ErrStoragePoolInvalidBlobPersistenceType = newError("storage_pool", 4, "EInvalidBlobPersistenceType", "certificate is for the other kind of persistence")
	ErrStoragePoolInvalidBlobObject          = newError("storage_pool", 5, "EInvalidBlobObject", "certificate names another object")
	ErrStoragePoolInsufficientCapacity       = newError("storage_pool", 6, "EInsufficientCapacity", "free capacity is too small")
	ErrStoragePoolPoolNotEmpty               = newError("storage_pool", 7, "EPoolNotEmpty", "pool holds blobs")
	ErrStoragePoolInvalidBlobSize            = newError("storage_pool", 8, "EInvalidBlobSize", "used bytes are out of step")
	ErrStoragePoolInvalidBlobCount           = newError("storage_pool", 9, "EInvalidBlobCount", "blob count is out of step")
	ErrStoragePoolWrongVersion               = newError("storage_pool", 10, "EWrongVersion", "state has another version")
	ErrStoragePoolIncompatibleEndEpoch       = newError("storage_pool", 11, "EIncompatibleEndEpoch", "resource ends in another epoch than the pool")
	ErrStoragePoolDuplicateMetadata          = newError("storage_pool", 12, "EDuplicateMetadata", "blob has attributes already")
	ErrStoragePoolMissingMetadata            = newError("storage_pool", 13, "EMissingMetadata", "blob has no attributes")
	ErrStoragePoolInvalidPercent             = newError("storage_pool", 14, "EInvalidPercent", "percentage above 100")

	ErrDynamicFieldFieldAlreadyExists = newError("dynamic_field", 0, "EFieldAlreadyExists", "entry exists already")
	ErrDynamicFieldFieldDoesNotExist  = newError("dynamic_field", 1, "EFieldDoesNotExist", "no such entry")

	ErrVecMapKeyAlreadyExists = newError("vec_map", 0, "EKeyAlreadyExists", "key exists already")
	ErrVecMapKeyDoesNotExist  = newError("vec_map", 1, "EKeyDoesNotExist", "no such key")

	ErrEventBlobInvalidSequenceNumber = newError("event_blob", 0, "EInvalidSequenceNumber", "checkpoint does not increase")

	ErrBlsAggregateInvalidBitmap      = newError("bls_aggregate", 0, "EInvalidBitmap", "signer bitmap is too long or names nobody")
	ErrBlsAggregateSigVerification    = newError("bls_aggregate", 1, "ESigVerification", "signature does not verify")
	ErrBlsAggregateNotEnoughStake     = newError("bls_aggregate", 2, "ENotEnoughStake", "signers weigh too little")
	ErrBlsAggregateIncorrectCommittee = newError("bls_aggregate", 3, "EIncorrectCommittee", "member without weight")

	ErrMessagesIncorrectAppId             = newError("messages", 0, "EIncorrectAppId", "message is for another application")
	ErrMessagesIncorrectEpoch             = newError("messages", 1, "EIncorrectEpoch", "message is for another epoch")
	ErrMessagesInvalidMsgType             = newError("messages", 2, "EInvalidMsgType", "message is of another type")
	ErrMessagesIncorrectIntentVersion     = newError("messages", 3, "EIncorrectIntentVersion", "message has another version")
	ErrMessagesInvalidBlobPersistenceType = newError("messages", 4, "EInvalidBlobPersistenceType", "persistence tag is neither 0 nor 1")
	ErrMessagesNotDeletable               = newError("messages", 5, "ENotDeletable", "message is for a permanent blob")
	ErrMessagesInvalidKeyLength           = newError("messages", 6, "EInvalidKeyLength", "key is not 48 bytes long")

	ErrBcsOutOfRange = newError("bcs", 0, "EOutOfRange", "message body is too short")

	ErrBalanceNotEnough = newError("balance", 2, "ENotEnough", "payment is too small")

	ErrOverflow = newError("arith", 0, "EOverflow", "number leaves its range")

	ErrStakingInvalidMigration   = newError("staking", 0, "EInvalidMigration", "migration is not possible")
	ErrStakingWrongVersion       = newError("staking", 1, "EWrongVersion", "state has another version")
	ErrStakingDeprecatedFunction = newError("staking", 2, "EDeprecatedFunction", "function is gone")

	ErrStakingInnerWrongEpochState      = newError("staking_inner", 0, "EWrongEpochState", "epoch is in another state, or it is too early")
	ErrStakingInnerInvalidSyncEpoch     = newError("staking_inner", 1, "EInvalidSyncEpoch", "sync report for another epoch")
	ErrStakingInnerDuplicateSyncDone    = newError("staking_inner", 2, "EDuplicateSyncDone", "node has reported already")
	ErrStakingInnerNoStake              = newError("staking_inner", 3, "ENoStake", "nobody in the active set has stake")
	ErrStakingInnerNotInCommittee       = newError("staking_inner", 4, "ENotInCommittee", "node is not in the committee")
	ErrStakingInnerCommitteeSelected    = newError("staking_inner", 5, "ECommitteeSelected", "next committee is selected already")
	ErrStakingInnerNextCommitteeIsEmpty = newError("staking_inner", 6, "ENextCommitteeIsEmpty", "next committee is not selected yet")
	ErrStakingInnerInvalidNodeWeight    = newError("staking_inner", 7, "EInvalidNodeWeight", "node weight is out of range")
	ErrStakingInnerPoolNotFound         = newError("staking_inner", 8, "EPoolNotFound", "no such node")
	ErrStakingInnerZeroNodeWeight       = newError("staking_inner", 9, "EZeroNodeWeight", "node weight is zero")
	ErrStakingInnerIncorrectNodeOrder   = newError("staking_inner", 10, "EIncorrectNodeOrder", "nodes are not in ascending order")

	ErrStakingPoolPoolAlreadyUpdated          = newError("staking_pool", 0, "EPoolAlreadyUpdated", "pool was processed in this epoch already")
	ErrStakingPoolCalculationError            = newError("staking_pool", 1, "ECalculationError", "withdrawals exceed the balance")
	ErrStakingPoolIncorrectEpochAdvance       = newError("staking_pool", 2, "EIncorrectEpochAdvance", "reward for a pool without balance")
	ErrStakingPoolPoolNotEmpty                = newError("staking_pool", 3, "EPoolNotEmpty", "pool is not empty")
	ErrStakingPoolInvalidProofOfPossession    = newError("staking_pool", 4, "EInvalidProofOfPossession", "proof of possession does not verify")
	ErrStakingPoolPoolAlreadyWithdrawing      = newError("staking_pool", 5, "EPoolAlreadyWithdrawing", "pool is withdrawing already")
	ErrStakingPoolPoolIsNotActive             = newError("staking_pool", 6, "EPoolIsNotActive", "pool is not active")
	ErrStakingPoolZeroStake                   = newError("staking_pool", 7, "EZeroStake", "stake of zero")
	ErrStakingPoolNotStaked                   = newError("staking_pool", 8, "ENotStaked", "stake is withdrawing already")
	ErrStakingPoolIncorrectPoolId             = newError("staking_pool", 9, "EIncorrectPoolId", "stake belongs to another pool")
	ErrStakingPoolNotWithdrawing              = newError("staking_pool", 10, "ENotWithdrawing", "stake is active; request its withdrawal first")
	ErrStakingPoolWithdrawEpochNotReached     = newError("staking_pool", 11, "EWithdrawEpochNotReached", "withdraw epoch is not reached")
	ErrStakingPoolActivationEpochNotReached   = newError("staking_pool", 12, "EActivationEpochNotReached", "activation epoch is not reached")
	ErrStakingPoolWithdrawDirectly            = newError("staking_pool", 13, "EWithdrawDirectly", "stake can be withdrawn without a request")
	ErrStakingPoolIncorrectCommissionRate     = newError("staking_pool", 14, "EIncorrectCommissionRate", "commission rate above 10000 basis points")
	ErrStakingPoolAuthorizationFailure        = newError("staking_pool", 15, "EAuthorizationFailure", "caller does not hold this authority")
	ErrStakingPoolInvalidNetworkAddressLength = newError("staking_pool", 16, "EInvalidNetworkAddressLength", "network address above 259 bytes")
	ErrStakingPoolInvalidNameLength           = newError("staking_pool", 17, "EInvalidNameLength", "name above 100 bytes")
	ErrStakingPoolZeroShares                  = newError("staking_pool", 18, "EZeroShares", "stake converts to no shares")

	ErrPoolExchangeRateInvalidRate = newError("pool_exchange_rate", 0, "EInvalidRate", "more shares than FROST")

	ErrPendingValuesMissingEpochValue   = newError("pending_values", 0, "EMissingEpochValue", "nothing is pending for the epoch")
	ErrPendingValuesReduceValueTooLarge = newError("pending_values", 1, "EReduceValueTooLarge", "less is pending than is taken")

	ErrStakedWalNotWithdrawing      = newError("staked_wal", 0, "ENotWithdrawing", "stake is not withdrawing")
	ErrStakedWalMetadataMismatch    = newError("staked_wal", 1, "EMetadataMismatch", "stakes differ in node, epoch or state")
	ErrStakedWalInvalidAmount       = newError("staked_wal", 2, "EInvalidAmount", "split takes the whole or more")
	ErrStakedWalAlreadyWithdrawing  = newError("staked_wal", 6, "EAlreadyWithdrawing", "stake is withdrawing already")
	ErrStakedWalStakeBelowThreshold = newError("staked_wal", 7, "EStakeBelowThreshold", "stake below 1 WAL")

	ErrStorageNodeInvalidNetworkPublicKey = newError("storage_node", 0, "EInvalidNetworkPublicKey", "network key is not 33 bytes long")

	ErrCommitteeInvalidShardAssignment = newError("committee", 0, "EInvalidShardAssignment", "counts do not add up to the number of shards")

	ErrActiveSetZeroMaxSize        = newError("active_set", 0, "EZeroMaxSize", "active set of size zero")
	ErrActiveSetDuplicateInsertion = newError("active_set", 1, "EDuplicateInsertion", "node is in the set already")

	ErrApportionmentQueuePopFromEmptyHeap = newError("apportionment_queue", 0, "EPopFromEmptyHeap", "caps admit fewer shards than there are")

	ErrUpgradeInvalidUpgradeManager = newError("upgrade", 0, "EInvalidUpgradeManager", "capability belongs to another manager")
	ErrUpgradeNotAuthorized         = newError("upgrade", 1, "ENotAuthorized", "caller does not hold the node's governance authority")
	ErrUpgradeDuplicateVote         = newError("upgrade", 2, "EDuplicateVote", "node has voted already")
	ErrUpgradeInvalidPackageDigest  = newError("upgrade", 3, "EInvalidPackageDigest", "digest is not 32 bytes long")
	ErrUpgradeNoProposalForDigest   = newError("upgrade", 4, "ENoProposalForDigest", "no proposal for the digest")
	ErrUpgradeWrongEpoch            = newError("upgrade", 5, "EWrongEpoch", "proposal is of another epoch")
	ErrUpgradeNotEnoughVotes        = newError("upgrade", 6, "ENotEnoughVotes", "votes weigh too little")
	ErrUpgradeWrongVersion          = newError("upgrade", 7, "EWrongVersion", "proposal does not follow the current version")

	ErrSlashingNotAuthorized     = newError("slashing", 0, "ENotAuthorized", "caller does not hold the node's governance authority")
	ErrSlashingDuplicateVote     = newError("slashing", 1, "EDuplicateVote", "node has voted already")
	ErrSlashingNoProposalForNode = newError("slashing", 2, "ENoProposalForNode", "no proposal for the node")
	ErrSlashingWrongEpoch        = newError("slashing", 3, "EWrongEpoch", "proposal is of another epoch")
	ErrSlashingNotEnoughVotes    = newError("slashing", 4, "ENotEnoughVotes", "votes weigh too little")

	ErrInitInvalidMigration   = newError("init", 0, "EInvalidMigration", "migration is not possible")
	ErrInitInvalidUpgradeCap  = newError("init", 1, "EInvalidUpgradeCap", "upgrade capability is not the package's")
	ErrInitDeprecatedFunction = newError("init", 2, "EDeprecatedFunction", "function is gone")

	ErrWalrusSubsidiesUnauthorizedAdminCap = newError("walrus_subsidies", 0, "EUnauthorizedAdminCap", "caller does not hold the subsidies' capability")
	ErrWalrusSubsidiesWrongVersion         = newError("walrus_subsidies", 1, "EWrongVersion", "state has another version")
	ErrWalrusSubsidiesInvalidMigration     = newError("walrus_subsidies", 2, "EInvalidMigration", "migration is not possible")

	ErrWalrusSubsidiesInnerInvalidSubsidyRate      = newError("walrus_subsidies_inner", 0, "EInvalidSubsidyRate", "subsidy rate is out of range")
	ErrWalrusSubsidiesInnerInsufficientFundsInPool = newError("walrus_subsidies_inner", 1, "EInsufficientFundsInPool", "subsidy pool holds too little")

	ErrEpochBalanceIndexOutOfBounds = newError("epoch_balance", 0, "EIndexOutOfBounds", "offset is beyond the buffer")

	ErrBlobBucketInvalidBlobBucketCap = newError("blob_bucket", 0, "EInvalidBlobBucketCap", "capability belongs to another bucket")
	ErrBlobBucketWrongVersion         = newError("blob_bucket", 1, "EWrongVersion", "state has another version")

	ErrBlobBucketInnerBlobBucketStorageExpired = newError("blob_bucket_inner", 0, "EBlobBucketStorageExpired", "storage of the bucket has expired")

	ErrSubsidiesInvalidSubsidyRate   = newError("subsidies", 0, "EInvalidSubsidyRate", "subsidy rate is out of range")
	ErrSubsidiesUnauthorizedAdminCap = newError("subsidies", 1, "EUnauthorizedAdminCap", "caller does not hold the subsidies' capability")
	ErrSubsidiesWrongVersion         = newError("subsidies", 2, "EWrongVersion", "state has another version")
)
