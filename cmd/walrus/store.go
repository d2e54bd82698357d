package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/spf13/cobra"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/committee"
)

// storeOptions are the flags of store.
type storeOptions struct {
	files           []string
	lifetime        lifetime
	permanent       bool
	deletable       bool
	force           bool
	ignoreResources bool
	dryRun          bool
	share           bool
	pool            string
	bucket          string
}

// newStore makes the store command.
func newStore(d *deps) *cobra.Command {
	var opts storeOptions
	cmd := &cobra.Command{
		Use:     "store FILE...",
		Aliases: []string{"write"},
		Short:   "Store files as blobs",
		Long: `Store encodes each file, buys space for it, sends it to the storage nodes and returns once the chain holds
the certificate of a quorum of them: from then on the network answers for the blob. - is standard input.

What is certified for long enough already is not stored again. A store that was interrupted goes on where it
stopped when it is repeated. Unless --permanent is given, the owner can take a blob back before its time.

With --pool, a storage pool of the account is used instead of buying space: the blobs last as long as the pool does,
also when it is extended, and only the fee for writing is paid. So it is with --bucket and a bucket that the account may use.` +
			exits("7 some files were stored and others not (with --exit-codes=detailed)"),
		Example: "  walrus store --epochs 5 /etc/hosts",
		Args:    cobra.MinimumNArgs(1),
		RunE: d.does(func(ctx context.Context, args []string) error {
			opts.files = args
			if opts.share && !opts.permanent {
				return usagef("--share: only permanent blobs are shared; say --permanent too")
			}
			if opts.dryRun {
				return d.withNetwork(ctx, func(s *session) error { return runStore(ctx, s, opts) })
			}
			return d.withWallet(ctx, func(s *session) error { return runStore(ctx, s, opts) })
		}),
	}
	f := cmd.Flags()
	f.StringVar(&opts.pool, "pool", "", "`ID` of the storage pool to store in, for as long as it lasts")
	f.StringVar(&opts.bucket, "bucket", "", "`ID` of the blob bucket to store in, for as long as it lasts")
	opts.lifetime.flags(cmd, "pool", "bucket")
	f.BoolVar(&opts.permanent, "permanent", false, "nobody can take the blob back before its time")
	f.BoolVar(&opts.deletable, "deletable", false, "the owner can take the blob back (the default)")
	cmd.MarkFlagsMutuallyExclusive("permanent", "deletable")
	f.BoolVar(&opts.force, "force", false, "store even what is certified for long enough already")
	f.BoolVar(&opts.ignoreResources, "ignore-resources", false, "buy new space even if storage that would do is owned")
	f.BoolVar(&opts.share, "share", false, "give the blob to everyone once it is stored, see walrus share; needs --permanent")
	cmd.MarkFlagsMutuallyExclusive("pool", "share")
	cmd.MarkFlagsMutuallyExclusive("bucket", "share")
	f.BoolVar(&opts.dryRun, "dry-run", false, "encode and compute the price, send nothing")
	return cmd
}

// storeResult is the outcome of one file. Source: spec client.md sections 1.7 and 2.2.
type storeResult struct {
	Result blobStoreResult `json:"blobStoreResult"`
	Path   string          `json:"path"`
}

// blobStoreResult has exactly one member.
type blobStoreResult struct {
	NewlyCreated     *newlyCreated     `json:"newlyCreated,omitempty"`
	AlreadyCertified *alreadyCertified `json:"alreadyCertified,omitempty"`
	MarkedInvalid    *markedInvalid    `json:"markedInvalid,omitempty"`
	Error            *storeError       `json:"error,omitempty"`
}

type newlyCreated struct {
	BlobObject        blobJSON                     `json:"blobObject"`
	ResourceOperation map[string]resourceOperation `json:"resourceOperation"`
	Cost              uint64                       `json:"cost"` // FROST, without fees
	BlobID            blob.ID                      `json:"blobId"`
	EndEpoch          committee.Epoch              `json:"endEpoch"`
	SharedBlob        *blob.ObjectID               `json:"sharedBlobObject,omitempty"`
	StoragePool       *blob.ObjectID               `json:"storagePool,omitempty"`
}

type resourceOperation struct {
	EncodedLength  uint64  `json:"encodedLength"`
	EpochsAhead    *uint32 `json:"epochsAhead,omitempty"`
	EpochsExtended *uint32 `json:"epochsExtended,omitempty"`
}

type alreadyCertified struct {
	BlobID   blob.ID         `json:"blobId"`
	Event    *blob.EventRef  `json:"event,omitempty"`
	Object   *blob.ObjectID  `json:"object,omitempty"`
	EndEpoch committee.Epoch `json:"endEpoch"`
}

type markedInvalid struct {
	BlobID blob.ID        `json:"blobId"`
	Event  *blob.EventRef `json:"event,omitempty"`
}

type storeError struct {
	BlobID       *blob.ID `json:"blobId"`
	FailurePhase string   `json:"failurePhase"`
	ErrorMsg     string   `json:"errorMsg"`
}

// dryRunResult is what storing a file would take.
type dryRunResult struct {
	Path          string  `json:"path"`
	BlobID        blob.ID `json:"blobId"`
	UnencodedSize uint64  `json:"unencodedSize"`
	EncodedSize   uint64  `json:"encodedSize"`
	StorageCost   uint64  `json:"storageCost"` // FROST, writing included
	EncodingType  string  `json:"encodingType"`
}

func runStore(ctx context.Context, s *session, opts storeOptions) error {
	epochs, pool, err := s.storeFor(ctx, &opts)
	if err != nil {
		return err
	}
	if opts.dryRun {
		return runDryRun(ctx, s, opts.files, epochs)
	}
	blobs, err := s.readFiles(opts.files, s.batchLimit())
	if err != nil {
		return err
	}
	bar := s.newProgress()
	defer bar.clear()
	stored, err := s.client.Store(ctx, blobs, &client.StoreOptions{
		Epochs: epochs, Deletable: !opts.permanent, Force: opts.force, IgnoreResources: opts.ignoreResources,
		Progress: func(p client.StoreProgress) { showStore(bar, p) },
	})
	if err != nil && len(stored) == 0 {
		return err
	}
	var shared map[int]blob.ObjectID
	var notShared error
	if opts.share {
		shared, notShared = s.shareStored(ctx, stored)
	}
	bar.clear()
	results := make([]storeResult, len(stored))
	for i := range stored {
		results[i] = storeResult{newStoreResult(&stored[i], epochs), opts.files[i]}
		if id, ok := shared[i]; ok {
			results[i].Result.NewlyCreated.SharedBlob = &id
		}
		if made := results[i].Result.NewlyCreated; made != nil {
			made.StoragePool = pool
		}
	}
	err = s.show(results, func() error { return printStored(s.deps, opts.files, stored, shared, pool) })
	return errors.Join(poolFull(pool, storeFailure(opts.files, stored)), notShared, err)
}

// showStore draws how far a store is.
func showStore(bar *progress, p client.StoreProgress) {
	switch {
	case p.BytesTotal == 0:
		bar.set("encoding", "", 0, 0)
	case p.ShardsConfirmed < p.ShardsNeeded || p.Phase < client.PhaseCertify:
		bar.set("storing", fmt.Sprintf("%d of %d shards confirmed", min(p.ShardsConfirmed, p.ShardsNeeded), p.ShardsNeeded), p.BytesSent, p.BytesTotal)
	case p.Certified < p.Blobs:
		bar.set("certifying", "", 0, 0)
	default:
		bar.set("finishing", "", 0, 0) // slower nodes get some more time
	}
}

// readFiles reads all files, of at most limit bytes together.
func (d *deps) readFiles(paths []string, limit int64) ([][]byte, error) {
	blobs := make([][]byte, len(paths))
	left := limit
	for i, path := range paths {
		b, err := d.readFile(path, left)
		if err != nil {
			return nil, err
		}
		blobs[i] = b
		left -= int64(len(b))
	}
	return blobs, nil
}

func (d *deps) readFile(path string, limit int64) ([]byte, error) {
	if path == "-" {
		b, err := io.ReadAll(io.LimitReader(d.stdin, limit+1))
		if err == nil && int64(len(b)) > limit {
			err = tooMuch("standard input", limit)
		}
		return b, err
	}
	in, err := d.openInput(path, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	defer in.close()
	if in.size > limit {
		return nil, tooMuch(path, limit)
	}
	return in.bytes()
}

func tooMuch(path string, left int64) error {
	return &hinted{
		err:  fmt.Errorf("%s is too much for one command: %s are left of what one may store at once", path, formatSize(uint64(left))),
		code: "BLOB_TOO_LARGE", exit: exitFailure,
		hint: "store files one by one, or raise max_total_blob_size in the configuration; about five times as much memory is needed",
	}
}

// newStoreResult gives the outcome of one blob its JSON form.
func newStoreResult(s *client.Stored, epochs uint32) blobStoreResult {
	switch {
	case errors.Is(s.Err, client.ErrInconsistent):
		return blobStoreResult{MarkedInvalid: &markedInvalid{s.BlobID, s.Event}}
	case s.Err != nil:
		return blobStoreResult{Error: newStoreError(s)}
	case s.Operation == client.AlreadyCertified:
		r := &alreadyCertified{BlobID: s.BlobID, Event: s.Event, EndEpoch: s.End}
		if s.Object != nil {
			r.Object = &s.Object.ID
		}
		return blobStoreResult{AlreadyCertified: r}
	}
	op := resourceOperation{EncodedLength: s.EncodedSize}
	if s.Operation == client.RegisterFromScratch {
		op.EpochsAhead = &epochs
	}
	return blobStoreResult{NewlyCreated: &newlyCreated{
		BlobObject: newBlobJSON(*s.Object), ResourceOperation: map[string]resourceOperation{s.Operation.String(): op},
		Cost: s.Cost, BlobID: s.BlobID, EndEpoch: s.End,
	}}
}

func newStoreError(s *client.Stored) *storeError {
	e := &storeError{ErrorMsg: s.Err.Error()}
	if s.BlobID != (blob.ID{}) {
		e.BlobID = &s.BlobID
	}
	var where *client.StoreError
	if errors.As(s.Err, &where) {
		e.FailurePhase = where.Phase.String()
	}
	return e
}

// operationWords say what was paid for.
var operationWords = map[client.Operation]string{
	client.RegisterFromScratch:        "space bought",
	client.ReuseStorage:               "owned storage used",
	client.ReuseRegistration:          "owned registration finished",
	client.ReuseAndExtend:             "owned registration extended",
	client.ReuseAndExtendNonCertified: "owned registration finished and extended",
}

// printStored tells a person what became of the files.
func printStored(d *deps, files []string, stored []client.Stored, shared map[int]blob.ObjectID, pool *blob.ObjectID) error {
	var created int
	var encoded, cost uint64
	for i := range stored {
		s := &stored[i]
		if s.Err != nil {
			continue // told on standard error
		}
		if s.Operation == client.AlreadyCertified {
			fmt.Fprintf(d.stdout, "%s is stored already\n", files[i])
		} else {
			fmt.Fprintf(d.stdout, "%s stored, %s\n", files[i], kindOf(s.Object.Deletable))
			created, encoded, cost = created+1, encoded+s.EncodedSize, cost+s.Cost
		}
		pairs := storedLabels(s, pool)
		if id, ok := shared[i]; ok {
			pairs = append(pairs, "Shared blob ID", id.String())
		}
		if err := labels(d.stdout, pairs...); err != nil {
			return err
		}
	}
	if len(stored) < 2 {
		return nil
	}
	_, err := fmt.Fprintf(d.stdout, "%s newly certified, %s encoded, %s without fees\n", plural(created, "blob"), formatSize(encoded), formatWAL(cost))
	return err
}

func storedLabels(s *client.Stored, pool *blob.ObjectID) []string {
	pairs := []string{"Blob ID", s.BlobID.String()}
	if s.Object != nil {
		pairs = append(pairs, "Object ID", s.Object.ID.String())
	} else if s.Event != nil {
		pairs = append(pairs, "Certified by", eventText(*s.Event))
	}
	words := operationWords[s.Operation]
	if pool != nil && s.Operation == client.RegisterFromScratch {
		words = "space of the pool used"
	}
	if s.Operation != client.AlreadyCertified {
		pairs = append(pairs,
			"Unencoded size", formatSize(s.Size),
			"Encoded size", formatSize(s.EncodedSize)+" (with metadata on every shard)",
			"Cost", fmt.Sprintf("%s without fees (%s)", formatWAL(s.Cost), words))
	}
	if pool != nil && s.Object != nil {
		pairs = append(pairs, "Pool ID", pool.String())
	}
	return append(pairs, "Expiry epoch", fmt.Sprintf("%d (exclusive)", s.End))
}

// storeFailure makes one error of what went wrong with each file, nil if nothing did.
func storeFailure(files []string, stored []client.Stored) error {
	var errs []error
	for i := range stored {
		if err := stored[i].Err; err != nil {
			if len(files) > 1 {
				err = fmt.Errorf("%s: %w", files[i], err)
			}
			errs = append(errs, err)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	err := errors.Join(errs...)
	if len(errs) < len(stored) {
		return &hinted{
			err: fmt.Errorf("%d of %d files not stored: %w", len(errs), len(stored), err), code: "PARTIAL_FAILURE", exit: exitPartial,
			hint: "repeat the command: what is stored is not stored again", details: map[string]any{"failed": len(errs), "of": len(stored)},
		}
	}
	return err
}
