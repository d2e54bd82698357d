package rpc

import (
	"context"
	"time"
)

// Conn is a way to a chain's node. Safe for concurrent use.
//
// Errors: [ledger.ErrUnavailable] when the node does not answer or answers what is not an answer.
type Conn interface {
	// Query calls a method of a query service, such as "/walrus.blob.v1.Query/Blob", on the latest
	// committed state. A refusal by the application is a *[ledger.RejectedError].
	Query(ctx context.Context, method string, request []byte) ([]byte, error)
	// Broadcast hands in a transaction. It returns nil once the node has checked it and will propose it,
	// also if it had it before, and a *[ledger.RejectedError] if the check failed.
	Broadcast(ctx context.Context, tx []byte) error
	// Head returns how far the chain is: the state of that height answers queries.
	Head(ctx context.Context) (Head, error)
	// Block returns the transactions of a height not above the head's, with their results.
	Block(ctx context.Context, height int64) (Block, error)
}

// Head is the newest state.
type Head struct {
	ChainID string // may be empty except in the first answer
	Height  int64
}

// Block is what a block did.
type Block struct {
	Time time.Time
	Txs  []TxResult
}

// TxResult is what became of one transaction of a block.
type TxResult struct {
	Hash      [32]byte // SHA-256 of the transaction
	Codespace string   // of a refusal
	Code      uint32   // 0 for success
	Log       string   // of a refusal
	Data      []byte   // the responses of the messages, an encoded TxMsgData
	GasUsed   int64
}
