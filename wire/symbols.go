package wire

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/redstuff"
)

// SymbolQuery asks for recovery symbols: either those of certain cells, where two slivers cross, or
// every one the node has of a target, a sliver to rebuild. Source: spec storage-node.md section 1.7.
type SymbolQuery struct {
	Cells  []blob.SymbolID
	Target *blob.SliverID
	// ProofAxis, unless nil, is the axis of the slivers in whose trees the proofs must run. One who
	// rebuilds a sliver asks for the other axis.
	ProofAxis *redstuff.Axis
}

func (q SymbolQuery) values() url.Values {
	v := url.Values{}
	for _, c := range q.Cells {
		v.Add("id", c.String())
	}
	if q.Target != nil {
		v.Set("targetSliver", strconv.Itoa(int(q.Target.Index)))
		v.Set("targetType", q.Target.Axis.String())
	}
	if q.ProofAxis != nil {
		v.Set("proofAxis", q.ProofAxis.String())
	}
	return v
}

// ParseSymbolQuery reads a query of route 10 for a code of n shards. Cells come out sorted and
// without duplicates, so there are never more than the query has bytes. Unknown keys are stepped over.
//
// Errors: [ErrNoSymbols], [ErrSymbolFilter], [ErrSymbolOutOfRange], [ErrQuery].
func ParseSymbolQuery(query string, n int) (SymbolQuery, error) {
	values, err := parseQuery(query)
	if err != nil {
		return SymbolQuery{}, err
	}
	q := SymbolQuery{}
	if values.Has("proofAxis") {
		axis, err := redstuff.ParseAxis(values.Get("proofAxis"))
		if err != nil {
			return q, fmt.Errorf("%w: proofAxis: %w", ErrQuery, err)
		}
		q.ProofAxis = &axis
	}
	byTarget := values.Has("targetSliver") || values.Has("targetType")
	switch {
	case byTarget && values.Has("id"):
		return q, fmt.Errorf("%w: both id and targetSliver", ErrSymbolFilter)
	case byTarget:
		q.Target, err = parseTarget(values, n)
		return q, err
	case !values.Has("id"):
		return q, fmt.Errorf("%w: neither id nor targetSliver", ErrNoSymbols)
	}
	q.Cells, err = parseCells(values["id"], n)
	return q, err
}

func parseTarget(values url.Values, n int) (*blob.SliverID, error) {
	if !values.Has("targetSliver") || !values.Has("targetType") {
		return nil, fmt.Errorf("%w: targetSliver and targetType go together", ErrSymbolFilter)
	}
	index, err := strconv.ParseUint(values.Get("targetSliver"), 10, 16)
	if err != nil {
		return nil, fmt.Errorf("%w: targetSliver: not a sliver index", ErrQuery)
	}
	axis, err := redstuff.ParseAxis(values.Get("targetType"))
	if err != nil {
		return nil, fmt.Errorf("%w: targetType: %w", ErrQuery, err)
	}
	if index >= uint64(n) {
		return nil, fmt.Errorf("%w: sliver %d of %d", ErrSymbolOutOfRange, index, n)
	}
	return &blob.SliverID{Axis: axis, Index: blob.SliverIndex(index)}, nil
}

func parseCells(ids []string, n int) ([]blob.SymbolID, error) {
	cells := make([]blob.SymbolID, 0, len(ids))
	for _, id := range ids {
		c, err := blob.ParseSymbolID(id)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrQuery, err)
		}
		if int(c.Primary) >= n || int(c.Secondary) >= n {
			return nil, fmt.Errorf("%w: symbol %v, slivers are below %d", ErrSymbolOutOfRange, c, n)
		}
		cells = append(cells, c)
	}
	slices.SortFunc(cells, func(a, b blob.SymbolID) int {
		return cmp.Or(cmp.Compare(a.Primary, b.Primary), cmp.Compare(a.Secondary, b.Secondary))
	})
	return slices.Compact(cells), nil
}
