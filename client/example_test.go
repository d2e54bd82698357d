package client_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/ledger"
)

// Store a file for five epochs and read it back.
func Example() {
	var chain ledger.Reader  // for example of package ledger/rpc
	var wallet ledger.Wallet // likewise

	c, err := client.New(chain, &client.Options{Wallet: wallet})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	data, err := os.ReadFile("walrus.jpg")
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	stored, err := c.Store(ctx, [][]byte{data}, &client.StoreOptions{Epochs: 5, Deletable: true})
	if err != nil {
		log.Fatal(err) // says what was paid for, if anything; storing again takes that up
	}
	fmt.Println("blob", stored[0].BlobID, "is kept until epoch", stored[0].End)

	if _, err := c.Read(ctx, stored[0].BlobID, os.Stdout, nil); err != nil {
		log.Fatal(err)
	}
}
