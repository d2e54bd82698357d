package keeper_test

import (
	"context"
	"errors"
	"testing"

	"github.com/cosmos/gogoproto/proto"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// gas is more than any message here needs.
const gas = 1_000_000

// user is an account of a chain.
type user struct {
	*rpc.Wallet
	t     *testing.T
	chain *chaintest.Chain
}

func newUsers(t *testing.T) (*chaintest.Chain, [2]user) {
	c := chaintest.New(t, nil)
	return c, [2]user{{c.Wallet(0), t, c}, {c.Wallet(1), t, c}}
}

func (u user) owner() string { return u.Address().String() }

// try sends a message and returns what became of it.
func (u user) try(m, response proto.Message) error {
	return u.Execute(context.Background(), gas, m, response)
}

func (u user) do(m, response proto.Message) {
	u.t.Helper()
	if err := u.try(m, response); err != nil {
		u.t.Fatalf("%T: %v", m, err)
	}
}

func (u user) reserve(size uint64, start, end uint32) blobv1.Storage {
	u.t.Helper()
	var out blobv1.MsgReserveSpaceForEpochsResponse
	u.do(&blobv1.MsgReserveSpaceForEpochs{Owner: u.owner(), Size_: size, StartEpoch: start, EndEpoch: end}, &out)
	return out.Storage
}

// storages returns what the user has, by ID.
func (u user) storages() map[blob.ObjectID]ledger.Storage {
	u.t.Helper()
	list, _, err := u.chain.Client().Storages(context.Background(), u.Address(), ledger.Page{})
	if err != nil {
		u.t.Fatal(err)
	}
	out := map[blob.ObjectID]ledger.Storage{}
	for _, s := range list {
		out[s.ID] = s
	}
	return out
}

func (u user) check(id []byte, start, end uint32, size uint64) {
	u.t.Helper()
	s, ok := u.storages()[blob.ObjectID(id)]
	if !ok || uint32(s.Start) != start || uint32(s.End) != end || s.Size != size {
		u.t.Errorf("storage %x: got %+v, %v, want [%d, %d) of %d bytes", id[:4], s, ok, start, end, size)
	}
}

func wantRule(t *testing.T, err error, rule string) {
	t.Helper()
	var refused *ledger.RejectedError
	if !errors.As(err, &refused) || refused.Name != rule {
		t.Errorf("got %v, want a refusal by %s", err, rule)
	}
}

func TestSplitAndFuseAreInverse(t *testing.T) {
	t.Parallel()
	_, users := newUsers(t)
	u := users[0]
	s := u.reserve(1000, 1, 11)

	var byEpoch blobv1.MsgSplitStorageByEpochResponse
	u.do(&blobv1.MsgSplitStorageByEpoch{Owner: u.owner(), StorageId: s.Id, Epoch: 4}, &byEpoch)
	u.check(s.Id, 1, 4, 1000)
	u.check(byEpoch.Storage.Id, 4, 11, 1000)

	var bySize blobv1.MsgSplitStorageBySizeResponse
	u.do(&blobv1.MsgSplitStorageBySize{Owner: u.owner(), StorageId: s.Id, Size_: 300}, &bySize)
	u.check(s.Id, 1, 4, 300)
	u.check(bySize.Storage.Id, 1, 4, 700)

	fuse := func(kind blobv1.FuseKind, a, b []byte) error {
		return u.try(&blobv1.MsgFuseStorage{Owner: u.owner(), StorageId: a, OtherId: b, Kind: kind}, &blobv1.MsgFuseStorageResponse{})
	}
	wantRule(t, fuse(blobv1.FUSE_KIND_PERIODS, s.Id, byEpoch.Storage.Id), "storage_resource::EIncompatibleAmount")
	wantRule(t, fuse(blobv1.FUSE_KIND_AMOUNT, s.Id, byEpoch.Storage.Id), "storage_resource::EIncompatibleEpochs")
	if err := fuse(blobv1.FUSE_KIND_ANY, s.Id, s.Id); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("joined to itself: got %v, want a refusal", err)
	}
	for _, other := range [][]byte{bySize.Storage.Id, byEpoch.Storage.Id} {
		if err := fuse(blobv1.FUSE_KIND_ANY, s.Id, other); err != nil {
			t.Fatal(err)
		}
	}
	u.check(s.Id, 1, 11, 1000)
	if n := len(u.storages()); n != 1 {
		t.Errorf("%d resources, want 1", n)
	}
}

func TestSplitRefusals(t *testing.T) {
	t.Parallel()
	_, users := newUsers(t)
	u := users[0]
	s := u.reserve(1000, 1, 3)
	for _, epoch := range []uint32{0, 1, 3, 4} {
		err := u.try(&blobv1.MsgSplitStorageByEpoch{Owner: u.owner(), StorageId: s.Id, Epoch: epoch}, &blobv1.MsgSplitStorageByEpochResponse{})
		wantRule(t, err, "storage_resource::EInvalidEpoch")
	}
	err := u.try(&blobv1.MsgSplitStorageBySize{Owner: u.owner(), StorageId: s.Id, Size_: 1001}, &blobv1.MsgSplitStorageBySizeResponse{})
	wantRule(t, err, "storage_resource::EIncompatibleAmount")
	u.check(s.Id, 1, 3, 1000)
}

func TestReserveRefusals(t *testing.T) {
	t.Parallel()
	_, users := newUsers(t)
	u := users[0]
	for _, c := range []struct {
		name       string
		size       uint64
		start, end uint32
		rule       string
	}{
		{"nothing", 0, 1, 2, "system_state_inner::EInvalidResourceSize"},
		{"empty period", 1, 2, 2, "system_state_inner::EInvalidEpochsAhead"},
		{"period in the past", 1, 0, 1, "system_state_inner::EInvalidEpochsAhead"},
		{"beyond the horizon", 1, 1, 55, "system_state_inner::EInvalidEpochsAhead"},
		{"more than there is", 1 << 44, 1, 2, "system_state_inner::EStorageExceeded"},
		{"dearer than there is money", 1 << 60, 1, 2, "balance::ENotEnough"},
	} {
		err := u.try(&blobv1.MsgReserveSpaceForEpochs{Owner: u.owner(), Size_: c.size, StartEpoch: c.start, EndEpoch: c.end},
			&blobv1.MsgReserveSpaceForEpochsResponse{})
		t.Log(c.name)
		wantRule(t, err, c.rule)
	}
	if n := len(u.storages()); n != 0 {
		t.Errorf("%d resources, want none", n)
	}
}

func TestObjectsChangeHands(t *testing.T) {
	t.Parallel()
	_, users := newUsers(t)
	from, to := users[0], users[1]
	s := from.reserve(1000, 1, 3)
	transfer := func(u user, id []byte, recipient string) error {
		return u.try(&blobv1.MsgTransfer{Owner: u.owner(), ObjectId: id, Recipient: recipient}, &blobv1.MsgTransferResponse{})
	}
	if err := transfer(to, s.Id, to.owner()); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("taken by a stranger: got %v, want a refusal", err)
	}
	if err := transfer(from, s.Id, to.owner()); err != nil {
		t.Fatal(err)
	}
	to.check(s.Id, 1, 3, 1000)
	if n := len(from.storages()); n != 0 {
		t.Errorf("%d resources left behind", n)
	}
	blobs, err := from.Register(context.Background(), []ledger.Registration{ledgertest.Claim(1, 1, true)})
	if err != nil {
		t.Fatal(err)
	}
	if err := transfer(from, blobs[0].ID[:], to.owner()); err != nil {
		t.Fatal(err)
	}
	if _, err := from.Delete(context.Background(), []blob.ObjectID{blobs[0].ID}); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("deleted by the former owner: got %v, want a refusal", err)
	}
	if _, err := to.Delete(context.Background(), []blob.ObjectID{blobs[0].ID}); err != nil {
		t.Errorf("deleted by the new owner: %v", err)
	}
	wantRule(t, transfer(from, make([]byte, 32), to.owner()), "dynamic_field::EFieldDoesNotExist")
	if err := to.try(&blobv1.MsgDestroyStorage{Owner: to.owner(), StorageId: s.Id}, &blobv1.MsgDestroyStorageResponse{}); err != nil {
		t.Fatal(err)
	}
}

func TestBlobIsExtendedWithAResource(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c, users := newUsers(t)
	u := users[0]
	blobs, err := u.Register(ctx, []ledger.Registration{ledgertest.Claim(1, 2, false)})
	if err != nil {
		t.Fatal(err)
	}
	b := blobs[0]
	certify(t, c, u, b)
	extend := func(id []byte) error {
		return u.try(&blobv1.MsgExtendBlobWithResource{Owner: u.owner(), ObjectId: b.ID[:], StorageId: id}, &blobv1.MsgExtendBlobWithResourceResponse{})
	}
	wantRule(t, extend(u.reserve(b.Storage.Size, 1, 3).Id), "blob::EResourceBounds")
	wantRule(t, extend(u.reserve(b.Storage.Size, 4, 5).Id), "storage_resource::EIncompatibleEpochs")
	wantRule(t, extend(u.reserve(b.Storage.Size+1, 3, 5).Id), "storage_resource::EIncompatibleAmount")
	if err := extend(u.reserve(b.Storage.Size, 3, 9).Id); err != nil {
		t.Fatal(err)
	}
	s, err := c.Client().BlobStatus(ctx, b.BlobID)
	if err != nil || s.End != 9 || !s.Certified {
		t.Errorf("extended: %+v, %v", s, err)
	}
}

// certify has all nodes certify a registration.
func certify(t *testing.T, c *chaintest.Chain, u user, b ledger.Blob) {
	t.Helper()
	if err := u.Certify(context.Background(), []ledger.Certification{certification(t, c, b)}); err != nil {
		t.Fatal(err)
	}
}

func certification(t *testing.T, c *chaintest.Chain, b ledger.Blob) ledger.Certification {
	t.Helper()
	committees, err := c.Client().Committees(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	message := attest.Confirmation{Epoch: committees.Current.Epoch(), Blob: b.BlobID}
	if b.Deletable {
		message.Object = &b.ID
	}
	cert, err := c.Committee.Certify(committees.Current, message.Message())
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Certification{Object: b.ID, Certificate: cert}
}
