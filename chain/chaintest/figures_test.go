package chaintest_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cosmos/gogoproto/proto"
	"golang.org/x/crypto/blake2b"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/internal/kvdb"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

var (
	figuresStakes = flag.String("figures.stakes", "", "numbers of stakes to measure changes of epochs with, rising, such as 1000,10000,100000")
	figuresBlobs  = flag.String("figures.blobs", "0", "numbers of blobs, likewise, with the most stakes")
	figuresNodes  = flag.Int("figures.nodes", 150, "storage nodes")
	figuresShards = flag.Int("figures.shards", 1000, "shards")
	figuresReps   = flag.Int("figures.reps", 5, "epochs for each row")
)

func parseNumbers(list string, to *[]int) error {
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

// costs is what to measure, and the chain it is measured on.
type costs struct {
	nodes, shards, reps int
	stakes, blobs       []int

	*chaintest.Chain
	dir                string
	placed, registered int
}

// TestEpochFigures measures what a change of epochs costs the chain, and how that grows with the blobs and
// stakes in its state; it prints the table that docs/perf/chain.md keeps. See "make epoch-figures".
//
// The chain is the real application on a database on disk, without consensus. All state comes of signed
// transactions: first the stakes, then, with all of them, the blobs. It grows with a large cache and is
// measured after a restart with that of every node.
func TestEpochFigures(t *testing.T) {
	if *figuresStakes == "" {
		t.Skip("takes minutes; see make epoch-figures")
	}
	f := &costs{nodes: *figuresNodes, shards: *figuresShards, reps: *figuresReps, dir: t.TempDir()}
	ok(t, parseNumbers(*figuresStakes, &f.stakes))
	ok(t, parseNumbers(*figuresBlobs, &f.blobs))
	db, err := kvdb.Open(filepath.Join(f.dir, "application.db"))
	ok(t, err)
	f.Chain = chaintest.New(t, &chaintest.Options{
		Nodes: f.nodes, Shards: f.shards, Accounts: 2, Operators: 1, DB: db.App(),
		Genesis: func(g *chain.GenesisOptions) {
			g.EpochDuration, g.Capacity = 24*time.Hour, 1<<60
			g.Accounts[0].Amount, g.Accounts[1].Amount = 1<<60, 1<<60
			for i := range g.Nodes {
				g.Nodes[i].ConsensusKey = publicKey(i)
				g.Nodes[i].CommissionRate = uint16(20 * i)
			}
		},
	})
	fmt.Printf("%d processors, %s; %d nodes and validators, %d shards; ms: least, median and most of %d epochs.\n\n",
		runtime.NumCPU(), runtime.Version(), f.nodes, f.shards, f.reps)
	fmt.Println("| stakes | blobs | empty block | 20 transactions | voting ends | epoch changes | 150 reports | state on disk |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- | --- |")
	ctx := context.Background()
	for _, n := range f.stakes {
		ok(t, f.row(ctx, n, f.blobs[0]))
	}
	for _, n := range f.blobs[1:] {
		ok(t, f.row(ctx, f.stakes[len(f.stakes)-1], n))
	}
}

// row brings the state to the given size and measures epochs.
func (f *costs) row(ctx context.Context, stakes, blobs int) error {
	start := time.Now()
	if err := f.Restart(chain.AppOptions{CacheNodes: 2_000_000}); err != nil {
		return err
	}
	if err := f.placeStakes(ctx, stakes); err != nil {
		return fmt.Errorf("stakes: %w", err)
	}
	if err := f.registerBlobs(ctx, blobs); err != nil {
		return fmt.Errorf("blobs: %w", err)
	}
	fmt.Fprintf(os.Stderr, "%d stakes, %d blobs after %v\n", stakes, blobs, time.Since(start).Round(time.Second))
	if err := f.Restart(chain.AppOptions{}); err != nil {
		return err
	}
	var m measured
	for range f.reps {
		if err := f.epoch(ctx, &m); err != nil {
			return err
		}
	}
	fmt.Printf("| %d | %d | %s | %s | %s | %s | %s | %d MB |\n", stakes, blobs,
		summary(m.empty), summary(m.ordinary), summary(m.voting), summary(m.change), summary(m.sync), sizeOf(f.dir)/1e6)
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
func (f *costs) epoch(ctx context.Context, m *measured) error {
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
	return fmt.Sprintf("%s, %s, %s", ms(all[0]), ms(all[len(all)/2]), ms(all[len(all)-1]))
}

func sizeOf(dir string) (sum int64) {
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

// How much goes into one transaction and block: the limits of blocks allow for little more.
const (
	stakesAtOnce = 500
	blobsAtOnce  = 200 // in one message
	blobsPerTx   = 10  // such messages
	blockGas     = 95_000_000
)

// placeStakes places stakes until there are n, on all nodes in turn, and not all of the same size.
func (f *costs) placeStakes(ctx context.Context, n int) error {
	w := f.Wallet(0)
	for f.placed < n {
		var messages []proto.Message
		for len(messages) < stakesAtOnce && f.placed < n {
			node := f.Nodes[f.placed%len(f.Nodes)].ID
			messages = append(messages, &committeev1.MsgStake{
				Owner: w.Address().String(), NodeId: node[:], Amount: uint64(1+f.placed%7) * ledger.FrostPerWAL,
			})
			f.placed++
		}
		if err := f.send(ctx, w, messages...); err != nil {
			return err
		}
	}
	return nil
}

// registerBlobs registers blobs until there are n.
func (f *costs) registerBlobs(ctx context.Context, n int) error {
	w := f.Wallet(1)
	for f.registered < n {
		var messages []proto.Message
		for len(messages) < blobsPerTx && f.registered < n {
			m := &blobv1.MsgRegisterBlobs{Owner: w.Address().String()}
			for len(m.Blobs) < blobsAtOnce && f.registered < n {
				m.Blobs = append(m.Blobs, f.claim())
			}
			messages = append(messages, m)
		}
		if err := f.send(ctx, w, messages...); err != nil {
			return err
		}
	}
	return nil
}

// claim makes up the next blob.
func (f *costs) claim() blobv1.Registration {
	f.registered++
	size := uint64(1 + f.registered%1_000_000)
	root := sha256.Sum256(fmt.Appendf(nil, "root %d", f.registered))
	id := blake2b.Sum256(append(binary.LittleEndian.AppendUint64([]byte{1}, size), root[:]...))
	return blobv1.Registration{
		BlobId: id[:], RootHash: root[:], Size_: size, EncodingType: 1, EpochsAhead: 53, Deletable: f.registered%2 == 0,
	}
}

// send makes a block of one transaction.
func (f *costs) send(ctx context.Context, w *rpc.Wallet, messages ...proto.Message) error {
	tx, err := w.Sign(ctx, blockGas, messages...)
	if err != nil {
		return err
	}
	return f.deliver([][]byte{tx})
}

func (f *costs) deliver(txs [][]byte) error {
	results, err := f.Deliver(txs...)
	if err != nil {
		return err
	}
	for _, r := range results {
		if r.Code != 0 {
			return rpc.Rejected(r.Codespace, r.Code, r.Log)
		}
	}
	return nil
}

// mixed are the transactions of an ordinary block: stakes and registrations.
func (f *costs) mixed(ctx context.Context, n int) (txs [][]byte, err error) {
	w := f.Wallet(1)
	for i := range n {
		node := f.Nodes[(f.registered+i)%len(f.Nodes)].ID
		var m proto.Message = &committeev1.MsgStake{Owner: w.Address().String(), NodeId: node[:], Amount: ledger.FrostPerWAL}
		if i%2 == 0 {
			m = &blobv1.MsgRegisterBlobs{Owner: w.Address().String(), Blobs: []blobv1.Registration{f.claim()}}
		}
		tx, err := w.Sign(ctx, rpc.GasLimit(2), m)
		if err != nil {
			return nil, err
		}
		txs = append(txs, tx)
	}
	return txs, nil
}
