package chain

import (
	"context"
	"errors"
	"testing"

	"cosmossdk.io/log/v2"
	sdkmath "cosmossdk.io/math"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
)

// purses has accounts with money, and who pays for whom.
type purses struct {
	money  map[string]int64
	grants map[string]string // grantee -> granter
}

func (p purses) GetAccount(_ context.Context, addr sdk.AccAddress) sdk.AccountI {
	if _, ok := p.money[string(addr)]; !ok {
		return nil
	}
	return authtypes.NewBaseAccountWithAddress(addr)
}

func (p purses) SendCoinsFromAccountToModule(_ context.Context, from sdk.AccAddress, _ string, amt sdk.Coins) error {
	if p.money[string(from)] < amt[0].Amount.Int64() {
		return errors.New("too little")
	}
	p.money[string(from)] -= amt[0].Amount.Int64()
	return nil
}

func (p purses) UseGrantedFees(_ context.Context, granter, grantee sdk.AccAddress, _ sdk.Coins, _ []sdk.Msg) error {
	if p.grants[string(grantee)] != string(granter) {
		return errors.New("no grant")
	}
	return nil
}

// feeTx is a transaction of which only the fee matters.
type feeTx struct {
	sdk.Tx
	gas            uint64
	fee            int64
	payer, granter string
}

func (t feeTx) GetMsgs() []sdk.Msg { return nil }
func (t feeTx) GetGas() uint64     { return t.gas }
func (t feeTx) FeePayer() []byte   { return []byte(t.payer) }
func (t feeTx) FeeGranter() []byte { return []byte(t.granter) }
func (t feeTx) GetFee() sdk.Coins {
	return sdk.NewCoins(sdk.NewCoin("frost", sdkmath.NewInt(t.fee)))
}

func TestWhoPaysTheFee(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		tx    feeTx
		block bool // in a block instead of a check
		want  error
		paid  map[string]int64
	}{
		{"the signer", feeTx{gas: 100, fee: 10, payer: "rich"}, false, nil, map[string]int64{"rich": 10}},
		{"who granted it", feeTx{gas: 100, fee: 10, payer: "poor", granter: "rich"}, false, nil, map[string]int64{"rich": 10}},
		{"himself, named as granter", feeTx{gas: 100, fee: 10, payer: "rich", granter: "rich"}, false, nil, map[string]int64{"rich": 10}},
		{"nobody who did not grant it", feeTx{gas: 100, fee: 10, payer: "stranger", granter: "rich"}, false, sdkerrors.ErrUnauthorized, nil},
		{"nobody without money", feeTx{gas: 100, fee: 10, payer: "poor"}, false, sdkerrors.ErrInsufficientFunds, nil},
		{"nobody who does not exist", feeTx{gas: 100, fee: 10, payer: "ghost"}, false, sdkerrors.ErrUnknownAddress, nil},
		{"too little for this node", feeTx{gas: 101, fee: 10, payer: "rich"}, false, sdkerrors.ErrInsufficientFee, nil},
		{"that little in a block", feeTx{gas: 101, fee: 10, payer: "rich"}, true, nil, map[string]int64{"rich": 10}},
		{"nothing in a block", feeTx{gas: 101, payer: "rich"}, true, nil, nil},
		{"for no gas", feeTx{fee: 10, payer: "rich"}, true, sdkerrors.ErrInvalidGasLimit, nil},
	} {
		start := map[string]int64{"rich": 1000, "poor": 0, "stranger": 0}
		p := purses{money: map[string]int64{"rich": 1000, "poor": 0, "stranger": 0}, grants: map[string]string{"poor": "rich"}}
		ctx := sdk.NewContext(nil, cmtproto.Header{Height: 1}, !test.block, log.NewNopLogger()).
			WithMinGasPrices(sdk.NewDecCoins(sdk.NewDecCoinFromDec("frost", sdkmath.LegacyMustNewDecFromStr("0.1"))))
		_, err := deductFee{p, p, p}.AnteHandle(ctx, test.tx, false, func(ctx sdk.Context, _ sdk.Tx, _ bool) (sdk.Context, error) {
			return ctx, nil
		})
		if !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
		for who, before := range start {
			if got := before - p.money[who]; got != test.paid[who] {
				t.Errorf("%s: %s paid %d, want %d", test.name, who, got, test.paid[who])
			}
		}
	}
}
