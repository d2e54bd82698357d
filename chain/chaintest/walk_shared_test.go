package chaintest_test

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/cosmos/gogoproto/proto"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/chain"
)

// maxWalkShared bounds the shared blobs that are of use at a time.
const maxWalkShared = 60

// The rates of subsidies in a walk, and where the state has them.
const (
	walkRate       = 500      // basis points
	walkBase       = wal / 10 // FROST per member and epoch
	walkPerShard   = 1000     // FROST per shard and epoch
	subsidiesStart = 22       // prefix
)

// A walkShared is a shared blob with its funds.
type walkShared struct {
	id    [32]byte
	blob  *walkBlob
	funds uint64
	busy  bool
}

func (w *walk) dropShared(s *walkShared) {
	w.shared.drop(func(o *walkShared) bool { return o == s })
	w.oldShared = append(w.oldShared, s)
}

func (w *walk) shareBlob() *operation {
	b, found := w.freeBlob(func(b *walkBlob) bool { return b.certified && b.end > uint32(w.number) || w.one(20) })
	if !found || len(w.shared.items) >= maxWalkShared {
		return nil
	}
	funds := w.rng.Uint64N(2) * w.rng.Uint64N(wal)
	o := &operation{
		sender: b.owner, message: &blobv1.MsgShareBlob{Owner: w.address(b.owner), ObjectId: b.id[:], Funds: funds},
		may: []string{"balance::ENotEnough"},
		then: func(response []byte) error {
			var out blobv1.MsgShareBlobResponse
			err := out.Unmarshal(response)
			w.dropBlob(b)
			w.shared.put(&walkShared{id: [32]byte(out.Shared.Id), blob: b, funds: funds})
			w.funds += funds
			if out.Shared.Funds != funds || !bytes.Equal(out.Shared.ObjectId, b.id[:]) {
				return fmt.Errorf("shared %+v", out.Shared)
			}
			return err
		},
	}
	return o.lock(&b.busy)
}

// freeShared draws a shared blob, and puts those aside that nobody can extend any more.
func (w *walk) freeShared() (*walkShared, bool) {
	s, found := w.shared.draw(w.rng, func(s *walkShared) bool { return !s.busy })
	if found && s.blob.end <= uint32(w.number) && w.one(3) {
		w.dropShared(s)
		return nil, false
	}
	return s, found
}

func (w *walk) fundShared() *operation {
	s, found := w.freeShared()
	if !found {
		return nil
	}
	sender, amount := w.anyone(), w.rng.Uint64N(2*wal)
	o := &operation{
		sender: sender, message: &blobv1.MsgFundSharedBlob{Sender: w.address(sender), SharedId: s.id[:], Amount: amount},
		may: []string{"balance::ENotEnough"},
		then: func(response []byte) error {
			var out blobv1.MsgFundSharedBlobResponse
			err := out.Unmarshal(response)
			w.funds += amount
			if s.funds += amount; s.funds != out.Funds {
				return fmt.Errorf("I-1: funds of %d, not %d", out.Funds, s.funds)
			}
			return err
		},
	}
	if w.one(10) {
		o.must, o.may = true, []string{"arith::EOverflow", "balance::ENotEnough"}
		o.message.(*blobv1.MsgFundSharedBlob).Amount = 1<<64 - 1
	}
	return o.lock(&s.busy)
}

func (w *walk) extendShared() *operation {
	s, found := w.freeShared()
	if !found {
		return nil
	}
	sender, by := w.anyone(), w.rng.Uint32N(8)
	o := &operation{
		sender: sender, message: &blobv1.MsgExtendSharedBlob{Sender: w.address(sender), SharedId: s.id[:], Epochs: by},
		may: soldOut,
		then: func(response []byte) error {
			var out blobv1.MsgExtendSharedBlobResponse
			err := out.Unmarshal(response)
			if by == 0 || out.EndEpoch != s.blob.end+by || out.Paid+out.Funds != s.funds {
				return fmt.Errorf("I-1: %d epochs with funds of %d: %+v", by, s.funds, out)
			}
			s.blob.end, s.funds = out.EndEpoch, out.Funds
			w.funds -= out.Paid
			return err
		},
	}
	switch {
	case !s.blob.certified:
		o.must, o.may = true, []string{"blob::ENotCertified"}
	case s.blob.end <= uint32(w.number):
		o.must, o.may = true, []string{"blob::EResourceBounds"}
	}
	return o.lock(&s.busy)
}

// intrudeShared tries to take back what was shared.
func (w *walk) intrudeShared() *operation {
	s, found := w.freeShared()
	if !found {
		return nil
	}
	me, id := w.address(s.blob.owner), s.blob.id[:]
	o := &operation{sender: s.blob.owner, must: true, may: []string{notOwner}, message: []proto.Message{
		&blobv1.MsgDeleteBlobs{Owner: me, ObjectIds: [][]byte{id}},
		burnMessage(me, s.blob),
		&blobv1.MsgShareBlob{Owner: me, ObjectId: id},
		&blobv1.MsgTransfer{Owner: me, ObjectId: id, Recipient: me},
	}[w.rng.IntN(4)]}
	return o.lock(&s.busy)
}

// setRates sets the rates of subsidies, behind the back of governance, which takes longer than epochs.
func (w *walk) setRates() error {
	store, key := w.Store("blob"), []byte{subsidiesStart}
	var s blobv1.Subsidies
	if err := s.Unmarshal(store.Get(key)); err != nil {
		return err
	}
	s.Rate, s.Base, s.PerShard = walkRate, walkBase, walkPerShard
	raw, err := s.Marshal()
	if err != nil {
		return err
	}
	store.Set(key, raw)
	return nil
}

func (w *walk) addSubsidy() *operation {
	sender, amount, epochs := w.anyone(), w.rng.Uint64N(wal), w.rng.Uint32N(chain.DefaultMaxEpochsAhead+3)
	o := &operation{
		sender: sender, message: &blobv1.MsgAddSubsidy{Sender: w.address(sender), Amount: amount, EpochsAhead: epochs},
		may: []string{"balance::ENotEnough"},
		then: func(response []byte) error {
			var out blobv1.MsgAddSubsidyResponse
			err := out.Unmarshal(response)
			if out.Each*uint64(epochs)+out.Extra != amount {
				return fmt.Errorf("I-1: %+v of %d", out, amount)
			}
			return err
		},
	}
	if epochs == 0 || epochs > chain.DefaultMaxEpochsAhead {
		o.must, o.may = true, []string{poolOver}
	}
	return o
}

func (w *walk) addPerEpoch() *operation {
	sender := w.anyone()
	amounts := make([]uint64, w.rng.IntN(chain.DefaultMaxEpochsAhead+5))
	for i := range amounts {
		amounts[i] = w.rng.Uint64N(wal / 10)
	}
	o := &operation{
		sender: sender, message: &blobv1.MsgAddPerEpochSubsidies{Sender: w.address(sender), Amounts: amounts},
		may: []string{"balance::ENotEnough"},
	}
	if len(amounts) > chain.DefaultMaxEpochsAhead {
		o.must, o.may = true, []string{poolOver}
	}
	return o
}

func (w *walk) fundSubsidies() *operation {
	sender, amount := w.anyone(), w.rng.Uint64N(20*wal)
	return &operation{
		sender: sender, message: &blobv1.MsgFundSubsidies{Sender: w.address(sender), Amount: amount},
		may: []string{"balance::ENotEnough"},
		then: func(response []byte) error {
			var out blobv1.MsgFundSubsidiesResponse
			err := out.Unmarshal(response)
			if w.subsidies += amount; out.Pool != w.subsidies {
				return fmt.Errorf("I-1: %d for subsidies, not %d", out.Pool, w.subsidies)
			}
			return err
		},
	}
}

// processSubsidies pays what is due, but for the part of nodes whose pools cannot be read now.
func (w *walk) processSubsidies() *operation {
	// A broken pool that can be read takes what mending would undo.
	if w.processing || slices.ContainsFunc(w.nodes, func(n *walkNode) bool { return n.frozen() && !n.broken.unreadable() }) {
		return nil
	}
	var fixed uint64
	if w.subsidised < w.number {
		for _, m := range w.seen.state.Previous {
			if b := w.nodeOf(m.Node).broken; b == nil || !b.unreadable() {
				fixed += walkBase + walkPerShard*uint64(len(m.Shards))
			}
		}
	}
	sender, epoch := w.anyone(), w.number
	o := &operation{
		sender: sender, message: &blobv1.MsgProcessSubsidies{Sender: w.address(sender)},
		may: []string{"walrus_subsidies_inner::EInsufficientFundsInPool"},
		then: func(response []byte) error {
			var out blobv1.MsgProcessSubsidiesResponse
			err := out.Unmarshal(response)
			if out.Fixed != fixed {
				return fmt.Errorf("I-1: %d for nodes, not %d", out.Fixed, fixed)
			}
			w.subsidies -= out.Fixed + out.Usage
			w.subsidised = epoch
			return err
		},
	}
	return o.lock(&w.processing)
}

// countShared holds shared blobs and subsidies against what the walk knows: I-1.
func (w *walk) countShared(a *chain.Audit) error {
	known := map[[32]byte]*walkShared{}
	for _, s := range slices.Concat(w.shared.items, w.oldShared) {
		known[s.id] = s
	}
	var funds uint64
	if err := a.EachShared(func(r blobv1.SharedBlob) error {
		s := known[[32]byte(r.Id)]
		if s == nil || s.funds != r.Funds || !bytes.Equal(s.blob.id[:], r.ObjectId) {
			return fmt.Errorf("I-1: shared blob %+v is known as %+v", r, s)
		}
		funds += r.Funds
		delete(known, s.id)
		return nil
	}); err != nil {
		return err
	}
	if len(known) > 0 || funds != w.funds {
		return fmt.Errorf("I-1: %d shared blobs are gone; funds of %d, not %d", len(known), funds, w.funds)
	}
	s, err := a.Subsidies()
	if err == nil && s.Pool != w.subsidies {
		err = fmt.Errorf("I-1: %d for subsidies, not %d", s.Pool, w.subsidies)
	}
	return err
}
