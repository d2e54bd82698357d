package chain

import (
	"fmt"
	"sync"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	"github.com/cosmos/cosmos-sdk/codec/address"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/std"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
	txsigning "github.com/cosmos/cosmos-sdk/x/tx/signing"
	"github.com/cosmos/gogoproto/proto"

	"github.com/walrus-go/walrus/chain/x/blob/types"
	"github.com/walrus-go/walrus/ledger"
)

// setGlobals gives the SDK's process-wide settings our values: text prefixes and the default unit.
var setGlobals = sync.OnceFunc(func() {
	config := sdk.GetConfig()
	prefix := ledger.AddressPrefix
	config.SetBech32PrefixForAccount(prefix, prefix+"pub")
	config.SetBech32PrefixForValidator(prefix+"valoper", prefix+"valoperpub")
	config.SetBech32PrefixForConsensusNode(prefix+"valcons", prefix+"valconspub")
	config.Seal()
	sdk.DefaultBondDenom = types.Denom
})

// encoding is how transactions, state and answers become bytes.
type encoding struct {
	registry codectypes.InterfaceRegistry
	codec    *codec.ProtoCodec
	tx       client.TxConfig
}

func newEncoding() (encoding, error) {
	setGlobals()
	registry, err := codectypes.NewInterfaceRegistryWithOptions(codectypes.InterfaceRegistryOptions{
		ProtoFiles: proto.HybridResolver,
		SigningOptions: txsigning.Options{
			AddressCodec:          address.NewBech32Codec(ledger.AddressPrefix),
			ValidatorAddressCodec: address.NewBech32Codec(ledger.AddressPrefix + "valoper"),
		},
	})
	if err != nil {
		return encoding{}, fmt.Errorf("chain: encoding: %w", err)
	}
	std.RegisterInterfaces(registry)
	cdc := codec.NewProtoCodec(registry)
	return encoding{registry: registry, codec: cdc, tx: authtx.NewTxConfig(cdc, authtx.DefaultSignModes)}, nil
}
