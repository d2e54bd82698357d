package client

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// A gather asks candidates until enough of them have delivered, and spends as little as it can on
// those that do not: a candidate that fails is replaced at once, one that is late is joined by
// another while its answer is still welcome.
//
// The rule that does it: answers in hand, answers being checked and requests that are not yet late
// together are always as many as are needed, as long as candidates are left. One goroutine decides;
// requests and checks run beside it.
type gather[T any] struct {
	candidates []int // the node of each candidate, best candidate first
	need       int   // answers wanted
	spare      int   // requests made beyond what is needed, to have an early answer
	start      int   // requests under way at once in the beginning, not counting late ones
	window     int   // likewise, once it has shown that the line is fast enough
	perNode    int   // requests to one node at once
	tries      int   // rounds of passing failures after which a node is not asked again
	pause      Backoff
	pace       pace

	// fetch asks candidate i. It is called at most once at a time for each candidate.
	fetch func(ctx context.Context, i int) (T, error)
	// check tells whether an answer is what it should be. It may take long; answers wait for it
	// without holding a place in the window.
	check func(ctx context.Context, i int, v T) error
	// failed, if set, hears of every failure in the gathering goroutine. An error ends the gathering.
	failed func(i int, err error) error
	// arrived, if set, hears of every good answer in the gathering goroutine.
	arrived func(have int)
	// late, if set, hears of every request that became late, and whether the node had it by then.
	late func(i int, after time.Duration, sent bool)
}

// answer is what one candidate delivered.
type answer[T any] struct {
	candidate int
	value     T
}

// errShort means that all candidates together did not deliver enough. The caller knows the figures.
var errShort = errors.New("client: candidates used up")

// errDropped is the failure of a late request that was given up in favour of later ones.
var errDropped = errors.New("client: no answer in time")

type phase uint8

const (
	waiting  phase = iota
	asked          // a request is under way
	overdue        // likewise, and it is late
	checking       // an answer is being checked
	done
	broken // failed for good
)

// asking is the state of one candidate.
type asking struct {
	phase   phase
	since   time.Time // when the request was made
	pulse   *pulse
	cancel  context.CancelFunc
	lastErr error
}

// standing is the state of one node. Failures that may pass are its own rather than a candidate's:
// after each round of them it is left alone for a while, and in the end for good.
type standing struct {
	busy   int // requests under way
	slow   int // those of them that are late
	rounds int // of passing failures since the last answer
	ready  time.Time
	err    error // what the last passing failure was
}

type gatherEvent[T any] struct {
	candidate int
	checked   bool // an answer was checked, else a request ended
	value     T
	err       error
}

// gathering is a gather at work.
type gathering[T any] struct {
	*gather[T]
	state    []asking
	events   chan gatherEvent[T]
	wait     sync.WaitGroup
	answers  []answer[T]
	nodes    map[int]*standing
	width    int // of the window now
	asked    int
	overdue  int
	checking int
}

// run returns need answers, or those there are and an error: [errShort], what failed said, or the
// cause of ctx's end. failures holds the last error of every candidate that was asked, or given up with
// its node, and has not delivered. No goroutine is left behind.
func (g *gather[T]) run(ctx context.Context) (answers []answer[T], failures map[int]error, err error) {
	r := &gathering[T]{
		gather: g,
		state:  make([]asking, len(g.candidates)),
		events: make(chan gatherEvent[T]),
		nodes:  make(map[int]*standing),
		width:  min(g.start, g.window),
	}
	for _, node := range g.candidates {
		r.nodes[node] = new(standing)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer r.wait.Wait()
	defer cancel()
	err = r.loop(ctx)
	failures = make(map[int]error)
	for i, s := range r.state {
		err := s.lastErr
		if n := r.nodes[g.candidates[i]]; err == nil && n.rounds >= g.tries {
			err = n.err
		}
		if s.phase != done && err != nil {
			failures[i] = err
		}
	}
	return r.answers, failures, err
}

func (r *gathering[T]) loop(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for len(r.answers) < r.need {
		next := r.advance(ctx, time.Now())
		if r.asked+r.overdue+r.checking == 0 && next == 0 {
			return errShort
		}
		if next == 0 {
			next = time.Hour
		}
		timer.Reset(next)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timer.C:
		case e := <-r.events:
			if err := r.handle(ctx, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// advance marks late requests, makes as many new ones as the rule asks for, and returns how long until
// it has to look again without an event; 0 for never.
func (r *gathering[T]) advance(ctx context.Context, now time.Time) time.Duration {
	next := r.markLate(now)
	for len(r.answers)+r.checking+r.asked < r.need+r.spare && r.asked < r.width {
		i, wait := r.pick(now)
		if i < 0 {
			if wait > 0 && (next == 0 || wait < next) {
				next = wait
			}
			break
		}
		r.ask(ctx, i, now)
		if limit := r.pace.limit(); next == 0 || limit < next {
			next = limit
		}
	}
	return next
}

// markLate moves requests that take too long out of the window, and returns how long until the next
// one would be late.
func (r *gathering[T]) markLate(now time.Time) (next time.Duration) {
	limit := r.pace.limit()
	for i := range r.state {
		s := &r.state[i]
		if s.phase != asked {
			continue
		}
		since, begun := s.pulse.origin()
		if !begun {
			since = now // a wait of our own making
		} else if !r.pace.known() {
			since = s.pulse.last() // on a slow line everything is slow: only silence is telling
		}
		if left := limit - now.Sub(since); left > 0 {
			if next == 0 || left < next {
				next = left
			}
			continue
		}
		s.phase = overdue
		r.asked--
		r.overdue++
		r.nodes[r.candidates[i]].slow++
		if r.late != nil {
			sent, _ := s.pulse.origin()
			r.late(i, now.Sub(sent), !s.pulse.queued.Load())
		}
	}
	r.dropLate()
	return next
}

// dropLate gives up the oldest late requests when there are more than a window of them, so that they
// cannot pile up.
func (r *gathering[T]) dropLate() {
	for excess := r.overdue - 2*r.window; excess > 0; excess-- {
		oldest := -1
		for i := range r.state {
			s := &r.state[i]
			if s.phase == overdue && s.lastErr != errDropped && (oldest < 0 || s.since.Before(r.state[oldest].since)) {
				oldest = i
			}
		}
		if oldest < 0 {
			return
		}
		r.state[oldest].lastErr = errDropped
		r.state[oldest].cancel()
	}
}

// pick returns the best candidate to ask now, or -1 and how long until one may be asked again, 0 if
// that is not known. Nodes with late requests are chosen last.
func (r *gathering[T]) pick(now time.Time) (i int, wait time.Duration) {
	second := -1
	for i := range r.state {
		n := r.nodes[r.candidates[i]]
		if r.state[i].phase != waiting || n.busy >= r.perNode || n.rounds >= r.tries {
			continue
		}
		if left := n.ready.Sub(now); left > 0 {
			if wait == 0 || left < wait {
				wait = left
			}
			continue
		}
		if n.slow == 0 {
			return i, 0
		}
		if second < 0 {
			second = i
		}
	}
	return second, wait
}

func (r *gathering[T]) ask(ctx context.Context, i int, now time.Time) {
	s := &r.state[i]
	asking, cancel := context.WithCancel(ctx)
	s.cancel, s.pulse = cancel, newPulse(now)
	asking = withPulse(asking, s.pulse)
	s.phase, s.since = asked, now
	r.asked++
	r.nodes[r.candidates[i]].busy++
	r.wait.Go(func() {
		v, err := r.fetch(asking, i)
		r.send(ctx, gatherEvent[T]{candidate: i, value: v, err: err})
	})
}

// send delivers an event unless the gathering is over.
func (r *gathering[T]) send(ctx context.Context, e gatherEvent[T]) {
	select {
	case r.events <- e:
	case <-ctx.Done():
	}
}

func (r *gathering[T]) handle(ctx context.Context, e gatherEvent[T]) error {
	s := &r.state[e.candidate]
	switch {
	case e.checked:
		r.checking--
	default:
		r.ended(e.candidate, s, e.err == nil)
	}
	if e.err != nil {
		return r.fail(e.candidate, s, e.err)
	}
	if !e.checked && r.check != nil {
		s.phase = checking
		r.checking++
		r.wait.Go(func() {
			e.checked, e.err = true, r.check(ctx, e.candidate, e.value)
			r.send(ctx, e)
		})
		return nil
	}
	s.phase = done
	r.answers = append(r.answers, answer[T]{e.candidate, e.value})
	if r.arrived != nil {
		r.arrived(len(r.answers))
	}
	return nil
}

// ended takes a request off the books.
func (r *gathering[T]) ended(i int, s *asking, ok bool) {
	s.cancel()
	n := r.nodes[r.candidates[i]]
	n.busy--
	if s.phase == overdue {
		r.overdue--
		n.slow--
	} else {
		r.asked--
	}
	if ok {
		n.rounds = 0
		begun, _ := s.pulse.origin()
		took := time.Since(begun)
		r.pace.add(took)
		if took < leisurely && r.width < r.window {
			r.width++
		}
	}
}

func (r *gathering[T]) fail(i int, s *asking, err error) error {
	if s.lastErr == errDropped {
		err = errDropped
	}
	s.phase, s.lastErr = broken, err
	if retryable(err) {
		s.phase = waiting
		r.nodes[r.candidates[i]].strike(err, time.Now(), r.pause)
	}
	if r.failed == nil {
		return nil
	}
	return r.failed(i, err)
}

// strike books a failure that may pass. Those that come while the node is being left alone belong to
// the same round.
func (n *standing) strike(err error, now time.Time, pause Backoff) {
	n.err = err
	if now.Before(n.ready) {
		return
	}
	n.ready = now.Add(pause.pause(n.rounds))
	n.rounds++
	if errors.Is(err, ErrStalled) {
		n.rounds++ // waiting that long again helps rarely
	}
}

// A pace learns from requests of one kind how long one of them usually takes.
type pace struct {
	prior time.Duration // late after so long in silence, before anything is known
	took  []time.Duration
}

const (
	// paceSamples is how many requests make a pace.
	paceSamples = 3
	// leisurely is a duration of requests above which more of them at once would not be faster.
	leisurely = 2 * time.Second
	// minLate is the least time after which a request is late: below it hedging costs more than it saves.
	minLate = 75 * time.Millisecond
	// maxLate is the longest time a request is waited for without asking elsewhere, unless the line
	// is so slow that this is usual.
	maxLate = 5 * time.Second
)

func (p *pace) add(d time.Duration) {
	at, _ := slices.BinarySearch(p.took, d)
	p.took = slices.Insert(p.took, at, d)
}

// known tells whether enough requests have ended to judge others by.
func (p *pace) known() bool { return len(p.took) >= paceSamples }

// limit returns after how long a request is late: twice what 95 of 100 took, within bounds.
func (p *pace) limit() time.Duration {
	if !p.known() {
		return max(p.prior, minLate)
	}
	p95 := p.took[(len(p.took)*95-1)/100]
	median := p.took[len(p.took)/2]
	return min(max(2*p95, minLate), max(4*median, maxLate))
}
