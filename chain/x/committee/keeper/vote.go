package keeper

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"cosmossdk.io/collections"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	eventv1 "github.com/walrus-go/walrus/api/event/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/ballot"
	"github.com/walrus-go/walrus/chain/economy/cert"
	"github.com/walrus-go/walrus/committee"
)

type proposals = collections.Map[[]byte, committeev1.Proposal]

// proposal returns the proposal about a subject as the rules see it, nil if there is none.
func proposal(ctx context.Context, all proposals, subject []byte) (*ballot.Proposal, error) {
	r, err := all.Get(ctx, subject)
	if errors.Is(err, collections.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p := &ballot.Proposal{Epoch: committee.Epoch(r.Epoch), Version: r.Version, Weight: r.Weight}
	for _, id := range r.Voters {
		if len(id) != len(committee.NodeID{}) {
			return nil, fmt.Errorf("committee: voter ID of %d bytes", len(id))
		}
		p.Voters = append(p.Voters, committee.NodeID(id))
	}
	return p, nil
}

func setProposal(ctx context.Context, all proposals, subject []byte, p ballot.Proposal) error {
	r := committeev1.Proposal{Subject: subject, Epoch: uint32(p.Epoch), Version: p.Version, Weight: p.Weight}
	for _, id := range p.Voters {
		r.Voters = append(r.Voters, id[:])
	}
	return all.Set(ctx, subject, r)
}

// ballotOf returns the vote of a node, cast by whoever holds its governance authority. refusal is the
// error for anyone else.
func (k Keeper) ballotOf(ctx context.Context, sender string, id []byte, refusal error) (ballot.Vote, error) {
	node, err := k.heldNode(ctx, sender, id, governor)
	if errors.Is(err, economy.ErrStakingPoolAuthorizationFailure) {
		return ballot.Vote{}, refusal
	}
	if err != nil {
		return ballot.Vote{}, err
	}
	epoch, weight, err := k.weight(ctx, node.Id)
	return ballot.Vote{Epoch: epoch, Voter: committee.NodeID(node.Id), Weight: weight}, err
}

// voteSlash votes to burn a node's commission and returns the weight behind that.
// Source: spec: control-plane.md section 8.
func (k Keeper) voteSlash(ctx context.Context, m *committeev1.MsgVoteSlash) (uint32, error) {
	vote, err := k.ballotOf(ctx, m.Sender, m.NodeId, economy.ErrSlashingNotAuthorized)
	if err != nil {
		return 0, err
	}
	before, err := proposal(ctx, k.slashings, m.Candidate)
	if err != nil {
		return 0, err
	}
	p, err := ballot.Slash(before, vote)
	if err != nil {
		return 0, err
	}
	// Only now, so that who may not vote is told so; a proposal about nobody could never be carried out.
	if _, err := k.node(ctx, m.Candidate); err != nil {
		return 0, err
	}
	return p.Weight, setProposal(ctx, k.slashings, m.Candidate, p)
}

// executeSlash burns a node's commission and returns how much that was.
func (k Keeper) executeSlash(ctx context.Context, m *committeev1.MsgExecuteSlash) (uint64, error) {
	p, err := proposal(ctx, k.slashings, m.Candidate)
	if err != nil {
		return 0, err
	}
	params, e, err := k.state(ctx)
	if err != nil {
		return 0, err
	}
	if err := ballot.CheckSlash(p, committee.Epoch(e.Number), uint16(params.NShards)); err != nil {
		return 0, err
	}
	if err := k.slashings.Remove(ctx, m.Candidate); err != nil {
		return 0, err
	}
	return k.burnCommission(ctx, m.Candidate)
}

// cleanupVotes removes proposals that can no longer be executed; others, and unknown ones, it leaves.
func (k Keeper) cleanupVotes(ctx context.Context, m *committeev1.MsgCleanupVotes) error {
	now, err := k.Now(ctx)
	if err != nil {
		return err
	}
	version, err := k.version.Get(ctx)
	if err != nil {
		return err
	}
	return errors.Join(
		cleanup(ctx, k.slashings, m.Candidates, func(p *ballot.Proposal) bool { return p.Stale(now) }),
		cleanup(ctx, k.upgrades, m.Digests, func(p *ballot.Proposal) bool { return p.StaleUpgrade(now, version) }))
}

// cleanup removes those of the proposals about some subjects that are over, or that nobody can read.
func cleanup(ctx context.Context, all proposals, subjects [][]byte, over func(*ballot.Proposal) bool) error {
	for _, subject := range subjects {
		p, err := proposal(ctx, all, subject)
		if err == nil && (p == nil || !over(p)) {
			continue
		}
		if err := all.Remove(ctx, subject); err != nil {
			return err
		}
	}
	return nil
}

// voteUpgrade votes for an upgrade. Source: spec: control-plane.md section 2.12.
func (k Keeper) voteUpgrade(ctx context.Context, m *committeev1.MsgVoteUpgrade) (uint32, error) {
	vote, err := k.ballotOf(ctx, m.Sender, m.NodeId, economy.ErrUpgradeNotAuthorized)
	if err != nil {
		return 0, err
	}
	before, err := proposal(ctx, k.upgrades, m.Digest)
	if err != nil {
		return 0, err
	}
	version, err := k.version.Get(ctx)
	if err != nil {
		return 0, err
	}
	shards, err := k.Shards(ctx)
	if err != nil {
		return 0, err
	}
	v, err := ballot.Upgrade(before, m.Digest, version, vote, shards)
	if err != nil {
		return 0, err
	}
	if err := setProposal(ctx, k.upgrades, m.Digest, v.Proposal); err != nil {
		return 0, err
	}
	if v.Fresh {
		if err := k.emit(ctx, &eventv1.ContractUpgradeProposed{Epoch: uint32(vote.Epoch), PackageDigest: m.Digest}); err != nil {
			return 0, err
		}
	}
	if v.Quorum {
		err = k.emit(ctx, &eventv1.ContractUpgradeQuorumReached{Epoch: uint32(vote.Epoch), PackageDigest: m.Digest})
	}
	return v.Proposal.Weight, err
}

// UpgradeDigest is what nodes vote for when they want the plan.
func UpgradeDigest(plan *committeev1.UpgradePlan) ([32]byte, error) {
	raw, err := plan.Marshal()
	return sha256.Sum256(raw), err
}

// authorizeUpgrade schedules an upgrade that has a quorum and returns the version after it.
func (k Keeper) authorizeUpgrade(ctx context.Context, m *committeev1.MsgAuthorizeUpgrade) (uint64, error) {
	digest, err := UpgradeDigest(&m.Plan)
	if err != nil {
		return 0, err
	}
	p, err := proposal(ctx, k.upgrades, digest[:])
	if err != nil {
		return 0, err
	}
	params, e, err := k.state(ctx)
	if err != nil {
		return 0, err
	}
	version, err := k.version.Get(ctx)
	if err != nil {
		return 0, err
	}
	if err := ballot.CheckUpgrade(p, committee.Epoch(e.Number), version, uint16(params.NShards)); err != nil {
		return 0, err
	}
	plan := upgradetypes.Plan{Name: m.Plan.Name, Height: m.Plan.Height, Info: m.Plan.Info}
	if err := k.deps.Upgrades.ScheduleUpgrade(ctx, plan); err != nil {
		return 0, err
	}
	return p.Version, errors.Join(k.upgrades.Remove(ctx, digest[:]), k.version.Set(ctx, p.Version),
		k.emit(ctx, &eventv1.ContractUpgraded{Epoch: e.Number, PackageId: digest[:], Version: p.Version}))
}

// updateProtocolVersion records what a quorum has certified about the nodes' protocol.
// Source: spec: control-plane.md section 2.11.
func (k Keeper) updateProtocolVersion(ctx context.Context, m *committeev1.MsgUpdateProtocolVersion) error {
	node, err := k.ownNode(ctx, m.Owner, m.NodeId)
	if err != nil {
		return err
	}
	epoch, weight, err := k.weight(ctx, node.Id)
	if err != nil {
		return err
	}
	if weight == 0 {
		return economy.ErrSystemStateInnerNotCommitteeMember
	}
	v, err := verified(ctx, k, attest.Certificate{Message: m.Message, Signers: m.Signers, Signature: m.Signature}, cert.Protocol)
	if err != nil {
		return err
	}
	if v.Start < epoch {
		return economy.ErrSystemStateInnerInvalidStartEpoch
	}
	return k.emit(ctx, &eventv1.ProtocolVersionUpdated{Epoch: uint32(epoch), StartEpoch: uint32(v.Start), ProtocolVersion: v.Version})
}
