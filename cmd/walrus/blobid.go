package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/redstuff"
)

// blobIDOptions are the flags of blob-id.
type blobIDOptions struct {
	file   string
	shards int
}

// blobIDResult is what blob-id finds. Source: spec client.md section 2.4.
type blobIDResult struct {
	BlobID          blob.ID `json:"blobId"`
	File            string  `json:"file"`
	UnencodedLength uint64  `json:"unencodedLength"`
	EncodingType    string  `json:"encodingType"`
	EncodedLength   uint64  `json:"encodedLength"`
	NShards         int     `json:"nShards"`
	BlobIDAsDecimal string  `json:"blobIdDecimal"`
}

// newBlobID makes the blob-id command.
func newBlobID(d *deps) *cobra.Command {
	var opts blobIDOptions
	cmd := &cobra.Command{
		Use:   "blob-id FILE",
		Short: "Compute the blob ID of a file",
		Long: `Blob-id computes the ID that a file would be stored under; - is standard input. The ID depends on the
bytes and on the network's number of shards, which is taken from --n-shards, or from the configuration, or
else asked of the chain. With --n-shards it needs no network and no configuration. With --json it also tells
the size before and after encoding.` + exits(),
		Example: "  walrus blob-id --n-shards 1000 /etc/hosts",
		Args:    cobra.ExactArgs(1),
		RunE: d.does(func(ctx context.Context, args []string) error {
			opts.file = args[0]
			return runBlobID(ctx, d, opts)
		}),
	}
	cmd.Flags().IntVar(&opts.shards, "n-shards", 0, "`NUMBER` of shards of the network")
	return cmd
}

func runBlobID(ctx context.Context, d *deps, opts blobIDOptions) error {
	shards, err := d.shards(ctx, opts.shards)
	if err != nil {
		return err
	}
	code, err := redstuff.New(shards)
	if err != nil {
		return usagef("--n-shards: %w", err)
	}
	commitment, err := d.commit(code, opts.file)
	if err != nil {
		return err
	}
	length, err := code.EncodedLength(commitment.Size)
	if err != nil {
		return fmt.Errorf("%s: %w", opts.file, err)
	}
	id := blob.NewMetadata(commitment).ID()
	return d.printResult(blobIDResult{id, opts.file, commitment.Size, "RS2", length, shards, id.Decimal()}, "%v\n", id)
}

// commit computes the commitment to a file.
func (d *deps) commit(code *redstuff.Code, path string) (*redstuff.Commitment, error) {
	in, err := d.openInput(path, code.MaxBlobSize())
	if err != nil {
		return nil, err
	}
	defer in.close()
	commitment, err := code.CommitFrom(in, in.size, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return commitment, nil
}

// fileID computes the blob ID of a file for a network of so many shards.
func (d *deps) fileID(path string, shards int) (blob.ID, error) {
	code, err := redstuff.New(shards)
	if err != nil {
		return blob.ID{}, err
	}
	commitment, err := d.commit(code, path)
	if err != nil {
		return blob.ID{}, err
	}
	return blob.NewMetadata(commitment).ID(), nil
}

// input is a file's bytes, wherever they came from.
type input struct {
	*os.File
	size  int64
	spool bool // the file is a copy of standard input
}

// openInput opens a file of at most limit bytes; - is standard input, which goes through a file so that
// it may be larger than memory. The caller closes it.
func (d *deps) openInput(path string, limit uint64) (*input, error) {
	if path == "-" {
		return d.spoolInput(limit)
	}
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, &hinted{err: err, code: "FILE_NOT_FOUND", exit: exitNotFound, hint: "is the path right? - is standard input"}
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		err = &hinted{err: fmt.Errorf("%s is a directory", path), code: "NOT_A_FILE", exit: exitFailure, hint: "name the files in it, or pack it: tar c " + path + " | walrus store - --epochs 1"}
	case !info.Mode().IsRegular():
		err = &hinted{err: fmt.Errorf("%s is not a regular file", path), code: "NOT_A_FILE", exit: exitFailure, hint: "use - and redirect standard input"}
	case uint64(info.Size()) > limit:
		err = tooLarge(path, uint64(info.Size()), limit)
	default:
		return &input{File: f, size: info.Size()}, nil
	}
	return nil, errors.Join(err, f.Close())
}

// spoolInput copies standard input to a file.
func (d *deps) spoolInput(limit uint64) (*input, error) {
	f, err := os.CreateTemp("", "walrus-stdin-*")
	if err != nil {
		return nil, err
	}
	in := &input{File: f, spool: true}
	in.size, err = io.Copy(f, io.LimitReader(d.stdin, int64(limit)+1))
	if err == nil && uint64(in.size) > limit {
		err = tooLarge("standard input", uint64(in.size), limit)
	}
	if err != nil {
		in.close()
		return nil, err
	}
	return in, nil
}

func tooLarge(path string, size, limit uint64) error {
	return &hinted{
		err:  fmt.Errorf("%s has %s, more than the %s that a blob may have", path, formatSize(size), formatSize(limit)),
		code: "BLOB_TOO_LARGE", exit: exitFailure, hint: "split it: split -b 1G " + path,
		details: map[string]any{"limit": limit},
	}
}

func (in *input) close() {
	in.File.Close()
	if in.spool {
		os.Remove(in.File.Name())
	}
}

// bytes reads all of it.
func (in *input) bytes() ([]byte, error) {
	b := make([]byte, in.size)
	if _, err := io.ReadFull(io.NewSectionReader(in, 0, in.size), b); err != nil {
		return nil, fmt.Errorf("%s changed while it was read: %w", in.Name(), err)
	}
	return b, nil
}
