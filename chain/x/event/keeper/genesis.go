package keeper

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"cosmossdk.io/collections"
	"github.com/cosmos/cosmos-sdk/codec"

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
	next := g.First + uint64(len(g.Entries))
	for i, m := range g.Marks {
		if m.Sequence > next || i > 0 && (m.Epoch <= g.Marks[i-1].Epoch || m.Sequence <= g.Marks[i-1].Sequence) {
			return fmt.Errorf("%w: mark %d of epoch %d, sequence %d, is out of order", ErrGenesis, i, m.Epoch, m.Sequence)
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
	for _, m := range g.Marks {
		if err := k.marks.Set(ctx, m.Epoch, m.Sequence); err != nil {
			return err
		}
	}
	return errors.Join(k.params.Set(ctx, g.Params), k.next.Set(ctx, g.First+uint64(len(g.Entries))))
}

// ExportGenesis returns the whole log as the text of a [eventv1.GenesisState]. It is written entry by entry,
// so that only the text is in memory as a whole.
func (k Keeper) ExportGenesis(ctx context.Context, cdc codec.JSONCodec) (json.RawMessage, error) {
	head, err := k.exportHead(ctx)
	if err != nil {
		return nil, err
	}
	text, err := cdc.MarshalJSON(head)
	if err != nil {
		return nil, err
	}
	// Entries are written into the list that is empty in the text.
	empty := []byte(`"entries":[]`)
	at := bytes.Index(text, empty)
	if at < 0 {
		return nil, fmt.Errorf("%w: no place for entries in %s", ErrGenesis, text)
	}
	at += len(empty) - 1
	var out bytes.Buffer
	out.Write(text[:at])
	if err := k.exportEntries(ctx, cdc, &out); err != nil {
		return nil, err
	}
	out.Write(text[at:])
	return out.Bytes(), nil
}

// exportHead is the genesis without entries.
func (k Keeper) exportHead(ctx context.Context) (*eventv1.GenesisState, error) {
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
	for _, kv := range all {
		g.Marks = append(g.Marks, eventv1.Mark{Epoch: kv.Key, Sequence: kv.Value})
	}
	return g, err
}

func (k Keeper) exportEntries(ctx context.Context, cdc codec.JSONCodec, out *bytes.Buffer) error {
	it, err := k.entries.Iterate(ctx, nil)
	if err != nil {
		return err
	}
	defer it.Close()
	for first := true; it.Valid(); it.Next() {
		entry, err := it.Value()
		if err != nil {
			return err
		}
		text, err := cdc.MarshalJSON(&entry)
		if err != nil {
			return err
		}
		if !first {
			out.WriteByte(',')
		}
		first = false
		out.Write(text)
	}
	return nil
}

// oldest returns the oldest sequence that the log keeps.
func (k Keeper) oldest(ctx context.Context) (uint64, error) {
	first, err := k.first.Get(ctx)
	if errors.Is(err, collections.ErrNotFound) {
		return 0, nil
	}
	return first, err
}
