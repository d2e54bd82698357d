package chaintest_test

import (
	"context"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// A gathering is a way to a chain that puts the transactions of several accounts into one block, and
// measures it.
type gathering struct {
	*chaintest.Chain
	clients []*rpc.Wallet
	all     *bls.PrivateKey // signs for all storage nodes at once: the sum of their secrets

	mu   sync.Mutex
	want int
	txs  [][]byte
	took time.Duration // processor's time of the last block
	err  error
}

func (g *gathering) Broadcast(_ context.Context, tx []byte) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.txs = append(g.txs, tx); len(g.txs) < g.want {
		return nil
	}
	txs := g.txs
	g.txs = nil
	runtime.GC() // of what came before
	before := cpuTime()
	_, g.err = g.Deliver(txs...)
	g.took = cpuTime() - before
	return g.err
}

// cpuTime is what this process has used of processors.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // cannot happen for oneself
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// newGathering returns a chain with so many storage nodes and accounts.
func newGathering(t *testing.T, nodes, shards, accounts int) *gathering {
	t.Helper()
	g := &gathering{Chain: chaintest.New(t, &chaintest.Options{Nodes: nodes, Shards: shards, Accounts: accounts}), want: accounts}
	order, _ := new(big.Int).SetString("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001", 16)
	sum := new(big.Int)
	for _, n := range g.Nodes {
		sum.Add(sum, new(big.Int).SetBytes(n.Secret.Bytes()))
	}
	var err error
	g.all, err = bls.ParsePrivateKey(sum.Mod(sum, order).FillBytes(make([]byte, bls.PrivateKeySize)))
	ok(t, err)
	client := rpc.New(g, g.Client().ChainID())
	t.Cleanup(client.Close)
	for i, key := range g.Accounts {
		w, err := client.Wallet(key, &rpc.WalletOptions{Now: g.Now, Random: rand.NewChaCha8([32]byte{byte(i), byte(i >> 8)}), GasPrice: "0"})
		ok(t, err)
		g.clients = append(g.clients, w)
	}
	return g
}

// certify signs for all storage nodes.
func (g *gathering) certify(message []byte) attest.Certificate {
	signers := make(attest.Signers, (len(g.Nodes)+7)/8)
	for i := range g.Nodes {
		signers[i/8] |= 1 << (i % 8)
	}
	return attest.Certificate{Message: message, Signers: signers, Signature: g.all.Sign(message).Bytes()}
}

// messageCost is what one kind of transaction costs.
type messageCost struct {
	gas   int64
	bytes int
	took  time.Duration
}

// each has every account do something, in one block, and returns what that cost each.
func (g *gathering) each(t *testing.T, do func(i int, w *rpc.Wallet) error) messageCost {
	t.Helper()
	errs := make([]error, len(g.clients))
	var wg sync.WaitGroup
	for i, w := range g.clients {
		wg.Go(func() { errs[i] = do(i, w) })
	}
	wg.Wait()
	for _, err := range errs {
		ok(t, err)
	}
	ok(t, g.err)
	head, err := g.Head(context.Background())
	ok(t, err)
	b, err := g.Block(context.Background(), head.Height)
	ok(t, err)
	n := len(g.clients)
	if len(b.Txs) != n {
		t.Fatalf("a block of %d transactions, want %d", len(b.Txs), n)
	}
	return messageCost{b.Txs[0].GasUsed, len(g.Txs(head.Height)[0]), g.took / time.Duration(n)}
}

// TestCosts prints what each kind of message costs in gas and in processor's time, which ought to go
// together. It takes a while and asserts nothing about time: WALRUS_COSTS turns it on.
func TestCosts(t *testing.T) {
	if os.Getenv("WALRUS_COSTS") == "" {
		t.Skip("set WALRUS_COSTS to measure what messages cost")
	}
	ctx := context.Background()
	fmt.Println("| message | storage nodes | for one | bytes | gas | processor's time | gas per microsecond |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- |")
	print := func(name string, g *gathering, of int, c messageCost) {
		us := float64(c.took.Nanoseconds()) / 1e3
		fmt.Printf("| %s | %d | %s | %d | %d | %.0f us | %.0f |\n", name, len(g.Nodes), map[bool]string{true: "transaction", false: "blob"}[of == 1],
			c.bytes/of, c.gas/int64(of), us/float64(of), float64(c.gas)/us)
	}
	for _, nodes := range []int{4, 100, 1000} {
		g := newGathering(t, nodes, 1000, 20)
		print("send", g, 1, g.each(t, func(i int, w *rpc.Wallet) error { return w.Send(ctx, ledger.Address{byte(i), 1}, 1) }))
		g.blobCosts(t, 1, func(string, *gathering, int, messageCost) {}) // what is only done once is done now
		for _, batch := range []int{1, 10, 100} {
			g.blobCosts(t, batch, print)
		}
		stakes := make([][32]byte, len(g.clients))
		print("stake", g, 1, g.each(t, func(i int, w *rpc.Wallet) error {
			s, err := w.Stake(ctx, g.Nodes[0].ID, 10*ledger.FrostPerWAL)
			stakes[i] = s.ID
			return err
		}))
		print("split a stake", g, 1, g.each(t, func(i int, w *rpc.Wallet) error {
			return w.Execute(ctx, 400_000, &committeev1.MsgSplitStake{Owner: w.Address().String(), StakeId: stakes[i][:], Amount: ledger.FrostPerWAL}, &committeev1.MsgSplitStakeResponse{})
		}))
		print("take a stake back", g, 1, g.each(t, func(i int, w *rpc.Wallet) error {
			_, err := w.Withdraw(ctx, stakes[i])
			return err
		}))
	}
}

func (g *gathering) blobCosts(t *testing.T, batch int, print func(string, *gathering, int, messageCost)) {
	t.Helper()
	ctx := context.Background()
	blobs := make([][]ledger.Blob, len(g.clients))
	certs := make([][]ledger.Certification, len(g.clients))
	claims := make([][]ledger.Registration, len(g.clients))
	for i := range claims {
		for range batch {
			claims[i] = append(claims[i], ledgertest.Claim(1_000_000, 3, true))
		}
	}
	in := fmt.Sprintf(", %d in a message", batch)
	print("register"+in, g, batch, g.each(t, func(i int, w *rpc.Wallet) (err error) {
		blobs[i], err = w.Register(ctx, claims[i])
		return err
	}))
	for i := range blobs {
		for _, b := range blobs[i] {
			certs[i] = append(certs[i], ledger.Certification{Object: b.ID, Certificate: g.certify(confirmation(b, 1))})
		}
	}
	print("certify"+in, g, batch, g.each(t, func(i int, w *rpc.Wallet) error { return w.Certify(ctx, certs[i]) }))
	if batch == 1 {
		print("extend", g, 1, g.each(t, func(i int, w *rpc.Wallet) error { return w.Extend(ctx, blobs[i][0].ID, 3) }))
	}
	print("delete"+in, g, batch, g.each(t, func(i int, w *rpc.Wallet) error {
		var ids []blob.ObjectID
		for _, b := range blobs[i] {
			ids = append(ids, b.ID)
		}
		_, err := w.Delete(ctx, ids)
		return err
	}))
}
