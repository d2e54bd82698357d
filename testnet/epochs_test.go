package testnet

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/committee"
)

// TestEpochs: epochs change while a network runs, and what was stored in one is there in the next.
func TestEpochs(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	n := Start(t, Options{EpochDuration: 2 * time.Second})
	c, err := n.Client(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var stored []client.Stored
	data := [][]byte{[]byte("of the first epoch"), []byte("of a later epoch")}
	for i := range data {
		if i > 0 {
			awaitEpoch(ctx, t, n, 3)
		}
		out, err := c.Store(ctx, data[i:i+1], &client.StoreOptions{Epochs: 30})
		if err != nil {
			t.Fatalf("store %d: %v", i, err)
		}
		stored = append(stored, out...)
	}
	awaitEpoch(ctx, t, n, stored[1].Object.Registered+1)
	for i, s := range stored {
		got, err := c.ReadAll(ctx, s.BlobID, nil)
		if err != nil || !bytes.Equal(got, data[i]) {
			t.Errorf("blob %d reads back as %q, %v", i, got, err)
		}
	}
}

// awaitEpoch waits until the given epoch, or a later one, has all its shards.
func awaitEpoch(ctx context.Context, t *testing.T, n *Network, epoch committee.Epoch) {
	t.Helper()
	for {
		c, err := n.Ledger().Committees(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if c.Current.Epoch() >= epoch && !c.Transition {
			return
		}
		if err := pause(ctx); err != nil {
			t.Fatalf("epoch %d, transition %v: %v", c.Current.Epoch(), c.Transition, err)
		}
	}
}
