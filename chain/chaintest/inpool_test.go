package chaintest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// TestInPool uses a pool, and a bucket, as if they were the whole market.
func TestInPool(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := chaintest.New(t, nil)
	w := c.Wallet(0)
	pool, err := w.CreatePool(ctx, 1<<20, 2)
	ok(t, err)
	right, err := w.CreateBucket(ctx, 1<<20, 2)
	ok(t, err)
	bucket, err := c.Client().Bucket(ctx, right.Bucket)
	ok(t, err)
	t.Run("pool", func(t *testing.T) { inPool(t, c, pool.ID, w.InPool(pool.ID)) })
	t.Run("bucket", func(t *testing.T) { inPool(t, c, bucket.Pool.ID, w.InBucket(right, bucket.Pool.ID)) })
}

func inPool(t *testing.T, c *chaintest.Chain, pool blob.ObjectID, wallet ledger.Wallet) {
	ctx := context.Background()
	var view ledger.Reader = c.Client().InPool(pool)
	all, err := c.Client().System(ctx)
	ok(t, err)
	sys, err := view.System(ctx)
	ok(t, err)
	if sys.StoragePrice != 0 || sys.WritePrice != all.WritePrice || sys.TotalCapacity != 1<<20 || sys.UsedCapacity != 0 || sys.Epoch != all.Epoch {
		t.Errorf("the pool describes itself as %+v", sys)
	}
	lasting, passing := ledgertest.Claim(1, 2, false), ledgertest.Claim(1, 1, true)
	_, err = wallet.Register(ctx, []ledger.Registration{lasting, ledgertest.Claim(1, 3, true)})
	if !errors.Is(err, rpc.ErrPoolEnd) {
		t.Errorf("beyond the end of the pool: %v", err)
	}
	made, err := wallet.Register(ctx, []ledger.Registration{lasting, passing})
	ok(t, err)
	for i, claim := range []ledger.Registration{lasting, passing} {
		b := made[i]
		if b.BlobID != claim.BlobID || b.Deletable != claim.Deletable || b.Certified != nil || b.Storage.End != all.Epoch+2 {
			t.Fatalf("registered %+v as %+v", claim, b)
		}
		var object *blob.ObjectID
		if b.Deletable {
			object = &b.ID
		}
		ok(t, wallet.Certify(ctx, []ledger.Certification{{Object: b.ID, Certificate: certificateOf(t, c, b.BlobID, object)}}))
		if b, err = view.Blob(ctx, b.ID); err != nil || b.Certified == nil {
			t.Errorf("certified, but shown as %+v, %v", b, err)
		}
	}
	for count, page := 0, (ledger.Page{Limit: 1}); ; {
		list, next, err := view.Blobs(ctx, wallet.Address(), page)
		ok(t, err)
		if count += len(list); next == nil {
			if count != 2 {
				t.Errorf("%d blobs in the pool, want 2", count)
			}
			break
		}
		page.Cursor = next
	}
	if err := wallet.Extend(ctx, made[0].ID, 1); !errors.Is(err, rpc.ErrPoolEnd) {
		t.Errorf("extending one blob: %v", err)
	}
	if _, err := wallet.Delete(ctx, []blob.ObjectID{made[0].ID}); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("deleting the permanent blob: %v", err)
	}
	if back, err := wallet.Delete(ctx, []blob.ObjectID{made[1].ID}); err != nil || back != nil {
		t.Errorf("deleting returned %v, %v", back, err)
	}
	for _, get := range []func() error{
		func() error { _, err := view.Blob(ctx, made[1].ID); return err },
		func() error { _, err := wallet.Delete(ctx, []blob.ObjectID{made[1].ID}); return err },
	} {
		if err := get(); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("the deleted blob: %v", err)
		}
	}
}
