package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/internal/config"
	"github.com/walrus-go/walrus/ledger/proof"
)

// runProveBlob writes to a file what the chain says of a blob, with the evidence. It asks no storage node.
func runProveBlob(ctx context.Context, d *deps, opts blobStatusOptions) error {
	cfg, err := d.loadConfig()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, opts.timeout)
	defer cancel()
	id, err := d.idToProve(ctx, opts)
	if err != nil {
		return err
	}
	c, err := proveAny(ctx, cfg, id, opts.trustHeight)
	if err != nil {
		return err
	}
	data, err := c.Encode()
	if err != nil {
		return err
	}
	if err := os.WriteFile(opts.prove, append(data, '\n'), 0o666); err != nil {
		return err
	}
	anchors := c.Anchors()
	// Nothing but what the proof itself says is shown, and the node that gave it is trusted for its header.
	result, err := c.Verify(proof.Trust{Anchor: anchors[len(anchors)-1], ChainID: cfg.ChainID}, d.now())
	if err != nil {
		return err
	}
	return d.printProof(result, anchors[0], opts.prove)
}

func (d *deps) idToProve(ctx context.Context, opts blobStatusOptions) (blob.ID, error) {
	if opts.file == "" {
		return parseID(opts.id)
	}
	shards, err := d.shards(ctx, 0)
	if err != nil {
		return blob.ID{}, err
	}
	return d.fileID(opts.file, shards)
}

// proveAny asks the endpoints in turn.
func proveAny(ctx context.Context, cfg *config.Client, id blob.ID, from int64) (*proof.Certification, error) {
	var errs []error
	for _, url := range cfg.RPCURLs {
		source, err := proof.Dial(ctx, url)
		if err == nil {
			var c *proof.Certification
			if c, err = source.Prove(ctx, id, from); err == nil {
				return c, nil
			}
		}
		errs = append(errs, fmt.Errorf("%s: %w", url, err))
	}
	return nil, errors.Join(errs...)
}
