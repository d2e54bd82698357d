package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/ledger"
)

// A storing is one [Client.Store] at work.
type storing struct {
	client *Client
	wallet ledger.Wallet
	o      StoreOptions
	net    *network
	items  []*item
	meter  meter[StoreProgress]
}

// An item is one blob of a storing. It is finished when done is set, which is for good or with the
// error in out.
type item struct {
	data   []byte
	parcel *parcel
	first  *item // an earlier item with the same blob ID, which does the work for this one too
	out    *Stored
	done   bool

	known  blob.Status   // what the chain says of the blob ID
	regist *registration // to be made
	extend uint32        // epochs to add once certified
	cost   uint64        // FROST that the plan costs
	object *ledger.Blob  // the registration, once there
	spread *spread
	cert   *attest.Certificate
}

// registration is how an item gets its registration.
type registration struct {
	ledger.Registration
	encoded uint64 // bytes of space bought
}

// newStoring checks whatever can be checked before any work.
func (c *Client) newStoring(ctx context.Context, blobs [][]byte, o *StoreOptions) (*storing, error) {
	if c.opts.Wallet == nil {
		return nil, ErrNoWallet
	}
	if o == nil {
		o = new(StoreOptions)
	}
	net, err := c.currentNetwork(ctx, false)
	if err != nil {
		return nil, err
	}
	s := &storing{client: c, wallet: c.opts.Wallet, o: *o, net: net}
	s.meter.report = o.Progress
	s.meter.now.Blobs = len(blobs)
	total := int64(0)
	for _, data := range blobs {
		cost, err := net.cost(uint64(len(data)), o.Epochs)
		if err != nil {
			return nil, err
		}
		total += int64(len(data))
		s.items = append(s.items, &item{data: data, out: &Stored{Size: uint64(len(data)), EncodedSize: cost.EncodedSize}})
	}
	if total > c.opts.BatchSize {
		return nil, fmt.Errorf("%w: %d bytes in one call, at most %d", ErrTooLarge, total, c.opts.BatchSize)
	}
	return s, nil
}

// close ends all uploads.
func (s *storing) close() {
	for _, it := range s.items {
		if it.spread != nil {
			it.spread.close()
		}
	}
}

// encode makes a parcel of each blob, and finds those that are there twice.
func (s *storing) encode(ctx context.Context) {
	byID := make(map[blob.ID]*item)
	for _, it := range s.items {
		p, err := s.client.pack(ctx, it.data, s.net.code.Shards())
		if err != nil {
			s.fail(it, PhaseEncode, err)
			continue
		}
		it.parcel, it.out.BlobID = p, p.id
		s.meter.update(func(p *StoreProgress) { p.Phase, p.Encoded = PhaseEncode, p.Encoded+1 })
		if it.first = byID[p.id]; it.first != nil {
			it.parcel = nil // its memory can go
			continue
		}
		byID[p.id] = it
	}
}

// attempt takes every unfinished item as far as it gets with the committee as it is known.
func (s *storing) attempt(ctx context.Context) {
	s.plan(ctx)
	s.register(ctx)
	s.upload(ctx)
	s.certify(ctx)
	s.prolong(ctx)
	for _, it := range s.items {
		if it.spread != nil && it.cert != nil {
			it.spread.tail(ctx)
		}
	}
}

// moved tells whether items failed because the committee has changed, and prepares to try them again.
func (s *storing) moved(ctx context.Context) bool {
	var again []*item
	for _, it := range s.items {
		if it.out.Err != nil && mayHaveMoved(it.out.Err) {
			again = append(again, it)
		}
	}
	if again == nil {
		return false
	}
	net, err := s.client.currentNetwork(ctx, true)
	if err != nil || net.Epoch == s.net.Epoch {
		return false
	}
	s.net = net
	for _, it := range again {
		if it.spread != nil {
			it.spread.close()
		}
		it.spread, it.cert, it.out.Err, it.done = nil, nil, nil, false
	}
	return true
}

// live returns the items that are not finished and do work of their own.
func (s *storing) live() []*item {
	var live []*item
	for _, it := range s.items {
		if !it.done && it.first == nil {
			live = append(live, it)
		}
	}
	return live
}

// fail finishes an item with an error.
func (s *storing) fail(it *item, phase Phase, err error) {
	if errors.Is(err, ledger.ErrFunds) && !errors.Is(err, ErrFunds) {
		err = fmt.Errorf("%w: %w", ErrFunds, err)
	}
	e := &StoreError{Blob: it.out.BlobID, Phase: phase, Err: err}
	if it.object != nil {
		e.Object, e.Certified = &it.object.ID, it.object.Certified != nil
	}
	it.out.Err, it.done = e, true
}

// finish finishes an item whose blob is certified for long enough.
func (s *storing) finish(it *item) {
	it.done = true
	it.out.Object = it.object
	if it.object != nil {
		it.out.End = it.object.Storage.End
	}
	blobs := 1
	for _, other := range s.items {
		if other.first == it {
			blobs++
		}
	}
	s.meter.update(func(p *StoreProgress) {
		p.Phase, p.Certified = PhaseDone, p.Certified+blobs
		p.Registered = max(p.Registered, p.Certified)
	})
}

// results closes the books.
func (s *storing) results() ([]Stored, error) {
	out := make([]Stored, len(s.items))
	var errs []error
	for i, it := range s.items {
		if it.spread != nil {
			it.out.Confirmed, it.out.Lagging = it.spread.report()
		}
		if first := it.first; first != nil {
			size := it.out.Size
			*it.out = *first.out
			it.out.Size, it.out.Cost = size, 0
			if it.out.Err == nil {
				it.out.Operation = AlreadyCertified
			}
		}
		out[i] = *it.out
		if it.out.Err != nil {
			errs = append(errs, it.out.Err)
		}
	}
	return out, errors.Join(errs...)
}

// uploadsAtOnce is how many blobs are on their way to a quorum side by side, or to memory of nodes
// before they are registered.
const uploadsAtOnce = 8

// upload sends every registered item and waits until each has its certificate or cannot get one.
func (s *storing) upload(ctx context.Context) {
	places := make(chan struct{}, uploadsAtOnce)
	var wait sync.WaitGroup
	live := s.live()
	slices.SortStableFunc(live, func(a, b *item) int { return compareBool(b.spread != nil, a.spread != nil) }) // under way first
	for _, it := range live {
		if it.object.Certified != nil {
			continue
		}
		places <- struct{}{} // all of them end with ctx
		wait.Go(func() {
			defer func() { <-places }()
			s.uploadOne(ctx, it)
		})
	}
	wait.Wait()
}

func (s *storing) uploadOne(ctx context.Context, it *item) {
	if it.spread == nil {
		// If the network answers for the blob already, nodes have it and only need to be asked.
		s.newSpread(ctx, it, it.known.IsCertified() && !s.net.Transition)
		it.spread.start(false)
	}
	var object *blob.ObjectID
	if it.object.Deletable {
		object = &it.object.ID
	}
	it.spread.register(object)
	cert, err := it.spread.certificate(ctx)
	if err != nil {
		if it.spread.movedOn() {
			err = errors.Join(err, ErrEpochChanged)
		}
		s.fail(it, PhaseUpload, err)
		return
	}
	it.cert = &cert
}

func (s *storing) newSpread(ctx context.Context, it *item, present bool) {
	it.spread = s.client.newSpread(ctx, it.parcel, s.net.Current, present, &s.meter)
	s.meter.update(func(p *StoreProgress) {
		p.Phase = max(p.Phase, PhaseUpload)
		p.ShardsNeeded += s.net.Current.Quorum()
		if !present {
			p.BytesTotal += it.parcel.weight(s.net.Current)
		}
	})
}
