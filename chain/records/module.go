package records

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"cosmossdk.io/collections"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
)

// partSize is the size from which on a part gets no more records.
const partSize = 1 << 16

type (
	readerKey struct{}
	writerKey struct{}
)

// WithReader returns a context in which modules import what in has.
func WithReader(ctx sdk.Context, in *Reader) sdk.Context { return ctx.WithValue(readerKey{}, in) }

// WithWriter returns a context in which modules export to out.
func WithWriter(ctx sdk.Context, out *Writer) sdk.Context { return ctx.WithValue(writerKey{}, out) }

// A Genesis is a module's genesis in protobuf.
type Genesis[G any] interface {
	*G
	Marshal() ([]byte, error)
	Unmarshal([]byte) error
}

// Export writes the values of a map, in its order, as parts of a module's genesis: wrap makes a genesis of
// some of them. The context is one of [WithWriter].
func Export[K, V any, P interface {
	*V
	Size() int
}, G interface{ Marshal() ([]byte, error) }](ctx context.Context, module string, m collections.Map[K, V], wrap func([]V) G) error {
	out, ok := ctx.Value(writerKey{}).(*Writer)
	if !ok {
		return fmt.Errorf("records: nothing to export module %s to", module)
	}
	it, err := m.Iterate(ctx, nil)
	if err != nil {
		return fmt.Errorf("records: export module %s: %w", module, err)
	}
	defer it.Close()
	var list []V
	for size := 0; it.Valid(); it.Next() {
		v, err := it.Value()
		if err != nil {
			return fmt.Errorf("records: export module %s: %w", module, err)
		}
		list = append(list, v)
		if size += P(&v).Size(); size < partSize {
			continue
		}
		if err := write(out, module, wrap(list)); err != nil {
			return err
		}
		list, size = list[:0], 0
	}
	if len(list) == 0 {
		return nil
	}
	return write(out, module, wrap(list))
}

func write(out *Writer, module string, part interface{ Marshal() ([]byte, error) }) error {
	raw, err := part.Marshal()
	if err != nil {
		return fmt.Errorf("records: export module %s: %w", module, err)
	}
	return out.Write(module, raw)
}

// Import hands the parts of a module's genesis to take, one after the other; without a reader in the
// context there are none. lists returns a genesis of nothing but the lists of records: a part that has
// more, or that could be written in another way, is refused.
//
// After each part, what was written to the state moves on to the trees, so that it is not held twice. The
// shape of the trees, and with it the hash of the state, depends on where parts end.
//
// Errors: [ErrCorrupt], and those of take.
func Import[G any, P Genesis[G]](ctx context.Context, module string, lists func(P) P, take func(P) error) error {
	in, ok := ctx.Value(readerKey{}).(*Reader)
	if !ok {
		return nil
	}
	cached, _ := sdk.UnwrapSDKContext(ctx).MultiStore().(storetypes.CacheMultiStore)
	for {
		raw, err := in.Next(module)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		part := P(new(G))
		if err := part.Unmarshal(raw); err != nil {
			return fmt.Errorf("%w: module %s: %w", ErrCorrupt, module, err)
		}
		if again, err := lists(part).Marshal(); err != nil || !bytes.Equal(again, raw) {
			return fmt.Errorf("%w: module %s: a part is more than records, or not in the form that is written", ErrCorrupt, module)
		}
		if err := take(part); err != nil {
			return err
		}
		if cached != nil {
			cached.Write()
		}
	}
}
