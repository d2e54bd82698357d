package rpc

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"

	authv1beta1 "cosmossdk.io/api/cosmos/auth/v1beta1"
	bankv1beta1 "cosmossdk.io/api/cosmos/bank/v1beta1"
	"github.com/cosmos/gogoproto/proto"
	protov2 "google.golang.org/protobuf/proto"

	"github.com/walrus-go/walrus/ledger"
)

var (
	_ ledger.Reader = (*Client)(nil)
	_ ledger.Log    = (*Client)(nil)
)

// Client reads a chain and follows it. Safe for concurrent use. Release it with [Client.Close].
type Client struct {
	conn    Conn
	chainID string
	follow  *follower
	horizon atomic.Uint32 // for how many epochs space is sold; 0 until it is known
}

// Dial returns a client of the node at url, such as http://127.0.0.1:26657, once the chain has a block.
// httpClient may be nil.
//
// Errors: [ledger.ErrUnavailable].
func Dial(ctx context.Context, url string, httpClient *http.Client) (*Client, error) {
	conn := newHTTPConn(url, httpClient)
	chainID, err := conn.chainID(ctx)
	if err != nil {
		return nil, err
	}
	c := New(conn, chainID)
	if err := c.follow.waitAbove(ctx, 0); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// New returns a client over any connection to the chain of the given name.
func New(conn Conn, chainID string) *Client {
	return &Client{conn: conn, chainID: chainID, follow: newFollower(conn)}
}

// ChainID names the chain.
func (c *Client) ChainID() string { return c.chainID }

// Height returns the height of the newest state.
func (c *Client) Height(ctx context.Context) (int64, error) {
	head, err := c.conn.Head(ctx)
	return head.Height, err
}

// Close ends every wait of the client and of its wallets with [ledger.ErrUnavailable], or
// [ledger.ErrUnknown] where a transaction is on its way.
func (c *Client) Close() {
	c.follow.close()
	if conn, ok := c.conn.(interface{ closeIdle() }); ok {
		conn.closeIdle()
	}
}

// Ask calls a method of one of the chain's query services, such as /cosmos.gov.v1.Query/Proposal, for what
// package ledger has no method for. Errors are those of [ledger.Reader].
func (c *Client) Ask(ctx context.Context, method string, request, response proto.Message) error {
	return c.query(ctx, method, request, response)
}

// query calls a method whose types are of the kind of our own query services.
func (c *Client) query(ctx context.Context, method string, request, response proto.Message) error {
	in, err := proto.Marshal(request)
	if err != nil {
		return fmt.Errorf("ledger: query %s: %w", method, err)
	}
	out, err := c.conn.Query(ctx, method, in)
	if err != nil {
		return queryError(method, err)
	}
	if err := proto.Unmarshal(out, response); err != nil {
		return fmt.Errorf("%w: query %s: unexpected answer: %w", ledger.ErrUnavailable, method, err)
	}
	return nil
}

// queryV2 calls a method of one of the SDK's query services, whose types are of another kind.
func (c *Client) queryV2(ctx context.Context, method string, request, response protov2.Message) error {
	in, err := protov2.Marshal(request)
	if err != nil {
		return fmt.Errorf("ledger: query %s: %w", method, err)
	}
	out, err := c.conn.Query(ctx, method, in)
	if err != nil {
		return queryError(method, err)
	}
	if err := protov2.Unmarshal(out, response); err != nil {
		return fmt.Errorf("%w: query %s: unexpected answer: %w", ledger.ErrUnavailable, method, err)
	}
	return nil
}

// denom is the unit of every amount.
const denom = "frost"

// Balance implements [ledger.Reader].
func (c *Client) Balance(ctx context.Context, owner ledger.Address) (uint64, error) {
	var out bankv1beta1.QueryBalanceResponse
	err := c.queryV2(ctx, "/cosmos.bank.v1beta1.Query/Balance",
		&bankv1beta1.QueryBalanceRequest{Address: owner.String(), Denom: denom}, &out)
	if err != nil {
		return 0, err
	}
	return parseAmount(out.GetBalance().GetAmount())
}

// accountNumber returns the number that transactions of an account are signed for.
func (c *Client) accountNumber(ctx context.Context, owner ledger.Address) (uint64, error) {
	var out authv1beta1.QueryAccountInfoResponse
	err := c.queryV2(ctx, "/cosmos.auth.v1beta1.Query/AccountInfo",
		&authv1beta1.QueryAccountInfoRequest{Address: owner.String()}, &out)
	return out.GetInfo().GetAccountNumber(), err
}
