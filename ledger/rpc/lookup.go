package rpc

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/walrus-go/walrus/ledger"
)

// A Committed is a transaction that is in a block, with what became of it.
type Committed struct {
	Hash     [32]byte
	Height   int64
	Time     time.Time // of the block
	Index    uint32    // in the block
	Tx       []byte    // an encoded cosmos.tx.v1beta1.TxRaw
	GasUsed  int64
	GasLimit int64
	Events   []TxEvent
	// Refused is why nothing was done, with the name of the rule; nil for success. The fee is paid in
	// either case.
	Refused error
}

// TxEvent is something that a transaction did, as the chain's modules told the consensus engine. Values
// of typed events are JSON.
type TxEvent struct {
	Type       string
	Attributes []TxAttribute
}

// TxAttribute is a name and a value of an event.
type TxAttribute struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Tx returns the transaction with the given hash.
//
// Errors: [ledger.ErrNotFound] if the node does not know it: it is in no block yet, or the node does not
// keep an index, or not so far back; [ledger.ErrUnavailable].
func (c *Client) Tx(ctx context.Context, hash [32]byte) (*Committed, error) {
	conn, ok := c.conn.(interface {
		tx(ctx context.Context, hash [32]byte) (*Committed, error)
	})
	if !ok {
		return nil, fmt.Errorf("%w: this connection cannot look transactions up", ledger.ErrUnavailable)
	}
	found, err := conn.tx(ctx, hash)
	if err != nil {
		return nil, err
	}
	b, err := c.conn.Block(ctx, found.Height)
	if err != nil {
		return nil, err
	}
	found.Time = b.Time
	return found, nil
}

// notIndexed is how the node says that it does not know a transaction.
const notIndexed = "not found"

func (c *httpConn) tx(ctx context.Context, hash [32]byte) (*Committed, error) {
	var result struct {
		Height string `json:"height"`
		Index  uint32 `json:"index"`
		Tx     []byte `json:"tx"`
		Result struct {
			Code      uint32 `json:"code"`
			Codespace string `json:"codespace"`
			Log       string `json:"log"`
			GasUsed   string `json:"gas_used"`
			GasWanted string `json:"gas_wanted"`
			Events    []struct {
				Type       string        `json:"type"`
				Attributes []TxAttribute `json:"attributes"`
			} `json:"events"`
		} `json:"tx_result"`
	}
	err := c.call(ctx, "tx", map[string]any{"hash": base64.StdEncoding.EncodeToString(hash[:]), "prove": false}, &result)
	if refused := (*callError)(nil); errors.As(err, &refused) && strings.Contains(refused.Data, notIndexed) {
		return nil, fmt.Errorf("%w: transaction %X", ledger.ErrNotFound, hash)
	}
	if err != nil {
		return nil, err
	}
	out := &Committed{Hash: hash, Index: result.Index, Tx: result.Tx}
	if out.Height, err = strconv.ParseInt(result.Height, 10, 64); err != nil {
		return nil, fmt.Errorf("%w: height %q", ledger.ErrUnavailable, result.Height)
	}
	r := result.Result
	out.GasUsed, _ = strconv.ParseInt(r.GasUsed, 10, 64) // figures to show; absent when zero
	out.GasLimit, _ = strconv.ParseInt(r.GasWanted, 10, 64)
	for _, e := range r.Events {
		out.Events = append(out.Events, TxEvent{e.Type, e.Attributes})
	}
	if r.Code != 0 {
		out.Refused = Rejected(r.Codespace, r.Code, r.Log)
	}
	return out, nil
}
