package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// nameArgs makes all commands below cmd say which argument is missing or too many, where cobra counts them.
func nameArgs(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		nameArgs(sub)
	}
	count := cmd.Args
	if count == nil || cmd.HasSubCommands() || len(cmd.ValidArgs) > 0 { // the latter two have their own words
		return
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if count(cmd, args) == nil {
			return nil
		}
		for n := len(args) - 1; n >= 0; n-- {
			if count(cmd, args[:n]) == nil {
				return usagef("unexpected argument %q", strings.TrimPrefix(args[n], idMark))
			}
		}
		return usagef("needs %s", wantedArgs(cmd))
	}
}

// wantedArgs is what stands for a command's arguments in its usage.
func wantedArgs(cmd *cobra.Command) string {
	args, _, _ := strings.Cut(strings.TrimPrefix(cmd.Use, cmd.Name()), " --")
	return strings.TrimSpace(args)
}
