package chain

import (
	"fmt"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain/economy/market"
	"github.com/walrus-go/walrus/chain/economy/storage"
	blobtypes "github.com/walrus-go/walrus/chain/x/blob/types"
	committeekeeper "github.com/walrus-go/walrus/chain/x/committee/keeper"
	committeetypes "github.com/walrus-go/walrus/chain/x/committee/types"
	"github.com/walrus-go/walrus/committee"
)

// An Audit reads the state after the last block, for whoever holds it against the invariants of the rules.
// It must not be used while blocks are made. Source: spec: control-plane.md section 11.1.
type Audit struct {
	k   *keepers
	ctx sdk.Context
}

// Audit opens the state after the last block. What is read costs no gas and changes nothing.
func (app *App) Audit() *Audit {
	store := app.BaseApp.CommitMultiStore().CacheMultiStore()
	ctx := sdk.NewContext(store, cmtproto.Header{ChainID: app.settings.ChainID, Height: app.LastBlockHeight()}, false, app.Logger())
	return &Audit{k: &app.keepers, ctx: ctx}
}

// Money is all there is, in FROST, by where it lies.
type Money struct {
	Supply    uint64
	Fees      uint64 // paid for transactions since the epoch began
	Market    uint64 // held for pots, and for the funds of shared blobs
	Subsidies uint64 // held for subsidies
	Staking   uint64 // held for principals, rewards and commissions
	Community uint64
	Deposits  uint64 // of proposals
	Accounts  uint64 // what everybody else has
}

// Money counts all balances. Its cost grows with the number of accounts.
func (a *Audit) Money() (m Money, err error) {
	modules := map[string]*uint64{
		authtypes.FeeCollectorName: &m.Fees, blobtypes.ModuleName: &m.Market, blobtypes.SubsidiesName: &m.Subsidies,
		committeetypes.ModuleName: &m.Staking, committeetypes.CommunityName: &m.Community, govtypes.ModuleName: &m.Deposits,
	}
	held := make(map[string]*uint64, len(modules))
	for name, field := range modules {
		held[string(authtypes.NewModuleAddress(name))] = field
	}
	a.k.bank.IterateAllBalances(a.ctx, func(owner sdk.AccAddress, coin sdk.Coin) bool {
		switch field, module := held[string(owner)]; {
		case coin.Denom != blobtypes.Denom:
		case !coin.Amount.IsUint64():
			err = fmt.Errorf("chain: %s holds %s", owner, coin)
		case module:
			*field = coin.Amount.Uint64()
		default:
			m.Accounts += coin.Amount.Uint64()
		}
		return err != nil
	})
	supply := a.k.bank.GetSupply(a.ctx, blobtypes.Denom).Amount
	if err == nil && !supply.IsUint64() {
		err = fmt.Errorf("chain: supply of %s", supply)
	}
	if err != nil {
		return m, err
	}
	m.Supply = supply.Uint64()
	return m, nil
}

// Market returns prices, capacity and the accounts of the epochs to come.
func (a *Audit) Market() (market.Market, error) { return a.k.blob.Market(a.ctx) }

// Committee returns what the committee module keeps of nodes, pools and committees.
func (a *Audit) Committee() (committeekeeper.Audit, error) { return a.k.committee.Audit(a.ctx) }

// Projected returns what the pool of a node will have in an epoch.
func (a *Audit) Projected(node committee.NodeID, e committee.Epoch) (uint64, error) {
	return a.k.committee.Projected(a.ctx, node, e)
}

// EachStake calls f for every stake.
func (a *Audit) EachStake(f func(committeev1.Stake) error) error {
	return a.k.committee.EachStake(a.ctx, f)
}

// EachStorage calls f for every storage resource: owned, behind a blob or behind a pool.
func (a *Audit) EachStorage(f func(blobv1.Storage) error) error {
	return a.k.blob.EachStorage(a.ctx, f)
}

// EachBlob calls f for every registration of a blob.
func (a *Audit) EachBlob(f func(blobv1.Blob) error) error { return a.k.blob.EachBlob(a.ctx, f) }

// EachShared calls f for every shared blob.
func (a *Audit) EachShared(f func(blobv1.SharedBlob) error) error {
	return a.k.blob.EachShared(a.ctx, f)
}

// EachPool calls f for every storage pool, those of buckets included.
func (a *Audit) EachPool(f func(blobv1.StoragePool) error) error {
	return a.k.blob.EachPool(a.ctx, f)
}

// EachPooled calls f for every blob of a pool, pool by pool.
func (a *Audit) EachPooled(f func(blobv1.PooledBlob) error) error {
	return a.k.blob.EachPooled(a.ctx, f)
}

// Subsidies returns the rates of subsidies and what they are paid from.
func (a *Audit) Subsidies() (blobv1.Subsidies, error) { return a.k.blob.Subsidies(a.ctx) }

// EventBlobs returns what is known of event blobs.
func (a *Audit) EventBlobs() (storage.EventBlobs, error) { return a.k.blob.EventBlobs(a.ctx) }
