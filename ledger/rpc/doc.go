// Package rpc implements the interfaces of package ledger for a chain that answers CometBFT's RPC.
//
// The idea: everything goes through four calls, a [Conn]: query the state, hand in a transaction, read a
// block's transactions, ask how far the chain is. One goroutine per client watches new blocks while
// anyone waits for one, so that hundreds of transactions in flight cost no more questions than one. A
// transaction is unordered: it has a deadline instead of a sequence number, and a wallet's calls do not
// wait for each other.
//
// Start with [Dial], and [Client.Wallet] for transactions. [NewFailover] is for what runs for long: it has
// several nodes to ask, and outlasts all of them. [New] takes any other Conn, such as the one of
// an application without consensus in tests. Nothing here links the application.
package rpc
