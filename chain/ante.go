package chain

import (
	"time"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1eth"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"
	"github.com/cosmos/cosmos-sdk/x/auth/ante"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/walrus-go/walrus/chain/origin"
)

// MaxUnorderedTimeout is how far in the future the timeout of an unordered transaction may lie. The chain
// remembers such a transaction until then, so that it cannot be executed twice.
const MaxUnorderedTimeout = 10 * time.Minute

// newAnteHandler returns what runs before every transaction: size, fee, signature, replay protection.
func (app *App) newAnteHandler() sdk.AnteHandler {
	accounts := app.keepers.account
	return app.placeChecks(sdk.ChainAnteDecorators(
		ante.NewSetUpContextDecorator(), // first: it sets the limit of gas
		boundSimulation{},
		ante.NewExtensionOptionsDecorator(nil),
		ante.NewValidateBasicDecorator(),
		ante.NewTxTimeoutHeightDecorator(),
		ante.NewValidateMemoDecorator(accounts),
		ante.NewConsumeGasForTxSizeDecorator(accounts),
		deductFee{accounts, app.keepers.bank, app.keepers.feegrant},
		ante.NewSetPubKeyDecorator(accounts), // before whatever looks at signatures
		ante.NewValidateSigCountDecorator(accounts),
		ante.NewSigGasConsumeDecorator(accounts, signatureGas),
		ante.NewSigVerificationDecorator(accounts, app.tx.SignModeHandler(),
			ante.WithMaxUnorderedTxTimeoutDuration(MaxUnorderedTimeout)),
		ante.NewIncrementSequenceDecorator(accounts),
	))
}

// boundSimulation gives simulations the limits of queries. The SDK runs them without a limit of gas, and
// anybody may ask for one without a signature or a fee.
type boundSimulation struct{}

// AnteHandle implements [sdk.AnteDecorator].
func (boundSimulation) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	if simulate {
		if size := len(ctx.TxBytes()); size > maxTxBytes {
			return ctx, sdkerrors.ErrTxTooLarge.Wrapf("chain: simulation of %d bytes, at most %d", size, maxTxBytes)
		}
		ctx = ctx.WithGasMeter(storetypes.NewGasMeter(queryGasLimit))
	}
	return next(ctx, tx, simulate)
}

// placeChecks gives checks of new transactions a place in the chain from the moment a node starts. Until
// its first block after a start the application has neither height nor time: it would take what it checks
// for part of a genesis, which has no account numbers and no limits, and every deadline for too far away.
// Blocks bring their own height and time, so this concerns only what one node takes into its mempool.
func (app *App) placeChecks(handler sdk.AnteHandler) sdk.AnteHandler {
	return func(ctx sdk.Context, tx sdk.Tx, simulate bool) (sdk.Context, error) {
		if ctx.ExecMode() != sdk.ExecModeFinalize && ctx.BlockHeight() == 0 {
			ctx = ctx.WithBlockHeight(app.LastBlockHeight() + 1)
			if ctx.BlockTime().IsZero() {
				ctx = ctx.WithBlockTime(time.Now())
			}
		}
		return handler(origin.Remember(ctx), tx, simulate)
	}
}

// signatureGas charges for the check of a signature and says which kinds of keys accounts can have:
// those of the SDK, and keys whose address is the one that Ethereum derives.
func signatureGas(meter storetypes.GasMeter, sig signing.SignatureV2, params authtypes.Params) error {
	if _, ok := sig.PubKey.(*secp256k1eth.PubKey); ok {
		meter.ConsumeGas(params.SigVerifyCostSecp256k1, "ante verify: secp256k1eth")
		return nil
	}
	return ante.DefaultSigVerificationGasConsumer(meter, sig, params)
}
