package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/cosmos/gogoproto/proto"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
)

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
