// Package stake has staking pools and the staked WAL in them.
//
// The idea: a pool counts shares. Rewards raise the WAL behind each share; whoever joins gets shares at the
// ratio of the epoch in which the pool absorbs the stake, and whoever leaves is paid at the ratio of
// the epoch of leaving. A ratio is written once, when the pool is processed at the start of an epoch,
// so any stake can be priced from two entries of a table, and a pool's cost does not depend on how
// many stakes it has. The principal stays in the staked WAL object; the pool holds rewards and commission.
//
// Two rules differ from the contracts (section 5.9): a stake is priced where it was absorbed, and no
// rounding of claims can exceed the pool's balance.
//
// Notation: e is the current epoch, E one that begins, A the activation epoch of a stake.
//
// Start with [Pool.Stake], [Pool.RequestWithdraw], [Pool.Withdraw] and [Pool.Advance].
// Source: spec: control-plane.md section 5.
package stake

import (
	"cmp"
	"slices"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/committee"
)

// A Rate is the ratio of WAL in FROST to shares. With either at zero it is flat: one for one.
// Source: spec: control-plane.md section 5.4.
type Rate struct{ Wal, Shares uint64 }

// Flat is the rate of a pool that has no shares yet.
var Flat = Rate{}

// MakeRate returns the rate of a pool with the given balance and shares.
// Errors: [economy.ErrPoolExchangeRateInvalidRate] if there are more shares than FROST, even without FROST.
func MakeRate(wal, shares uint64) (Rate, error) {
	if shares > wal {
		return Rate{}, economy.ErrPoolExchangeRateInvalidRate
	}
	if wal == 0 || shares == 0 {
		return Flat, nil
	}
	return Rate{wal, shares}, nil
}

// IsFlat tells whether r converts one for one.
func (r Rate) IsFlat() bool { return r.Wal == 0 || r.Shares == 0 }

// ToWal converts shares to FROST, rounded down. Errors: [economy.ErrOverflow].
func (r Rate) ToWal(shares uint64) (uint64, error) {
	if r.IsFlat() {
		return shares, nil
	}
	return economy.MulDiv(shares, r.Wal, r.Shares)
}

// ToShares converts FROST to shares, rounded down. Errors: [economy.ErrOverflow].
func (r Rate) ToShares(wal uint64) (uint64, error) {
	if r.IsFlat() {
		return wal, nil
	}
	return economy.MulDiv(wal, r.Shares, r.Wal)
}

// satWal is ToWal with 2^64-1 for what does not fit; the caller bounds it by what there is.
func (r Rate) satWal(shares uint64) uint64 {
	if r.IsFlat() {
		return shares
	}
	return economy.SatMulDiv(shares, r.Wal, r.Shares)
}

// satShares is ToShares with 2^64-1 for what does not fit. With more FROST than shares all fits.
func (r Rate) satShares(wal uint64) uint64 {
	if r.IsFlat() {
		return wal
	}
	return economy.SatMulDiv(wal, r.Shares, r.Wal)
}

// Rates looks up the rates that a pool had when it was processed, one per epoch of processing.
type Rates interface {
	// AtOrBefore returns the rate of the last processed epoch up to e, or false.
	AtOrBefore(e committee.Epoch) (Rate, bool)
	// AtOrAfter returns the rate of the first processed epoch from e on, or false.
	AtOrAfter(e committee.Epoch) (Rate, bool)
}

// rateAt is the rate that holds in epoch e. Source: spec: control-plane.md section 5.4.
func rateAt(rates Rates, e committee.Epoch) Rate {
	if r, ok := rates.AtOrBefore(e); ok {
		return r
	}
	return Flat
}

// A Table is the rates of a pool in memory, in ascending order of epochs.
type Table []EpochRate

// An EpochRate is the rate written in an epoch.
type EpochRate struct {
	Epoch committee.Epoch
	Rate  Rate
}

var _ Rates = Table(nil)

// Add appends the rate of epoch e, which must be above all others.
func (t *Table) Add(e committee.Epoch, r Rate) { *t = append(*t, EpochRate{e, r}) }

// AtOrBefore implements [Rates].
func (t Table) AtOrBefore(e committee.Epoch) (Rate, bool) {
	i, found := t.search(e)
	if found {
		return t[i].Rate, true
	}
	if i == 0 {
		return Rate{}, false
	}
	return t[i-1].Rate, true
}

// AtOrAfter implements [Rates].
func (t Table) AtOrAfter(e committee.Epoch) (Rate, bool) {
	i, _ := t.search(e)
	if i == len(t) {
		return Rate{}, false
	}
	return t[i].Rate, true
}

func (t Table) search(e committee.Epoch) (int, bool) {
	return slices.BinarySearchFunc(t, e, func(a EpochRate, e committee.Epoch) int { return cmp.Compare(a.Epoch, e) })
}

// With returns rates with the rate of epoch e, which must be above all others, added.
func With(rates Rates, e committee.Epoch, r Rate) Rates { return withRate{rates, EpochRate{e, r}} }

type withRate struct {
	rates Rates
	last  EpochRate
}

func (w withRate) AtOrBefore(e committee.Epoch) (Rate, bool) {
	if e >= w.last.Epoch {
		return w.last.Rate, true
	}
	return w.rates.AtOrBefore(e)
}

func (w withRate) AtOrAfter(e committee.Epoch) (Rate, bool) {
	if r, ok := w.rates.AtOrAfter(e); ok {
		return r, true
	}
	return w.last.Rate, e <= w.last.Epoch
}
