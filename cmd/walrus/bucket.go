package main

import (
	"context"
	"fmt"

	"github.com/cosmos/gogoproto/proto"
	"github.com/spf13/cobra"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// bucketJSON is a blob bucket and the account's right to use it.
type bucketJSON struct {
	BucketID blob.ObjectID `json:"bucketId"`
	CapID    blob.ObjectID `json:"capId"`
	Pool     poolJSON      `json:"pool"`
}

// newBucket makes the bucket command and those below it.
func newBucket(d *deps) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bucket [ADDRESS]",
		Short: "List, make and change blob buckets",
		Long: `Bucket lists the blob buckets that the wallet's account, or another one, has the right to use. A bucket is a storage pool
that belongs to whoever has its capability, which "walrus transfer" gives away, and whose blobs anyone may certify.
JSON: [{"bucketId","capId","pool"}].` + exits(),
		Example: "  walrus bucket",
		Args:    cobra.MaximumNArgs(1),
		RunE:    d.readsAccount(runBuckets),
	}
	cmd.AddCommand(newBucketCreate(d), newBucketShow(d), newBucketExtend(d), newBucketGrow(d), newBucketDelete(d))
	return cmd
}

func runBuckets(ctx context.Context, s *session, owner ledger.Address) error {
	caps, err := pagesOf(ctx, owner, s.reader.BucketCaps)
	if err != nil {
		return err
	}
	list := make([]bucketJSON, len(caps))
	for i, c := range caps {
		b, err := s.reader.Bucket(ctx, c.Bucket)
		if err != nil {
			return err
		}
		list[i] = bucketJSON{c.Bucket, c.ID, newPoolJSON(b.Pool)}
	}
	return printList(s.deps, list, cells{"Bucket ID", "In use", "Blobs", "Until before", "Capability"}, func(b bucketJSON) cells {
		return cells{b.BucketID, b.Pool.inUse(), b.Pool.NBlobs, b.Pool.Storage.EndEpoch, b.CapID}
	})
}

func newBucketCreate(d *deps) *cobra.Command {
	var epochs uint32
	cmd := &cobra.Command{
		Use:     "create SIZE --epochs N",
		Short:   "Buy a blob bucket",
		Long:    `Create buys a bucket of so many encoded bytes. JSON: {"bucketId","capId","cost","txDigest"}.` + exits("with --exit-codes=detailed 4 not enough WAL"),
		Example: "  walrus bucket create 100MiB --epochs 5",
		Args:    cobra.ExactArgs(1),
		RunE:    signsOne(d, parseSize, func(ctx context.Context, s *session, size uint64) error { return createBucket(ctx, s, size, epochs) }),
	}
	cmd.Flags().Uint32Var(&epochs, "epochs", 0, "`NUMBER` of epochs, the current one included")
	required(cmd, "epochs")
	return cmd
}

func createBucket(ctx context.Context, s *session, size uint64, epochs uint32) error {
	var out blobv1.MsgCreateBlobBucketResponse
	receipt, err := s.call(ctx, &blobv1.MsgCreateBlobBucket{Owner: s.self(), Size_: size, EpochsAhead: epochs}, &out)
	if err != nil {
		return err
	}
	var bucket, right blob.ObjectID
	copy(bucket[:], out.Bucket.Id)
	copy(right[:], out.Cap.Id)
	err = s.printSent(receipt, fields{"bucketId": bucket, "capId": right, "cost": out.Paid}, "bucket of %s bought for %s\n", formatSize(size), formatWAL(out.Paid))
	if err != nil || s.json {
		return err
	}
	return labels(s.stdout, "Bucket ID", bucket.String(), "Capability", right.String(), "Until before", fmt.Sprintf("epoch %d", out.Pool.Storage.EndEpoch))
}

func newBucketShow(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:     "show BUCKET_ID",
		Short:   "Show a blob bucket and its blobs",
		Long:    `Show lists the blobs of a bucket. JSON: {"id","storage","usedSize","nBlobs","bucketId","blobs"}.` + exits("with --exit-codes=detailed 3 no such bucket"),
		Example: `  walrus bucket show "$(walrus bucket --json | jq -r '.[0].bucketId')"`,
		Args:    cobra.ExactArgs(1),
		RunE: readsOne(d, parseBucket, func(ctx context.Context, s *session, id blob.ObjectID) error {
			b, err := s.reader.Bucket(ctx, id)
			if err != nil {
				return err
			}
			p := newPoolJSON(b.Pool)
			p.Bucket = &b.ID
			return s.showPool(ctx, p)
		}),
	}
}

// onBucket sends one message about a bucket that the account has the right to use, and prints its pool.
func onBucket(ctx context.Context, d *deps, text string, make func(s *session, right rpc.BucketCap) proto.Message, done string) error {
	id, err := parseBucket(text)
	if err != nil {
		return err
	}
	return d.withWallet(ctx, func(s *session) error {
		c, err := s.bucketCap(ctx, id)
		if err != nil {
			return err
		}
		receipt, err := s.deliver(ctx, make(s, c))
		if err != nil {
			return err
		}
		b, err := s.reader.Bucket(ctx, id)
		if err != nil {
			return fmt.Errorf("%s, but the bucket cannot be shown: %w", done, err)
		}
		return d.tellPool(b.Pool, done, receipt)
	})
}

// bucketCap returns the account's right to use a bucket.
func (s *session) bucketCap(ctx context.Context, id blob.ObjectID) (rpc.BucketCap, error) {
	caps, err := pagesOf(ctx, s.account.Address(), s.reader.BucketCaps)
	if err != nil {
		return rpc.BucketCap{}, err
	}
	for _, c := range caps {
		if c.Bucket == id {
			return c, nil
		}
	}
	return rpc.BucketCap{}, &hinted{err: fmt.Errorf("%v has no right to use bucket %v", s.account.Address(), id), code: "NOT_FOUND", exit: exitNotFound, hint: `"walrus bucket" shows the account's buckets`}
}

func newBucketExtend(d *deps) *cobra.Command {
	var epochs uint32
	cmd := &cobra.Command{
		Use:     "extend BUCKET_ID --epochs N",
		Short:   "Keep a blob bucket for more epochs",
		Long:    `Extend buys more epochs for a bucket and all its blobs. JSON: {"pool","txDigest"}.` + exits("with --exit-codes=detailed 4 not enough WAL"),
		Example: `  walrus bucket extend --epochs 2 "$(walrus bucket --json | jq -r '.[0].bucketId')"`,
		Args:    cobra.ExactArgs(1),
		RunE: d.does(func(ctx context.Context, args []string) error {
			return onBucket(ctx, d, args[0], func(s *session, c rpc.BucketCap) proto.Message {
				return &blobv1.MsgExtendBlobBucket{Owner: s.self(), BucketId: c.Bucket[:], CapId: c.ID[:], Epochs: epochs}
			}, "extended")
		}),
	}
	cmd.Flags().Uint32Var(&epochs, "epochs", 0, "`NUMBER` of epochs to add")
	required(cmd, "epochs")
	return cmd
}

func newBucketGrow(d *deps) *cobra.Command {
	var size string
	cmd := &cobra.Command{
		Use:     "grow BUCKET_ID --size SIZE",
		Short:   "Make a blob bucket larger",
		Long:    `Grow buys more encoded bytes for a bucket until its end. JSON: {"pool","txDigest"}.` + exits("with --exit-codes=detailed 4 not enough WAL"),
		Example: `  walrus bucket grow --size 10MiB "$(walrus bucket --json | jq -r '.[0].bucketId')"`,
		Args:    cobra.ExactArgs(1),
		RunE: d.does(func(ctx context.Context, args []string) error {
			n, err := parseSize(size)
			if err != nil {
				return err
			}
			return onBucket(ctx, d, args[0], func(s *session, c rpc.BucketCap) proto.Message {
				return &blobv1.MsgIncreaseBlobBucket{Owner: s.self(), BucketId: c.Bucket[:], CapId: c.ID[:], Size_: n}
			}, "grown")
		}),
	}
	cmd.Flags().StringVar(&size, "size", "", "`SIZE` to add: encoded bytes, or like 10MiB")
	required(cmd, "size")
	return cmd
}

func newBucketDelete(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:   "delete BUCKET_ID BLOB_ID...",
		Short: "Take deletable blobs out of a blob bucket",
		Long: `Delete takes deletable blobs out of a bucket before its end: their space can be used for others. It does not ask.
JSON: {"pool","txDigest"}.` + exits("with --exit-codes=detailed 3 no right to use the bucket"),
		Example: `  walrus bucket delete "$(walrus bucket --json | jq -r '.[0].bucketId')" 7Xk1ul8N3pWPRPCkmT1vKHVxUDPLWGvZyR6hC-ZSfEE`,
		Args:    cobra.MinimumNArgs(2),
		RunE: d.does(func(ctx context.Context, args []string) error {
			blobs, err := parseIDs(args[1:])
			if err != nil {
				return err
			}
			return onBucket(ctx, d, args[0], func(s *session, c rpc.BucketCap) proto.Message {
				return &blobv1.MsgDeleteBucketBlobs{Owner: s.self(), BucketId: c.Bucket[:], CapId: c.ID[:], BlobIds: blobs}
			}, "emptied of "+plural(len(blobs), "blob"))
		}),
	}
}
