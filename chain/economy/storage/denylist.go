package storage

import (
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/committee"
)

// A DenyList is the digest of the blobs a node refuses to serve. The zero value is an empty list.
// Source: spec: control-plane.md section 2.10.
type DenyList struct {
	Root     [32]byte
	Sequence uint64
	Size     uint64 // encoded bytes; they reduce the node's rewards
}

// CheckAnnounce tells whether a node may announce a list with the given sequence number; announcing
// changes nothing. member tells whether the node is in the current committee.
//
// Errors, in order: [economy.ErrSystemStateInnerNotCommitteeMember],
// [economy.ErrSystemStateInnerIncorrectDenyListSequence].
func (d *DenyList) CheckAnnounce(member bool, sequence uint64) error {
	if !member {
		return economy.ErrSystemStateInnerNotCommitteeMember
	}
	if sequence <= d.Sequence {
		return economy.ErrSystemStateInnerIncorrectDenyListSequence
	}
	return nil
}

// Update replaces the list of node by next, which a certificate of a quorum says is the list of named.
//
// Errors, in order: [economy.ErrSystemStateInnerNotCommitteeMember],
// [economy.ErrSystemStateInnerIncorrectDenyListNode],
// [economy.ErrSystemStateInnerIncorrectDenyListSequence].
func (d *DenyList) Update(member bool, node, named committee.NodeID, next DenyList) error {
	if !member {
		return economy.ErrSystemStateInnerNotCommitteeMember
	}
	if node != named {
		return economy.ErrSystemStateInnerIncorrectDenyListNode
	}
	if next.Sequence <= d.Sequence {
		return economy.ErrSystemStateInnerIncorrectDenyListSequence
	}
	*d = next
	return nil
}

// CheckProtocolVersion tells whether a certified protocol version may start in epoch start.
//
// Errors, in order: [economy.ErrSystemStateInnerNotCommitteeMember],
// [economy.ErrSystemStateInnerInvalidStartEpoch]. Source: spec: control-plane.md section 2.11.
func CheckProtocolVersion(member bool, now, start committee.Epoch) error {
	if !member {
		return economy.ErrSystemStateInnerNotCommitteeMember
	}
	if start < now {
		return economy.ErrSystemStateInnerInvalidStartEpoch
	}
	return nil
}
