package ballot

import (
	"errors"
	"testing"

	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/committee"
)

func TestSlash(t *testing.T) {
	t.Parallel()
	a, b := committee.NodeID{1}, committee.NodeID{2}
	if _, err := Slash(nil, Vote{Epoch: 1, Voter: a}); !errors.Is(err, economy.ErrStakingInnerNotInCommittee) {
		t.Errorf("a stranger: %v", err)
	}
	p, err := Slash(nil, Vote{Epoch: 1, Voter: a, Weight: 6})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Slash(&p, Vote{Epoch: 1, Voter: a, Weight: 6}); !errors.Is(err, economy.ErrSlashingDuplicateVote) {
		t.Errorf("twice: %v", err)
	}
	if err := CheckSlash(&p, 1, 10); !errors.Is(err, economy.ErrSlashingNotEnoughVotes) {
		t.Errorf("six of ten: %v", err)
	}
	carried, err := Slash(&p, Vote{Epoch: 1, Voter: b, Weight: 1})
	if err != nil || CheckSlash(&carried, 1, 10) != nil {
		t.Errorf("seven of ten: %v", err)
	}
	if p.Weight != 6 || len(p.Voters) != 1 {
		t.Errorf("the proposal before changed: %+v", p)
	}
	if err := CheckSlash(&carried, 2, 10); !errors.Is(err, economy.ErrSlashingWrongEpoch) || !carried.Stale(2) {
		t.Errorf("an epoch later: %v", err)
	}
	fresh, err := Slash(&carried, Vote{Epoch: 2, Voter: a, Weight: 2})
	if err != nil || fresh.Weight != 2 || fresh.Epoch != 2 {
		t.Errorf("afresh: %+v, %v", fresh, err)
	}
	if err := CheckSlash(nil, 1, 10); !errors.Is(err, economy.ErrSlashingNoProposalForNode) {
		t.Errorf("nothing: %v", err)
	}
}

func TestUpgrade(t *testing.T) {
	t.Parallel()
	digest := make([]byte, 32)
	a, b := committee.NodeID{1}, committee.NodeID{2}
	if _, err := Upgrade(nil, digest[:31], 1, Vote{Epoch: 1, Voter: a}, 10); !errors.Is(err, economy.ErrStakingInnerNotInCommittee) {
		t.Errorf("a stranger: %v", err)
	}
	if _, err := Upgrade(nil, digest[:31], 1, Vote{Epoch: 1, Voter: a, Weight: 1}, 10); !errors.Is(err, economy.ErrUpgradeInvalidPackageDigest) {
		t.Errorf("a short digest: %v", err)
	}
	v, err := Upgrade(nil, digest, 1, Vote{Epoch: 1, Voter: a, Weight: 7}, 10)
	if err != nil || !v.Fresh || !v.Quorum || v.Proposal.Version != 2 {
		t.Fatalf("%+v, %v", v, err)
	}
	p := v.Proposal
	again, err := Upgrade(&p, digest, 1, Vote{Epoch: 1, Voter: b, Weight: 1}, 10)
	if err != nil || again.Fresh || !again.Quorum {
		t.Errorf("a vote beyond the quorum: %+v, %v", again, err)
	}
	if _, err := Upgrade(&p, digest, 1, Vote{Epoch: 1, Voter: a, Weight: 7}, 10); !errors.Is(err, economy.ErrUpgradeDuplicateVote) {
		t.Errorf("twice: %v", err)
	}
	if other, err := Upgrade(&p, digest, 2, Vote{Epoch: 1, Voter: a, Weight: 7}, 10); err != nil || !other.Fresh {
		t.Errorf("after another upgrade: %+v, %v", other, err)
	}
	tests := map[string]struct {
		p       *Proposal
		now     committee.Epoch
		version uint64
		want    error
	}{
		"nothing":       {nil, 1, 1, economy.ErrUpgradeNoProposalForDigest},
		"another epoch": {&p, 2, 5, economy.ErrUpgradeWrongEpoch},
		"overtaken":     {&p, 1, 2, economy.ErrUpgradeWrongVersion},
		"good":          {&p, 1, 1, nil},
	}
	for name, tc := range tests {
		if err := CheckUpgrade(tc.p, tc.now, tc.version, 10); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
	if err := CheckUpgrade(&p, 1, 5, 11); !errors.Is(err, economy.ErrUpgradeNotEnoughVotes) {
		t.Errorf("too few: %v", err)
	}
	if p.StaleUpgrade(1, 1) || !p.StaleUpgrade(2, 1) || !p.StaleUpgrade(1, 2) {
		t.Error("stale at the wrong time")
	}
}
