package ledgertest

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/ledger"
)

func testFlight(t *testing.T, ctx context.Context, l Ledger) {
	const flights = 32
	at := l.end(t, ctx)
	var wg sync.WaitGroup
	errs := make(chan error, flights)
	for range flights {
		wg.Go(func() {
			_, err := l.Wallets[0].Register(ctx, []ledger.Registration{Claim(1, 1, false)})
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	if got := l.end(t, ctx) - at; got != flights {
		t.Errorf("%d events, want %d", got, flights)
	}
}

func testLog(t *testing.T, ctx context.Context, l Ledger) {
	w := l.Wallets[0]
	at := l.end(t, ctx)
	b := register(t, ctx, w, Claim(77, 2, true))
	l.certify(t, ctx, w, b)
	if _, err := w.Delete(ctx, []blob.ObjectID{b.ID}); err != nil {
		t.Fatal(err)
	}
	whole, err := l.Events(ctx, at, 100)
	if err != nil {
		t.Fatal(err)
	}
	epoch := b.Registered
	want := []ledger.EventBody{
		ledger.BlobRegistered{Epoch: epoch, BlobID: b.BlobID, Size: 77, End: b.Storage.End, Deletable: true, Object: b.ID},
		ledger.BlobCertified{Epoch: epoch, BlobID: b.BlobID, End: b.Storage.End, Deletable: true, Object: b.ID},
		ledger.BlobDeleted{Epoch: epoch, BlobID: b.BlobID, End: b.Storage.End, Object: b.ID, WasCertified: true},
	}
	if len(whole) != len(want) {
		t.Fatalf("%d events, want %d: %+v", len(whole), len(want), whole)
	}
	for i, e := range whole {
		if e.Body != want[i] || e.Index != at+uint64(i) || e.Height == 0 || e.Ref.Tx == ([32]byte{}) || e.Ref.Seq != 0 {
			t.Errorf("event %d: got %+v, want %+v", i, e, want[i])
		}
	}
	// Page by page it is the same log, and asking again gives the same answer.
	for i := range whole {
		page, err := l.Events(ctx, at+uint64(i), 1)
		if err != nil || len(page) != 1 || !reflect.DeepEqual(page[0], whole[i]) {
			t.Errorf("page at %d: got %+v, %v, want %+v", i, page, err, whole[i])
		}
	}
	if page, err := l.Events(ctx, at+uint64(len(whole)), 10); err != nil || len(page) != 0 {
		t.Errorf("at the end: got %+v, %v, want nothing", page, err)
	}
	if page, err := l.Events(ctx, at+1_000_000, 10); err != nil || len(page) != 0 {
		t.Errorf("beyond the end: got %+v, %v, want nothing", page, err)
	}
}

func testWait(t *testing.T, ctx context.Context, l Ledger) {
	at := l.end(t, ctx)
	waited := make(chan error, 1)
	go func() { waited <- l.WaitEvents(ctx, at) }()
	b := register(t, ctx, l.Wallets[1], Claim(3, 1, false))
	if err := <-waited; err != nil {
		t.Fatal(err)
	}
	events, err := l.Events(ctx, at, 1)
	if err != nil || len(events) != 1 {
		t.Fatalf("after the wait: %+v, %v", events, err)
	}
	if e, ok := events[0].Body.(ledger.BlobRegistered); !ok || e.Object != b.ID {
		t.Errorf("waited for %s, got %+v", b.ID, events[0])
	}
	if err := l.WaitEvents(ctx, at); err != nil {
		t.Errorf("wait for an event that is there: %v", err)
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if err := l.WaitEvents(canceled, at+1_000_000); err == nil {
		t.Error("a wait whose context has ended found an event")
	}
}

func testPages(t *testing.T, ctx context.Context, l Ledger) {
	w := l.Wallets[1]
	var claims []ledger.Registration
	for range 5 {
		claims = append(claims, Claim(9, 1, true))
	}
	registered, err := w.Register(ctx, claims)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[blob.ObjectID]bool{}
	for cursor := []byte(nil); ; {
		page, next, err := l.Blobs(ctx, w.Address(), ledger.Page{Cursor: cursor, Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) > 2 {
			t.Errorf("page of %d, asked for 2", len(page))
		}
		for _, b := range page {
			if seen[b.ID] {
				t.Errorf("blob %s is on two pages", b.ID)
			}
			seen[b.ID] = true
		}
		if next == nil {
			break
		}
		cursor = next
	}
	for _, b := range registered {
		if !seen[b.ID] {
			t.Errorf("blob %s is on no page", b.ID)
		}
	}
}

func testSend(t *testing.T, ctx context.Context, l Ledger) {
	from, to := l.Wallets[0], l.Wallets[1]
	before := l.balance(t, ctx, to)
	if err := from.Send(ctx, to.Address(), 12_345); err != nil {
		t.Fatal(err)
	}
	if got := l.balance(t, ctx, to); got != before+12_345 {
		t.Errorf("balance %d, want %d", got, before+12_345)
	}
	all := l.balance(t, ctx, from)
	if err := from.Send(ctx, to.Address(), all+1); !errors.Is(err, ledger.ErrFunds) {
		t.Errorf("sent more than there is: got %v, want %v", err, ledger.ErrFunds)
	}
	if got := l.balance(t, ctx, to); got != before+12_345 {
		t.Errorf("balance after a refused payment %d, want %d", got, before+12_345)
	}
}

func testNotFound(t *testing.T, ctx context.Context, l Ledger) {
	if _, err := l.Blob(ctx, blob.ObjectID{1, 2, 3}); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("got %v, want %v", err, ledger.ErrNotFound)
	}
	if amount, err := l.Balance(ctx, ledger.Address{1}); amount != 0 || err != nil {
		t.Errorf("balance of an account that is not there: got %d, %v", amount, err)
	}
	if list, next, err := l.Storages(ctx, ledger.Address{1}, ledger.Page{}); len(list) != 0 || next != nil || err != nil {
		t.Errorf("storages of an account that is not there: got %v, %v, %v", list, next, err)
	}
}
