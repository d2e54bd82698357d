package node

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/walrus-go/walrus/bcs"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/merkle"
	"github.com/walrus-go/walrus/redstuff"
	"github.com/walrus-go/walrus/store"
	"github.com/walrus-go/walrus/wire"
)

// getSymbols is route 10. Source: spec storage-node.md section 1.7.
func (n *Node) getSymbols(w http.ResponseWriter, r *http.Request) error {
	id, err := wire.PathBlob(r)
	if err != nil {
		return err
	}
	v, err := n.current()
	if err != nil {
		return err
	}
	q, err := wire.ParseSymbolQuery(r.URL.RawQuery, v.Shards)
	if err != nil {
		return err
	}
	if len(q.Cells) > v.Shards { // more than any sliver has
		return fmt.Errorf("%w: %d symbols, at most %d at once", wire.ErrQuery, len(q.Cells), v.Shards)
	}
	_, registered, err := n.kept(v, id)
	if err != nil {
		return err
	}
	if !registered {
		return fmt.Errorf("%w: blob %v is not registered in epoch %d", wire.ErrSliverNotFound, id, v.Epoch)
	}
	m, err := n.metadataOf(id)
	if err := n.readable(err, wire.ErrSliverNotFound); err != nil {
		return err
	}
	sources := n.sources(v, id, q)
	if len(sources) == 0 {
		return fmt.Errorf("%w: blob %v", wire.ErrSymbolNotHere, id)
	}
	size, err := symbolBytes(m)
	if err != nil {
		return err
	}
	release, err := n.memory.reads.take(r.Context(), int64(size)*int64(len(sources)))
	if err != nil {
		return err
	}
	defer release()
	return n.writeSymbols(w, r, v, sources, size)
}

// symbolsTime is how long slivers are looked through for one request. Callers ask several nodes, and
// take what comes.
const symbolsTime = 30 * time.Second

// writeSymbols answers with the symbols that can be had; only if there are none is that an error. If
// one cannot be had for another reason than that its sliver is missing, the rest are not tried.
func (n *Node) writeSymbols(w http.ResponseWriter, r *http.Request, v *view, cells [][]source, size int) error {
	body := make([]byte, 0, len(cells)*size)
	count := 0
	var failed error
	ctx, cancel := context.WithTimeout(r.Context(), symbolsTime)
	defer cancel()
	for _, choices := range cells {
		symbol, err := n.symbol(ctx, v, choices)
		if errors.Is(err, wire.ErrSliverNotFound) {
			failed = err
			continue
		}
		if err != nil {
			failed = err
			break
		}
		body = symbol.AppendBCS(body)
		count++
	}
	switch {
	case r.Context().Err() != nil:
		return r.Context().Err()
	case count == 0 && ctx.Err() != nil:
		return fmt.Errorf("%w: too much is asked for", wire.ErrUnavailable)
	case count == 0:
		return failed
	}
	n.metrics.symbols.Add(float64(count))
	_ = wire.WriteBCS(w, append(bcs.AppendLen(make([]byte, 0, 5+len(body)), count), body...)) // the caller is gone
	return nil
}

// symbolBytes bounds the encoding of one symbol with its proof.
func symbolBytes(m *blob.Metadata) (int, error) {
	size, err := m.SymbolSize()
	const rest = 16 // axis, indices and lengths
	return rest + size + merkle.PathLength(m.Shards())*(merkle.Size+1), err
}

// A source is a sliver that a symbol can be taken from: the one for sliver target of the other axis.
type source struct {
	key    store.SliverKey
	sliver blob.SliverID
	target blob.SliverIndex
}

// sources returns, for each symbol asked for that crosses a shard of this node, the slivers it can be
// taken from, in the order of preference.
func (n *Node) sources(v *view, id blob.ID, q wire.SymbolQuery) [][]source {
	var all [][]source
	for _, cell := range n.cells(v, id, q) {
		var choices []source
		// A secondary target first, whose source is the primary sliver.
		for _, s := range []struct {
			sliver blob.SliverID
			target blob.SliverIndex
		}{
			{blob.SliverID{Axis: redstuff.Primary, Index: cell.Primary}, cell.Secondary},
			{blob.SliverID{Axis: redstuff.Secondary, Index: cell.Secondary}, cell.Primary},
		} {
			if q.ProofAxis != nil && *q.ProofAxis != s.sliver.Axis {
				continue
			}
			pair := s.sliver.Index.Pair(s.sliver.Axis, v.Shards)
			if key, err := n.keyOf(v, id, int(pair), s.sliver.Axis); err == nil {
				choices = append(choices, source{key, s.sliver, s.target})
			}
		}
		if len(choices) > 0 {
			all = append(all, choices)
		}
	}
	return all
}

// cells returns the cells that a query is about: those it names, or those where its target crosses
// slivers of this node.
func (n *Node) cells(v *view, id blob.ID, q wire.SymbolQuery) []blob.SymbolID {
	if q.Target == nil {
		return q.Cells
	}
	var cells []blob.SymbolID
	across := q.Target.Axis.Other()
	for _, shard := range v.Owned {
		i := id.Pair(shard, v.Shards).Sliver(across, v.Shards)
		if across == redstuff.Secondary {
			cells = append(cells, blob.SymbolID{Primary: q.Target.Index, Secondary: i})
		} else {
			cells = append(cells, blob.SymbolID{Primary: i, Secondary: q.Target.Index})
		}
	}
	return cells
}

// symbol takes a symbol from the first of its sources that is stored.
func (n *Node) symbol(ctx context.Context, v *view, choices []source) (symbol blob.GeneralSymbol, err error) {
	for _, s := range choices {
		var x *blob.Expanded
		x, err = n.expand(ctx, v, s)
		if errors.Is(err, wire.ErrSliverNotFound) {
			continue
		}
		if err != nil {
			return symbol, err
		}
		return x.Recovery(s.target)
	}
	return symbol, err
}

// expand returns a stored sliver ready to give symbols away.
func (n *Node) expand(ctx context.Context, v *view, s source) (*blob.Expanded, error) {
	if x, ok := n.expanded.get(s.key); ok {
		return x, nil
	}
	n.metrics.symbolMisses.Inc()
	size, err := n.store.SliverSize(s.key)
	if err := n.readable(err, wire.ErrSliverNotFound); err != nil {
		return nil, err
	}
	// The sliver, the symbols beyond it, and its tree.
	bytes := 3*int64(size) + 64*int64(v.Shards)
	// Not of the budget that the answer holds a part of.
	release, err := n.memory.symbols.take(ctx, bytes)
	if err != nil {
		return nil, err
	}
	defer release()
	raw, err := n.store.Sliver(s.key)
	if err := n.readable(err, wire.ErrSliverNotFound); err != nil {
		return nil, err
	}
	sliver, err := blob.ParseSliver(s.sliver.Axis, raw)
	if err != nil || sliver.Index != s.sliver.Index {
		return nil, n.readable(fmt.Errorf("%w: %v does not decode: %w", store.ErrCorrupt, s.key, err), wire.ErrSliverNotFound)
	}
	var x *blob.Expanded
	err = n.workers.do(ctx, func() (err error) {
		x, err = sliver.Expand(v.Shards)
		return err
	})
	if err != nil {
		return nil, err
	}
	n.expanded.put(s.key, x, bytes)
	return x, nil
}
