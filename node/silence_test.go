package node_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/node"
	"github.com/walrus-go/walrus/redstuff"
	"github.com/walrus-go/walrus/wire"
)

// A mute ledger is one that does not answer while it is told not to.
type mute struct {
	node.Ledger
	silent atomic.Bool
	asked  atomic.Int64
}

func (m *mute) Committees(ctx context.Context) (ledger.Committees, error) {
	if m.asked.Add(1); m.silent.Load() {
		return ledger.Committees{}, ledger.ErrUnavailable
	}
	return m.Ledger.Committees(ctx)
}

// TestSilentChain starts a node again while the chain is silent: it serves what it has and confirms nothing.
func TestSilentChain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, node.Limits{})
	f := newFile(t, 1, 3000)
	w.register(f, false)
	w.caughtUp()
	w.upload(f, false, http.StatusCreated)
	w.confirmed(f, nil, 0)
	w.stop()

	m := &mute{Ledger: w.ledger}
	m.silent.Store(true)
	w.ledger = m
	w.launch()
	w.stored(f)
	pairs, _ := w.mine(f)
	var state wire.StoredOnNode
	w.data("GET", wire.SliverStatusPath(f.id, pairs[0], redstuff.Primary), nil, http.StatusOK, &state)
	if state != wire.Stored {
		t.Errorf("the sliver is %v", state)
	}
	var h wire.Health
	w.data("GET", wire.HealthPath(false), nil, http.StatusOK, &h)
	if h.Epoch != w.committee.Epoch() || h.ShardSummary.Owned != len(w.member().Shards) {
		t.Errorf("health is %+v", h)
	}
	w.refused(httptest.NewRequest("GET", wire.ConfirmationPath(f.id, nil, 0), nil), wire.ErrUnavailable)
	w.refused(httptest.NewRequest("GET", "/readyz", nil), wire.ErrUnavailable)
	eventually(t, "the chain is asked again", func() bool { return m.asked.Load() > 1 })
	select {
	case <-w.Ready():
		t.Error("ready without the chain")
	default:
	}

	m.silent.Store(false)
	select {
	case <-w.Ready():
	case <-time.After(time.Minute):
		t.Fatal("not ready though the chain answers")
	}
	w.confirmed(f, nil, 0)
}
