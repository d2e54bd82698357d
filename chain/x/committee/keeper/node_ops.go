package keeper

import (
	"context"
	"errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain/economy/stake"
	"github.com/walrus-go/walrus/committee"
)

// registerNode adds a node without stake. Source: spec: control-plane.md section 5.2.
func (k Keeper) registerNode(ctx context.Context, m *committeev1.MsgRegisterNode) ([]byte, error) {
	owner, err := account(m.Owner)
	if err != nil {
		return nil, err
	}
	now, err := k.moment(ctx, nil)
	if err != nil {
		return nil, err
	}
	node := committeev1.Node{
		Owner:                owner,
		Name:                 m.Name,
		NetworkAddress:       m.NetworkAddress,
		NetworkPublicKey:     m.NetworkPublicKey,
		BlsPublicKey:         m.BlsPublicKey,
		Possession:           committeev1.Possession{Epoch: uint32(now.Epoch), Sender: owner, Signature: m.Possession},
		Metadata:             m.Metadata,
		Votes:                m.Votes,
		GovernanceAuthorized: owner,
	}
	sdk.UnwrapSDKContext(ctx).GasMeter().ConsumeGas(gasCertificate+gasPairing, "proof of possession")
	if err := checkRegistration(&node, m.CommissionRate); err != nil {
		return nil, err
	}
	id, err := k.objects.NextObject(ctx)
	if err != nil {
		return nil, err
	}
	node.Id = id[:]
	pool, err := stake.NewPool(committee.NodeID(id), uint16(m.CommissionRate), now.Epoch, now.Selected)
	if err != nil {
		return nil, err
	}
	return node.Id, errors.Join(k.nodes.Set(ctx, node.Id, node), k.setPool(ctx, pool),
		announce(ctx, &committeev1.EventNodeRegistered{NodeId: node.Id, Owner: owner}))
}

// updateNode replaces what a node says about itself.
func (k Keeper) updateNode(ctx context.Context, m *committeev1.MsgUpdateNode) error {
	node, err := k.ownNode(ctx, m.Owner, m.NodeId)
	if err != nil {
		return err
	}
	if m.Name != "" {
		node.Name = m.Name
	}
	if m.NetworkAddress != "" {
		node.NetworkAddress = m.NetworkAddress
	}
	if len(m.NetworkPublicKey) > 0 {
		node.NetworkPublicKey = m.NetworkPublicKey
	}
	if m.Metadata != nil {
		node.Metadata = *m.Metadata
	}
	if err := checkInfo(node.Name, node.NetworkAddress, &node.Metadata); err != nil {
		return err
	}
	if err := checkNetworkKey(node.NetworkPublicKey); err != nil {
		return err
	}
	return k.nodes.Set(ctx, node.Id, node)
}

// transferNode gives a node to another account, as its capability would be given away.
func (k Keeper) transferNode(ctx context.Context, m *committeev1.MsgTransferNode) error {
	node, err := k.ownNode(ctx, m.Owner, m.NodeId)
	if err != nil {
		return err
	}
	if node.Owner, err = account(m.Recipient); err != nil {
		return err
	}
	return k.nodes.Set(ctx, node.Id, node)
}

// setVotes changes a node's votes. Those on prices count at once if it is in the committee.
// Source: spec: control-plane.md section 1.5.
func (k Keeper) setVotes(ctx context.Context, m *committeev1.MsgSetVotes) error {
	node, err := k.ownNode(ctx, m.Owner, m.NodeId)
	if err != nil {
		return err
	}
	before := node.Votes
	node.Votes = m.Votes
	if err := k.nodes.Set(ctx, node.Id, node); err != nil {
		return err
	}
	epoch, weight, err := k.weight(ctx, node.Id)
	if err != nil {
		return err
	}
	same := before.StoragePrice == m.Votes.StoragePrice && before.WritePrice == m.Votes.WritePrice
	if weight == 0 || same {
		return nil
	}
	common := shared(ctx, gasPrices)
	current, err := k.committees.Get(common, uint32(epoch))
	if err != nil {
		return err
	}
	return k.updatePrices(common, &current)
}

// setNextKey announces a node's key for the committees still to be selected.
func (k Keeper) setNextKey(ctx context.Context, m *committeev1.MsgSetNextKey) error {
	node, err := k.ownNode(ctx, m.Owner, m.NodeId)
	if err != nil {
		return err
	}
	epoch, err := k.Now(ctx)
	if err != nil {
		return err
	}
	sdk.UnwrapSDKContext(ctx).GasMeter().ConsumeGas(gasCertificate+gasPairing, "proof of possession")
	possession := committeev1.Possession{Epoch: uint32(epoch), Sender: node.Owner, Signature: m.Possession}
	if err := checkPossession(m.BlsPublicKey, possession); err != nil {
		return err
	}
	node.NextBlsPublicKey, node.NextPossession = m.BlsPublicKey, &possession
	return k.nodes.Set(ctx, node.Id, node)
}

// setCommission schedules a commission rate. Source: spec: control-plane.md section 5.7.
func (k Keeper) setCommission(ctx context.Context, m *committeev1.MsgSetCommission) error {
	node, err := k.ownNode(ctx, m.Owner, m.NodeId)
	if err != nil {
		return err
	}
	p, _, err := k.pool(ctx, node.Id)
	if err != nil {
		return err
	}
	epoch, err := k.Now(ctx)
	if err != nil {
		return err
	}
	if err := p.SetNextCommission(uint16(min(m.Rate, 1<<16-1)), epoch); err != nil {
		return err
	}
	return k.setPool(ctx, p)
}

// commissionReceiver returns the account that a node's commission belongs to.
func commissionReceiver(n *committeev1.Node) sdk.AccAddress {
	if len(n.CommissionReceiver) == 0 {
		return n.Owner
	}
	return n.CommissionReceiver
}

func (k Keeper) setCommissionReceiver(ctx context.Context, m *committeev1.MsgSetCommissionReceiver) error {
	node, err := k.heldNode(ctx, m.Sender, m.NodeId, commissionReceiver)
	if err != nil {
		return err
	}
	node.CommissionReceiver = nil
	if m.Receiver != "" {
		if node.CommissionReceiver, err = account(m.Receiver); err != nil {
			return err
		}
	}
	return k.nodes.Set(ctx, node.Id, node)
}

func governor(n *committeev1.Node) sdk.AccAddress { return n.GovernanceAuthorized }

func (k Keeper) setGovernanceAuthorized(ctx context.Context, m *committeev1.MsgSetGovernanceAuthorized) error {
	node, err := k.heldNode(ctx, m.Sender, m.NodeId, governor)
	if err != nil {
		return err
	}
	if node.GovernanceAuthorized, err = account(m.Authorized); err != nil {
		return err
	}
	return k.nodes.Set(ctx, node.Id, node)
}

// heldNode returns a node of which the sender of a message holds an authority.
// Errors: [economy.ErrStakingPoolAuthorizationFailure].
func (k Keeper) heldNode(ctx context.Context, sender string, id []byte, holder func(*committeev1.Node) sdk.AccAddress) (committeev1.Node, error) {
	caller, err := account(sender)
	if err != nil {
		return committeev1.Node{}, err
	}
	node, err := k.node(ctx, id)
	if err != nil {
		return node, err
	}
	return node, stake.CheckAuthority(authority(holder(&node)), authority(caller))
}

// collectCommission pays a node's free commission to its receiver.
// Source: spec: control-plane.md section 5.7.
func (k Keeper) collectCommission(ctx context.Context, m *committeev1.MsgCollectCommission) (uint64, error) {
	node, err := k.heldNode(ctx, m.Sender, m.NodeId, commissionReceiver)
	if err != nil {
		return 0, err
	}
	p, _, err := k.pool(ctx, node.Id)
	if err != nil {
		return 0, err
	}
	amount := p.CollectCommission()
	receiver := commissionReceiver(&node)
	return amount, errors.Join(k.setPool(ctx, p), k.give(ctx, receiver, amount),
		announce(ctx, &committeev1.EventCommissionCollected{NodeId: node.Id, Receiver: receiver, Amount: amount}))
}

// addCommission gives WAL to a node. Source: spec: control-plane.md section 2.13.
func (k Keeper) addCommission(ctx context.Context, m *committeev1.MsgAddCommission) error {
	sender, err := account(m.Sender)
	if err != nil {
		return err
	}
	if err := k.creditCommission(ctx, m.NodeId, m.Amount); err != nil {
		return err
	}
	return k.take(ctx, sender, m.Amount)
}

// joinActiveSet offers a node's stake to the active set again.
func (k Keeper) joinActiveSet(ctx context.Context, m *committeev1.MsgJoinActiveSet) error {
	node, err := k.ownNode(ctx, m.Owner, m.NodeId)
	if err != nil {
		return err
	}
	p, r, err := k.pool(ctx, node.Id)
	if err != nil {
		return err
	}
	now, err := k.moment(ctx, node.Id)
	if err != nil {
		return err
	}
	return k.refresh(ctx, p, r, now)
}
