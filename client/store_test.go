package client_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"

	"github.com/walrus-go/walrus/client"
)

// randomBytes returns the same bytes for the same seed.
func randomBytes(seed uint64, size int) []byte {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(b) // never fails
	return b
}

func TestStoreAndRead(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, 10, 100)
	c := net.newClient(t, nil)
	for _, size := range []int{0, 1, 1000, 100_000, 5 << 20} {
		for _, deletable := range []bool{false, true} {
			data := randomBytes(uint64(size), size)
			stored, err := c.Store(context.Background(), [][]byte{data}, &client.StoreOptions{Epochs: 3, Deletable: deletable})
			if err != nil {
				t.Fatalf("%d bytes: %v", size, err)
			}
			s := stored[0]
			if s.Object == nil || s.Object.Certified == nil || s.End != 10 || s.Object.Deletable != deletable || s.Operation != client.RegisterFromScratch {
				t.Fatalf("%d bytes: stored as %+v", size, s)
			}
			got, err := c.ReadAll(context.Background(), s.BlobID, nil)
			if err != nil || !bytes.Equal(got, data) {
				t.Fatalf("%d bytes: read %d bytes, %v", size, len(got), err)
			}
		}
	}
}
