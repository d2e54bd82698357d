package keeper

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"

	"cosmossdk.io/collections"
	cmttypes "github.com/cometbft/cometbft/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/committee"
)

// A record of a consensus key is kept while its node names it, while it has power or may get some, and then
// for as long as evidence of what it signed counts. A node has at most two: the key it names, and the one
// it replaced. The keys of those who signed twice are kept for ever.

// ConsensusKeyMessage is what a validator's key signs to show that a node may name it: nobody else can
// then claim it. The text in front keeps it apart from all that validators sign otherwise.
func ConsensusKeyMessage(chainID string, node committee.NodeID) []byte {
	return fmt.Appendf(nil, "walrus: validator of node %s on chain %q", node, chainID)
}

// consensusAddress is what the consensus engine calls a key.
func consensusAddress(key []byte) []byte {
	sum := sha256.Sum256(key)
	return sum[:20]
}

// setConsensusKey says which validator a node runs. A key belongs to the node that named it first until it
// is forgotten, so that evidence of what it signed finds whoever is responsible.
func (k Keeper) setConsensusKey(ctx context.Context, m *committeev1.MsgSetConsensusKey) error {
	node, err := k.ownNode(ctx, m.Owner, m.NodeId)
	if err != nil {
		return err
	}
	if len(m.Key) > 0 {
		if err := k.checkConsensusKey(ctx, &node, m); err != nil {
			return err
		}
	}
	if bytes.Equal(node.ConsensusPublicKey, m.Key) {
		return nil
	}
	if err := k.replaceKey(ctx, &node, m.Key); err != nil {
		return err
	}
	node.ConsensusPublicKey = m.Key
	return k.nodes.Set(ctx, node.Id, node)
}

// checkConsensusKey checks that a node may name a key, and makes a record of one that is new.
func (k Keeper) checkConsensusKey(ctx context.Context, node *committeev1.Node, m *committeev1.MsgSetConsensusKey) error {
	chainID := sdk.UnwrapSDKContext(ctx).ChainID()
	if len(m.Key) != ed25519.PublicKeySize || !ed25519.Verify(m.Key, ConsensusKeyMessage(chainID, committee.NodeID(node.Id)), m.Signature) {
		return sdkerrors.ErrInvalidPubKey.Wrapf("committee: validator of node %x does not show its key", node.Id)
	}
	v, err := k.validators.Get(ctx, consensusAddress(m.Key))
	switch {
	case errors.Is(err, collections.ErrNotFound):
		return k.validators.Set(ctx, consensusAddress(m.Key), committeev1.Validator{Key: m.Key, NodeId: node.Id})
	case err != nil:
		return err
	case !bytes.Equal(v.NodeId, node.Id):
		return sdkerrors.ErrInvalidPubKey.Wrapf("committee: the validator is of node %x", v.NodeId)
	case v.Convicted:
		return sdkerrors.ErrInvalidPubKey.Wrapf("committee: the validator of node %x has signed twice", node.Id)
	}
	return nil
}

// replaceKey decides what becomes of the key that a node names so far, when it is to name next, or none.
func (k Keeper) replaceKey(ctx context.Context, node *committeev1.Node, next []byte) error {
	spare := node.ReplacedConsensusKey
	if len(next) > 0 && bytes.Equal(spare, next) {
		spare = nil // it is back in use
	}
	node.ReplacedConsensusKey = spare
	if len(node.ConsensusPublicKey) == 0 {
		return nil
	}
	v, err := k.validators.Get(ctx, consensusAddress(node.ConsensusPublicKey))
	if errors.Is(err, collections.ErrNotFound) || err == nil && v.Convicted {
		return nil // kept for ever, and no spare
	}
	if err != nil {
		return err
	}
	if gone, err := k.forget(ctx, &v); err != nil || gone {
		return err
	}
	if err := k.dropSpare(ctx, node, spare); err != nil {
		return err
	}
	node.ReplacedConsensusKey = v.Key
	if v.Power == 0 && v.LeftMs == 0 {
		return k.leave(ctx, &v)
	}
	return nil
}

// dropSpare makes room for another replaced key.
func (k Keeper) dropSpare(ctx context.Context, node *committeev1.Node, spare []byte) error {
	if len(spare) == 0 {
		return nil
	}
	v, err := k.validators.Get(ctx, consensusAddress(spare))
	if errors.Is(err, collections.ErrNotFound) || err == nil && v.Convicted {
		return nil
	}
	if err != nil {
		return err
	}
	gone, err := k.forget(ctx, &v)
	if err == nil && !gone {
		err = sdkerrors.ErrInvalidRequest.Wrapf(
			"committee: node %x replaced a validator's key not long ago; it can replace another one when evidence against that one does not count any more", node.Id)
	}
	return err
}

// forget removes the record of a key that its node is about not to name any more, or did not for a while, if
// it has no power, will get none, and evidence against it does not count. It tells whether it did.
func (k Keeper) forget(ctx context.Context, v *committeev1.Validator) (bool, error) {
	if v.Power > 0 || v.Convicted || v.LeftMs > 0 && !k.stale(ctx, v.LeftMs, v.LeftHeight) {
		return false, nil
	}
	if stands, err := k.stands(ctx, v); err != nil || stands {
		return false, err
	}
	return true, k.validators.Remove(ctx, consensusAddress(v.Key))
}

// stands tells whether a key is that of a member of the current or the next committee.
func (k Keeper) stands(ctx context.Context, v *committeev1.Validator) (bool, error) {
	common := shared(ctx, gasCommittee)
	epoch, err := k.epoch.Get(common)
	if err != nil {
		return false, err
	}
	for _, number := range []uint32{epoch.Number, epoch.Number + 1} {
		c, err := k.committees.Get(common, number)
		if errors.Is(err, collections.ErrNotFound) {
			continue // the next one is not chosen yet
		}
		if err != nil {
			return false, err
		}
		if at, member := find(&c, v.NodeId); member && bytes.Equal(c.Members[at].ConsensusPublicKey, v.Key) {
			return true, nil
		}
	}
	return false, nil
}

// leave notes that a validator has no power from now on, so that it can be forgotten in time.
func (k Keeper) leave(ctx context.Context, v *committeev1.Validator) error {
	v.LeftMs, v.LeftHeight = nowMs(ctx), sdk.UnwrapSDKContext(ctx).BlockHeight()
	address := consensusAddress(v.Key)
	return errors.Join(k.validators.Set(ctx, address, *v), k.left.Set(ctx, collections.Join(v.LeftMs, address)))
}

// engineDelay is how many blocks pass until the engine follows a change of powers. A validator signs for so
// long after it was told to leave.
const engineDelay = 2

// stale tells whether evidence about a validator that left then does not count any more: it is too old by
// time and by blocks, as the engine has it.
func (k Keeper) stale(ctx context.Context, leftMs uint64, leftHeight int64) bool {
	sdkCtx := sdk.UnwrapSDKContext(ctx)
	limits := cmttypes.DefaultEvidenceParams()
	blocks, age := limits.MaxAgeNumBlocks, limits.MaxAgeDuration
	if p := sdkCtx.ConsensusParams().Evidence; p != nil {
		blocks, age = p.MaxAgeNumBlocks, p.MaxAgeDuration
	}
	now := nowMs(ctx)
	return now > leftMs && now-leftMs > uint64(max(age.Milliseconds(), 0)) && sdkCtx.BlockHeight()-leftHeight > blocks+engineDelay
}

// maxForgotten bounds the work of a block.
const maxForgotten = 100

// forgetKeys removes the records of keys that nobody needs any more. A record or node that cannot be read is
// left alone.
func (k Keeper) forgetKeys(ctx context.Context) error {
	due, err := k.dueKeys(ctx)
	if err != nil {
		return err
	}
	for _, key := range due {
		if err := k.left.Remove(ctx, key); err != nil {
			return err
		}
		k.attempt(ctx, "forgetting of a key", func(ctx context.Context) error {
			v, err := k.validators.Get(ctx, key.K2())
			if errors.Is(err, collections.ErrNotFound) || err == nil && v.LeftMs != key.K1() {
				return nil // gone, or back
			}
			if err != nil {
				return err
			}
			return k.forgetDue(ctx, &v)
		})
	}
	return nil
}

// forgetDue removes a record whose time has come, unless its node names the key.
func (k Keeper) forgetDue(ctx context.Context, v *committeev1.Validator) error {
	node, err := k.nodes.Get(ctx, v.NodeId)
	if err != nil || v.Convicted || bytes.Equal(node.ConsensusPublicKey, v.Key) {
		return err
	}
	gone, err := k.forget(ctx, v)
	if err != nil {
		return err
	}
	if !gone { // a committee still names it
		return k.leave(ctx, v)
	}
	if !bytes.Equal(node.ReplacedConsensusKey, v.Key) {
		return nil
	}
	node.ReplacedConsensusKey = nil
	return k.nodes.Set(ctx, node.Id, node)
}

// dueKeys returns what left first, as far as it is stale.
func (k Keeper) dueKeys(ctx context.Context) ([]leftKey, error) {
	due, err := k.firstLeft(ctx)
	for i, key := range due {
		v, err := k.validators.Get(ctx, key.K2())
		if err == nil && v.LeftMs == key.K1() && !k.stale(ctx, v.LeftMs, v.LeftHeight) {
			return due[:i], nil // those behind it left later
		}
	}
	return due, err
}

// firstLeft returns what left first. Nothing else is read meanwhile: some databases wait for the end of an
// iteration before they write, and for that write before they read.
func (k Keeper) firstLeft(ctx context.Context) (keys []leftKey, err error) {
	it, err := k.left.Iterate(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer it.Close()
	for ; it.Valid() && len(keys) < maxForgotten; it.Next() {
		key, err := it.Key()
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}
