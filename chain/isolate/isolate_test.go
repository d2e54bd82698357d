package isolate

import (
	"context"
	"errors"
	"testing"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"
)

func TestRun(t *testing.T) {
	t.Parallel()
	failure := errors.New("a failure")
	if err := Run(func() error { return nil }); err != nil {
		t.Error(err)
	}
	if err := Run(func() error { return failure }); !errors.Is(err, failure) {
		t.Errorf("got %v, want %v", err, failure)
	}
	if err := Run(func() error { panic("a panic") }); err == nil {
		t.Error("a panic is no error")
	}
	defer func() {
		if r, ok := recover().(storetypes.ErrorOutOfGas); !ok || r.Descriptor != "here" {
			t.Errorf("got %v, want the panic of a meter", r)
		}
	}()
	_ = Run(func() error { panic(storetypes.ErrorOutOfGas{Descriptor: "here"}) })
}

// What a step wrote stays if it succeeds, and only then.
func TestBranch(t *testing.T) {
	t.Parallel()
	key := storetypes.NewKVStoreKey("test")
	ctx := testutil.DefaultContext(key, storetypes.NewTransientStoreKey("transient"))
	for name, fail := range map[string]func() error{
		"success": func() error { return nil },
		"error":   func() error { return errors.New("a failure") },
		"panic":   func() error { panic("a panic") },
	} {
		err := Branch(ctx, func(ctx context.Context) error {
			sdk.UnwrapSDKContext(ctx).KVStore(key).Set([]byte(name), []byte{1})
			return fail()
		})
		if kept := ctx.KVStore(key).Has([]byte(name)); kept != (name == "success") || kept != (err == nil) {
			t.Errorf("%s: kept %v, error %v", name, kept, err)
		}
	}
}
