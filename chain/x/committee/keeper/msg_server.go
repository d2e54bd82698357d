package keeper

import (
	"context"

	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/refusal"
	"github.com/walrus-go/walrus/chain/x/committee/types"
)

// MsgServer executes the module's messages.
type MsgServer struct{ k Keeper }

var _ committeev1.MsgServer = MsgServer{}

// NewMsgServer returns the message server of k.
func NewMsgServer(k Keeper) MsgServer { return MsgServer{k} }

// answer returns out, or err in the form in which errors leave the chain.
func answer[T any](out *T, err error) (*T, error) {
	if err != nil {
		return nil, refusal.Of(err)
	}
	return out, nil
}

// RegisterNode implements [committeev1.MsgServer].
func (s MsgServer) RegisterNode(ctx context.Context, m *committeev1.MsgRegisterNode) (*committeev1.MsgRegisterNodeResponse, error) {
	id, err := s.k.registerNode(ctx, m)
	return answer(&committeev1.MsgRegisterNodeResponse{NodeId: id}, err)
}

// UpdateNode implements [committeev1.MsgServer].
func (s MsgServer) UpdateNode(ctx context.Context, m *committeev1.MsgUpdateNode) (*committeev1.MsgUpdateNodeResponse, error) {
	return answer(&committeev1.MsgUpdateNodeResponse{}, s.k.updateNode(ctx, m))
}

// TransferNode implements [committeev1.MsgServer].
func (s MsgServer) TransferNode(ctx context.Context, m *committeev1.MsgTransferNode) (*committeev1.MsgTransferNodeResponse, error) {
	return answer(&committeev1.MsgTransferNodeResponse{}, s.k.transferNode(ctx, m))
}

// SetVotes implements [committeev1.MsgServer].
func (s MsgServer) SetVotes(ctx context.Context, m *committeev1.MsgSetVotes) (*committeev1.MsgSetVotesResponse, error) {
	return answer(&committeev1.MsgSetVotesResponse{}, s.k.setVotes(ctx, m))
}

// SetNextKey implements [committeev1.MsgServer].
func (s MsgServer) SetNextKey(ctx context.Context, m *committeev1.MsgSetNextKey) (*committeev1.MsgSetNextKeyResponse, error) {
	return answer(&committeev1.MsgSetNextKeyResponse{}, s.k.setNextKey(ctx, m))
}

// SetConsensusKey implements [committeev1.MsgServer].
func (s MsgServer) SetConsensusKey(ctx context.Context, m *committeev1.MsgSetConsensusKey) (*committeev1.MsgSetConsensusKeyResponse, error) {
	return answer(&committeev1.MsgSetConsensusKeyResponse{}, s.k.setConsensusKey(ctx, m))
}

// ResumeValidator implements [committeev1.MsgServer].
func (s MsgServer) ResumeValidator(ctx context.Context, m *committeev1.MsgResumeValidator) (*committeev1.MsgResumeValidatorResponse, error) {
	return answer(&committeev1.MsgResumeValidatorResponse{}, s.k.resumeValidator(ctx, m))
}

// SetCommission implements [committeev1.MsgServer].
func (s MsgServer) SetCommission(ctx context.Context, m *committeev1.MsgSetCommission) (*committeev1.MsgSetCommissionResponse, error) {
	return answer(&committeev1.MsgSetCommissionResponse{}, s.k.setCommission(ctx, m))
}

// SetCommissionReceiver implements [committeev1.MsgServer].
func (s MsgServer) SetCommissionReceiver(ctx context.Context, m *committeev1.MsgSetCommissionReceiver) (*committeev1.MsgSetCommissionReceiverResponse, error) {
	return answer(&committeev1.MsgSetCommissionReceiverResponse{}, s.k.setCommissionReceiver(ctx, m))
}

// SetGovernanceAuthorized implements [committeev1.MsgServer].
func (s MsgServer) SetGovernanceAuthorized(ctx context.Context, m *committeev1.MsgSetGovernanceAuthorized) (*committeev1.MsgSetGovernanceAuthorizedResponse, error) {
	return answer(&committeev1.MsgSetGovernanceAuthorizedResponse{}, s.k.setGovernanceAuthorized(ctx, m))
}

// CollectCommission implements [committeev1.MsgServer].
func (s MsgServer) CollectCommission(ctx context.Context, m *committeev1.MsgCollectCommission) (*committeev1.MsgCollectCommissionResponse, error) {
	amount, err := s.k.collectCommission(ctx, m)
	return answer(&committeev1.MsgCollectCommissionResponse{Amount: amount}, err)
}

// AddCommission implements [committeev1.MsgServer].
func (s MsgServer) AddCommission(ctx context.Context, m *committeev1.MsgAddCommission) (*committeev1.MsgAddCommissionResponse, error) {
	return answer(&committeev1.MsgAddCommissionResponse{}, s.k.addCommission(ctx, m))
}

// JoinActiveSet implements [committeev1.MsgServer].
func (s MsgServer) JoinActiveSet(ctx context.Context, m *committeev1.MsgJoinActiveSet) (*committeev1.MsgJoinActiveSetResponse, error) {
	return answer(&committeev1.MsgJoinActiveSetResponse{}, s.k.joinActiveSet(ctx, m))
}

// SyncDone implements [committeev1.MsgServer].
func (s MsgServer) SyncDone(ctx context.Context, m *committeev1.MsgSyncDone) (*committeev1.MsgSyncDoneResponse, error) {
	return answer(&committeev1.MsgSyncDoneResponse{}, s.k.syncDone(ctx, m))
}

// Stake implements [committeev1.MsgServer].
func (s MsgServer) Stake(ctx context.Context, m *committeev1.MsgStake) (*committeev1.MsgStakeResponse, error) {
	owner, err := account(m.Owner)
	if err != nil {
		return nil, err
	}
	staked, err := s.k.stake(ctx, owner, m.NodeId, m.Amount)
	return answer(&committeev1.MsgStakeResponse{Stake: staked}, err)
}

// RequestWithdraw implements [committeev1.MsgServer].
func (s MsgServer) RequestWithdraw(ctx context.Context, m *committeev1.MsgRequestWithdraw) (*committeev1.MsgRequestWithdrawResponse, error) {
	owner, err := account(m.Owner)
	if err != nil {
		return nil, err
	}
	epoch, err := s.k.requestWithdraw(ctx, owner, m.StakeId)
	return answer(&committeev1.MsgRequestWithdrawResponse{WithdrawEpoch: uint32(epoch)}, err)
}

// Withdraw implements [committeev1.MsgServer].
func (s MsgServer) Withdraw(ctx context.Context, m *committeev1.MsgWithdraw) (*committeev1.MsgWithdrawResponse, error) {
	owner, err := account(m.Owner)
	if err != nil {
		return nil, err
	}
	amount, err := s.k.withdraw(ctx, owner, m.StakeId)
	return answer(&committeev1.MsgWithdrawResponse{Amount: amount}, err)
}

// SplitStake implements [committeev1.MsgServer].
func (s MsgServer) SplitStake(ctx context.Context, m *committeev1.MsgSplitStake) (*committeev1.MsgSplitStakeResponse, error) {
	owner, err := account(m.Owner)
	if err != nil {
		return nil, err
	}
	part, err := s.k.splitStake(ctx, owner, m.StakeId, m.Amount)
	return answer(&committeev1.MsgSplitStakeResponse{Stake: part}, err)
}

// JoinStake implements [committeev1.MsgServer].
func (s MsgServer) JoinStake(ctx context.Context, m *committeev1.MsgJoinStake) (*committeev1.MsgJoinStakeResponse, error) {
	owner, err := account(m.Owner)
	if err != nil {
		return nil, err
	}
	whole, err := s.k.joinStake(ctx, owner, m.StakeId, m.OtherId)
	return answer(&committeev1.MsgJoinStakeResponse{Stake: whole}, err)
}

// TransferStake implements [committeev1.MsgServer].
func (s MsgServer) TransferStake(ctx context.Context, m *committeev1.MsgTransferStake) (*committeev1.MsgTransferStakeResponse, error) {
	owner, err := account(m.Owner)
	if err != nil {
		return nil, err
	}
	recipient, err := account(m.Recipient)
	if err != nil {
		return nil, err
	}
	return answer(&committeev1.MsgTransferStakeResponse{}, s.k.transferStake(ctx, owner, recipient, m.StakeId))
}

// VoteSlash implements [committeev1.MsgServer].
func (s MsgServer) VoteSlash(ctx context.Context, m *committeev1.MsgVoteSlash) (*committeev1.MsgVoteSlashResponse, error) {
	weight, err := s.k.voteSlash(ctx, m)
	return answer(&committeev1.MsgVoteSlashResponse{Weight: weight}, err)
}

// ExecuteSlash implements [committeev1.MsgServer].
func (s MsgServer) ExecuteSlash(ctx context.Context, m *committeev1.MsgExecuteSlash) (*committeev1.MsgExecuteSlashResponse, error) {
	burned, err := s.k.executeSlash(ctx, m)
	return answer(&committeev1.MsgExecuteSlashResponse{Burned: burned}, err)
}

// CleanupVotes implements [committeev1.MsgServer].
func (s MsgServer) CleanupVotes(ctx context.Context, m *committeev1.MsgCleanupVotes) (*committeev1.MsgCleanupVotesResponse, error) {
	return answer(&committeev1.MsgCleanupVotesResponse{}, s.k.cleanupVotes(ctx, m))
}

// VoteUpgrade implements [committeev1.MsgServer].
func (s MsgServer) VoteUpgrade(ctx context.Context, m *committeev1.MsgVoteUpgrade) (*committeev1.MsgVoteUpgradeResponse, error) {
	weight, err := s.k.voteUpgrade(ctx, m)
	return answer(&committeev1.MsgVoteUpgradeResponse{Weight: weight}, err)
}

// AuthorizeUpgrade implements [committeev1.MsgServer].
func (s MsgServer) AuthorizeUpgrade(ctx context.Context, m *committeev1.MsgAuthorizeUpgrade) (*committeev1.MsgAuthorizeUpgradeResponse, error) {
	version, err := s.k.authorizeUpgrade(ctx, m)
	return answer(&committeev1.MsgAuthorizeUpgradeResponse{Version: version}, err)
}

// UpdateProtocolVersion implements [committeev1.MsgServer].
func (s MsgServer) UpdateProtocolVersion(ctx context.Context, m *committeev1.MsgUpdateProtocolVersion) (*committeev1.MsgUpdateProtocolVersionResponse, error) {
	return answer(&committeev1.MsgUpdateProtocolVersionResponse{}, s.k.updateProtocolVersion(ctx, m))
}

// UpdateParams implements [committeev1.MsgServer]. The number of shards cannot change.
func (s MsgServer) UpdateParams(ctx context.Context, m *committeev1.MsgUpdateParams) (*committeev1.MsgUpdateParamsResponse, error) {
	if err := s.k.governs(m.Authority); err != nil {
		return nil, err
	}
	now, err := s.k.params.Get(ctx)
	if err != nil {
		return nil, err
	}
	if err := validateParams(&m.Params); err != nil {
		return nil, sdkerrors.ErrInvalidRequest.Wrap(err.Error())
	}
	if m.Params.NShards != now.NShards {
		return nil, sdkerrors.ErrInvalidRequest.Wrapf("committee: %d shards, and there will always be %d", m.Params.NShards, now.NShards)
	}
	return answer(&committeev1.MsgUpdateParamsResponse{}, s.k.params.Set(ctx, m.Params))
}

// SpendCommunity implements [committeev1.MsgServer].
func (s MsgServer) SpendCommunity(ctx context.Context, m *committeev1.MsgSpendCommunity) (*committeev1.MsgSpendCommunityResponse, error) {
	if err := s.k.governs(m.Authority); err != nil {
		return nil, err
	}
	recipient, err := account(m.Recipient)
	if err != nil {
		return nil, err
	}
	if err := s.k.deps.Bank.SendCoinsFromModuleToAccount(ctx, types.CommunityName, recipient, frost(m.Amount)); err != nil {
		return nil, refusal.Of(sdkerrors.ErrInsufficientFunds.Wrapf("%s: %s", economy.ErrBalanceNotEnough, err))
	}
	return &committeev1.MsgSpendCommunityResponse{}, nil
}

// governs lets only governance act.
func (k Keeper) governs(sender string) error {
	if sender != k.deps.Authority {
		return sdkerrors.ErrUnauthorized.Wrapf("committee: %s does not govern, %s does", sender, k.deps.Authority)
	}
	return nil
}
