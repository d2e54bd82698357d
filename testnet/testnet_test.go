package testnet

import (
	"bytes"
	"crypto/rand"
	"testing"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/ledger/rpc"
	"github.com/walrus-go/walrus/redstuff"
)

// content returns size random bytes.
func content(size int) []byte {
	b := make([]byte, size)
	rand.Read(b)
	return b
}

// newClient returns a client of the network that is closed with the test.
func newClient(t *testing.T, n *Network, opts *client.Options) *client.Client {
	t.Helper()
	c, err := n.Client(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// storeOne stores one blob.
func storeOne(t *testing.T, c *client.Client, data []byte) client.Stored {
	t.Helper()
	stored, err := c.Store(t.Context(), [][]byte{data}, &client.StoreOptions{Epochs: 2, Deletable: true})
	if err != nil {
		t.Fatal(err)
	}
	if stored[0].Err != nil {
		t.Fatal(stored[0].Err)
	}
	return stored[0]
}

func TestStoreAndRead(t *testing.T) {
	t.Parallel()
	n := Start(t, Options{})
	c := newClient(t, n, nil)
	for _, size := range []int{0, 1, 1 << 10, 1 << 20} {
		data := content(size)
		s := storeOne(t, c, data)
		got, err := c.ReadAll(t.Context(), s.BlobID, nil)
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("blob of %d bytes: read %d bytes, %v", size, len(got), err)
		}
	}
	t.Run("in a pool", func(t *testing.T) { takeUpInPool(t, n) })
}

// takeUpInPool stores a blob that an earlier store registered in a storage pool and did not certify.
func takeUpInPool(t *testing.T, n *Network) {
	w, err := n.WalletOf(WalletKey)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := w.CreatePool(t.Context(), 100<<20, 2)
	if err != nil {
		t.Fatal(err)
	}
	data := content(1000)
	committees, err := n.Ledger().Committees(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	code, err := redstuff.New(committees.Current.Shards())
	if err != nil {
		t.Fatal(err)
	}
	commitment, err := code.CommitFrom(bytes.NewReader(data), int64(len(data)), nil)
	if err != nil {
		t.Fatal(err)
	}
	meta := blob.NewMetadata(commitment)
	made, err := w.RegisterPooled(t.Context(), pool.ID, []rpc.PooledRegistration{
		{BlobID: meta.ID(), RootHash: meta.Root(), Size: uint64(len(data)), Deletable: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(n.Ledger().InPool(pool.ID), &client.Options{Wallet: w.InPool(pool.ID)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	s := storeOne(t, c, data)
	if s.Operation != client.ReuseRegistration || s.Object.ID != made[0].ID || s.Cost != 0 {
		t.Errorf("%v of object %v for %d, want %v taken up", s.Operation, s.Object.ID, s.Cost, made[0].ID)
	}
	if got, err := c.ReadAll(t.Context(), s.BlobID, nil); err != nil || !bytes.Equal(got, data) {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n, err := Open(t.Context(), Options{Dir: dir, Nodes: 4, Shards: 10})
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, n, nil)
	data := content(100_000)
	id := storeOne(t, c, data).BlobID
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}

	n = Start(t, Options{Dir: dir})
	c = newClient(t, n, nil)
	got, err := c.ReadAll(t.Context(), id, nil)
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("after a restart: read %d bytes, %v", len(got), err)
	}
	storeOne(t, c, content(1000))
}
