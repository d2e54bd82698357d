package rpc

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"sync"
	"time"

	abciv1beta1 "cosmossdk.io/api/cosmos/base/abci/v1beta1"
	nodev1beta1 "cosmossdk.io/api/cosmos/base/node/v1beta1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/walrus-go/walrus/ledger"
)

var _ ledger.Wallet = (*Wallet)(nil)

// WalletOptions tune a wallet. The zero value is a good default.
type WalletOptions struct {
	// Lifetime is how long a transaction may wait for its block; after that it will never be in one. At
	// most ten minutes, which is what the chain allows; the default is one.
	Lifetime time.Duration
	// GasPrice in FROST per unit of gas, a decimal number. The default is what the node asks for.
	GasPrice string
	// Now is the clock that deadlines are reckoned by; the default is [time.Now]. It must be within a
	// few minutes of the chain's.
	Now func() time.Time
	// Random scatters the deadlines; the default is the system's source. Another makes histories that can be
	// repeated to the byte. The wallet reads it from one goroutine at a time.
	Random io.Reader
	// FeeGranter is an account that has granted fees to this one and pays them; nil means that the account
	// pays for itself. What a transaction spends otherwise is always its own.
	FeeGranter *ledger.Address
}

// Wallet sends the transactions of one account. Safe for concurrent use, also by several processes with
// the same key: transactions are unordered, told apart by their deadlines.
type Wallet struct {
	client   *Client
	signer   Signer
	lifetime time.Duration
	now      func() time.Time
	granter  *ledger.Address // who pays fees, if not the account

	mu       sync.Mutex
	random   io.Reader // nil means the system's
	last     time.Time // deadline of the newest transaction
	number   *uint64   // of the account, once known
	gasPrice *big.Rat  // once known
	fixed    bool      // gasPrice was configured; set before use and not guarded
}

// Wallet returns a wallet that signs with signer. It asks the chain nothing yet.
func (c *Client) Wallet(signer Signer, opts *WalletOptions) (*Wallet, error) {
	if opts == nil {
		opts = &WalletOptions{}
	}
	w := &Wallet{client: c, signer: signer, lifetime: opts.Lifetime, now: opts.Now, random: opts.Random, granter: opts.FeeGranter}
	if w.now == nil {
		w.now = time.Now
	}
	if w.lifetime <= 0 {
		w.lifetime = time.Minute
	}
	if opts.GasPrice != "" {
		price, ok := new(big.Rat).SetString(opts.GasPrice)
		if !ok || price.Sign() < 0 {
			return nil, fmt.Errorf("ledger: gas price %q: not a decimal number", opts.GasPrice)
		}
		w.gasPrice, w.fixed = price, true
	}
	return w, nil
}

// Address implements [ledger.Wallet].
func (w *Wallet) Address() ledger.Address { return w.signer.Address() }

// Broadcast attempts, in case the node is restarting or full.
const (
	sendAttempts = 4
	sendPause    = 250 * time.Millisecond
	resendAfter  = 3 * time.Second
)

// send signs a transaction of the messages, hands it in and waits for its block. If gas has become dearer than when the node was last asked, it is asked again.
func (w *Wallet) send(ctx context.Context, gas uint64, messages ...*anypb.Any) (*Receipt, error) {
	out, err := w.sendOnce(ctx, gas, messages)
	var r *ledger.RejectedError
	if w.fixed || !errors.As(err, &r) || r.Codespace != sdkCodespace || r.Code != sdkInsufficientFee {
		return out, err
	}
	w.mu.Lock()
	w.gasPrice = nil
	w.mu.Unlock()
	return w.sendOnce(ctx, gas, messages)
}

func (w *Wallet) sendOnce(ctx context.Context, gas uint64, messages []*anypb.Any) (*Receipt, error) {
	d, err := w.draft(ctx, gas, messages)
	if err != nil {
		return nil, err
	}
	tx, err := d.sign(w.signer)
	if err != nil {
		return nil, err
	}
	// Blocks above this height are searched for the transaction.
	head, err := w.client.conn.Head(ctx)
	if err != nil {
		return nil, err
	}
	if err := w.broadcast(ctx, tx); err != nil {
		return nil, err
	}
	result, err := w.await(ctx, tx, head.Height, d.deadline)
	if err != nil {
		return nil, err
	}
	if result.Code != 0 {
		err := Rejected(result.Codespace, result.Code, result.Log)
		if r := (*ledger.RejectedError)(nil); errors.As(err, &r) {
			r.Tx = result.Hash
		}
		return nil, err
	}
	var data abciv1beta1.TxMsgData
	if err := proto.Unmarshal(result.Data, &data); err != nil || len(data.MsgResponses) != len(messages) {
		return nil, fmt.Errorf("%w: committed, but its result cannot be read: %w", ledger.ErrUnknown, errors.Join(err, errShortData))
	}
	return &Receipt{Tx: result.Hash, GasUsed: uint64(max(result.GasUsed, 0)), GasLimit: gas, Fee: d.fee, responses: data.MsgResponses}, nil
}

var errShortData = errors.New("ledger: unexpected number of responses")

// broadcast hands the transaction in, several times if the node does not answer. A transaction that is
// handed in twice is executed once. Nil means that it may be in: what became of it shows on chain, in a
// block or by the deadline having passed.
func (w *Wallet) broadcast(ctx context.Context, tx []byte) error {
	maybe := false // an attempt without an answer may have reached the node
	for attempt := 1; ; attempt++ {
		err := w.client.conn.Broadcast(ctx, tx)
		if err == nil {
			return nil
		}
		refused := errors.As(err, new(*ledger.RejectedError))
		if refused && !errors.Is(err, ledger.ErrUnavailable) {
			if maybe { // it may be refused because it is in already
				return nil
			}
			return err
		}
		maybe = maybe || !refused
		switch {
		case ctx.Err() != nil && maybe:
			return fmt.Errorf("%w: %w", ledger.ErrUnknown, err)
		case ctx.Err() != nil, attempt == sendAttempts && !maybe:
			return err
		case attempt == sendAttempts:
			return nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(sendPause):
		}
	}
}

// await returns what became of a transaction that was handed in when the chain was at height above. A
// node that restarts forgets what it was handed, so the transaction is handed in again now and then.
func (w *Wallet) await(ctx context.Context, tx []byte, above int64, deadline time.Time) (*TxResult, error) {
	hash := sha256.Sum256(tx)
	var found *TxResult
	wait := &waiter{above: above, txs: true, see: func(b *Block) bool {
		for i := range b.Txs {
			if b.Txs[i].Hash == hash {
				found = &b.Txs[i]
				return true
			}
		}
		return b.Time.After(deadline)
	}}
	for {
		some, cancel := context.WithTimeout(ctx, resendAfter)
		err := w.client.follow.wait(some, wait)
		cancel()
		if err == nil {
			break
		}
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return nil, fmt.Errorf("%w: transaction %X: %w", ledger.ErrUnknown, hash, err)
		}
		_ = w.client.conn.Broadcast(ctx, tx) // the next wait tells whether it helped
	}
	if found == nil {
		return nil, fmt.Errorf("%w: transaction %X was not in any block before its deadline", ledger.ErrUnavailable, hash)
	}
	return found, nil
}

// draft fills in what the chain wants besides the messages.
func (w *Wallet) draft(ctx context.Context, gas uint64, messages []*anypb.Any) (*draft, error) {
	number, err := w.accountNumber(ctx)
	if err != nil {
		return nil, err
	}
	price, err := w.price(ctx)
	if err != nil {
		return nil, err
	}
	fee, err := feeFor(price, gas)
	if err != nil {
		return nil, err
	}
	deadline, err := w.deadline()
	if err != nil {
		return nil, err
	}
	return &draft{
		messages: messages, deadline: deadline, gas: gas, fee: fee,
		chainID: w.client.chainID, accountNumber: number, granter: w.granter,
	}, nil
}

// feeFor returns the price of gas, rounded up.
func feeFor(price *big.Rat, gas uint64) (uint64, error) {
	fee := new(big.Rat).Mul(price, new(big.Rat).SetUint64(gas))
	up := new(big.Int).Add(fee.Num(), new(big.Int).Sub(fee.Denom(), big.NewInt(1)))
	up.Quo(up, fee.Denom())
	if !up.IsUint64() {
		return 0, fmt.Errorf("ledger: fee of %s FROST: more than there is", up)
	}
	return up.Uint64(), nil
}

// deadline returns a time that no other transaction of the account has. Its last second is random, for
// the sake of other processes with the same key.
func (w *Wallet) deadline() (time.Time, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	source := w.random
	if source == nil {
		source = rand.Reader
	}
	var random [8]byte
	if _, err := io.ReadFull(source, random[:]); err != nil {
		return time.Time{}, fmt.Errorf("ledger: %w", err)
	}
	jitter := time.Duration(binary.LittleEndian.Uint64(random[:]) % uint64(time.Second))
	t := w.now().Add(w.lifetime).Add(-jitter)
	if !t.After(w.last) {
		t = w.last.Add(1)
	}
	w.last = t
	return t.UTC(), nil
}

// accountNumber returns the account's number, which never changes. An account that was never paid has
// none.
func (w *Wallet) accountNumber(ctx context.Context) (uint64, error) {
	w.mu.Lock()
	known := w.number
	w.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	number, err := w.client.accountNumber(ctx, w.Address())
	if errors.Is(err, ledger.ErrNotFound) {
		return 0, fmt.Errorf("%w: account %s was never paid anything", ledger.ErrFunds, w.Address())
	}
	if err != nil {
		return 0, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.number = &number
	return number, nil
}

// price returns FROST per unit of gas: what was configured, or what the node asks for.
func (w *Wallet) price(ctx context.Context) (*big.Rat, error) {
	w.mu.Lock()
	known := w.gasPrice
	w.mu.Unlock()
	if known != nil {
		return known, nil
	}
	price, err := w.client.minGasPrice(ctx)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gasPrice = price
	return price, nil
}

// minGasPrice asks the node for the least price of gas it takes.
func (c *Client) minGasPrice(ctx context.Context) (*big.Rat, error) {
	var out nodev1beta1.ConfigResponse
	if err := c.queryV2(ctx, "/cosmos.base.node.v1beta1.Service/Config", &nodev1beta1.ConfigRequest{}, &out); err != nil {
		return nil, err
	}
	return parsePrice(out.GetMinimumGasPrice())
}

// parsePrice reads a price such as "0.001frost"; none is zero.
func parsePrice(text string) (*big.Rat, error) {
	if text == "" {
		return new(big.Rat), nil
	}
	number, ok := cutDenom(text)
	price, valid := new(big.Rat).SetString(number)
	if !ok || !valid || price.Sign() < 0 || price.Cmp(new(big.Rat).SetUint64(math.MaxUint32)) > 0 {
		return nil, fmt.Errorf("%w: gas price %q", ledger.ErrUnavailable, text)
	}
	return price, nil
}

func cutDenom(text string) (string, bool) {
	if len(text) <= len(denom) || text[len(text)-len(denom):] != denom {
		return "", false
	}
	return text[:len(text)-len(denom)], true
}
