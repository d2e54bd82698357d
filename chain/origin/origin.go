// Package origin names what is being executed, and from it the objects and events that come of it.
//
// The idea: a transaction's hash is unique on its chain, so the hash, the number of the message and a
// counter make an identifier that nobody can choose and that every replica agrees on. What a block does
// by itself, without a transaction, is named by the block's height.
//
// Start with [Of] and [Counter].
package origin

import (
	"context"
	"crypto/sha256"
	"encoding/binary"

	"cosmossdk.io/core/store"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"golang.org/x/crypto/blake2b"

	"github.com/walrus-go/walrus/blob"
)

// Tags keep the hashes of this package apart from each other and from all other hashes. They are
// consensus.
const (
	blockTag  = "walrus block"
	objectTag = "walrus object"
)

// hashKey is where a context keeps the hash of its transaction.
type hashKey struct{}

// Remember returns a context that knows the hash of its transaction, if it has one. Without it every object
// and event would hash the whole transaction anew, at a cost that grows with the square of its size.
func Remember(ctx sdk.Context) sdk.Context {
	if tx := ctx.TxBytes(); len(tx) > 0 {
		return ctx.WithValue(hashKey{}, sha256.Sum256(tx))
	}
	return ctx
}

// Of returns the SHA-256 of the transaction being executed, the hash it is known by everywhere. Outside
// of transactions it is a hash of the block's height.
func Of(ctx context.Context) [32]byte {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	if known, ok := sdkCtx.Value(hashKey{}).([32]byte); ok {
		return known
	}
	if tx := sdkCtx.TxBytes(); len(tx) > 0 {
		return sha256.Sum256(tx)
	}
	return sha256.Sum256(binary.BigEndian.AppendUint64([]byte(blockTag), uint64(sdkCtx.BlockHeight())))
}

// Counter numbers things within one origin. Its state lives until the block ends.
type Counter struct {
	name  string
	store store.TransientStoreService
}

// NewCounter returns the counter of the given name in a transient store.
func NewCounter(name string, store store.TransientStoreService) Counter {
	return Counter{name: name, store: store}
}

// Next returns 0, 1, 2 and so on for calls within one origin.
func (c Counter) Next(ctx context.Context) (uint32, error) {
	of := Of(ctx)
	return c.next(ctx, append([]byte(c.name), of[:]...))
}

// NextObject returns a fresh object identifier: the hash of the origin, the number of the message in it
// and a counter.
func (c Counter) NextObject(ctx context.Context) (blob.ObjectID, error) {
	of := Of(ctx)
	seed := append([]byte(objectTag), of[:]...)
	seed = binary.BigEndian.AppendUint32(seed, uint32(sdk.UnwrapSDKContext(ctx).MsgIndex()))
	n, err := c.next(ctx, append([]byte(c.name), seed...))
	if err != nil {
		return blob.ObjectID{}, err
	}
	return blake2b.Sum256(binary.BigEndian.AppendUint32(seed, n)), nil
}

func (c Counter) next(ctx context.Context, key []byte) (uint32, error) {
	kv := c.store.OpenTransientStore(ctx)
	raw, err := kv.Get(key)
	if err != nil {
		return 0, err
	}
	var n uint32
	if len(raw) == 4 {
		n = binary.BigEndian.Uint32(raw)
	}
	return n, kv.Set(key, binary.BigEndian.AppendUint32(nil, n+1))
}
