// Command chainload measures how much a chain takes in: registrations and certifications per second, alone
// and many to a message, how long they wait for their block, and what they cost. It prints Markdown tables;
// those of one machine are kept in docs/perf/chain.md.
//
//	go run ./internal/chainload [-validators 1,4] [-batches 1,10,100,200] [-blobs 3000] [-against PROGRAM]
//
// Validators run in processes of their own, on disk, with the settings of a devnet; blobs are claims without
// data, and certificates are real and checked by the chain. Every sender has an account of its own and
// waits for its transaction before it sends the next, through package ledger/rpc. All share one machine, so
// that the processor's time of each side is shown beside the rate: it says what a validator would do alone.
//
// With -against, validators of another build of this program are measured in turns with this one's, and
// the last column compares them.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "chainload:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	validators, batches []int
	blobs               int
	lone                int // transactions one after the other
	nodes, shards       int
	blockTime           time.Duration
	against             string
	profile             string

	node nodeOptions
}

func run(ctx context.Context, args []string) error {
	o := options{validators: []int{1, 4}, batches: []int{1, 10, 100, 200}}
	f := flag.NewFlagSet("chainload", flag.ExitOnError)
	f.Func("validators", "numbers of validators to measure (default 1,4)", numbers(&o.validators))
	f.Func("batches", "blobs in one message (default 1,10,100,200)", numbers(&o.batches))
	f.IntVar(&o.blobs, "blobs", 3000, "blobs to register and certify for each row")
	f.IntVar(&o.lone, "lone", 40, "transactions to send one after the other")
	f.IntVar(&o.nodes, "nodes", 10, "storage nodes in the committee, which all sign")
	f.IntVar(&o.shards, "shards", 100, "shards")
	f.DurationVar(&o.blockTime, "block-time", 100*time.Millisecond, "time between blocks")
	f.StringVar(&o.against, "against", "", "another build of this program, to compare with")
	f.StringVar(&o.profile, "profile", "", "write a profile of the first validator's processor time to `FILE`")
	o.node.flags(f)
	if err := f.Parse(args); err != nil {
		return err
	}
	if o.node.dir != "" {
		return runNode(ctx, o.node)
	}
	return measureAll(ctx, o)
}

// numbers reads a comma-separated list.
func numbers(into *[]int) func(string) error {
	return func(text string) error {
		*into = nil
		for word := range strings.SplitSeq(text, ",") {
			n, err := strconv.Atoi(word)
			if err != nil || n < 1 {
				return fmt.Errorf("%q is not a positive number", word)
			}
			*into = append(*into, n)
		}
		return nil
	}
}
