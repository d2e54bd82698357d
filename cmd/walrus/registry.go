package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/cosmos/cosmos-sdk/types/query"
	"github.com/cosmos/gogoproto/proto"
	"github.com/mr-tron/base58"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// pageSize is how many records of a list are asked for at once: the most that the chain gives.
const pageSize = 1000

// pages reads a list that the chain gives in parts to its end.
func pages[T any](read func(after []byte) (part []T, next []byte, err error)) ([]T, error) {
	var all []T
	var after []byte
	for {
		part, next, err := read(after)
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
		if len(next) == 0 || len(part) == 0 {
			return all, nil
		}
		after = next
	}
}

// pagesOf reads all that belongs to an owner: an account's objects, a pool's blobs.
func pagesOf[O, T any](ctx context.Context, owner O, read func(context.Context, O, ledger.Page) ([]T, []byte, error)) ([]T, error) {
	return pages(func(after []byte) ([]T, []byte, error) {
		return read(ctx, owner, ledger.Page{Cursor: after, Limit: pageSize})
	})
}

// A page is an answer with a part of a list, as query services of the SDK give it.
type page[R any] interface {
	*R
	proto.Message
	GetPagination() *query.PageResponse
}

// askPages reads a list that a query service of the SDK gives in parts to its end.
func askPages[T, R any, P page[R]](ctx context.Context, s *session, method string, request func(*query.PageRequest) proto.Message, list func(P) []T) ([]T, error) {
	return pages(func(after []byte) ([]T, []byte, error) {
		out := P(new(R))
		err := s.reader.Ask(ctx, method, request(&query.PageRequest{Key: after, Limit: 100}), out)
		return list(out), out.GetPagination().GetNextKey(), err
	})
}

// askCommittee calls a method of the query service of x/committee.
func (s *session) askCommittee(ctx context.Context, method string, request, response proto.Message) error {
	return s.reader.Ask(ctx, "/walrus.committee.v1.Query/"+method, request, response)
}

// nodes lists all registered storage nodes, in ascending order of their IDs.
func (s *session) nodes(ctx context.Context) ([]committeev1.Node, error) {
	return pages(func(after []byte) ([]committeev1.Node, []byte, error) {
		var out committeev1.QueryNodesResponse
		err := s.askCommittee(ctx, "Nodes", &committeev1.QueryNodesRequest{After: after, Limit: pageSize}, &out)
		return out.Nodes, out.Next, err
	})
}

// pools lists the pools of all storage nodes, in ascending order of the nodes' IDs.
func (s *session) pools(ctx context.Context) ([]committeev1.Pool, error) {
	return pages(func(after []byte) ([]committeev1.Pool, []byte, error) {
		var out committeev1.QueryPoolsResponse
		err := s.askCommittee(ctx, "Pools", &committeev1.QueryPoolsRequest{After: after, Limit: pageSize}, &out)
		return out.Pools, out.Next, err
	})
}

// validators lists all consensus keys that the chain knows.
func (s *session) validators(ctx context.Context) ([]committeev1.Validator, error) {
	return pages(func(after []byte) ([]committeev1.Validator, []byte, error) {
		var out committeev1.QueryValidatorsResponse
		err := s.askCommittee(ctx, "Validators", &committeev1.QueryValidatorsRequest{After: after, Limit: pageSize}, &out)
		return out.Validators, out.Next, err
	})
}

// epochState asks for the state of the epoch machine.
func (s *session) epochState(ctx context.Context) (*committeev1.QueryEpochResponse, error) {
	var out committeev1.QueryEpochResponse
	return &out, s.askCommittee(ctx, "Epoch", &committeev1.QueryEpochRequest{}, &out)
}

// committeeAt asks for the committee of an epoch, in which a node has shards or has not.
func (s *session) committeeAt(ctx context.Context, epoch uint32) (map[committee.NodeID]*committeev1.Member, error) {
	var out committeev1.QueryCommitteeResponse
	if err := s.askCommittee(ctx, "Committee", &committeev1.QueryCommitteeRequest{Epoch: epoch}, &out); err != nil {
		return nil, err
	}
	members := map[committee.NodeID]*committeev1.Member{}
	for i := range out.Committee.Members {
		m := &out.Committee.Members[i]
		members[nodeIDOf(m.NodeId)] = m
	}
	return members, nil
}

// nodeIDOf reads a node's ID in an answer; one of another length is not that of any node.
func nodeIDOf(b []byte) (id committee.NodeID) {
	copy(id[:], b)
	return id
}

// accountOf reads an account in an answer.
func accountOf(b []byte) (a ledger.Address) {
	copy(a[:], b)
	return a
}

// node finds the storage node that a person names: by its ID, or by its name if only one node has it.
func (s *session) node(ctx context.Context, text string) (*committeev1.Node, error) {
	if isNodeID(text) {
		var out committeev1.QueryNodeResponse
		if err := s.askCommittee(ctx, "Node", &committeev1.QueryNodeRequest{NodeId: strings.ToLower(text)}, &out); err != nil {
			return nil, nodeHint(err)
		}
		return &out.Node, nil
	}
	all, err := s.nodes(ctx)
	if err != nil {
		return nil, err
	}
	return pickNode(all, func(n *committeev1.Node) bool { return n.Name == text },
		fmt.Sprintf("is called %q", text), `"walrus nodes" lists them; names need not be unique, IDs are`)
}

// ownNode finds the storage node of the wallet's account.
func (s *session) ownNode(ctx context.Context) (*committeev1.Node, error) {
	all, err := s.nodes(ctx)
	if err != nil {
		return nil, err
	}
	own := s.account.Address()
	return pickNode(all, func(n *committeev1.Node) bool { return accountOf(n.Owner) == own },
		fmt.Sprintf("belongs to %v", own), `name the node; "walrus nodes" lists them with their owners, --key chooses another account`)
}

// nodeOrOwn finds the storage node that a person names, or else that of the wallet's account.
func (s *session) nodeOrOwn(ctx context.Context, text string) (*committeev1.Node, error) {
	if text == "" {
		return s.ownNode(ctx)
	}
	return s.node(ctx, text)
}

// pickNode returns the one node that fits.
func pickNode(all []committeev1.Node, fits func(*committeev1.Node) bool, what, hint string) (*committeev1.Node, error) {
	var found *committeev1.Node
	count := 0
	for i := range all {
		if fits(&all[i]) {
			found = &all[i]
			count++
		}
	}
	switch count {
	case 0:
		return nil, &hinted{err: fmt.Errorf("no storage node %s", what), code: "NOT_FOUND", exit: exitNotFound, hint: hint}
	case 1:
		return found, nil
	}
	return nil, &hinted{err: fmt.Errorf("more than one storage node %s", what), code: "AMBIGUOUS", exit: exitUsage, hint: hint}
}

func isNodeID(text string) bool {
	var id committee.NodeID
	return id.UnmarshalText([]byte(strings.ToLower(text))) == nil
}

// nodeHint says where to look for nodes, where there is none with an ID.
func nodeHint(err error) error {
	h := classify(err)
	if h.code != "NOT_FOUND" {
		return err
	}
	return &hinted{err: err, code: h.code, exit: h.exit, hint: `"walrus nodes" lists the storage nodes`}
}

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
