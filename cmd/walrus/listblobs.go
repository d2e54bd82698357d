package main

import (
	"context"
	"fmt"

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
		RunE:    d.does(func(ctx context.Context, _ []string) error { return runListBlobs(ctx, d, expired) }),
	}
	cmd.Flags().BoolVar(&expired, "include-expired", false, "also those whose time is over")
	return cmd
}

func runListBlobs(ctx context.Context, d *deps, expired bool) error {
	s, err := d.connect(ctx, true)
	if err != nil {
		return err
	}
	defer s.close()
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
	if d.json {
		return d.printJSON(list)
	}
	t := newTable(d.stdout, "Blob ID", "Size", "Certified?", "Deletable?", "Exp. epoch", "Object ID")
	for _, b := range list {
		t.row(b.BlobID.String(), formatSize(b.Size), yes(b.CertifiedEpoch != nil), yes(b.Deletable), fmt.Sprint(b.Storage.EndEpoch), b.ID.String())
	}
	if err := t.flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(d.stderr, "%s of %v; it is now epoch %d\n", plural(len(list), "blob"), s.wallet.Address(), sys.Epoch)
	return err
}

// owned returns all registrations of the wallet's account.
func (s *session) owned(ctx context.Context) ([]ledger.Blob, error) {
	var all []ledger.Blob
	var page ledger.Page
	for {
		blobs, next, err := s.reader.Blobs(ctx, s.wallet.Address(), page)
		if err != nil {
			return nil, err
		}
		all = append(all, blobs...)
		if len(next) == 0 {
			return all, nil
		}
		page.Cursor = next
	}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
