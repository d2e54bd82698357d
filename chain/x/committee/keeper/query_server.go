package keeper

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

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
		if err != nil {
			return nil, fmt.Errorf("node %x: %w", m.NodeId, err)
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
	limit := int(min(req.Limit, maxPage))
	if limit == 0 {
		limit = defaultPage
	}
	var after *collections.Range[[]byte]
	if len(req.After) > 0 {
		after = new(collections.Range[[]byte]).StartExclusive(req.After)
	} else {
		after = new(collections.Range[[]byte])
	}
	it, err := q.k.nodes.Iterate(ctx, after)
	if err != nil {
		return nil, err
	}
	defer it.Close()
	out := &committeev1.QueryNodesResponse{}
	for ; it.Valid(); it.Next() {
		if len(out.Nodes) == limit {
			out.Next = out.Nodes[limit-1].Id
			break
		}
		node, err := it.Value()
		if err != nil {
			return nil, err
		}
		out.Nodes = append(out.Nodes, node)
	}
	return out, nil
}

type epochText uint32

func (e epochText) String() string { return fmt.Sprint(uint32(e)) }

// hexID is the text of an identifier in errors.
func hexID(id []byte) string { return "0x" + hex.EncodeToString(id) }
