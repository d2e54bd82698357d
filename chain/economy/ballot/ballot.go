// Package ballot counts the votes of storage nodes, by shards, on slashing a node's commission and on
// upgrading the chain.
//
// The idea: a proposal lives for one epoch. It begins with its first vote, each member of the current
// committee counts once, and a quorum of shards lets anybody execute it. A proposal of an earlier epoch
// is dead; the next vote starts afresh.
//
// That a voter may vote for its node, and its number of shards, is for the caller to find out.
// Source: spec: control-plane.md sections 2.12 and 8.
package ballot

import (
	"slices"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/committee"
)

// A Proposal collects votes within one epoch. The zero value is none.
type Proposal struct {
	Epoch   committee.Epoch
	Version uint64 // of the chain after the upgrade; 0 for slashing
	Weight  uint32 // shards
	Voters  []committee.NodeID
}

// A Vote is one node's. Weight is its shards in the current committee, 0 if it is no member.
type Vote struct {
	Epoch  committee.Epoch // the current one
	Voter  committee.NodeID
	Weight uint16
}

// Slash returns the proposal to slash a node after vote v; p is the one before, nil if there is none.
//
// Errors, in order: [economy.ErrStakingInnerNotInCommittee], [economy.ErrSlashingDuplicateVote].
// Source: spec: control-plane.md section 8.
func Slash(p *Proposal, v Vote) (Proposal, error) {
	if v.Weight == 0 {
		return Proposal{}, economy.ErrStakingInnerNotInCommittee
	}
	if p == nil || p.Epoch != v.Epoch {
		p = &Proposal{Epoch: v.Epoch}
	}
	return p.add(v, economy.ErrSlashingDuplicateVote)
}

// CheckSlash tells whether proposal p, nil if there is none, may be executed in epoch now. The caller
// deletes it.
//
// Errors, in order: [economy.ErrSlashingNoProposalForNode], [economy.ErrSlashingWrongEpoch],
// [economy.ErrSlashingNotEnoughVotes]. Source: spec: control-plane.md section 8.
func CheckSlash(p *Proposal, now committee.Epoch, shards uint16) error {
	switch {
	case p == nil:
		return economy.ErrSlashingNoProposalForNode
	case p.Epoch != now:
		return economy.ErrSlashingWrongEpoch
	case !p.carried(shards):
		return economy.ErrSlashingNotEnoughVotes
	}
	return nil
}

// An UpgradeVote is what a vote for an upgrade did.
type UpgradeVote struct {
	Proposal Proposal
	Fresh    bool // the vote is the first of a new proposal
	Quorum   bool // the proposal has a quorum, with this vote or before
}

// digestSize is the size of an upgrade's digest.
const digestSize = 32

// Upgrade returns the proposal to upgrade to digest after vote v; p is the one before, nil if there is
// none, and version the chain's current version.
//
// Errors, in order: [economy.ErrStakingInnerNotInCommittee], [economy.ErrUpgradeInvalidPackageDigest],
// [economy.ErrUpgradeDuplicateVote]. Source: spec: control-plane.md section 2.12.
func Upgrade(p *Proposal, digest []byte, version uint64, v Vote, shards uint16) (UpgradeVote, error) {
	if v.Weight == 0 {
		return UpgradeVote{}, economy.ErrStakingInnerNotInCommittee
	}
	if len(digest) != digestSize {
		return UpgradeVote{}, economy.ErrUpgradeInvalidPackageDigest
	}
	fresh := p == nil || p.Epoch != v.Epoch || p.Version != version+1
	if fresh {
		p = &Proposal{Epoch: v.Epoch, Version: version + 1}
	}
	next, err := p.add(v, economy.ErrUpgradeDuplicateVote)
	if err != nil {
		return UpgradeVote{}, err
	}
	return UpgradeVote{Proposal: next, Fresh: fresh, Quorum: next.carried(shards)}, nil
}

// CheckUpgrade tells whether proposal p, nil if there is none, may be carried out in epoch now by a chain
// of the given version. The caller deletes it and makes its version the current one.
//
// Errors, in order: [economy.ErrUpgradeNoProposalForDigest], [economy.ErrUpgradeWrongEpoch],
// [economy.ErrUpgradeNotEnoughVotes], [economy.ErrUpgradeWrongVersion].
// Source: spec: control-plane.md section 2.12.
func CheckUpgrade(p *Proposal, now committee.Epoch, version uint64, shards uint16) error {
	switch {
	case p == nil:
		return economy.ErrUpgradeNoProposalForDigest
	case p.Epoch != now:
		return economy.ErrUpgradeWrongEpoch
	case !p.carried(shards):
		return economy.ErrUpgradeNotEnoughVotes
	case p.Version != version+1:
		return economy.ErrUpgradeWrongVersion
	}
	return nil
}

// Stale tells whether a slashing proposal may be cleaned up.
func (p *Proposal) Stale(now committee.Epoch) bool { return p.Epoch < now }

// StaleUpgrade tells whether an upgrade proposal may be cleaned up.
func (p *Proposal) StaleUpgrade(now committee.Epoch, version uint64) bool {
	return p.Version <= version || p.Epoch < now
}

func (p *Proposal) carried(shards uint16) bool { return economy.IsQuorum(int(p.Weight), int(shards)) }

// add returns p with vote v counted; p stays as it is.
func (p *Proposal) add(v Vote, duplicate error) (Proposal, error) {
	if slices.Contains(p.Voters, v.Voter) {
		return Proposal{}, duplicate
	}
	next := *p
	next.Weight += uint32(v.Weight)
	next.Voters = append(slices.Clone(p.Voters), v.Voter)
	return next, nil
}
