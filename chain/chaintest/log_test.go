package chaintest_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	eventv1 "github.com/walrus-go/walrus/api/event/v1"
	"github.com/walrus-go/walrus/chain"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
)

func logOf(t *testing.T, c *chaintest.Chain) (out eventv1.QueryParamsResponse) {
	t.Helper()
	ok(t, c.Ask(context.Background(), "/walrus.event.v1.Query/Params", &eventv1.QueryParamsRequest{}, &out))
	return out
}

// The log keeps what is of the last epochs and removes what is older, a part with each block. Readers who
// come too late are told where it begins.
func TestLogIsPruned(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{Genesis: func(g *chain.GenesisOptions) {
		g.EpochDuration, g.LogEpochs = time.Hour, 1
	}})
	w := c.Wallet(0)
	const batches, each = 6, 200 // more than one block removes
	for range batches {
		claims := make([]ledger.Registration, each)
		for i := range claims {
			claims[i] = ledgertest.Claim(1, 1, false)
		}
		ok(t, errOf(w.Register(ctx, claims)))
	}
	ok(t, c.NextEpoch(ctx))
	if l := logOf(t, c); l.First != 0 || l.Params.KeepEpochs != 1 {
		t.Errorf("entries of the epoch before were removed: %+v", l)
	}
	// The first block of epoch 3 removes some, the ones after it the rest, which leaves epoch 2 and 3.
	ok(t, c.EndVoting(ctx))
	ok(t, c.Advance(time.Hour/2+time.Millisecond))
	some := logOf(t, c)
	if some.First != 1000 {
		t.Errorf("one block removed %d entries, want 1000", some.First)
	}
	exported, err := c.App.Export("walrus-fork", c.Now())
	ok(t, err)
	blocks(t, c, 1)
	all := logOf(t, c)
	events, err := c.Client().Events(ctx, all.First, 1)
	ok(t, err)
	if len(events) != 1 || events[0].Body != (ledger.EpochChangeStart{Epoch: 2}) {
		t.Errorf("the log begins with %+v, want the start of epoch 2", events)
	}
	blocks(t, c, 1)
	if l := logOf(t, c); l.First != all.First {
		t.Errorf("entries of epoch 2 were removed: first is %d, was %d", l.First, all.First)
	}
	_, err = c.Client().Events(ctx, 5, 1)
	if !errors.Is(err, ledger.ErrPruned) || !strings.Contains(err.Error(), itoa(uint32(all.First))) {
		t.Errorf("a reader who is late: %v, want %v and %d", err, ledger.ErrPruned, all.First)
	}

	// A fork goes on removing where the chain was.
	fork, err := chaintest.Import(exported, nil)
	ok(t, err)
	defer fork.Close()
	if l := logOf(t, fork); l.First != all.First || l.Next != some.Next || l.Params != some.Params {
		t.Errorf("the fork has %+v", l)
	}
	again, err := fork.App.Export("walrus-fork", c.Now())
	ok(t, err)
	if bytes.Contains(expanded(t, again)["event"], []byte(`"entries":[]`)) {
		t.Error("the fork's log is empty")
	}
	wantSDK(t, execute(ctx, w, &eventv1.MsgUpdateParams{Authority: w.Address().String()}), unauthorized)
}

// wantSDK checks that the chain refused with a code of the SDK.
func wantSDK(t *testing.T, err error, want string) {
	t.Helper()
	var r *ledger.RejectedError
	if !errors.As(err, &r) || r.Codespace+" "+itoa(r.Code) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
