// Package keeper holds the state of the event log: entries numbered from 0, the oldest one kept and the
// number of the next.
//
// Entries older than a number of epochs are removed, some with each block, so that the log does not grow for
// ever and no block has much to do.
//
// Start with [Keeper.Emit].
package keeper

import (
	"context"
	"fmt"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/store"
	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/gogoproto/proto"

	eventv1 "github.com/walrus-go/walrus/api/event/v1"
	"github.com/walrus-go/walrus/chain/origin"
	"github.com/walrus-go/walrus/chain/x/event/types"
)

// Keeper appends to the log and reads it.
type Keeper struct {
	entries collections.Map[uint64, eventv1.Entry]
	first   collections.Item[uint64]
	next    collections.Sequence
	params  collections.Item[eventv1.Params]
	marks   collections.Map[uint32, uint64]
	count   origin.Counter

	authority string
}

// NewKeeper returns the keeper of the log in the given stores. authority is the account of governance.
func NewKeeper(cdc codec.BinaryCodec, kv store.KVStoreService, transient store.TransientStoreService, authority string) (Keeper, error) {
	sb := collections.NewSchemaBuilder(kv)
	k := Keeper{
		entries: collections.NewMap(sb, types.EntriesPrefix, "entries", collections.Uint64Key, codec.CollValue[eventv1.Entry](cdc)),
		first:   collections.NewItem(sb, types.FirstPrefix, "first", collections.Uint64Value),
		next:    collections.NewSequence(sb, types.NextPrefix, "next"),
		params:  collections.NewItem(sb, types.ParamsPrefix, "params", codec.CollValue[eventv1.Params](cdc)),
		marks:   collections.NewMap(sb, types.MarksPrefix, "marks", collections.Uint32Key, collections.Uint64Value),
		count:   origin.NewCounter("event", transient),

		authority: authority,
	}
	_, err := sb.Build()
	return k, err
}

// A Ref names an event: what it came of, and its number there.
type Ref struct {
	Tx    [32]byte
	Index uint32
}

// Emit appends an event to the log and emits it as a typed event of the transaction. event is one of the
// event messages of [eventv1].
func (k Keeper) Emit(ctx context.Context, event proto.Message) (Ref, error) {
	wrapped, err := wrap(event)
	if err != nil {
		return Ref{}, err
	}
	sequence, err := k.next.Next(ctx)
	if err != nil {
		return Ref{}, err
	}
	ref := Ref{Tx: origin.Of(ctx)}
	if ref.Index, err = k.count.Next(ctx); err != nil {
		return Ref{}, err
	}
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	entry := eventv1.Entry{
		Sequence: sequence,
		Height:   sdkCtx.BlockHeight(),
		TimeMs:   sdkCtx.BlockTime().UnixMilli(),
		TxHash:   ref.Tx[:],
		TxIndex:  ref.Index,
		Event:    wrapped,
	}
	if err := k.entries.Set(ctx, sequence, entry); err != nil {
		return Ref{}, err
	}
	if start, ok := event.(*eventv1.EpochChangeStart); ok {
		if err := k.marks.Set(ctx, start.Epoch, sequence); err != nil {
			return Ref{}, err
		}
	}
	return ref, sdkCtx.EventManager().EmitTypedEvent(event)
}

// read returns entries in order, beginning with sequence from, at most limit of them.
func (k Keeper) read(ctx context.Context, from uint64, limit int) ([]*eventv1.Entry, error) {
	it, err := k.entries.Iterate(ctx, new(collections.Range[uint64]).StartInclusive(from))
	if err != nil {
		return nil, err
	}
	defer it.Close()
	var out []*eventv1.Entry
	for ; it.Valid() && len(out) < limit; it.Next() {
		entry, err := it.Value()
		if err != nil {
			return nil, fmt.Errorf("event: read the log: %w", err)
		}
		out = append(out, &entry)
	}
	return out, nil
}
