// Package chain is the blockchain of the storage network: the application that keeps the control plane's
// state, and a node that runs it on CometBFT.
//
// The idea: what the network must agree on, and nothing else, is decided here: who paid for which space
// until when, which blobs a quorum holds, who sits in the committee. The rules are pure functions in
// package economy; the modules below chain/x keep their state; this package wires them to the Cosmos SDK
// and starts and stops the whole in one process. The storage committee secures the chain: members that run
// a validator have a power of one per shard.
//
// Start with [Start] for a node, [NewApp] for the application alone, and [NewGenesis] for the state that
// both begin with. Programs that only use a chain want package ledger.
package chain
