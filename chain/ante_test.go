package chain

import (
	"errors"
	"testing"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
)

// TestSimulationIsBounded: a simulation costs nothing, so it may take no more work than a query.
func TestSimulationIsBounded(t *testing.T) {
	free := sdk.Context{}.WithGasMeter(storetypes.NewInfiniteGasMeter())
	limit := func(size int, simulate bool) (limit uint64, err error) {
		_, err = boundSimulation{}.AnteHandle(free.WithTxBytes(make([]byte, size)), nil, simulate,
			func(ctx sdk.Context, _ sdk.Tx, _ bool) (sdk.Context, error) {
				limit = ctx.GasMeter().Limit()
				return ctx, nil
			})
		return limit, err
	}
	if got, err := limit(100, true); err != nil || got != queryGasLimit {
		t.Errorf("simulation: limit of %d gas, %v; want %d", got, err, queryGasLimit)
	}
	if _, err := limit(maxTxBytes+1, true); !errors.Is(err, sdkerrors.ErrTxTooLarge) {
		t.Errorf("large simulation: %v, want a refusal", err)
	}
	if got, err := limit(100, false); err != nil || got == queryGasLimit {
		t.Errorf("transaction: limit of %d gas, %v; want it untouched", got, err)
	}
}
