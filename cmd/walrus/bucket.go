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
		RunE:    d.does(func(ctx context.Context, args []string) error { return runBuckets(ctx, d, args) }),
	}
	cmd.AddCommand(newBucketCreate(d), newBucketShow(d), newBucketExtend(d), newBucketGrow(d), newBucketDelete(d))
	return cmd
}

func runBuckets(ctx context.Context, d *deps, args []string) error {
	s, err := d.connect(ctx, len(args) == 0)
	if err != nil {
		return err
	}
	defer s.close()
	owner, err := s.owner(args)
	if err != nil {
		return err
	}
	caps, err := s.bucketCaps(ctx, owner)
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
	if d.json {
		return d.printJSON(list)
	}
	t := newTable(d.stdout, "Bucket ID", "In use", "Blobs", "Until before", "Capability")
	for _, b := range list {
		t.row(b.BucketID.String(), formatSize(b.Pool.UsedSize)+" of "+formatSize(b.Pool.Storage.StorageSize), fmt.Sprint(b.Pool.NBlobs),
			fmt.Sprint(b.Pool.Storage.EndEpoch), b.CapID.String())
	}
	return t.flush()
}

func (s *session) bucketCaps(ctx context.Context, owner ledger.Address) ([]rpc.BucketCap, error) {
	return pages(func(after []byte) ([]rpc.BucketCap, []byte, error) {
		return s.reader.BucketCaps(ctx, owner, ledger.Page{Cursor: after, Limit: pageSize})
	})
}

// parseBucket reads the ID of a bucket.
func parseBucket(s string) (blob.ObjectID, error) {
	id, err := blob.ParseObjectID(s)
	if err != nil {
		return id, &hinted{err: err, code: "INVALID_OBJECT_ID", exit: exitUsage, hint: `"walrus bucket" shows the IDs of an account's buckets`}
	}
	return id, nil
}

func newBucketCreate(d *deps) *cobra.Command {
	var epochs uint32
	cmd := &cobra.Command{
		Use:     "create SIZE --epochs N",
		Short:   "Buy a blob bucket",
		Long:    `Create buys a bucket of so many encoded bytes. JSON: {"bucketId","capId","cost","txDigest"}.` + exits("with --exit-codes=detailed 4 not enough WAL"),
		Example: "  walrus bucket create 100MiB --epochs 5",
		Args:    cobra.ExactArgs(1),
		RunE: d.does(func(ctx context.Context, args []string) error {
			size, err := parseSize(args[0])
			if err != nil {
				return err
			}
			s, err := d.connect(ctx, true)
			if err != nil {
				return err
			}
			defer s.close()
			receipt, err := s.deliver(ctx, &blobv1.MsgCreateBlobBucket{Owner: s.self(), Size_: size, EpochsAhead: epochs})
			if err != nil {
				return err
			}
			var out blobv1.MsgCreateBlobBucketResponse
			if err := receipt.Response(0, &out); err != nil {
				return err
			}
			var bucket, right blob.ObjectID
			copy(bucket[:], out.Bucket.Id)
			copy(right[:], out.Cap.Id)
			if d.json {
				return d.printJSON(map[string]any{"bucketId": bucket, "capId": right, "cost": out.Paid, "txDigest": txDigest(receipt.Tx)})
			}
			fmt.Fprintf(d.stdout, "bucket of %s bought for %s\n", formatSize(size), formatWAL(out.Paid))
			return labels(d.stdout, "Bucket ID", bucket.String(), "Capability", right.String(), "Until before", fmt.Sprintf("epoch %d", out.Pool.Storage.EndEpoch))
		}),
	}
	cmd.Flags().Uint32Var(&epochs, "epochs", 0, "`NUMBER` of epochs, the current one included")
	required(cmd, "epochs")
	return cmd
}

func newBucketShow(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:     "show BUCKET_ID",
		Short:   "Show a blob bucket and its blobs",
		Long:    `Show lists the blobs of a bucket. JSON: {"id","storage","usedSize","nBlobs","bucketId","blobs"}.` + exits("with --exit-codes=detailed 3 no such bucket"),
		Example: `  walrus bucket show "$(walrus bucket --json | jq -r '.[0].bucketId')"`,
		Args:    cobra.ExactArgs(1),
		RunE: d.does(func(ctx context.Context, args []string) error {
			id, err := parseBucket(args[0])
			if err != nil {
				return err
			}
			s, err := d.connect(ctx, false)
			if err != nil {
				return err
			}
			defer s.close()
			b, err := s.reader.Bucket(ctx, id)
			if err != nil {
				return err
			}
			p := newPoolJSON(b.Pool)
			p.Bucket = &b.ID
			return s.showPool(ctx, d, p)
		}),
	}
}

// onBucket sends one message about a bucket that the account has the right to use, and prints its pool.
func onBucket(ctx context.Context, d *deps, text string, make func(s *session, right rpc.BucketCap) proto.Message, done string) error {
	id, err := parseBucket(text)
	if err != nil {
		return err
	}
	s, err := d.connect(ctx, true)
	if err != nil {
		return err
	}
	defer s.close()
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
}

// bucketCap returns the account's right to use a bucket.
func (s *session) bucketCap(ctx context.Context, id blob.ObjectID) (rpc.BucketCap, error) {
	caps, err := s.bucketCaps(ctx, s.account.Address())
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
