package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// newHelp makes the help command.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND...]",
		Short:   "Show the help of a command",
		Long:    `Help shows what "--help" behind a command shows. Without a command it lists all of them.` + exits(),
		Example: "  walrus help pool create",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			about, _, err := cmd.Root().Find(args)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []string
			for _, c := range about.Commands() {
				if c.IsAvailableCommand() {
					names = append(names, c.Name())
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err == nil && len(rest) > 0 {
				err = fmt.Errorf("%q has no command %q", about.CommandPath(), rest[0])
			}
			if err != nil {
				return &usageError{err: err, hint: usageHint(about, args)}
			}
			return about.Help()
		},
	}
}
