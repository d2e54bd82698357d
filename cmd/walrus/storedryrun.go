package main

import (
	"context"
	"fmt"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/redstuff"
)

// runDryRun says what storing files would cost, and sends nothing.
func runDryRun(ctx context.Context, d *deps, s *session, files []string, epochs uint32) error {
	committees, err := s.reader.Committees(ctx)
	if err != nil {
		return err
	}
	code, err := redstuff.New(committees.Current.Shards())
	if err != nil {
		return err
	}
	results := make([]dryRunResult, len(files))
	for i, path := range files {
		if results[i], err = dryRunFile(ctx, d, s, code, path, epochs); err != nil {
			return err
		}
	}
	if d.json {
		return d.printJSON(results)
	}
	var cost uint64
	for _, r := range results {
		cost += r.StorageCost
		fmt.Fprintf(d.stdout, "%s would be stored\n", r.Path)
		err := labels(d.stdout, "Blob ID", r.BlobID.String(), "Unencoded size", formatSize(r.UnencodedSize),
			"Encoded size", formatSize(r.EncodedSize)+" (with metadata on every shard)", "Cost", formatWAL(r.StorageCost)+" without fees")
		if err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(d.stdout, "%s for %s without fees; nothing was sent\n", formatWAL(cost), plural(int(epochs), "epoch"))
	return err
}

func dryRunFile(ctx context.Context, d *deps, s *session, code *redstuff.Code, path string, epochs uint32) (dryRunResult, error) {
	in, err := d.openInput(path, code.MaxBlobSize())
	if err != nil {
		return dryRunResult{}, err
	}
	defer in.close()
	commitment, err := code.CommitFrom(in, in.size, nil)
	if err != nil {
		return dryRunResult{}, fmt.Errorf("%s: %w", path, err)
	}
	cost, err := s.client.Cost(ctx, commitment.Size, epochs)
	if err != nil {
		return dryRunResult{}, fmt.Errorf("%s: %w", path, err)
	}
	return dryRunResult{path, blob.NewMetadata(commitment).ID(), commitment.Size, cost.EncodedSize, cost.Total(), "RS2"}, nil
}
