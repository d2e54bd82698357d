package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	sdk "github.com/cosmos/cosmos-sdk/types"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	eventv1 "github.com/walrus-go/walrus/api/event/v1"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/committee"
)

// denyList returns the digest of a node's deny list; an empty one if it never had any.
func (k Keeper) denyList(ctx context.Context, node []byte) (storage.DenyList, error) {
	r, err := k.denyLists.Get(ctx, node)
	if errors.Is(err, collections.ErrNotFound) {
		return storage.DenyList{}, nil
	}
	d := storage.DenyList{Sequence: r.Sequence, Size: r.Size_}
	copy(d.Root[:], r.Root)
	return d, err
}

// announceDenyList tells that a node has a new deny list.
// Source: spec: control-plane.md section 2.10.
func (k Keeper) announceDenyList(ctx context.Context, owner sdk.AccAddress, m *blobv1.MsgRegisterDenyListUpdate) error {
	root, err := hash("root", m.Root)
	if err != nil {
		return err
	}
	weight, err := k.committee.OwnWeight(ctx, owner, m.NodeId)
	if err != nil {
		return err
	}
	list, err := k.denyList(ctx, m.NodeId)
	if err != nil {
		return err
	}
	if err := list.CheckAnnounce(weight > 0, m.Sequence); err != nil {
		return err
	}
	now, err := k.committee.Now(ctx)
	if err != nil {
		return err
	}
	_, err = k.log.Emit(ctx, &eventv1.RegisterDenyListUpdate{
		Epoch: uint32(now), Root: root[:], SequenceNumber: m.Sequence, NodeId: m.NodeId,
	})
	return err
}

// updateDenyList records a node's deny list, which a quorum certifies.
func (k Keeper) updateDenyList(ctx context.Context, owner sdk.AccAddress, m *blobv1.MsgUpdateDenyList) error {
	weight, err := k.committee.OwnWeight(ctx, owner, m.NodeId)
	if err != nil {
		return err
	}
	if weight == 0 { // before the certificate, which is dear to check
		return economy.ErrSystemStateInnerNotCommitteeMember
	}
	update, err := k.committee.DenyListCertificate(ctx, certificate(m.Certificate))
	if err != nil {
		return err
	}
	list, err := k.denyList(ctx, m.NodeId)
	if err != nil {
		return err
	}
	if err := list.Update(true, committee.NodeID(m.NodeId), update.Node, update.List); err != nil {
		return err
	}
	record := blobv1.DenyList{NodeId: m.NodeId, Root: list.Root[:], Sequence: list.Sequence, Size_: list.Size}
	if err := k.denyLists.Set(ctx, m.NodeId, record); err != nil {
		return err
	}
	now, err := k.committee.Now(ctx)
	if err != nil {
		return err
	}
	_, err = k.log.Emit(ctx, &eventv1.DenyListUpdate{
		Epoch: uint32(now), Root: list.Root[:], SequenceNumber: list.Sequence, NodeId: m.NodeId,
	})
	return err
}

// deleteDenied tells that nodes dropped a denied blob.
func (k Keeper) deleteDenied(ctx context.Context, cert blobv1.Certificate) error {
	id, err := k.committee.DenyListDeletedCertificate(ctx, certificate(cert))
	if err != nil {
		return err
	}
	now, err := k.committee.Now(ctx)
	if err != nil {
		return err
	}
	_, err = k.log.Emit(ctx, &eventv1.DenyListBlobDeleted{Epoch: uint32(now), BlobId: id[:]})
	return err
}
