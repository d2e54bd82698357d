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
		RunE:    d.readsAccount(runStorage),
	}
	cmd.AddCommand(newStorageBuy(d), newStorageSplit(d), newStorageFuse(d), newTransfer(d), newStorageDestroy(d))
	return cmd
}

func runStorage(ctx context.Context, s *session, owner ledger.Address) error {
	sys, err := s.reader.System(ctx)
	if err != nil {
		return err
	}
	list, err := pagesOf(ctx, owner, s.reader.Storages)
	if err != nil {
		return err
	}
	heading := cells{"Storage ID", "Size", "From epoch", "Until before", ""}
	err = printList(s.deps, convert(list, newStorageJSON), heading, func(st storageJSON) cells {
		note := ""
		if st.EndEpoch <= sys.Epoch {
			note = "over"
		}
		return cells{st.ID, formatSize(st.StorageSize), st.StartEpoch, st.EndEpoch, note}
	})
	if err != nil {
		return err
	}
	return s.remark("%s of %v; it is now epoch %d\n", plural(len(list), "storage resource"), owner, sys.Epoch)
}

// storageAnswer is the answer to a message that leaves one storage resource to tell of.
type storageAnswer interface {
	proto.Message
	GetStorage() blobv1.Storage
}

// oneStorage sends one message and prints the resource in its answer.
func (s *session) oneStorage(ctx context.Context, message proto.Message, answer storageAnswer, done string) error {
	receipt, err := s.call(ctx, message, answer)
	if err != nil {
		return err
	}
	record := answer.GetStorage()
	st, err := rpc.StorageOf(&record)
	if err != nil {
		return err
	}
	out := fields{"storage": newStorageJSON(st)}
	text := fmt.Sprintf("%s %s: storage %v, from epoch %d until before epoch %d", formatSize(st.Size), done, st.ID, st.Start, st.End)
	if paid, ok := answer.(interface{ GetPaid() uint64 }); ok {
		out["cost"] = paid.GetPaid()
		text += ", for " + formatWAL(paid.GetPaid())
	}
	return s.printSent(receipt, out, "%s\n", text)
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
		RunE: signsOne(d, parseSize, func(ctx context.Context, s *session, size uint64) error {
			sys, err := s.reader.System(ctx)
			if err != nil {
				return err
			}
			n, err := l.count(sys, d.now())
			if err != nil {
				return err
			}
			end := sys.Epoch + committee.Epoch(n)
			begin := max(committee.Epoch(start), sys.Epoch)
			if begin >= end {
				return usagef("--start: epoch %d is not before epoch %d, where the storage would end", start, end)
			}
			m := &blobv1.MsgReserveSpaceForEpochs{Owner: s.self(), Size_: size, StartEpoch: uint32(begin), EndEpoch: uint32(end)}
			return s.oneStorage(ctx, m, &blobv1.MsgReserveSpaceForEpochsResponse{}, "bought")
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
			id, keep, err := parseBoth(args[0], parseStorage, size, optional(parseSize))
			if err != nil {
				return err
			}
			return d.withWallet(ctx, func(s *session) error {
				if size != "" {
					m := &blobv1.MsgSplitStorageBySize{Owner: s.self(), StorageId: id[:], Size_: keep}
					return s.oneStorage(ctx, m, &blobv1.MsgSplitStorageBySizeResponse{}, "split off")
				}
				m := &blobv1.MsgSplitStorageByEpoch{Owner: s.self(), StorageId: id[:], Epoch: epoch}
				return s.oneStorage(ctx, m, &blobv1.MsgSplitStorageByEpochResponse{}, "split off")
			})
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
		RunE: signsTwo(d, parseStorage, parseStorage, func(ctx context.Context, s *session, id, other blob.ObjectID) error {
			m := &blobv1.MsgFuseStorage{Owner: s.self(), StorageId: id[:], OtherId: other[:]}
			return s.oneStorage(ctx, m, &blobv1.MsgFuseStorageResponse{}, "joined")
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
		RunE: signsTwo(d, parseObject, parseAddress, func(ctx context.Context, s *session, id blob.ObjectID, to ledger.Address) error {
			m := &blobv1.MsgTransfer{Owner: s.self(), ObjectId: id[:], Recipient: to.String()}
			return s.send(ctx, m, fields{"id": id, "from": s.self(), "to": to}, "object %v is %v's\n", id, to)
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
			return d.withWallet(ctx, func(s *session) error {
				m := &blobv1.MsgDestroyStorage{Owner: s.self(), StorageId: id[:]}
				return s.send(ctx, m, fields{"id": id}, "storage %v is given up\n", id)
			})
		}),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}
