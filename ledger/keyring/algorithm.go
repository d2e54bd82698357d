package keyring

import (
	"errors"
	"sync"

	store "github.com/99designs/keyring"
	"github.com/cosmos/cosmos-sdk/crypto/hd"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1eth"
	"github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	"github.com/walrus-go/walrus/ledger"
)

// ethAlgorithm is secp256k1 with Ethereum's addresses: secrets are drawn from phrases as for any
// secp256k1 key, and only the address differs.
type ethAlgorithm struct{}

// Name implements the SDK's SignatureAlgo.
func (ethAlgorithm) Name() hd.PubKeyType { return "secp256k1eth" }

// Derive implements the SDK's SignatureAlgo.
func (ethAlgorithm) Derive() hd.DeriveFn { return hd.Secp256k1.Derive() }

// Generate implements the SDK's SignatureAlgo.
func (ethAlgorithm) Generate() hd.GenerateFn {
	return func(secret []byte) types.PrivKey {
		return &secp256k1eth.PrivKey{Key: append([]byte(nil), secret...)}
	}
}

// setPrefix gives the SDK's process-wide setting our value. The SDK remembers the text of every address it
// has written, so this comes before the first; a chain in the same process sets the same and seals it.
var setPrefix = sync.OnceFunc(func() {
	if c := sdk.GetConfig(); c.GetBech32AccountAddrPrefix() != ledger.AddressPrefix {
		c.SetBech32PrefixForAccount(ledger.AddressPrefix, ledger.AddressPrefix+"pub")
	}
})

// isMissing tells whether an error of the SDK's keyring says that there is no such key.
func isMissing(err error) bool {
	return errors.Is(err, sdkerrors.ErrKeyNotFound) || errors.Is(err, store.ErrKeyNotFound)
}
