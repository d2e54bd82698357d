// Command figures measures networks on this machine and prints what it finds as Markdown tables; those of
// one machine are kept in docs/perf/devnet.md.
//
//	go run ./internal/figures [-walrus bin/walrus] [-reps 5]
//
// Speed and memory are of a network in one process, used by a client in another, on a machine that both
// share. Faults are of a network in this process, where nodes can be made to lie.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/walrus-go/walrus/internal/machine"
)

func main() {
	f := &figures{}
	flag.StringVar(&f.walrus, "walrus", filepath.Join("bin", "walrus"), "the walrus `program`")
	flag.IntVar(&f.reps, "reps", 5, "how often each thing is measured; the median counts")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := f.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
}

// figures is what to measure with.
type figures struct {
	walrus string
	reps   int
}

// A shape is a network to measure.
type shape struct{ nodes, shards int }

var shapes = []shape{{10, 100}, {20, 1000}}

func (f *figures) run(ctx context.Context) error {
	fmt.Printf("%s, %d processors, %s.\n", machine.Processor(), runtime.NumCPU(), runtime.Version())
	var all []measured
	for _, s := range shapes {
		m, err := f.measure(ctx, s)
		if err != nil {
			return fmt.Errorf("%d nodes, %d shards: %w", s.nodes, s.shards, err)
		}
		all = append(all, m)
	}
	printNetworks(all)
	printSpeed(all)
	printLatency(all)
	return f.faults(ctx)
}

// timed returns how long f takes.
func timed(f func() error) (time.Duration, error) {
	begun := time.Now()
	err := f()
	return time.Since(begun), err
}

// quantile returns the given part, in [0, 1], of what was measured.
func quantile(times []time.Duration, q float64) time.Duration {
	sorted := slices.Clone(times)
	slices.Sort(sorted)
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}

func median(times []time.Duration) time.Duration { return quantile(times, 0.5) }

// table prints a Markdown table.
func table(heading []string, rows [][]string) {
	fmt.Printf("\n| %s |\n|%s\n", strings.Join(heading, " | "), strings.Repeat(" --- |", len(heading)))
	for _, row := range rows {
		fmt.Printf("| %s |\n", strings.Join(row, " | "))
	}
}

func ms(t time.Duration) string {
	if t < 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", float64(t.Microseconds())/1e3)
	}
	return fmt.Sprintf("%d ms", t.Milliseconds())
}

func mib(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }

func size(n int) string {
	if n < 1e6 {
		return fmt.Sprintf("%d KB", n/1e3)
	}
	return fmt.Sprintf("%d MB", n/1e6)
}

func rate(n int, t time.Duration) string {
	r := float64(n) / 1e6 / t.Seconds()
	if r < 1 {
		return fmt.Sprintf("%.3f MB/s", r)
	}
	return fmt.Sprintf("%.1f MB/s", r)
}
