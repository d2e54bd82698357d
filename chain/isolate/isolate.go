// Package isolate keeps what is wrong with a part of the chain's state from stopping the chain.
//
// The idea: what blocks do by themselves must go on whatever is wrong with one node, one stake or one vote.
// So a step runs where its error, or its panic, can be dropped together with what it wrote.
//
// Start with [Branch]; [Run] is for steps that only read, or that run in a branch already.
package isolate

import (
	"context"
	"fmt"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
)

// Branch runs step on a branch of the state and keeps what it wrote if it succeeds. Errors are those of [Run].
func Branch(ctx context.Context, step func(context.Context) error) error {
	branch, write := sdk.UnwrapSDKContext(ctx).CacheContext()
	if err := Run(func() error { return step(branch) }); err != nil {
		return err
	}
	write()
	return nil
}

// Run runs f and returns its error, or its panic as an error. To run out of gas is not the state's fault: it
// goes on as a panic and ends the query.
func Run(f func() error) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case storetypes.ErrorOutOfGas:
			panic(r)
		default:
			err = fmt.Errorf("isolate: state is broken: %v", r)
		}
	}()
	return f()
}
