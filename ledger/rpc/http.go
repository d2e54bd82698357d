package rpc

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/walrus-go/walrus/ledger"
)

// Bounds of one call.
const (
	callTimeout = 30 * time.Second
	maxAnswer   = 64 << 20 // bytes; the results of a full block with its events
)

// httpConn speaks JSON-RPC to a CometBFT node.
type httpConn struct {
	url    string
	client *http.Client
	next   atomic.Uint64 // number of the next call
}

func newHTTPConn(url string, client *http.Client) *httpConn {
	if client == nil {
		client = &http.Client{Transport: &http.Transport{
			MaxIdleConnsPerHost: 64,
			IdleConnTimeout:     time.Minute,
		}}
	}
	return &httpConn{url: strings.TrimSuffix(url, "/"), client: client}
}

// closeIdle closes connections that nobody uses.
func (c *httpConn) closeIdle() { c.client.CloseIdleConnections() }

// A callError is what a node says when it cannot do what a call asks.
type callError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    string `json:"data"`
}

func (e *callError) Error() string { return fmt.Sprintf("%s (%d): %s", e.Message, e.Code, e.Data) }

// call does one JSON-RPC call and reads its result into result.
func (c *httpConn) call(ctx context.Context, method string, params, result any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	body, err := json.Marshal(map[string]any{
		"jsonrpc": "2.0", "id": c.next.Add(1), "method": method, "params": params,
	})
	if err != nil {
		return fmt.Errorf("ledger: %s: %w", method, err)
	}
	raw, err := c.post(ctx, body)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ledger.ErrUnavailable, method, err)
	}
	var answer struct {
		Result json.RawMessage `json:"result"`
		Error  *callError      `json:"error"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return fmt.Errorf("%w: %s: answer is not JSON-RPC: %w", ledger.ErrUnavailable, method, err)
	}
	if answer.Error != nil {
		return fmt.Errorf("%w: %s: %w", ledger.ErrUnavailable, method, answer.Error)
	}
	if err := json.Unmarshal(answer.Result, result); err != nil {
		return fmt.Errorf("%w: %s: unexpected answer: %w", ledger.ErrUnavailable, method, err)
	}
	return nil
}

func (c *httpConn) post(ctx context.Context, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	// Errors of a call come with a status of 500 and a body that says more.
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxAnswer {
		return nil, fmt.Errorf("answer above %d bytes", maxAnswer)
	}
	return raw, nil
}

// Query implements [Conn].
func (c *httpConn) Query(ctx context.Context, method string, request []byte) ([]byte, error) {
	var result struct {
		Response struct {
			Code      uint32 `json:"code"`
			Codespace string `json:"codespace"`
			Log       string `json:"log"`
			Value     []byte `json:"value"`
		} `json:"response"`
	}
	params := map[string]any{"path": method, "data": hex.EncodeToString(request), "prove": false}
	if err := c.call(ctx, "abci_query", params, &result); err != nil {
		return nil, err
	}
	if r := result.Response; r.Code != 0 {
		return nil, Rejected(r.Codespace, r.Code, r.Log)
	}
	return result.Response.Value, nil
}

// inCache is how the node says that it has a transaction already.
const inCache = "tx already exists in cache"

// Broadcast implements [Conn].
func (c *httpConn) Broadcast(ctx context.Context, tx []byte) error {
	var result struct {
		Code      uint32 `json:"code"`
		Codespace string `json:"codespace"`
		Log       string `json:"log"`
	}
	err := c.call(ctx, "broadcast_tx_sync", map[string]any{"tx": base64.StdEncoding.EncodeToString(tx)}, &result)
	if refused := (*callError)(nil); errors.As(err, &refused) && strings.Contains(refused.Data, inCache) {
		return nil
	}
	if err != nil {
		return err
	}
	if result.Code != 0 {
		return Rejected(result.Codespace, result.Code, result.Log)
	}
	return nil
}

// Head implements [Conn]. It asks the application, which is the last to know of a block: what it has
// reached can be queried, and the results of that block can be had.
func (c *httpConn) Head(ctx context.Context) (Head, error) {
	var result struct {
		Response struct {
			Height string `json:"last_block_height"`
		} `json:"response"`
	}
	if err := c.call(ctx, "abci_info", map[string]any{}, &result); err != nil {
		return Head{}, err
	}
	if result.Response.Height == "" {
		return Head{}, nil // no block yet
	}
	height, err := strconv.ParseInt(result.Response.Height, 10, 64)
	if err != nil {
		return Head{}, fmt.Errorf("%w: height %q", ledger.ErrUnavailable, result.Response.Height)
	}
	return Head{Height: height}, nil
}

// chainID asks the node for the name of its chain.
func (c *httpConn) chainID(ctx context.Context) (string, error) {
	var result struct {
		NodeInfo struct {
			Network string `json:"network"`
		} `json:"node_info"`
	}
	if err := c.call(ctx, "status", map[string]any{}, &result); err != nil {
		return "", err
	}
	if result.NodeInfo.Network == "" {
		return "", fmt.Errorf("%w: node has no chain", ledger.ErrUnavailable)
	}
	return result.NodeInfo.Network, nil
}

// Block implements [Conn].
func (c *httpConn) Block(ctx context.Context, height int64) (Block, error) {
	var block struct {
		Block struct {
			Header struct {
				Time time.Time `json:"time"`
			} `json:"header"`
			Data struct {
				Txs [][]byte `json:"txs"`
			} `json:"data"`
		} `json:"block"`
	}
	at := map[string]any{"height": strconv.FormatInt(height, 10)}
	if err := c.call(ctx, "block", at, &block); err != nil {
		return Block{}, err
	}
	out := Block{Time: block.Block.Header.Time, Txs: make([]TxResult, len(block.Block.Data.Txs))}
	if len(out.Txs) == 0 {
		return out, nil
	}
	var results struct {
		Txs []struct {
			Code      uint32 `json:"code"`
			Codespace string `json:"codespace"`
			Log       string `json:"log"`
			Data      []byte `json:"data"`
			GasUsed   string `json:"gas_used"`
		} `json:"txs_results"`
	}
	if err := c.call(ctx, "block_results", at, &results); err != nil {
		return Block{}, err
	}
	if len(results.Txs) != len(out.Txs) {
		return Block{}, fmt.Errorf("%w: block %d has %d transactions and %d results",
			ledger.ErrUnavailable, height, len(out.Txs), len(results.Txs))
	}
	for i, r := range results.Txs {
		gas, _ := strconv.ParseInt(r.GasUsed, 10, 64) // a figure to show; absent when zero
		out.Txs[i] = TxResult{
			Hash: sha256.Sum256(block.Block.Data.Txs[i]), Codespace: r.Codespace, Code: r.Code, Log: r.Log, Data: r.Data, GasUsed: gas,
		}
	}
	return out, nil
}
