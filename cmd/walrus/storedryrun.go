package main

import (
	"context"
	"fmt"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/redstuff"
)

// runDryRun says what storing files would cost, and sends nothing.
func runDryRun(ctx context.Context, s *session, files []string, epochs uint32) error {
	committees, err := s.reader.Committees(ctx)
	if err != nil {
		return err
	}
	code, err := redstuff.New(committees.Current.Shards())
	if err != nil {
		return err
	}
	results, err := tryConvert(files, func(path string) (dryRunResult, error) { return s.dryRun(ctx, code, path, epochs) })
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(results)
	}
	var cost uint64
	for _, r := range results {
		cost += r.StorageCost
		fmt.Fprintf(s.stdout, "%s would be stored\n", r.Path)
		err := labels(s.stdout, "Blob ID", r.BlobID.String(), "Unencoded size", formatSize(r.UnencodedSize),
			"Encoded size", formatSize(r.EncodedSize)+" (with metadata on every shard)", "Cost", formatWAL(r.StorageCost)+" without fees")
		if err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(s.stdout, "%s for %s without fees; nothing was sent\n", formatWAL(cost), plural(int(epochs), "epoch"))
	return err
}

// dryRun says what storing one file would cost.
func (s *session) dryRun(ctx context.Context, code *redstuff.Code, path string, epochs uint32) (dryRunResult, error) {
	commitment, err := s.commit(code, path)
	if err != nil {
		return dryRunResult{}, err
	}
	cost, err := s.client.Cost(ctx, commitment.Size, epochs)
	if err != nil {
		return dryRunResult{}, fmt.Errorf("%s: %w", path, err)
	}
	return dryRunResult{path, blob.NewMetadata(commitment).ID(), commitment.Size, cost.EncodedSize, cost.Total(), "RS2"}, nil
}
