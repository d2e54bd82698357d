package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/ledger"
)

// newExtend makes the extend command.
func newExtend(d *deps) *cobra.Command {
	var object string
	var epochs uint32
	var shared bool
	cmd := &cobra.Command{
		Use:   "extend --blob-obj-id OBJECT_ID --epochs-extended N",
		Short: "Keep a certified blob for more epochs",
		Long: `Extend buys more epochs for a certified blob, behind the end that it has now. Nothing is uploaded. A shared blob is extended
from its own funds, which anyone may do. JSON: {"epochsExtended","blobObject"}, or {"epochsExtended","sharedBlob"}.` + exits(),
		Example: "  walrus extend --epochs-extended 2 --blob-obj-id \"$(walrus list-blobs --json | jq -r '.[0].id')\"",
		Args:    cobra.NoArgs,
		RunE:    d.does(func(ctx context.Context, _ []string) error { return runExtend(ctx, d, object, epochs, shared) }),
	}
	f := cmd.Flags()
	f.StringVar(&object, "blob-obj-id", "", "`ID` of the registration, see walrus list-blobs")
	f.Uint32Var(&epochs, "epochs-extended", 0, "`NUMBER` of epochs to add")
	f.BoolVar(&shared, "shared", false, "the ID is that of a shared blob (found out by itself)")
	required(cmd, "blob-obj-id", "epochs-extended")
	return cmd
}

func runExtend(ctx context.Context, d *deps, object string, epochs uint32, shared bool) error {
	id, err := parseObject(object)
	if err != nil {
		return err
	}
	if epochs == 0 {
		return usagef("--epochs-extended: want at least 1")
	}
	return d.withWallet(ctx, func(s *session) error {
		if _, err := s.reader.SharedBlob(ctx, id); err == nil || shared {
			return s.extendShared(ctx, id, epochs)
		}
		return s.extend(ctx, id, epochs)
	})
}

// extend buys epochs for a blob of the account.
func (s *session) extend(ctx context.Context, id blob.ObjectID, epochs uint32) error {
	if err := s.wallet.Extend(ctx, id, epochs); err != nil {
		return err
	}
	b, err := s.reader.Blob(ctx, id)
	if err != nil {
		return fmt.Errorf("extended, but the new end is not known: %w", err)
	}
	return s.printResult(fields{"epochsExtended": epochs, "blobObject": newBlobJSON(b)},
		"%v is kept for %s more, until before epoch %d\n", b.BlobID, plural(int(epochs), "epoch"), b.Storage.End)
}

// extendShared buys epochs for a shared blob from its funds.
func (s *session) extendShared(ctx context.Context, id blob.ObjectID, epochs uint32) error {
	receipt, err := s.deliver(ctx, &blobv1.MsgExtendSharedBlob{Sender: s.self(), SharedId: id[:], Epochs: epochs})
	if errors.Is(err, ledger.ErrFunds) {
		return &hinted{err: err, code: "INSUFFICIENT_FUNDS", exit: exitFunds, details: detailsOf(err),
			hint: `"walrus shared-blobs" shows the funds of the blob, "walrus fund-shared-blob" adds to them; the account pays the fee only`}
	}
	if err != nil {
		return err
	}
	b, err := s.reader.SharedBlob(ctx, id)
	if err != nil {
		return fmt.Errorf("extended, but the new end is not known: %w", err)
	}
	return s.printSent(receipt, fields{"epochsExtended": epochs, "sharedBlob": newSharedJSON(b)},
		"%v is kept for %s more, until before epoch %d; %s are left of its funds\n",
		b.Blob.BlobID, plural(int(epochs), "epoch"), b.Blob.Storage.End, formatWAL(b.Funds))
}
