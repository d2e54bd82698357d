package main

import (
	"context"
	"fmt"

	"github.com/cosmos/gogoproto/proto"
	"github.com/spf13/cobra"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// poolJSON is a storage pool.
type poolJSON struct {
	ID       blob.ObjectID    `json:"id"`
	Storage  storageJSON      `json:"storage"`
	UsedSize uint64           `json:"usedSize"` // encoded bytes
	NBlobs   uint64           `json:"nBlobs"`
	Bucket   *blob.ObjectID   `json:"bucketId,omitempty"`
	Blobs    []pooledBlobJSON `json:"blobs,omitempty"`
}

// pooledBlobJSON is a blob in a storage pool.
type pooledBlobJSON struct {
	ID             blob.ObjectID    `json:"id"`
	BlobID         blob.ID          `json:"blobId"`
	Size           uint64           `json:"size"`
	CertifiedEpoch *committee.Epoch `json:"certifiedEpoch"`
	Deletable      bool             `json:"deletable"`
}

func newPoolJSON(p rpc.StoragePool) poolJSON {
	return poolJSON{ID: p.ID, Storage: newStorageJSON(p.Storage), UsedSize: p.Used, NBlobs: p.Blobs}
}

func (p poolJSON) inUse() string {
	return formatSize(p.UsedSize) + " of " + formatSize(p.Storage.StorageSize)
}

// newPool makes the pool command and those below it.
func newPool(d *deps) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pool [ADDRESS]",
		Short: "List, make and change storage pools",
		Long: `Pool lists the storage pools of the wallet's account, or of another one. A pool is one reservation of space that many blobs
draw from, and that is extended for all of them at once.
JSON: [{"id","storage","usedSize","nBlobs"}].` + exits(),
		Example: "  walrus pool",
		Args:    cobra.MaximumNArgs(1),
		RunE:    d.readsAccount(runPools),
	}
	cmd.AddCommand(newPoolCreate(d), newPoolShow(d), newPoolExtend(d), newPoolGrow(d), newPoolShrink(d), newPoolDelete(d), newPoolDestroy(d))
	return cmd
}

func runPools(ctx context.Context, s *session, owner ledger.Address) error {
	list, err := pagesOf(ctx, owner, s.reader.StoragePools)
	if err != nil {
		return err
	}
	return printList(s.deps, convert(list, newPoolJSON), cells{"Pool ID", "In use", "Blobs", "Until before"}, func(p poolJSON) cells {
		return cells{p.ID, p.inUse(), p.NBlobs, p.Storage.EndEpoch}
	})
}

// onPool sends one message about a pool and prints the pool afterwards.
func onPool(ctx context.Context, d *deps, text string, make func(s *session, pool []byte) (proto.Message, error), done string) error {
	id, err := parsePool(text)
	if err != nil {
		return err
	}
	return d.withWallet(ctx, func(s *session) error {
		message, err := make(s, id[:])
		if err != nil {
			return err
		}
		receipt, err := s.deliver(ctx, message)
		if err != nil {
			return err
		}
		p, err := s.reader.StoragePool(ctx, id)
		if err != nil {
			return fmt.Errorf("%s, but the pool cannot be shown: %w", done, err)
		}
		return d.tellPool(p, done, receipt)
	})
}

func (d *deps) tellPool(p rpc.StoragePool, done string, receipt *rpc.Receipt) error {
	return d.printSent(receipt, fields{"pool": newPoolJSON(p)}, "pool %v %s: %s until before epoch %d, %s in use\n",
		p.ID, done, formatSize(p.Storage.Size), p.Storage.End, formatSize(p.Used))
}

func newPoolCreate(d *deps) *cobra.Command {
	var storage string
	var epochs uint32
	cmd := &cobra.Command{
		Use:   "create (SIZE --epochs N | --storage STORAGE_ID)",
		Short: "Make a storage pool",
		Long: `Create buys a storage pool of so many encoded bytes, or makes one of a storage resource that the account owns.
JSON: {"pool","txDigest"}.` + exits("with --exit-codes=detailed 4 not enough WAL"),
		Example: "  walrus pool create 100MiB --epochs 5",
		Args:    cobra.MaximumNArgs(1),
		RunE: d.does(func(ctx context.Context, args []string) error {
			if (len(args) == 1) == (storage != "") || (len(args) == 1) != (epochs > 0) {
				return usagef("say either SIZE and --epochs, or --storage")
			}
			return runPoolCreate(ctx, d, args, storage, epochs)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&storage, "storage", "", "`ID` of the storage resource to use")
	f.Uint32Var(&epochs, "epochs", 0, "`NUMBER` of epochs, the current one included")
	return cmd
}

func runPoolCreate(ctx context.Context, d *deps, args []string, storage string, epochs uint32) error {
	var id blob.ObjectID
	var size uint64
	var err error
	if storage != "" {
		id, err = parseStorage(storage)
	} else {
		size, err = parseSize(args[0])
	}
	if err != nil {
		return err
	}
	return d.withWallet(ctx, func(s *session) error {
		var message proto.Message = &blobv1.MsgCreateStoragePool{Owner: s.self(), Size_: size, EpochsAhead: epochs}
		answer := interface {
			proto.Message
			GetPool() blobv1.StoragePool
		}(&blobv1.MsgCreateStoragePoolResponse{})
		if storage != "" {
			message, answer = &blobv1.MsgCreateStoragePoolWithStorage{Owner: s.self(), StorageId: id[:]}, &blobv1.MsgCreateStoragePoolWithStorageResponse{}
		}
		receipt, err := s.call(ctx, message, answer)
		if err != nil {
			return err
		}
		var made blob.ObjectID
		copy(made[:], answer.GetPool().Id)
		p, err := s.reader.StoragePool(ctx, made)
		if err != nil {
			return fmt.Errorf("pool %v is made, but cannot be shown: %w", made, err)
		}
		return d.tellPool(p, "made", receipt)
	})
}

func newPoolShow(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:     "show POOL_ID",
		Short:   "Show a storage pool and its blobs",
		Long:    `Show lists the blobs of a storage pool. JSON: {"id","storage","usedSize","nBlobs","blobs"}.` + exits("with --exit-codes=detailed 3 no such pool"),
		Example: `  walrus pool show "$(walrus pool --json | jq -r '.[0].id')"`,
		Args:    cobra.ExactArgs(1),
		RunE: readsOne(d, parsePool, func(ctx context.Context, s *session, id blob.ObjectID) error {
			p, err := s.reader.StoragePool(ctx, id)
			if err != nil {
				return err
			}
			return s.showPool(ctx, newPoolJSON(p))
		}),
	}
}

// showPool prints a pool with its blobs.
func (s *session) showPool(ctx context.Context, p poolJSON) error {
	list, err := pagesOf(ctx, p.ID, s.reader.PooledBlobs)
	if err != nil {
		return err
	}
	for _, b := range list {
		p.Blobs = append(p.Blobs, pooledBlobJSON{b.ID, b.BlobID, b.Size, b.Certified, b.Deletable})
	}
	if s.json {
		return s.printJSON(p)
	}
	pairs := []string{"Pool ID", p.ID.String()}
	if p.Bucket != nil {
		pairs = append(pairs, "Bucket ID", p.Bucket.String())
	}
	err = labels(s.stdout, append(pairs, "In use", p.inUse(), "Until before", fmt.Sprintf("epoch %d", p.Storage.EndEpoch), "Blobs", fmt.Sprint(p.NBlobs))...)
	if err != nil || len(list) == 0 {
		return err
	}
	return printTable(s.stdout, p.Blobs, cells{"Blob ID", "Size", "Certified?", "Deletable?", "Object ID"}, func(b pooledBlobJSON) cells {
		return cells{b.BlobID, formatSize(b.Size), yes(b.CertifiedEpoch != nil), yes(b.Deletable), b.ID}
	})
}

func newPoolExtend(d *deps) *cobra.Command {
	var epochs uint32
	cmd := &cobra.Command{
		Use:     "extend POOL_ID --epochs N",
		Short:   "Keep a storage pool for more epochs",
		Long:    `Extend buys more epochs for a storage pool and all its blobs. JSON: {"pool","txDigest"}.` + exits("with --exit-codes=detailed 4 not enough WAL"),
		Example: `  walrus pool extend --epochs 2 "$(walrus pool --json | jq -r '.[0].id')"`,
		Args:    cobra.ExactArgs(1),
		RunE: d.does(func(ctx context.Context, args []string) error {
			return onPool(ctx, d, args[0], func(s *session, pool []byte) (proto.Message, error) {
				return &blobv1.MsgExtendStoragePool{Owner: s.self(), PoolId: pool, Epochs: epochs}, nil
			}, "extended")
		}),
	}
	cmd.Flags().Uint32Var(&epochs, "epochs", 0, "`NUMBER` of epochs to add")
	required(cmd, "epochs")
	return cmd
}

func newPoolGrow(d *deps) *cobra.Command {
	var size, storage string
	cmd := &cobra.Command{
		Use:   "grow POOL_ID (--size SIZE | --storage STORAGE_ID)",
		Short: "Make a storage pool larger",
		Long: `Grow buys more encoded bytes for a storage pool until its end, or adds a storage resource that ends with it.
JSON: {"pool","txDigest"}.` + exits("with --exit-codes=detailed 4 not enough WAL"),
		Example: `  walrus pool grow --size 10MiB "$(walrus pool --json | jq -r '.[0].id')"`,
		Args:    cobra.ExactArgs(1),
		RunE: d.does(func(ctx context.Context, args []string) error {
			return onPool(ctx, d, args[0], func(s *session, pool []byte) (proto.Message, error) {
				if storage != "" {
					id, err := parseStorage(storage)
					return &blobv1.MsgIncreaseStoragePoolWithStorage{Owner: s.self(), PoolId: pool, StorageId: id[:]}, err
				}
				n, err := parseSize(size)
				return &blobv1.MsgIncreaseStoragePool{Owner: s.self(), PoolId: pool, Size_: n}, err
			}, "grown")
		}),
	}
	cmd.Flags().StringVar(&size, "size", "", "`SIZE` to add: encoded bytes, or like 10MiB")
	cmd.Flags().StringVar(&storage, "storage", "", "`ID` of the storage resource to add")
	cmd.MarkFlagsOneRequired("size", "storage")
	cmd.MarkFlagsMutuallyExclusive("size", "storage")
	return cmd
}

func newPoolShrink(d *deps) *cobra.Command {
	var size string
	var percent uint32
	cmd := &cobra.Command{
		Use:   "shrink POOL_ID (--size SIZE | --percent N)",
		Short: "Take unused space out of a storage pool",
		Long: `Shrink takes unused space out of a storage pool, which becomes a storage resource of the account.
JSON: {"storage","txDigest"}.` + exits(),
		Example: `  walrus pool shrink --percent 50 "$(walrus pool --json | jq -r '.[0].id')"`,
		Args:    cobra.ExactArgs(1),
		RunE: d.does(func(ctx context.Context, args []string) error {
			id, n, err := parseBoth(args[0], parsePool, size, optional(parseSize))
			if err != nil {
				return err
			}
			return d.withWallet(ctx, func(s *session) error {
				if size == "" {
					m := &blobv1.MsgDecreaseStoragePoolByPercent{Owner: s.self(), PoolId: id[:], Percent: percent}
					return s.oneStorage(ctx, m, &blobv1.MsgDecreaseStoragePoolByPercentResponse{}, "taken out")
				}
				m := &blobv1.MsgDecreaseStoragePool{Owner: s.self(), PoolId: id[:], Size_: n}
				return s.oneStorage(ctx, m, &blobv1.MsgDecreaseStoragePoolResponse{}, "taken out")
			})
		}),
	}
	cmd.Flags().StringVar(&size, "size", "", "`SIZE` to take out: encoded bytes, or like 10MiB")
	cmd.Flags().Uint32Var(&percent, "percent", 0, "`SHARE` of what is unused to take out, 1 to 100")
	cmd.MarkFlagsOneRequired("size", "percent")
	cmd.MarkFlagsMutuallyExclusive("size", "percent")
	return cmd
}

func newPoolDelete(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:   "delete POOL_ID BLOB_ID...",
		Short: "Take deletable blobs out of a storage pool",
		Long: `Delete takes deletable blobs out of a storage pool before its end: their space can be used for others. It does not ask.
JSON: {"pool","txDigest"}.` + exits(),
		Example: `  walrus pool delete "$(walrus pool --json | jq -r '.[0].id')" 7Xk1ul8N3pWPRPCkmT1vKHVxUDPLWGvZyR6hC-ZSfEE`,
		Args:    cobra.MinimumNArgs(2),
		RunE: d.does(func(ctx context.Context, args []string) error {
			blobs, err := parseIDs(args[1:])
			if err != nil {
				return err
			}
			return onPool(ctx, d, args[0], func(s *session, pool []byte) (proto.Message, error) {
				return &blobv1.MsgDeletePooledBlobs{Owner: s.self(), PoolId: pool, BlobIds: blobs}, nil
			}, "emptied of "+plural(len(blobs), "blob"))
		}),
	}
}

func newPoolDestroy(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:     "destroy POOL_ID",
		Short:   "Dissolve an empty storage pool",
		Long:    `Destroy dissolves a storage pool that has no blobs; its space becomes a storage resource of the account. JSON: {"storage","txDigest"}.` + exits(),
		Example: `  walrus pool destroy "$(walrus pool --json | jq -r '.[0].id')"`,
		Args:    cobra.ExactArgs(1),
		RunE: signsOne(d, parsePool, func(ctx context.Context, s *session, id blob.ObjectID) error {
			m := &blobv1.MsgDestroyStoragePool{Owner: s.self(), PoolId: id[:]}
			return s.oneStorage(ctx, m, &blobv1.MsgDestroyStoragePoolResponse{}, "yours again")
		}),
	}
}
