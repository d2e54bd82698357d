package keeper

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
)

// CertifyEventBlob implements [blobv1.MsgServer].
func (s MsgServer) CertifyEventBlob(ctx context.Context, m *blobv1.MsgCertifyEventBlob) (*blobv1.MsgCertifyEventBlobResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgCertifyEventBlobResponse, error) {
		return s.k.certifyEventBlob(ctx, owner, m)
	})
}

// RegisterDenyListUpdate implements [blobv1.MsgServer].
func (s MsgServer) RegisterDenyListUpdate(ctx context.Context, m *blobv1.MsgRegisterDenyListUpdate) (*blobv1.MsgRegisterDenyListUpdateResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgRegisterDenyListUpdateResponse, error) {
		return &blobv1.MsgRegisterDenyListUpdateResponse{}, s.k.announceDenyList(ctx, owner, m)
	})
}

// UpdateDenyList implements [blobv1.MsgServer].
func (s MsgServer) UpdateDenyList(ctx context.Context, m *blobv1.MsgUpdateDenyList) (*blobv1.MsgUpdateDenyListResponse, error) {
	return answer(m.Owner, func(owner sdk.AccAddress) (*blobv1.MsgUpdateDenyListResponse, error) {
		return &blobv1.MsgUpdateDenyListResponse{}, s.k.updateDenyList(ctx, owner, m)
	})
}

// DeleteDenyListedBlob implements [blobv1.MsgServer].
func (s MsgServer) DeleteDenyListedBlob(ctx context.Context, m *blobv1.MsgDeleteDenyListedBlob) (*blobv1.MsgDeleteDenyListedBlobResponse, error) {
	return answer(m.Sender, func(sdk.AccAddress) (*blobv1.MsgDeleteDenyListedBlobResponse, error) {
		return &blobv1.MsgDeleteDenyListedBlobResponse{}, s.k.deleteDenied(ctx, m.Certificate)
	})
}

// AddSubsidy implements [blobv1.MsgServer].
func (s MsgServer) AddSubsidy(ctx context.Context, m *blobv1.MsgAddSubsidy) (*blobv1.MsgAddSubsidyResponse, error) {
	return answer(m.Sender, func(sender sdk.AccAddress) (*blobv1.MsgAddSubsidyResponse, error) {
		return s.k.addSubsidy(ctx, sender, m.Amount, m.EpochsAhead)
	})
}

// AddPerEpochSubsidies implements [blobv1.MsgServer].
func (s MsgServer) AddPerEpochSubsidies(ctx context.Context, m *blobv1.MsgAddPerEpochSubsidies) (*blobv1.MsgAddPerEpochSubsidiesResponse, error) {
	return answer(m.Sender, func(sender sdk.AccAddress) (*blobv1.MsgAddPerEpochSubsidiesResponse, error) {
		return &blobv1.MsgAddPerEpochSubsidiesResponse{}, s.k.addPerEpoch(ctx, sender, m.Amounts)
	})
}

// FundSubsidies implements [blobv1.MsgServer].
func (s MsgServer) FundSubsidies(ctx context.Context, m *blobv1.MsgFundSubsidies) (*blobv1.MsgFundSubsidiesResponse, error) {
	return answer(m.Sender, func(sender sdk.AccAddress) (*blobv1.MsgFundSubsidiesResponse, error) {
		pool, err := s.k.fundSubsidies(ctx, sender, m.Amount)
		return &blobv1.MsgFundSubsidiesResponse{Pool: pool}, err
	})
}

// ProcessSubsidies implements [blobv1.MsgServer].
func (s MsgServer) ProcessSubsidies(ctx context.Context, m *blobv1.MsgProcessSubsidies) (*blobv1.MsgProcessSubsidiesResponse, error) {
	return answer(m.Sender, func(sdk.AccAddress) (*blobv1.MsgProcessSubsidiesResponse, error) {
		return s.k.processSubsidies(ctx)
	})
}

// SetSubsidies implements [blobv1.MsgServer].
func (s MsgServer) SetSubsidies(ctx context.Context, m *blobv1.MsgSetSubsidies) (*blobv1.MsgSetSubsidiesResponse, error) {
	return answer(m.Authority, func(sdk.AccAddress) (*blobv1.MsgSetSubsidiesResponse, error) {
		return &blobv1.MsgSetSubsidiesResponse{}, s.k.setSubsidies(ctx, m)
	})
}
