package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger/proof"
)

// verifyProofOptions are the flags of verify-proof.
type verifyProofOptions struct {
	height  int64
	hash    string
	period  time.Duration
	chainID string
	blobID  string
}

// newVerifyProof makes the verify-proof command.
func newVerifyProof(d *deps) *cobra.Command {
	var opts verifyProofOptions
	cmd := &cobra.Command{
		Use:   "verify-proof FILE",
		Short: "Check, without a network, that a blob is certified",
		Long: `Verify-proof reads what "walrus blob-status --prove FILE" wrote and checks it against one header of the
chain, given by its height and hash, that you have from a source you trust. It needs neither a network nor a
configuration.

"Certified until" speaks of permanent registrations, which nobody can take back. A blob that is only certified
as deletable may be gone in the next block.` +
			exits("with --exit-codes=detailed 3 the proof is good and says that no permanent registration is certified"),
		Example: "  walrus verify-proof proof.json --trust-height 1200 --trust-hash 5C…",
		Args:    cobra.ExactArgs(1),
		RunE: d.does(func(_ context.Context, args []string) error {
			return runVerifyProof(d, args[0], opts)
		}),
	}
	f := cmd.Flags()
	f.Int64Var(&opts.height, "trust-height", 0, "`HEIGHT` of the header you trust")
	f.StringVar(&opts.hash, "trust-hash", "", "its `HASH`, 64 hexadecimal digits")
	f.DurationVar(&opts.period, "trust-period", proof.DefaultPeriod, "how old that header may be; at most an epoch is prudent")
	f.StringVar(&opts.chainID, "chain-id", "", "insist on the chain's `NAME`")
	f.StringVar(&opts.blobID, "blob-id", "", "insist on the blob's `ID`")
	return cmd
}

func runVerifyProof(d *deps, path string, opts verifyProofOptions) error {
	if opts.height <= 0 || opts.hash == "" || opts.period <= 0 {
		return usagef("name the header you trust with --trust-height and --trust-hash")
	}
	trust := proof.Trust{Anchor: proof.Anchor{Height: opts.height}, ChainID: opts.chainID, Period: opts.period}
	var err error
	if trust.Hash, err = proof.ParseHash(opts.hash); err != nil {
		return usagef("%v", err)
	}
	data, err := d.readProof(path)
	if err != nil {
		return err
	}
	c, err := proof.Parse(data)
	if err != nil {
		return err
	}
	if opts.blobID != "" {
		id, err := parseID(opts.blobID)
		if err != nil {
			return err
		}
		if id != c.BlobID() {
			return &hinted{err: fmt.Errorf("the proof is about blob %v, not %v", c.BlobID(), id), code: "WRONG_BLOB", exit: exitFailure}
		}
	}
	result, err := c.Verify(trust, d.now())
	if err != nil {
		return err
	}
	if err := d.printProof(result, trust.Anchor, ""); err != nil {
		return err
	}
	if result.CertifiedUntil == 0 && d.detailedExit() {
		return &hinted{err: fmt.Errorf("blob %v has no certified permanent registration", result.BlobID), code: "NOT_FOUND", exit: exitNotFound}
	}
	return nil
}

// readProof reads a file, or standard input for "-", up to the size a proof may have.
func (d *deps) readProof(path string) ([]byte, error) {
	r := d.stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	}
	return io.ReadAll(io.LimitReader(r, proof.MaxSize+1))
}

// proofResult is what a proof says of a blob.
type proofResult struct {
	ChainID        string           `json:"chainId"`
	BlobID         blob.ID          `json:"blobId"`
	Height         int64            `json:"height"`
	Time           time.Time        `json:"time"`
	Epoch          committee.Epoch  `json:"epoch"`
	Status         blob.Status      `json:"status"`
	Pooled         *pooledCounts    `json:"pooled,omitempty"`
	CertifiedUntil *committee.Epoch `json:"certifiedUntilEpoch"`
	TrustHeight    int64            `json:"trustHeight"`
	TrustHash      string           `json:"trustHash"`
	File           string           `json:"file,omitempty"`
}

// pooledCounts are registrations in storage pools, of which some may have ended.
type pooledCounts struct {
	Total     uint64 `json:"total"`
	Certified uint64 `json:"certified"`
}

// printProof prints what a proof says. With a file, it has just been written there.
func (d *deps) printProof(r proof.Result, trusted proof.Anchor, file string) error {
	out := proofResult{
		ChainID: r.ChainID, BlobID: r.BlobID, Height: r.Height, Time: r.Time, Epoch: r.Epoch, Status: r.Status,
		TrustHeight: trusted.Height, TrustHash: trusted.HashText(), File: file,
	}
	if r.Pooled.Total > 0 {
		out.Pooled = &pooledCounts{Total: r.Pooled.Total, Certified: r.Pooled.Certified}
	}
	if r.CertifiedUntil != 0 {
		out.CertifiedUntil = &r.CertifiedUntil
	}
	pairs := []string{
		"Blob ID", r.BlobID.String(),
		"Status", provedStatus(r),
		"As of", fmt.Sprintf("epoch %d, block %d of %s, %s", r.Epoch, r.Height, r.ChainID, r.Time.UTC().Format(time.RFC3339)),
		"For those who trust", "block " + trusted.String(),
	}
	if file != "" {
		pairs = append(pairs, "Proof", file)
	}
	return d.printLabels(out, pairs...)
}

func provedStatus(r proof.Result) string {
	switch {
	case r.CertifiedUntil != 0:
		return fmt.Sprintf("certified until epoch %d (exclusive)", r.CertifiedUntil)
	case r.Status.Kind == blob.Invalid:
		return "invalid: it was encoded wrongly and cannot be read"
	case r.Status.IsCertified():
		return "not guaranteed: certified, but its owners may delete it at any time"
	case r.Status.Kind != blob.Nonexistent:
		return "not certified, only registered"
	case r.Pooled.Certified > 0:
		return "not guaranteed: certified in storage pools, which may have ended"
	case r.Pooled.Total > 0:
		return "not certified, only registered in storage pools, which may have ended"
	}
	return "not certified, not even registered"
}
