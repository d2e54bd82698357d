package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/walrus-go/walrus/ledger"
)

// A place is an address where a node of some chain answers, or none.
type place struct {
	url   string
	chain atomic.Value // string; empty while nobody answers
	heads atomic.Int64 // how often it was asked for its height
}

func newPlace(t *testing.T, chain string) *place {
	t.Helper()
	p := new(place)
	p.chain.Store(chain)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var call struct {
			Method string `json:"method"`
		}
		_ = json.NewDecoder(r.Body).Decode(&call)
		chain := p.chain.Load().(string)
		switch {
		case chain == "":
			w.WriteHeader(http.StatusBadGateway)
		case call.Method == "status":
			_, _ = io.WriteString(w, result(`{"node_info":{"network":"`+chain+`"}}`))
		default:
			p.heads.Add(1)
			_, _ = io.WriteString(w, result(`{"response":{"last_block_height":"7"}}`))
		}
	}))
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

func TestFailover(t *testing.T) {
	t.Parallel()
	a, b := newPlace(t, ""), newPlace(t, "walrus")
	c := NewFailover("walrus", []string{a.url, b.url}, nil)
	defer c.Close()
	height := func(want error, asked *place) {
		t.Helper()
		before := int64(0)
		if asked != nil {
			before = asked.heads.Load()
		}
		h, err := c.Height(context.Background())
		if !errors.Is(err, want) || err == nil && h != 7 {
			t.Fatalf("height %d, %v, want %v", h, err, want)
		}
		if asked != nil && asked.heads.Load() != before+1 {
			t.Fatal("another node was asked")
		}
	}
	height(nil, b) // the first is down
	a.chain.Store("walrus")
	height(nil, b) // the second still answers
	b.chain.Store("")
	height(nil, a)
	a.chain.Store("")
	height(ledger.ErrUnavailable, nil)
	b.chain.Store("walrus")
	height(nil, b) // it is back
	b.chain.Store("")
	height(ledger.ErrUnavailable, nil)
	b.chain.Store("other") // it comes back as something else
	height(ledger.ErrChain, nil)
	b.chain.Store("walrus")
	height(nil, b)
}
