package chaintest_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/internal/kvdb"
)

var (
	exportBlobs = flag.Int("figures.export", 0, "blobs in a state to export and import")
	exportStep  = flag.String("figures.step", "", "the step that a process of TestExportFigures measures")
	exportDir   = flag.String("figures.dir", "", "where its databases are")
)

// TestExportFigures measures how long it takes, and how much memory, to export a state to a file and to
// begin a chain with it, each in a process of its own. See "make export-figures".
func TestExportFigures(t *testing.T) {
	switch {
	case *exportStep != "":
		exportOrImport(t, *exportStep, *exportDir)
		return
	case *exportBlobs == 0:
		t.Skip("takes minutes; see make export-figures")
	}
	f := &costs{dir: t.TempDir()}
	db, err := kvdb.Open(filepath.Join(f.dir, "application.db"))
	ok(t, err)
	f.Chain, err = chaintest.Start(&chaintest.Options{
		Nodes: 10, Shards: 1000, Accounts: 2, Operators: 1, DB: db.App(),
		Genesis: func(g *chain.GenesisOptions) { g.Capacity, g.Accounts[1].Amount = 1<<60, 1<<60 },
	})
	ok(t, err)
	ok(t, f.Restart(chain.AppOptions{CacheNodes: 2_000_000}))
	ok(t, f.registerBlobs(context.Background(), *exportBlobs))
	ok(t, f.Close())
	fmt.Println("| step | processor's time | time | memory at most |\n| --- | --- | --- | --- |")
	for _, step := range []string{"nothing", "export", "import"} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestExportFigures$", "-test.timeout=0", "-figures.step="+step, "-figures.dir="+f.dir)
		start := time.Now()
		out, err := cmd.CombinedOutput()
		took := time.Since(start)
		if err != nil {
			t.Fatalf("%s: %v\n%s", step, err, out)
		}
		used := cmd.ProcessState
		peak, err := os.ReadFile(filepath.Join(f.dir, "peak"))
		ok(t, err)
		fmt.Printf("| %s | %.1f s | %.1f s | %s |\n", step, (used.UserTime() + used.SystemTime()).Seconds(), took.Seconds(), peak)
	}
	path := filepath.Join(f.dir, "genesis.json")
	size := int64(0)
	for _, name := range []string{path, chain.RecordsFile(path)} {
		info, err := os.Stat(name)
		ok(t, err)
		size += info.Size()
	}
	fmt.Printf("\n%d blobs; the two files have %d MB.\n", *exportBlobs, size/1e6)
}

// exportOrImport is what each process does with the databases in dir.
func exportOrImport(t *testing.T, step, dir string) {
	path := filepath.Join(dir, "genesis.json")
	defer func() { ok(t, os.WriteFile(filepath.Join(dir, "peak"), []byte(peakMemory()), 0o600)) }()
	switch step {
	case "export":
		db, err := kvdb.Open(filepath.Join(dir, "application.db"))
		ok(t, err)
		app, err := chain.NewApp(db.App(), chain.AppOptions{ChainID: "walrus-test"})
		ok(t, err)
		_, err = app.ExportFile(path, "walrus-fork", time.Unix(0, 0).UTC())
		ok(t, err)
		ok(t, app.Close())
	case "import":
		g, err := chain.ReadGenesis(path)
		ok(t, err)
		db, err := kvdb.Open(filepath.Join(dir, "imported.db"))
		ok(t, err)
		c, err := chaintest.Import(g, db.App())
		ok(t, err)
		ok(t, c.Close())
	}
}

// peakMemory is the resident memory of the process at most, where the system tells.
func peakMemory() string {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(line, "VmHWM:"); found {
			return strings.TrimSpace(rest)
		}
	}
	return "unknown"
}
