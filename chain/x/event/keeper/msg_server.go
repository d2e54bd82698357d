package keeper

import (
	"context"

	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	eventv1 "github.com/walrus-go/walrus/api/event/v1"
)

// MsgServer executes the module's messages.
type MsgServer struct{ k Keeper }

var _ eventv1.MsgServer = MsgServer{}

// NewMsgServer returns the message server of k.
func NewMsgServer(k Keeper) MsgServer { return MsgServer{k} }

// UpdateParams implements [eventv1.MsgServer].
func (s MsgServer) UpdateParams(ctx context.Context, m *eventv1.MsgUpdateParams) (*eventv1.MsgUpdateParamsResponse, error) {
	if m.Authority != s.k.authority {
		return nil, sdkerrors.ErrUnauthorized.Wrapf("event: %s does not govern the log", m.Authority)
	}
	return &eventv1.MsgUpdateParamsResponse{}, s.k.params.Set(ctx, m.Params)
}
