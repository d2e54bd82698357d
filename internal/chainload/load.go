package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	rpchttp "github.com/cometbft/cometbft/rpc/client/http"
	"golang.org/x/crypto/blake2b"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/ledger"
)

// outstanding is how many blobs are on their way at once when the chain is to be kept busy. It is more
// than fit into a block and far less than fit into a mempool.
const outstanding = 1200

// claim is a blob that is not there, and its way through the chain.
type claim struct {
	ledger.Registration
	certificate attest.Certificate // made before the time is taken
	object      blob.ObjectID      // once registered
}

const (
	claimSize    = 1_000_000
	encodingType = 1 // RS2
)

// idOf derives the ID of a blob of claimSize bytes. Source: spec: encoding.md section 6.
func idOf(root [32]byte) blob.ID {
	derived := binary.LittleEndian.AppendUint64([]byte{encodingType}, claimSize)
	return blake2b.Sum256(append(derived, root[:]...))
}

// newClaims makes claims with certificates. The chain is in its first epoch and stays there.
func (n *network) newClaims(count int) []*claim {
	out := make([]*claim, count)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(count); i = next.Add(1) - 1 {
				c := &claim{Registration: ledger.Registration{Size: claimSize, Epochs: 2}}
				rand.Read(c.RootHash[:])
				c.BlobID = idOf(c.RootHash)
				c.certificate = n.certify(attest.Confirmation{Epoch: 1, Blob: c.BlobID}.Message())
				out[i] = c
			}
		})
	}
	wg.Wait()
	return out
}

// phase is what one kind of transaction did.
type phase struct {
	blobs, txs int
	took       time.Duration
	waits      []time.Duration // of transactions, from sending to knowing the block
	chainCPU   time.Duration   // of all validators
	loadCPU    time.Duration
	blocks     blocks
}

func (p *phase) rate() float64 { return float64(p.blobs) / p.took.Seconds() }

// operation does something with some claims in one transaction.
type operation func(ctx context.Context, w ledger.Wallet, claims []*claim) error

func register(ctx context.Context, w ledger.Wallet, claims []*claim) error {
	list := make([]ledger.Registration, len(claims))
	for i, c := range claims {
		list[i] = c.Registration
	}
	blobs, err := w.Register(ctx, list)
	if err != nil {
		return err
	}
	for i, b := range blobs {
		claims[i].object = b.ID
	}
	return nil
}

func certify(ctx context.Context, w ledger.Wallet, claims []*claim) error {
	list := make([]ledger.Certification, len(claims))
	for i, c := range claims {
		list[i] = ledger.Certification{Object: c.object, Certificate: c.certificate}
	}
	return w.Certify(ctx, list)
}

// run does an operation with all claims, batch by batch, by so many senders at once. The senders of a
// batch are the same for every operation, since they own the blobs.
func (n *network) run(ctx context.Context, do operation, claims []*claim, batch, workers int) (p phase, err error) {
	batches := slices.Collect(slices.Chunk(claims, batch))
	workers = min(workers, len(batches), len(n.senders))
	wallets := make([]ledger.Wallet, workers)
	for i := range wallets {
		if wallets[i], err = n.clients[i%len(n.clients)].Wallet(n.senders[i], nil); err != nil {
			return p, err
		}
	}
	p.blobs, p.txs, p.waits = len(claims), len(batches), make([]time.Duration, len(batches))
	first, err := n.clients[0].Height(ctx)
	if err != nil {
		return p, err
	}
	chainCPU, err := n.cpu()
	if err != nil {
		return p, err
	}
	loadCPU, begun := ownCPU(), time.Now()
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for i, w := range wallets {
		wg.Go(func() {
			for k := i; k < len(batches) && errs[i] == nil; k += workers {
				sent := time.Now()
				errs[i] = do(ctx, w, batches[k])
				p.waits[k] = time.Since(sent)
			}
		})
	}
	wg.Wait()
	p.took, p.loadCPU = time.Since(begun), ownCPU()-loadCPU
	if err := errors.Join(errs...); err != nil {
		return p, err
	}
	after, err := n.cpu()
	if err != nil {
		return p, err
	}
	p.chainCPU = after - chainCPU
	last, err := n.clients[0].Height(ctx)
	if err != nil {
		return p, err
	}
	p.blocks, err = n.look(ctx, first+1, last)
	return p, err
}

// blocks is what some blocks in a row were like.
type blocks struct {
	count          int
	took           time.Duration // from the first to the last
	size, txs      int           // bytes and transactions at most
	gas, gasWanted int64         // in all
}

// look reads what blocks were like.
func (n *network) look(ctx context.Context, first, last int64) (b blocks, err error) {
	node, err := rpchttp.New(n.nodes[0].url, "/websocket")
	if err != nil {
		return b, err
	}
	var begun, ended time.Time
	for h := first; h <= last; h++ {
		meta, err := node.BlockchainInfo(ctx, h, h)
		if err != nil {
			return b, err
		}
		if len(meta.BlockMetas) != 1 {
			return b, fmt.Errorf("no block %d", h)
		}
		results, err := node.BlockResults(ctx, &h)
		if err != nil {
			return b, err
		}
		m := meta.BlockMetas[0]
		if h == first {
			begun = m.Header.Time
		}
		ended = m.Header.Time
		b.count++
		b.size, b.txs = max(b.size, m.BlockSize), max(b.txs, m.NumTxs)
		for _, r := range results.TxsResults {
			b.gas += r.GasUsed
			b.gasWanted += r.GasWanted
		}
	}
	b.took = ended.Sub(begun)
	return b, nil
}
