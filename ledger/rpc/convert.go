package rpc

import (
	"context"
	"fmt"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
)

// What a node answers is checked while it is converted: an identifier of the wrong length is no answer.

func errAnswer(what string, size int) error {
	return fmt.Errorf("%w: %s of %d bytes in the answer", ledger.ErrUnavailable, what, size)
}

func epochOf(e uint32) committee.Epoch { return committee.Epoch(e) }

func hashOf(what string, b []byte) ([32]byte, error) {
	if len(b) != 32 {
		return [32]byte{}, errAnswer(what, len(b))
	}
	return [32]byte(b), nil
}

// ownerOf reads an owner. Records held by another object have none.
func ownerOf(b []byte) (ledger.Address, error) {
	switch len(b) {
	case len(ledger.Address{}):
		return ledger.Address(b), nil
	case 0, 32:
		return ledger.Address{}, nil
	}
	return ledger.Address{}, errAnswer("owner", len(b))
}

// StorageOf reads a storage resource in an answer of the chain. Errors: [ledger.ErrUnavailable] if it is none.
func StorageOf(s *blobv1.Storage) (ledger.Storage, error) {
	id, err := hashOf("storage ID", s.Id)
	if err != nil {
		return ledger.Storage{}, err
	}
	owner, err := ownerOf(s.Owner)
	if err != nil {
		return ledger.Storage{}, err
	}
	return ledger.Storage{ID: id, Owner: owner, Start: epochOf(s.StartEpoch), End: epochOf(s.EndEpoch), Size: s.Size_}, nil
}

func blobOf(b *blobv1.Blob) (ledger.Blob, error) {
	id, err := hashOf("object ID", b.Id)
	if err != nil {
		return ledger.Blob{}, err
	}
	blobID, err := hashOf("blob ID", b.BlobId)
	if err != nil {
		return ledger.Blob{}, err
	}
	owner, err := ownerOf(b.Owner)
	if err != nil {
		return ledger.Blob{}, err
	}
	storage, err := StorageOf(&b.Storage)
	if err != nil {
		return ledger.Blob{}, err
	}
	storage.Owner = owner
	out := ledger.Blob{
		ID: id, Owner: owner, BlobID: blobID, Size: b.Size_, Registered: epochOf(b.RegisteredEpoch),
		Storage: storage, Deletable: b.Deletable,
	}
	if b.CertifiedEpoch != 0 {
		since := epochOf(b.CertifiedEpoch)
		out.Certified = &since
	}
	return out, nil
}

func convert[P, L any](list []P, one func(*P) (L, error)) ([]L, error) {
	out := make([]L, len(list))
	for i := range list {
		var err error
		if out[i], err = one(&list[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func refOf(r *blobv1.EventRef) (blob.EventRef, error) {
	if r == nil {
		return blob.EventRef{}, nil
	}
	tx, err := hashOf("transaction hash", r.TxHash)
	return blob.EventRef{Tx: tx, Seq: uint64(r.Index)}, err
}

// StatusOf derives a blob's status in epoch now from the sums the chain keeps of its registrations.
//
// Errors: [ledger.ErrUnavailable] for sums that no chain keeps. Source: spec: storage-node.md section 4.6.
func StatusOf(info *blobv1.Info, epoch committee.Epoch) (s blob.Status, err error) {
	now := uint32(epoch)
	if info.InvalidEvent != nil {
		s.Kind = blob.Invalid
		s.Event, err = refOf(info.InvalidEvent)
		return s, err
	}
	if info.DeletableEnd > now {
		s.Counts.Total = info.DeletableTotal
	}
	if info.DeletableCertifiedEnd > now {
		s.Counts.Certified = info.DeletableCertified
	}
	s.Counts.Total += info.PooledTotal
	s.Counts.Certified += info.PooledCertified
	switch {
	case info.CertifiedEnd > now:
		s.Kind, s.Certified, s.End = blob.Permanent, true, epochOf(info.CertifiedEnd)
		s.Event, err = refOf(info.CertifiedEvent)
	case info.PermanentEnd > now:
		s.Kind, s.End = blob.Permanent, epochOf(info.PermanentEnd)
		s.Event, err = refOf(info.PermanentEvent)
	case s.Counts != (blob.DeletableCounts{}):
		s.Kind = blob.Deletable
	}
	if since := epochOf(info.InitialCertifiedEpoch); s.Kind != blob.Nonexistent && since != 0 {
		s.InitialCertified = &since
	}
	return s, err
}

// committee asks for the committee of an epoch.
func (c *Client) committee(ctx context.Context, epoch uint32) (*committee.Committee, error) {
	var out committeev1.QueryCommitteeResponse
	if err := c.query(ctx, committeeQuery+"Committee", &committeev1.QueryCommitteeRequest{Epoch: epoch}, &out); err != nil {
		return nil, err
	}
	return committeeOf(&out)
}

func committeeOf(r *committeev1.QueryCommitteeResponse) (*committee.Committee, error) {
	if len(r.Nodes) != len(r.Committee.Members) {
		return nil, fmt.Errorf("%w: %d nodes for %d members in the answer", ledger.ErrUnavailable, len(r.Nodes), len(r.Committee.Members))
	}
	members := make([]committee.Member, len(r.Nodes))
	for i := range members {
		var err error
		if members[i], err = memberOf(&r.Committee.Members[i], &r.Nodes[i]); err != nil {
			return nil, err
		}
	}
	out, err := committee.New(epochOf(r.Committee.Epoch), int(r.Committee.NShards), members)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ledger.ErrUnavailable, err)
	}
	return out, nil
}

func memberOf(m *committeev1.Member, n *committeev1.Node) (out committee.Member, err error) {
	if out.ID, err = hashOf("node ID", m.NodeId); err != nil {
		return out, err
	}
	if out.Key, err = bls.ParsePublicKey(m.BlsPublicKey); err != nil {
		return out, fmt.Errorf("%w: node %s: %w", ledger.ErrUnavailable, out.ID, err)
	}
	// Without a key nobody can reach the node, which is as bad as if it were down, and no worse.
	if len(n.NetworkPublicKey) != 0 && len(n.NetworkPublicKey) != len(out.NetworkKey) {
		return out, errAnswer("network key", len(n.NetworkPublicKey))
	}
	copy(out.NetworkKey[:], n.NetworkPublicKey)
	out.Name, out.Address, out.Stake = n.Name, n.NetworkAddress, m.Stake
	for _, s := range m.Shards {
		if s > 1<<16-1 {
			return out, fmt.Errorf("%w: shard %d in the answer", ledger.ErrUnavailable, s)
		}
		out.Shards = append(out.Shards, committee.Shard(s))
	}
	return out, nil
}
