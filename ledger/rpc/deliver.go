package rpc

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	gogoproto "github.com/cosmos/gogoproto/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/walrus-go/walrus/ledger"
)

// A Receipt says what a transaction that is in a block came to. It was done whole: one of which a message
// is refused has no receipt.
type Receipt struct {
	Tx       [32]byte // SHA-256 of the transaction, its name on chain
	GasUsed  uint64
	GasLimit uint64
	Fee      uint64 // FROST, for the limit of gas

	responses []*anypb.Any
}

// Response reads the answer to message i of the transaction.
//
// Errors: [ledger.ErrUnknown] if it is not an answer of that kind.
func (r *Receipt) Response(i int, response gogoproto.Message) error {
	if i < 0 || i >= len(r.responses) {
		return fmt.Errorf("%w: committed, but there is no answer to message %d", ledger.ErrUnknown, i)
	}
	if err := gogoproto.Unmarshal(r.responses[i].Value, response); err != nil {
		return fmt.Errorf("%w: committed, but its result cannot be read: %w", ledger.ErrUnknown, err)
	}
	return nil
}

// Execute sends one message of the chain's own modules with the given limit of gas and reads its response,
// for what package ledger has no method for. Errors are those of [ledger.Wallet].
func (w *Wallet) Execute(ctx context.Context, gas uint64, message, response gogoproto.Message) error {
	receipt, err := w.Deliver(ctx, gas, message)
	if err != nil {
		return err
	}
	return receipt.Response(0, response)
}

// Sign returns a signed transaction of the given messages without handing it in, for callers that send it
// by a way of their own. It can be in a block until the wallet's lifetime for transactions is over.
func (w *Wallet) Sign(ctx context.Context, gas uint64, messages ...gogoproto.Message) ([]byte, error) {
	packed, err := packAll(messages)
	if err != nil {
		return nil, err
	}
	d, err := w.draft(ctx, gas, packed)
	if err != nil {
		return nil, err
	}
	return d.sign(w.signer)
}

// Deliver sends one transaction of messages of any of the chain's modules, all or nothing, and returns once it
// is in a block. gas is its limit; 0 lets a simulation find it, see [Wallet.Simulate].
// Errors are those of [ledger.Wallet].
func (w *Wallet) Deliver(ctx context.Context, gas uint64, messages ...gogoproto.Message) (*Receipt, error) {
	packed, err := packAll(messages)
	if err != nil {
		return nil, err
	}
	if gas == 0 {
		used, err := w.simulate(ctx, packed)
		if err != nil {
			return nil, err
		}
		gas = gasLimit(used)
	}
	return w.send(ctx, gas, packed...)
}

// gasLimit leaves room for state that changes between a simulation and the block. Gas that is not used is
// paid for all the same, but running out costs the whole transaction.
func gasLimit(used uint64) uint64 { return used + used/2 }

// A Simulation is what a transaction would come to if it were in the next block.
type Simulation struct {
	GasUsed  uint64
	GasLimit uint64 // that [Wallet.Deliver] would set
	Fee      uint64 // FROST, for that limit
}

// Simulate runs a transaction of the messages on the node's state and sends nothing. Refusals by the
// chain's rules are those of the real thing.
func (w *Wallet) Simulate(ctx context.Context, messages ...gogoproto.Message) (Simulation, error) {
	packed, err := packAll(messages)
	if err != nil {
		return Simulation{}, err
	}
	used, err := w.simulate(ctx, packed)
	if err != nil {
		return Simulation{}, err
	}
	price, err := w.price(ctx)
	if err != nil {
		return Simulation{}, err
	}
	out := Simulation{GasUsed: used, GasLimit: gasLimit(used)}
	out.Fee, err = feeFor(price, out.GasLimit)
	return out, err
}

// simulatePath is where the application simulates transactions.
const simulatePath = "/app/simulate"

// simulate returns the gas that a transaction would use.
func (w *Wallet) simulate(ctx context.Context, packed []*anypb.Any) (uint64, error) {
	number, err := w.accountNumber(ctx)
	if err != nil {
		return 0, err
	}
	deadline, err := w.deadline()
	if err != nil {
		return 0, err
	}
	price, err := w.price(ctx)
	if err != nil {
		return 0, err
	}
	d := &draft{messages: packed, deadline: deadline, chainID: w.client.chainID, accountNumber: number, granter: w.granter}
	if price.Sign() > 0 {
		d.fee = 1 // to pay a fee takes gas, whatever its amount
	}
	tx, err := d.sign(w.signer)
	if err != nil {
		return 0, err
	}
	raw, err := w.client.conn.Query(ctx, simulatePath, tx)
	if err != nil {
		return 0, err
	}
	var answer struct {
		Gas struct {
			Used string `json:"gas_used"`
		} `json:"gas_info"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return 0, fmt.Errorf("%w: simulation: unexpected answer: %w", ledger.ErrUnavailable, err)
	}
	used, err := strconv.ParseUint(answer.Gas.Used, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%w: simulation: gas %q in the answer", ledger.ErrUnavailable, answer.Gas.Used)
	}
	return used, nil
}

func packAll(messages []gogoproto.Message) ([]*anypb.Any, error) {
	packed := make([]*anypb.Any, len(messages))
	for i, m := range messages {
		var err error
		if packed[i], err = pack(m); err != nil {
			return nil, err
		}
	}
	return packed, nil
}
