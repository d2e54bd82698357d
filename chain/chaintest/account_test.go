package chaintest_test

import (
	"context"
	"testing"

	"cosmossdk.io/api/cosmos/crypto/secp256k1"
	sdksecp256k1 "github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// plainKey is a key of the kind that every Cosmos wallet has.
type plainKey struct{ *sdksecp256k1.PrivKey }

func (k plainKey) Address() ledger.Address { return ledger.Address(k.PubKey().Address()) }

func (k plainKey) PublicKey() (*anypb.Any, error) {
	value, err := proto.Marshal(&secp256k1.PubKey{Key: k.PubKey().Bytes()})
	return &anypb.Any{TypeUrl: "/cosmos.crypto.secp256k1.PubKey", Value: value}, err
}

func TestPlainAccountsWorkBesideOurs(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := chaintest.New(t, nil)
	plain := plainKey{sdksecp256k1.GenPrivKeyFromSecret([]byte("plain"))}
	if err := c.Wallet(0).Send(ctx, plain.Address(), 10*ledger.FrostPerWAL); err != nil {
		t.Fatal(err)
	}
	w, err := c.Client().Wallet(plain, &rpc.WalletOptions{Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := w.Register(ctx, []ledger.Registration{ledgertest.Claim(10, 1, true)})
	if err != nil {
		t.Fatal(err)
	}
	if blobs[0].Owner != plain.Address() {
		t.Errorf("owner %s, want %s", blobs[0].Owner, plain.Address())
	}
}
