package keeper

import (
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/collections"

	eventv1 "github.com/walrus-go/walrus/api/event/v1"
	"github.com/walrus-go/walrus/chain/records"
	"github.com/walrus-go/walrus/chain/x/event/types"
)

// ErrGenesis means that an exported log has gaps or entries without an event.
var ErrGenesis = errors.New("event: invalid genesis")

// Validate checks that marks are in order. What they mark, and entries, are checked as they are taken up.
func Validate(g *eventv1.GenesisState) error {
	for i, m := range g.Marks {
		if i > 0 && (m.Epoch <= g.Marks[i-1].Epoch || m.Sequence <= g.Marks[i-1].Sequence) {
			return fmt.Errorf("%w: mark %d of epoch %d, sequence %d, is out of order", ErrGenesis, i, m.Epoch, m.Sequence)
		}
	}
	return nil
}

// InitGenesis writes an exported log, the entries beside its genesis included, to an empty store.
func (k Keeper) InitGenesis(ctx context.Context, g *eventv1.GenesisState) error {
	if err := Validate(g); err != nil {
		return err
	}
	next := g.First
	take := func(part *eventv1.GenesisState) (err error) {
		next, err = k.initEntries(ctx, next, part.Entries)
		return err
	}
	if err := take(g); err != nil {
		return err
	}
	if err := records.Import(ctx, types.ModuleName, entriesOf, take); err != nil {
		return err
	}
	for i, m := range g.Marks {
		if m.Sequence > next {
			return fmt.Errorf("%w: mark %d of epoch %d is of entry %d, the log ends before %d", ErrGenesis, i, m.Epoch, m.Sequence, next)
		}
		if err := k.marks.Set(ctx, m.Epoch, m.Sequence); err != nil {
			return err
		}
	}
	return errors.Join(k.first.Set(ctx, g.First), k.params.Set(ctx, g.Params), k.next.Set(ctx, next))
}

// entriesOf returns the entries of a genesis, and nothing else of it.
func entriesOf(g *eventv1.GenesisState) *eventv1.GenesisState {
	return &eventv1.GenesisState{Entries: g.Entries}
}

// initEntries writes entries, which must be numbered from next on without gaps, and returns the number after
// the last.
func (k Keeper) initEntries(ctx context.Context, next uint64, list []*eventv1.Entry) (uint64, error) {
	for _, e := range list {
		if e == nil || e.Event == nil || e.Event.Kind == nil {
			return 0, fmt.Errorf("%w: entry %d has no event", ErrGenesis, next)
		}
		if e.Sequence != next {
			return 0, fmt.Errorf("%w: entry %d has sequence %d", ErrGenesis, next, e.Sequence)
		}
		if len(e.TxHash) != 32 {
			return 0, fmt.Errorf("%w: entry %d has a transaction hash of %d bytes", ErrGenesis, next, len(e.TxHash))
		}
		if err := k.entries.Set(ctx, next, *e); err != nil {
			return 0, err
		}
		next++
	}
	return next, nil
}

// ExportGenesis returns the log without its entries, which go to the writer in ctx.
func (k Keeper) ExportGenesis(ctx context.Context) (*eventv1.GenesisState, error) {
	g := new(eventv1.GenesisState)
	var err error
	if g.First, err = k.oldest(ctx); err != nil {
		return nil, err
	}
	if g.Params, err = k.getParams(ctx); err != nil {
		return nil, err
	}
	it, err := k.marks.Iterate(ctx, nil)
	if err != nil {
		return nil, err
	}
	all, err := it.KeyValues()
	if err != nil {
		return nil, err
	}
	for _, kv := range all {
		g.Marks = append(g.Marks, eventv1.Mark{Epoch: kv.Key, Sequence: kv.Value})
	}
	return g, records.Export(ctx, types.ModuleName, k.entries, func(list []eventv1.Entry) *eventv1.GenesisState {
		part := &eventv1.GenesisState{Entries: make([]*eventv1.Entry, len(list))}
		for i := range list {
			part.Entries[i] = &list[i]
		}
		return part
	})
}

// oldest returns the oldest sequence that the log keeps.
func (k Keeper) oldest(ctx context.Context) (uint64, error) {
	first, err := k.first.Get(ctx)
	if errors.Is(err, collections.ErrNotFound) {
		return 0, nil
	}
	return first, err
}
