package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/walrus-go/walrus/ledger"
)

// answer serves the same body to every call of a method.
func answer(t *testing.T, bodies map[string]string) *httpConn {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var call struct {
			Method string `json:"method"`
		}
		if err := json.NewDecoder(r.Body).Decode(&call); err != nil {
			t.Errorf("request is not JSON: %v", err)
		}
		_, _ = io.WriteString(w, bodies[call.Method])
	}))
	t.Cleanup(server.Close)
	return newHTTPConn(server.URL+"/", nil)
}

func result(body string) string { return `{"jsonrpc":"2.0","id":1,"result":` + body + `}` }

func TestAnswersThatAreNoAnswers(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"", "garbage", "null", "[]", "7", `{"result":"text"}`, `{"result":[1]}`, `{"error":{"code":-32603,"message":"m","data":"d"}}`,
		`{"result":{"response":{"last_block_height":"many"}}}`, `{"result":{"response":7}}`, `<html>proxy error</html>`,
	} {
		c := answer(t, map[string]string{"abci_info": body, "abci_query": body, "status": body, "block": body, "broadcast_tx_sync": body})
		ctx := context.Background()
		_, err := c.Head(ctx)
		if body != "null" && body != "[]" && !errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("head from %q: got %v, want %v", body, err, ledger.ErrUnavailable)
		}
		if _, err := c.chainID(ctx); !errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("chain ID from %q: got %v, want %v", body, err, ledger.ErrUnavailable)
		}
	}
}

func TestBlockWithoutItsResults(t *testing.T) {
	t.Parallel()
	c := answer(t, map[string]string{
		"block":         result(`{"block":{"header":{"time":"2026-01-01T00:00:00Z"},"data":{"txs":["AAAA","AQID"]}}}`),
		"block_results": result(`{"txs_results":[{"code":0}]}`),
	})
	if _, err := c.Block(context.Background(), 1); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("got %v, want %v", err, ledger.ErrUnavailable)
	}
}

func TestBroadcastOfWhatTheNodeHas(t *testing.T) {
	t.Parallel()
	c := answer(t, map[string]string{
		"broadcast_tx_sync": `{"error":{"code":-32603,"message":"Internal error","data":"tx already exists in cache"}}`,
	})
	if err := c.Broadcast(context.Background(), []byte{1}); err != nil {
		t.Errorf("got %v, want nil", err)
	}
}

func TestRefusalsHaveKinds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		codespace string
		code      int
		is        error
	}{
		{"sdk", 5, ledger.ErrFunds},
		{"balance", 4, ledger.ErrFunds},
		{"sdk", 20, ledger.ErrUnavailable},
		{"blob", 7, ledger.ErrRejected},
		{"sdk", 5, ledger.ErrRejected},
	} {
		c := answer(t, map[string]string{
			"broadcast_tx_sync": result(fmt.Sprintf(`{"code":%d,"codespace":%q,"log":"because"}`, test.code, test.codespace)),
		})
		if err := c.Broadcast(context.Background(), []byte{1}); !errors.Is(err, test.is) {
			t.Errorf("%s %d: got %v, want %v", test.codespace, test.code, err, test.is)
		}
	}
}

// TestEndlessAnswer reads from a node that never stops talking.
func TestEndlessAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		chunk := strings.Repeat(" ", 1<<20)
		for {
			if _, err := io.WriteString(w, chunk); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	if _, err := newHTTPConn(server.URL, nil).Head(context.Background()); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("got %v, want %v", err, ledger.ErrUnavailable)
	}
}

// TestSilentNode asks a node that never answers.
func TestSilentNode(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-done }))
	defer server.Close()
	defer close(done)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := Dial(ctx, server.URL, nil); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("got %v, want %v", err, ledger.ErrUnavailable)
	}
}
