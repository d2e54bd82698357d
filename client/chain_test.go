package client_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/redstuff"
)

// memoryChain is as much of a ledger as a client sees, in memory and with faults to order. It keeps
// the rules that matter to a client: objects, certificates that verify, money. That a client works with
// the real chain is for the packages above to show.
type memoryChain struct {
	code *redstuff.Code

	mu       sync.Mutex // guards everything below
	com      *committee.Committee
	previous *committee.Committee // set while the epoch changes
	system   ledger.System
	blobs    []ledger.Blob
	storages []ledger.Storage
	balance  uint64
	calls    map[string]int
	// faults by method; each is consulted once per call, before anything happens. after runs instead
	// of reporting success.
	before map[string]func() error
	after  map[string]func() error
}

func newMemoryChain(com *committee.Committee) *memoryChain {
	code, err := redstuff.New(com.Shards())
	if err != nil {
		panic(err)
	}
	return &memoryChain{
		com: com, code: code, balance: 1000 * ledger.FrostPerWAL,
		system: ledger.System{
			ChainID: "memory", Shards: com.Shards(), Epoch: com.Epoch(), EpochStart: time.Unix(0, 0), EpochDuration: 24 * time.Hour,
			MaxEpochsAhead: 53, TotalCapacity: 1 << 50, StoragePrice: 100, WritePrice: 50,
		},
		calls: make(map[string]int), before: make(map[string]func() error), after: make(map[string]func() error),
	}
}

// enter counts a call and runs the fault before it. It returns with mu held unless it fails.
func (c *memoryChain) enter(method string) error {
	c.mu.Lock()
	c.calls[method]++
	fault := c.before[method]
	c.mu.Unlock()
	if fault != nil {
		if err := fault(); err != nil {
			return err
		}
	}
	c.mu.Lock()
	return nil
}

// leave runs the fault after a call, with mu held.
func (c *memoryChain) leave(method string) error {
	if fault := c.after[method]; fault != nil {
		return fault()
	}
	return nil
}

// members returns the committee as it is.
func (c *memoryChain) members() *committee.Committee {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.com
}

func (c *memoryChain) count(method string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[method]
}

func (c *memoryChain) System(context.Context) (ledger.System, error) {
	if err := c.enter("System"); err != nil {
		return ledger.System{}, err
	}
	defer c.mu.Unlock()
	return c.system, nil
}

func (c *memoryChain) Committees(context.Context) (ledger.Committees, error) {
	if err := c.enter("Committees"); err != nil {
		return ledger.Committees{}, err
	}
	defer c.mu.Unlock()
	return ledger.Committees{Current: c.com, Previous: c.previous, Transition: c.previous != nil}, nil
}

func (c *memoryChain) BlobStatus(_ context.Context, id blob.ID) (blob.Status, error) {
	if err := c.enter("BlobStatus"); err != nil {
		return blob.Status{}, err
	}
	defer c.mu.Unlock()
	return c.status(id), nil
}

func (c *memoryChain) status(id blob.ID) (s blob.Status) {
	for _, b := range c.blobs {
		if b.BlobID != id || b.Storage.End <= c.system.Epoch {
			continue
		}
		if b.Certified != nil && s.InitialCertified == nil {
			s.InitialCertified = b.Certified
		}
		if b.Deletable {
			s.Kind = max(s.Kind, blob.Deletable)
			s.Counts.Total++
			if b.Certified != nil {
				s.Counts.Certified++
			}
			continue
		}
		s.Kind = blob.Permanent
		if b.Certified != nil && !s.Certified {
			s.Certified, s.End = true, 0
		}
		if b.Certified != nil == s.Certified {
			s.End = max(s.End, b.Storage.End)
		}
	}
	return s
}

func (c *memoryChain) Blob(_ context.Context, id blob.ObjectID) (ledger.Blob, error) {
	if err := c.enter("Blob"); err != nil {
		return ledger.Blob{}, err
	}
	defer c.mu.Unlock()
	if b := c.find(id); b != nil {
		return *b, nil
	}
	return ledger.Blob{}, ledger.ErrNotFound
}

func (c *memoryChain) find(id blob.ObjectID) *ledger.Blob {
	for i := range c.blobs {
		if c.blobs[i].ID == id {
			return &c.blobs[i]
		}
	}
	return nil
}

// Blobs gives out one registration per page, so that paging is used.
func (c *memoryChain) Blobs(_ context.Context, owner ledger.Address, page ledger.Page) ([]ledger.Blob, []byte, error) {
	if err := c.enter("Blobs"); err != nil {
		return nil, nil, err
	}
	defer c.mu.Unlock()
	at := 0
	if page.Cursor != nil {
		at = int(binary.BigEndian.Uint32(page.Cursor))
	}
	if at >= len(c.blobs) {
		return nil, nil, nil
	}
	next := binary.BigEndian.AppendUint32(nil, uint32(at+1))
	if c.blobs[at].Owner != owner {
		return nil, next, nil
	}
	return c.blobs[at : at+1 : at+1], next, nil
}

func (c *memoryChain) Storages(context.Context, ledger.Address, ledger.Page) ([]ledger.Storage, []byte, error) {
	if err := c.enter("Storages"); err != nil {
		return nil, nil, err
	}
	defer c.mu.Unlock()
	return c.storages, nil, nil
}

func (c *memoryChain) Balance(context.Context, ledger.Address) (uint64, error) {
	if err := c.enter("Balance"); err != nil {
		return 0, err
	}
	defer c.mu.Unlock()
	return c.balance, nil
}

func (c *memoryChain) Address() ledger.Address { return ledger.Address{1} }

func (c *memoryChain) Register(_ context.Context, asks []ledger.Registration) ([]ledger.Blob, error) {
	if err := c.enter("Register"); err != nil {
		return nil, err
	}
	defer c.mu.Unlock()
	var made []ledger.Blob
	for _, ask := range asks {
		encoded, err := c.code.EncodedLength(ask.Size)
		if err != nil {
			return nil, err
		}
		units := (encoded + ledger.StorageUnit - 1) / ledger.StorageUnit
		price := units * c.system.WritePrice
		st := ledger.Storage{ID: blob.ObjectID{2, byte(len(c.blobs))}, Size: encoded, Start: c.system.Epoch, End: c.system.Epoch + committee.Epoch(ask.Epochs)}
		if ask.Storage == nil {
			price += units * c.system.StoragePrice * uint64(ask.Epochs)
		}
		for i, own := range c.storages {
			if ask.Storage != nil && own.ID == *ask.Storage {
				st = own
				c.storages = append(c.storages[:i:i], c.storages[i+1:]...)
				if ask.StorageSize != 0 {
					rest := own
					rest.ID, rest.Size, st.Size = blob.ObjectID{3, byte(len(c.storages))}, own.Size-ask.StorageSize, ask.StorageSize
					c.storages = append(c.storages, rest)
				}
			}
		}
		if price > c.balance {
			return nil, ledger.ErrFunds
		}
		c.balance -= price
		b := ledger.Blob{
			ID: blob.ObjectID{1, byte(len(c.blobs))}, Owner: c.Address(), BlobID: ask.BlobID, Size: ask.Size,
			Registered: c.system.Epoch, Storage: st, Deletable: ask.Deletable,
		}
		c.blobs, made = append(c.blobs, b), append(made, b)
	}
	return made, c.leave("Register")
}

func (c *memoryChain) Certify(_ context.Context, certs []ledger.Certification) error {
	if err := c.enter("Certify"); err != nil {
		return err
	}
	defer c.mu.Unlock()
	for _, cert := range certs {
		b := c.find(cert.Object)
		if b == nil {
			return ledger.ErrNotFound
		}
		if b.Certified != nil {
			return &ledger.RejectedError{Name: "blob::EAlreadyCertified"}
		}
		if err := cert.Certificate.Verify(c.com, c.com.Quorum()); err != nil {
			return fmt.Errorf("%w: %w", ledger.ErrRejected, err)
		}
		said, _, err := attest.ParseConfirmation(cert.Certificate.Message)
		if err != nil || said.Blob != b.BlobID || (said.Object != nil) != b.Deletable || said.Object != nil && *said.Object != b.ID {
			return fmt.Errorf("%w: certificate of something else", ledger.ErrRejected)
		}
	}
	for _, cert := range certs {
		epoch := c.system.Epoch
		c.find(cert.Object).Certified = &epoch
	}
	return c.leave("Certify")
}

func (c *memoryChain) Delete(context.Context, []blob.ObjectID) ([]ledger.Storage, error) {
	panic("not used")
}

func (c *memoryChain) Extend(_ context.Context, object blob.ObjectID, epochs uint32) error {
	if err := c.enter("Extend"); err != nil {
		return err
	}
	defer c.mu.Unlock()
	b := c.find(object)
	if b == nil || b.Certified == nil {
		return ledger.ErrRejected
	}
	units := (b.Storage.Size + ledger.StorageUnit - 1) / ledger.StorageUnit
	c.balance -= units * c.system.StoragePrice * uint64(epochs)
	b.Storage.End += committee.Epoch(epochs)
	return c.leave("Extend")
}

func (c *memoryChain) Send(context.Context, ledger.Address, uint64) error { panic("not used") }

var (
	_ ledger.Reader = (*memoryChain)(nil)
	_ ledger.Wallet = (*memoryChain)(nil)
)
