package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestHelpFits: the help of every command fits into the columns that it promises, but for usage and examples.
func TestHelpFits(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	d := &deps{stdout: &out, stderr: &out, getenv: func(string) string { return "" }}
	var check func(cmd *cobra.Command)
	check = func(cmd *cobra.Command) {
		for _, below := range cmd.Commands() {
			check(below)
		}
		out.Reset()
		if code := d.run(context.Background(), append(strings.Fields(cmd.CommandPath())[1:], "--help")); code != 0 {
			t.Errorf("help of %q: exit code %d", cmd.CommandPath(), code)
		}
		for line := range strings.Lines(out.String()) {
			line = strings.TrimSuffix(line, "\n")
			if len([]rune(line)) > helpWidth && !strings.HasPrefix(line, "  walrus ") && !strings.Contains(line, "@type") && strings.Contains(line[40:], " ") {
				t.Errorf("help of %q has a line of %d columns: %q", cmd.CommandPath(), len([]rune(line)), line)
			}
		}
	}
	check(newRoot(d))
}

func TestReflow(t *testing.T) {
	t.Parallel()
	const text = "One two\nthree four.\nJSON: {a}.\n\nExits: many.\n\n  0  done it well\n  1  not"
	const want = "One two three\nfour.\nJSON: {a}.\n\nExits: many.\n\n  0  done it well\n  1  not"
	if got := reflow(text, 13); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
