package keeper

import (
	"context"
	"errors"
	"fmt"
	"math"

	"cosmossdk.io/collections"

	eventv1 "github.com/walrus-go/walrus/api/event/v1"
)

// ErrGenesis means that an exported log has gaps or entries without an event.
var ErrGenesis = errors.New("event: invalid genesis")

// Validate checks that the entries of an exported log are numbered without gaps.
func Validate(g *eventv1.GenesisState) error {
	for i, e := range g.Entries {
		if e == nil || e.Event == nil || e.Event.Kind == nil {
			return fmt.Errorf("%w: entry %d has no event", ErrGenesis, i)
		}
		if e.Sequence != g.First+uint64(i) {
			return fmt.Errorf("%w: entry %d has sequence %d, want %d", ErrGenesis, i, e.Sequence, g.First+uint64(i))
		}
		if len(e.TxHash) != 32 {
			return fmt.Errorf("%w: entry %d has a transaction hash of %d bytes", ErrGenesis, i, len(e.TxHash))
		}
	}
	return nil
}

// InitGenesis writes an exported log to an empty store.
func (k Keeper) InitGenesis(ctx context.Context, g *eventv1.GenesisState) error {
	if err := Validate(g); err != nil {
		return err
	}
	if err := k.first.Set(ctx, g.First); err != nil {
		return err
	}
	for _, e := range g.Entries {
		if err := k.entries.Set(ctx, e.Sequence, *e); err != nil {
			return err
		}
	}
	return k.next.Set(ctx, g.First+uint64(len(g.Entries)))
}

// ExportGenesis returns the whole log.
func (k Keeper) ExportGenesis(ctx context.Context) (*eventv1.GenesisState, error) {
	first, err := k.oldest(ctx)
	if err != nil {
		return nil, err
	}
	entries, err := k.read(ctx, first, math.MaxInt)
	if err != nil {
		return nil, err
	}
	return &eventv1.GenesisState{First: first, Entries: entries}, nil
}

// oldest returns the oldest sequence that the log keeps.
func (k Keeper) oldest(ctx context.Context) (uint64, error) {
	first, err := k.first.Get(ctx)
	if errors.Is(err, collections.ErrNotFound) {
		return 0, nil
	}
	return first, err
}
