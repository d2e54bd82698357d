package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"
)

// stopOnEOF gives a command that runs until it is interrupted the flag --stop-on-eof. Whoever starts the command
// holds the other end of its standard input; however that process ends, the system closes it.
func (d *deps) stopOnEOF(cmd *cobra.Command) {
	stop := cmd.Flags().Bool("stop-on-eof", false, "stop when standard input ends, as it does with the program that feeds it")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *stop {
			ctx, cancel := context.WithCancel(cmd.Context())
			defer cancel()
			go func() {
				defer cancel()
				_, _ = io.Copy(io.Discard, d.stdin) // ends at the end, however that looks
			}()
			cmd.SetContext(ctx)
		}
		return run(cmd, args)
	}
}
