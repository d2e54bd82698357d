package chaintest_test

import (
	"context"
	"math"
	"slices"
	"testing"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// ringPrefix is where the blob module keeps the accounts of epochs.
const ringPrefix = 9

// The limits of gas that wallets set are enough where space is sold for as many epochs as can be and every
// epoch is well sold: whoever buys one epoch writes the accounts of all.
func TestGasAtTheHorizon(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const epochs = economy.MaxEpochsAhead
	c := newEpochs(t, chaintest.Options{Genesis: func(g *chain.GenesisOptions) {
		g.MaxEpochsAhead, g.Capacity = epochs, math.MaxUint64
	}})
	store, key := c.Store("blob"), []byte{ringPrefix}
	var ring blobv1.Ring
	ok(t, ring.Unmarshal(store.Get(key)))
	for i := range ring.Entries { // numbers of nine bytes each
		ring.Entries[i].Used, ring.Entries[i].Rewards = 1<<62, 1<<60
	}
	raw, err := ring.Marshal()
	ok(t, err)
	store.Set(key, raw)

	w := c.Wallet(0)
	pool, err := w.CreatePool(ctx, 2*encodedSize, epochs-1)
	ok(t, err)
	ok(t, errOf(w.RegisterPooled(ctx, pool.ID, []rpc.PooledRegistration{pooled(1, true)})))
	ok(t, errOf(w.ExtendPool(ctx, pool.ID, 1)))
	ok(t, w.GrowPool(ctx, pool.ID, 1))
	bucket, err := w.CreateBucket(ctx, 2*encodedSize, epochs-1)
	ok(t, err)
	ok(t, errOf(w.RegisterInBucket(ctx, bucket, []rpc.PooledRegistration{pooled(1, true)})))
	ok(t, errOf(w.ExtendBucket(ctx, bucket, 1)))
	ok(t, w.GrowBucket(ctx, bucket, 1))
	b := certified(t, c, w, epochs-2)
	ok(t, w.Extend(ctx, b.ID, 1))
	shared, err := w.Share(ctx, b.ID, wal)
	ok(t, err)
	_, _, err = w.ExtendShared(ctx, shared, 1)
	ok(t, err)
	ok(t, errOf(w.Register(ctx, []ledger.Registration{ledgertest.Claim(1000, epochs, false)})))
	ok(t, errOf(w.Register(ctx, slices.Repeat([]ledger.Registration{ledgertest.Claim(1000, epochs, true)}, 50))))
}
