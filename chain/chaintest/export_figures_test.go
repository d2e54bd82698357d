package chaintest_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/internal/kvdb"
)

var exportBlobs = flag.Int("figures.export", 0, "blobs in a state to export and import")

// TestExportFigures measures how long it takes, and how much memory, to export a state to a file and to
// begin a chain with it. See "make export-figures".
func TestExportFigures(t *testing.T) {
	if *exportBlobs == 0 {
		t.Skip("takes minutes; see make export-figures")
	}
	f := &costs{dir: t.TempDir()}
	db, err := kvdb.Open(filepath.Join(f.dir, "application.db"))
	ok(t, err)
	f.Chain = chaintest.New(t, &chaintest.Options{
		Nodes: 10, Shards: 1000, Accounts: 2, Operators: 1, DB: db.App(),
		Genesis: func(g *chain.GenesisOptions) { g.Capacity, g.Accounts[1].Amount = 1<<60, 1<<60 },
	})
	ok(t, f.Restart(chain.AppOptions{CacheNodes: 2_000_000}))
	ok(t, f.registerBlobs(context.Background(), *exportBlobs))
	ok(t, f.Restart(chain.AppOptions{}))
	fmt.Println("| step | time | memory at most |\n| --- | --- | --- |")
	var g *chain.Genesis
	path := filepath.Join(f.dir, "genesis.json")
	step(t, "export", func() (err error) {
		g, err = f.App.Export("walrus-fork", f.Now())
		return err
	})
	step(t, "write the file", func() error { return g.WriteFile(path) })
	g = nil
	info, err := os.Stat(path)
	ok(t, err)
	ok(t, f.Restart(chain.AppOptions{CacheNodes: 1}))
	step(t, "read the file", func() (err error) {
		g, err = chain.ReadGenesis(path)
		return err
	})
	imported, err := kvdb.Open(filepath.Join(f.dir, "imported.db"))
	ok(t, err)
	step(t, "begin a chain with it", func() error {
		c, err := chaintest.Import(g, imported.App())
		if err != nil {
			return err
		}
		return c.Close()
	})
	fmt.Printf("\n%d blobs; the file has %d MB.\n", *exportBlobs, info.Size()/1e6)
}

// step measures and prints what a step takes: its time, and the resident memory of the process at most.
func step(t *testing.T, name string, do func() error) {
	t.Helper()
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // the peak begins anew
	start := time.Now()
	ok(t, do())
	took := time.Since(start)
	peak := "unknown"
	status, err := os.ReadFile("/proc/self/status")
	if err == nil {
		for line := range strings.Lines(string(status)) {
			if rest, found := strings.CutPrefix(line, "VmHWM:"); found {
				peak = strings.TrimSpace(rest)
			}
		}
	}
	fmt.Printf("| %s | %.1f s | %s |\n", name, took.Seconds(), peak)
}
