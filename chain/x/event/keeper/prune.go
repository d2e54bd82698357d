package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	sdk "github.com/cosmos/cosmos-sdk/types"

	eventv1 "github.com/walrus-go/walrus/api/event/v1"
	"github.com/walrus-go/walrus/chain/isolate"
)

// What one block removes at most. Consensus. Blocks hold fewer events than that on average, by far: entries
// do not pile up.
const (
	pruneEntries = 1000
	pruneMarks   = 10
)

// EndBlock removes entries that are too old. It has no errors: what fails is undone, logged and tried again
// with the next block.
func (k Keeper) EndBlock(ctx context.Context) {
	if err := isolate.Branch(ctx, k.prune); err != nil {
		sdkCtx := sdk.UnwrapSDKContext(ctx)
		sdkCtx.Logger().Error("event: old entries were not removed", "height", sdkCtx.BlockHeight(), "err", err)
	}
}

// prune removes some of the entries, and of the marks, that are older than the parameter says.
func (k Keeper) prune(ctx context.Context) error {
	keep, bound, err := k.bound(ctx)
	if err != nil || bound == nil {
		return err
	}
	first, err := k.oldest(ctx)
	if err != nil {
		return err
	}
	end := min(bound.Sequence, first+pruneEntries)
	for sequence := first; sequence < end; sequence++ {
		if err := k.entries.Remove(ctx, sequence); err != nil {
			return err
		}
	}
	if end > first {
		if err := k.first.Set(ctx, end); err != nil {
			return err
		}
	}
	return k.pruneMarks(ctx, keep)
}

// bound returns the mark of the first epoch that is kept, and that epoch; nil if everything is kept.
func (k Keeper) bound(ctx context.Context) (keep uint32, mark *eventv1.Mark, err error) {
	params, err := k.getParams(ctx)
	if err != nil || params.KeepEpochs == 0 {
		return 0, nil, err
	}
	now, err := k.mark(ctx, new(collections.Range[uint32]).Descending())
	if err != nil || now == nil || now.Epoch <= params.KeepEpochs {
		return 0, nil, err
	}
	keep = now.Epoch - params.KeepEpochs
	mark, err = k.mark(ctx, new(collections.Range[uint32]).EndInclusive(keep).Descending())
	if err != nil || mark == nil {
		return 0, nil, err
	}
	return mark.Epoch, mark, nil
}

// mark returns the first mark of a range, nil if there is none.
func (k Keeper) mark(ctx context.Context, of collections.Ranger[uint32]) (*eventv1.Mark, error) {
	it, err := k.marks.Iterate(ctx, of)
	if err != nil {
		return nil, err
	}
	defer it.Close()
	if !it.Valid() {
		return nil, nil
	}
	kv, err := it.KeyValue()
	return &eventv1.Mark{Epoch: kv.Key, Sequence: kv.Value}, err
}

// pruneMarks removes some of the marks before that of epoch keep.
func (k Keeper) pruneMarks(ctx context.Context, keep uint32) error {
	for range pruneMarks {
		old, err := k.mark(ctx, new(collections.Range[uint32]).EndExclusive(keep))
		if err != nil || old == nil {
			return err
		}
		if err := k.marks.Remove(ctx, old.Epoch); err != nil {
			return err
		}
	}
	return nil
}

// getParams returns the parameters; a log that never had any is kept for ever.
func (k Keeper) getParams(ctx context.Context) (eventv1.Params, error) {
	params, err := k.params.Get(ctx)
	if errors.Is(err, collections.ErrNotFound) {
		return eventv1.Params{}, nil
	}
	return params, err
}
