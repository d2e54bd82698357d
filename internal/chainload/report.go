package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/walrus-go/walrus/internal/machine"
)

// variant is a program whose validators are measured.
type variant struct {
	name, program string
}

// row is what one number of validators did with one size of batches.
type row struct {
	validators, batch   int
	lone                bool
	registered, certify phase
}

// measureAll measures every row, of both programs in turns where there are two, and prints tables.
func measureAll(ctx context.Context, o options) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	variants := []variant{{"this build", self}}
	if o.against != "" {
		variants = append(variants, variant{"the other build", o.against})
	}
	fmt.Printf("%s, %d processors, %s. %d storage nodes with %d shards, a block every %s.\n",
		machine.Processor(), runtime.NumCPU(), runtime.Version(), o.nodes, o.shards, o.blockTime)
	found := make([][]row, len(variants))
	for _, validators := range o.validators {
		for i, v := range variants {
			rows, err := measure(ctx, v, validators, o)
			if err != nil {
				return fmt.Errorf("%s, %d validators: %w", v.name, validators, err)
			}
			found[i] = append(found[i], rows...)
		}
	}
	printRates(found)
	printWaits(found[0])
	printBlocks(found[0])
	return nil
}

func measure(ctx context.Context, v variant, validators int, o options) (rows []row, err error) {
	dir, err := os.MkdirTemp("", "walrus-chainload-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	n, err := startNetwork(ctx, v.program, dir, validators, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, n.stop()) }()
	do := func(count, batch, workers int, lone bool) error {
		claims := n.newClaims(count)
		r := row{validators: validators, batch: batch, lone: lone}
		if r.registered, err = n.run(ctx, register, claims, batch, workers); err != nil {
			return fmt.Errorf("register %d at once: %w", batch, err)
		}
		if r.certify, err = n.run(ctx, certify, claims, batch, workers); err != nil {
			return fmt.Errorf("certify %d at once: %w", batch, err)
		}
		rows = append(rows, r)
		fmt.Fprintf(os.Stderr, "%s: %d validators, %d at once, %d senders: %.0f/s, %.0f/s\n",
			v.name, validators, batch, workers, r.registered.rate(), r.certify.rate())
		return nil
	}
	if err := do(o.lone, 1, 1, true); err != nil {
		return nil, err
	}
	for _, batch := range o.batches {
		if err := do(o.blobs, batch, max(1, outstanding/batch), false); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// printRates prints what the chain takes in. With two programs the last column compares the processor's
// time of the chain, which depends less than rates on what else the machine does.
func printRates(found [][]row) {
	heading := []string{"validators", "blobs in a message", "registered", "certified", "both",
		"chain's time for a blob, each validator", "of all processor time, the load's part"}
	if len(found) > 1 {
		heading = append(heading, "rate against the other build", "chain's time against it")
	}
	var out [][]string
	for i, r := range found[0] {
		if r.lone {
			continue
		}
		chainCPU, loadCPU := r.registered.chainCPU+r.certify.chainCPU, r.registered.loadCPU+r.certify.loadCPU
		cells := []string{
			fmt.Sprint(r.validators), fmt.Sprint(r.batch), persec(r.registered.rate()), persec(r.certify.rate()), persec(r.rate()),
			fmt.Sprintf("%.2f + %.2f ms", r.cost(&r.registered), r.cost(&r.certify)),
			fmt.Sprintf("%.0f %%", 100*loadCPU.Seconds()/(loadCPU+chainCPU).Seconds()),
		}
		if len(found) > 1 {
			other := found[1][i]
			cells = append(cells, fmt.Sprintf("%.2f", r.rate()/other.rate()), fmt.Sprintf("%.2f",
				(r.cost(&r.registered)+r.cost(&r.certify))/(other.cost(&other.registered)+other.cost(&other.certify))))
		}
		out = append(out, cells)
	}
	table(heading, out)
}

// rate is blobs per second that are registered and then certified.
func (r *row) rate() float64 { return 1 / (1/r.registered.rate() + 1/r.certify.rate()) }

// cost is the milliseconds of processor's time that each validator spent on a blob.
func (r *row) cost(p *phase) float64 {
	return p.chainCPU.Seconds() * 1e3 / float64(r.validators) / float64(p.blobs)
}

func printWaits(rows []row) {
	var out [][]string
	for _, r := range rows {
		load := "one transaction at a time"
		if !r.lone {
			load = fmt.Sprintf("busy, %d in a message", r.batch)
		}
		out = append(out, []string{
			fmt.Sprint(r.validators), load,
			quantile(r.registered.waits, 0.5), quantile(r.registered.waits, 0.99),
			quantile(r.certify.waits, 0.5), quantile(r.certify.waits, 0.99),
		})
	}
	table([]string{"validators", "load", "register, half within", "99 of 100 within", "certify, half within", "99 of 100 within"}, out)
}

func printBlocks(rows []row) {
	var out [][]string
	for _, r := range rows {
		for _, p := range []struct {
			name string
			*phase
		}{{"register", &r.registered}, {"certify", &r.certify}} {
			if r.lone {
				continue
			}
			b := p.blocks
			out = append(out, []string{
				fmt.Sprint(r.validators), p.name, fmt.Sprint(r.batch),
				fmt.Sprintf("%.1f", float64(b.count-1)/max(b.took.Seconds(), 1e-3)), fmt.Sprint(b.txs), fmt.Sprintf("%d KB", b.size/1e3),
				fmt.Sprint(b.gas / int64(p.blobs)), fmt.Sprintf("%.1f", float64(b.gasWanted)/float64(b.gas)),
			})
		}
	}
	table([]string{"validators", "message", "blobs in it", "blocks/s", "most transactions", "largest block",
		"gas for a blob", "gas asked for / used"}, out)
}

func persec(rate float64) string { return fmt.Sprintf("%.0f/s", rate) }

func quantile(times []time.Duration, q float64) string {
	sorted := slices.Sorted(slices.Values(times))
	return fmt.Sprintf("%d ms", sorted[int(q*float64(len(sorted)-1)+0.5)].Milliseconds())
}

// table prints a Markdown table.
func table(heading []string, rows [][]string) {
	fmt.Printf("\n| %s |\n|%s\n", strings.Join(heading, " | "), strings.Repeat(" --- |", len(heading)))
	for _, row := range rows {
		fmt.Printf("| %s |\n", strings.Join(row, " | "))
	}
}
