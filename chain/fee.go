package chain

import (
	"bytes"
	"context"

	sdkmath "cosmossdk.io/math"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
)

// deductFee takes the fee of a transaction from who pays it: the first signer, or an account that granted
// it to him. The SDK's own step does the same but keeps the name of the receiving module in a variable of
// the process, which several applications in one process would write while others read.
type deductFee struct {
	accounts interface {
		GetAccount(ctx context.Context, addr sdk.AccAddress) sdk.AccountI
	}
	bank interface {
		SendCoinsFromAccountToModule(ctx context.Context, from sdk.AccAddress, module string, amt sdk.Coins) error
	}
	grants interface {
		UseGrantedFees(ctx context.Context, granter, grantee sdk.AccAddress, fee sdk.Coins, msgs []sdk.Msg) error
	}
}

// AnteHandle implements [sdk.AnteDecorator].
func (d deductFee) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	paid, ok := tx.(sdk.FeeTx)
	if !ok {
		return ctx, sdkerrors.ErrTxDecode.Wrap("transaction without a fee")
	}
	if !simulate {
		if paid.GetGas() == 0 {
			return ctx, sdkerrors.ErrInvalidGasLimit.Wrap("limit of gas is zero")
		}
		if err := checkMinGasPrice(ctx, paid); err != nil {
			return ctx, err
		}
	}
	payer, err := d.payer(ctx, paid)
	if err != nil {
		return ctx, err
	}
	if err := d.take(ctx, payer, paid.GetFee()); err != nil {
		return ctx, err
	}
	ctx.EventManager().EmitEvent(sdk.NewEvent(sdk.EventTypeTx,
		sdk.NewAttribute(sdk.AttributeKeyFee, paid.GetFee().String()),
		sdk.NewAttribute(sdk.AttributeKeyFeePayer, payer.String()),
	))
	return next(ctx, tx, simulate)
}

// checkMinGasPrice holds a transaction against the price that this node asks for. It is no rule of the
// chain: in a block every price will do.
func checkMinGasPrice(ctx sdk.Context, tx sdk.FeeTx) error {
	prices := ctx.MinGasPrices()
	if !ctx.IsCheckTx() || prices.IsZero() {
		return nil
	}
	gas := sdkmath.LegacyNewDecFromInt(sdkmath.NewIntFromUint64(tx.GetGas()))
	required := make(sdk.Coins, len(prices))
	for i, p := range prices {
		required[i] = sdk.NewCoin(p.Denom, p.Amount.Mul(gas).Ceil().RoundInt())
	}
	if !tx.GetFee().IsAnyGTE(required) {
		return sdkerrors.ErrInsufficientFee.Wrapf("chain: fee of %s, this node wants %s", tx.GetFee(), required)
	}
	return nil
}

// payer returns the account that pays, after using up a grant if there is one.
func (d deductFee) payer(ctx sdk.Context, tx sdk.FeeTx) (sdk.AccAddress, error) {
	payer, granter := sdk.AccAddress(tx.FeePayer()), sdk.AccAddress(tx.FeeGranter())
	if len(granter) == 0 || bytes.Equal(granter, payer) {
		return payer, nil
	}
	if err := d.grants.UseGrantedFees(ctx, granter, payer, tx.GetFee(), tx.GetMsgs()); err != nil {
		return nil, sdkerrors.ErrUnauthorized.Wrapf("chain: %s does not pay for %s: %s", granter, payer, err.Error())
	}
	return granter, nil
}

func (d deductFee) take(ctx sdk.Context, payer sdk.AccAddress, fee sdk.Coins) error {
	if d.accounts.GetAccount(ctx, payer) == nil {
		return sdkerrors.ErrUnknownAddress.Wrapf("chain: account %s was never paid anything", payer)
	}
	if fee.IsZero() {
		return nil
	}
	if !fee.IsValid() {
		return sdkerrors.ErrInsufficientFee.Wrapf("chain: fee %q is not an amount", fee)
	}
	if err := d.bank.SendCoinsFromAccountToModule(ctx, payer, authtypes.FeeCollectorName, fee); err != nil {
		return sdkerrors.ErrInsufficientFunds.Wrap(err.Error())
	}
	return nil
}
