// Command epochfigures measures what a change of epochs costs the chain, and how that grows with the blobs
// and stakes in its state; it prints a Markdown table, one of which is kept in docs/perf/chain.md.
//
//	go run ./internal/epochfigures [-nodes 150] [-shards 1000] [-stakes 1000,10000,100000] [-blobs 0,100000,1000000]
//
// The chain is the real application on a database on disk, without consensus. All state comes of signed
// transactions: first the stakes, then, with all of them, the blobs. Before each measured epoch something
// of everything happens.
package main

import (
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/internal/kvdb"
)

func main() {
	f := &figures{}
	flag.IntVar(&f.nodes, "nodes", 150, "storage nodes")
	flag.IntVar(&f.shards, "shards", 1000, "shards")
	flag.IntVar(&f.reps, "reps", 5, "epochs measured for each row")
	flag.StringVar(&f.profile, "cpuprofile", "", "write a profile of the last row's epochs to this `file`")
	stakes := flag.String("stakes", "1000,10000,100000", "numbers of stakes, rising")
	blobs := flag.String("blobs", "0,100000,1000000", "numbers of blobs, rising")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := parse(*stakes, &f.stakes)
	if err == nil {
		err = parse(*blobs, &f.blobs)
	}
	if err == nil {
		err = f.run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "epochfigures:", err)
		os.Exit(1)
	}
}

func parse(list string, to *[]int) error {
	for s := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(s)
		if err != nil {
			return err
		}
		*to = append(*to, n)
	}
	if !slices.IsSorted(*to) {
		return fmt.Errorf("%q does not rise", list)
	}
	return nil
}

// figures is what to measure, and the chain it is measured on.
type figures struct {
	nodes, shards, reps int
	stakes, blobs       []int
	profile             string

	*chaintest.Chain
	placed, registered int
}

func (f *figures) run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "walrus-epochs-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	db, err := kvdb.Open(filepath.Join(dir, "application.db"))
	if err != nil {
		return err
	}
	f.Chain, err = chaintest.Start(&chaintest.Options{
		Nodes: f.nodes, Shards: f.shards, Accounts: 2, Operators: 1, DB: db.App(),
		Genesis: func(g *chain.GenesisOptions) {
			g.EpochDuration, g.Capacity = 24*time.Hour, 1<<60
			g.Accounts[0].Amount, g.Accounts[1].Amount = 1<<60, 1<<60
			for i := range g.Nodes {
				g.Nodes[i].ConsensusKey = nil
				g.Nodes[i].CommissionRate = uint16(20 * i)
			}
			g.Nodes[0].ConsensusKey = make([]byte, 32)
			binary.BigEndian.PutUint32(g.Nodes[0].ConsensusKey, 1)
		},
	})
	if err != nil {
		return err
	}
	defer f.Close()
	fmt.Printf("%d processors, %s; %d nodes, %d shards, medians of %d epochs (largest).\n\n", runtime.NumCPU(), runtime.Version(), f.nodes, f.shards, f.reps)
	fmt.Println("| stakes | blobs | empty block | block of 20 transactions | block that ends voting | block that changes the epoch | block of 150 reports | state on disk |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- | --- |")
	for _, n := range f.stakes {
		if err := f.row(ctx, dir, n, f.blobs[0]); err != nil {
			return err
		}
	}
	for _, n := range f.blobs[1:] {
		if err := f.row(ctx, dir, f.stakes[len(f.stakes)-1], n); err != nil {
			return err
		}
	}
	return nil
}

// row brings the state to the given size and measures epochs.
func (f *figures) row(ctx context.Context, dir string, stakes, blobs int) error {
	start := time.Now()
	if err := f.placeStakes(ctx, stakes); err != nil {
		return fmt.Errorf("stakes: %w", err)
	}
	if err := f.registerBlobs(ctx, blobs); err != nil {
		return fmt.Errorf("blobs: %w", err)
	}
	fmt.Fprintf(os.Stderr, "epochfigures: %d stakes, %d blobs after %v\n", stakes, blobs, time.Since(start).Round(time.Second))
	last := stakes == f.stakes[len(f.stakes)-1] && blobs == f.blobs[len(f.blobs)-1]
	if f.profile != "" && last {
		file, err := os.Create(f.profile)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	var m measured
	for range f.reps {
		if err := f.epoch(ctx, &m); err != nil {
			return err
		}
	}
	fmt.Printf("| %d | %d | %s | %s | %s | %s | %s | %d MB |\n", stakes, blobs,
		summary(m.empty), summary(m.ordinary), summary(m.voting), summary(m.change), summary(m.sync), size(dir)/1e6)
	return nil
}

// measured are the times of blocks, by kind.
type measured struct{ empty, ordinary, voting, change, sync []time.Duration }

func timed(to *[]time.Duration, do func() error) error {
	start := time.Now()
	err := do()
	*to = append(*to, time.Since(start))
	return err
}

// epoch plays one epoch of everything, from the end of a change to the end of the next.
func (f *figures) epoch(ctx context.Context, m *measured) error {
	for range 5 {
		txs, err := f.mixed(ctx, 20)
		if err != nil {
			return err
		}
		if err := timed(&m.ordinary, func() error { return f.deliver(txs) }); err != nil {
			return err
		}
		if err := timed(&m.empty, func() error { return f.Advance(chaintest.BlockTime) }); err != nil {
			return err
		}
	}
	if err := timed(&m.voting, func() error { return f.EndVoting(ctx) }); err != nil {
		return err
	}
	before, err := f.Epoch(ctx)
	if err != nil {
		return err
	}
	rest := time.Duration(before.EpochDurationMs/2+1) * time.Millisecond
	if err := timed(&m.change, func() error { return f.Advance(rest) }); err != nil {
		return err
	}
	after, err := f.Epoch(ctx)
	if err != nil {
		return err
	}
	if after.Epoch.Number != before.Epoch.Number+1 {
		return fmt.Errorf("epoch %d did not end", before.Epoch.Number)
	}
	return timed(&m.sync, func() error { return f.Sync(ctx) })
}

func summary(all []time.Duration) string {
	slices.Sort(all)
	ms := func(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000) }
	return fmt.Sprintf("%s ms (%s)", ms(all[len(all)/2]), ms(all[len(all)-1]))
}

func size(dir string) (sum int64) {
	_ = filepath.WalkDir(dir, func(_ string, e os.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := e.Info(); err == nil && !e.IsDir() {
			sum += info.Size()
		}
		return nil
	})
	return sum
}
