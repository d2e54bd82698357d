package main

import (
	"context"

	"github.com/cosmos/gogoproto/proto"
	"github.com/mr-tron/base58"

	"github.com/walrus-go/walrus/ledger/rpc"
)

// deliver sends one transaction, with as much gas as it needs.
func (s *session) deliver(ctx context.Context, messages ...proto.Message) (*rpc.Receipt, error) {
	return s.account.Deliver(ctx, 0, messages...)
}

// call sends one message in a transaction of its own and reads the answer to it.
func (s *session) call(ctx context.Context, message, answer proto.Message) (*rpc.Receipt, error) {
	receipt, err := s.deliver(ctx, message)
	if err != nil {
		return nil, err
	}
	return receipt, receipt.Response(0, answer)
}

// callAll is call for several messages in one transaction, and returns their answers in the same order.
func callAll[R any, P interface {
	*R
	proto.Message
}](ctx context.Context, s *session, messages []proto.Message) (*rpc.Receipt, []R, error) {
	receipt, err := s.deliver(ctx, messages...)
	if err != nil {
		return nil, nil, err
	}
	answers := make([]R, len(messages))
	for i := range answers {
		if err := receipt.Response(i, P(&answers[i])); err != nil {
			return nil, nil, err
		}
	}
	return receipt, answers, nil
}

// send sends one message whose answer has nothing to tell, and prints what is said about it.
func (s *session) send(ctx context.Context, message proto.Message, result fields, format string, args ...any) error {
	receipt, err := s.deliver(ctx, message)
	if err != nil {
		return err
	}
	return s.printSent(receipt, result, format, args...)
}

// printSent prints what became of a transaction, as printResult does; it adds the transaction to the JSON.
func (d *deps) printSent(receipt *rpc.Receipt, result fields, format string, args ...any) error {
	result["txDigest"] = txDigest(receipt.Tx)
	return d.printResult(result, format, args...)
}

// self is the wallet's account as messages name it.
func (s *session) self() string { return s.account.Address().String() }

// txDigest names a transaction as the specification does.
func txDigest(hash [32]byte) string { return base58.Encode(hash[:]) }
