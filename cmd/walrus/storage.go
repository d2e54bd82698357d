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

// newStorage makes the storage command and those below it.
func newStorage(d *deps) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "storage [ADDRESS]",
		Short: "List, buy, cut, join and give away storage",
		Long: `Storage lists the storage resources of the wallet's account, or of another one, that no blob holds: rights to keep so many
encoded bytes from one epoch until before another. "walrus store" uses them before it buys more.
JSON: [{"id","startEpoch","endEpoch","storageSize"}].` + exits(),
		Example: "  walrus storage",
		Args:    cobra.MaximumNArgs(1),
		RunE:    d.does(func(ctx context.Context, args []string) error { return runStorage(ctx, d, args) }),
	}
	cmd.AddCommand(newStorageBuy(d), newStorageSplit(d), newStorageFuse(d), newTransfer(d), newStorageDestroy(d))
	return cmd
}

func runStorage(ctx context.Context, d *deps, args []string) error {
	s, err := d.connect(ctx, len(args) == 0)
	if err != nil {
		return err
	}
	defer s.close()
	owner, err := s.owner(args)
	if err != nil {
		return err
	}
	sys, err := s.reader.System(ctx)
	if err != nil {
		return err
	}
	list, err := pages(func(after []byte) ([]ledger.Storage, []byte, error) {
		return s.reader.Storages(ctx, owner, ledger.Page{Cursor: after, Limit: pageSize})
	})
	if err != nil {
		return err
	}
	if d.json {
		out := make([]storageJSON, len(list))
		for i, st := range list {
			out[i] = newStorageJSON(st)
		}
		return d.printJSON(out)
	}
	t := newTable(d.stdout, "Storage ID", "Size", "From epoch", "Until before", "")
	for _, st := range list {
		note := ""
		if st.End <= sys.Epoch {
			note = "over"
		}
		t.row(st.ID.String(), formatSize(st.Size), fmt.Sprint(st.Start), fmt.Sprint(st.End), note)
	}
	if err := t.flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(d.stderr, "%s of %v; it is now epoch %d\n", plural(len(list), "storage resource"), owner, sys.Epoch)
	return err
}

// parseStorage reads the ID of a storage resource.
func parseStorage(s string) (blob.ObjectID, error) {
	id, err := blob.ParseObjectID(s)
	if err != nil {
		return id, &hinted{err: err, code: "INVALID_OBJECT_ID", exit: exitUsage, hint: `"walrus storage" shows the IDs of an account's storage`}
	}
	return id, nil
}

// storageAnswer is the answer to a message that leaves one storage resource to tell of.
type storageAnswer interface {
	proto.Message
	GetStorage() blobv1.Storage
}

// oneStorage sends one message and prints the resource in its answer.
func oneStorage(ctx context.Context, d *deps, make func(context.Context, *session) (proto.Message, error), answer storageAnswer, done string) error {
	s, err := d.connect(ctx, true)
	if err != nil {
		return err
	}
	defer s.close()
	message, err := make(ctx, s)
	if err != nil {
		return err
	}
	receipt, err := s.deliver(ctx, message)
	if err != nil {
		return err
	}
	if err := receipt.Response(0, answer); err != nil {
		return err
	}
	record := answer.GetStorage()
	st, err := rpc.StorageOf(&record)
	if err != nil {
		return err
	}
	out := map[string]any{"storage": newStorageJSON(st), "txDigest": txDigest(receipt.Tx)}
	text := fmt.Sprintf("%s %s: storage %v, from epoch %d until before epoch %d", formatSize(st.Size), done, st.ID, st.Start, st.End)
	if paid, ok := answer.(interface{ GetPaid() uint64 }); ok {
		out["cost"] = paid.GetPaid()
		text += ", for " + formatWAL(paid.GetPaid())
	}
	if d.json {
		return d.printJSON(out)
	}
	_, err = fmt.Fprintln(d.stdout, text)
	return err
}

func newStorageBuy(d *deps) *cobra.Command {
	var l lifetime
	var start uint32
	cmd := &cobra.Command{
		Use:   "buy SIZE --epochs N",
		Short: "Buy storage without a blob",
		Long: `Buy buys space for encoded bytes, which blobs can be given later. Without --start it begins with the current epoch.
JSON: {"storage":{"id","startEpoch","endEpoch","storageSize"},"cost","txDigest"}.` + exits("with --exit-codes=detailed 4 not enough WAL"),
		Example: "  walrus storage buy 100MiB --epochs 5",
		Args:    cobra.ExactArgs(1),
		RunE: d.does(func(ctx context.Context, args []string) error {
			size, err := parseSize(args[0])
			if err != nil {
				return err
			}
			var answer blobv1.MsgReserveSpaceForEpochsResponse
			return oneStorage(ctx, d, func(ctx context.Context, s *session) (proto.Message, error) {
				sys, err := s.reader.System(ctx)
				if err != nil {
					return nil, err
				}
				n, err := l.count(sys, d.now())
				if err != nil {
					return nil, err
				}
				end := sys.Epoch + committee.Epoch(n)
				begin := max(committee.Epoch(start), sys.Epoch)
				if begin >= end {
					return nil, usagef("--start: epoch %d is not before epoch %d, where the storage would end", start, end)
				}
				return &blobv1.MsgReserveSpaceForEpochs{Owner: s.self(), Size_: size, StartEpoch: uint32(begin), EndEpoch: uint32(end)}, nil
			}, &answer, "bought")
		}),
	}
	l.flags(cmd)
	cmd.Flags().Uint32Var(&start, "start", 0, "first `EPOCH` (default: the current one); the end stays where the other flags put it")
	return cmd
}

func newStorageSplit(d *deps) *cobra.Command {
	var epoch uint32
	var size string
	cmd := &cobra.Command{
		Use:   "split STORAGE_ID (--epoch EPOCH | --size SIZE)",
		Short: "Cut a storage resource in two",
		Long: `Split cuts a storage resource: with --epoch the old one ends there and a new one begins, with --size the old one keeps so many
bytes and a new one has the rest. JSON: {"storage":{the new one},"txDigest"}.` + exits(),
		Example: `  walrus storage split "$(walrus storage --json | jq -r '.[0].id')" --size 1MiB`,
		Args:    cobra.ExactArgs(1),
		RunE: d.does(func(ctx context.Context, args []string) error {
			id, err := parseStorage(args[0])
			if err != nil {
				return err
			}
			if size != "" {
				keep, err := parseSize(size)
				if err != nil {
					return err
				}
				return oneStorage(ctx, d, func(_ context.Context, s *session) (proto.Message, error) {
					return &blobv1.MsgSplitStorageBySize{Owner: s.self(), StorageId: id[:], Size_: keep}, nil
				}, &blobv1.MsgSplitStorageBySizeResponse{}, "split off")
			}
			return oneStorage(ctx, d, func(_ context.Context, s *session) (proto.Message, error) {
				return &blobv1.MsgSplitStorageByEpoch{Owner: s.self(), StorageId: id[:], Epoch: epoch}, nil
			}, &blobv1.MsgSplitStorageByEpochResponse{}, "split off")
		}),
	}
	f := cmd.Flags()
	f.Uint32Var(&epoch, "epoch", 0, "first `EPOCH` of the new resource")
	f.StringVar(&size, "size", "", "`SIZE` that the old resource keeps: bytes, or like 10MiB")
	cmd.MarkFlagsOneRequired("epoch", "size")
	cmd.MarkFlagsMutuallyExclusive("epoch", "size")
	return cmd
}

func newStorageFuse(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:   "fuse STORAGE_ID OTHER_ID",
		Short: "Join two storage resources",
		Long: `Fuse adds a second storage resource to a first, and it is gone: sizes if both are for the same epochs, epochs if they are
adjacent and of the same size. JSON: {"storage":{the one that is left},"txDigest"}.` + exits(),
		Example: `  walrus storage fuse $(walrus storage --json | jq -r '.[0,1].id')`,
		Args:    cobra.ExactArgs(2),
		RunE: d.does(func(ctx context.Context, args []string) error {
			id, err := parseStorage(args[0])
			if err != nil {
				return err
			}
			other, err := parseStorage(args[1])
			if err != nil {
				return err
			}
			return oneStorage(ctx, d, func(_ context.Context, s *session) (proto.Message, error) {
				return &blobv1.MsgFuseStorage{Owner: s.self(), StorageId: id[:], OtherId: other[:]}, nil
			}, &blobv1.MsgFuseStorageResponse{}, "joined")
		}),
	}
}

// newTransfer makes the transfer command.
func newTransfer(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:   "transfer OBJECT_ID ADDRESS",
		Short: "Give a blob's registration, or storage, to another account",
		Long: `Transfer gives an object to another account, which then owns it: the registration of a blob, a storage resource, a storage
pool, or the capability of a bucket. For stakes see "walrus stake transfer". JSON: {"id","from","to","txDigest"}.` + exits(),
		Example: `  walrus transfer "$(walrus list-blobs --json | jq -r '.[0].id')" "$(walrus keys show --address)"`,
		Args:    cobra.ExactArgs(2),
		RunE: d.does(func(ctx context.Context, args []string) error {
			id, err := parseObject(args[0])
			if err != nil {
				return err
			}
			to, err := parseAddress(args[1])
			if err != nil {
				return err
			}
			return sendOne(ctx, d, func(s *session) (proto.Message, map[string]any) {
				return &blobv1.MsgTransfer{Owner: s.self(), ObjectId: id[:], Recipient: to.String()}, map[string]any{"id": id, "from": s.self(), "to": to}
			}, fmt.Sprintf("object %v is %v's", id, to))
		}),
	}
}

func newStorageDestroy(d *deps) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "destroy STORAGE_ID",
		Short: "Give a storage resource up",
		Long: `Destroy gives a storage resource up. Nothing is refunded. Without --yes it asks first, and refuses where there is nobody to
ask. JSON: {"id","txDigest"}.` + exits(),
		Example: `  walrus storage destroy --yes "$(walrus storage --json | jq -r '.[0].id')"`,
		Args:    cobra.ExactArgs(1),
		RunE: d.does(func(ctx context.Context, args []string) error {
			id, err := parseStorage(args[0])
			if err != nil {
				return err
			}
			if !yes && !d.json && !d.confirm(fmt.Sprintf("Give up storage %v?", id)) {
				return &hinted{err: fmt.Errorf("storage %v not destroyed", id), code: "ABORTED", exit: exitFailure, hint: "--yes destroys without asking"}
			}
			return sendOne(ctx, d, func(s *session) (proto.Message, map[string]any) {
				return &blobv1.MsgDestroyStorage{Owner: s.self(), StorageId: id[:]}, map[string]any{"id": id}
			}, fmt.Sprintf("storage %v is given up", id))
		}),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

// sendOne sends one message whose answer has nothing to tell.
func sendOne(ctx context.Context, d *deps, make func(*session) (proto.Message, map[string]any), done string) error {
	s, err := d.connect(ctx, true)
	if err != nil {
		return err
	}
	defer s.close()
	message, fields := make(s)
	receipt, err := s.deliver(ctx, message)
	if err != nil {
		return err
	}
	if d.json {
		fields["txDigest"] = txDigest(receipt.Tx)
		return d.printJSON(fields)
	}
	_, err = fmt.Fprintln(d.stdout, done)
	return err
}
