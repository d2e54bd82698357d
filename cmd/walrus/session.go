package main

import (
	"context"
	"fmt"

	"github.com/walrus-go/walrus/internal/config"
)

// loadConfig finds and reads the client's configuration.
func (d *deps) loadConfig() (*config.Client, error) {
	path, err := config.FindClient(d.config, d.getenv)
	if err != nil {
		return nil, err
	}
	cfg, warnings, err := config.LoadClient(path, d.context)
	if err != nil {
		return nil, err
	}
	if !d.json {
		for _, w := range warnings {
			fmt.Fprintf(d.stderr, "walrus: warning: %s: %s\n", path, w)
		}
	}
	return cfg, nil
}

// shards returns the network's number of shards: given if it is not 0, else as configured, else asked
// of the chain.
func (d *deps) shards(ctx context.Context, given int) (int, error) {
	if given != 0 {
		return given, nil
	}
	cfg, err := d.loadConfig()
	if err != nil {
		return 0, &hinted{err: fmt.Errorf("number of shards not known: %w", err), code: "NO_CONFIGURATION", exit: exitFailure, hint: "give it with --n-shards; public networks have 1000"}
	}
	return cfg.NShards, nil
}
