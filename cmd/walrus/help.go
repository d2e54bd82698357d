package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// helpWidth is how many columns help takes, but for examples, which are to be pasted.
const helpWidth = 100

// fitHelp fits the help of a command and of all below it into helpWidth.
func fitHelp(cmd *cobra.Command) {
	if !cmd.HasParent() {
		cmd.SetUsageTemplate(strings.ReplaceAll(cmd.UsageTemplate(), ".FlagUsages", fmt.Sprintf(".FlagUsagesWrapped %d", helpWidth)))
	}
	cmd.Long = reflow(cmd.Long, helpWidth)
	for _, below := range cmd.Commands() {
		fitHelp(below)
	}
}

// reflow breaks the lines of paragraphs anew. Lines that begin with a space stay, and what begins with JSON begins
// a line.
func reflow(text string, width int) string {
	var out []string
	flowing := false // the last line of out can go on
	for _, line := range strings.Split(text, "\n") {
		if line == "" || line[0] == ' ' {
			out, flowing = append(out, line), false
			continue
		}
		for i, word := range strings.Split(line, " ") {
			last := len(out) - 1
			if flowing && (i > 0 || !strings.HasPrefix(line, "JSON")) && len([]rune(out[last]))+1+len([]rune(word)) <= width {
				out[last] += " " + word
			} else {
				out, flowing = append(out, word), true
			}
		}
	}
	return strings.Join(out, "\n")
}

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
