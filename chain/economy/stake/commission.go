package stake

import (
	"cmp"
	"slices"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/committee"
)

// SetNextCommission schedules a commission rate for two epochs after e.
//
// Errors: [economy.ErrStakingPoolIncorrectCommissionRate]. Source: spec: control-plane.md section 5.7.
func (p *Pool) SetNextCommission(rate uint16, e committee.Epoch) error {
	if rate > economy.BasisPoints {
		return economy.ErrStakingPoolIncorrectCommissionRate
	}
	change := RateChange{Epoch: e + 2, Rate: rate}
	changes := slices.Clone(p.RateChanges)
	i, found := slices.BinarySearchFunc(changes, change.Epoch, func(c RateChange, e committee.Epoch) int {
		return cmp.Compare(c.Epoch, e)
	})
	if found {
		changes[i] = change
	} else {
		changes = slices.Insert(changes, i, change)
	}
	p.RateChanges = changes
	return nil
}

// AddCommission credits amount to the node. A blocked amount cannot be collected until
// [Pool.ClearBlocked]. Errors: [economy.ErrOverflow]. Source: spec: control-plane.md section 5.7.
func (p *Pool) AddCommission(amount uint64, block bool) error {
	commission, err := economy.Add(p.Commission, amount)
	if err != nil {
		return err
	}
	p.Commission = commission
	if block {
		p.Blocked = economy.SatAdd(p.Blocked, amount)
	}
	return nil
}

// CollectCommission takes what is not blocked out of the commission and returns it.
func (p *Pool) CollectCommission() uint64 {
	free := economy.SatSub(p.Commission, p.Blocked)
	p.Commission -= free
	return free
}

// ClearBlocked makes all commission collectable, as the end of voting does for members of the previous
// committee.
func (p *Pool) ClearBlocked() { p.Blocked = 0 }

// BurnCommission takes the whole commission, blocked or not, and returns it; it is to be burned.
// Source: spec: control-plane.md section 8.
func (p *Pool) BurnCommission() uint64 {
	burned := p.Commission
	p.Commission, p.Blocked = 0, 0
	return burned
}

// Lengths of a node's texts and keys in bytes. Source: spec: control-plane.md sections 1.2 and 5.2.
const (
	MaxName       = 100
	MaxAddress    = 259
	BLSKeySize    = 48
	NetworkKeyLen = 33
)

// CheckName refuses names that are too long. Errors: [economy.ErrStakingPoolInvalidNameLength].
func CheckName(name string) error {
	if len(name) > MaxName {
		return economy.ErrStakingPoolInvalidNameLength
	}
	return nil
}

// CheckAddress refuses network addresses that are too long.
// Errors: [economy.ErrStakingPoolInvalidNetworkAddressLength].
func CheckAddress(address string) error {
	if len(address) > MaxAddress {
		return economy.ErrStakingPoolInvalidNetworkAddressLength
	}
	return nil
}

// CheckNetworkKey refuses TLS keys of the wrong length.
// Errors: [economy.ErrStorageNodeInvalidNetworkPublicKey].
func CheckNetworkKey(key []byte) error {
	if len(key) != NetworkKeyLen {
		return economy.ErrStorageNodeInvalidNetworkPublicKey
	}
	return nil
}

// CheckRegistration runs the checks of a registration after that of the proof of possession, in order:
// name, address, commission rate, network key. Source: spec: control-plane.md section 5.2.
func CheckRegistration(name, address string, commissionRate uint16, networkKey []byte) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if err := CheckAddress(address); err != nil {
		return err
	}
	if commissionRate > economy.BasisPoints {
		return economy.ErrStakingPoolIncorrectCommissionRate
	}
	return CheckNetworkKey(networkKey)
}

// CheckAuthority lets only the current holder of an authority act or pass it on.
//
// Errors: [economy.ErrStakingPoolAuthorizationFailure]. Source: spec: control-plane.md section 5.2.
func CheckAuthority(holder, caller economy.Authority) error {
	if holder != caller {
		return economy.ErrStakingPoolAuthorizationFailure
	}
	return nil
}
