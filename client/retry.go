package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/walrus-go/walrus/ledger"
)

// Backoff is a schedule of repetitions: the pause doubles from Min to Max, plus a random part of up
// to Min so that many clients do not knock in step. Source: spec: client.md section 3.5.
type Backoff struct {
	Min, Max time.Duration
	// Retries is how often a request is repeated; negative for never.
	Retries int
}

// pause returns how long to wait before repetition i, counted from 0.
func (b Backoff) pause(i int) time.Duration {
	d := b.Max
	if i < 30 && b.Min<<i > 0 {
		d = min(b.Max, b.Min<<i)
	}
	return d + rand.N(b.Min+1)
}

// stallCost is how many repetitions a request uses up that ended in silence: waiting that long again
// helps rarely.
const stallCost = 2

// do calls f until it succeeds, fails for good, the schedule is used up or ctx ends, and returns
// what f returned last.
func (b Backoff) do(ctx context.Context, f func() error) error {
	for i := 0; ; i++ {
		err := f()
		if errors.Is(err, ErrStalled) {
			i += stallCost
		}
		if err == nil || i >= b.Retries || !retryable(err) {
			return err
		}
		if sleep(ctx, b.pause(i)) != nil {
			return err
		}
	}
}

// sleep waits for d, or returns the cause of ctx's end.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// ask is do for questions to the chain: they are repeated only while it cannot be reached.
func (b Backoff) ask(ctx context.Context, f func() error) error {
	for i := 0; ; i++ {
		err := f()
		if err == nil || i >= b.Retries || !errors.Is(err, ledger.ErrUnavailable) || errors.Is(err, ledger.ErrUnknown) {
			return err
		}
		if sleep(ctx, b.pause(i)) != nil {
			return err
		}
	}
}
