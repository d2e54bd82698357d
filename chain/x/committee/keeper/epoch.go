package keeper

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"

	abci "github.com/cometbft/cometbft/abci/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	"github.com/cosmos/gogoproto/proto"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	eventv1 "github.com/walrus-go/walrus/api/event/v1"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/chain/economy/election"
	"github.com/walrus-go/walrus/chain/economy/epoch"
	"github.com/walrus-go/walrus/chain/economy/stake"
	"github.com/walrus-go/walrus/chain/isolate"
	blobtypes "github.com/walrus-go/walrus/chain/x/blob/types"
	"github.com/walrus-go/walrus/chain/x/committee/types"
	"github.com/walrus-go/walrus/committee"
)

// EndBlock ends the voting and the epoch when their time has come, and returns what changes about the
// validators. It has no errors: a step that fails is undone, logged and tried again with the next block.
func (k Keeper) EndBlock(ctx context.Context) []abci.ValidatorUpdate {
	k.attempt(ctx, "end of voting", k.endVoting)
	k.attempt(ctx, "epoch change", k.changeEpoch)
	var updates []abci.ValidatorUpdate
	if !k.attempt(ctx, "validators", func(ctx context.Context) (err error) {
		updates, err = k.weighValidators(ctx)
		return err
	}) {
		return nil
	}
	return updates
}

// attempt runs a step of a block, all or nothing, and tells whether it succeeded. What the block does by
// itself must not stop the chain, whatever is wrong with the state.
func (k Keeper) attempt(ctx context.Context, what string, step func(context.Context) error) bool {
	err := isolate.Branch(ctx, step)
	if err != nil {
		sdkCtx := sdk.UnwrapSDKContext(ctx)
		sdkCtx.Logger().Error("committee: "+what+" failed", "height", sdkCtx.BlockHeight(), "err", err)
	}
	return err == nil
}

// machine is the epoch machine as the rules see it. It is not running while epochs have no length.
func machine(p *committeev1.Params, e *committeev1.Epoch) epoch.Machine {
	m := epoch.Machine{
		Shards: uint16(p.NShards), Duration: p.EpochDurationMs, Epoch: committee.Epoch(e.Number),
		Since: e.DoneMs, Reported: uint16(e.SyncedWeight),
	}
	switch e.Phase {
	case committeev1.EPOCH_PHASE_CHANGE_SYNC:
		m.Phase = epoch.Sync
	case committeev1.EPOCH_PHASE_NEXT_PARAMS_SELECTED:
		m.Phase = epoch.Selected
	}
	return m
}

// state returns the parameters and the epoch.
func (k Keeper) state(ctx context.Context) (p committeev1.Params, e committeev1.Epoch, err error) {
	if p, err = k.params.Get(ctx); err != nil {
		return p, e, err
	}
	e, err = k.epoch.Get(ctx)
	return p, e, err
}

// electionOf is a committee as the rules see it.
func electionOf(c *committeev1.Committee) election.Committee {
	out := make(election.Committee, len(c.Members))
	for i, m := range c.Members {
		copy(out[i].Node[:], m.NodeId)
		out[i].Shards = make([]committee.Shard, len(m.Shards))
		for j, s := range m.Shards {
			out[i].Shards[j] = committee.Shard(s)
		}
	}
	return out
}

// endVoting selects the next committee and capacity. Source: spec: control-plane.md section 7.2.
func (k Keeper) endVoting(ctx context.Context) error {
	params, e, err := k.state(ctx)
	if err != nil {
		return err
	}
	m := machine(&params, &e)
	if params.EpochDurationMs == 0 || m.CheckVotingEnd(nowMs(ctx)) != nil {
		return nil
	}
	current, err := k.committees.Get(ctx, e.Number)
	if err != nil {
		return err
	}
	active, err := k.activeSet(ctx)
	if err != nil {
		return err
	}
	candidates := make(map[committee.NodeID]committeev1.Member, len(active.Entries))
	sel, err := epoch.Select(active, electionOf(&current), uint16(params.NShards), func(id committee.NodeID) (uint64, error) {
		node, err := k.node(ctx, id[:])
		if err == nil {
			candidates[id], err = candidate(&node, id, &current)
		}
		return node.Votes.Capacity, err
	})
	if err != nil {
		return err
	}
	next := freeze(&params, e.Number+1, sel.Committee, candidates, &active)
	if err := k.committees.Set(ctx, next.Epoch, next); err != nil {
		return err
	}
	k.clearBlocked(ctx, e.Number-1)
	e.Phase, e.NextCapacity = committeev1.EPOCH_PHASE_NEXT_PARAMS_SELECTED, sel.Capacity
	if err := k.epoch.Set(ctx, e); err != nil {
		return err
	}
	return errors.Join(k.skipped(ctx, m.Epoch, "selection", sel.Failed),
		k.emit(ctx, &eventv1.EpochParametersSelected{NextEpoch: e.Number + 1}))
}

// candidate is a node as it would be in the committee after current, with the keys that it would have in it.
// Errors: it cannot be a member, whatever its stake. Source: spec: control-plane.md section 6.5.
func candidate(node *committeev1.Node, id committee.NodeID, current *committeev1.Committee) (committeev1.Member, error) {
	m := committeev1.Member{NodeId: id[:], BlsPublicKey: node.BlsPublicKey, ConsensusPublicKey: node.ConsensusPublicKey}
	if len(node.NextBlsPublicKey) > 0 {
		m.BlsPublicKey = node.NextBlsPublicKey
	}
	if l := len(m.ConsensusPublicKey); l != 0 && l != ed25519.PublicKeySize {
		return m, fmt.Errorf("committee: consensus key of %d bytes", l)
	}
	// To check a key takes as long as all the rest; those in a committee have been checked.
	if at, found := find(current, id[:]); found && bytes.Equal(current.Members[at].BlsPublicKey, m.BlsPublicKey) {
		return m, nil
	}
	_, err := bls.ParsePublicKey(m.BlsPublicKey)
	return m, err
}

// freeze is the next committee, of candidates that have been checked.
func freeze(
	params *committeev1.Params, number uint32, members election.Committee,
	candidates map[committee.NodeID]committeev1.Member, active *election.ActiveSet,
) committeev1.Committee {
	next := committeev1.Committee{Epoch: number, NShards: params.NShards}
	for _, m := range members {
		member := candidates[m.Node]
		member.Stake, _ = active.Stake(m.Node)
		for _, s := range m.Shards {
			member.Shards = append(member.Shards, uint32(s))
		}
		next.Members = append(next.Members, member)
	}
	return next
}

// clearBlocked makes the commissions of the members of a committee collectable, as far as their pools can
// be read.
func (k Keeper) clearBlocked(ctx context.Context, number uint32) {
	c, err := k.committees.Get(ctx, number)
	if err != nil {
		return // there was none
	}
	for _, m := range c.Members {
		k.attempt(ctx, "release of commission", func(ctx context.Context) error {
			p, _, err := k.pool(ctx, m.NodeId)
			if err != nil {
				return err
			}
			p.ClearBlocked()
			return k.setPool(ctx, p)
		})
	}
}

// changeEpoch begins the next epoch. Source: spec: control-plane.md sections 7.3 to 7.5.
func (k Keeper) changeEpoch(ctx context.Context) error {
	params, e, err := k.state(ctx)
	if err != nil {
		return err
	}
	m := machine(&params, &e)
	if params.EpochDurationMs == 0 || m.CheckChange(nowMs(ctx)) != nil {
		return nil
	}
	turn, next, err := k.turn(ctx, &e)
	if err != nil {
		return err
	}
	done := epoch.Change(turn)
	if err := k.settle(ctx, uint32(m.Epoch), &done); err != nil {
		return err
	}
	if err := k.process(ctx, turn.Epoch, &done); err != nil {
		return err
	}
	e = committeev1.Epoch{Number: uint32(turn.Epoch), Phase: committeev1.EPOCH_PHASE_CHANGE_SYNC, StartedMs: nowMs(ctx)}
	if err := errors.Join(k.market.SetMarket(ctx, done.Market), k.market.EndEpoch(ctx), k.epoch.Set(ctx, e), k.changed.Set(ctx, true)); err != nil {
		return err
	}
	return errors.Join(k.skipped(ctx, turn.Epoch, "change", done.Failed),
		k.emit(ctx, &eventv1.EpochChangeStart{Epoch: e.Number}), k.updatePrices(ctx, next))
}

// turn gathers what the change from epoch e needs to know, and returns the next committee with it. What
// transactions paid for being executed joins the pot.
func (k Keeper) turn(ctx context.Context, e *committeev1.Epoch) (epoch.Turn, *committeev1.Committee, error) {
	var t epoch.Turn
	current, err := k.committees.Get(ctx, e.Number)
	if err != nil {
		return t, nil, err
	}
	next, err := k.committees.Get(ctx, e.Number+1)
	if err != nil {
		return t, nil, err
	}
	t = epoch.Turn{
		Epoch: committee.Epoch(next.Epoch), Old: electionOf(&current), New: electionOf(&next), Capacity: e.NextCapacity,
		Denied: func(id committee.NodeID) (uint64, error) { return k.market.Denied(ctx, id) },
		Pool:   func(id committee.NodeID) (stake.Pool, stake.Rates, error) { return k.pool(ctx, id[:]) },
	}
	if t.Market, err = k.market.Market(ctx); err != nil {
		return t, nil, err
	}
	if t.Active, err = k.activeSet(ctx); err != nil {
		return t, nil, err
	}
	fees, err := k.collectFees(ctx, t.Market.Ring[0].Rewards)
	t.Market.Ring[0].Rewards += fees
	return t, &next, err
}

// collectFees moves the fees of the epoch to the market's account and returns them, as far as they fit
// beside the pot.
func (k Keeper) collectFees(ctx context.Context, pot uint64) (uint64, error) {
	held := k.deps.Bank.GetBalance(ctx, authtypes.NewModuleAddress(authtypes.FeeCollectorName), blobtypes.Denom).Amount
	if !held.IsUint64() || held.IsZero() {
		return 0, nil
	}
	fees := min(held.Uint64(), ^pot)
	if fees == 0 {
		return 0, nil
	}
	return fees, k.deps.Bank.SendCoinsFromModuleToModule(ctx, authtypes.FeeCollectorName, blobtypes.ModuleName, frost(fees))
}

// settle burns and pays what the ended epoch earned.
func (k Keeper) settle(ctx context.Context, ended uint32, done *epoch.Changed) error {
	if err := k.burn(ctx, blobtypes.ModuleName, done.Burned); err != nil {
		return err
	}
	var paid uint64
	for _, r := range done.Rewards {
		paid += r.Amount
		if err := announce(ctx, &committeev1.EventRewarded{Epoch: ended, NodeId: r.Node[:], Amount: r.Amount}); err != nil {
			return err
		}
	}
	if err := announce(ctx, &committeev1.EventBurned{Epoch: ended, Amount: done.Burned}); err != nil || paid == 0 {
		return err
	}
	return k.deps.Bank.SendCoinsFromModuleToModule(ctx, blobtypes.ModuleName, types.ModuleName, frost(paid))
}

// process stores the pools, their rates and the active set after a change to epoch e, and puts next keys
// in force.
func (k Keeper) process(ctx context.Context, e committee.Epoch, done *epoch.Changed) error {
	for _, p := range done.Pools {
		if err := errors.Join(k.setPool(ctx, p.Pool), k.setRate(ctx, p.Pool.Node, e, p.Rate)); err != nil {
			return err
		}
		k.attempt(ctx, "change of a key", func(ctx context.Context) error {
			node, err := k.node(ctx, p.Pool.Node[:])
			if err != nil || len(node.NextBlsPublicKey) == 0 {
				return err
			}
			node.BlsPublicKey, node.Possession = node.NextBlsPublicKey, *node.NextPossession
			node.NextBlsPublicKey, node.NextPossession = nil, nil
			return k.nodes.Set(ctx, node.Id, node)
		})
	}
	return k.setActiveSet(ctx, done.Active)
}

// updatePrices makes the votes of a committee the prices in force.
// Source: spec: control-plane.md section 1.5.
func (k Keeper) updatePrices(ctx context.Context, c *committeev1.Committee) error {
	m, err := k.market.Market(ctx)
	if err != nil {
		return err
	}
	force := epoch.PriceVote{Storage: m.StoragePrice, Write: m.WritePrice}
	p := epoch.Prices(electionOf(c), uint16(c.NShards), force, func(id committee.NodeID) (epoch.PriceVote, error) {
		node, err := k.node(ctx, id[:])
		return epoch.PriceVote{Storage: node.Votes.StoragePrice, Write: node.Votes.WritePrice}, err
	})
	m.StoragePrice, m.WritePrice = p.Storage, p.Write
	return errors.Join(k.market.SetMarket(ctx, m),
		k.emit(ctx, &eventv1.PricesUpdated{Epoch: c.Epoch, StoragePrice: p.Storage, WritePrice: p.Write}))
}

// syncDone records a node's report that it has its shards. Source: spec: control-plane.md section 7.6.
func (k Keeper) syncDone(ctx context.Context, m *committeev1.MsgSyncDone) error {
	node, err := k.ownNode(ctx, m.Owner, m.NodeId)
	if err != nil {
		return err
	}
	params, e, err := k.state(ctx)
	if err != nil {
		return err
	}
	current, err := k.committees.Get(shared(ctx, gasCommittee), e.Number)
	if err != nil {
		return err
	}
	engine := machine(&params, &e)
	done, err := engine.SyncDone(committee.Epoch(m.Epoch), committee.Epoch(node.LastEpochSyncDone), weightOf(&current, node.Id), nowMs(ctx))
	if err != nil {
		return err
	}
	node.LastEpochSyncDone = m.Epoch
	e.SyncedWeight = uint32(engine.Reported)
	if done {
		e.Phase, e.DoneMs = committeev1.EPOCH_PHASE_CHANGE_DONE, engine.Since
		if err := k.emit(ctx, &eventv1.EpochChangeDone{Epoch: m.Epoch}); err != nil {
			return err
		}
	}
	shards, _ := electionOf(&current).Find(committee.NodeID(node.Id))
	event := &eventv1.ShardsReceived{Epoch: m.Epoch}
	for _, s := range shards {
		event.Shards = append(event.Shards, uint32(s))
	}
	return errors.Join(k.nodes.Set(ctx, node.Id, node), k.epoch.Set(ctx, e), k.emit(ctx, event))
}

// emit appends an event to the chain's log.
func (k Keeper) emit(ctx context.Context, event proto.Message) error {
	_, err := k.deps.Log.Emit(ctx, event)
	return err
}

// skipped tells about nodes that a step left out. Why is not part of the state: it is an error of this
// replica's machine as much as of the data, and its text need not be the same everywhere.
func (k Keeper) skipped(ctx context.Context, e committee.Epoch, step string, failed []epoch.Failure) error {
	for _, f := range failed {
		sdk.UnwrapSDKContext(ctx).Logger().Error("committee: node left out", "step", step, "node", f.Node, "err", f.Err)
		if err := k.emit(ctx, &eventv1.NodeSkipped{Epoch: uint32(e), NodeId: f.Node[:], Step: step}); err != nil {
			return err
		}
	}
	return nil
}
