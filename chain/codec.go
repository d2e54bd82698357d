package chain

import (
	"github.com/cosmos/cosmos-sdk/codec"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/x/auth"
	authzmodule "github.com/cosmos/cosmos-sdk/x/authz/module"
	"github.com/cosmos/cosmos-sdk/x/bank"
	"github.com/cosmos/cosmos-sdk/x/consensus"
	feegrantmodule "github.com/cosmos/cosmos-sdk/x/feegrant/module"
	"github.com/cosmos/cosmos-sdk/x/gov"

	"github.com/walrus-go/walrus/chain/x/blob"
	"github.com/walrus-go/walrus/chain/x/committee"
	"github.com/walrus-go/walrus/chain/x/event"
)

// NewCodec returns what turns messages, and answers that hold messages, of all of the chain's modules into
// JSON and back, for programs that have no application.
func NewCodec() (*codec.ProtoCodec, error) {
	enc, err := newEncoding()
	if err != nil {
		return nil, err
	}
	module.NewBasicManager(
		auth.AppModuleBasic{}, bank.AppModuleBasic{}, consensus.AppModuleBasic{}, authzmodule.AppModuleBasic{},
		feegrantmodule.AppModuleBasic{}, upgradeModule{}, gov.AppModuleBasic{},
		event.AppModule{}, committee.AppModule{}, blob.AppModule{},
	).RegisterInterfaces(enc.registry)
	return enc.codec, nil
}
