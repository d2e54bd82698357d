package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/committee"
)

// gasEventBlob is what reading and writing the open attestations costs, however many nodes disagree.
// Consensus.
const gasEventBlob = 20_000

// certifyEventBlob counts a node's word that an event blob is the record of events up to a checkpoint. The
// blob that a quorum stands behind is announced, and nobody owns it.
// Source: spec: control-plane.md section 2.9.
func (k Keeper) certifyEventBlob(ctx context.Context, owner sdk.AccAddress, m *blobv1.MsgCertifyEventBlob) (*blobv1.MsgCertifyEventBlobResponse, error) {
	vote, err := k.eventVote(ctx, owner, m)
	if err != nil {
		return nil, err
	}
	mk, err := k.market(ctx)
	if err != nil {
		return nil, err
	}
	// How many nodes disagree is not the sender's expense.
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	sdkCtx.GasMeter().ConsumeGas(gasEventBlob, "event blobs")
	common := sdkCtx.WithGasMeter(storetypes.NewInfiniteGasMeter())
	state, err := k.eventBlobs(common)
	if err != nil {
		return nil, err
	}
	did, err := state.Vote(mk, vote)
	if err != nil {
		return nil, err
	}
	out := &blobv1.MsgCertifyEventBlobResponse{Already: did.Already, Weight: did.Weight, Certified: did.Certified}
	last := blobv1.Attestation{NodeId: m.NodeId, Sequence: did.Attestation.Sequence, Epoch: uint32(did.Attestation.Epoch)}
	if err := k.attestations.Set(ctx, m.NodeId, last); err != nil {
		return nil, err
	}
	err = announce(ctx, &blobv1.EventEventBlobAttested{NodeId: m.NodeId, BlobId: m.BlobId, Checkpoint: m.Checkpoint, Weight: did.Weight})
	if err != nil || did.Already {
		return out, err
	}
	if err := k.setEventBlobs(common, state); err != nil || !did.Certified {
		return out, err
	}
	return out, errors.Join(k.setRing(ctx, mk.Ring), k.tellEventBlob(ctx, did.Blob))
}

// eventVote gathers what the rules want to know of a node's word.
func (k Keeper) eventVote(ctx context.Context, owner sdk.AccAddress, m *blobv1.MsgCertifyEventBlob) (storage.EventVote, error) {
	weight, err := k.committee.OwnWeight(ctx, owner, m.NodeId)
	if err != nil {
		return storage.EventVote{}, err
	}
	claim, err := claimOf(&blobv1.Registration{BlobId: m.BlobId, RootHash: m.RootHash, Size_: m.Size_, EncodingType: m.EncodingType})
	if err != nil {
		return storage.EventVote{}, err
	}
	last, err := k.attestations.Get(ctx, m.NodeId)
	if err != nil && !errors.Is(err, collections.ErrNotFound) {
		return storage.EventVote{}, err
	}
	return storage.EventVote{
		Claim: claim, Sequence: m.Checkpoint, Epoch: committee.Epoch(m.Epoch), Weight: weight,
		Last: storage.Attestation{Present: err == nil, Sequence: last.Sequence, Epoch: committee.Epoch(last.Epoch)},
	}, nil
}

// tellEventBlob announces a certified event blob.
func (k Keeper) tellEventBlob(ctx context.Context, v storage.Blob) error {
	object, err := k.objects.NextObject(ctx)
	if err != nil {
		return err
	}
	space, err := k.newStorage(ctx, nil, v.Storage)
	if err != nil {
		return err
	}
	b := blobv1.Blob{
		Id:              object[:],
		BlobId:          v.ID[:],
		Size_:           v.Size,
		EncodingType:    uint32(v.Encoding),
		RegisteredEpoch: uint32(v.Registered),
		CertifiedEpoch:  uint32(v.Since),
		Storage:         space,
	}
	if err := k.tellRegistration(ctx, b); err != nil {
		return err
	}
	return k.tellCertification(ctx, b, v.Since)
}

// eventBlobs returns the state of event blobs as the rules see it.
func (k Keeper) eventBlobs(ctx context.Context) (storage.EventBlobs, error) {
	var out storage.EventBlobs
	latest, err := k.eventBlob.Get(ctx)
	if err != nil && !errors.Is(err, collections.ErrNotFound) {
		return out, err
	}
	if err == nil {
		out.HasLatest, out.Latest = true, checkpoint(latest)
	}
	weights, err := k.eventWeights.Get(ctx)
	if err != nil && !errors.Is(err, collections.ErrNotFound) {
		return out, err
	}
	for _, w := range weights.List {
		out.Weights = append(out.Weights, storage.Support{Checkpoint: checkpoint(w.Checkpoint), Weight: w.Weight})
	}
	return out, nil
}

func (k Keeper) setEventBlobs(ctx context.Context, s storage.EventBlobs) error {
	if s.HasLatest {
		if err := k.eventBlob.Set(ctx, checkpointRecord(s.Latest)); err != nil {
			return err
		}
	}
	if len(s.Weights) == 0 {
		return k.eventWeights.Remove(ctx)
	}
	var weights blobv1.Supports
	for _, w := range s.Weights {
		weights.List = append(weights.List, blobv1.Support{Checkpoint: checkpointRecord(w.Checkpoint), Weight: w.Weight})
	}
	return k.eventWeights.Set(ctx, weights)
}

func checkpoint(c blobv1.Checkpoint) storage.Checkpoint {
	var id blob.ID
	copy(id[:], c.BlobId)
	return storage.Checkpoint{Sequence: c.Sequence, BlobID: id}
}

func checkpointRecord(c storage.Checkpoint) blobv1.Checkpoint {
	return blobv1.Checkpoint{Sequence: c.Sequence, BlobId: c.BlobID[:]}
}
