package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/walrus-go/walrus/ledger"
)

// newListBlobs makes the list-blobs command.
func newListBlobs(d *deps) *cobra.Command {
	var expired bool
	cmd := &cobra.Command{
		Use:   "list-blobs",
		Short: "List the blobs that the wallet's account owns",
		Long: `List-blobs shows every registration that the account owns: one blob may be registered several times, with
lifetimes of its own.` + exits(),
		Example: "  walrus list-blobs --include-expired",
		Args:    cobra.NoArgs,
		RunE:    d.signs(func(ctx context.Context, s *session, _ []string) error { return runListBlobs(ctx, s, expired) }),
	}
	cmd.Flags().BoolVar(&expired, "include-expired", false, "also those whose time is over")
	return cmd
}

func runListBlobs(ctx context.Context, s *session, expired bool) error {
	sys, err := s.reader.System(ctx)
	if err != nil {
		return err
	}
	owned, err := s.owned(ctx)
	if err != nil {
		return err
	}
	list := make([]blobJSON, 0, len(owned))
	for _, b := range owned {
		if expired || b.Storage.End > sys.Epoch {
			list = append(list, newBlobJSON(b))
		}
	}
	heading := cells{"Blob ID", "Size", "Certified?", "Deletable?", "Exp. epoch", "Object ID"}
	err = printList(s.deps, list, heading, func(b blobJSON) cells {
		return cells{b.BlobID, formatSize(b.Size), yes(b.CertifiedEpoch != nil), yes(b.Deletable), b.Storage.EndEpoch, b.ID}
	})
	if err != nil {
		return err
	}
	return s.remark("%s of %v; it is now epoch %d\n", plural(len(list), "blob"), s.wallet.Address(), sys.Epoch)
}

// owned returns all registrations of the wallet's account.
func (s *session) owned(ctx context.Context) ([]ledger.Blob, error) {
	return pagesOf(ctx, s.wallet.Address(), s.reader.Blobs)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
