package node

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/walrus-go/walrus/wire"
)

// Limits bound what strangers can make a node spend. Zero fields mean the defaults.
type Limits struct {
	// What requests may take of memory at once, in bytes, by what they are for, so that those who pay
	// nothing, or read slowly, cannot keep others out: Memory for uploads of registered blobs, 256 MiB;
	// PendingMemory for uploads of others while they arrive, 64 MiB; ReadMemory for answers, 256 MiB;
	// SymbolMemory for slivers that symbols are taken from, 192 MiB. The largest sliver must fit into
	// each, and three times into the last, or it is never served; slivers above 4 MiB do not wait.
	Memory, PendingMemory, ReadMemory, SymbolMemory int64
	// Pending is how many bytes of uploads may wait for their registration; 1 GiB, as in the
	// reference. PendingLife is how long they wait after the last one for a blob; 1 minute.
	Pending     int64
	PendingLife time.Duration
	// Wait is how long a request for a confirmation may wait for the registration; 5 s. Less than 0 is
	// not at all.
	Wait time.Duration
	// Workers is how many verifications run at once, Queue how many more may wait; the number of
	// processors, and 100 for each.
	Workers, Queue int
	// Reads, Writes, Symbols and Waits are how many requests of each sort are served at once; the rest
	// are told to come back. 512, 1024, 64 and 1024.
	Reads, Writes, Symbols, Waits int
	// Requests is how many of any sort are under way at once, those being turned away included; the
	// streams of the rest are reset. 4096.
	Requests int
	// Connections is how many are open at once; more are not accepted until others end. 4096.
	Connections int
	// SymbolCache and MetadataCache are how many bytes of expanded slivers and of decoded metadata are
	// kept; 64 MiB and 8 MiB.
	SymbolCache, MetadataCache int64
	// Grace is how long a stop waits for requests under way; 10 s.
	Grace time.Duration
}

func (l Limits) withDefaults() Limits {
	processors := runtime.GOMAXPROCS(0)
	set(&l.Memory, 256<<20)
	set(&l.PendingMemory, 64<<20)
	set(&l.ReadMemory, 256<<20)
	set(&l.SymbolMemory, 192<<20)
	set(&l.Pending, 1<<30)
	set(&l.PendingLife, time.Minute)
	set(&l.Wait, 5*time.Second)
	set(&l.Workers, processors)
	set(&l.Queue, 100*processors)
	set(&l.Reads, 512)
	set(&l.Writes, 1024)
	set(&l.Symbols, 64)
	set(&l.Waits, 1024)
	set(&l.Requests, 4096)
	set(&l.Connections, 4096)
	set(&l.SymbolCache, 64<<20)
	set(&l.MetadataCache, 8<<20)
	set(&l.Grace, 10*time.Second)
	return l
}

func set[T comparable](v *T, standard T) {
	var zero T
	if *v == zero {
		*v = standard
	}
}

// A lane admits a number of requests at once and turns the rest away at once, so that a flood of one
// sort leaves the others alone.
type lane chan struct{}

func (l lane) enter() bool {
	select {
	case l <- struct{}{}:
		return true
	default:
		return false
	}
}

func (l lane) leave() { <-l }

type lanes struct{ reads, writes, symbols, waits lane }

func newLanes(l Limits) lanes {
	return lanes{make(lane, l.Reads), make(lane, l.Writes), make(lane, l.Symbols), make(lane, l.Waits)}
}

// A pool runs a number of tasks at once and lets a number more wait.
type pool struct {
	slots  chan struct{}
	queued lane
}

func newPool(workers, queue int) *pool {
	return &pool{make(chan struct{}, workers), make(lane, workers+queue)}
}

// do runs f in the caller's goroutine when it is its turn. Errors: [wire.ErrUnavailable] if too many
// wait, f's, the context's.
func (p *pool) do(ctx context.Context, f func() error) error {
	if !p.queued.enter() {
		return fmt.Errorf("%w: too much to verify", wire.ErrUnavailable)
	}
	defer p.queued.leave()
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.slots }()
	return f()
}

// memory has a budget for each sort of use; see [Limits]. Nobody waits for one while holding another
// of the same sort.
type memory struct{ writes, pending, reads, symbols *budget }

func newMemory(l Limits) memory {
	return memory{newBudget(l.Memory), newBudget(l.PendingMemory), newBudget(l.ReadMemory), newBudget(l.SymbolMemory)}
}

// uploads is what the body of an upload is taken from.
func (m memory) uploads(registered bool) *budget {
	if registered {
		return m.writes
	}
	return m.pending
}

// A budget is an amount of memory that requests share. Those who want more than is left wait in turn,
// for a while.
type budget struct {
	mu      sync.Mutex
	left    int64        // guarded by mu
	waiting []*budgetAsk // first come, first served; guarded by mu
	size    int64
}

type budgetAsk struct {
	amount  int64
	granted chan struct{}
}

// budgetWait is how long a request waits for memory. A body is not read meanwhile, so it costs little.
const budgetWait = 10 * time.Second

func newBudget(size int64) *budget { return &budget{left: size, size: size} }

// take reserves amount bytes until the returned function is called, once. Errors:
// [wire.ErrUnavailable], the context's.
func (b *budget) take(ctx context.Context, amount int64) (func(), error) {
	if amount > b.size {
		return nil, fmt.Errorf("%w: %d bytes asked for, %d is all there is", wire.ErrUnavailable, amount, b.size)
	}
	give := func() { b.give(amount) }
	b.mu.Lock()
	if len(b.waiting) == 0 && b.left >= amount {
		b.left -= amount
		b.mu.Unlock()
		return give, nil
	}
	ask := &budgetAsk{amount, make(chan struct{})}
	b.waiting = append(b.waiting, ask)
	b.mu.Unlock()
	timer := time.NewTimer(budgetWait)
	defer timer.Stop()
	select {
	case <-ask.granted:
		return give, nil
	case <-ctx.Done():
	case <-timer.C:
	}
	if !b.withdraw(ask) { // granted at the last moment
		return give, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("%w: no memory for %d bytes", wire.ErrUnavailable, amount)
}

// withdraw takes an ask out of the queue; false if it has been granted.
func (b *budget) withdraw(ask *budgetAsk) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, w := range b.waiting {
		if w == ask {
			b.waiting = append(b.waiting[:i], b.waiting[i+1:]...)
			b.grant()
			return true
		}
	}
	return false
}

func (b *budget) give(amount int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left += amount
	b.grant()
}

// grant serves those at the head of the queue; mu is held.
func (b *budget) grant() {
	for len(b.waiting) > 0 && b.left >= b.waiting[0].amount {
		b.left -= b.waiting[0].amount
		close(b.waiting[0].granted)
		b.waiting = b.waiting[1:]
	}
}
