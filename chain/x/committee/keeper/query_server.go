package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	sdk "github.com/cosmos/cosmos-sdk/types"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain/refusal"
	"github.com/walrus-go/walrus/committee"
)

// Page sizes of the queries that list.
const (
	defaultPage = 100
	maxPage     = 1000
)

// Querier answers the module's queries.
type Querier struct{ k Keeper }

var _ committeev1.QueryServer = Querier{}

// NewQuerier returns the query server of k.
func NewQuerier(k Keeper) Querier { return Querier{k} }

// Params implements [committeev1.QueryServer].
func (q Querier) Params(ctx context.Context, _ *committeev1.QueryParamsRequest) (*committeev1.QueryParamsResponse, error) {
	p, err := q.k.params.Get(ctx)
	return &committeev1.QueryParamsResponse{Params: p}, err
}

// Epoch implements [committeev1.QueryServer].
func (q Querier) Epoch(ctx context.Context, _ *committeev1.QueryEpochRequest) (*committeev1.QueryEpochResponse, error) {
	epoch, err := q.k.epoch.Get(ctx)
	if err != nil {
		return nil, err
	}
	params, err := q.k.params.Get(ctx)
	if err != nil {
		return nil, err
	}
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	return &committeev1.QueryEpochResponse{
		Epoch:           epoch,
		NShards:         params.NShards,
		EpochDurationMs: params.EpochDurationMs,
		Height:          sdkCtx.BlockHeight(),
		TimeMs:          sdkCtx.BlockTime().UnixMilli(),
	}, nil
}

// Committee implements [committeev1.QueryServer].
func (q Querier) Committee(ctx context.Context, req *committeev1.QueryCommitteeRequest) (*committeev1.QueryCommitteeResponse, error) {
	number := req.Epoch
	if number == 0 {
		epoch, err := q.k.epoch.Get(ctx)
		if err != nil {
			return nil, err
		}
		number = epoch.Number
	}
	record, err := q.k.committees.Get(ctx, number)
	if errors.Is(err, collections.ErrNotFound) {
		return nil, refusal.NotFound("committee of epoch", epochText(number))
	}
	if err != nil {
		return nil, err
	}
	out := &committeev1.QueryCommitteeResponse{Committee: record}
	for _, m := range record.Members {
		node, err := q.k.nodes.Get(ctx, m.NodeId)
		if err != nil { // which must not hide the others
			node = committeev1.Node{Id: m.NodeId}
		}
		out.Nodes = append(out.Nodes, node)
	}
	return out, nil
}

// Node implements [committeev1.QueryServer].
func (q Querier) Node(ctx context.Context, req *committeev1.QueryNodeRequest) (*committeev1.QueryNodeResponse, error) {
	var id committee.NodeID
	if err := id.UnmarshalText([]byte(req.NodeId)); err != nil {
		return nil, refusal.BadRequest(err)
	}
	node, err := q.k.nodes.Get(ctx, id[:])
	if errors.Is(err, collections.ErrNotFound) {
		return nil, refusal.NotFound("node", id)
	}
	return &committeev1.QueryNodeResponse{Node: node}, err
}

// Nodes implements [committeev1.QueryServer].
func (q Querier) Nodes(ctx context.Context, req *committeev1.QueryNodesRequest) (*committeev1.QueryNodesResponse, error) {
	nodes, next, err := page(ctx, q.k.nodes, req.After, req.Limit)
	return &committeev1.QueryNodesResponse{Nodes: nodes, Next: next}, err
}

// page returns up to limit values behind a key, and where the next page begins, nil at the end.
func page[V any](ctx context.Context, all collections.Map[[]byte, V], after []byte, limit uint32) (list []V, next []byte, err error) {
	it, err := all.Iterate(ctx, startAfter(after))
	if err != nil {
		return nil, nil, err
	}
	defer it.Close()
	for ; it.Valid(); it.Next() {
		if len(list) == pageSize(limit) {
			return list, next, nil
		}
		kv, err := it.KeyValue()
		if err != nil {
			return nil, nil, err
		}
		list, next = append(list, kv.Value), kv.Key
	}
	return list, nil, nil
}

func startAfter(after []byte) *collections.Range[[]byte] {
	r := new(collections.Range[[]byte])
	if len(after) > 0 {
		r = r.StartExclusive(after)
	}
	return r
}

func pageSize(limit uint32) int {
	if limit == 0 {
		return defaultPage
	}
	return int(min(limit, maxPage))
}
