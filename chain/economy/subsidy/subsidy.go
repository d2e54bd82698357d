// Package subsidy pays nodes from a pool that anybody may fund: a fixed amount per epoch and shard, and a
// percentage on top of what users pay.
//
// The idea: processing is permissionless and may run at any time. The fixed part is paid at most once per
// epoch, to the members of the previous committee. For the usage part, a buffer remembers how much of
// each epoch's rewards has been subsidised; whatever the ring has gained since is subsidised now.
//
// Start with [Subsidies.Process]. Source: spec: control-plane.md section 2.13.
package subsidy

import (
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/election"
	"github.com/walrus-go/walrus/chain/economy/market"
	"github.com/walrus-go/walrus/committee"
)

const (
	// MaxRate is the largest usage rate in basis points: 10,000 %. Consensus.
	MaxRate = 1_000_000
	// refShards bounds the fixed part: what it costs with so many shards must fit a u64. Consensus.
	refShards = 1000
)

// Subsidies is the state of the subsidies. Methods that return an error have changed nothing.
type Subsidies struct {
	Rate     uint32 // basis points of new usage
	Base     uint64 // FROST per member and epoch
	PerShard uint64 // FROST per shard and epoch
	Pool     uint64 // FROST
	Latest   committee.Epoch
	Buffer   []Subsidised // one per entry of the ring
	LastTime uint64       // of processing, ms
}

// Subsidised is how far an epoch's rewards have been subsidised.
type Subsidised struct {
	Epoch   committee.Epoch
	Rewards uint64
}

// New returns subsidies that begin with what the ring gains from now on.
// Errors: [economy.ErrWalrusSubsidiesInnerInvalidSubsidyRate].
func New(rate uint32, base, perShard uint64, ring market.Ring) (Subsidies, error) {
	s := Subsidies{Rate: rate, Base: base, PerShard: perShard}
	if err := s.check(); err != nil {
		return Subsidies{}, err
	}
	for _, e := range ring {
		s.Buffer = append(s.Buffer, Subsidised{e.Epoch, e.Rewards})
	}
	if len(ring) > 0 && ring[0].Epoch > 0 {
		s.Latest = ring[0].Epoch - 1
	}
	return s, nil
}

// check refuses rates out of range.
func (s *Subsidies) check() error {
	fixed, err := economy.Mul(s.PerShard, refShards)
	if err == nil {
		_, err = economy.Add(fixed, s.Base)
	}
	if err != nil || s.Rate > MaxRate {
		return economy.ErrWalrusSubsidiesInnerInvalidSubsidyRate
	}
	return nil
}

// Set changes the rates. Errors: [economy.ErrWalrusSubsidiesInnerInvalidSubsidyRate].
func (s *Subsidies) Set(rate uint32, base, perShard uint64) error {
	next := *s
	next.Rate, next.Base, next.PerShard = rate, base, perShard
	if err := next.check(); err != nil {
		return err
	}
	*s = next
	return nil
}

// Fund adds amount to the pool. Errors: [economy.ErrOverflow].
func (s *Subsidies) Fund(amount uint64) error {
	sum, err := economy.Add(s.Pool, amount)
	if err != nil {
		return err
	}
	s.Pool = sum
	return nil
}

// A Payment is the fixed part for a member, to be added to its commission.
type Payment struct {
	Node   committee.NodeID
	Amount uint64
}

// Paid is what processing took out of the pool.
type Paid struct {
	Fixed []Payment
	Total uint64 // of Fixed
	Usage uint64 // added to the ring
}

// Process pays what is due at time now in the ring's epoch: it takes it from the pool and adds the usage
// part to the ring. previous is the committee of the epoch before.
//
// Errors: [economy.ErrWalrusSubsidiesInnerInsufficientFundsInPool], [economy.ErrOverflow]; then nothing
// is paid.
func (s *Subsidies) Process(ring market.Ring, previous election.Committee, now uint64) (Paid, error) {
	next := *s
	var paid Paid
	if err := next.payFixed(&paid, ring[0].Epoch, previous); err != nil {
		return Paid{}, err
	}
	next.roll(ring)
	rewards := ring.Clone()
	if err := next.payUsage(&paid, rewards); err != nil {
		return Paid{}, err
	}
	copy(ring, rewards)
	next.LastTime = now
	*s = next
	return paid, nil
}

func (s *Subsidies) payFixed(paid *Paid, epoch committee.Epoch, previous election.Committee) error {
	if epoch == 0 || s.Latest >= epoch-1 {
		return nil
	}
	for _, m := range previous {
		amount, err := economy.Mul(s.PerShard, uint64(len(m.Shards)))
		if err != nil {
			return err
		}
		if amount, err = economy.Add(amount, s.Base); err != nil {
			return err
		}
		if err := s.take(amount); err != nil {
			return err
		}
		paid.Fixed = append(paid.Fixed, Payment{m.Node, amount})
		paid.Total += amount
	}
	s.Latest = epoch - 1
	return nil
}

// roll drops past epochs from the buffer and appends the new ones, in a copy.
func (s *Subsidies) roll(ring market.Ring) {
	buffer := make([]Subsidised, len(ring))
	for i, e := range ring {
		buffer[i].Epoch = e.Epoch
		if len(s.Buffer) == 0 || e.Epoch < s.Buffer[0].Epoch {
			continue
		}
		if at := int(e.Epoch - s.Buffer[0].Epoch); at < len(s.Buffer) {
			buffer[i] = s.Buffer[at]
		}
	}
	s.Buffer = buffer
}

func (s *Subsidies) payUsage(paid *Paid, ring market.Ring) error {
	for i := range ring {
		gained := economy.SatSub(ring[i].Rewards, s.Buffer[i].Rewards)
		amount := economy.SatMulDiv(gained, uint64(s.Rate), economy.BasisPoints)
		if err := s.take(amount); err != nil {
			return err
		}
		sum, err := economy.Add(ring[i].Rewards, amount)
		if err != nil {
			return err
		}
		ring[i].Rewards, s.Buffer[i].Rewards = sum, sum
		paid.Usage += amount
	}
	return nil
}

func (s *Subsidies) take(amount uint64) error {
	if amount > s.Pool {
		return economy.ErrWalrusSubsidiesInnerInsufficientFundsInPool
	}
	s.Pool -= amount
	return nil
}

// SplitLegacy returns what the subsidies of old would pay of a purchase that costs cost, for the buyer and
// for the system, out of a pool; rates are basis points. Nothing uses it but a comparison with the past.
func SplitLegacy(cost, pool uint64, buyerRate, systemRate uint16) (buyer, system uint64) {
	if pool == 0 {
		return 0, 0
	}
	buyer = economy.SatMulDiv(cost, uint64(buyerRate), economy.BasisPoints)
	system = economy.SatMulDiv(cost, uint64(systemRate), economy.BasisPoints)
	if pool >= economy.SatAdd(buyer, system) {
		return buyer, system
	}
	rates := uint64(buyerRate) + uint64(systemRate)
	return economy.SatMulDiv(pool, uint64(buyerRate), rates), economy.SatMulDiv(pool, uint64(systemRate), rates)
}
