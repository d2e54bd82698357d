package wire

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/walrus-go/walrus/redstuff"
)

// A Cell is where the primary sliver of index Primary crosses the secondary sliver of index
// Secondary. Its symbol helps to rebuild either.
type Cell struct{ Primary, Secondary uint16 }

// String returns the form of queries, such as 17-21.
func (c Cell) String() string {
	return strconv.Itoa(int(c.Primary)) + "-" + strconv.Itoa(int(c.Secondary))
}

// ParseCell reads the form of [Cell.String]. Errors: [ErrQuery].
func ParseCell(s string) (Cell, error) {
	primary, secondary, found := strings.Cut(s, "-")
	i, err1 := strconv.ParseUint(primary, 10, 16)
	j, err2 := strconv.ParseUint(secondary, 10, 16)
	if !found || err1 != nil || err2 != nil {
		return Cell{}, fmt.Errorf("%w: symbol %q: want two sliver indices such as 17-21", ErrQuery, s)
	}
	return Cell{uint16(i), uint16(j)}, nil
}

// A Target is a sliver that someone wants to rebuild, by its index on its own axis.
type Target struct {
	Axis  redstuff.Axis
	Index uint16
}

// SymbolQuery asks for recovery symbols: either certain cells, or every cell of a target that the
// node has. Source: spec storage-node.md section 1.7.
type SymbolQuery struct {
	Cells  []Cell
	Target *Target
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

func parseTarget(values url.Values, n int) (*Target, error) {
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
	return &Target{axis, uint16(index)}, nil
}

func parseCells(ids []string, n int) ([]Cell, error) {
	cells := make([]Cell, 0, len(ids))
	for _, id := range ids {
		c, err := ParseCell(id)
		if err != nil {
			return nil, err
		}
		if int(c.Primary) >= n || int(c.Secondary) >= n {
			return nil, fmt.Errorf("%w: symbol %v, slivers are below %d", ErrSymbolOutOfRange, c, n)
		}
		cells = append(cells, c)
	}
	slices.SortFunc(cells, func(a, b Cell) int {
		return (int(a.Primary)<<16 | int(a.Secondary)) - (int(b.Primary)<<16 | int(b.Secondary))
	})
	return slices.Compact(cells), nil
}
