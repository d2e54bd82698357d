package testnet

import (
	"bytes"
	"crypto/rand"
	"testing"

	"github.com/walrus-go/walrus/client"
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
