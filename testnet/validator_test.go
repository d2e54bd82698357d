package testnet

import (
	"bytes"
	"errors"
	"testing"
)

// TestStoppedValidator stops the one of four validators through which the whole process talks to the chain:
// the chain, its clients and the storage nodes go on without it. It comes back with the network.
func TestStoppedValidator(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n, err := Open(t.Context(), Options{Dir: dir, Nodes: 4, Shards: 13, Shares: []int{4, 3, 3, 3}, Validators: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	store := func() (check func()) {
		t.Helper()
		data := content(10_000)
		id := storeOne(t, newClient(t, n, nil), data).BlobID
		return func() {
			t.Helper()
			if got, err := newClient(t, n, nil).ReadAll(t.Context(), id, nil); err != nil || !bytes.Equal(got, data) {
				t.Errorf("read %d bytes, %v", len(got), err)
			}
		}
	}
	before := store()
	if err := n.StopValidator(0); err != nil { // with 4 of 13 shards, as many as may fail
		t.Fatal(err)
	}
	if err := n.StopValidator(0); !errors.Is(err, ErrStopped) {
		t.Errorf("stopped again: %v", err)
	}
	during := store()
	before()
	during()
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}

	n = Start(t, Options{Dir: dir, Nodes: 4, Validators: 4})
	during()
	store()()
}
