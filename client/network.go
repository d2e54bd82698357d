package client

import (
	"context"
	"fmt"
	"math/bits"
	"time"

	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/redstuff"
)

// A network is what the chain said last of market and membership. It is not changed once made.
type network struct {
	ledger.System
	ledger.Committees
	code *redstuff.Code
	when time.Time
}

// chainBackoff is how a question to the chain is repeated while it cannot be reached.
var chainBackoff = Backoff{Min: 200 * time.Millisecond, Max: 2 * time.Second, Retries: 3}

// currentNetwork returns the network as it was at most CommitteeAge ago, or, if fresh is set, as it is.
func (c *Client) currentNetwork(ctx context.Context, fresh bool) (*network, error) {
	c.mu.Lock()
	known := c.network
	c.mu.Unlock()
	if known != nil && !fresh && time.Since(known.when) < c.opts.CommitteeAge {
		return known, nil
	}
	n := &network{when: time.Now()}
	err := chainBackoff.ask(ctx, func() (err error) {
		if n.System, err = c.ledger.System(ctx); err != nil {
			return err
		}
		n.Committees, err = c.ledger.Committees(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("client: committee: %w", err)
	}
	if n.Current == nil {
		return nil, fmt.Errorf("client: committee: %w: the chain has none yet", ledger.ErrNotFound)
	}
	if n.code, err = redstuff.New(n.Current.Shards()); err != nil {
		return nil, fmt.Errorf("client: committee: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known = c.network; known != nil && known.supersedes(n) {
		return known, nil
	}
	c.network = n
	c.forget(n)
	return n, nil
}

// supersedes tells whether n tells more of the same chain than other: answers may arrive in another
// order than they were given.
func (n *network) supersedes(other *network) bool {
	return n.ChainID == other.ChainID && (n.Epoch > other.Epoch || n.Epoch == other.Epoch && n.when.After(other.when))
}

// forget closes connections to nodes that are in no committee any more. It needs mu.
func (c *Client) forget(n *network) {
	keep := make(map[peerKey]*link, len(c.links))
	for _, com := range []*committee.Committee{n.Current, n.Previous, n.Next} {
		if com == nil {
			continue
		}
		for i := range com.Members() {
			k := peerKey{com.Member(i).Address, com.Member(i).NetworkKey}
			if l := c.links[k]; l != nil {
				keep[k] = l
			}
		}
	}
	for k, l := range c.links {
		if keep[k] == nil {
			l.transport.CloseIdleConnections()
		}
	}
	c.links = keep
}

// cost returns the price of size bytes for so many epochs.
func (n *network) cost(size uint64, epochs uint32) (Cost, error) {
	if epochs == 0 || epochs > n.MaxEpochsAhead {
		return Cost{}, fmt.Errorf("%w: %d epochs, 1 to %d are possible", ErrEpochs, epochs, n.MaxEpochsAhead)
	}
	encoded, err := n.code.EncodedLength(size)
	if err != nil {
		return Cost{}, fmt.Errorf("%w: %d bytes, at most %d with %d shards", ErrTooLarge, size, n.code.MaxBlobSize(), n.code.Shards())
	}
	units := (encoded + ledger.StorageUnit - 1) / ledger.StorageUnit
	over1, storage := bits.Mul64(units, n.StoragePrice)
	over2, storage := bits.Mul64(storage, uint64(epochs))
	over3, write := bits.Mul64(units, n.WritePrice)
	_, carry := bits.Add64(storage, write, 0)
	if over1|over2|over3|carry != 0 {
		return Cost{}, fmt.Errorf("%w: the price of %d bytes for %d epochs exceeds any amount", ErrFunds, size, epochs)
	}
	return Cost{EncodedSize: encoded, Storage: storage, Write: write}, nil
}
