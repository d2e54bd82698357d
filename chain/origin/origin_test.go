package origin_test

import (
	"crypto/sha256"
	"testing"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/walrus-go/walrus/chain/origin"
)

// A remembered hash is that of the transaction, of this one and no other, and blocks have one of their own.
func TestRememberedOriginIsTheSame(t *testing.T) {
	t.Parallel()
	block := sdk.NewContext(nil, cmtproto.Header{Height: 7}, false, nil)
	for _, tx := range []string{"one", "another"} {
		ctx := block.WithTxBytes([]byte(tx))
		want := sha256.Sum256([]byte(tx))
		if got := origin.Of(ctx); got != want {
			t.Errorf("%q: hash %x, want %x", tx, got, want)
		}
		if got := origin.Of(origin.Remember(ctx)); got != want {
			t.Errorf("%q: remembered hash %x, want %x", tx, got, want)
		}
	}
	if origin.Of(origin.Remember(block)) != origin.Of(block) || origin.Of(block) == origin.Of(block.WithBlockHeight(8)) {
		t.Error("origins of blocks")
	}
}

// Many events of a large transaction cost what many events of a small one cost.
func BenchmarkOf(b *testing.B) {
	ctx := origin.Remember(sdk.NewContext(nil, cmtproto.Header{}, false, nil).WithTxBytes(make([]byte, 1<<20)))
	for b.Loop() {
		origin.Of(ctx)
	}
}
