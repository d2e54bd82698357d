package keeper

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/collections"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/refusal"
)

// MsgServer executes the module's messages.
type MsgServer struct{ k Keeper }

var _ committeev1.MsgServer = MsgServer{}

// NewMsgServer returns the message server of k.
func NewMsgServer(k Keeper) MsgServer { return MsgServer{k} }

// UpdateNode implements [committeev1.MsgServer].
func (s MsgServer) UpdateNode(ctx context.Context, m *committeev1.MsgUpdateNode) (*committeev1.MsgUpdateNodeResponse, error) {
	if err := s.k.updateNode(ctx, m); err != nil {
		return nil, refusal.Of(err)
	}
	return &committeev1.MsgUpdateNodeResponse{}, nil
}

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

// ownNode returns a node that the sender of a message owns.
func (k Keeper) ownNode(ctx context.Context, owner string, id []byte) (committeev1.Node, error) {
	sender, err := sdk.AccAddressFromBech32(owner)
	if err != nil {
		return committeev1.Node{}, sdkerrors.ErrInvalidAddress.Wrap(err.Error())
	}
	node, err := k.nodes.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		return committeev1.Node{}, fmt.Errorf("node %x: %w", id, economy.ErrDynamicFieldFieldDoesNotExist)
	}
	if err != nil {
		return committeev1.Node{}, err
	}
	if !bytes.Equal(node.Owner, sender) {
		return committeev1.Node{}, sdkerrors.ErrUnauthorized.Wrapf("committee: node %x is not owned by %s", id, owner)
	}
	return node, nil
}
