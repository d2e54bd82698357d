package keeper

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"cosmossdk.io/collections"
	sdkmath "cosmossdk.io/math"
	abci "github.com/cometbft/cometbft/abci/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/election"
	blobtypes "github.com/walrus-go/walrus/chain/x/blob/types"
	"github.com/walrus-go/walrus/chain/x/committee/types"
)

// ErrGenesis means that the committees or nodes of a genesis contradict each other or the rules.
var ErrGenesis = errors.New("committee: invalid genesis")

// Validate checks a genesis by itself: every node's proof of possession, the order and uniqueness of
// nodes, and that each committee divides all shards among registered nodes.
func Validate(g *committeev1.GenesisState) error {
	if err := validateParams(&g.Params); err != nil {
		return fmt.Errorf("%w: %w", ErrGenesis, err)
	}
	if g.Epoch.Phase == committeev1.EPOCH_PHASE_UNSPECIFIED {
		return fmt.Errorf("%w: epoch %d has no phase", ErrGenesis, g.Epoch.Number)
	}
	registered, err := validateNodes(g.Nodes)
	if err != nil {
		return err
	}
	var current, next bool
	for i, c := range g.Committees {
		if i > 0 && c.Epoch <= g.Committees[i-1].Epoch {
			return fmt.Errorf("%w: committee of epoch %d is out of order", ErrGenesis, c.Epoch)
		}
		if err := validateCommittee(&c, g.Params.NShards, registered); err != nil {
			return fmt.Errorf("%w: committee of epoch %d: %w", ErrGenesis, c.Epoch, err)
		}
		current = current || c.Epoch == g.Epoch.Number
		next = next || c.Epoch == g.Epoch.Number+1
	}
	if !current {
		return fmt.Errorf("%w: no committee for epoch %d", ErrGenesis, g.Epoch.Number)
	}
	if g.Epoch.Phase == committeev1.EPOCH_PHASE_NEXT_PARAMS_SELECTED && !next {
		return fmt.Errorf("%w: no committee for epoch %d, which is selected", ErrGenesis, g.Epoch.Number+1)
	}
	return errors.Join(validateStakes(g, registered), validateVotes(g, registered))
}

// validateVotes checks the proposals that nodes vote on: one that cannot be read back, or is of an epoch to come,
// would be there for ever.
func validateVotes(g *committeev1.GenesisState, registered map[string]bool) error {
	for _, p := range g.Slashings {
		if !registered[string(p.Subject)] {
			return fmt.Errorf("%w: votes to slash node %s, which is not registered", ErrGenesis, hexID(p.Subject))
		}
	}
	for _, p := range g.Upgrades {
		if len(p.Subject) != sha256.Size {
			return fmt.Errorf("%w: votes for an upgrade with a digest of %d bytes", ErrGenesis, len(p.Subject))
		}
	}
	for _, p := range slices.Concat(g.Slashings, g.Upgrades) {
		if p.Epoch > g.Epoch.Number {
			return fmt.Errorf("%w: votes on %s in epoch %d", ErrGenesis, hexID(p.Subject), p.Epoch)
		}
		for _, voter := range p.Voters {
			if !registered[string(voter)] {
				return fmt.Errorf("%w: vote on %s of node %s, which is not registered", ErrGenesis, hexID(p.Subject), hexID(voter))
			}
		}
	}
	return nil
}

func validateParams(p *committeev1.Params) error {
	switch {
	case p.NShards == 0 || p.NShards > 1<<16-1:
		return fmt.Errorf("%d shards, want 1 to 65535", p.NShards)
	case p.MaxActiveNodes == 0 || p.MaxActiveNodes > maxActiveNodes:
		return fmt.Errorf("%d active nodes, want 1 to %d", p.MaxActiveNodes, maxActiveNodes)
	case !election.Selectable(uint16(p.NShards), int(p.MaxActiveNodes)):
		return fmt.Errorf("%d shards for up to %d active nodes: from %d nodes on none may hold more than a tenth of the shards, which is none at all; allow at most %d active nodes",
			p.NShards, p.MaxActiveNodes, election.MaxUncapped+1, election.MaxUncapped)
	case p.EpochDurationMs > maxEpochMs:
		return fmt.Errorf("epochs of %d ms, want at most %d", p.EpochDurationMs, maxEpochMs)
	}
	return nil
}

// Bounds of the parameters: a larger active set makes a change of epochs slow, a longer epoch is a mistake
// that nothing could undo.
const (
	maxActiveNodes = 1000
	maxEpochMs     = 366 * 24 * 3600 * 1000
)

// validateStakes checks pools, rates, stakes, votes and validators: that they are about registered nodes,
// and that numbers are in the ranges the rules work with.
func validateStakes(g *committeev1.GenesisState, registered map[string]bool) error {
	if len(g.Pools) != len(g.Nodes) {
		return fmt.Errorf("%w: %d pools for %d nodes", ErrGenesis, len(g.Pools), len(g.Nodes))
	}
	for i, p := range g.Pools {
		if !bytes.Equal(p.NodeId, g.Nodes[i].Id) {
			return fmt.Errorf("%w: pool %d is of node %s", ErrGenesis, i, hexID(p.NodeId))
		}
		if p.Shares > p.Balance || p.BlockedCommission > p.Commission || p.CommissionRate > economy.BasisPoints {
			return fmt.Errorf("%w: pool of node %s is out of balance", ErrGenesis, hexID(p.NodeId))
		}
	}
	for _, r := range g.Rates {
		if !registered[string(r.NodeId)] || r.Rate.Shares > r.Rate.Wal {
			return fmt.Errorf("%w: rate of node %s in epoch %d", ErrGenesis, hexID(r.NodeId), r.Epoch)
		}
	}
	seen := make(map[string]bool, len(g.Stakes))
	for _, s := range g.Stakes {
		if len(s.Id) != 32 || len(s.Owner) != 20 || !registered[string(s.NodeId)] || s.Principal < economy.MinStake || seen[string(s.Id)] {
			return fmt.Errorf("%w: stake %s", ErrGenesis, hexID(s.Id))
		}
		seen[string(s.Id)] = true
	}
	for _, c := range g.ActiveSet.Entries {
		if !registered[string(c.NodeId)] {
			return fmt.Errorf("%w: active node %s is not registered", ErrGenesis, hexID(c.NodeId))
		}
	}
	for _, v := range g.Validators {
		if len(v.Key) != 32 || !registered[string(v.NodeId)] || v.Power < 0 || v.Weight < 0 {
			return fmt.Errorf("%w: validator of node %s", ErrGenesis, hexID(v.NodeId))
		}
	}
	return nil
}

func validateNodes(nodes []committeev1.Node) (registered map[string]bool, err error) {
	registered = make(map[string]bool, len(nodes))
	for i := range nodes {
		n := &nodes[i]
		if len(n.Id) != 32 || len(n.Owner) != 20 {
			return nil, fmt.Errorf("%w: node %d has an ID of %d and an owner of %d bytes", ErrGenesis, i, len(n.Id), len(n.Owner))
		}
		if i > 0 && bytes.Compare(nodes[i-1].Id, n.Id) >= 0 {
			return nil, fmt.Errorf("%w: node %s is out of order", ErrGenesis, hexID(n.Id))
		}
		if err := checkRegistration(n, 0); err != nil {
			return nil, fmt.Errorf("%w: node %s: %w", ErrGenesis, hexID(n.Id), err)
		}
		if l := len(n.ConsensusPublicKey); l != 0 && l != 32 {
			return nil, fmt.Errorf("%w: node %s has a consensus key of %d bytes", ErrGenesis, hexID(n.Id), l)
		}
		if l := len(n.ReplacedConsensusKey); l != 0 && l != 32 {
			return nil, fmt.Errorf("%w: node %s has replaced a consensus key of %d bytes", ErrGenesis, hexID(n.Id), l)
		}
		registered[string(n.Id)] = true
	}
	return registered, nil
}

func validateCommittee(c *committeev1.Committee, shards uint32, registered map[string]bool) error {
	if c.NShards != shards {
		return fmt.Errorf("%d shards, want %d", c.NShards, shards)
	}
	for _, m := range c.Members {
		if !registered[string(m.NodeId)] {
			return fmt.Errorf("member %s is not registered", hexID(m.NodeId))
		}
	}
	_, err := decode(*c, nil)
	return err
}

// InitGenesis writes a genesis to an empty store and returns the validators.
func (k Keeper) InitGenesis(ctx context.Context, g *committeev1.GenesisState) ([]abci.ValidatorUpdate, error) {
	if err := Validate(g); err != nil {
		return nil, err
	}
	if err := k.checkMoney(ctx, g); err != nil {
		return nil, err
	}
	version := g.Version
	if version == 0 {
		version = 1
	}
	errs := []error{
		k.params.Set(ctx, g.Params), k.epoch.Set(ctx, g.Epoch), k.active.Set(ctx, g.ActiveSet), k.version.Set(ctx, version),
	}
	for _, n := range g.Nodes {
		errs = append(errs, k.nodes.Set(ctx, n.Id, n))
	}
	for _, c := range g.Committees {
		errs = append(errs, k.committees.Set(ctx, c.Epoch, c))
	}
	for _, p := range g.Pools {
		errs = append(errs, k.pools.Set(ctx, p.NodeId, p))
	}
	for _, r := range g.Rates {
		errs = append(errs, k.rates.Set(ctx, collections.Join(r.NodeId, r.Epoch), r.Rate))
	}
	for _, s := range g.Stakes {
		errs = append(errs, k.putStake(ctx, s))
	}
	for _, p := range g.Slashings {
		errs = append(errs, k.slashings.Set(ctx, p.Subject, p))
	}
	for _, p := range g.Upgrades {
		errs = append(errs, k.upgrades.Set(ctx, p.Subject, p))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return k.initValidators(ctx, g)
}

// checkMoney checks that the module's account holds what is staked, earned and not yet collected.
func (k Keeper) checkMoney(ctx context.Context, g *committeev1.GenesisState) error {
	owed := sdkmath.ZeroInt()
	for _, s := range g.Stakes {
		owed = owed.Add(sdkmath.NewIntFromUint64(s.Principal))
	}
	for _, p := range g.Pools {
		owed = owed.Add(sdkmath.NewIntFromUint64(p.RewardsPool)).Add(sdkmath.NewIntFromUint64(p.Commission))
	}
	held := k.deps.Bank.GetBalance(ctx, authtypes.NewModuleAddress(types.ModuleName), blobtypes.Denom).Amount
	if held.LT(owed) {
		return fmt.Errorf("%w: %s FROST are staked or earned, the module's account holds %s", ErrGenesis, owed, held)
	}
	return nil
}

// initValidators stores the validators and returns those with power. A genesis that names none has those of
// its current committee: the members that run one, each with a power of one per shard.
func (k Keeper) initValidators(ctx context.Context, g *committeev1.GenesisState) ([]abci.ValidatorUpdate, error) {
	list := g.Validators
	if len(list) == 0 {
		for _, c := range g.Committees {
			if c.Epoch == g.Epoch.Number {
				list = firstValidators(&c)
			}
		}
	}
	var updates []abci.ValidatorUpdate
	for _, v := range list {
		address := consensusAddress(v.Key)
		if err := k.validators.Set(ctx, address, v); err != nil {
			return nil, err
		}
		if v.Power == 0 && v.LeftMs > 0 && !v.Convicted {
			if err := k.left.Set(ctx, collections.Join(v.LeftMs, address)); err != nil {
				return nil, err
			}
		}
		if v.Power > 0 {
			if err := k.powered.Set(ctx, address); err != nil {
				return nil, err
			}
			updates = append(updates, validatorUpdate(v.Key, v.Power))
		}
	}
	return updates, nil
}

// firstValidators are the validators of a first committee. They count as known to sign: without them there
// is no chain.
func firstValidators(c *committeev1.Committee) []committeev1.Validator {
	var out []committeev1.Validator
	for _, m := range c.Members {
		if len(m.ConsensusPublicKey) > 0 {
			n := int64(len(m.Shards))
			out = append(out, committeev1.Validator{Key: m.ConsensusPublicKey, NodeId: m.NodeId, Power: n, Weight: n, Proven: true})
		}
	}
	return out
}

// ExportGenesis returns the whole state.
func (k Keeper) ExportGenesis(ctx context.Context) (*committeev1.GenesisState, error) {
	g := &committeev1.GenesisState{}
	var errs [11]error
	g.Params, errs[0] = k.params.Get(ctx)
	g.Epoch, errs[1] = k.epoch.Get(ctx)
	g.Nodes, errs[2] = values(ctx, k.nodes)
	g.Committees, errs[3] = values(ctx, k.committees)
	g.Pools, errs[4] = values(ctx, k.pools)
	g.Rates, errs[5] = k.exportRates(ctx)
	g.Stakes, errs[6] = values(ctx, k.stakes)
	g.ActiveSet, errs[7] = k.active.Get(ctx)
	g.Slashings, errs[8] = values(ctx, k.slashings)
	g.Upgrades, errs[9] = values(ctx, k.upgrades)
	g.Validators, errs[10] = values(ctx, k.validators)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	var err error
	g.Version, err = k.version.Get(ctx)
	return g, err
}

func (k Keeper) exportRates(ctx context.Context) ([]committeev1.PoolRate, error) {
	it, err := k.rates.Iterate(ctx, nil)
	if err != nil {
		return nil, err
	}
	all, err := it.KeyValues()
	if err != nil {
		return nil, err
	}
	var out []committeev1.PoolRate
	for _, kv := range all {
		out = append(out, committeev1.PoolRate{NodeId: kv.Key.K1(), Epoch: kv.Key.K2(), Rate: kv.Value})
	}
	return out, nil
}

func values[K, V any](ctx context.Context, m collections.Map[K, V]) ([]V, error) {
	it, err := m.Iterate(ctx, nil)
	if err != nil {
		return nil, err
	}
	return it.Values()
}
