package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/walrus-go/walrus/blob"
)

// newConvertBlobID makes the convert-blob-id command.
func newConvertBlobID(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:   "convert-blob-id DECIMAL",
		Short: "Turn a decimal blob ID, as explorers show it, into the usual form",
		Long: `Convert-blob-id turns the decimal number that explorers show for a blob ID into the 43 characters that
every command here takes. It needs no network. With --json the result is a string.` + exits(),
		Example: "  walrus convert-blob-id 452312848583266388373324160190187140051835877600158453279131187530910662656",
		Args:    cobra.ExactArgs(1),
		RunE:    d.does(func(ctx context.Context, args []string) error { return runConvertBlobID(d, args[0]) }),
	}
}

func runConvertBlobID(d *deps, decimal string) error {
	id, err := blob.ParseDecimal(decimal)
	if err != nil {
		return &hinted{err: err, code: "INVALID_BLOB_ID", exit: exitUsage, hint: "the usual form of a file's ID is what \"walrus blob-id\" prints"}
	}
	return d.printResult(id, "%v\n", id)
}
