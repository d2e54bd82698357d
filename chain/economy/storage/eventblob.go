package storage

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/market"
	"github.com/walrus-go/walrus/chain/economy/price"
	"github.com/walrus-go/walrus/committee"
)

// EventBlobs is the state of certifying the nodes' own record of events.
// Source: spec: control-plane.md section 2.9.
type EventBlobs struct {
	HasLatest bool
	Latest    Checkpoint // certified last, if HasLatest
	Weights   []Support  // open attestations, ascending by checkpoint, then blob ID
}

// A Checkpoint is an event blob at its place in the sequence of events.
type Checkpoint struct {
	Sequence uint64
	BlobID   blob.ID
}

// Support is the shards that attest to a checkpoint.
type Support struct {
	Checkpoint
	Weight uint32
}

// An Attestation is what a node attested last. The zero value is none.
type Attestation struct {
	Present  bool
	Sequence uint64
	Epoch    committee.Epoch
}

// An EventVote is a node's call to certify an event blob. Node weight 0 means that the node is not in the
// current committee.
type EventVote struct {
	Claim    Claim // Deletable is ignored: event blobs are permanent
	Sequence uint64
	Epoch    committee.Epoch
	Weight   uint16
	Last     Attestation
}

// An EventOutcome says what a vote did.
type EventOutcome struct {
	Attestation Attestation // the node's last one from now on
	Already     bool        // the checkpoint, or a later one, was certified before; nothing counted
	Weight      uint32      // shards behind the event blob
	Certified   bool        // the vote completed the quorum
	Blob        Blob        // the certified blob, if Certified; it is announced, not kept
	Encoded     uint64      // its encoded size
}

// Vote counts a node's attestation and, when it completes a quorum of shards, certifies the event blob:
// its size is accounted for all epochs, without payment and whatever the capacity.
//
// Errors, in order: [economy.ErrSystemStateInnerNotCommitteeMember],
// [economy.ErrSystemStateInnerInvalidIdEpoch], [economy.ErrSystemStateInnerRepeatedAttestation],
// [economy.ErrSystemStateInnerIncorrectAttestation], then those of registering the blob.
// Source: spec: control-plane.md section 2.9.
func (s *EventBlobs) Vote(m *market.Market, v EventVote) (EventOutcome, error) {
	if err := s.checkVote(m.Now(), v); err != nil {
		return EventOutcome{}, err
	}
	out := EventOutcome{Attestation: Attestation{Present: true, Sequence: v.Sequence, Epoch: v.Epoch}}
	if s.HasLatest && s.Latest.Sequence >= v.Sequence {
		out.Already = true
		return out, nil
	}
	at := Checkpoint{Sequence: v.Sequence, BlobID: v.Claim.ID}
	i, found := slices.BinarySearchFunc(s.Weights, at, compareSupport)
	out.Weight = uint32(v.Weight)
	if found {
		out.Weight += s.Weights[i].Weight
	}
	if !economy.IsQuorum(int(out.Weight), int(m.Shards)) {
		if found {
			s.Weights[i].Weight = out.Weight
		} else {
			s.Weights = slices.Insert(s.Weights, i, Support{Checkpoint: at, Weight: out.Weight})
		}
		return out, nil
	}
	if err := s.certify(m, v, &out); err != nil {
		return EventOutcome{}, err
	}
	s.HasLatest, s.Latest, s.Weights = true, at, nil
	return out, nil
}

func (s *EventBlobs) checkVote(now committee.Epoch, v EventVote) error {
	if v.Weight == 0 {
		return economy.ErrSystemStateInnerNotCommitteeMember
	}
	if v.Epoch != now {
		return economy.ErrSystemStateInnerInvalidIdEpoch
	}
	if !v.Last.Present || v.Last.Epoch != now {
		return nil
	}
	if v.Sequence <= v.Last.Sequence {
		return economy.ErrSystemStateInnerRepeatedAttestation
	}
	if !s.HasLatest || s.Latest.Sequence < v.Last.Sequence {
		return economy.ErrSystemStateInnerIncorrectAttestation
	}
	return nil
}

// certify registers and certifies the event blob.
func (s *EventBlobs) certify(m *market.Market, v EventVote, out *EventOutcome) error {
	claim := v.Claim
	claim.Deletable = false
	encoded, err := price.EncodedSize(m.Shards, claim.Size, claim.Encoding)
	if err != nil {
		return err
	}
	now := m.Now()
	space := Resource{Start: now, End: now + committee.Epoch(m.Horizon()), Size: encoded}
	registered, _, err := newBlob(m, space, claim)
	if err != nil {
		return err
	}
	if err := m.UseForFree(encoded); err != nil {
		return err
	}
	registered.Certified, registered.Since = true, now
	out.Certified, out.Blob, out.Encoded = true, registered, encoded
	return nil
}

// EndEpoch forgets the open attestations.
func (s *EventBlobs) EndEpoch() { s.Weights = nil }

func compareSupport(a Support, b Checkpoint) int {
	return cmp.Or(cmp.Compare(a.Sequence, b.Sequence), bytes.Compare(a.BlobID[:], b.BlobID[:]))
}
