package chain

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	sdkmath "cosmossdk.io/math"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	eventv1 "github.com/walrus-go/walrus/api/event/v1"
	blobtypes "github.com/walrus-go/walrus/chain/x/blob/types"
	committeetypes "github.com/walrus-go/walrus/chain/x/committee/types"
	eventtypes "github.com/walrus-go/walrus/chain/x/event/types"
	"github.com/walrus-go/walrus/ledger"
)

// putGenesis replaces the parts of a default genesis that opts speak of.
func (app *App) putGenesis(state map[string]json.RawMessage, opts GenesisOptions, committees *committeev1.GenesisState) error {
	inStake, err := staked(committees)
	if err != nil {
		return fmt.Errorf("%w: stakes: %w", ErrGenesis, err)
	}
	accounts, money, err := accountGenesis(opts.Accounts, inStake)
	if err != nil {
		return err
	}
	state[authtypes.ModuleName] = app.codec.MustMarshalJSON(accounts)
	state[banktypes.ModuleName] = app.codec.MustMarshalJSON(money)
	state[committeetypes.ModuleName] = app.codec.MustMarshalJSON(committees)
	state[blobtypes.ModuleName] = app.codec.MustMarshalJSON(marketGenesis(opts, committees.Epoch.Number))
	state[govtypes.ModuleName] = app.codec.MustMarshalJSON(governanceGenesis(opts.VotingPeriod))
	state[eventtypes.ModuleName] = app.codec.MustMarshalJSON(&eventv1.GenesisState{
		Params: eventv1.Params{KeepEpochs: uint32(min(max(opts.LogEpochs, 0), math.MaxInt32))},
	})
	return nil
}

// Deposits that bring a proposal to the vote, in WAL.
const (
	proposalDeposit  = 100
	expeditedDeposit = 500
)

// MinVotingPeriod is the shortest that leaves anybody time to vote.
const MinVotingPeriod = 10 * time.Second

// governanceGenesis is the SDK's, with deposits that are worth something and a period of voting.
func governanceGenesis(voting time.Duration) *govv1.GenesisState {
	g := govv1.DefaultGenesisState()
	expedited := voting / 2
	g.Params.VotingPeriod, g.Params.ExpeditedVotingPeriod = &voting, &expedited
	deposit := func(n int64) sdk.Coins { return sdk.NewCoins(sdk.NewInt64Coin(blobtypes.Denom, n*ledger.FrostPerWAL)) }
	g.Params.MinDeposit, g.Params.ExpeditedMinDeposit = deposit(proposalDeposit), deposit(expeditedDeposit)
	return g
}

// accountGenesis makes the accounts and their balances, and that of the account that holds stakes.
func accountGenesis(list []GenesisAccount, inStake uint64) (*authtypes.GenesisState, *banktypes.GenesisState, error) {
	accounts := make(authtypes.GenesisAccounts, len(list))
	money := banktypes.DefaultGenesisState()
	money.DenomMetadata = []banktypes.Metadata{walMetadata()}
	fund := func(addr sdk.AccAddress, amount uint64) {
		coins := sdk.NewCoins(sdk.NewCoin(blobtypes.Denom, sdkmath.NewIntFromUint64(amount)))
		money.Balances = append(money.Balances, banktypes.Balance{Address: addr.String(), Coins: coins})
		money.Supply = money.Supply.Add(coins...)
	}
	for i, a := range list {
		addr := sdk.AccAddress(a.Address[:])
		accounts[i] = authtypes.NewBaseAccount(addr, nil, uint64(i), 0)
		fund(addr, a.Amount)
	}
	if inStake > 0 {
		fund(authtypes.NewModuleAddress(committeetypes.ModuleName), inStake)
	}
	if !money.Supply.Empty() && !money.Supply[0].Amount.IsUint64() {
		return nil, nil, fmt.Errorf("%w: supply of %s", ErrGenesis, money.Supply)
	}
	return authtypes.NewGenesisState(authtypes.DefaultParams(), accounts), money, nil
}

func walMetadata() banktypes.Metadata {
	return banktypes.Metadata{
		Description: "What pays for storage, stakes and votes.",
		DenomUnits: []*banktypes.DenomUnit{
			{Denom: blobtypes.Denom, Exponent: 0},
			{Denom: "wal", Exponent: 9},
		},
		Base:    blobtypes.Denom,
		Display: "wal",
		Name:    "WAL",
		Symbol:  "WAL",
	}
}

// marketGenesis makes an empty market in the given epoch.
func marketGenesis(opts GenesisOptions, epoch uint32) *blobv1.GenesisState {
	g := &blobv1.GenesisState{
		Params: blobv1.Params{MaxEpochsAhead: opts.MaxEpochsAhead},
		System: blobv1.System{
			TotalCapacity: opts.Capacity, StoragePrice: opts.StoragePrice, WritePrice: opts.WritePrice,
		},
	}
	for i := range opts.MaxEpochsAhead {
		g.Ring.Entries = append(g.Ring.Entries, blobv1.Accounting{Epoch: epoch + i})
	}
	return g
}
