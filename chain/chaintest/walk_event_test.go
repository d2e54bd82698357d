package chaintest_test

import (
	"crypto/sha256"
	"fmt"
	"maps"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/economy/cert"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/committee"
)

// A walkEvents is what is known of event blobs.
type walkEvents struct {
	epoch   committee.Epoch // of support
	latest  uint64          // checkpoint; none is 0
	support map[blob.ID]int // shards behind what is next
	next    []blobv1.Registration
}

// weight is the number of shards that a node has in the current committee.
func (w *walk) weight(id committee.NodeID) int {
	for _, m := range w.members {
		if m.id == id {
			return m.weight
		}
	}
	return 0
}

const notMember = "system_state_inner::ENotCommitteeMember"

// attestEvents lets some nodes attest to the next event blob, or to a rival of it.
func (w *walk) attestEvents() *operation {
	if e := &w.events; e.epoch != w.number || len(e.next) == 0 {
		e.epoch, e.support = w.number, map[blob.ID]int{}
		e.next = []blobv1.Registration{w.eventBlob(), w.eventBlob()}
	}
	at := w.events.latest + 1
	for range 2 + w.rng.IntN(2*w.first) {
		n := w.sound()
		if n == nil {
			break
		}
		r := w.events.next[0]
		if w.one(8) {
			r = w.events.next[1]
		}
		w.queue = append(w.queue, w.attestEvent(n, &r, at))
	}
	if n := w.sound(); n != nil { // of the epoch before
		o := w.attestEvent(n, &w.events.next[0], at)
		o.message.(*blobv1.MsgCertifyEventBlob).Epoch--
		o.must, o.may = true, []string{"system_state_inner::EInvalidIdEpoch", notMember}
		return o
	}
	return nil
}

// eventBlob makes up an event blob, which is never large.
func (w *walk) eventBlob() blobv1.Registration {
	for {
		if r := w.registration(); w.encoded(r.Size_) > 0 && r.Size_ < 1<<24 {
			return r
		}
	}
}

func (w *walk) attestEvent(n *walkNode, r *blobv1.Registration, at uint64) *operation {
	id, weight := blob.ID(r.BlobId), w.weight(n.id)
	o := &operation{
		sender: n.owner, message: &blobv1.MsgCertifyEventBlob{
			Owner: w.address(n.owner), NodeId: n.id[:], BlobId: r.BlobId, RootHash: r.RootHash, Size_: r.Size_, EncodingType: 1,
			Checkpoint: at, Epoch: uint32(w.number),
		},
		must: weight == 0, may: []string{notMember},
		then: func(response []byte) error {
			var out blobv1.MsgCertifyEventBlobResponse
			err := out.Unmarshal(response)
			return w.attested(&out, id, weight, at, r.Size_, err)
		},
	}
	if weight > 0 {
		o.may = []string{"system_state_inner::ERepeatedAttestation"}
	}
	return o.lock(&n.busy)
}

// attested notes a node's word and holds what came of it against invariant I-15.
func (w *walk) attested(out *blobv1.MsgCertifyEventBlobResponse, id blob.ID, weight int, at, size uint64, err error) error {
	e := &w.events
	if out.Already {
		if e.latest < at {
			return fmt.Errorf("checkpoint %d is not certified, %d is", at, e.latest)
		}
		return err
	}
	e.support[id] += weight
	quorum := 3*e.support[id] >= 2*int(w.seen.state.Params.NShards)+1
	if int(out.Weight) != e.support[id] || out.Certified != quorum {
		return fmt.Errorf("I-15: %d shards attest to an event blob: %+v", e.support[id], out)
	}
	if quorum {
		e.latest, e.next = at, nil
		w.free += w.encoded(size)
	}
	return err
}

// check holds what the chain keeps of event blobs against what the walk knows: the last one certified, and of
// others what was said in this epoch since then.
func (e *walkEvents) check(l *look) error {
	support := map[blob.ID]int{}
	if e.epoch == committee.Epoch(l.state.Epoch.Number) && len(e.next) > 0 {
		support = maps.Clone(e.support)
	}
	for _, s := range l.events.Weights {
		if s.Sequence != e.latest+1 || s.Weight == 0 || support[s.BlobID] != int(s.Weight) {
			return fmt.Errorf("event blobs: %d shards for %s at checkpoint %d, after %d; want %d", s.Weight, s.BlobID, s.Sequence, e.latest, support[s.BlobID])
		}
		delete(support, s.BlobID)
	}
	if len(support) > 0 || l.events.Latest.Sequence != e.latest {
		return fmt.Errorf("event blobs: checkpoint %d is certified, not %d; support is gone: %v", l.events.Latest.Sequence, e.latest, support)
	}
	return nil
}

// announceDenyList announces a deny list; updateDenyList certifies one.
func (w *walk) announceDenyList() *operation {
	n := w.sound()
	if n == nil {
		return nil
	}
	root := sha256.Sum256(fmt.Append(nil, w.done))
	sequence := n.denySequence + w.rng.Uint64N(4)
	o := &operation{sender: n.owner, message: &blobv1.MsgRegisterDenyListUpdate{
		Owner: w.address(n.owner), NodeId: n.id[:], Root: root[:], Sequence: sequence,
	}}
	switch {
	case w.weight(n.id) == 0:
		o.must, o.may = true, []string{notMember}
	case sequence <= n.denySequence:
		o.must, o.may = true, []string{"system_state_inner::EIncorrectDenyListSequence"}
	}
	return o.lock(&n.busy)
}

func (w *walk) updateDenyList() *operation {
	n := w.sound()
	if n == nil {
		return nil
	}
	update := cert.DenyListUpdate{Node: n.id, List: storage.DenyList{
		Root: sha256.Sum256(n.id[:]), Sequence: n.denySequence + w.rng.Uint64N(6),
	}}
	if w.one(4) { // what it refuses costs the node
		update.List.Size = w.rng.Uint64() >> w.rng.IntN(64)
	}
	other := w.one(10)
	if other {
		update.Node[31]++
	}
	c, quorum, _ := w.certificate(update.Message(w.number))
	o := &operation{
		sender: n.owner, message: &blobv1.MsgUpdateDenyList{Owner: w.address(n.owner), NodeId: n.id[:], Certificate: c},
		then: func([]byte) error {
			n.denySequence, n.denied = update.List.Sequence, update.List.Size
			return nil
		},
	}
	switch {
	case w.weight(n.id) == 0:
		o.must, o.may = true, []string{notMember}
	case !quorum:
		o.must, o.may = true, []string{"bls_aggregate::ENotEnoughStake"}
	case other:
		o.must, o.may = true, []string{"system_state_inner::EIncorrectDenyListNode"}
	case update.List.Sequence <= n.denySequence:
		o.must, o.may = true, []string{"system_state_inner::EIncorrectDenyListSequence"}
	}
	return o.lock(&n.busy)
}

func (w *walk) deleteDenied() *operation {
	sender := w.anyone()
	c, _, someone := w.certificate(cert.DenyListDeletedMessage(w.number, sha256.Sum256(fmt.Append(nil, w.done))))
	o := &operation{sender: sender, message: &blobv1.MsgDeleteDenyListedBlob{Sender: w.address(sender), Certificate: c}}
	if !someone {
		o.must, o.may = true, []string{"bls_aggregate::ENotEnoughStake"}
	}
	return o
}
