package client

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
)

// chainQuestions is how many questions are put to the chain side by side.
const chainQuestions = 8

// target is the first epoch in which the blobs need not be kept.
func (s *storing) target() committee.Epoch { return s.net.Epoch + committee.Epoch(s.o.Epochs) }

// plan decides for every live item that has no registration how it gets one. Source: spec: client.md
// sections 3.3 and 3.4.
func (s *storing) plan(ctx context.Context) {
	s.meter.update(func(p *StoreProgress) { p.Phase = max(p.Phase, PhaseStatus) })
	s.askChain(ctx)
	if err := s.useOwnBlobs(ctx); err != nil {
		s.failUnplanned(err)
		return
	}
	var fresh []*item
	for _, it := range s.live() {
		if it.object == nil {
			s.planPurchase(it)
			fresh = append(fresh, it)
		}
	}
	if len(fresh) == 0 || s.o.IgnoreResources {
		return
	}
	if err := s.useOwnStorage(ctx, fresh); err != nil {
		s.failUnplanned(err)
	}
}

// failUnplanned fails the items that have no registration.
func (s *storing) failUnplanned(err error) {
	for _, it := range s.live() {
		if it.object == nil {
			s.fail(it, PhaseStatus, err)
		}
	}
}

// askChain learns the status of every blob, and finishes those that need nothing or must not be stored.
func (s *storing) askChain(ctx context.Context) {
	places := make(chan struct{}, chainQuestions)
	var wait sync.WaitGroup
	for _, it := range s.live() {
		if it.object != nil {
			continue
		}
		wait.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			err := chainBackoff.ask(ctx, func() (err error) {
				it.known, err = s.client.ledger.BlobStatus(ctx, it.out.BlobID)
				return err
			})
			if err != nil {
				s.fail(it, PhaseStatus, err)
				return
			}
			s.judge(it)
		})
	}
	wait.Wait()
}

// judge finishes an item whose status alone says that there is nothing to do.
func (s *storing) judge(it *item) {
	switch {
	case it.known.Kind == blob.Invalid:
		s.fail(it, PhaseStatus, mustExist(it.out.BlobID, it.known))
	case s.o.Force || s.o.Deletable || it.known.Kind != blob.Permanent:
		// A deletable blob is to be ours: somebody else's would give us no say.
	case it.known.Certified && it.known.End >= s.target():
		event := it.known.Event
		it.out.Event, it.out.End = &event, it.known.End
		s.finish(it)
	}
}

// useOwnBlobs gives items the registrations that the wallet has of their blobs already. An account's
// registrations are only looked through if the chain knows some blob at all.
func (s *storing) useOwnBlobs(ctx context.Context) error {
	wanted := make(map[blob.ID]*item)
	for _, it := range s.live() {
		if it.object == nil && it.known.Kind != blob.Nonexistent {
			wanted[it.out.BlobID] = it
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	best := make(map[blob.ID]ledger.Blob)
	err := s.ownBlobs(ctx, func(b ledger.Blob) {
		if it := wanted[b.BlobID]; it == nil || !s.usable(b) {
			return
		}
		if old, ok := best[b.BlobID]; !ok || s.compareOwn(b, old) > 0 {
			best[b.BlobID] = b
		}
	})
	if err != nil {
		return err
	}
	for id, b := range best {
		s.adopt(wanted[id], b)
	}
	return nil
}

// ownBlobs calls f with every registration of the wallet.
func (s *storing) ownBlobs(ctx context.Context, f func(ledger.Blob)) error {
	var page ledger.Page
	for {
		var blobs []ledger.Blob
		var next []byte
		err := chainBackoff.ask(ctx, func() (err error) {
			blobs, next, err = s.client.ledger.Blobs(ctx, s.wallet.Address(), page)
			return err
		})
		if err != nil {
			return err
		}
		for _, b := range blobs {
			f(b)
		}
		if next == nil {
			return nil
		}
		page.Cursor = next
	}
}

// usable tells whether a registration may be used at all.
func (s *storing) usable(b ledger.Blob) bool {
	if b.Deletable != s.o.Deletable || b.Storage.End <= s.net.Epoch {
		return false
	}
	return b.Certified == nil || !s.o.Force && !s.o.IgnoreResources
}

// compareOwn orders usable registrations by how little is left to do.
func (s *storing) compareOwn(a, b ledger.Blob) int {
	return cmp.Or(
		compareBool(a.Storage.End >= s.target(), b.Storage.End >= s.target()),
		compareBool(a.Certified != nil, b.Certified != nil),
		cmp.Compare(a.Storage.End, b.Storage.End),
	)
}

// adopt makes an own registration the item's.
func (s *storing) adopt(it *item, b ledger.Blob) {
	it.object = &b
	short := b.Storage.End < s.target()
	if short {
		it.extend = uint32(s.target() - b.Storage.End)
		cost, err := s.net.cost(it.out.Size, it.extend)
		if err != nil {
			s.fail(it, PhaseStatus, err)
			return
		}
		it.cost = cost.Storage
	}
	switch {
	case b.Certified != nil && short:
		it.out.Operation = ReuseAndExtend
	case b.Certified != nil:
		s.finish(it)
	case short:
		it.out.Operation = ReuseAndExtendNonCertified
	default:
		it.out.Operation = ReuseRegistration
	}
}

// planPurchase plans to buy space.
func (s *storing) planPurchase(it *item) {
	cost, err := s.net.cost(it.out.Size, s.o.Epochs)
	if err != nil {
		s.fail(it, PhaseStatus, err)
		return
	}
	it.out.Operation, it.cost = RegisterFromScratch, cost.Total()
	it.regist = &registration{encoded: cost.EncodedSize, Registration: ledger.Registration{
		BlobID: it.out.BlobID, RootHash: it.parcel.root, Size: it.out.Size, Deletable: s.o.Deletable, Epochs: s.o.Epochs,
	}}
}

// useOwnStorage lets items use storage of the wallet: the smallest that is large enough, then the one
// that ends first; largest items first. Of a larger one they use what they need.
func (s *storing) useOwnStorage(ctx context.Context, items []*item) error {
	storages, err := s.ownStorages(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(storages, func(a, b ledger.Storage) int {
		return cmp.Or(cmp.Compare(a.Size, b.Size), cmp.Compare(a.End, b.End))
	})
	slices.SortStableFunc(items, func(a, b *item) int { return cmp.Compare(b.out.EncodedSize, a.out.EncodedSize) })
	for _, it := range items {
		at := slices.IndexFunc(storages, func(st ledger.Storage) bool { return st.Size >= it.out.EncodedSize })
		if at < 0 || it.done {
			continue
		}
		cost, err := s.net.cost(it.out.Size, s.o.Epochs)
		if err != nil {
			return err
		}
		it.out.Operation, it.cost = ReuseStorage, cost.Write
		id := storages[at].ID
		it.regist.Storage, it.regist.Epochs, it.regist.encoded = &id, 0, 0
		if storages[at].Size-it.out.EncodedSize >= ledger.StorageUnit { // what is left is worth something
			it.regist.StorageSize = it.out.EncodedSize
		}
		storages = slices.Delete(storages, at, at+1)
	}
	return nil
}

// ownStorages returns the storage of the wallet that is long enough.
func (s *storing) ownStorages(ctx context.Context) ([]ledger.Storage, error) {
	var usable []ledger.Storage
	var page ledger.Page
	for {
		var part []ledger.Storage
		var next []byte
		err := chainBackoff.ask(ctx, func() (err error) {
			part, next, err = s.client.ledger.Storages(ctx, s.wallet.Address(), page)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, st := range part {
			if st.Start <= s.net.Epoch && st.End >= s.target() {
				usable = append(usable, st)
			}
		}
		if next == nil {
			return usable, nil
		}
		page.Cursor = next
	}
}

// checkMeans compares what the plans need with what there is, before anything is spent.
func (s *storing) checkMeans(ctx context.Context, items []*item) error {
	need, space := uint64(0), uint64(0)
	for _, it := range items {
		need += it.cost
		if it.regist != nil {
			space += it.regist.encoded
		}
	}
	if need == 0 {
		return nil
	}
	if free := s.net.TotalCapacity - min(s.net.TotalCapacity, s.net.UsedCapacity); space > free {
		return fmt.Errorf("%w: %d bytes needed, %d free", ErrCapacity, space, free)
	}
	var have uint64
	err := chainBackoff.ask(ctx, func() (err error) {
		have, err = s.client.ledger.Balance(ctx, s.wallet.Address())
		return err
	})
	if err != nil {
		return err
	}
	if have < need {
		return &FundsError{Address: s.wallet.Address().String(), Need: need, Have: have}
	}
	return nil
}
