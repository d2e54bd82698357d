package keeper

import (
	"fmt"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/cert"
	"github.com/walrus-go/walrus/chain/x/committee/types"
	"github.com/walrus-go/walrus/committee"
)

// checkRegistration checks a node as it registers, in the order of section 5.2: key and proof of
// possession, name, network address, commission, network key. Source: spec: control-plane.md section 5.2.
func checkRegistration(n *committeev1.Node, commissionRate uint32) error {
	if err := checkPossession(n.BlsPublicKey, n.Possession); err != nil {
		return err
	}
	if err := checkInfo(n.Name, n.NetworkAddress, &n.Metadata); err != nil {
		return err
	}
	if commissionRate > economy.BasisPoints {
		return economy.ErrStakingPoolIncorrectCommissionRate
	}
	return checkNetworkKey(n.NetworkPublicKey)
}

// checkPossession checks that whoever registered the key knows its secret.
func checkPossession(key []byte, p committeev1.Possession) error {
	registrant, err := attest.Registrant(p.Sender)
	if err != nil {
		return fmt.Errorf("%s: %w", err.Error(), economy.ErrStakingPoolInvalidProofOfPossession)
	}
	_, err = cert.CheckPossession(committee.Epoch(p.Epoch), registrant, key, p.Signature)
	return err
}

func checkInfo(name, address string, m *committeev1.Metadata) error {
	if len(name) > types.MaxNameLength {
		return fmt.Errorf("name of %d bytes: %w", len(name), economy.ErrStakingPoolInvalidNameLength)
	}
	if len(address) > types.MaxNetworkAddressLength {
		return fmt.Errorf("address of %d bytes: %w", len(address), economy.ErrStakingPoolInvalidNetworkAddressLength)
	}
	for _, text := range []string{m.ImageUrl, m.ProjectUrl, m.Description} {
		if len(text) > types.MaxMetadataLength {
			return fmt.Errorf("metadata of %d bytes: %w", len(text), economy.ErrStakingPoolInvalidNameLength)
		}
	}
	return nil
}

func checkNetworkKey(key []byte) error {
	if len(key) != len(committee.NetworkKey{}) {
		return fmt.Errorf("network key of %d bytes: %w", len(key), economy.ErrStorageNodeInvalidNetworkPublicKey)
	}
	return nil
}

// authority is an account in a role.
func authority(account []byte) (a economy.Authority) {
	copy(a.ID[len(a.ID)-len(account):], account)
	return a
}
