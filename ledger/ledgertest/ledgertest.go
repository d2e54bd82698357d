// Package ledgertest holds the promises that every implementation of package ledger keeps, as one suite.
//
// Start with [Run], from a test beside the implementation.
package ledgertest

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/blake2b"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
)

// Ledger is an implementation and what the suite needs to put it to the test.
type Ledger struct {
	ledger.Reader
	ledger.Log
	// Wallets are two accounts with at least 1000 WAL each; nobody else uses them.
	Wallets [2]ledger.Wallet
	// Certify signs a message with the nodes of the given positions in the current committee, or with
	// all if none are given.
	Certify func(message []byte, positions ...int) (attest.Certificate, error)
}

// timeout bounds each test; it is far more than any of them takes.
const timeout = 60 * time.Second

// Run holds a ledger to the suite. The ledger needs a committee in which no single node is a quorum.
func Run(t *testing.T, l Ledger) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, context.Context, Ledger)
	}{
		{"a fresh network describes itself", testSystem},
		{"a permanent blob is registered and certified", testPermanent},
		{"a deletable blob is deleted and its storage used again", testDeletable},
		{"a registration uses a part of owned storage", testPartOfStorage},
		{"a certified blob is extended", testExtend},
		{"one transaction registers many blobs", testBatch},
		{"refusals are named and change nothing", testRefusals},
		{"one wallet has many transactions in flight", testFlight},
		{"the log is paged without gaps", testLog},
		{"a wait for events ends with the event", testWait},
		{"lists are paged", testPages},
		{"money is sent", testSend},
		{"what does not exist is not found", testNotFound},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), timeout)
			defer cancel()
			test.run(t, ctx, l)
		})
	}
}

// sequence makes every blob of a process a new one.
var sequence atomic.Uint64

// Claim makes up a blob of the given size that nobody registered before: its ID is that of a root hash
// which no slivers belong to, and the chain cannot know.
func Claim(size uint64, epochs uint32, deletable bool) ledger.Registration {
	root := sha256.Sum256(fmt.Appendf(nil, "ledgertest %d %d", sequence.Add(1), time.Now().UnixNano()))
	derived := binary.LittleEndian.AppendUint64([]byte{1}, size)
	return ledger.Registration{
		BlobID: blake2b.Sum256(append(derived, root[:]...)), RootHash: root, Size: size, Deletable: deletable, Epochs: epochs,
	}
}

func register(t *testing.T, ctx context.Context, w ledger.Wallet, claim ledger.Registration) ledger.Blob {
	t.Helper()
	blobs, err := w.Register(ctx, []ledger.Registration{claim})
	if err != nil {
		t.Fatalf("register: %v", err)
	}
	return blobs[0]
}

// confirmation is what nodes sign for a registration in the given epoch.
func confirmation(b ledger.Blob, epoch committee.Epoch) []byte {
	c := attest.Confirmation{Epoch: epoch, Blob: b.BlobID}
	if b.Deletable {
		c.Object = &b.ID
	}
	return c.Message()
}

func (l Ledger) certification(t *testing.T, ctx context.Context, b ledger.Blob, positions ...int) ledger.Certification {
	t.Helper()
	system, err := l.System(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := l.Certify(confirmation(b, system.Epoch), positions...)
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Certification{Object: b.ID, Certificate: cert}
}

func (l Ledger) certify(t *testing.T, ctx context.Context, w ledger.Wallet, b ledger.Blob) {
	t.Helper()
	if err := w.Certify(ctx, []ledger.Certification{l.certification(t, ctx, b)}); err != nil {
		t.Fatalf("certify: %v", err)
	}
}

func (l Ledger) status(t *testing.T, ctx context.Context, id blob.ID) blob.Status {
	t.Helper()
	s, err := l.BlobStatus(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (l Ledger) balance(t *testing.T, ctx context.Context, w ledger.Wallet) uint64 {
	t.Helper()
	amount, err := l.Balance(ctx, w.Address())
	if err != nil {
		t.Fatal(err)
	}
	return amount
}

// end returns the index of the next event.
func (l Ledger) end(t *testing.T, ctx context.Context) uint64 {
	t.Helper()
	for index := uint64(0); ; {
		events, err := l.Events(ctx, index, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) == 0 {
			return index
		}
		index += uint64(len(events))
	}
}

// wantRefusal checks that the chain refused by the given rule.
func wantRefusal(t *testing.T, err error, rule string) {
	t.Helper()
	var refused *ledger.RejectedError
	if !errors.Is(err, ledger.ErrRejected) || !errors.As(err, &refused) {
		t.Errorf("got %v, want a refusal by %s", err, rule)
		return
	}
	if refused.Name != rule {
		t.Errorf("got a refusal by %q (%s %d: %s), want by %s", refused.Name, refused.Codespace, refused.Code, refused.Text, rule)
	}
}
