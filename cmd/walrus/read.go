package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/client"
)

// readOptions are the flags of read.
type readOptions struct {
	out    string
	strict bool
	skip   bool
	stream bool
}

// readResult is what read prints with --json. Source: spec client.md section 2.3.
type readResult struct {
	Out    string  `json:"out,omitempty"`
	BlobID blob.ID `json:"blobId"`
	Blob   []byte  `json:"blob,omitzero"` // without Out; empty for the empty blob
}

// newRead makes the read command.
func newRead(d *deps) *cobra.Command {
	var opts readOptions
	cmd := &cobra.Command{
		Use:     "read BLOB_ID",
		Aliases: []string{"cat", "get"},
		Short:   "Read a blob",
		Long: `Read fetches a blob from the storage nodes and writes it to standard output, or to a file that appears only
once it is whole. Every piece is checked against the blob ID, so what comes out is what was stored, or there
is an error. Neither a wallet nor WAL is needed.

A writer can encode a blob wrongly on purpose, so that readers who fetch other pieces get other bytes. The
default check finds out whether this reader's bytes are the ones that every such reader gets; --strict encodes
the blob again and compares its ID, which takes about as long as storing it.

With --stream standard output gets the beginning of the blob, checked, while the rest is still being fetched. A
program behind a pipe can start sooner, but if the read fails then, it has seen a part of the blob.` +
			exits("with --exit-codes=detailed 3 no such blob, 5 too few nodes answer, 6 blocked by nodes"),
		Example: "  walrus read \"$(walrus blob-id /etc/hosts)\" --out hosts.copy",
		Args:    cobra.ExactArgs(1),
		RunE:    d.does(func(ctx context.Context, args []string) error { return runRead(ctx, d, args[0], opts) }),
	}
	f := cmd.Flags()
	f.StringVarP(&opts.out, "out", "o", "", "write to `FILE`; - is standard output")
	f.BoolVar(&opts.strict, "strict", false, "the same as --strict-consistency-check")
	f.BoolVar(&opts.strict, "strict-consistency-check", false, "encode the blob again and compare its ID")
	f.BoolVar(&opts.skip, "skip-consistency-check", false, "trust that the writer encoded the blob as one should")
	f.BoolVar(&opts.stream, "stream", false, "write what has arrived and been checked, without waiting for the rest")
	cmd.MarkFlagsMutuallyExclusive("strict", "skip-consistency-check")
	cmd.MarkFlagsMutuallyExclusive("strict-consistency-check", "skip-consistency-check")
	return cmd
}

func runRead(ctx context.Context, d *deps, text string, opts readOptions) error {
	id, err := parseID(text)
	if err != nil {
		return err
	}
	if opts.out == "-" {
		opts.out = ""
	}
	out, err := newReadTarget(d, opts.out, id)
	if err != nil {
		return err
	}
	defer out.abandon()
	data := bytes.NewBuffer([]byte{})
	inJSON := d.json && opts.out == ""
	if inJSON {
		out.stdout = data
	}
	var size uint64
	err = d.withNetwork(ctx, func(s *session) error {
		size, err = s.fetch(ctx, id, out, opts)
		return err
	})
	if err != nil {
		return err
	}
	if inJSON {
		return d.printJSON(readResult{BlobID: id, Blob: data.Bytes()})
	}
	if err := out.finish(); err != nil || opts.out == "" {
		return err
	}
	return d.printResult(readResult{Out: out.path, BlobID: id}, "%v read into %s, %s\n", id, out.path, formatSize(size))
}

// check is how to find out whether a blob was encoded as one should.
func (o *readOptions) check() blob.Consistency {
	switch {
	case o.strict:
		return blob.Strict
	case o.skip:
		return blob.Skip
	}
	return blob.Default
}

// fetch reads a blob into a target and draws how far that is. A file gets what there is at once, since nobody
// sees it before it is whole.
func (s *session) fetch(ctx context.Context, id blob.ID, out *readTarget, opts readOptions) (uint64, error) {
	out.bar = s.newProgress()
	defer out.bar.clear()
	o := &client.ReadOptions{Check: opts.check(), Stream: opts.stream || out.tmp != nil}
	if !opts.stream || out.tmp != nil { // else blob and bar would meet on a terminal
		o.Progress = func(p client.ReadProgress) {
			out.bar.set("reading", "", min(p.Bytes, int64(p.Size)), int64(p.Size))
		}
	}
	return s.client.Read(ctx, id, out, o)
}

// readTarget is where a blob goes: standard output, or a file that appears whole.
type readTarget struct {
	path   string
	tmp    *os.File // nil for standard output
	stdout io.Writer
	bar    *progress // gives way to what goes to standard output
}

// newReadTarget makes sure that the blob can be written before it is fetched. A directory takes the
// blob under its ID.
func newReadTarget(d *deps, path string, id blob.ID) (*readTarget, error) {
	if path == "" {
		return &readTarget{stdout: d.stdout}, nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, id.String())
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if errors.Is(err, os.ErrNotExist) {
		return nil, &hinted{err: fmt.Errorf("--out: %w", err), code: "FILE_NOT_FOUND", exit: exitFailure, hint: "make the directory first: mkdir -p " + filepath.Dir(path)}
	}
	if err != nil {
		return nil, fmt.Errorf("--out: %w", err)
	}
	return &readTarget{path: path, tmp: tmp}, nil
}

func (t *readTarget) Write(b []byte) (int, error) {
	if t.tmp != nil {
		return t.tmp.Write(b)
	}
	t.bar.clear()
	return t.stdout.Write(b)
}

// finish puts the file in place.
func (t *readTarget) finish() error {
	if t.tmp == nil {
		return nil
	}
	err := errors.Join(t.tmp.Chmod(0o666&^umask()), t.tmp.Close())
	if err == nil {
		err = os.Rename(t.tmp.Name(), t.path)
	}
	return err
}

// abandon takes an unfinished file away. After finish it does nothing.
func (t *readTarget) abandon() {
	if t.tmp != nil {
		t.tmp.Close()
		os.Remove(t.tmp.Name())
	}
}
