package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// buildVersion is what this program was built from. Fields are empty where the build did not say.
type buildVersion struct {
	Version  string            `json:"version"`
	Commit   string            `json:"commit,omitempty"`
	Modified bool              `json:"modified,omitempty"` // the working tree differed from the commit
	Go       string            `json:"go"`
	Platform string            `json:"platform"`
	Modules  map[string]string `json:"modules,omitempty"`
}

// engines are the modules whose versions matter to operators.
var engines = []string{"github.com/cometbft/cometbft", "github.com/cosmos/cosmos-sdk", "github.com/cockroachdb/pebble/v2"}

// readVersion asks the binary itself.
func readVersion() buildVersion {
	v := buildVersion{Version: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Version = strings.TrimPrefix(info.Main.Version, "v")
	if v.Version == "" {
		v.Version = "(devel)"
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	v.Modules = map[string]string{}
	for _, dep := range info.Deps {
		for _, path := range engines {
			if dep.Path == path {
				v.Modules[path] = dep.Version
			}
		}
	}
	return v
}

// String returns one line.
func (v buildVersion) String() string {
	s := v.Version
	if len(v.Commit) >= 12 {
		s += " (" + v.Commit[:12]
		if v.Modified {
			s += ", modified"
		}
		s += ")"
	}
	return s + " " + v.Go + " " + v.Platform
}

// newVersion makes the version command.
func newVersion(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Say what this program was built from",
		Long:    "Version says which version and commit this program was built from, with which Go and which engines." + exits(),
		Example: "  walrus version --json",
		Args:    cobra.NoArgs,
		RunE:    d.does(func(ctx context.Context, _ []string) error { return runVersion(d) }),
	}
}

func runVersion(d *deps) error {
	v := readVersion()
	if d.json {
		return d.printJSON(v)
	}
	fmt.Fprintln(d.stdout, "walrus", v)
	for _, path := range engines {
		if version := v.Modules[path]; version != "" {
			fmt.Fprintln(d.stdout, " ", path, version)
		}
	}
	return nil
}
