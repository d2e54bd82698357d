package economy_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/walrus-go/walrus/chain/economy"
)

func TestErrorsAreDistinct(t *testing.T) {
	t.Parallel()
	names := make(map[string]bool)
	codes := make(map[string]bool)
	for _, e := range economy.Errors() {
		code := fmt.Sprintf("%s %d", e.Module(), e.Code())
		if names[e.Name()] || codes[code] {
			t.Errorf("%s: name or code is taken", e.Name())
		}
		names[e.Name()], codes[code] = true, true
	}
	if len(names) < 130 {
		t.Errorf("only %d errors", len(names))
	}
	wrapped := fmt.Errorf("stake 7: %w", economy.ErrStakingPoolZeroStake)
	if got := economy.NameOf(wrapped); got != "staking_pool::EZeroStake" || !errors.Is(wrapped, economy.ErrStakingPoolZeroStake) {
		t.Errorf("wrapped: %q", got)
	}
	if got := economy.NameOf(errors.New("other")); got != "" {
		t.Errorf("not ours: %q", got)
	}
}

func TestArithmetic(t *testing.T) {
	t.Parallel()
	const top = math.MaxUint64
	tests := map[string]struct {
		f    func() (uint64, error)
		want uint64
		err  error
	}{
		"add":               {func() (uint64, error) { return economy.Add(top-1, 1) }, top, nil},
		"add too much":      {func() (uint64, error) { return economy.Add(top, 1) }, 0, economy.ErrOverflow},
		"sub":               {func() (uint64, error) { return economy.Sub(1, 1) }, 0, nil},
		"sub too much":      {func() (uint64, error) { return economy.Sub(1, 2) }, 0, economy.ErrOverflow},
		"mul":               {func() (uint64, error) { return economy.Mul(1<<32, 1<<31) }, 1 << 63, nil},
		"mul too much":      {func() (uint64, error) { return economy.Mul(1<<32, 1<<32) }, 0, economy.ErrOverflow},
		"muldiv rounds":     {func() (uint64, error) { return economy.MulDiv(top, top-1, top) }, top - 1, nil},
		"muldiv too much":   {func() (uint64, error) { return economy.MulDiv(top, 2, 1) }, 0, economy.ErrOverflow},
		"muldiv of nothing": {func() (uint64, error) { return economy.MulDiv(1, 1, 0) }, 0, economy.ErrOverflow},
	}
	for name, tc := range tests {
		if got, err := tc.f(); got != tc.want || !errors.Is(err, tc.err) {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
	if economy.SatAdd(top, 1) != top || economy.SatSub(1, 2) != 0 || economy.SatMulDiv(top, 2, 1) != top {
		t.Error("saturation")
	}
}
