package market

import (
	"math/bits"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/price"
	"github.com/walrus-go/walrus/committee"
)

// A Market is the system's part of the state: what the network can store, at which prices, and the ring.
// Methods that sell take the budget of the payer and return the cost, which is never more; moving the
// money is up to the caller. A method that returns an error has changed nothing.
// Source: spec: control-plane.md section 2.1.
type Market struct {
	Shards       uint16 // n
	Capacity     uint64 // total capacity in encoded bytes
	StoragePrice uint64 // FROST per unit and epoch
	WritePrice   uint64 // FROST per unit
	Ring         Ring
}

// New returns the market of genesis: epoch 0, nothing for sale.
//
// Errors: [economy.ErrSystemStateInnerInvalidMaxEpochsAhead] unless 0 < horizon <= 1000.
// Source: spec: control-plane.md sections 1.2 and 2.1.
func New(shards uint16, horizon int) (Market, error) {
	if horizon <= 0 || horizon > economy.MaxEpochsAhead {
		return Market{}, economy.ErrSystemStateInnerInvalidMaxEpochsAhead
	}
	return Market{Shards: shards, Ring: NewRing(0, horizon)}, nil
}

// Clone returns a copy that shares nothing with m.
func (m *Market) Clone() Market {
	c := *m
	c.Ring = m.Ring.Clone()
	return c
}

// Now returns the current epoch.
func (m *Market) Now() committee.Epoch { return m.Ring[0].Epoch }

// Used returns the encoded bytes reserved for the current epoch.
func (m *Market) Used() uint64 { return m.Ring[0].Used }

// Horizon returns L, the number of epochs for which space is sold, the current one included.
func (m *Market) Horizon() uint32 { return uint32(len(m.Ring)) }

// A Span is the period [Start, End) of epochs.
type Span struct{ Start, End committee.Epoch }

// ReserveSpace sells size bytes for the coming epochs, the current one included. It returns the period
// and the cost.
//
// Errors, in order: [economy.ErrSystemStateInnerInvalidEpochsAhead], [economy.ErrOverflow],
// [economy.ErrBalanceNotEnough], [economy.ErrSystemStateInnerInvalidResourceSize],
// [economy.ErrSystemStateInnerStorageExceeded]. Source: spec: control-plane.md section 2.2.
func (m *Market) ReserveSpace(size uint64, epochs uint32, budget uint64) (Span, uint64, error) {
	if epochs == 0 || epochs > m.Horizon() {
		return Span{}, 0, economy.ErrSystemStateInnerInvalidEpochsAhead
	}
	return m.ReserveSpaceForEpochs(size, m.Now(), m.Now()+committee.Epoch(epochs), budget)
}

// ReserveSpaceForEpochs sells size bytes for [start, end), of which a part in the past is cut off.
// Errors are those of [Market.ReserveSpace]. Source: spec: control-plane.md section 2.2.
func (m *Market) ReserveSpaceForEpochs(size uint64, start, end committee.Epoch, budget uint64) (Span, uint64, error) {
	now := m.Now()
	start = max(start, now)
	if end <= start || uint32(end-now) > m.Horizon() {
		return Span{}, 0, economy.ErrSystemStateInnerInvalidEpochsAhead
	}
	s := sale{size: size, from: int(start - now), to: int(end - now)}
	if err := m.quote(&s, budget); err != nil {
		return Span{}, 0, err
	}
	if size == 0 {
		return Span{}, 0, economy.ErrSystemStateInnerInvalidResourceSize
	}
	cost, err := m.commit(s)
	if err != nil {
		return Span{}, 0, err
	}
	return Span{Start: start, End: end}, cost, nil
}

// Extend sells size bytes for the given number of epochs after end, which must not be over yet.
//
// Errors, in order: [economy.ErrSystemStateInnerInvalidEpochsAhead], [economy.ErrOverflow],
// [economy.ErrBalanceNotEnough], [economy.ErrSystemStateInnerStorageExceeded].
// Source: spec: control-plane.md sections 2.3 and 2.6.
func (m *Market) Extend(size uint64, end committee.Epoch, epochs uint32, budget uint64) (uint64, error) {
	now := m.Now()
	if epochs == 0 || end <= now || uint64(end-now)+uint64(epochs) > uint64(m.Horizon()) {
		return 0, economy.ErrSystemStateInnerInvalidEpochsAhead
	}
	s := sale{size: size, from: int(end - now), to: int(end-now) + int(epochs)}
	if err := m.quote(&s, budget); err != nil {
		return 0, err
	}
	return m.commit(s)
}

// Grow sells size more bytes from the current epoch to end, which must be later and within the horizon.
// Errors are those of [Market.Extend]. Source: spec: control-plane.md section 2.6.
func (m *Market) Grow(size uint64, end committee.Epoch, budget uint64) (uint64, error) {
	now := m.Now()
	if end <= now || uint32(end-now) > m.Horizon() {
		return 0, economy.ErrSystemStateInnerInvalidEpochsAhead
	}
	s := sale{size: size, from: 0, to: int(end - now)}
	if err := m.quote(&s, budget); err != nil {
		return 0, err
	}
	return m.commit(s)
}

// ChargeWrite charges the fee for registering a blob of the given encoded size and returns it.
//
// Errors: [economy.ErrOverflow], [economy.ErrBalanceNotEnough].
// Source: spec: control-plane.md section 2.3.
func (m *Market) ChargeWrite(encoded, budget uint64) (uint64, error) {
	fee, err := price.Due(m.WritePrice, encoded)
	if err != nil {
		return 0, err
	}
	if fee > budget {
		return 0, economy.ErrBalanceNotEnough
	}
	sum, err := economy.Add(m.Ring[0].Rewards, fee)
	if err != nil {
		return 0, err
	}
	m.Ring[0].Rewards = sum
	return fee, nil
}

// UseForFree accounts size bytes for every epoch up to the horizon without payment or capacity check, as
// event blobs do. Errors: [economy.ErrOverflow]. Source: spec: control-plane.md section 2.9.
func (m *Market) UseForFree(size uint64) error {
	for _, e := range m.Ring {
		if _, err := economy.Add(e.Used, size); err != nil {
			return err
		}
	}
	for i := range m.Ring {
		m.Ring[i].Used += size
	}
	return nil
}

// A sale is size bytes for the offsets [from, to), each at the price of due.
type sale struct {
	size     uint64
	from, to int
	due      uint64
}

// quote computes what one epoch of s costs and checks that budget covers all of them.
func (m *Market) quote(s *sale, budget uint64) error {
	due, err := price.Due(m.StoragePrice, s.size)
	if err != nil {
		return err
	}
	s.due = due
	hi, cost := bits.Mul64(due, uint64(s.to-s.from))
	if hi != 0 || cost > budget {
		return economy.ErrBalanceNotEnough
	}
	for _, e := range m.Ring[s.from:s.to] {
		if _, err := economy.Add(e.Rewards, due); err != nil {
			return err
		}
	}
	return nil
}

// commit checks the capacity of every epoch of s, then books it. It returns the cost.
func (m *Market) commit(s sale) (uint64, error) {
	for _, e := range m.Ring[s.from:s.to] {
		used, err := economy.Add(e.Used, s.size)
		if err != nil {
			return 0, err
		}
		if used > m.Capacity {
			return 0, economy.ErrSystemStateInnerStorageExceeded
		}
	}
	for i := s.from; i < s.to; i++ {
		m.Ring[i].Used += s.size
		m.Ring[i].Rewards += s.due
	}
	return s.due * uint64(s.to-s.from), nil
}
