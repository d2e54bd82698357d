// Package market keeps the books of the storage market: what is reserved and what nodes will earn in each
// of the coming epochs, and the sales that change it.
//
// The idea: a ring has one entry per epoch from the current one to the horizon. A sale of space for
// some epochs adds its size and its payment to those entries at once, so an epoch's reward pot is what
// was paid for that epoch. Space is never given back early; entries only grow until their epoch ends.
//
// Start with [Market.ReserveSpace]. Source: spec: control-plane.md sections 2.2 and 3.
package market

import (
	"slices"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/committee"
)

// An Entry accounts for one epoch.
type Entry struct {
	Epoch   committee.Epoch
	Used    uint64 // encoded bytes reserved
	Rewards uint64 // FROST to distribute when the epoch ends
}

// A Ring has one entry per epoch, the current one first. Its length is the horizon and never changes.
type Ring []Entry

// NewRing returns an empty ring of the given length that begins with epoch now.
func NewRing(now committee.Epoch, length int) Ring {
	r := make(Ring, length)
	for i := range r {
		r[i].Epoch = now + committee.Epoch(i)
	}
	return r
}

// Clone returns a copy that shares nothing with r.
func (r Ring) Clone() Ring { return slices.Clone(r) }

// At returns the entry of the epoch offset epochs from now.
//
// Errors: [economy.ErrStorageAccountingTooFarInFuture].
func (r Ring) At(offset int) (*Entry, error) {
	if offset < 0 || offset >= len(r) {
		return nil, economy.ErrStorageAccountingTooFarInFuture
	}
	return &r[offset], nil
}

// Advance ends the current epoch in place: it returns the first entry and appends an empty last one.
func (r Ring) Advance() Entry {
	if len(r) == 0 {
		return Entry{}
	}
	first := r[0]
	copy(r, r[1:])
	r[len(r)-1] = Entry{Epoch: first.Epoch + committee.Epoch(len(r))}
	return first
}

// Rewards returns the rewards of all entries together; it saturates.
func (r Ring) Rewards() uint64 {
	var sum uint64
	for _, e := range r {
		sum = economy.SatAdd(sum, e.Rewards)
	}
	return sum
}

// AddRewards adds amounts[i] to the rewards of offset i, or nothing at all.
//
// Errors: [economy.ErrSystemStateInnerInvalidEpochsAhead] if there are more amounts than entries,
// [economy.ErrOverflow]. Source: spec: control-plane.md section 2.13.
func (r Ring) AddRewards(amounts []uint64) error {
	if len(amounts) > len(r) {
		return economy.ErrSystemStateInnerInvalidEpochsAhead
	}
	for i, a := range amounts {
		if _, err := economy.Add(r[i].Rewards, a); err != nil {
			return err
		}
	}
	for i, a := range amounts {
		r[i].Rewards += a
	}
	return nil
}

// AddSubsidy spreads amount over the offsets 0 to epochs-1, the remainder going to the first. It returns
// the share of one epoch and that remainder.
//
// Errors: [economy.ErrSystemStateInnerInvalidEpochsAhead], [economy.ErrOverflow].
// Source: spec: control-plane.md section 2.13.
func (r Ring) AddSubsidy(amount uint64, epochs uint32) (each, extra uint64, err error) {
	if epochs == 0 || uint64(epochs) > uint64(len(r)) {
		return 0, 0, economy.ErrSystemStateInnerInvalidEpochsAhead
	}
	each, extra = amount/uint64(epochs), amount%uint64(epochs)
	shares := slices.Repeat([]uint64{each}, int(epochs))
	if shares[0], err = economy.Add(each, extra); err != nil {
		return 0, 0, err
	}
	if err := r.AddRewards(shares); err != nil {
		return 0, 0, err
	}
	return each, extra, nil
}
