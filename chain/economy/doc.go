// Package economy is the ground that the rules of the control plane stand on: named errors, checked
// arithmetic, units and thresholds. The rules themselves are the packages below it.
//
// The idea: every rule of the storage market, of staking and of epochs is a pure function or a method
// on a plain value. Nothing here knows of a store, a context, a clock or a transaction; keepers load
// values, call a rule, and write back what changed. A rule either succeeds or leaves its receiver
// exactly as it was, so that a failed operation needs no undoing.
//
//	price     encoded sizes, storage units, dues, votes on prices and capacity   (sections 1.3-1.5)
//	market    the accounting ring and what is sold from it                       (sections 2.2, 3)
//	storage   resources, blobs, storage pools, event blobs, deny lists           (sections 2.2-2.11)
//	cert      certified messages: layout, signer bitmap, weight, signature       (section 4)
//	stake     staking pools, staked WAL, exchange rates, commission              (section 5)
//	election  the active set, apportionment of shards, reassignment              (section 6)
//	epoch     the epoch machine, rewards, and the epoch change as a whole        (section 7)
//	ballot    votes of nodes on slashing and upgrades                            (sections 2.12, 8)
//	subsidy   subsidies for nodes and for usage                                  (section 2.13)
//	sim       all of the above composed into one world, for tests and plots
//
// Amounts are FROST, sizes bytes, times milliseconds, rates basis points. There are no floating point
// numbers and no ranging over maps: the same calls give the same results on every machine.
//
// Start with [Error] and [MulDiv]; then stake.Pool and epoch.Change. Source: spec: control-plane.md.
package economy
