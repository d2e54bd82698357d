package keeper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/comet"
	abci "github.com/cometbft/cometbft/abci/types"
	cryptoproto "github.com/cometbft/cometbft/proto/tendermint/crypto"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	eventv1 "github.com/walrus-go/walrus/api/event/v1"
	"github.com/walrus-go/walrus/chain/x/committee/types"
)

// lostAfter is the number of blocks in a row without a signature after which a validator is no longer
// counted upon when powers change. Consensus.
const lostAfter = 10

// BeginBlock notes who signed the last block and punishes who signed twice. It has no errors, as
// [Keeper.EndBlock] has none.
func (k Keeper) BeginBlock(ctx context.Context) {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	if info := sdkCtx.CometInfo(); info != nil {
		evidence := info.GetEvidence()
		for i := range evidence.Len() {
			k.attempt(ctx, "evidence", func(ctx context.Context) error { return k.convict(ctx, evidence.Get(i)) })
		}
	}
	k.attempt(ctx, "forgetting of keys", k.forgetKeys)
	k.attempt(ctx, "attendance", func(ctx context.Context) error {
		params, err := k.params.Get(ctx)
		if err != nil {
			return err
		}
		for _, vote := range sdkCtx.VoteInfos() {
			if err := k.attend(ctx, vote.Validator.Address, vote.BlockIdFlag != cmtproto.BlockIDFlagAbsent, params.DowntimeBlocks); err != nil {
				return err
			}
		}
		return nil
	})
}

// attend notes whether a validator signed. What is as before is not written.
func (k Keeper) attend(ctx context.Context, address []byte, signed bool, downtime uint32) error {
	v, err := k.validators.Get(ctx, address)
	if errors.Is(err, collections.ErrNotFound) || err == nil && v.Power == 0 {
		return nil // one that left signs two more blocks
	}
	if err != nil {
		return err
	}
	if signed {
		if v.Proven && v.Missed == 0 {
			return nil
		}
		if !v.Proven {
			if err := k.changed.Set(ctx, true); err != nil {
				return err
			}
		}
		v.Proven, v.Missed = true, 0
		return k.validators.Set(ctx, address, v)
	}
	v.Missed++
	v.Proven = v.Proven && v.Missed < lostAfter
	if downtime > 0 && v.Missed >= downtime && !v.SetAside {
		v.SetAside = true
		if err := k.validatorChanged(ctx, &v, "absent"); err != nil {
			return err
		}
	}
	return k.validators.Set(ctx, address, v)
}

// convict bars the key of a validator that signed twice for ever and burns its node's commission, as a vote
// to slash it would. Stakers are not touched. Source: docs/adr/0010-validators-follow.md.
func (k Keeper) convict(ctx context.Context, e comet.Evidence) error {
	address := e.Validator().Address()
	v, err := k.validators.Get(ctx, address)
	if errors.Is(err, collections.ErrNotFound) || err == nil && v.Convicted {
		return nil
	}
	if err != nil {
		return err
	}
	v.Convicted, v.Proven = true, false
	if err := errors.Join(k.validators.Set(ctx, address, v), k.validatorChanged(ctx, &v, "convicted")); err != nil {
		return err
	}
	k.attempt(ctx, "penalty", func(ctx context.Context) error {
		_, err := k.burnCommission(ctx, v.NodeId)
		return err
	})
	return nil
}

// burnCommission burns the whole commission of a node, blocked or not.
func (k Keeper) burnCommission(ctx context.Context, node []byte) (uint64, error) {
	p, _, err := k.pool(ctx, node)
	if err != nil {
		return 0, err
	}
	epoch, err := k.epoch.Get(ctx)
	if err != nil {
		return 0, err
	}
	amount := p.BurnCommission()
	return amount, errors.Join(k.setPool(ctx, p), k.burn(ctx, types.ModuleName, amount),
		announce(ctx, &committeev1.EventBurned{Epoch: epoch.Number, NodeId: node, Amount: amount}))
}

func (k Keeper) validatorChanged(ctx context.Context, v *committeev1.Validator, change string) error {
	epoch, err := k.epoch.Get(ctx)
	if err != nil {
		return err
	}
	return errors.Join(k.changed.Set(ctx, true),
		k.emit(ctx, &eventv1.ValidatorChanged{Epoch: epoch.Number, NodeId: v.NodeId, Key: v.Key, Change: change}))
}

// resumeValidator lets a validator that was set aside come back, as a newcomer.
func (k Keeper) resumeValidator(ctx context.Context, m *committeev1.MsgResumeValidator) error {
	node, err := k.ownNode(ctx, m.Owner, m.NodeId)
	if err != nil {
		return err
	}
	address := consensusAddress(node.ConsensusPublicKey)
	v, err := k.validators.Get(ctx, address)
	if err != nil && !errors.Is(err, collections.ErrNotFound) {
		return err
	}
	if !v.SetAside || v.Convicted {
		return sdkerrors.ErrInvalidRequest.Wrapf("committee: validator of node %x is not set aside", node.Id)
	}
	v.SetAside, v.Proven, v.Missed = false, false, 0
	return errors.Join(k.validators.Set(ctx, address, v), k.validatorChanged(ctx, &v, "resumed"))
}

// weighValidators returns what the engine is to be told after a block: the powers that changed. It weighs
// anew only after something happened to the committee or to a validator.
func (k Keeper) weighValidators(ctx context.Context) ([]abci.ValidatorUpdate, error) {
	if has, err := k.changed.Has(ctx); err != nil || !has {
		return nil, err
	}
	if err := k.changed.Remove(ctx); err != nil {
		return nil, err
	}
	weights, err := k.consensusWeights(ctx)
	if err != nil {
		return nil, err
	}
	all, err := k.candidates(ctx, weights)
	if err != nil {
		return nil, err
	}
	var list []committeev1.Validator
	var seats []seat
	for _, v := range all {
		weight := weights[string(v.Key)]
		if v.Convicted || v.SetAside {
			weight = 0
		}
		if weight == 0 && v.Power == 0 {
			continue
		}
		list = append(list, v)
		seats = append(seats, seat{weight: weight, stood: v.Weight, power: v.Power, proven: v.Proven && !v.Convicted && !v.SetAside})
	}
	return k.tellEngine(ctx, list, seats)
}

// candidates returns the validators that have power or stand for it, in ascending order of their addresses.
func (k Keeper) candidates(ctx context.Context, weights map[string]int64) ([]committeev1.Validator, error) {
	it, err := k.powered.Iterate(ctx, nil)
	if err != nil {
		return nil, err
	}
	addresses, err := it.Keys()
	if err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(weights)) {
		addresses = append(addresses, consensusAddress([]byte(key)))
	}
	slices.SortFunc(addresses, bytes.Compare)
	addresses = slices.CompactFunc(addresses, bytes.Equal)
	out := make([]committeev1.Validator, 0, len(addresses))
	for _, address := range addresses {
		v, err := k.validators.Get(ctx, address)
		if err != nil { // the others are weighed without it
			sdk.UnwrapSDKContext(ctx).Logger().Error("committee: validator left out", "address", fmt.Sprintf("%x", address), "err", err)
			continue
		}
		out = append(out, v)
	}
	return out, nil
}

// consensusWeights returns the shards behind each consensus key of the current committee.
func (k Keeper) consensusWeights(ctx context.Context) (map[string]int64, error) {
	epoch, err := k.epoch.Get(ctx)
	if err != nil {
		return nil, err
	}
	c, err := k.committees.Get(ctx, epoch.Number)
	if err != nil {
		return nil, fmt.Errorf("committee of epoch %d: %w", epoch.Number, err)
	}
	weights := make(map[string]int64, len(c.Members))
	for _, m := range c.Members {
		if len(m.ConsensusPublicKey) > 0 {
			weights[string(m.ConsensusPublicKey)] = int64(len(m.Shards))
		}
	}
	return weights, nil
}

// tellEngine stores the next powers and returns those that changed. All of them being zero changes nothing:
// the engine stops without validators.
func (k Keeper) tellEngine(ctx context.Context, list []committeev1.Validator, seats []seat) ([]abci.ValidatorUpdate, error) {
	powers := nextPowers(seats)
	var total int64
	for _, p := range powers {
		total += p
	}
	if total == 0 {
		return nil, nil
	}
	var updates []abci.ValidatorUpdate
	for i, v := range list {
		if seats[i].weight > 0 {
			v.Weight = seats[i].weight
		}
		if v.Power != powers[i] {
			updates = append(updates, validatorUpdate(v.Key, powers[i]))
			v.Power = powers[i]
		}
		if err := k.empower(ctx, &v, seats[i].power > 0); err != nil {
			return nil, err
		}
	}
	return updates, nil
}

// empower stores a validator after its power was decided on. had tells that it had power before.
func (k Keeper) empower(ctx context.Context, v *committeev1.Validator, had bool) error {
	address := consensusAddress(v.Key)
	if v.Power > 0 {
		v.LeftMs, v.LeftHeight = 0, 0
		return errors.Join(k.validators.Set(ctx, address, *v), k.powered.Set(ctx, address))
	}
	v.Proven, v.Missed = false, 0 // a newcomer, should it come back
	if had {
		return errors.Join(k.powered.Remove(ctx, address), k.leave(ctx, v))
	}
	return k.validators.Set(ctx, address, *v)
}

func validatorUpdate(key []byte, power int64) abci.ValidatorUpdate {
	return abci.ValidatorUpdate{
		PubKey: cryptoproto.PublicKey{Sum: &cryptoproto.PublicKey_Ed25519{Ed25519: key}},
		Power:  power,
	}
}
