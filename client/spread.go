package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/wire"
)

// A spread is one blob on its way to the nodes of one committee: every node is sent what its shards
// are to hold and asked to sign for it.
//
// It has up to two parts. Before the registration, nodes may be sent what they will hold in memory;
// failures there mean nothing. After it, each node goes through its own sequence of upload and
// confirmation, beginning where the first part left it.
type spread struct {
	client  *Client
	parcel  *parcel
	members *committee.Committee
	// present says that nodes are expected to hold the blob already, so that asking comes before sending.
	present bool
	meter   *meter[StoreProgress]

	ctx    context.Context
	cancel context.CancelCauseFunc
	nodes  []*delivery
	wait   sync.WaitGroup

	registered chan struct{} // closed once object is set
	object     *blob.ObjectID

	settled chan struct{} // closed once a quorum has signed, or cannot any more
	done    chan struct{} // closed once every node has succeeded or failed

	mu        sync.Mutex
	paces     [2]pace           // guarded by mu; of metadata and of slivers
	signed    []bool            // guarded by mu; by member
	collector *attest.Collector // guarded by mu; set once registered
	begun     time.Time         // guarded by mu; when uploads began
	quorumAt  time.Time         // guarded by mu
	rest      *time.Timer       // guarded by mu; gives up on the others once nodes of more than f shards have signed
	failed    map[int]error     // guarded by mu; by member
	lost      int               // guarded by mu; shards of failed members
	epoch     committee.Epoch   // guarded by mu; greatest epoch that a node signed for
}

// A delivery is the part of a spread that concerns one node.
type delivery struct {
	*spread
	index  int
	member *committee.Member
	peer   *peer
	pieces []piece

	mu    sync.Mutex
	acked []bool // guarded by mu; what the node said it has, metadata first, then pieces
}

// newSpread prepares to send the parcel to the committee's members.
func (c *Client) newSpread(ctx context.Context, p *parcel, members *committee.Committee, present bool, m *meter[StoreProgress]) *spread {
	s := &spread{
		client: c, parcel: p, members: members, present: present, meter: m,
		registered: make(chan struct{}), settled: make(chan struct{}), done: make(chan struct{}),
		begun: time.Now(), failed: make(map[int]error), signed: make([]bool, len(members.Members())),
	}
	for k := range s.paces {
		s.paces[k].prior = c.opts.StallTimeout // on a slow line everything is slow: nothing is late at first
	}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	for i := range members.Members() {
		d := &delivery{spread: s, index: i, member: members.Member(i)}
		for _, shard := range d.member.Shards {
			d.pieces = append(d.pieces, p.pieces(shard)...)
		}
		d.acked = make([]bool, 1+len(d.pieces))
		s.nodes = append(s.nodes, d)
	}
	return s
}

// start begins sending: at once and as pending if the blob is small, after [spread.register] else.
// Once started, a spread must be closed.
func (s *spread) start(pending bool) {
	for _, i := range rand.Perm(len(s.nodes)) { // so that many clients do not begin with the same node
		d := s.nodes[i]
		s.wait.Go(func() { s.finish(d.index, d.run(pending)) })
	}
	go func() {
		s.wait.Wait()
		close(s.done)
	}()
}

// register tells the spread that the blob is registered: as object if it is deletable.
func (s *spread) register(object *blob.ObjectID) {
	confirmation := attest.Confirmation{Epoch: s.members.Epoch(), Blob: s.parcel.id, Object: object}
	s.mu.Lock()
	s.collector = attest.NewCollector(s.members, confirmation.Message())
	s.begun = time.Now()
	s.mu.Unlock()
	s.object = object
	close(s.registered)
}

// close ends what is still under way and waits for it.
func (s *spread) close() {
	s.cancel(context.Canceled)
	s.wait.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rest != nil {
		s.rest.Stop()
	}
}

// certificate waits for a quorum of signatures.
//
// Errors: a [*QuorumError] as soon as a quorum is out of reach; the cause of ctx's end.
func (s *spread) certificate(ctx context.Context) (attest.Certificate, error) {
	select {
	case <-s.settled:
	case <-ctx.Done():
		return attest.Certificate{}, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if have := s.collector.Weight(); have < s.members.Quorum() {
		return attest.Certificate{}, newQuorumError(ErrNotEnoughConfirmations, s.parcel.id, have, s.members.Quorum(), s.failures())
	}
	cert, err := s.collector.Certificate()
	cert.Signers = slices.Clone(cert.Signers) // slower nodes go on signing
	return cert, err
}

// tail waits until every node is done, or slower ones have had the extra time that is theirs: factor
// times what the quorum took, and base. Nodes with a bad record are not waited for.
func (s *spread) tail(ctx context.Context) {
	s.mu.Lock()
	extra := s.client.opts.TailBase + time.Duration(s.client.opts.TailFactor*float64(s.quorumAt.Sub(s.begun)))
	left := time.Until(s.quorumAt.Add(extra))
	s.mu.Unlock()
	if s.client.opts.TailBase < 0 || left <= 0 {
		return
	}
	timer, look := time.NewTimer(left), time.NewTicker(max(left/tailLooks, time.Millisecond))
	defer timer.Stop()
	defer look.Stop()
	for s.worthWaiting() {
		select {
		case <-look.C:
		case <-s.done:
			return
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// tailLooks is how often the tail looks whether any node is still worth waiting for.
const tailLooks = 20

// worthWaiting tells whether a node without a bad record is still at work.
func (s *spread) worthWaiting() bool {
	suspect := s.client.scores.suspects(s.members)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.nodes {
		if !suspect[i] && !s.signed[i] && s.failed[i] == nil {
			return true
		}
	}
	return false
}

// errUnfinished is why a node is lagging that has not failed.
var errUnfinished = errors.New("client: not done when a quorum was")

// report returns the weight of the nodes that have signed, and the others.
func (s *spread) report() (weight int, lagging []*NodeError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lagging = s.failures()
	for i := range s.nodes {
		if !s.signed[i] && s.failed[i] == nil {
			m := s.members.Member(i)
			lagging = append(lagging, nodeError(m, m.Shards, errUnfinished))
		}
	}
	return s.collector.Weight(), lagging
}

// movedOn tells whether a node signed for a later epoch than the committee's.
func (s *spread) movedOn() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.epoch > s.members.Epoch()
}

// failures lists the nodes that have failed. It needs mu.
func (s *spread) failures() []*NodeError {
	var list []*NodeError
	for i, err := range s.failed {
		m := s.members.Member(i)
		list = append(list, nodeError(m, m.Shards, err))
	}
	return list
}

// finish books how the sequence of a node ended, and settles the spread if that decides it.
func (s *spread) finish(i int, err error) {
	if err == nil {
		return // booked with its signature
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed[i] = err
	s.lost += s.members.Member(i).Weight()
	s.client.opts.Logger.Debug("node did not confirm", "node", s.members.Member(i).Name, "blob", s.parcel.id, "err", err)
	if s.members.Shards()-s.lost < s.members.Quorum() {
		s.settle()
	}
}

// sign books a node's verified signature.
func (s *spread) sign(i int, sig bls.Signature) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.collector.Add(i, sig)
	s.signed[i] = true
	weight := s.members.Member(i).Weight()
	if s.collector.Weight() >= s.members.Validity() && s.rest == nil {
		// At least one of these is honest, so this long is what a delivery takes.
		s.rest = time.AfterFunc(s.client.opts.RequestTimeout+patience*time.Since(s.begun), s.giveUp)
	}
	if s.collector.Weight() >= s.members.Quorum() && s.quorumAt.IsZero() {
		s.quorumAt = time.Now()
		s.settle()
	}
	s.meter.update(func(p *StoreProgress) { p.ShardsConfirmed += weight })
}

// giveUp ends what is still under way if there is no quorum yet.
func (s *spread) giveUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.quorumAt.IsZero() {
		s.cancel(fmt.Errorf("%w: not done long after others were", ErrStalled))
	}
}

// settle needs mu.
func (s *spread) settle() {
	select {
	case <-s.settled:
	default:
		close(s.settled)
	}
}

// run is the whole sequence of one node.
func (d *delivery) run(pending bool) (err error) {
	if d.peer, err = d.client.peer(d.member); err != nil {
		return err
	}
	if pending {
		d.sendPending()
	}
	select {
	case <-d.registered:
	case <-d.ctx.Done():
		return context.Cause(d.ctx)
	}
	send := !d.present
	const rounds = 3 // a node that has lost what it had accepted is sent everything again, twice
	for range rounds {
		if send && !d.complete() {
			if err = d.send(d.ctx, false); err != nil {
				return err
			}
		}
		if err = d.confirm(); !errors.Is(err, wire.ErrMissingSlivers) {
			return err
		}
		d.forget()
		send = true
	}
	return err
}

// sendPending sends what the node will hold in memory until the blob is registered. It stops, without
// harm, at the first failure and when the registration is there.
func (d *delivery) sendPending() {
	ctx, cancel := context.WithCancel(d.ctx)
	defer cancel()
	go func() {
		select {
		case <-d.registered:
			cancel()
		case <-ctx.Done():
		}
	}()
	if err := d.send(ctx, true); err != nil {
		d.client.opts.Logger.Debug("pending upload stopped", "node", d.member.Name, "blob", d.parcel.id, "err", err)
	}
}

// send sends the metadata and then every sliver that the node is not known to have.
func (d *delivery) send(ctx context.Context, pending bool) error {
	before, err := d.sendMetadata(ctx, pending)
	if err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	places := make(chan struct{}, d.client.opts.NodeRequests)
	var wait sync.WaitGroup
	for i, p := range d.pieces {
		if d.has(1 + i) {
			continue
		}
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		wait.Go(func() {
			defer func() { <-places }()
			if err := d.sendPiece(ctx, i, p, pending, before); err != nil {
				cancel(fmt.Errorf("%v sliver %d: %w", p.axis, p.index, err)) // the first failure stops the node
			}
		})
	}
	wait.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// sendMetadata reports whether the node had the metadata before.
func (d *delivery) sendMetadata(ctx context.Context, pending bool) (before bool, err error) {
	if d.has(0) {
		return true, nil
	}
	body, path := d.parcel.metadata, wire.MetadataPath(d.parcel.id)
	status, err := d.put(ctx, kindMetadata, path, len(body), func() []byte { return body }, pending)
	if err != nil {
		return false, err
	}
	d.ack(0, len(body))
	return status == http.StatusOK, nil
}

// statusThreshold is the size in bytes from which on asking for a sliver first costs less than sending
// it for nothing.
const statusThreshold = 5560

func (d *delivery) sendPiece(ctx context.Context, i int, p piece, pending, before bool) error {
	if before && p.size >= statusThreshold {
		var stored wire.StoredOnNode
		err := d.peer.getJSON(ctx, wire.SliverStatusPath(d.parcel.id, p.pair, p.axis), 0, &stored)
		if err == nil && (stored == wire.Stored || pending && stored == wire.Buffered) {
			d.ack(1+i, p.size)
			return nil
		}
	}
	path := wire.SliverPath(d.parcel.id, p.pair, p.axis)
	if _, err := d.put(ctx, kindSliver, path, p.size, p.body, pending); err != nil {
		return err
	}
	d.ack(1+i, p.size)
	return nil
}

// A kind of upload has a pace of its own.
type kind int

const (
	kindMetadata kind = iota
	kindSliver
)

// put sends one body, again where that may help. A node that has not seen the registration yet is
// given time.
func (d *delivery) put(ctx context.Context, k kind, path string, size int, body func() []byte, pending bool) (status int, err error) {
	if pending {
		path = wire.Pending(path)
	}
	once := func() error {
		if err := d.peer.enter(ctx); err != nil {
			return err
		}
		defer d.peer.leave()
		lease, err := d.lease(ctx, k, size)
		if err != nil {
			return err
		}
		defer lease.giveBack()
		if status, err = d.peer.put(lease.ctx, path, body()); err == nil {
			d.took(k, time.Since(lease.start))
		}
		return err
	}
	if pending {
		return status, once()
	}
	return status, d.client.opts.Backoff.do(ctx, func() error { return d.untilRegistered(ctx, once) })
}

// untilRegistered repeats f while the node does not know of the registration, for a bounded time.
func (d *delivery) untilRegistered(ctx context.Context, f func() error) error {
	deadline := time.Now().Add(d.client.opts.RegistrationWait)
	quick := Backoff{Min: 50 * time.Millisecond, Max: 2 * time.Second}
	for i := 0; ; i++ {
		err := f()
		if !errors.Is(err, wire.ErrNotRegistered) {
			return err
		}
		pause := quick.pause(i)
		if time.Now().Add(pause).After(deadline) {
			return &givenUp{err}
		}
		if sleep(ctx, pause) != nil {
			return err
		}
	}
}

// givenUp is an error that was worth repeating and has been repeated enough.
type givenUp struct{ err error }

// Error implements error.
func (e *givenUp) Error() string { return e.err.Error() }

// Unwrap returns the error.
func (e *givenUp) Unwrap() error { return e.err }

func (d *delivery) has(i int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.acked[i]
}

func (d *delivery) complete() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, ok := range d.acked {
		if !ok {
			return false
		}
	}
	return true
}

func (d *delivery) ack(i, size int) {
	d.mu.Lock()
	d.acked[i] = true
	d.mu.Unlock()
	d.meter.update(func(p *StoreProgress) { p.BytesSent += int64(size) })
}

// forget makes the next send send everything.
func (d *delivery) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.acked)
}

// confirmWait is how long a node may hold back its answer to wait for the registration.
const confirmWait = 5 * time.Second

// confirm asks the node to sign for the blob, and books its signature.
func (d *delivery) confirm() error {
	path := wire.ConfirmationPath(d.parcel.id, d.object, confirmWait)
	return d.client.opts.Backoff.do(d.ctx, func() error {
		return d.untilRegistered(d.ctx, func() error {
			var answer wire.Confirmation
			if err := d.peer.getJSON(d.ctx, path, confirmWait, &answer); err != nil {
				return err
			}
			sig, err := d.verify(answer)
			if err != nil {
				return err
			}
			d.sign(d.index, sig)
			return nil
		})
	})
}

// verify checks that the node signed exactly what the certificate is to say.
func (d *delivery) verify(answer wire.Confirmation) (sig bls.Signature, err error) {
	want := attest.Confirmation{Epoch: d.members.Epoch(), Blob: d.parcel.id, Object: d.object}.Message()
	if string(answer.Signed.Message) != string(want) {
		return sig, d.otherMessage(answer)
	}
	err = d.client.compute(d.ctx, func() error {
		if sig, err = bls.ParseSignature(answer.Signed.Signature); err != nil {
			return fmt.Errorf("%w: %w", ErrSignature, err)
		}
		if err := d.member.Key.Verify(want, sig); err != nil {
			return fmt.Errorf("%w: %w", ErrSignature, err)
		}
		return nil
	})
	return sig, err
}

// otherMessage explains a message that is not the wanted one. A properly signed one of a later epoch
// says that the committee has changed.
func (d *delivery) otherMessage(answer wire.Confirmation) error {
	got, rest, err := attest.ParseConfirmation(answer.Signed.Message)
	if err != nil || len(rest) > 0 || got.Blob != d.parcel.id {
		return fmt.Errorf("%w: it is not about this blob", ErrSignature)
	}
	if got.Epoch == d.members.Epoch() {
		return fmt.Errorf("%w: it is for another registration", ErrSignature)
	}
	sig, err := bls.ParseSignature(answer.Signed.Signature)
	if err != nil || d.member.Key.Verify(answer.Signed.Message, sig) != nil {
		return fmt.Errorf("%w: it is of epoch %d and not signed", ErrSignature, got.Epoch)
	}
	d.spread.mu.Lock()
	d.epoch = max(d.epoch, got.Epoch)
	d.spread.mu.Unlock()
	return fmt.Errorf("%w: it is of epoch %d, the committee's is %d", ErrSignature, got.Epoch, d.members.Epoch())
}
