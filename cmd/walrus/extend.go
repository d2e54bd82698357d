package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

// newExtend makes the extend command.
func newExtend(d *deps) *cobra.Command {
	var object string
	var epochs uint32
	cmd := &cobra.Command{
		Use:     "extend --blob-obj-id OBJECT_ID --epochs-extended N",
		Short:   "Keep a certified blob for more epochs",
		Long:    "Extend buys more epochs for a certified blob, behind the end that it has now. Nothing is uploaded." + exits(),
		Example: "  walrus extend --epochs-extended 2 --blob-obj-id \"$(walrus list-blobs --json | jq -r '.[0].id')\"",
		Args:    cobra.NoArgs,
		RunE:    d.does(func(ctx context.Context, _ []string) error { return runExtend(ctx, d, object, epochs) }),
	}
	f := cmd.Flags()
	f.StringVar(&object, "blob-obj-id", "", "`ID` of the registration, see walrus list-blobs")
	f.Uint32Var(&epochs, "epochs-extended", 0, "`NUMBER` of epochs to add")
	for _, name := range []string{"blob-obj-id", "epochs-extended"} {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // the flag is defined above
		}
	}
	return cmd
}

func runExtend(ctx context.Context, d *deps, object string, epochs uint32) error {
	id, err := parseObject(object)
	if err != nil {
		return err
	}
	if epochs == 0 {
		return usagef("--epochs-extended: want at least 1")
	}
	s, err := d.connect(ctx, true)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.wallet.Extend(ctx, id, epochs); err != nil {
		return err
	}
	b, err := s.reader.Blob(ctx, id)
	if err != nil {
		return fmt.Errorf("extended, but the new end is not known: %w", err)
	}
	if d.json {
		return d.printJSON(map[string]any{"epochsExtended": epochs, "blobObject": newBlobJSON(b)})
	}
	_, err = fmt.Fprintf(d.stdout, "%v is kept for %s more, until before epoch %d\n", b.BlobID, plural(int(epochs), "epoch"), b.Storage.End)
	return err
}
