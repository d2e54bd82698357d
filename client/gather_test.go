package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/walrus-go/walrus/wire"
)

// behaviour is how a candidate answers: after a while, with an error or not.
type behaviour struct {
	after time.Duration // negative: never
	err   error
	bad   bool // the answer does not pass its check
}

// play runs a gather over candidates of nodes with the given behaviours, in fake time, and returns who
// delivered, in order, how long it took, and how many requests were made.
type played struct {
	answers  []int
	failures map[int]error
	took     time.Duration
	asked    int
	err      error
}

func play(g *gather[int], how func(i, ask int) behaviour) (p played) {
	asks := make([]int, len(g.candidates))
	start := time.Now()
	fetched := make(chan int, 10_000)
	g.fetch = func(ctx context.Context, i int) (int, error) {
		b := how(i, asks[i])
		asks[i]++
		fetched <- i
		if b.after < 0 {
			<-ctx.Done()
			return 0, context.Cause(ctx)
		}
		if err := sleep(ctx, b.after); err != nil {
			return 0, err
		}
		return i, b.err
	}
	g.check = func(_ context.Context, i, _ int) error {
		if how(i, asks[i]-1).bad {
			return ErrCorrupt
		}
		return nil
	}
	answers, failures, err := g.run(context.Background())
	for _, a := range answers {
		p.answers = append(p.answers, a.candidate)
	}
	p.failures, p.err, p.took, p.asked = failures, err, time.Since(start), len(fetched)
	return p
}

// nodesOf returns candidates in turn of so many nodes.
func nodesOf(candidates, nodes int) []int {
	list := make([]int, candidates)
	for i := range list {
		list[i] = i % nodes
	}
	return list
}

func newGather(candidates, nodes, need int) *gather[int] {
	return &gather[int]{
		candidates: nodesOf(candidates, nodes), need: need, start: 100, window: 100, perNode: 10, tries: 3,
		pause: Backoff{Min: 100 * time.Millisecond, Max: time.Second},
		pace:  pace{prior: time.Second},
	}
}

func TestGather(t *testing.T) {
	const quick = 10 * time.Millisecond
	passing := &wire.Error{HTTP: 503}
	final := &wire.Error{HTTP: 404}
	for _, tc := range []struct {
		name     string
		g        *gather[int]
		how      func(i, ask int) behaviour
		want     []int // who delivers, nil for any need of them
		requests int   // at most
		took     time.Duration
		err      error
	}{
		{"all good: no more is asked than needed", newGather(10, 10, 4),
			func(int, int) behaviour { return behaviour{after: quick} }, []int{0, 1, 2, 3}, 4, quick, nil},
		{"one fails: it is replaced at once", newGather(10, 10, 4), func(i, _ int) behaviour {
			if i == 1 {
				return behaviour{after: time.Millisecond, err: final}
			}
			return behaviour{after: quick}
		}, []int{0, 2, 3, 4}, 5, quick + time.Millisecond, nil},
		{"one lies: it is replaced at once", newGather(10, 10, 4), func(i, _ int) behaviour {
			return behaviour{after: quick, bad: i == 1}
		}, []int{0, 2, 3, 4}, 5, 2 * quick, nil},
		{"one hangs: it is joined when the others have shown what is usual", newGather(10, 10, 4), func(i, _ int) behaviour {
			if i == 1 {
				return behaviour{after: -1}
			}
			return behaviour{after: quick}
		}, []int{0, 2, 3, 4}, 5, minLate + quick, nil},
		{"all but the spares hang from the start", newGather(10, 10, 4), func(i, _ int) behaviour {
			if i < 4 {
				return behaviour{after: -1}
			}
			return behaviour{after: quick}
		}, []int{4, 5, 6, 7}, 8, time.Second + quick, nil},
		{"a late answer is as good as any", newGather(4, 4, 4), func(i, _ int) behaviour {
			if i == 1 {
				return behaviour{after: 10 * time.Second}
			}
			return behaviour{after: quick}
		}, []int{0, 2, 3, 1}, 4, 10 * time.Second, nil},
		{"a failure that passes is tried again", newGather(4, 4, 4), func(i, ask int) behaviour {
			if i == 1 && ask < 2 {
				return behaviour{after: quick, err: passing}
			}
			return behaviour{after: quick}
		}, []int{0, 2, 3, 1}, 6, time.Second, nil},
		{"a failure that does not pass ends with few requests", newGather(40, 4, 40), func(i, _ int) behaviour {
			if i%4 == 1 {
				return behaviour{after: quick, err: passing}
			}
			return behaviour{after: quick}
		}, nil, 60, 2 * time.Second, errShort},
		{"too few good ones", newGather(10, 10, 4), func(i, _ int) behaviour {
			if i < 3 {
				return behaviour{after: quick}
			}
			return behaviour{after: quick, err: final}
		}, []int{0, 1, 2}, 10, time.Second, errShort},
		{"a node is not asked too much at once", &gather[int]{candidates: nodesOf(20, 1), need: 20, start: 100, window: 100, perNode: 5, tries: 3,
			pace: pace{prior: time.Second}}, func(int, int) behaviour { return behaviour{after: quick} }, nil, 20, 4 * quick, nil},
		{"no more than a window is asked at once", &gather[int]{candidates: nodesOf(20, 20), need: 20, start: 2, window: 2, perNode: 5, tries: 3,
			pace: pace{prior: time.Second}}, func(int, int) behaviour { return behaviour{after: quick} }, nil, 20, 10 * quick, nil},
		{"nodes that hang are asked last", newGather(30, 3, 10), func(i, _ int) behaviour {
			if i%3 == 0 {
				return behaviour{after: -1}
			}
			return behaviour{after: quick}
		}, nil, 14, time.Second, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := play(tc.g, tc.how)
				slices.Sort(p.answers)
				slices.Sort(tc.want)
				if !errors.Is(p.err, tc.err) || tc.want != nil && !slices.Equal(p.answers, tc.want) || p.err == nil && len(p.answers) != tc.g.need {
					t.Errorf("answers %v, %v; want %v, %v", p.answers, p.err, tc.want, tc.err)
				}
				if p.asked > tc.requests || p.took > tc.took {
					t.Errorf("%d requests, %v; want at most %d, %v", p.asked, p.took, tc.requests, tc.took)
				}
			})
		})
	}
}

// TestGatherOnSlowLine: when everything is slow, nothing is late, and nothing is asked twice.
func TestGatherOnSlowLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size, rate = 100, 20 // a request takes 5 seconds by itself; they share the line
		g := newGather(40, 40, 20)
		g.start, g.window = 4, 20
		var requests, inFlight, most atomic.Int64
		g.fetch = func(ctx context.Context, i int) (int, error) {
			requests.Add(1)
			most.Store(max(most.Load(), inFlight.Add(1)))
			defer inFlight.Add(-1)
			for left := float64(size); left > 0; left -= float64(rate) / 10 / float64(inFlight.Load()) {
				if err := sleep(ctx, 100*time.Millisecond); err != nil {
					return 0, err
				}
				ctx.Value(pulseKey{}).(*pulse).beat()
			}
			return i, nil
		}
		if _, _, err := g.run(context.Background()); err != nil || requests.Load() != 20 || most.Load() > 4 {
			t.Errorf("%d requests, up to %d at once, %v; want 20, 4", requests.Load(), most.Load(), err)
		}
	})
}

// TestGatherWindowGrows: a fast line is used fully soon.
func TestGatherWindowGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGather(200, 100, 100)
		g.start, g.window = 4, 50
		p := play(g, func(int, int) behaviour { return behaviour{after: 10 * time.Millisecond} })
		if p.err != nil || p.asked != 100 || p.took > 60*time.Millisecond { // 4, 8, 16, 32, 40
			t.Errorf("%d requests in %v, %v", p.asked, p.took, p.err)
		}
	})
}

// TestGatherGivesUpSilentNodes: a node that stalls is asked twice, not once for each of its shards.
func TestGatherGivesUpSilentNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGather(100, 2, 60) // 50 candidates of each node
		p := play(g, func(i, _ int) behaviour {
			if i%2 == 0 {
				return behaviour{after: 15 * time.Second, err: ErrStalled}
			}
			return behaviour{after: time.Millisecond}
		})
		if !errors.Is(p.err, errShort) || len(p.answers) != 50 || len(p.failures) != 50 {
			t.Errorf("%d answers, %d failures, %v", len(p.answers), len(p.failures), p.err)
		}
		if p.took > 40*time.Second {
			t.Errorf("took %v", p.took)
		}
	})
}

func TestGatherStopsWhenTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGather(10, 10, 10)
		enough := errors.New("enough")
		seen := 0
		g.failed = func(int, error) error {
			if seen++; seen == 3 {
				return enough
			}
			return nil
		}
		p := play(g, func(int, int) behaviour { return behaviour{after: time.Second, err: ErrCorrupt} })
		if !errors.Is(p.err, enough) || len(p.failures) != 3 {
			t.Errorf("%d failures, %v", len(p.failures), p.err)
		}
	})
}

func TestGatherEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("why")
		ctx, cancel := context.WithCancelCause(context.Background())
		time.AfterFunc(time.Second, func() { cancel(why) })
		g := newGather(10, 10, 10)
		g.fetch = func(ctx context.Context, _ int) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		}
		if _, _, err := g.run(ctx); !errors.Is(err, why) {
			t.Errorf("%v, want %v", err, why)
		}
	})
}

// TestGatherDropsThePileUp: late requests are given up when there are too many of them.
func TestGatherDropsThePileUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGather(100, 100, 2)
		g.start, g.window = 2, 2
		g.tries = 1
		p := play(g, func(int, int) behaviour { return behaviour{after: time.Hour, err: ErrStalled} })
		if !errors.Is(p.err, errShort) || p.asked != 100 || p.took > 70*time.Minute {
			t.Errorf("%d asked in %v, %v", p.asked, p.took, p.err)
		}
		dropped := 0
		for _, err := range p.failures {
			if errors.Is(err, errDropped) {
				dropped++
			}
		}
		if dropped < 90 {
			t.Errorf("%d of 100 requests dropped", dropped)
		}
	})
}

func TestPace(t *testing.T) {
	var p pace
	p.prior = 3 * time.Second
	for i, tc := range []struct {
		add, limit time.Duration
	}{
		{0, 3 * time.Second}, {0, 3 * time.Second}, // nothing is known yet
		{10 * time.Millisecond, minLate},     // nothing is late before minLate
		{time.Second, 2 * time.Second},       // twice what nearly all took
		{10 * time.Second, maxLate},          // but no more than that
		{10 * time.Second, maxLate},          // of one that usually takes a second
		{10 * time.Second, 5 * time.Second},  //
		{10 * time.Second, 20 * time.Second}, // a slow line: this is usual
	} {
		p.add(tc.add)
		if got := p.limit(); got != tc.limit {
			t.Errorf("after %d requests of which the last took %v: late after %v, want %v", i+1, tc.add, got, tc.limit)
		}
	}
}

func TestBackoff(t *testing.T) {
	b := Backoff{Min: time.Second, Max: 10 * time.Second, Retries: 3}
	for i, base := range []time.Duration{1, 2, 4, 8, 10, 10} {
		base *= time.Second
		for range 20 {
			if p := b.pause(i); p < base || p > base+time.Second {
				t.Errorf("pause %d is %v, want %v and up to a second", i, p, base)
			}
		}
	}
	if p := b.pause(1 << 20); p > 11*time.Second {
		t.Errorf("pause after many is %v", p)
	}
	for _, tc := range []struct {
		err   error
		calls int
	}{
		{nil, 1}, {errors.New("connection reset"), 4}, {ErrCorrupt, 1}, {wire.ErrIdentity, 1}, {fmt.Errorf("%w: x", ErrStalled), 2},
		{&wire.Error{HTTP: 503}, 4}, {&wire.Error{HTTP: 400}, 1}, {context.Canceled, 1},
		{&givenUp{&wire.Error{HTTP: 400, Reason: "NOT_REGISTERED"}}, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			calls := 0
			err := b.do(context.Background(), func() error { calls++; return tc.err })
			if calls != tc.calls || !errors.Is(err, tc.err) {
				t.Errorf("%v: %d calls, want %d", tc.err, calls, tc.calls)
			}
		})
	}
}

// TestGatherWaitsOfOurOwn: a request that our own line holds back is not late, and one that waits its
// turn is joined by others without being held against its node.
func TestGatherWaitsOfOurOwn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		before func(*pulse)
		asked  int
		late   []bool
	}{
		{"held back", (*pulse).hold, 1, nil},
		{"in the queue", func(p *pulse) { p.queued.Store(true) }, 2, []bool{false}},
		{"sent", func(*pulse) {}, 2, []bool{true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := newGather(2, 2, 1)
				var asked atomic.Int64
				g.fetch = func(ctx context.Context, i int) (int, error) {
					if asked.Add(1) > 1 {
						return i, nil
					}
					p := ctx.Value(pulseKey{}).(*pulse)
					tc.before(p)
					err := sleep(ctx, time.Minute)
					p.begin()
					return i, err
				}
				var late []bool
				g.late = func(_ int, _ time.Duration, sent bool) { late = append(late, sent) }
				if _, _, err := g.run(t.Context()); err != nil {
					t.Error(err)
				}
				if int(asked.Load()) != tc.asked || !slices.Equal(late, tc.late) {
					t.Errorf("%d asked, late %v; want %d, %v", asked.Load(), late, tc.asked, tc.late)
				}
			})
		})
	}
}
