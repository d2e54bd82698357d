package chaintest_test

import (
	"context"
	"fmt"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
)

// A blob is registered, certified by the whole committee, and its status asked for.
func Example() {
	ctx := context.Background()
	c, err := chaintest.Start(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	wallet := c.Wallet(0)
	blobs, err := wallet.Register(ctx, []ledger.Registration{ledgertest.Claim(1000, 3, false)})
	if err != nil {
		fmt.Println(err)
		return
	}
	committees, err := c.Client().Committees(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	message := attest.Confirmation{Epoch: committees.Current.Epoch(), Blob: blobs[0].BlobID}.Message()
	certificate, err := c.Certify(committees.Current, message)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := wallet.Certify(ctx, []ledger.Certification{{Object: blobs[0].ID, Certificate: certificate}}); err != nil {
		fmt.Println(err)
		return
	}
	status, err := c.Client().BlobStatus(ctx, blobs[0].BlobID)
	fmt.Println(status.Certified, status.End, err)
	// Output: true 4 <nil>
}
