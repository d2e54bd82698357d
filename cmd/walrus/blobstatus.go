package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
)

// blobStatusOptions are the flags of blob-status.
type blobStatusOptions struct {
	id      string
	file    string
	timeout time.Duration

	prove       string
	trustHeight int64
}

// blobStatusResult is what is known of a blob. Source: spec client.md section 2.4.
type blobStatusResult struct {
	BlobID    blob.ID     `json:"blobId"`
	File      string      `json:"file,omitempty"`
	Status    blob.Status `json:"status"`
	Estimated *time.Time  `json:"estimatedExpiryTimestamp,omitempty"`
}

// newBlobStatus makes the blob-status command.
func newBlobStatus(d *deps) *cobra.Command {
	var opts blobStatusOptions
	cmd := &cobra.Command{
		Use:   "blob-status [BLOB_ID]",
		Short: "Ask the network what it knows of a blob",
		Long: `Blob-status asks the storage nodes whether a blob is stored, until when, and whether its owner can take it
back. The answer is one that nodes with more than a third of the shards give, or that the chain confirms. Name
the blob by its ID, or with --file by its bytes.

With --prove it asks the chain instead and writes a proof to a file, which "walrus verify-proof" checks without
a network, for somebody who trusts one header of the chain: that of --trust-height, or else the newest.` +
			exits("with --exit-codes=detailed 3 the blob is not stored, 5 too few nodes answer"),
		Example: "  walrus blob-status --file /etc/hosts",
		Args:    cobra.MaximumNArgs(1),
		RunE: d.does(func(ctx context.Context, args []string) error {
			if len(args) == 1 && (opts.id != "" || opts.file != "") || len(args) == 0 && (opts.id == "") == (opts.file == "") {
				return usagef("name one blob, as BLOB_ID, --blob-id or --file")
			}
			if len(args) == 1 {
				opts.id = args[0]
			}
			switch {
			case opts.trustHeight < 0 || opts.trustHeight != 0 && opts.prove == "":
				return usagef("--trust-height is a height, and goes with --prove")
			case opts.prove != "":
				return runProveBlob(ctx, d, opts)
			}
			return d.withNetwork(ctx, func(s *session) error { return runBlobStatus(ctx, s, opts) })
		}),
	}
	f := cmd.Flags()
	f.StringVar(&opts.id, "blob-id", "", "`ID` of the blob")
	f.StringVar(&opts.file, "file", "", "`FILE` with the blob's bytes")
	f.StringVar(&opts.prove, "prove", "", "write a proof of what the chain says to `FILE`")
	f.Int64Var(&opts.trustHeight, "trust-height", 0, "`HEIGHT` of the header from which the proof is to lead")
	f.DurationVar(&opts.timeout, "timeout", 10*time.Second, "how long to wait for answers")
	return cmd
}

func runBlobStatus(ctx context.Context, s *session, opts blobStatusOptions) error {
	id, err := s.whichBlob(ctx, opts.id, opts.file)
	if err != nil {
		return err
	}
	result := blobStatusResult{BlobID: id, File: opts.file}
	ctx, cancel := context.WithTimeout(ctx, opts.timeout)
	defer cancel()
	if result.Status, err = s.client.Status(ctx, id); err != nil {
		return err
	}
	sys, err := s.reader.System(ctx)
	if err != nil {
		return err
	}
	if result.Status.Kind == blob.Permanent {
		if t, ok := startOf(sys, result.Status.End); ok {
			t = t.UTC().Truncate(time.Second)
			result.Estimated = &t
		}
	}
	err = s.printLabels(result, result.labels(sys)...)
	if err == nil && result.Status.Kind == blob.Nonexistent && s.detailedExit() {
		return &hinted{err: fmt.Errorf("blob %v is not stored", id), code: "NOT_FOUND", exit: exitNotFound}
	}
	return err
}

// whichBlob returns the ID that was given, or that of a file.
func (s *session) whichBlob(ctx context.Context, id, file string) (blob.ID, error) {
	if file == "" {
		return parseID(id)
	}
	committees, err := s.reader.Committees(ctx)
	if err != nil {
		return blob.ID{}, err
	}
	return s.fileID(file, committees.Current.Shards())
}

// labels are the lines that show what is known of a blob.
func (r *blobStatusResult) labels(sys ledger.System) []string {
	pairs := []string{"Blob ID", r.BlobID.String()}
	if r.File != "" {
		pairs = append(pairs, "File", r.File)
	}
	st := r.Status
	switch st.Kind {
	case blob.Nonexistent:
		pairs = append(pairs, "Status", "not stored")
	case blob.Invalid:
		pairs = append(pairs, "Status", "invalid: it was encoded wrongly and cannot be read", "Event", eventText(st.Event))
	case blob.Deletable:
		word := "registered, not certified yet"
		if st.IsCertified() {
			word = "certified and deletable: stored as long as its owners like"
		}
		pairs = append(pairs, "Status", word)
	case blob.Permanent:
		word := "registered, not certified yet"
		if st.Certified {
			word = "certified and permanent"
		}
		pairs = append(pairs, "Status", word, "Expiry epoch", expiry(st.End, r.Estimated, sys), "Event", eventText(st.Event))
	}
	if st.InitialCertified != nil {
		pairs = append(pairs, "Certified since epoch", fmt.Sprint(*st.InitialCertified))
	}
	if st.Counts.Total > 0 {
		pairs = append(pairs, "Deletable registrations", fmt.Sprintf("%d, of which %d certified", st.Counts.Total, st.Counts.Certified))
	}
	return pairs
}

// expiry says when a blob need not be kept any more.
func expiry(end committee.Epoch, at *time.Time, sys ledger.System) string {
	text := fmt.Sprintf("%d (exclusive; it is now epoch %d)", end, sys.Epoch)
	if at != nil {
		text += ", about " + at.Format(time.RFC3339)
	}
	return text
}
