package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/ledger"
)

// deleteOptions are the flags of delete.
type deleteOptions struct {
	ids, objects, files []string
	yes, noStatus       bool
}

// deleteResult is what became of one thing that was to be deleted. Source: spec client.md section 2.5.
type deleteResult struct {
	Identity    deleteIdentity `json:"blobIdentity"`
	Deleted     []blobJSON     `json:"deletedBlobs"`
	Reclaimed   []storageJSON  `json:"reclaimedStorage"`
	Status      *blob.Status   `json:"postDeletionStatus,omitempty"`
	NoBlobFound bool           `json:"noBlobFound"`
	Error       string         `json:"error,omitempty"`
	Aborted     bool           `json:"aborted"`

	err error
}

type deleteIdentity struct {
	BlobID   *blob.ID       `json:"blobId"`
	File     *string        `json:"file"`
	ObjectID *blob.ObjectID `json:"objectId"`
}

// newDelete makes the delete command.
func newDelete(d *deps) *cobra.Command {
	var opts deleteOptions
	cmd := &cobra.Command{
		Use:   "delete [BLOB_ID...]",
		Short: "Take deletable blobs back before their time",
		Long: `Delete takes back all deletable registrations of a blob that the account owns, and returns their storage to it,
to be used for other blobs. Others may have registered the same blob; it is kept for them. Permanent blobs
stay. Without --yes it asks first, and refuses where there is nobody to ask.` +
			exits("7 some were deleted and others not (with --exit-codes=detailed)"),
		Example: "  walrus delete --yes --files /etc/hosts",
		RunE: d.does(func(ctx context.Context, args []string) error {
			opts.ids = append(opts.ids, args...)
			if len(opts.ids)+len(opts.objects)+len(opts.files) == 0 {
				return usagef("name what to delete, as BLOB_ID, --object-ids or --files")
			}
			return d.withWallet(ctx, func(s *session) error { return runDelete(ctx, s, opts) })
		}),
	}
	f := cmd.Flags()
	listFlag(cmd, &opts.ids, "blob-ids", "blob-id", "`IDS` of blobs")
	listFlag(cmd, &opts.objects, "object-ids", "object-id", "`IDS` of single registrations")
	listFlag(cmd, &opts.files, "files", "file", "`FILES` with the bytes of blobs")
	f.BoolVarP(&opts.yes, "yes", "y", false, "do not ask")
	f.BoolVar(&opts.noStatus, "no-status-check", false, "do not look afterwards whether the blob is still stored for others")
	return cmd
}

func runDelete(ctx context.Context, s *session, opts deleteOptions) error {
	targets, err := s.deleteTargets(ctx, opts)
	if err != nil {
		return err
	}
	owned, err := s.owned(ctx)
	if err != nil {
		return err
	}
	results := make([]deleteResult, len(targets))
	for i, target := range targets {
		results[i] = s.deleteOne(ctx, target, owned, opts)
		if !s.json {
			printDeleted(s.deps, &results[i])
		}
	}
	if s.json {
		if err := s.printJSON(results); err != nil {
			return err
		}
	}
	return deleteFailure(results)
}

// deleteTargets resolves what was named.
func (s *session) deleteTargets(ctx context.Context, opts deleteOptions) ([]deleteIdentity, error) {
	ids, err := tryConvert(opts.ids, parseID)
	if err != nil {
		return nil, err
	}
	objects, err := tryConvert(opts.objects, parseObject)
	if err != nil {
		return nil, err
	}
	targets := convert(ids, func(id blob.ID) deleteIdentity { return deleteIdentity{BlobID: &id} })
	targets = append(targets, convert(objects, func(id blob.ObjectID) deleteIdentity { return deleteIdentity{ObjectID: &id} })...)
	for _, file := range opts.files {
		id, err := s.whichBlob(ctx, "", file)
		if err != nil {
			return nil, err
		}
		targets = append(targets, deleteIdentity{BlobID: &id, File: &file})
	}
	return targets, nil
}

func (s *session) deleteOne(ctx context.Context, target deleteIdentity, owned []ledger.Blob, opts deleteOptions) deleteResult {
	r := deleteResult{Identity: target, Deleted: []blobJSON{}, Reclaimed: []storageJSON{}}
	var objects []blob.ObjectID
	var blobs []ledger.Blob
	for _, b := range owned {
		match := target.ObjectID != nil && b.ID == *target.ObjectID || target.BlobID != nil && b.BlobID == *target.BlobID
		if match && b.Deletable {
			objects, blobs = append(objects, b.ID), append(blobs, b)
		}
	}
	if len(objects) == 0 {
		r.NoBlobFound = true
		r.err = &hinted{err: fmt.Errorf("%v owns no deletable registration of %s", s.wallet.Address(), target), code: "NOT_FOUND", exit: exitNotFound, hint: `"walrus list-blobs" shows what the account owns`}
		r.Error = r.err.Error()
		return r
	}
	if !opts.yes && !s.json {
		if r.Aborted, r.err = !s.confirm(fmt.Sprintf("Delete %s of %s?", plural(len(objects), "registration"), target)), nil; r.Aborted {
			r.err = &hinted{err: fmt.Errorf("%s not deleted", target), code: "ABORTED", exit: exitFailure, hint: "--yes deletes without asking"}
			return r
		}
	}
	storages, err := s.wallet.Delete(ctx, objects)
	if err != nil {
		r.err, r.Error = err, err.Error()
		return r
	}
	r.Deleted, r.Reclaimed = convert(blobs, newBlobJSON), convert(storages, newStorageJSON)
	if !opts.noStatus {
		r.Status = s.statusAfter(ctx, blobs[0].BlobID)
	}
	return r
}

// statusAfter asks the chain what is left of a blob; nil if it does not say.
func (s *session) statusAfter(ctx context.Context, id blob.ID) *blob.Status {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	status, err := s.reader.BlobStatus(ctx, id)
	if err != nil {
		return nil
	}
	return &status
}

// confirm asks a person; nobody there is a no.
func (d *deps) confirm(question string) bool {
	if !d.inputTerminal {
		return false
	}
	fmt.Fprint(d.stderr, question, " [y/N] ")
	line, _ := bufio.NewReader(d.stdin).ReadString('\n') // what could be read counts
	line = strings.ToLower(strings.TrimSpace(line))
	return line == "y" || line == "yes"
}

// String names what was to be deleted.
func (i deleteIdentity) String() string {
	switch {
	case i.File != nil:
		return fmt.Sprintf("%s (%v)", *i.File, i.BlobID)
	case i.BlobID != nil:
		return "blob " + i.BlobID.String()
	}
	return "object " + i.ObjectID.String()
}

func printDeleted(d *deps, r *deleteResult) {
	if r.err != nil {
		return // told on standard error
	}
	fmt.Fprintf(d.stdout, "%s: %s deleted\n", r.Identity, plural(len(r.Deleted), "registration"))
	for _, st := range r.Reclaimed {
		fmt.Fprintf(d.stdout, "  storage %v, %s until epoch %d, is yours again\n", st.ID, formatSize(st.StorageSize), st.EndEpoch)
	}
	if r.Status != nil && r.Status.Kind != blob.Nonexistent {
		fmt.Fprintln(d.stdout, "  the blob is still stored under other registrations")
	}
}

// deleteFailure makes one error of all that went wrong, nil if nothing did.
func deleteFailure(results []deleteResult) error {
	var errs []error
	for i := range results {
		if results[i].err != nil {
			errs = append(errs, results[i].err)
		}
	}
	if len(errs) == 0 || len(errs) == len(results) {
		return errors.Join(errs...)
	}
	return &hinted{
		err: fmt.Errorf("%d of %d not deleted: %w", len(errs), len(results), errors.Join(errs...)), code: "PARTIAL_FAILURE", exit: exitPartial,
		details: map[string]any{"failed": len(errs), "of": len(results)},
	}
}
