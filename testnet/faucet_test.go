package testnet

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/walrus-go/walrus/ledger"
)

// purse is a payer that only counts, or refuses.
type purse struct {
	paid map[ledger.Address]uint64
	err  error
	wait chan struct{}
}

func (p *purse) Send(ctx context.Context, to ledger.Address, amount uint64) error {
	if p.wait != nil {
		<-p.wait
	}
	if p.err == nil {
		p.paid[to] += amount
	}
	return p.err
}

// ask posts a body to a faucet and returns status and answer.
func ask(h http.Handler, body string) (int, string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, FaucetPath, strings.NewReader(body)))
	return w.Code, w.Body.String()
}

func TestFaucetSpeaksOfWAL(t *testing.T) {
	t.Parallel()
	for frost, want := range map[uint64]string{
		FaucetMost: "1000 WAL", FaucetMost + 1: "1000.000000001 WAL", ledger.FrostPerWAL / 2: "0.5 WAL", 0: "0 WAL", 1<<64 - 1: "18446744073.709551615 WAL",
	} {
		if got := inWAL(frost); got != want {
			t.Errorf("%d FROST are %s, want %s", frost, got, want)
		}
	}
}

func TestFaucet(t *testing.T) {
	p := &purse{paid: map[ledger.Address]uint64{}}
	h := newFaucet(p)
	someone := ledger.Address{1}
	for _, tc := range []struct {
		name, body string
		code       int
		want       string
	}{
		{"the usual", fmt.Sprintf(`{"address":"%v"}`, someone), 200, `"amount":100000000000`},
		{"an amount", fmt.Sprintf(`{"address":"%v","amount":5}`, someone), 200, `"amount":5`},
		{"too much", fmt.Sprintf(`{"address":"%v","amount":%d}`, someone, uint64(FaucetMost)+1), 400, "AMOUNT_TOO_LARGE"},
		{"nobody", `{}`, 400, "address is missing"},
		{"no address", `{"address":"cosmos1abc"}`, 400, "MALFORMED_REQUEST"},
		{"a negative amount", fmt.Sprintf(`{"address":"%v","amount":-5}`, someone), 400, "MALFORMED_REQUEST"},
		{"an unknown field", `{"adress":"x"}`, 400, "MALFORMED_REQUEST"},
		{"a long body", `{"address":"` + strings.Repeat("a", faucetBody) + `"}`, 400, "MALFORMED_REQUEST"},
		{"nothing", ``, 400, "MALFORMED_REQUEST"},
	} {
		if code, got := ask(h, tc.body); code != tc.code || !strings.Contains(got, tc.want) {
			t.Errorf("%s: %d %s, want %d with %s", tc.name, code, got, tc.code, tc.want)
		}
	}
	if got := p.paid[someone]; got != FaucetGrant+5 {
		t.Errorf("paid %d FROST", got)
	}
	p.err = ledger.ErrUnavailable
	if code, got := ask(h, fmt.Sprintf(`{"address":"%v"}`, someone)); code != 503 || !strings.Contains(got, "CHAIN_UNAVAILABLE") {
		t.Errorf("with the chain down: %d %s", code, got)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, FaucetPath, nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", w.Code)
	}
}

func TestFaucetAllowance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newFaucet(&purse{paid: map[ledger.Address]uint64{}})
		body := fmt.Sprintf(`{"address":"%v","amount":%d}`, ledger.Address{2}, uint64(FaucetMost))
		for i := range FaucetHourly / FaucetMost {
			if code, got := ask(h, body); code != 200 {
				t.Fatalf("grant %d: %d %s", i, code, got)
			}
		}
		if code, got := ask(h, body); code != 429 || !strings.Contains(got, "ALLOWANCE_USED") {
			t.Errorf("over the allowance: %d %s", code, got)
		}
		time.Sleep(time.Hour)
		if code, got := ask(h, body); code != 200 {
			t.Errorf("an hour later: %d %s", code, got)
		}
	})
}

func TestFaucetBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &purse{err: ledger.ErrUnavailable, wait: make(chan struct{})}
		h := newFaucet(p)
		body := fmt.Sprintf(`{"address":"%v"}`, ledger.Address{3})
		for range faucetAtOnce {
			go ask(h, body)
		}
		synctest.Wait()
		if code, got := ask(h, body); code != 429 || !strings.Contains(got, "BUSY") {
			t.Errorf("one too many: %d %s", code, got)
		}
		close(p.wait)
	})
}
