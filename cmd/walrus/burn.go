package main

import (
	"context"
	"fmt"

	"github.com/cosmos/gogoproto/proto"
	"github.com/spf13/cobra"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/blob"
)

// burnOptions are the flags of burn-blobs.
type burnOptions struct {
	objects           []string
	all, expired, yes bool
}

// burnBatch is how many registrations are burned in one transaction.
const burnBatch = 100

// newBurn makes the burn-blobs command.
func newBurn(d *deps) *cobra.Command {
	var opts burnOptions
	cmd := &cobra.Command{
		Use:   "burn-blobs (--object-ids IDS | --all | --all-expired)",
		Short: "Give registrations of blobs up for good",
		Long: `Burn-blobs drops registrations that the account owns, with their storage: nothing is refunded, the blobs are kept until
their time is over all the same, and nobody can extend or delete them any more. Without --yes it asks first, and
refuses where there is nobody to ask. JSON: {"objectIds","txDigests"}.` + exits(),
		Example: "  walrus burn-blobs --all-expired --yes",
		Args:    cobra.NoArgs,
		RunE:    d.signs(func(ctx context.Context, s *session, _ []string) error { return runBurn(ctx, s, opts) }),
	}
	f := cmd.Flags()
	listFlag(cmd, &opts.objects, "object-ids", "object-id", "`IDS` of registrations, separated by commas")
	f.BoolVar(&opts.all, "all", false, "all that the account owns")
	f.BoolVar(&opts.expired, "all-expired", false, "all that the account owns whose time is over")
	f.BoolVarP(&opts.yes, "yes", "y", false, "do not ask")
	cmd.MarkFlagsOneRequired("object-ids", "object-id", "all", "all-expired")
	cmd.MarkFlagsMutuallyExclusive("object-ids", "all", "all-expired")
	cmd.MarkFlagsMutuallyExclusive("object-id", "all", "all-expired")
	return cmd
}

func runBurn(ctx context.Context, s *session, opts burnOptions) error {
	objects, err := s.burned(ctx, opts)
	if err != nil {
		return err
	}
	if len(objects) > 0 && !opts.yes && !s.json && !s.confirm(fmt.Sprintf("Give up %s for good?", plural(len(objects), "registration"))) {
		return &hinted{err: fmt.Errorf("%s not burned", plural(len(objects), "registration")), code: "ABORTED", exit: exitFailure, hint: "--yes burns without asking"}
	}
	txs := []string{}
	for done := 0; done < len(objects); {
		part := objects[done:min(done+burnBatch, len(objects))]
		list := convert(part, func(id blob.ObjectID) proto.Message { return &blobv1.MsgBurnBlob{Owner: s.self(), ObjectId: id[:]} })
		receipt, err := s.deliver(ctx, list...)
		if err != nil {
			return fmt.Errorf("%d of %d burned: %w", done, len(objects), err)
		}
		txs = append(txs, txDigest(receipt.Tx))
		done += len(part)
	}
	return s.printResult(fields{"objectIds": objects, "txDigests": txs}, "%s burned\n", plural(len(objects), "registration"))
}

// burned lists what is to be given up.
func (s *session) burned(ctx context.Context, opts burnOptions) ([]blob.ObjectID, error) {
	if !opts.all && !opts.expired {
		return tryConvert(opts.objects, parseObject)
	}
	sys, err := s.reader.System(ctx)
	if err != nil {
		return nil, err
	}
	owned, err := s.owned(ctx)
	if err != nil {
		return nil, err
	}
	objects := []blob.ObjectID{}
	for _, b := range owned {
		if opts.all || b.Storage.End <= sys.Epoch {
			objects = append(objects, b.ID)
		}
	}
	return objects, nil
}
