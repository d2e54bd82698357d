package keeper

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/chain/economy/market"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/chain/refusal"
	"github.com/walrus-go/walrus/committee"
)

// MsgServer executes the module's messages.
type MsgServer struct{ k Keeper }

var _ blobv1.MsgServer = MsgServer{}

// NewMsgServer returns the message server of k.
func NewMsgServer(k Keeper) MsgServer { return MsgServer{k} }

// answer runs do for the account of the given address, and names the rule behind an error.
func answer[R any](owner string, do func(owner sdk.AccAddress) (*R, error)) (*R, error) {
	addr, err := account(owner)
	if err != nil {
		return nil, err
	}
	r, err := do(addr)
	if err != nil {
		return nil, refusal.Of(err)
	}
	return r, nil
}

// ReserveSpace implements [blobv1.MsgServer].
func (s MsgServer) ReserveSpace(ctx context.Context, m *blobv1.MsgReserveSpace) (*blobv1.MsgReserveSpaceResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgReserveSpaceResponse, error) {
		bought, paid, err := s.k.buy(ctx, owner, m.Size_, func(mk *market.Market, budget uint64) (market.Span, uint64, error) {
			return mk.ReserveSpace(m.Size_, m.EpochsAhead, budget)
		})
		return &blobv1.MsgReserveSpaceResponse{Storage: bought, Paid: paid}, err
	})
}

// ReserveSpaceForEpochs implements [blobv1.MsgServer].
func (s MsgServer) ReserveSpaceForEpochs(ctx context.Context, m *blobv1.MsgReserveSpaceForEpochs) (*blobv1.MsgReserveSpaceForEpochsResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgReserveSpaceForEpochsResponse, error) {
		bought, paid, err := s.k.buy(ctx, owner, m.Size_, func(mk *market.Market, budget uint64) (market.Span, uint64, error) {
			return mk.ReserveSpaceForEpochs(m.Size_, committee.Epoch(m.StartEpoch), committee.Epoch(m.EndEpoch), budget)
		})
		return &blobv1.MsgReserveSpaceForEpochsResponse{Storage: bought, Paid: paid}, err
	})
}

// SplitStorageByEpoch implements [blobv1.MsgServer].
func (s MsgServer) SplitStorageByEpoch(ctx context.Context, m *blobv1.MsgSplitStorageByEpoch) (*blobv1.MsgSplitStorageByEpochResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgSplitStorageByEpochResponse, error) {
		created, err := s.k.split(ctx, owner, m.StorageId, func(r *storage.Resource) (storage.Resource, error) {
			return r.SplitByEpoch(committee.Epoch(m.Epoch))
		})
		return &blobv1.MsgSplitStorageByEpochResponse{Storage: created}, err
	})
}

// SplitStorageBySize implements [blobv1.MsgServer].
func (s MsgServer) SplitStorageBySize(ctx context.Context, m *blobv1.MsgSplitStorageBySize) (*blobv1.MsgSplitStorageBySizeResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgSplitStorageBySizeResponse, error) {
		created, err := s.k.split(ctx, owner, m.StorageId, func(r *storage.Resource) (storage.Resource, error) {
			return r.SplitBySize(m.Size_)
		})
		return &blobv1.MsgSplitStorageBySizeResponse{Storage: created}, err
	})
}

// FuseStorage implements [blobv1.MsgServer].
func (s MsgServer) FuseStorage(ctx context.Context, m *blobv1.MsgFuseStorage) (*blobv1.MsgFuseStorageResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgFuseStorageResponse, error) {
		joined, err := s.k.fuse(ctx, owner, m)
		return &blobv1.MsgFuseStorageResponse{Storage: joined}, err
	})
}

// DestroyStorage implements [blobv1.MsgServer].
func (s MsgServer) DestroyStorage(ctx context.Context, m *blobv1.MsgDestroyStorage) (*blobv1.MsgDestroyStorageResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgDestroyStorageResponse, error) {
		gone, err := s.k.ownStorage(ctx, owner, m.StorageId)
		if err != nil {
			return nil, err
		}
		return &blobv1.MsgDestroyStorageResponse{}, s.k.takeStorage(ctx, gone)
	})
}

// Transfer implements [blobv1.MsgServer].
func (s MsgServer) Transfer(ctx context.Context, m *blobv1.MsgTransfer) (*blobv1.MsgTransferResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgTransferResponse, error) {
		recipient, err := account(m.Recipient)
		if err != nil {
			return nil, err
		}
		return &blobv1.MsgTransferResponse{}, s.k.Transfer(ctx, owner, recipient, m.ObjectId)
	})
}

// RegisterBlobs implements [blobv1.MsgServer].
func (s MsgServer) RegisterBlobs(ctx context.Context, m *blobv1.MsgRegisterBlobs) (*blobv1.MsgRegisterBlobsResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgRegisterBlobsResponse, error) {
		blobs, paid, err := s.k.registerAll(ctx, owner, m.Blobs)
		return &blobv1.MsgRegisterBlobsResponse{Blobs: blobs, Paid: paid}, err
	})
}

// CertifyBlobs implements [blobv1.MsgServer].
func (s MsgServer) CertifyBlobs(ctx context.Context, m *blobv1.MsgCertifyBlobs) (*blobv1.MsgCertifyBlobsResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgCertifyBlobsResponse, error) {
		if err := checkBatch(len(m.Blobs)); err != nil {
			return nil, err
		}
		list := make([]attest.Certificate, len(m.Blobs))
		for i, c := range m.Blobs {
			list[i] = certificate(c.Certificate)
		}
		certs, err := s.k.committee.BlobCertificates(ctx, list)
		if err != nil {
			return nil, err
		}
		for i, c := range m.Blobs {
			if err := s.k.certify(ctx, owner, c.ObjectId, certs[i]); err != nil {
				return nil, err
			}
		}
		return &blobv1.MsgCertifyBlobsResponse{}, nil
	})
}

// DeleteBlobs implements [blobv1.MsgServer].
func (s MsgServer) DeleteBlobs(ctx context.Context, m *blobv1.MsgDeleteBlobs) (*blobv1.MsgDeleteBlobsResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgDeleteBlobsResponse, error) {
		if err := checkBatch(len(m.ObjectIds)); err != nil {
			return nil, err
		}
		out := &blobv1.MsgDeleteBlobsResponse{}
		for _, id := range m.ObjectIds {
			freed, err := s.k.delete(ctx, owner, id)
			if err != nil {
				return nil, err
			}
			out.Storages = append(out.Storages, freed)
		}
		return out, nil
	})
}

// BurnBlob implements [blobv1.MsgServer].
func (s MsgServer) BurnBlob(ctx context.Context, m *blobv1.MsgBurnBlob) (*blobv1.MsgBurnBlobResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgBurnBlobResponse, error) {
		gone, err := s.k.ownBlob(ctx, owner, m.ObjectId)
		if err != nil {
			return nil, err
		}
		return &blobv1.MsgBurnBlobResponse{}, s.k.takeBlob(ctx, gone)
	})
}

// ExtendBlob implements [blobv1.MsgServer].
func (s MsgServer) ExtendBlob(ctx context.Context, m *blobv1.MsgExtendBlob) (*blobv1.MsgExtendBlobResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgExtendBlobResponse, error) {
		end, paid, err := s.k.extend(ctx, owner, m.ObjectId, m.Epochs)
		return &blobv1.MsgExtendBlobResponse{EndEpoch: end, Paid: paid}, err
	})
}

// ExtendBlobWithResource implements [blobv1.MsgServer].
func (s MsgServer) ExtendBlobWithResource(ctx context.Context, m *blobv1.MsgExtendBlobWithResource) (*blobv1.MsgExtendBlobWithResourceResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgExtendBlobWithResourceResponse, error) {
		end, err := s.k.extendWith(ctx, owner, m.ObjectId, m.StorageId)
		return &blobv1.MsgExtendBlobWithResourceResponse{EndEpoch: end}, err
	})
}

// SetAttributes implements [blobv1.MsgServer].
func (s MsgServer) SetAttributes(ctx context.Context, m *blobv1.MsgSetAttributes) (*blobv1.MsgSetAttributesResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgSetAttributesResponse, error) {
		before, err := s.k.setAttributes(ctx, owner, m)
		return &blobv1.MsgSetAttributesResponse{Before: before}, err
	})
}

// InvalidateBlobID implements [blobv1.MsgServer].
func (s MsgServer) InvalidateBlobID(ctx context.Context, m *blobv1.MsgInvalidateBlobID) (*blobv1.MsgInvalidateBlobIDResponse, error) {
	return answer(m.Sender, func(sdk.AccAddress) (*blobv1.MsgInvalidateBlobIDResponse, error) {
		return &blobv1.MsgInvalidateBlobIDResponse{}, s.k.invalidate(ctx, m.Certificate)
	})
}
