package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/redstuff"
	"github.com/walrus-go/walrus/wire"
)

// ReadOptions are the settings of one read. The zero value is good.
type ReadOptions struct {
	// Check is how much of the decoded blob is compared with its metadata. Every sliver is checked
	// whatever is chosen here.
	Check blob.Consistency
	// MaxSize refuses longer blobs with [ErrTooLarge] before any sliver is fetched. 0 is no limit. A Read
	// needs about as much memory as the blob has bytes, ReadAll twice as much.
	MaxSize uint64
	// Stream lets Read write the beginning of the blob while the rest is still being fetched. Every byte
	// has been checked by then, but a read that fails later has written a part of the blob. With the
	// strict check, which is of the whole blob, it changes nothing.
	Stream bool
	// Progress, if set, hears how far the read is, from one goroutine at a time. It must not block.
	Progress func(ReadProgress)
}

// Read fetches a blob and writes it to w, which sees nothing unless the whole blob has been fetched,
// decoded and checked, or Stream is set. It returns how many bytes it has written, which without an error is
// the blob's length. w is not written to from two goroutines at once, nor after Read has returned.
//
// Only primary slivers are fetched. Secondary ones could stand in, but take the answers of n-f shards
// where n-2f suffice for primary ones, so they help in no case of failing nodes.
//
// Errors: [ErrNotFound], [ErrBlocked], [ErrTooLarge], [ErrInconsistent]; a [*QuorumError] of kind
// [ErrNoMetadata] or [ErrNotEnoughSlivers]; those of the ledger and of w. Source: spec: client.md
// section 4.
func (c *Client) Read(ctx context.Context, id blob.ID, w io.Writer, o *ReadOptions) (uint64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := &outlet{w: w, failed: func(err error) { cancel(fmt.Errorf("client: blob %v: %w", id, err)) }}
	early := out
	if o == nil || !o.Stream || o.Check == blob.Strict {
		early = nil
	}
	rows, err := c.readRows(ctx, id, o, early)
	if err != nil {
		return out.written, err
	}
	for i := out.next; i < len(rows) && ctx.Err() == nil; i++ {
		out.put(i, rows[i])
	}
	if out.next < len(rows) {
		return out.written, context.Cause(ctx)
	}
	return out.written, nil
}

// ReadAll is [Client.Read] into memory.
func (c *Client) ReadAll(ctx context.Context, id blob.ID, o *ReadOptions) ([]byte, error) {
	rows, err := c.readRows(ctx, id, o, nil)
	if err != nil {
		return nil, err
	}
	return bytes.Join(rows, nil), nil
}

// readRows returns a checked blob row by row. Rows that arrive go to early, if it is set, as soon as they
// have been checked.
func (c *Client) readRows(ctx context.Context, id blob.ID, o *ReadOptions, early *outlet) ([][]byte, error) {
	if o == nil {
		o = new(ReadOptions)
	}
	net, err := c.currentNetwork(ctx, false)
	if err != nil {
		return nil, err
	}
	for try := 0; ; try++ {
		rows, err := c.readFrom(ctx, net, id, o, early)
		if err == nil || try == epochTries || !mayHaveMoved(err) || ctx.Err() != nil {
			return rows, err
		}
		// Perhaps the shards have moved. If the committee is the one we know, they have not.
		again, refreshed := c.currentNetwork(ctx, true)
		if refreshed != nil || again.Epoch == net.Epoch && again.Transition == net.Transition {
			return nil, err
		}
		net = again
	}
}

// epochTries is how often an operation starts again because the committee changed meanwhile.
const epochTries = 5

// mayHaveMoved tells whether an error may come of asking a committee of the past.
func mayHaveMoved(err error) bool {
	return errors.Is(err, ErrNotEnoughSlivers) || errors.Is(err, ErrNoMetadata) ||
		errors.Is(err, ErrNotEnoughConfirmations) || errors.Is(err, ErrNotCertified)
}

// readFrom reads with one view of the network. The chain's word on the blob and the read itself run
// side by side; a definite no ends the read, and no word at all is tolerated.
func (c *Client) readFrom(ctx context.Context, net *network, id blob.ID, o *ReadOptions, early *outlet) ([][]byte, error) {
	members := net.Current
	if net.Transition && net.Previous != nil {
		status, err := c.ledger.BlobStatus(ctx, id)
		if err == nil {
			if err := mustExist(id, status); err != nil {
				return nil, err
			}
			if e := status.InitialCertified; e != nil && *e < net.Epoch {
				members = net.Previous // it has the shards until the new committee has them
			}
		}
		r := &reading{client: c, net: net, members: members, id: id, o: o, early: early}
		return r.run(ctx)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		status, err := c.ledger.BlobStatus(ctx, id)
		if err != nil {
			return
		}
		if err := mustExist(id, status); err != nil {
			cancel(err)
		}
	}()
	r := &reading{client: c, net: net, members: members, id: id, o: o, early: early}
	rows, err := r.run(ctx)
	if err == nil {
		return rows, nil
	}
	if errors.Is(err, ErrNoMetadata) {
		// That nobody has it is explained best by the chain's word, if it is on its way.
		wait := time.NewTimer(c.opts.ConnectTimeout)
		defer wait.Stop()
		select {
		case <-asked:
		case <-wait.C:
		}
	}
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	return nil, err
}

// A reading is one read from the members of one committee.
type reading struct {
	client  *Client
	net     *network
	members *committee.Committee
	id      blob.ID
	o       *ReadOptions
	early   *outlet // nil unless rows may leave before all have arrived
	meta    *blob.Metadata
	meter   meter[ReadProgress]

	absent, blocked int // shards whose nodes said 404 and 451
}

func (r *reading) run(ctx context.Context) ([][]byte, error) {
	r.meter.report = r.o.Progress
	if err := r.fetchMetadata(ctx); err != nil {
		return nil, err
	}
	if r.o.MaxSize > 0 && r.meta.Size > r.o.MaxSize {
		return nil, fmt.Errorf("%w: %v has %d bytes, %d allowed", ErrTooLarge, r.id, r.meta.Size, r.o.MaxSize)
	}
	slivers, err := r.fetchSlivers(ctx)
	if err != nil {
		return nil, err
	}
	var rows [][]byte
	err = r.client.compute(ctx, func() (err error) {
		rows, err = r.meta.Rows(slivers, r.o.Check)
		return err
	})
	if errors.Is(err, blob.ErrInconsistent) {
		return nil, fmt.Errorf("%w: %w", ErrInconsistent, err)
	}
	return rows, err
}

// refused counts the shards whose nodes say that they have nothing or may not give it. It fails when
// that is the word of a quorum.
func (r *reading) refused(weight int, err error) error {
	switch {
	case errors.Is(err, wire.ErrForbidden):
		r.blocked += weight
	case errors.Is(err, wire.ErrMetadataNotFound), errors.Is(err, wire.ErrSliverNotFound):
		r.absent += weight
	default:
		return nil
	}
	if r.blocked+r.absent < r.members.Quorum() {
		return nil
	}
	if r.blocked >= r.members.Validity() {
		return fmt.Errorf("%w: %v: nodes of %d shards refuse it", ErrBlocked, r.id, r.blocked)
	}
	return fmt.Errorf("%w: %v: nodes of %d shards do not have it", ErrNotFound, r.id, r.absent)
}

// metadataAtOnce is how many nodes a client that knows nothing of them asks for metadata side by side.
// One that knows them asks the best, and others when that one is late.
const metadataAtOnce = 3

// fetchMetadata asks nodes, good ones first, until one of them answers with what the blob ID commits to.
func (r *reading) fetchMetadata(ctx context.Context) error {
	order := r.client.scores.rank(r.members).order
	size := metadataSize(r.members.Shards())
	spare := 0
	if r.client.scores.typicalLatency() == 0 {
		spare = metadataAtOnce - 1
	}
	g := &gather[*blob.Metadata]{
		candidates: order,
		need:       1,
		spare:      spare,
		start:      metadataAtOnce,
		window:     metadataAtOnce,
		perNode:    1,
		tries:      readTries,
		pause:      readPause,
		pace:       r.client.firstPace(size),
		late:       r.client.lateness(r.members, order, size),
		fetch: func(ctx context.Context, i int) (*blob.Metadata, error) {
			p, err := r.client.peer(r.members.Member(order[i]))
			if err != nil {
				return nil, err
			}
			if err := p.enter(ctx); err != nil {
				return nil, err
			}
			body, err := p.getBCS(ctx, wire.MetadataPath(r.id), size)
			p.leave()
			if err != nil {
				return nil, err
			}
			return r.parseMetadata(ctx, p, body)
		},
		failed: func(i int, err error) error {
			return r.refused(r.members.Member(order[i]).Weight(), err)
		},
	}
	answers, failures, err := g.run(ctx)
	r.absent, r.blocked = 0, 0
	switch {
	case errors.Is(err, errShort):
		return newQuorumError(ErrNoMetadata, r.id, 0, 1, r.nodeErrors(failures, func(i int) (int, []committee.Shard) {
			return order[i], r.members.Member(order[i]).Shards
		}))
	case err != nil:
		return err
	}
	r.meta = answers[0].value
	source := r.net.code.Source(redstuff.Primary)
	r.meter.update(func(p *ReadProgress) { p.Size, p.SliversNeeded = r.meta.Size, source })
	return nil
}

// metadataSize returns the length of a BlobMetadataWithId for n shards, which is always the same but
// for the width of a count. Source: spec: encoding.md section 1.3.
func metadataSize(n int) int { return 32 + 1 + 1 + 8 + 3 + 66*n }

func (r *reading) parseMetadata(ctx context.Context, p *peer, body []byte) (*blob.Metadata, error) {
	id, meta, err := blob.ParseMetadataWithID(body)
	if err == nil && id != r.id {
		err = fmt.Errorf("it is of blob %v", id)
	}
	if err == nil {
		err = r.client.compute(ctx, func() error { return meta.Verify(r.id, r.members.Shards()) })
	}
	if err != nil && ctx.Err() == nil {
		r.client.blame(p.member, err)
		return nil, fmt.Errorf("%w: metadata: %w", ErrCorrupt, err)
	}
	return meta, err
}

// The schedule of requests to one candidate of a read, where others are asked meanwhile.
const readTries = 3

var readPause = Backoff{Min: 200 * time.Millisecond, Max: 2 * time.Second}

// firstBytes is how much is asked for at once before the line has shown how fast it is.
const firstBytes = 4 << 20

// fetchSlivers fetches and checks as many primary slivers as bring the blob back.
func (r *reading) fetchSlivers(ctx context.Context) ([]*blob.Sliver, error) {
	code := r.net.code
	symbol, err := r.meta.SymbolSize()
	if err != nil {
		return nil, fmt.Errorf("client: blob %v: %w", r.id, err)
	}
	need, size := code.Source(redstuff.Primary), code.SliverSize(redstuff.Primary, symbol)
	pairs := r.sliverOrder(need)
	owner := func(i int) *committee.Member { return r.members.Member(r.owner(pairs[i])) }
	nodes := make([]int, len(pairs))
	for i, pair := range pairs {
		nodes[i] = r.owner(pair)
	}
	loads, late := make([]load, len(pairs)), r.client.lateness(r.members, nodes, size)
	g := &gather[*blob.Sliver]{
		candidates: nodes,
		need:       need,
		start:      max(4, firstBytes/size),
		window:     int(max(4, r.client.opts.BytesInFlight/int64(size))),
		perNode:    r.client.opts.NodeRequests,
		tries:      readTries,
		pause:      readPause,
		pace:       r.client.firstPace(size),
		late: func(i int, after time.Duration, sent bool) {
			loads[i].drop(r.client)
			late(i, after, sent)
		},
		fetch: func(ctx context.Context, i int) (*blob.Sliver, error) {
			return r.fetchSliver(ctx, &loads[i], owner(i), pairs[i], size)
		},
		check: func(ctx context.Context, i int, s *blob.Sliver) error {
			err := r.client.compute(ctx, func() error { return s.Verify(r.meta) })
			if err != nil && ctx.Err() == nil {
				r.client.blame(owner(i), err)
				return fmt.Errorf("%w: %w", ErrCorrupt, err)
			}
			if err == nil && r.early != nil && pairs[i] < need {
				r.early.put(pairs[i], r.cut(s))
			}
			return err
		},
		failed: func(_ int, err error) error { return r.refused(1, err) },
		arrived: func(have int) {
			r.meter.update(func(p *ReadProgress) { p.Slivers, p.Bytes = have, int64(have)*int64(size) })
		},
	}
	answers, failures, err := g.run(ctx)
	switch {
	case errors.Is(err, errShort):
		failed := r.nodeErrors(failures, func(i int) (int, []committee.Shard) {
			return nodes[i], []committee.Shard{r.shard(pairs[i])}
		})
		return nil, newQuorumError(ErrNotEnoughSlivers, r.id, len(answers), need, failed)
	case err != nil:
		return nil, err
	}
	slivers := make([]*blob.Sliver, len(answers))
	for i, a := range answers {
		slivers[i] = a.value
	}
	return slivers, nil
}

// cut returns what the blob has of a sliver that is a row of it.
func (r *reading) cut(s *blob.Sliver) []byte {
	size := uint64(len(s.Data))
	begin := min(uint64(s.Index)*size, r.meta.Size)
	return s.Data[:min(size, r.meta.Size-begin)]
}

func (r *reading) shard(pair int) committee.Shard {
	return committee.Shard(r.id.Shard(blob.PairIndex(pair), r.members.Shards()))
}

func (r *reading) owner(pair int) int { return r.members.Owner(r.shard(pair)) }

// sliverOrder returns all pairs, best first: systematic slivers, which need no arithmetic, before the
// others, and both only then from nodes with a bad record. Among equals the better node comes first, or,
// where rows may leave early, the earlier row.
func (r *reading) sliverOrder(systematic int) []int {
	n := r.members.Shards()
	rank := r.client.scores.rank(r.members)
	classes := make([][]int, 4)
	for _, node := range rank.order {
		for _, shard := range r.members.Member(node).Shards {
			pair, class := int(r.id.Pair(blob.Shard(shard), n)), 0
			if pair >= systematic {
				class++
			}
			if rank.suspect[node] {
				class += 2
			}
			classes[class] = append(classes[class], pair)
		}
	}
	pairs := make([]int, 0, n)
	for i, class := range classes {
		if r.early != nil && i%2 == 0 {
			slices.Sort(class)
		}
		pairs = append(pairs, class...)
	}
	return pairs
}

func (r *reading) fetchSliver(ctx context.Context, l *load, m *committee.Member, pair, size int) (*blob.Sliver, error) {
	body, err := r.fetchBody(ctx, l, m, pair, size)
	if err != nil {
		return nil, err
	}
	s, err := blob.ParseSliver(redstuff.Primary, body)
	if err == nil && int(s.Index) != pair {
		err = fmt.Errorf("it is sliver %d", s.Index)
	}
	if err == nil {
		err = s.VerifyShape(r.meta)
	}
	if err != nil {
		r.client.blame(m, err)
		return nil, fmt.Errorf("%w: primary sliver %d: %w", ErrCorrupt, pair, err)
	}
	return s, nil
}

// fetchBody fetches the bytes of a sliver when there is room for them on the line.
func (r *reading) fetchBody(ctx context.Context, l *load, m *committee.Member, pair, size int) ([]byte, error) {
	p, err := r.client.peer(m)
	if err != nil {
		return nil, err
	}
	if err := p.enter(ctx); err != nil {
		return nil, err
	}
	defer p.leave()
	if err := l.take(ctx, r.client, size); err != nil {
		return nil, err
	}
	defer l.drop(r.client)
	const overhead = 5 + 2 + 2 // length, symbol size and index around the symbols
	return p.getBCS(ctx, wire.SliverPath(r.id, pair, redstuff.Primary), size+overhead)
}

// nodeErrors turns failures of candidates into errors of nodes, with all shards of a node in one.
func (r *reading) nodeErrors(failures map[int]error, where func(i int) (node int, shards []committee.Shard)) []*NodeError {
	shards, reason := make(map[int][]committee.Shard), make(map[int]error)
	for i, err := range failures {
		node, s := where(i)
		shards[node] = append(shards[node], s...)
		reason[node] = err
	}
	var list []*NodeError
	for i := range r.members.Members() {
		if err := reason[i]; err != nil {
			list = append(list, nodeError(r.members.Member(i), shards[i], err))
		}
	}
	return list
}
