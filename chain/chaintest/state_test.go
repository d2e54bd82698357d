package chaintest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
)

// use leaves something of every kind in a chain's state.
func use(t *testing.T, c *chaintest.Chain) []ledger.Blob {
	t.Helper()
	ctx := context.Background()
	w := c.Wallet(0)
	blobs, err := w.Register(ctx, []ledger.Registration{
		ledgertest.Claim(1, 1, false), ledgertest.Claim(1000, 2, true), ledgertest.Claim(0, 53, false), ledgertest.Claim(5, 1, true),
	})
	if err != nil {
		t.Fatal(err)
	}
	committees, err := c.Client().Committees(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range blobs[:2] {
		cert, err := c.Certify(committees.Current, confirmation(b, committees.Current.Epoch()))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Certify(ctx, []ledger.Certification{{Object: b.ID, Certificate: cert}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Extend(ctx, blobs[0].ID, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Delete(ctx, []blob.ObjectID{blobs[3].ID}); err != nil {
		t.Fatal(err)
	}
	return blobs
}

func TestExportImportExportIsTheSame(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := chaintest.New(t, nil)
	blobs := use(t, c)
	first, err := c.App.Export("walrus-fork", c.Now())
	if err != nil {
		t.Fatal(err)
	}
	if s, err := first.Verify(); err != nil || s.Height < 3 || s.Supply == 0 {
		t.Errorf("the export verifies as %+v, %v", s, err)
	}
	fork, err := chaintest.Import(first)
	if err != nil {
		t.Fatal(err)
	}
	defer fork.Close()
	second, err := fork.App.Export("walrus-fork", c.Now())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.State(), second.State()) {
		t.Errorf("state changed:\n%s", difference(t, first.State(), second.State()))
	}
	for _, b := range blobs[:3] {
		want, err1 := c.Client().BlobStatus(ctx, b.BlobID)
		got, err2 := fork.Client().BlobStatus(ctx, b.BlobID)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if got.Kind != want.Kind || got.End != want.End || got.Event != want.Event || got.Counts != want.Counts {
			t.Errorf("blob %s: got %+v, want %+v", b.BlobID, got, want)
		}
	}
	want, err := c.Client().Events(ctx, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	got, err := fork.Client().Events(ctx, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) || len(got) == 0 {
		t.Errorf("%d events in the log, want %d", len(got), len(want))
	}
}

// difference names the modules whose states differ.
func difference(t *testing.T, a, b json.RawMessage) (out string) {
	t.Helper()
	var x, y map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(a, &x), json.Unmarshal(b, &y)); err != nil {
		t.Fatal(err)
	}
	for name := range x {
		if !bytes.Equal(x[name], y[name]) {
			out += name + ":\n" + string(x[name]) + "\n" + string(y[name]) + "\n"
		}
	}
	return out
}

func TestSameTransactionsGiveTheSameState(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := chaintest.New(t, nil)
	use(t, c)
	replica, err := chaintest.Import(c.Genesis)
	if err != nil {
		t.Fatal(err)
	}
	defer replica.Close()
	head, err := c.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for h := int64(2); h <= head.Height; h++ { // both have made an empty first block
		if _, err := replica.Deliver(c.Txs(h)...); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := replica.AppHash(), c.AppHash(); !bytes.Equal(got, want) {
		t.Errorf("app hash %x, want %x", got, want)
	}
}

func TestPrunedEventsAreReported(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := chaintest.New(t, nil)
	use(t, c)
	exported, err := c.App.Export("walrus-fork", c.Now())
	if err != nil {
		t.Fatal(err)
	}
	var state map[string]json.RawMessage
	var log struct {
		First   string            `json:"first"`
		Entries []json.RawMessage `json:"entries"`
	}
	if err := errors.Join(json.Unmarshal(exported.State(), &state), json.Unmarshal(state["event"], &log)); err != nil {
		t.Fatal(err)
	}
	count := uint64(len(log.Entries))
	log.First, log.Entries = "3", log.Entries[3:]
	if state["event"], err = json.Marshal(log); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	fork, err := chaintest.Import(exported.WithState(raw))
	if err != nil {
		t.Fatal(err)
	}
	defer fork.Close()
	if _, err := fork.Client().Events(ctx, 2, 10); !errors.Is(err, ledger.ErrPruned) {
		t.Errorf("below the oldest: got %v, want %v", err, ledger.ErrPruned)
	}
	if events, err := fork.Client().Events(ctx, 3, 100); err != nil || uint64(len(events)) != count-3 {
		t.Errorf("from the oldest: %d events, %v, want %d", len(events), err, count-3)
	}
}
