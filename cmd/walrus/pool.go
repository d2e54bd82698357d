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
		RunE:    d.does(func(ctx context.Context, args []string) error { return runPools(ctx, d, args) }),
	}
	cmd.AddCommand(newPoolCreate(d), newPoolShow(d), newPoolExtend(d), newPoolGrow(d), newPoolShrink(d), newPoolDelete(d), newPoolDestroy(d))
	return cmd
}

func runPools(ctx context.Context, d *deps, args []string) error {
	s, err := d.connect(ctx, len(args) == 0)
	if err != nil {
		return err
	}
	defer s.close()
	owner, err := s.owner(args)
	if err != nil {
		return err
	}
	list, err := pages(func(after []byte) ([]rpc.StoragePool, []byte, error) {
		return s.reader.StoragePools(ctx, owner, ledger.Page{Cursor: after, Limit: pageSize})
	})
	if err != nil {
		return err
	}
	if d.json {
		out := make([]poolJSON, len(list))
		for i, p := range list {
			out[i] = newPoolJSON(p)
		}
		return d.printJSON(out)
	}
	return printPools(d, list)
}

// owner is the account in the argument, or else the wallet's.
func (s *session) owner(args []string) (ledger.Address, error) {
	if len(args) == 1 {
		return parseAddress(args[0])
	}
	return s.account.Address(), nil
}

func printPools(d *deps, list []rpc.StoragePool) error {
	t := newTable(d.stdout, "Pool ID", "In use", "Blobs", "Until before")
	for _, p := range list {
		t.row(p.ID.String(), formatSize(p.Used)+" of "+formatSize(p.Storage.Size), fmt.Sprint(p.Blobs), fmt.Sprint(p.Storage.End))
	}
	return t.flush()
}

// parsePool reads the ID of a storage pool.
func parsePool(s string) (blob.ObjectID, error) {
	id, err := blob.ParseObjectID(s)
	if err != nil {
		return id, &hinted{err: err, code: "INVALID_OBJECT_ID", exit: exitUsage, hint: `"walrus pool" shows the IDs of an account's storage pools`}
	}
	return id, nil
}

// onPool sends one message about a pool and prints the pool afterwards.
func onPool(ctx context.Context, d *deps, text string, make func(s *session, pool []byte) (proto.Message, error), done string) error {
	id, err := parsePool(text)
	if err != nil {
		return err
	}
	s, err := d.connect(ctx, true)
	if err != nil {
		return err
	}
	defer s.close()
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
}

func (d *deps) tellPool(p rpc.StoragePool, done string, receipt *rpc.Receipt) error {
	if d.json {
		return d.printJSON(map[string]any{"pool": newPoolJSON(p), "txDigest": txDigest(receipt.Tx)})
	}
	_, err := fmt.Fprintf(d.stdout, "pool %v %s: %s until before epoch %d, %s in use\n", p.ID, done, formatSize(p.Storage.Size), p.Storage.End, formatSize(p.Used))
	return err
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
	s, err := d.connect(ctx, true)
	if err != nil {
		return err
	}
	defer s.close()
	var message proto.Message = &blobv1.MsgCreateStoragePool{Owner: s.self(), Size_: size, EpochsAhead: epochs}
	answer := interface {
		proto.Message
		GetPool() blobv1.StoragePool
	}(&blobv1.MsgCreateStoragePoolResponse{})
	if storage != "" {
		message, answer = &blobv1.MsgCreateStoragePoolWithStorage{Owner: s.self(), StorageId: id[:]}, &blobv1.MsgCreateStoragePoolWithStorageResponse{}
	}
	receipt, err := s.deliver(ctx, message)
	if err != nil {
		return err
	}
	if err := receipt.Response(0, answer); err != nil {
		return err
	}
	var made blob.ObjectID
	copy(made[:], answer.GetPool().Id)
	p, err := s.reader.StoragePool(ctx, made)
	if err != nil {
		return fmt.Errorf("pool %v is made, but cannot be shown: %w", made, err)
	}
	return d.tellPool(p, "made", receipt)
}

func newPoolShow(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:     "show POOL_ID",
		Short:   "Show a storage pool and its blobs",
		Long:    `Show lists the blobs of a storage pool. JSON: {"id","storage","usedSize","nBlobs","blobs"}.` + exits("with --exit-codes=detailed 3 no such pool"),
		Example: `  walrus pool show "$(walrus pool --json | jq -r '.[0].id')"`,
		Args:    cobra.ExactArgs(1),
		RunE: d.does(func(ctx context.Context, args []string) error {
			id, err := parsePool(args[0])
			if err != nil {
				return err
			}
			s, err := d.connect(ctx, false)
			if err != nil {
				return err
			}
			defer s.close()
			p, err := s.reader.StoragePool(ctx, id)
			if err != nil {
				return err
			}
			return s.showPool(ctx, d, newPoolJSON(p))
		}),
	}
}

func (s *session) showPool(ctx context.Context, d *deps, p poolJSON) error {
	list, err := pages(func(after []byte) ([]rpc.PooledBlob, []byte, error) {
		return s.reader.PooledBlobs(ctx, p.ID, ledger.Page{Cursor: after, Limit: pageSize})
	})
	if err != nil {
		return err
	}
	for _, b := range list {
		p.Blobs = append(p.Blobs, pooledBlobJSON{b.ID, b.BlobID, b.Size, b.Certified, b.Deletable})
	}
	if d.json {
		return d.printJSON(p)
	}
	pairs := []string{"Pool ID", p.ID.String()}
	if p.Bucket != nil {
		pairs = append(pairs, "Bucket ID", p.Bucket.String())
	}
	err = labels(d.stdout, append(pairs, "In use", formatSize(p.UsedSize)+" of "+formatSize(p.Storage.StorageSize),
		"Until before", fmt.Sprintf("epoch %d", p.Storage.EndEpoch), "Blobs", fmt.Sprint(p.NBlobs))...)
	if err != nil || len(list) == 0 {
		return err
	}
	t := newTable(d.stdout, "Blob ID", "Size", "Certified?", "Deletable?", "Object ID")
	for _, b := range p.Blobs {
		t.row(b.BlobID.String(), formatSize(b.Size), yes(b.CertifiedEpoch != nil), yes(b.Deletable), b.ID.String())
	}
	return t.flush()
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
			id, err := parsePool(args[0])
			if err != nil {
				return err
			}
			if size == "" {
				return oneStorage(ctx, d, func(_ context.Context, s *session) (proto.Message, error) {
					return &blobv1.MsgDecreaseStoragePoolByPercent{Owner: s.self(), PoolId: id[:], Percent: percent}, nil
				}, &blobv1.MsgDecreaseStoragePoolByPercentResponse{}, "taken out")
			}
			n, err := parseSize(size)
			if err != nil {
				return err
			}
			return oneStorage(ctx, d, func(_ context.Context, s *session) (proto.Message, error) {
				return &blobv1.MsgDecreaseStoragePool{Owner: s.self(), PoolId: id[:], Size_: n}, nil
			}, &blobv1.MsgDecreaseStoragePoolResponse{}, "taken out")
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

// parseIDs reads blob IDs for a message.
func parseIDs(args []string) ([][]byte, error) {
	blobs := make([][]byte, len(args))
	for i, text := range args {
		id, err := parseID(text)
		if err != nil {
			return nil, err
		}
		blobs[i] = id[:]
	}
	return blobs, nil
}

func newPoolDestroy(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:     "destroy POOL_ID",
		Short:   "Dissolve an empty storage pool",
		Long:    `Destroy dissolves a storage pool that has no blobs; its space becomes a storage resource of the account. JSON: {"storage","txDigest"}.` + exits(),
		Example: `  walrus pool destroy "$(walrus pool --json | jq -r '.[0].id')"`,
		Args:    cobra.ExactArgs(1),
		RunE: d.does(func(ctx context.Context, args []string) error {
			id, err := parsePool(args[0])
			if err != nil {
				return err
			}
			return oneStorage(ctx, d, func(_ context.Context, s *session) (proto.Message, error) {
				return &blobv1.MsgDestroyStoragePool{Owner: s.self(), PoolId: id[:]}, nil
			}, &blobv1.MsgDestroyStoragePoolResponse{}, "yours again")
		}),
	}
}
