package chain_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// crashDir tells a process of this test that it is the node that gets killed.
const crashDir = "WALRUS_TEST_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		os.Exit(runNode(dir))
	}
	os.Exit(m.Run())
}

// runNode runs a node until the process is killed. It says where it answers.
func runNode(dir string) int {
	node, err := chain.Start(context.Background(), chain.Options{
		Dir: dir, BlockTime: 10 * time.Millisecond, IdleBlockTime: 100 * time.Millisecond,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(node.RPCURL())
	select {}
}

// crashingNode is a node in a process of its own.
type crashingNode struct {
	cmd    *exec.Cmd
	client *rpc.Client
	wallet *rpc.Wallet
}

func startCrashing(t *testing.T, ctx context.Context, dir string) *crashingNode {
	t.Helper()
	n := &crashingNode{cmd: exec.CommandContext(ctx, os.Args[0])}
	n.cmd.Env = append(os.Environ(), crashDir+"="+dir)
	n.cmd.Stderr = os.Stderr
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("node does not start: %v", err)
	}
	if n.client, err = rpc.Dial(ctx, strings.TrimSpace(url), nil); err != nil {
		t.Fatal(err)
	}
	if n.wallet, err = n.client.Wallet(chaintest.AccountKey(1, 0), nil); err != nil {
		t.Fatal(err)
	}
	return n
}

// kill ends the process as a power cut would, but for what the kernel has.
func (n *crashingNode) kill() {
	n.client.Close()
	_ = n.cmd.Process.Kill()
	_ = n.cmd.Wait() // the error says that it was killed
}

// TestKilledNodeKeepsWhatItConfirmed kills a node in the middle of transactions, again and again, and
// checks that nothing which was reported as committed is missing after the restart.
func TestKilledNodeKeepsWhatItConfirmed(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	dir := t.TempDir()
	validator, err := chain.Prepare(dir)
	if err != nil {
		t.Fatal(err)
	}
	genesis := liveGenesis(t, chaintest.NewCommittee(4, 1), validator)
	first, err := chain.Start(ctx, chain.Options{Dir: dir, Genesis: genesis})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Stop(); err != nil { // it has kept the genesis
		t.Fatal(err)
	}

	var committed []ledger.Blob
	for round := range 4 {
		n := startCrashing(t, ctx, dir)
		for _, want := range committed {
			if got, err := n.client.Blob(ctx, want.ID); err != nil || got.BlobID != want.BlobID {
				t.Errorf("round %d: blob %s was committed: got %+v, %v", round, want.ID, got, err)
			}
		}
		committed = append(committed, n.registerUntilKilled(t, ctx, 5+10*round)...)
	}
	if len(committed) < 20 {
		t.Errorf("only %d blobs were committed", len(committed))
	}
}

// registerUntilKilled sends registrations from several goroutines, kills the node after the given number,
// and returns what was reported as committed.
func (n *crashingNode) registerUntilKilled(t *testing.T, ctx context.Context, after int) []ledger.Blob {
	t.Helper()
	const senders = 4
	done := make(chan []ledger.Blob)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for range senders {
		go func() {
			for {
				blobs, err := n.wallet.Register(ctx, []ledger.Registration{ledgertest.Claim(1, 1, false)})
				done <- blobs
				if err != nil {
					return
				}
			}
		}()
	}
	var committed []ledger.Blob
	for running := senders; running > 0; {
		blobs := <-done
		if blobs == nil {
			running--
			if len(committed) < after {
				t.Error("a registration failed before the node was killed")
			}
			continue
		}
		if committed = append(committed, blobs...); len(committed) == after {
			n.kill()
			stop()
		}
	}
	return committed
}
