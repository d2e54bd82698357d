package testnet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/walrus-go/walrus/ledger"
)

// FaucetPath is the faucet's route. POST {"address":"wal1…","amount":FROST} to it; without amount it
// gives [FaucetGrant]. The answer is {"address","amount"} once the WAL is there.
const FaucetPath = "/v1/faucet"

// What a faucet gives, in FROST. The bounds keep a loop in a script from emptying the faucet, whose WAL
// pays for everything that tests and demonstrations do.
const (
	FaucetGrant  = 100 * ledger.FrostPerWAL    // asked for nothing in particular
	FaucetMost   = 1_000 * ledger.FrostPerWAL  // at once
	FaucetHourly = 10_000 * ledger.FrostPerWAL // to one address in an hour
)

const (
	faucetAtOnce    = 8       // requests under way; the rest are told to come back
	faucetAddresses = 10_000  // addresses remembered
	faucetBody      = 1 << 10 // bytes of a request
	faucetWait      = 30 * time.Second
)

// payer is the account behind a faucet; every [ledger.Wallet] is one.
type payer interface {
	Send(ctx context.Context, to ledger.Address, amount uint64) error
}

// faucet gives WAL away over HTTP.
type faucet struct {
	from  payer
	now   func() time.Time
	slots chan struct{}

	mu    sync.Mutex
	since time.Time                 // when given was begun
	given map[ledger.Address]uint64 // FROST since then
}

// newFaucet returns the handler of a faucet that spends what from has.
func newFaucet(from payer) http.Handler {
	f := &faucet{from: from, now: time.Now, slots: make(chan struct{}, faucetAtOnce), given: map[ledger.Address]uint64{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+FaucetPath, f.serve)
	return mux
}

// FaucetRequest is what a faucet is asked.
type FaucetRequest struct {
	Address ledger.Address `json:"address"`
	Amount  uint64         `json:"amount,omitempty"` // FROST; 0 means [FaucetGrant]
}

// FaucetGranted is what it answers.
type FaucetGranted struct {
	Address ledger.Address `json:"address"`
	Amount  uint64         `json:"amount"` // FROST
}

// refusal is why a faucet gives nothing.
type refusal struct {
	code           int
	status, reason string
	text           string
}

func (r *refusal) Error() string { return "testnet: faucet: " + r.text }

func (f *faucet) serve(w http.ResponseWriter, r *http.Request) {
	granted, err := f.grant(w, r)
	w.Header().Set("Content-Type", "application/json")
	var no *refusal
	switch {
	case err == nil:
	case errors.As(err, &no):
		if no.code == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "1")
		}
		w.WriteHeader(no.code)
	default:
		no = &refusal{http.StatusServiceUnavailable, "UNAVAILABLE", "CHAIN_UNAVAILABLE", err.Error()}
		w.WriteHeader(no.code)
	}
	enc := json.NewEncoder(w)
	if no == nil {
		_ = enc.Encode(granted) // whoever asked is gone
		return
	}
	_ = enc.Encode(map[string]any{"error": map[string]any{
		"status": no.status, "code": no.code, "message": no.text,
		"details": []any{map[string]any{"@type": "ErrorInfo", "reason": no.reason, "domain": "daemon.walrus.space", "metadata": map[string]string{}}},
	}})
}

// grant does what a request asks.
func (f *faucet) grant(w http.ResponseWriter, r *http.Request) (*FaucetGranted, error) {
	var req FaucetRequest
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, faucetBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&req); err != nil {
		return nil, &refusal{http.StatusBadRequest, "INVALID_ARGUMENT", "MALFORMED_REQUEST", "want {\"address\":\"wal1…\"}: " + err.Error()}
	}
	if req.Address == (ledger.Address{}) {
		return nil, &refusal{http.StatusBadRequest, "INVALID_ARGUMENT", "MALFORMED_REQUEST", "address is missing"}
	}
	if req.Amount == 0 {
		req.Amount = FaucetGrant
	}
	if req.Amount > FaucetMost {
		return nil, &refusal{http.StatusBadRequest, "INVALID_ARGUMENT", "AMOUNT_TOO_LARGE", fmt.Sprintf("%s asked for, at most %s at once", inWAL(req.Amount), inWAL(FaucetMost))}
	}
	select {
	case f.slots <- struct{}{}:
		defer func() { <-f.slots }()
	default:
		return nil, &refusal{http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "BUSY", fmt.Sprintf("%d requests are under way; try again", faucetAtOnce)}
	}
	if err := f.reserve(req.Address, req.Amount); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), faucetWait)
	defer cancel()
	if err := f.from.Send(ctx, req.Address, req.Amount); err != nil {
		return nil, fmt.Errorf("testnet: faucet: %w", err) // counted all the same: it may still arrive
	}
	return &FaucetGranted{req.Address, req.Amount}, nil
}

// reserve counts amount towards what an address may have in an hour.
func (f *faucet) reserve(to ledger.Address, amount uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.now(); now.Sub(f.since) >= time.Hour {
		f.since = now
		clear(f.given)
	}
	had, known := f.given[to]
	if had+amount > FaucetHourly {
		return &refusal{http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "ALLOWANCE_USED", fmt.Sprintf("%v had %s this hour, at most %s", to, inWAL(had), inWAL(FaucetHourly))}
	}
	if !known && len(f.given) >= faucetAddresses {
		return &refusal{http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "ALLOWANCE_USED", "too many addresses this hour"}
	}
	f.given[to] = had + amount
	return nil
}

// inWAL writes an amount of FROST for people, with all decimals that it has: what is refused is sometimes one
// FROST too much.
func inWAL(frost uint64) string {
	text := fmt.Sprintf("%d.%09d", frost/ledger.FrostPerWAL, frost%ledger.FrostPerWAL)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".") + " WAL"
}
