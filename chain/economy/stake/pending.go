package stake

import (
	"cmp"
	"slices"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/committee"
)

// A Ledger holds amounts that take effect in later epochs, in ascending order of epochs.
type Ledger []Pending

// Pending is an amount that takes effect in an epoch.
type Pending struct {
	Epoch  committee.Epoch
	Amount uint64
}

// plus returns a copy of l with amount added at epoch e. Errors: [economy.ErrOverflow].
func (l Ledger) plus(e committee.Epoch, amount uint64) (Ledger, error) {
	i, found := l.search(e)
	if !found {
		return slices.Insert(slices.Clone(l), i, Pending{e, amount}), nil
	}
	sum, err := economy.Add(l[i].Amount, amount)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(l)
	out[i].Amount = sum
	return out, nil
}

// minus returns a copy of l with amount taken away at epoch e.
//
// Errors: [economy.ErrPendingValuesMissingEpochValue], [economy.ErrPendingValuesReduceValueTooLarge].
func (l Ledger) minus(e committee.Epoch, amount uint64) (Ledger, error) {
	i, found := l.search(e)
	if !found {
		return nil, economy.ErrPendingValuesMissingEpochValue
	}
	if l[i].Amount < amount {
		return nil, economy.ErrPendingValuesReduceValueTooLarge
	}
	out := slices.Clone(l)
	out[i].Amount -= amount
	if out[i].Amount == 0 {
		out = slices.Delete(out, i, i+1)
	}
	return out, nil
}

// upTo returns the sum of the amounts up to epoch e; it saturates.
func (l Ledger) upTo(e committee.Epoch) uint64 {
	var sum uint64
	for _, p := range l {
		if p.Epoch > e {
			break
		}
		sum = economy.SatAdd(sum, p.Amount)
	}
	return sum
}

// after returns the part of l above epoch e.
func (l Ledger) after(e committee.Epoch) Ledger {
	i, found := l.search(e)
	if found {
		i++
	}
	return slices.Clone(l[i:])
}

func (l Ledger) search(e committee.Epoch) (int, bool) {
	return slices.BinarySearchFunc(l, e, func(p Pending, e committee.Epoch) int { return cmp.Compare(p.Epoch, e) })
}

// An EarlyExit is principal whose withdrawal was requested before the pool had absorbed it. It turns into
// shares when the withdrawal takes effect, at the rate of absorption.
type EarlyExit struct {
	Withdraw   committee.Epoch
	Activation committee.Epoch
	Principal  uint64
}

// Exits holds early exits in ascending order of withdraw, then activation epoch.
type Exits []EarlyExit

// plus returns a copy of x with principal added. Errors: [economy.ErrOverflow].
func (x Exits) plus(withdraw, activation committee.Epoch, principal uint64) (Exits, error) {
	at := EarlyExit{Withdraw: withdraw, Activation: activation, Principal: principal}
	i, found := slices.BinarySearchFunc(x, at, compareExits)
	if !found {
		return slices.Insert(slices.Clone(x), i, at), nil
	}
	sum, err := economy.Add(x[i].Principal, principal)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(x)
	out[i].Principal = sum
	return out, nil
}

// upTo returns the entries that take effect up to epoch e.
func (x Exits) upTo(e committee.Epoch) Exits {
	i := slices.IndexFunc(x, func(exit EarlyExit) bool { return exit.Withdraw > e })
	if i < 0 {
		return x
	}
	return x[:i]
}

// shares converts each entry up to epoch e at the rate of its absorption, or at the given one if the pool
// has not absorbed it; it saturates. Source: spec: control-plane.md sections 5.6 and 5.9, D-1.
func (x Exits) shares(e committee.Epoch, rates Rates, otherwise Rate) uint64 {
	var sum uint64
	for _, exit := range x.upTo(e) {
		rate, ok := rates.AtOrAfter(exit.Activation)
		if !ok {
			rate = otherwise
		}
		sum = economy.SatAdd(sum, rate.satShares(exit.Principal))
	}
	return sum
}

func compareExits(a, b EarlyExit) int {
	return cmp.Or(cmp.Compare(a.Withdraw, b.Withdraw), cmp.Compare(a.Activation, b.Activation))
}

// A RateChange is a commission rate that holds from an epoch on.
type RateChange struct {
	Epoch committee.Epoch
	Rate  uint16 // basis points
}
