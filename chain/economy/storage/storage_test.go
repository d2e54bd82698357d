package storage

import (
	"errors"
	"math"
	"testing"
	"testing/quick"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/market"
	"github.com/walrus-go/walrus/chain/economy/price"
	"github.com/walrus-go/walrus/committee"
)

// Invariant I-16.
func TestSplitThenFuseIsTheIdentity(t *testing.T) {
	t.Parallel()
	bySize := func(start, length uint16, size, at uint64) bool {
		r := Resource{committee.Epoch(start), committee.Epoch(start) + committee.Epoch(length) + 1, size}
		before := r
		rest, err := r.SplitBySize(at)
		if err != nil {
			return at > size && r == before
		}
		return r.Size == at && r.Fuse(rest) == nil && r == before
	}
	byEpoch := func(start, length, at uint16, size uint64, swap bool) bool {
		r := Resource{committee.Epoch(start), committee.Epoch(start) + committee.Epoch(length) + 1, size}
		before := r
		rest, err := r.SplitByEpoch(committee.Epoch(at))
		if err != nil {
			return (at <= start || committee.Epoch(at) >= before.End) && r == before
		}
		if swap {
			r, rest = rest, r
		}
		return r.Fuse(rest) == nil && r == before
	}
	for name, f := range map[string]any{"by size": bySize, "by epoch": byEpoch} {
		if err := quick.Check(f, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFuseRefuses(t *testing.T) {
	t.Parallel()
	r := Resource{2, 5, 10}
	tests := map[string]struct {
		fuse func(*Resource, Resource) error
		o    Resource
		want error
	}{
		"sizes differ before periods":   {(*Resource).FusePeriods, Resource{9, 12, 11}, economy.ErrStorageResourceIncompatibleAmount},
		"a gap":                         {(*Resource).FusePeriods, Resource{6, 9, 10}, economy.ErrStorageResourceIncompatibleEpochs},
		"overlap":                       {(*Resource).FusePeriods, Resource{4, 9, 10}, economy.ErrStorageResourceIncompatibleEpochs},
		"another end":                   {(*Resource).FuseAmount, Resource{2, 6, 10}, economy.ErrStorageResourceIncompatibleEpochs},
		"more than there can be":        {(*Resource).FuseAmount, Resource{2, 5, math.MaxUint64}, economy.ErrOverflow},
		"same start goes by amount":     {(*Resource).Fuse, Resource{2, 6, 10}, economy.ErrStorageResourceIncompatibleEpochs},
		"another start goes by periods": {(*Resource).Fuse, Resource{5, 6, 9}, economy.ErrStorageResourceIncompatibleAmount},
	}
	for name, tc := range tests {
		got := r
		if err := tc.fuse(&got, tc.o); !errors.Is(err, tc.want) || got != r {
			t.Errorf("%s: %v, want %v; %v", name, err, tc.want, got)
		}
	}
}

func TestAttributes(t *testing.T) {
	t.Parallel()
	var a Attributes
	if _, err := a.Take(BlobAttributes); !errors.Is(err, economy.ErrBlobMissingMetadata) {
		t.Errorf("take of nothing: %v", err)
	}
	if _, err := a.Remove(PooledAttributes, "k"); !errors.Is(err, economy.ErrStoragePoolMissingMetadata) {
		t.Errorf("remove of nothing: %v", err)
	}
	if _, ok := a.RemoveIfExists("k"); ok {
		t.Error("removed what is not there")
	}
	a.Set("k", "1")
	a.Set("l", "2")
	kept := a
	a.Set("k", "3")
	if want := []Pair{{"l", "2"}, {"k", "3"}}; len(a.Pairs) != 2 || a.Pairs[0] != want[0] || a.Pairs[1] != want[1] {
		t.Errorf("got %v, want %v", a.Pairs, want)
	}
	if kept.Pairs[0] != (Pair{"k", "1"}) {
		t.Errorf("a copy changed: %v", kept.Pairs)
	}
	if err := a.Add(BlobAttributes, Attributes{Present: true}); !errors.Is(err, economy.ErrBlobDuplicateMetadata) {
		t.Errorf("second map: %v", err)
	}
	if _, err := a.Remove(BlobAttributes, "m"); !errors.Is(err, economy.ErrVecMapKeyDoesNotExist) {
		t.Errorf("unknown key: %v", err)
	}
	if v, err := a.Remove(BlobAttributes, "k"); v != "3" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	if _, err := NewAttributes([]Pair{{"a", ""}, {"a", ""}}); !errors.Is(err, economy.ErrVecMapKeyAlreadyExists) {
		t.Errorf("key twice: %v", err)
	}
	old := a.AddOrReplace(Attributes{Present: true})
	if len(old.Pairs) != 1 || len(a.Pairs) != 0 || !a.Present {
		t.Errorf("replaced %v by %v", old, a)
	}
}

func testMarket() *market.Market {
	return &market.Market{Shards: 10, Capacity: 1e12, StoragePrice: 10, WritePrice: 3, Ring: market.NewRing(5, 10)}
}

func testClaim(deletable bool) Claim {
	c := Claim{Root: [32]byte{9}, Size: 100, Encoding: price.RS2, Deletable: deletable}
	c.ID = DeriveID(c.Root, c.Size, c.Encoding)
	return c
}

func TestCertifyRefusesInOrder(t *testing.T) {
	t.Parallel()
	object := blob.ObjectID{1}
	fresh, _, _, err := Register(testMarket(), Resource{5, 8, 1e6}, testClaim(true), 100)
	if err != nil {
		t.Fatal(err)
	}
	good := Certificate{ID: fresh.ID, Deletable: true, Object: object}
	certified := fresh
	if err := certified.Certify(5, object, good); err != nil {
		t.Fatal(err)
	}
	other := good
	other.ID[0]++
	permanent := good
	permanent.Deletable = false
	elsewhere := good
	elsewhere.Object[0]++
	tests := map[string]struct {
		b    Blob
		now  committee.Epoch
		cert Certificate
		want error
	}{
		"another blob":   {certified, 9, other, economy.ErrBlobInvalidBlobId},
		"again":          {certified, 9, good, economy.ErrBlobAlreadyCertified},
		"expired":        {fresh, 8, permanent, economy.ErrBlobResourceBounds},
		"as permanent":   {fresh, 7, permanent, economy.ErrBlobInvalidBlobPersistenceType},
		"another object": {fresh, 7, elsewhere, economy.ErrBlobInvalidBlobObject},
	}
	for name, tc := range tests {
		before := tc.b
		if err := tc.b.Certify(tc.now, object, tc.cert); !errors.Is(err, tc.want) || tc.b != before {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
}

// Whatever a pool gives away and takes in, what is used never exceeds what it has.
func TestPoolGivesAwayWhatIsFree(t *testing.T) {
	t.Parallel()
	m := testMarket()
	p, _, err := CreatePool(m, 20_000, 3, 100)
	if err != nil {
		t.Fatal(err)
	}
	b, encoded, _, err := p.Register(m, testClaim(false), false, 100)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.DecreaseBySize(5, 20_001-encoded); !errors.Is(err, economy.ErrStoragePoolInsufficientCapacity) {
		t.Errorf("more than is free: %v", err)
	}
	free, err := p.DecreaseUnusedByPercent(5, 100)
	if err != nil || free.Size != 20_000-encoded || p.Storage.Size != encoded {
		t.Errorf("took %v: %v", free, err)
	}
	if _, err := p.DecreaseUnusedByPercent(5, 100); !errors.Is(err, economy.ErrSystemZeroExtractSize) {
		t.Errorf("nothing left: %v", err)
	}
	if err := p.IncreaseWith(5, free); err != nil || p.Storage.Size != 20_000 {
		t.Errorf("put back: %v, %v", p, err)
	}
	if err := p.Delete(b, 5, m.Shards); !errors.Is(err, economy.ErrStoragePoolBlobNotDeletable) {
		t.Errorf("permanent: %v", err)
	}
	if err := p.BurnExpired(b, 8, m.Shards); err != nil || p.Used != 0 {
		t.Errorf("expired: %v, %v", p, err)
	}
	if err := p.BurnExpired(b, 8, m.Shards); !errors.Is(err, economy.ErrStoragePoolInvalidBlobSize) {
		t.Errorf("again: %v", err)
	}
	if err := p.CheckBucket(8); !errors.Is(err, economy.ErrBlobBucketInnerBlobBucketStorageExpired) {
		t.Errorf("bucket: %v", err)
	}
}

func TestIncreaseRefusesInOrder(t *testing.T) {
	t.Parallel()
	m := testMarket()
	m.Capacity = math.MaxUint64
	p, _, err := CreatePool(m, 20_000, 3, 100)
	if err != nil {
		t.Fatal(err)
	}
	before, books := p, m.Clone()
	const all = math.MaxUint64 - 10_000 // more than a pool's size can hold beside what it has
	for _, tc := range []struct {
		now  committee.Epoch
		size uint64
		pays uint64
		want error
	}{
		{5, 0, 0, economy.ErrSystemStateInnerInvalidResourceSize},
		{8, 1, 0, economy.ErrSystemStateInnerInvalidEpochsAhead},
		{5, all, 0, economy.ErrBalanceNotEnough},
		{5, all, math.MaxUint64, economy.ErrOverflow},
	} {
		m.Ring = market.NewRing(tc.now, len(m.Ring))
		if _, err := p.Increase(m, tc.size, tc.pays); !errors.Is(err, tc.want) {
			t.Errorf("%d bytes in epoch %d for %d: %v, want %v", tc.size, tc.now, tc.pays, err, tc.want)
		}
		if m.Ring[0].Used != 0 || m.Ring[0].Rewards != 0 || p != before {
			t.Errorf("%v left %v, %v", tc.want, p, m.Ring[0])
		}
	}
	*m = books
	if cost, err := p.Increase(m, 5, 30); err != nil || cost != 30 || p.Storage.Size != 20_005 || m.Ring[2].Used != 20_005 {
		t.Errorf("%d, %v: %v, %v", cost, err, p, m.Ring[2])
	}
}

func TestDenyListAndProtocolVersion(t *testing.T) {
	t.Parallel()
	a, b := committee.NodeID{1}, committee.NodeID{2}
	d := DenyList{Sequence: 3}
	tests := map[string]struct{ got, want error }{
		"announced by a stranger":   {d.CheckAnnounce(false, 4), economy.ErrSystemStateInnerNotCommitteeMember},
		"announced again":           {d.CheckAnnounce(true, 3), economy.ErrSystemStateInnerIncorrectDenyListSequence},
		"announced":                 {d.CheckAnnounce(true, 4), nil},
		"updated by a stranger":     {d.Update(false, a, b, DenyList{}), economy.ErrSystemStateInnerNotCommitteeMember},
		"updated for another":       {d.Update(true, a, b, DenyList{}), economy.ErrSystemStateInnerIncorrectDenyListNode},
		"updated with an old list":  {d.Update(true, a, a, DenyList{Sequence: 3}), economy.ErrSystemStateInnerIncorrectDenyListSequence},
		"version by a stranger":     {CheckProtocolVersion(false, 5, 6), economy.ErrSystemStateInnerNotCommitteeMember},
		"version since yesterday":   {CheckProtocolVersion(true, 5, 4), economy.ErrSystemStateInnerInvalidStartEpoch},
		"version from now on":       {CheckProtocolVersion(true, 5, 5), nil},
		"updated with the next one": {d.Update(true, a, a, DenyList{Sequence: 4, Size: 7}), nil},
	}
	for name, tc := range tests {
		if !errors.Is(tc.got, tc.want) {
			t.Errorf("%s: %v, want %v", name, tc.got, tc.want)
		}
	}
	if d != (DenyList{Sequence: 4, Size: 7}) {
		t.Errorf("list is %v", d)
	}
}

// A last attester with a wrong root must not spoil what others attested.
func TestEventBlobWithWrongRoot(t *testing.T) {
	t.Parallel()
	m := testMarket()
	var s EventBlobs
	vote := EventVote{Claim: testClaim(false), Sequence: 1, Epoch: 5, Weight: 4}
	if out, err := s.Vote(m, vote); err != nil || out.Weight != 4 || out.Certified {
		t.Fatalf("%+v, %v", out, err)
	}
	wrong := vote
	wrong.Claim.Root[0]++
	if _, err := s.Vote(m, wrong); !errors.Is(err, economy.ErrBlobInvalidBlobId) {
		t.Errorf("wrong root: %v", err)
	}
	if m.Used() != 0 || len(s.Weights) != 1 || s.Weights[0].Weight != 4 {
		t.Errorf("a failed vote left traces: %+v", s)
	}
	out, err := s.Vote(m, vote)
	if err != nil || !out.Certified || m.Used() != out.Encoded || m.Ring[9].Used != out.Encoded {
		t.Errorf("%+v, %v", out, err)
	}
	if len(s.Weights) != 0 || s.Latest.Sequence != 1 {
		t.Errorf("%+v", s)
	}
}
