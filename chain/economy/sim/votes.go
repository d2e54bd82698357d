package sim

import (
	"bytes"
	"slices"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/ballot"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/chain/economy/subsidy"
	"github.com/walrus-go/walrus/committee"
)

// CertifyEventBlob counts a node's attestation to an event blob.
func (w *World) CertifyEventBlob(node committee.NodeID, claim storage.Claim, sequence uint64, e committee.Epoch) (storage.EventOutcome, error) {
	n, err := w.Node(node)
	if err != nil {
		return storage.EventOutcome{}, err
	}
	out, err := w.EventBlobs.Vote(&w.Market, storage.EventVote{
		Claim:    claim,
		Sequence: sequence,
		Epoch:    e,
		Weight:   w.Current.Weight(node),
		Last:     n.Attestation,
	})
	if err != nil {
		return storage.EventOutcome{}, err
	}
	n.Attestation = out.Attestation
	if out.Certified {
		w.emitRegistered(out.Blob)
		w.emitCertified(out.Blob, false)
	}
	return out, nil
}

// UpdateDenyList certifies a node's deny list.
func (w *World) UpdateDenyList(node committee.NodeID, next storage.DenyList) error {
	n, err := w.Node(node)
	if err != nil {
		return err
	}
	if err := n.DenyList.Update(w.Current.Has(node), node, node, next); err != nil {
		return err
	}
	w.emit("DenyListUpdate", "epoch", w.Epoch(), "root", next.Root, "sequence_number", next.Sequence, "node_id", node)
	return nil
}

func (w *World) vote(voter committee.NodeID) ballot.Vote {
	return ballot.Vote{Epoch: w.Epoch(), Voter: voter, Weight: w.Current.Weight(voter)}
}

func (w *World) slashing(candidate committee.NodeID) (int, *ballot.Proposal) {
	i := slices.IndexFunc(w.Slashing, func(p SlashProposal) bool { return p.Candidate == candidate })
	if i < 0 {
		return i, nil
	}
	return i, &w.Slashing[i].Proposal
}

// VoteSlash votes to burn a node's commission and returns the weight behind that.
func (w *World) VoteSlash(voter, candidate committee.NodeID) (uint32, error) {
	if _, err := w.Node(voter); err != nil {
		return 0, err
	}
	i, before := w.slashing(candidate)
	p, err := ballot.Slash(before, w.vote(voter))
	if err != nil {
		return 0, err
	}
	if i < 0 {
		w.Slashing = append(w.Slashing, SlashProposal{candidate, p})
	} else {
		w.Slashing[i].Proposal = p
	}
	return p.Weight, nil
}

// ExecuteSlash burns a node's commission and returns how much that was.
func (w *World) ExecuteSlash(candidate committee.NodeID) (uint64, error) {
	i, p := w.slashing(candidate)
	if err := ballot.CheckSlash(p, w.Epoch(), w.Machine.Shards); err != nil {
		return 0, err
	}
	n, err := w.Node(candidate)
	if err != nil {
		return 0, err
	}
	w.Slashing = slices.Delete(w.Slashing, i, i+1)
	burned := n.Pool.BurnCommission()
	w.burn(burned)
	return burned, nil
}

// CleanupSlash removes stale proposals about the given nodes.
func (w *World) CleanupSlash(candidates []committee.NodeID) {
	w.Slashing = slices.DeleteFunc(w.Slashing, func(p SlashProposal) bool {
		return slices.Contains(candidates, p.Candidate) && p.Stale(w.Epoch())
	})
}

func (w *World) upgrade(digest []byte) (int, *ballot.Proposal) {
	i := slices.IndexFunc(w.Upgrades, func(p UpgradeProposal) bool { return bytes.Equal(p.Digest[:], digest) })
	if i < 0 {
		return i, nil
	}
	return i, &w.Upgrades[i].Proposal
}

// VoteUpgrade votes for an upgrade.
func (w *World) VoteUpgrade(voter committee.NodeID, digest []byte) (ballot.UpgradeVote, error) {
	if _, err := w.Node(voter); err != nil {
		return ballot.UpgradeVote{}, err
	}
	i, before := w.upgrade(digest)
	v, err := ballot.Upgrade(before, digest, w.Version, w.vote(voter), w.Machine.Shards)
	if err != nil {
		return ballot.UpgradeVote{}, err
	}
	if i < 0 {
		w.Upgrades = append(w.Upgrades, UpgradeProposal{[32]byte(digest), v.Proposal})
	} else {
		w.Upgrades[i].Proposal = v.Proposal
	}
	if v.Fresh {
		w.emit("ContractUpgradeProposed", "epoch", w.Epoch(), "package_digest", [32]byte(digest))
	}
	if v.Quorum {
		w.emit("ContractUpgradeQuorumReached", "epoch", w.Epoch(), "package_digest", [32]byte(digest))
	}
	return v, nil
}

// AuthorizeUpgrade carries out an upgrade and returns the new version.
func (w *World) AuthorizeUpgrade(digest []byte) (uint64, error) {
	i, p := w.upgrade(digest)
	if err := ballot.CheckUpgrade(p, w.Epoch(), w.Version, w.Machine.Shards); err != nil {
		return 0, err
	}
	w.Version = p.Version
	w.Upgrades = slices.Delete(w.Upgrades, i, i+1)
	return w.Version, nil
}

// AddSubsidy spreads amount over the pots of the coming epochs.
func (w *World) AddSubsidy(amount uint64, epochs uint32) (each, extra uint64, err error) {
	if amount > w.External {
		return 0, 0, economy.ErrBalanceNotEnough
	}
	each, extra, err = w.Market.Ring.AddSubsidy(amount, epochs)
	if err != nil {
		return 0, 0, err
	}
	w.External -= amount
	return each, extra, nil
}

// NewSubsidies sets up subsidies without funds.
func (w *World) NewSubsidies(rate uint32, base, perShard uint64) error {
	s, err := subsidy.New(rate, base, perShard, w.Market.Ring)
	if err != nil {
		return err
	}
	w.Subsidies = &s
	return nil
}

// FundSubsidies adds to the subsidies' pool.
func (w *World) FundSubsidies(amount uint64) error {
	if amount > w.External {
		return economy.ErrBalanceNotEnough
	}
	if err := w.Subsidies.Fund(amount); err != nil {
		return err
	}
	w.External -= amount
	return nil
}

// ProcessSubsidies pays the subsidies due.
func (w *World) ProcessSubsidies() (subsidy.Paid, error) {
	paid, err := w.Subsidies.Process(w.Market.Ring, w.Previous, w.Now)
	if err != nil {
		return subsidy.Paid{}, err
	}
	for _, p := range paid.Fixed {
		// A member of a committee has a pool, and the pool has room for coins that exist.
		if err := w.nodes[p.Node].Pool.AddCommission(p.Amount, !w.Machine.Selected()); err != nil {
			return subsidy.Paid{}, err
		}
	}
	return paid, nil
}
