package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
)

// unknownWait bounds how long the fate of a transaction is looked for on chain, unknownPause is the
// time between looks.
const (
	unknownWait  = 20 * time.Second
	unknownPause = 500 * time.Millisecond
)

// register gives every live item its registration, in one transaction. Small blobs are on their way
// to the nodes meanwhile.
func (s *storing) register(ctx context.Context) {
	live := s.live()
	if err := s.checkMeans(ctx, live); err != nil {
		for _, it := range live {
			if it.object == nil || it.extend > 0 {
				s.fail(it, PhaseRegister, err)
			}
		}
	}
	var items []*item
	var asks []ledger.Registration
	for _, it := range s.live() {
		if it.object == nil {
			items, asks = append(items, it), append(asks, it.regist.Registration)
		}
	}
	if len(items) == 0 {
		s.countRegistered()
		return
	}
	s.meter.update(func(p *StoreProgress) { p.Phase = max(p.Phase, PhaseRegister) })
	pending := 0
	for _, it := range items {
		if pending < uploadsAtOnce && int64(len(it.data)) <= s.client.opts.PendingSize && !it.known.IsCertified() {
			s.newSpread(ctx, it, false)
			it.spread.start(true)
			pending++
		}
	}
	objects, err := s.sendRegister(ctx, asks)
	for i, it := range items {
		if err != nil {
			if it.spread != nil {
				it.spread.close()
				it.spread = nil
			}
			s.fail(it, PhaseRegister, err)
			continue
		}
		it.object, it.out.Cost = &objects[i], it.cost
		it.cost, it.regist = 0, nil // paid: another try needs no means for it
	}
	s.countRegistered()
}

func (s *storing) countRegistered() {
	count := 0
	for _, it := range s.items {
		if it.first != nil {
			it = it.first
		}
		if it.object != nil || it.done && it.out.Err == nil {
			count++
		}
	}
	s.meter.update(func(p *StoreProgress) { p.Registered = count })
}

// sendRegister sends the transaction. If its fate is unknown, the chain is watched for its effect.
func (s *storing) sendRegister(ctx context.Context, asks []ledger.Registration) ([]ledger.Blob, error) {
	var objects []ledger.Blob
	err := chainBackoff.ask(ctx, func() (err error) {
		objects, err = s.wallet.Register(ctx, asks)
		return err
	})
	switch {
	case errors.Is(err, ledger.ErrUnknown):
		return s.findRegistered(ctx, asks, err)
	case err != nil:
		return nil, err
	case len(objects) != len(asks):
		return nil, fmt.Errorf("client: registered %d blobs, wallet reports %d", len(asks), len(objects))
	}
	return objects, nil
}

// findRegistered looks for the effect of a transaction that ended with unknown. Registrations of these
// blobs that are not certified and were not there when the transaction was planned are its own: plan
// would have used them.
func (s *storing) findRegistered(ctx context.Context, asks []ledger.Registration, unknown error) ([]ledger.Blob, error) {
	deadline := time.Now().Add(unknownWait)
	for {
		found := make(map[blob.ID]ledger.Blob)
		err := s.ownBlobs(ctx, func(b ledger.Blob) {
			if b.Certified == nil && b.Storage.End >= s.target() && b.Deletable == s.o.Deletable {
				found[b.BlobID] = b
			}
		})
		objects := make([]ledger.Blob, 0, len(asks))
		for _, ask := range asks {
			if b, ok := found[ask.BlobID]; ok && err == nil {
				objects = append(objects, b)
			}
		}
		if len(objects) == len(asks) {
			return objects, nil
		}
		if time.Now().After(deadline) || sleep(ctx, unknownPause) != nil {
			return nil, unknown
		}
	}
}

// certify puts the certificates of all live items on chain, in one transaction. If that fails, those
// are tried one by one that the chain does not show as certified.
func (s *storing) certify(ctx context.Context) {
	var items []*item
	for _, it := range s.live() {
		if it.cert != nil && it.object.Certified == nil {
			items = append(items, it)
		}
	}
	if len(items) > 0 {
		s.meter.update(func(p *StoreProgress) { p.Phase = max(p.Phase, PhaseCertify) })
		err := s.sendCertify(ctx, items)
		for _, it := range items {
			one := err
			if one != nil && errors.Is(one, ledger.ErrRejected) && len(items) > 1 {
				one = s.sendCertify(ctx, []*item{it})
			}
			if one != nil {
				s.fail(it, PhaseCertify, fmt.Errorf("%w: %w", ErrNotCertified, one))
				continue
			}
			epoch := s.net.Epoch
			it.object.Certified = &epoch
		}
	}
	for _, it := range s.live() {
		if it.object != nil && it.object.Certified != nil && it.extend == 0 {
			s.finish(it)
		}
	}
}

// sendCertify returns nil only if the chain shows every item as certified.
func (s *storing) sendCertify(ctx context.Context, items []*item) error {
	certs := make([]ledger.Certification, len(items))
	for i, it := range items {
		certs[i] = ledger.Certification{Object: it.object.ID, Certificate: *it.cert}
	}
	err := chainBackoff.ask(ctx, func() error { return s.wallet.Certify(ctx, certs) })
	if err == nil {
		return nil
	}
	certified := func(b ledger.Blob) bool { return b.Certified != nil }
	for _, it := range items {
		if !s.shows(ctx, it, errors.Is(err, ledger.ErrUnknown), certified) {
			return err
		}
	}
	return nil
}

// shows tells whether the item's object on chain is as wanted; with wait, whether it becomes so soon.
func (s *storing) shows(ctx context.Context, it *item, wait bool, want func(ledger.Blob) bool) bool {
	deadline := time.Now().Add(unknownWait)
	for {
		b, err := s.client.ledger.Blob(ctx, it.object.ID)
		if err == nil && want(b) {
			return true
		}
		if !wait || time.Now().After(deadline) || sleep(ctx, unknownPause) != nil {
			return false
		}
	}
}

// prolong extends the live items that are certified for too short a time.
func (s *storing) prolong(ctx context.Context) {
	for _, it := range s.live() {
		if it.extend == 0 {
			continue
		}
		s.meter.update(func(p *StoreProgress) { p.Phase = max(p.Phase, PhaseExtend) })
		target := it.object.Storage.End + committee.Epoch(it.extend)
		err := chainBackoff.ask(ctx, func() error { return s.wallet.Extend(ctx, it.object.ID, it.extend) })
		if err != nil {
			long := func(b ledger.Blob) bool { return b.Storage.End >= target }
			if !errors.Is(err, ledger.ErrUnknown) || !s.shows(ctx, it, true, long) {
				s.fail(it, PhaseExtend, err)
				continue
			}
		}
		it.object.Storage.End, it.out.Cost = target, it.cost
		s.finish(it)
	}
}
