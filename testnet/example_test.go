package testnet_test

import (
	"context"
	"fmt"
	"os"

	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/testnet"
)

// A network of four storage nodes comes up, keeps a blob, and loses a node that nobody misses.
func Example() {
	if err := example(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: hello, walrus
}

func example(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "walrus-example-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	n, err := testnet.Open(ctx, testnet.Options{Dir: dir, Shares: []int{3, 3, 2, 2}})
	if err != nil {
		return err
	}
	defer n.Close()
	c, err := n.Client(nil)
	if err != nil {
		return err
	}
	defer c.Close()
	stored, err := c.Store(ctx, [][]byte{[]byte("hello, walrus")}, &client.StoreOptions{Epochs: 1})
	if err != nil {
		return err
	}
	if err := n.StopNode(0); err != nil { // 3 of 10 shards may fail
		return err
	}
	data, err := c.ReadAll(ctx, stored[0].BlobID, nil)
	if err != nil {
		return err
	}
	fmt.Println(string(data))
	return nil
}
