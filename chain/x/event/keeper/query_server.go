package keeper

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	eventv1 "github.com/walrus-go/walrus/api/event/v1"
)

// MaxEvents bounds the entries in one answer.
const MaxEvents = 1000

// Querier answers the module's queries.
type Querier struct{ k Keeper }

var _ eventv1.QueryServer = Querier{}

// NewQuerier returns the query server of k.
func NewQuerier(k Keeper) Querier { return Querier{k} }

// Events implements [eventv1.QueryServer].
func (q Querier) Events(ctx context.Context, req *eventv1.QueryEventsRequest) (*eventv1.QueryEventsResponse, error) {
	limit := int(min(req.Limit, MaxEvents))
	if limit == 0 {
		limit = MaxEvents
	}
	first, err := q.k.oldest(ctx)
	if err != nil {
		return nil, err
	}
	next, err := q.k.next.Peek(ctx)
	if err != nil {
		return nil, err
	}
	entries, err := q.k.read(ctx, req.From, limit)
	if err != nil {
		return nil, err
	}
	return &eventv1.QueryEventsResponse{
		Entries: entries,
		First:   first,
		Next:    next,
		Height:  sdk.UnwrapSDKContext(ctx).BlockHeight(),
	}, nil
}

// Params implements [eventv1.QueryServer].
func (q Querier) Params(ctx context.Context, _ *eventv1.QueryParamsRequest) (*eventv1.QueryParamsResponse, error) {
	params, err := q.k.getParams(ctx)
	if err != nil {
		return nil, err
	}
	first, err := q.k.oldest(ctx)
	if err != nil {
		return nil, err
	}
	next, err := q.k.next.Peek(ctx)
	return &eventv1.QueryParamsResponse{Params: params, First: first, Next: next}, err
}
