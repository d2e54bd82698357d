package chaintest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/gogoproto/proto"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/chain/economy/cert"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// A refused is a message that must be refused: by the rule of that name, or with the code of the SDK.
type refused struct {
	name, want string
	from       *rpc.Wallet
	m          proto.Message
}

// The SDK's codes for requests that are not about the rules.
const (
	unauthorized   = "sdk 4"
	invalidAddress = "sdk 7"
	invalidRequest = "sdk 18"
)

// refuse sends messages and checks that each is refused as it should be and changes nothing.
func refuse(t *testing.T, c *chaintest.Chain, list []refused) {
	t.Helper()
	before := everything(t, c)
	for _, tc := range list {
		err := tc.from.Execute(context.Background(), 40_000_000, tc.m, &committeev1.MsgUpdateNodeResponse{})
		got := fmt.Sprint(err)
		var r *ledger.RejectedError
		switch {
		case errors.As(err, &r) && r.Name != "":
			got = r.Name
		case errors.As(err, &r):
			got = fmt.Sprintf("%s %d", r.Codespace, r.Code)
		case errors.Is(err, ledger.ErrFunds):
			got = "balance::ENotEnough"
		}
		if got != tc.want {
			t.Errorf("%T, %s: got %s (%v), want %s", tc.m, tc.name, got, err, tc.want)
		}
		if after := everything(t, c); !bytes.Equal(before, after) {
			t.Errorf("%T, %s: the state changed", tc.m, tc.name)
			before = after
		}
	}
}

// everything is the hashes of the stores that messages of the market touch.
func everything(t *testing.T, c *chaintest.Chain) (out []byte) {
	t.Helper()
	stores := c.App.CommitMultiStore().(interface {
		GetCommitInfo(version int64) (*storetypes.CommitInfo, error)
	})
	info, err := stores.GetCommitInfo(c.App.LastBlockHeight())
	ok(t, err)
	for _, s := range info.StoreInfos {
		if slices.Contains([]string{"bank", "blob", "committee", "event"}, s.Name) {
			out = append(out, s.CommitId.Hash...)
		}
	}
	if len(out) != 4*32 {
		t.Fatalf("hashes of %d bytes, want those of four stores", len(out))
	}
	return out
}

// A shop is a chain on which something of every kind is for the first account, and of some for the second.
type shop struct {
	*chaintest.Chain
	w, other         *rpc.Wallet
	me, them         string
	space, foreign   []byte // storage of the accounts
	blob, settled    ledger.Blob
	alien            ledger.Blob
	shared, open     blob.ObjectID
	pool, theirs     rpc.StoragePool
	in               []rpc.PooledBlob // deletable, permanent and certified
	right, small     rpc.BucketCap
	inBucket         rpc.PooledBlob
	nobody, nonsense []byte
}

func newShop(t *testing.T) *shop {
	t.Helper()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{Nodes: 9, Shards: 18}) // two shards each: seven are a quorum, four f+1
	s := &shop{Chain: c, w: c.Wallet(0), other: c.Wallet(1), nobody: bytes.Repeat([]byte{9}, 32), nonsense: []byte{1, 2, 3}}
	s.me, s.them = s.w.Address().String(), s.other.Address().String()
	reserve := func(w *rpc.Wallet) []byte {
		var out blobv1.MsgReserveSpaceResponse
		ok(t, w.Execute(ctx, 1_000_000, &blobv1.MsgReserveSpace{Owner: w.Address().String(), Size_: 1 << 20, EpochsAhead: 4}, &out))
		return out.Storage.Id
	}
	s.space, s.foreign = reserve(s.w), reserve(s.other)
	blobs, err := s.w.Register(ctx, []ledger.Registration{ledgertest.Claim(1, 2, true)})
	ok(t, err)
	s.blob, s.settled = blobs[0], certified(t, c, s.w, 2)
	theirs, err := s.other.Register(ctx, []ledger.Registration{ledgertest.Claim(1, 2, true)})
	ok(t, err)
	s.alien = theirs[0]
	s.shared, err = s.w.Share(ctx, certified(t, c, s.w, 2).ID, 1000)
	ok(t, err)
	raw, err := s.w.Register(ctx, []ledger.Registration{ledgertest.Claim(1, 2, true)})
	ok(t, err)
	s.open, err = s.w.Share(ctx, raw[0].ID, 1<<40)
	ok(t, err)
	s.pool, err = s.w.CreatePool(ctx, 1<<20, 4)
	ok(t, err)
	s.theirs, err = s.other.CreatePool(ctx, 1<<20, 4)
	ok(t, err)
	s.in, err = s.w.RegisterPooled(ctx, s.pool.ID, []rpc.PooledRegistration{pooled(1, true), pooled(1, false)})
	ok(t, err)
	ok(t, s.w.CertifyPooled(ctx, s.pool.ID, []rpc.PooledCertification{pooledCertification(t, c, s.in[1])}))
	s.right, err = s.w.CreateBucket(ctx, 1<<20, 4)
	ok(t, err)
	s.small, err = s.other.CreateBucket(ctx, 1<<20, 4)
	ok(t, err)
	in, err := s.w.RegisterInBucket(ctx, s.right, []rpc.PooledRegistration{pooled(1, true)})
	ok(t, err)
	s.inBucket = in[0]
	return s
}

// registered is a message that registers the claims.
func (s *shop) registered(claims ...ledger.Registration) *blobv1.MsgRegisterBlobs {
	m := &blobv1.MsgRegisterBlobs{Owner: s.me}
	for _, c := range claims {
		m.Blobs = append(m.Blobs, blobv1.Registration{
			BlobId: c.BlobID[:], RootHash: c.RootHash[:], Size_: c.Size, EncodingType: 1, Deletable: c.Deletable, EpochsAhead: c.Epochs,
		})
	}
	return m
}

// changed is a message that registers a good blob and then one that change has spoiled.
func (s *shop) changed(change func(*blobv1.Registration)) *blobv1.MsgRegisterBlobs {
	m := s.registered(ledgertest.Claim(1, 1, false), ledgertest.Claim(1, 1, false))
	change(&m.Blobs[1])
	return m
}

// pooledRegistrations is what changed is, for pools.
func (s *shop) pooledRegistrations(change func(*blobv1.PooledRegistration)) (out []blobv1.PooledRegistration) {
	for range 2 {
		p := pooled(1, true)
		out = append(out, blobv1.PooledRegistration{BlobId: p.BlobID[:], RootHash: p.RootHash[:], Size_: 1, EncodingType: 1, Deletable: true})
	}
	change(&out[1])
	return out
}

// Storage resources, and blobs that hold one of their own.
func TestRefusalsOfStorageAndBlobs(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	w, me := s.w, s.me
	id, settled, alien := s.blob.ID[:], s.settled.ID[:], s.alien.ID[:]
	many := make([][]byte, 201)
	labels := func(f func(*blobv1.MsgSetAttributes)) *blobv1.MsgSetAttributes {
		m := &blobv1.MsgSetAttributes{Owner: me, ObjectId: id}
		f(m)
		return m
	}
	refuse(t, s.Chain, []refused{
		{"nothing", "system_state_inner::EInvalidResourceSize", w, &blobv1.MsgReserveSpace{Owner: me, EpochsAhead: 1}},
		{"no epochs", "system_state_inner::EInvalidEpochsAhead", w, &blobv1.MsgReserveSpace{Owner: me, Size_: 1}},
		{"the most epochs", "system_state_inner::EInvalidEpochsAhead", w, &blobv1.MsgReserveSpace{Owner: me, Size_: 1, EpochsAhead: math.MaxUint32}},
		{"the most bytes", "balance::ENotEnough", w, &blobv1.MsgReserveSpace{Owner: me, Size_: math.MaxUint64, EpochsAhead: 53}},
		{"more than there is", "system_state_inner::EStorageExceeded", w, &blobv1.MsgReserveSpace{Owner: me, Size_: 1 << 44, EpochsAhead: 1}},
		{"backwards", "system_state_inner::EInvalidEpochsAhead", w, &blobv1.MsgReserveSpaceForEpochs{Owner: me, Size_: 1, StartEpoch: 5, EndEpoch: 4}},
		{"to the end of time", "system_state_inner::EInvalidEpochsAhead", w, &blobv1.MsgReserveSpaceForEpochs{Owner: me, Size_: 1, StartEpoch: 1, EndEpoch: math.MaxUint32}},
		{"at its start", "storage_resource::EInvalidEpoch", w, &blobv1.MsgSplitStorageByEpoch{Owner: me, StorageId: s.space, Epoch: 1}},
		{"another's", unauthorized, w, &blobv1.MsgSplitStorageByEpoch{Owner: me, StorageId: s.foreign, Epoch: 2}},
		{"nobody's", "dynamic_field::EFieldDoesNotExist", w, &blobv1.MsgSplitStorageByEpoch{Owner: me, StorageId: s.nobody, Epoch: 2}},
		{"short ID", "dynamic_field::EFieldDoesNotExist", w, &blobv1.MsgSplitStorageByEpoch{Owner: me, StorageId: s.nonsense, Epoch: 2}},
		{"more than it has", "storage_resource::EIncompatibleAmount", w, &blobv1.MsgSplitStorageBySize{Owner: me, StorageId: s.space, Size_: math.MaxUint64}},
		{"another's", unauthorized, w, &blobv1.MsgSplitStorageBySize{Owner: me, StorageId: s.foreign, Size_: 1}},
		{"with another's", unauthorized, w, &blobv1.MsgFuseStorage{Owner: me, StorageId: s.space, OtherId: s.foreign}},
		{"with itself", invalidRequest, w, &blobv1.MsgFuseStorage{Owner: me, StorageId: s.space, OtherId: s.space}},
		{"with nothing", "dynamic_field::EFieldDoesNotExist", w, &blobv1.MsgFuseStorage{Owner: me, StorageId: s.space}},
		{"another's", unauthorized, w, &blobv1.MsgDestroyStorage{Owner: me, StorageId: s.foreign}},
		{"nobody's", "dynamic_field::EFieldDoesNotExist", w, &blobv1.MsgDestroyStorage{Owner: me, StorageId: s.nobody}},
		{"nobody's", "dynamic_field::EFieldDoesNotExist", w, &blobv1.MsgTransfer{Owner: me, ObjectId: s.nobody, Recipient: me}},
		{"storage of another", unauthorized, w, &blobv1.MsgTransfer{Owner: me, ObjectId: s.foreign, Recipient: me}},
		{"blob of another", unauthorized, w, &blobv1.MsgTransfer{Owner: me, ObjectId: alien, Recipient: me}},
		{"pool of another", unauthorized, w, &blobv1.MsgTransfer{Owner: me, ObjectId: s.theirs.ID[:], Recipient: me}},
		{"capability of another", unauthorized, w, &blobv1.MsgTransfer{Owner: me, ObjectId: s.small.ID[:], Recipient: me}},
		{"a shared blob", "dynamic_field::EFieldDoesNotExist", w, &blobv1.MsgTransfer{Owner: me, ObjectId: s.shared[:], Recipient: me}},
		{"to nonsense", invalidAddress, w, &blobv1.MsgTransfer{Owner: me, ObjectId: id, Recipient: "nonsense"}},

		{"none", invalidRequest, w, s.registered()},
		{"too many", invalidRequest, w, s.registered(slices.Repeat([]ledger.Registration{ledgertest.Claim(1, 1, false)}, 201)...)},
		{"short blob ID", invalidRequest, w, s.changed(func(r *blobv1.Registration) { r.BlobId = s.nonsense })},
		{"short root", invalidRequest, w, s.changed(func(r *blobv1.Registration) { r.RootHash = s.nonsense })},
		{"another root", "blob::EInvalidBlobId", w, s.changed(func(r *blobv1.Registration) { r.RootHash[0] ^= 1 })},
		{"another size", "blob::EInvalidBlobId", w, s.changed(func(r *blobv1.Registration) { r.Size_++ })},
		{"the most bytes", "arith::EOverflow", w, s.changed(func(r *blobv1.Registration) { r.Size_ = math.MaxUint64 })},
		{"another encoding", "encoding::EInvalidEncodingType", w, s.changed(func(r *blobv1.Registration) { r.EncodingType = 0 })},
		{"impossible encoding", "encoding::EInvalidEncodingType", w, s.changed(func(r *blobv1.Registration) { r.EncodingType = 257 })},
		{"no epochs", "system_state_inner::EInvalidEpochsAhead", w, s.changed(func(r *blobv1.Registration) { r.EpochsAhead = 0 })},
		{"the most epochs", "system_state_inner::EInvalidEpochsAhead", w, s.changed(func(r *blobv1.Registration) { r.EpochsAhead = math.MaxUint32 })},
		{"both ways of payment", invalidRequest, w, s.changed(func(r *blobv1.Registration) { r.StorageId = s.space })},
		{"another's storage", unauthorized, w, s.changed(func(r *blobv1.Registration) { r.EpochsAhead, r.StorageId = 0, s.foreign })},
		{"nobody's storage", "dynamic_field::EFieldDoesNotExist", w, s.changed(func(r *blobv1.Registration) { r.EpochsAhead, r.StorageId = 0, s.nobody })},

		{"none", invalidRequest, w, &blobv1.MsgCertifyBlobs{Owner: me}},
		{"too many", invalidRequest, w, &blobv1.MsgCertifyBlobs{Owner: me, Blobs: make([]blobv1.Certification, 201)}},
		{"none", invalidRequest, w, &blobv1.MsgDeleteBlobs{Owner: me}},
		{"too many", invalidRequest, w, &blobv1.MsgDeleteBlobs{Owner: me, ObjectIds: many}},
		{"twice", "dynamic_field::EFieldDoesNotExist", w, &blobv1.MsgDeleteBlobs{Owner: me, ObjectIds: [][]byte{id, id}}},
		{"another's", unauthorized, w, &blobv1.MsgDeleteBlobs{Owner: me, ObjectIds: [][]byte{id, alien}}},
		{"permanent", "blob::EBlobNotDeletable", w, &blobv1.MsgDeleteBlobs{Owner: me, ObjectIds: [][]byte{id, settled}}},
		{"another's", unauthorized, w, &blobv1.MsgBurnBlob{Owner: me, ObjectId: alien}},
		{"nobody's", "dynamic_field::EFieldDoesNotExist", w, &blobv1.MsgBurnBlob{Owner: me, ObjectId: s.nobody}},
		{"not certified", "blob::ENotCertified", w, &blobv1.MsgExtendBlob{Owner: me, ObjectId: id, Epochs: 1}},
		{"by nothing", "system_state_inner::EInvalidEpochsAhead", w, &blobv1.MsgExtendBlob{Owner: me, ObjectId: settled}},
		{"by the most", "system_state_inner::EInvalidEpochsAhead", w, &blobv1.MsgExtendBlob{Owner: me, ObjectId: settled, Epochs: math.MaxUint32}},
		{"another's", unauthorized, w, &blobv1.MsgExtendBlob{Owner: me, ObjectId: alien, Epochs: 1}},
		{"with another's", unauthorized, w, &blobv1.MsgExtendBlobWithResource{Owner: me, ObjectId: settled, StorageId: s.foreign}},
		{"of another size", "storage_resource::EIncompatibleAmount", w, &blobv1.MsgExtendBlobWithResource{Owner: me, ObjectId: settled, StorageId: s.space}},
		{"another's", unauthorized, w, &blobv1.MsgSetAttributes{Owner: me, ObjectId: alien}},
		{"none to take", "blob::EMissingMetadata", w, labels(func(m *blobv1.MsgSetAttributes) { m.Take = true })},
		{"none to remove", "blob::EMissingMetadata", w, labels(func(m *blobv1.MsgSetAttributes) { m.Remove = []string{"a"} })},
		{"key that is not there", "vec_map::EKeyDoesNotExist", w, labels(func(m *blobv1.MsgSetAttributes) { m.Add, m.Remove = true, []string{"a"} })},
		{"too many", invalidRequest, w, labels(func(m *blobv1.MsgSetAttributes) { m.Discard = make([]string, 65) })},
		{"too long", invalidRequest, w, labels(func(m *blobv1.MsgSetAttributes) { m.Set = []blobv1.Attribute{{Value: string(make([]byte, 8193))}} })},

		{"another's", unauthorized, w, &blobv1.MsgShareBlob{Owner: me, ObjectId: alien}},
		{"nobody's", "dynamic_field::EFieldDoesNotExist", w, &blobv1.MsgShareBlob{Owner: me, ObjectId: s.nobody}},
		{"funds that are not there", "balance::ENotEnough", w, &blobv1.MsgShareBlob{Owner: me, ObjectId: id, Funds: math.MaxUint64}},
		{"nobody's", "dynamic_field::EFieldDoesNotExist", w, &blobv1.MsgFundSharedBlob{Sender: me, SharedId: s.nobody, Amount: 1}},
		{"not a shared one", "dynamic_field::EFieldDoesNotExist", w, &blobv1.MsgFundSharedBlob{Sender: me, SharedId: id, Amount: 1}},
		{"funds that are not there", "balance::ENotEnough", w, &blobv1.MsgFundSharedBlob{Sender: me, SharedId: s.shared[:], Amount: chaintest.Funds + 1}},
		{"funds beyond all", "arith::EOverflow", w, &blobv1.MsgFundSharedBlob{Sender: me, SharedId: s.shared[:], Amount: math.MaxUint64}},
		{"too little in it", "balance::ENotEnough", w, &blobv1.MsgExtendSharedBlob{Sender: me, SharedId: s.shared[:], Epochs: 1}},
		{"never certified", "blob::ENotCertified", w, &blobv1.MsgExtendSharedBlob{Sender: me, SharedId: s.open[:], Epochs: 1}},
		{"by nothing", "system_state_inner::EInvalidEpochsAhead", w, &blobv1.MsgExtendSharedBlob{Sender: me, SharedId: s.shared[:]}},
		{"by the most", "system_state_inner::EInvalidEpochsAhead", w, &blobv1.MsgExtendSharedBlob{Sender: me, SharedId: s.shared[:], Epochs: math.MaxUint32}},
	})
}

// Storage pools and blob buckets.
func TestRefusalsOfPools(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	w, me := s.w, s.me
	pool, theirs := s.pool.ID[:], s.theirs.ID[:]
	loose, kept := s.in[0].BlobID[:], s.in[1].BlobID[:]
	bucket, right := s.right.Bucket[:], s.right.ID[:]
	wrong := s.small.Bucket[:]
	inside, err := s.Client().Bucket(context.Background(), s.right.Bucket)
	ok(t, err)
	register := func(f func(*blobv1.PooledRegistration)) *blobv1.MsgRegisterPooledBlobs {
		return &blobv1.MsgRegisterPooledBlobs{Owner: me, PoolId: pool, Blobs: s.pooledRegistrations(f)}
	}
	fill := func(f func(*blobv1.MsgRegisterBucketBlobs)) *blobv1.MsgRegisterBucketBlobs {
		m := &blobv1.MsgRegisterBucketBlobs{Owner: me, BucketId: bucket, CapId: right, Blobs: s.pooledRegistrations(func(*blobv1.PooledRegistration) {})}
		f(m)
		return m
	}
	labels := func(f func(*blobv1.MsgSetPooledAttributes)) *blobv1.MsgSetPooledAttributes {
		m := &blobv1.MsgSetPooledAttributes{Owner: me, PoolId: pool, BlobId: loose}
		f(m)
		return m
	}
	const missing, epochs, size = "dynamic_field::EFieldDoesNotExist", "system_state_inner::EInvalidEpochsAhead", "system_state_inner::EInvalidResourceSize"
	refuse(t, s.Chain, []refused{
		{"nothing", size, w, &blobv1.MsgCreateStoragePool{Owner: me, EpochsAhead: 1}},
		{"no epochs", epochs, w, &blobv1.MsgCreateStoragePool{Owner: me, Size_: 1}},
		{"the most epochs", epochs, w, &blobv1.MsgCreateStoragePool{Owner: me, Size_: 1, EpochsAhead: math.MaxUint32}},
		{"the most bytes", "balance::ENotEnough", w, &blobv1.MsgCreateStoragePool{Owner: me, Size_: math.MaxUint64, EpochsAhead: 1}},
		{"of another's", unauthorized, w, &blobv1.MsgCreateStoragePoolWithStorage{Owner: me, StorageId: s.foreign}},
		{"of nothing", missing, w, &blobv1.MsgCreateStoragePoolWithStorage{Owner: me, StorageId: s.nobody}},

		{"another's", unauthorized, w, &blobv1.MsgRegisterPooledBlobs{Owner: me, PoolId: theirs}},
		{"a bucket's", unauthorized, w, &blobv1.MsgRegisterPooledBlobs{Owner: me, PoolId: inside.Pool.ID[:]}},
		{"nobody's", missing, w, &blobv1.MsgRegisterPooledBlobs{Owner: me, PoolId: s.nobody}},
		{"none", invalidRequest, w, &blobv1.MsgRegisterPooledBlobs{Owner: me, PoolId: pool}},
		{"too many", invalidRequest, w, &blobv1.MsgRegisterPooledBlobs{Owner: me, PoolId: pool, Blobs: make([]blobv1.PooledRegistration, 201)}},
		{"short blob ID", invalidRequest, w, register(func(r *blobv1.PooledRegistration) { r.BlobId = s.nonsense })},
		{"another root", "storage_pool::EInvalidBlobId", w, register(func(r *blobv1.PooledRegistration) { r.RootHash[0] ^= 1 })},
		{"the most bytes", "storage_pool::EInvalidBlobId", w, register(func(r *blobv1.PooledRegistration) { r.Size_ = math.MaxUint64 })},
		{"there already", "dynamic_field::EFieldAlreadyExists", w, func() proto.Message {
			m := register(func(*blobv1.PooledRegistration) {})
			m.Blobs[1] = m.Blobs[0]
			return m
		}()},
		{"none", invalidRequest, w, &blobv1.MsgCertifyPooledBlobs{Owner: me, PoolId: pool}},
		{"too many", invalidRequest, w, &blobv1.MsgCertifyPooledBlobs{Owner: me, PoolId: pool, Blobs: make([]blobv1.PooledCertification, 201)}},
		{"another's", unauthorized, w, &blobv1.MsgCertifyPooledBlobs{Owner: me, PoolId: theirs}},
		{"none", invalidRequest, w, &blobv1.MsgDeletePooledBlobs{Owner: me, PoolId: pool}},
		{"too many", invalidRequest, w, &blobv1.MsgDeletePooledBlobs{Owner: me, PoolId: pool, BlobIds: make([][]byte, 201)}},
		{"twice", missing, w, &blobv1.MsgDeletePooledBlobs{Owner: me, PoolId: pool, BlobIds: [][]byte{loose, loose}}},
		{"permanent", "storage_pool::EBlobNotDeletable", w, &blobv1.MsgDeletePooledBlobs{Owner: me, PoolId: pool, BlobIds: [][]byte{loose, kept}}},
		{"short blob ID", missing, w, &blobv1.MsgDeletePooledBlobs{Owner: me, PoolId: pool, BlobIds: [][]byte{s.nonsense}}},
		{"another's", unauthorized, w, &blobv1.MsgDeletePooledBlobs{Owner: me, PoolId: theirs, BlobIds: [][]byte{loose}}},
		{"still running", epochs, w, &blobv1.MsgBurnExpiredPooledBlobs{Owner: me, PoolId: pool, BlobIds: [][]byte{loose}}},
		{"another's", unauthorized, w, &blobv1.MsgBurnExpiredPooledBlobs{Owner: me, PoolId: theirs, BlobIds: [][]byte{loose}}},
		{"by nothing", epochs, w, &blobv1.MsgExtendStoragePool{Owner: me, PoolId: pool}},
		{"by the most", epochs, w, &blobv1.MsgExtendStoragePool{Owner: me, PoolId: pool, Epochs: math.MaxUint32}},
		{"another's", unauthorized, w, &blobv1.MsgExtendStoragePool{Owner: me, PoolId: theirs, Epochs: 1}},
		{"by nothing", size, w, &blobv1.MsgIncreaseStoragePool{Owner: me, PoolId: pool}},
		{"by the most", "balance::ENotEnough", w, &blobv1.MsgIncreaseStoragePool{Owner: me, PoolId: pool, Size_: math.MaxUint64}},
		{"by more than there is", "system_state_inner::EStorageExceeded", w, &blobv1.MsgIncreaseStoragePool{Owner: me, PoolId: pool, Size_: 1 << 44}},
		{"another's", unauthorized, w, &blobv1.MsgIncreaseStoragePool{Owner: me, PoolId: theirs, Size_: 1}},
		{"with another's", unauthorized, w, &blobv1.MsgIncreaseStoragePoolWithStorage{Owner: me, PoolId: pool, StorageId: s.foreign}},
		{"with nothing", missing, w, &blobv1.MsgIncreaseStoragePoolWithStorage{Owner: me, PoolId: pool, StorageId: s.nobody}},
		{"by nothing", "system::EZeroExtractSize", w, &blobv1.MsgDecreaseStoragePool{Owner: me, PoolId: pool}},
		{"by the most", "storage_pool::EInsufficientCapacity", w, &blobv1.MsgDecreaseStoragePool{Owner: me, PoolId: pool, Size_: math.MaxUint64}},
		{"another's", unauthorized, w, &blobv1.MsgDecreaseStoragePool{Owner: me, PoolId: theirs, Size_: 1}},
		{"by nothing", "system::EZeroExtractSize", w, &blobv1.MsgDecreaseStoragePoolByPercent{Owner: me, PoolId: pool}},
		{"by more than all", "storage_pool::EInvalidPercent", w, &blobv1.MsgDecreaseStoragePoolByPercent{Owner: me, PoolId: pool, Percent: 256}},
		{"another's", unauthorized, w, &blobv1.MsgDecreaseStoragePoolByPercent{Owner: me, PoolId: theirs, Percent: 1}},
		{"not empty", "storage_pool::EPoolNotEmpty", w, &blobv1.MsgDestroyStoragePool{Owner: me, PoolId: pool}},
		{"another's", unauthorized, w, &blobv1.MsgDestroyStoragePool{Owner: me, PoolId: theirs}},
		{"another's", unauthorized, w, labels(func(m *blobv1.MsgSetPooledAttributes) { m.PoolId = theirs })},
		{"no such blob", missing, w, labels(func(m *blobv1.MsgSetPooledAttributes) { m.BlobId = s.nobody })},
		{"none to take", "storage_pool::EMissingMetadata", w, labels(func(m *blobv1.MsgSetPooledAttributes) { m.Take = true })},
		{"none to remove", "storage_pool::EMissingMetadata", w, labels(func(m *blobv1.MsgSetPooledAttributes) { m.Remove = []string{"a"} })},
		{"too many", invalidRequest, w, labels(func(m *blobv1.MsgSetPooledAttributes) { m.Set = make([]blobv1.Attribute, 65) })},

		{"nothing", size, w, &blobv1.MsgCreateBlobBucket{Owner: me, EpochsAhead: 1}},
		{"the most epochs", epochs, w, &blobv1.MsgCreateBlobBucket{Owner: me, Size_: 1, EpochsAhead: math.MaxUint32}},
		{"another's capability", unauthorized, w, fill(func(m *blobv1.MsgRegisterBucketBlobs) { m.CapId = s.small.ID[:] })},
		{"no capability", missing, w, fill(func(m *blobv1.MsgRegisterBucketBlobs) { m.CapId = nil })},
		{"another bucket", "blob_bucket::EInvalidBlobBucketCap", w, fill(func(m *blobv1.MsgRegisterBucketBlobs) { m.BucketId = wrong })},
		{"too many", invalidRequest, w, fill(func(m *blobv1.MsgRegisterBucketBlobs) { m.Blobs = make([]blobv1.PooledRegistration, 201) })},
		{"there already", "dynamic_field::EFieldAlreadyExists", w, fill(func(m *blobv1.MsgRegisterBucketBlobs) { m.Blobs[1] = m.Blobs[0] })},
		{"nobody's", missing, w, &blobv1.MsgCertifyBucketBlobs{Sender: me, BucketId: s.nobody}},
		{"none", invalidRequest, w, &blobv1.MsgCertifyBucketBlobs{Sender: me, BucketId: bucket}},
		{"another bucket", "blob_bucket::EInvalidBlobBucketCap", w, &blobv1.MsgDeleteBucketBlobs{Owner: me, BucketId: wrong, CapId: right}},
		{"no such blob", missing, w, &blobv1.MsgDeleteBucketBlobs{Owner: me, BucketId: bucket, CapId: right, BlobIds: [][]byte{loose}}},
		{"another bucket", "blob_bucket::EInvalidBlobBucketCap", w, &blobv1.MsgExtendBlobBucket{Owner: me, BucketId: wrong, CapId: right, Epochs: 1}},
		{"by nothing", epochs, w, &blobv1.MsgExtendBlobBucket{Owner: me, BucketId: bucket, CapId: right}},
		{"another bucket", "blob_bucket::EInvalidBlobBucketCap", w, &blobv1.MsgIncreaseBlobBucket{Owner: me, BucketId: wrong, CapId: right, Size_: 1}},
		{"by nothing", size, w, &blobv1.MsgIncreaseBlobBucket{Owner: me, BucketId: bucket, CapId: right}},
	})
}

// Everything that is almost a certificate, in every message that takes one.
func TestRefusalsOfCertificates(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShop(t)
	w, me := s.w, s.me
	committees, err := s.Client().Committees(ctx)
	ok(t, err)
	owner, err := s.NodeWallet(ctx, 0)
	ok(t, err)
	node := s.Chain.Nodes[0].ID
	sign := func(message []byte, positions ...int) blobv1.Certificate {
		a, err := s.Certify(committees.Current, message, positions...)
		ok(t, err)
		return blobv1.Certificate{Message: a.Message, Signers: a.Signers, Signature: a.Signature}
	}
	list := storage.DenyList{Sequence: 1}
	for _, target := range []struct {
		name    string
		message func(committee.Epoch) []byte
		quorum  int // signers
		send    func(blobv1.Certificate) (*rpc.Wallet, proto.Message)
	}{
		{"blob", func(e committee.Epoch) []byte { return confirmation(s.blob, e) }, 7, func(c blobv1.Certificate) (*rpc.Wallet, proto.Message) {
			return w, &blobv1.MsgCertifyBlobs{Owner: me, Blobs: []blobv1.Certification{{ObjectId: s.blob.ID[:], Certificate: c}}}
		}},
		{"pooled blob", func(e committee.Epoch) []byte {
			return confirmation(ledger.Blob{ID: s.in[0].ID, BlobID: s.in[0].BlobID, Deletable: true}, e)
		}, 7, func(c blobv1.Certificate) (*rpc.Wallet, proto.Message) {
			return w, &blobv1.MsgCertifyPooledBlobs{Owner: me, PoolId: s.pool.ID[:], Blobs: []blobv1.PooledCertification{{BlobId: s.in[0].BlobID[:], Certificate: c}}}
		}},
		{"blob of a bucket", func(e committee.Epoch) []byte {
			return confirmation(ledger.Blob{ID: s.inBucket.ID, BlobID: s.inBucket.BlobID, Deletable: true}, e)
		}, 7, func(c blobv1.Certificate) (*rpc.Wallet, proto.Message) {
			return s.other, &blobv1.MsgCertifyBucketBlobs{
				Sender: s.them, BucketId: s.right.Bucket[:], Blobs: []blobv1.PooledCertification{{BlobId: s.inBucket.BlobID[:], Certificate: c}},
			}
		}},
		{"deny list", func(e committee.Epoch) []byte { return cert.DenyListUpdate{Node: node, List: list}.Message(e) }, 7,
			func(c blobv1.Certificate) (*rpc.Wallet, proto.Message) {
				return owner, &blobv1.MsgUpdateDenyList{Owner: owner.Address().String(), NodeId: node[:], Certificate: c}
			}},
		{"denied blob", func(e committee.Epoch) []byte { return cert.DenyListDeletedMessage(e, blob.ID{7}) }, 4,
			func(c blobv1.Certificate) (*rpc.Wallet, proto.Message) {
				return w, &blobv1.MsgDeleteDenyListedBlob{Sender: me, Certificate: c}
			}},
		{"invalid blob", func(e committee.Epoch) []byte { return attest.InvalidBlob(e, blob.ID{7}) }, 4,
			func(c blobv1.Certificate) (*rpc.Wallet, proto.Message) {
				return w, &blobv1.MsgInvalidateBlobID{Sender: me, Certificate: c}
			}},
	} {
		message := target.message(1)
		few := make([]int, target.quorum)
		for i := range few {
			few[i] = i
		}
		changed := func(f func(*blobv1.Certificate)) blobv1.Certificate {
			c := sign(message, few...)
			f(&c)
			return c
		}
		retyped := bytes.Clone(message)
		retyped[0] = 6
		var cases []refused
		for _, c := range []struct {
			name, want string
			cert       blobv1.Certificate
		}{
			{"nothing", "bls_aggregate::ENotEnoughStake", blobv1.Certificate{}},
			{"one signer short", "bls_aggregate::ENotEnoughStake", sign(message, few[1:]...)},
			{"one signer more in the bitmap", "bls_aggregate::ESigVerification", changed(func(c *blobv1.Certificate) { c.Signers[0] |= 1 << 7 })},
			{"bitmap too long", "bls_aggregate::EInvalidBitmap", changed(func(c *blobv1.Certificate) { c.Signers = append(c.Signers[:1:1], 0, 0) })},
			{"bit beyond the committee", "bls_aggregate::EInvalidBitmap", changed(func(c *blobv1.Certificate) { c.Signers = append(c.Signers[:1:1], 2) })},
			{"forged signature", "bls_aggregate::ESigVerification", changed(func(c *blobv1.Certificate) { c.Signature[95] ^= 1 })},
			{"cut signature", "bls_aggregate::ESigVerification", changed(func(c *blobv1.Certificate) { c.Signature = c.Signature[:95] })},
			{"changed message", "bls_aggregate::ESigVerification", changed(func(c *blobv1.Certificate) { c.Message[20] ^= 1 })},
			{"the last epoch", "messages::EIncorrectEpoch", sign(target.message(0))},
			{"the next epoch", "messages::EIncorrectEpoch", sign(target.message(2))},
			{"another type", "messages::EInvalidMsgType", sign(retyped)},
			{"half a message", "bcs::EOutOfRange", sign(message[:20])},
			{"much too long a message", "messages::EInvalidMsgType", sign(append(bytes.Clone(message), make([]byte, 300)...))},
		} {
			from, m := target.send(c.cert)
			cases = append(cases, refused{target.name + ", " + c.name, c.want, from, m})
		}
		refuse(t, s.Chain, cases)
	}

	pooledCert := func(b rpc.PooledBlob, in []byte, c blobv1.Certificate) *blobv1.MsgCertifyPooledBlobs {
		return &blobv1.MsgCertifyPooledBlobs{Owner: me, PoolId: in, Blobs: []blobv1.PooledCertification{{BlobId: b.BlobID[:], Certificate: c}}}
	}
	loose, kept := s.in[0], s.in[1]
	of := func(b rpc.PooledBlob, deletable bool, object blob.ObjectID) blobv1.Certificate {
		return sign(confirmation(ledger.Blob{ID: object, BlobID: b.BlobID, Deletable: deletable}, 1))
	}
	refuse(t, s.Chain, []refused{
		{"of another blob", "storage_pool::EInvalidBlobId", w, pooledCert(loose, s.pool.ID[:], of(kept, true, loose.ID))},
		{"again", "storage_pool::EAlreadyCertified", w, pooledCert(kept, s.pool.ID[:], of(kept, false, kept.ID))},
		{"as permanent", "storage_pool::EInvalidBlobPersistenceType", w, pooledCert(loose, s.pool.ID[:], of(loose, false, loose.ID))},
		{"of another object", "storage_pool::EInvalidBlobObject", w, pooledCert(loose, s.pool.ID[:], of(loose, true, kept.ID))},
		{"of no blob here", "dynamic_field::EFieldDoesNotExist", w, pooledCert(s.inBucket, s.pool.ID[:], of(s.inBucket, true, s.inBucket.ID))},
	})
}

// What only nodes may say, and what only governance may.
func TestRefusalsOfNodesAndSubsidies(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShop(t)
	w, me := s.w, s.me
	owner, err := s.NodeWallet(ctx, 0)
	ok(t, err)
	theirs := owner.Address().String()
	outsider := registration(t, w, 1)
	var out committeev1.MsgRegisterNodeResponse
	ok(t, w.Execute(ctx, 1_000_000, outsider, &out))
	claim := ledgertest.Claim(1, 0, false)
	say := func(f func(*blobv1.MsgCertifyEventBlob)) *blobv1.MsgCertifyEventBlob {
		m := attestation(s.Chain, 0, claim, 1, 1)
		f(m)
		return m
	}
	root := make([]byte, 32)
	node := s.Chain.Nodes[0].ID[:]
	const missing, outside = "dynamic_field::EFieldDoesNotExist", "system_state_inner::ENotCommitteeMember"
	const epochs = "system_state_inner::EInvalidEpochsAhead"
	refuse(t, s.Chain, []refused{
		{"by a stranger", unauthorized, w, say(func(m *blobv1.MsgCertifyEventBlob) { m.Owner = me })},
		{"by nobody", missing, owner, say(func(m *blobv1.MsgCertifyEventBlob) { m.NodeId = s.nobody })},
		{"from outside", outside, w, say(func(m *blobv1.MsgCertifyEventBlob) { m.Owner, m.NodeId = me, out.NodeId })},
		{"of the last epoch", "system_state_inner::EInvalidIdEpoch", owner, say(func(m *blobv1.MsgCertifyEventBlob) { m.Epoch = 0 })},
		{"of the next epoch", "system_state_inner::EInvalidIdEpoch", owner, say(func(m *blobv1.MsgCertifyEventBlob) { m.Epoch = 2 })},
		{"short blob ID", invalidRequest, owner, say(func(m *blobv1.MsgCertifyEventBlob) { m.BlobId = s.nonsense })},

		{"by a stranger", unauthorized, w, &blobv1.MsgRegisterDenyListUpdate{Owner: me, NodeId: node, Root: root, Sequence: 1}},
		{"from outside", outside, w, &blobv1.MsgRegisterDenyListUpdate{Owner: me, NodeId: out.NodeId, Root: root, Sequence: 1}},
		{"without a number", "system_state_inner::EIncorrectDenyListSequence", owner, &blobv1.MsgRegisterDenyListUpdate{Owner: theirs, NodeId: node, Root: root}},
		{"short root", invalidRequest, owner, &blobv1.MsgRegisterDenyListUpdate{Owner: theirs, NodeId: node, Root: s.nonsense, Sequence: 1}},
		{"by a stranger", unauthorized, w, &blobv1.MsgUpdateDenyList{Owner: me, NodeId: node}},
		{"from outside", outside, w, &blobv1.MsgUpdateDenyList{Owner: me, NodeId: out.NodeId}},

		{"no epochs", epochs, w, &blobv1.MsgAddSubsidy{Sender: me, Amount: 1}},
		{"the most epochs", epochs, w, &blobv1.MsgAddSubsidy{Sender: me, Amount: 1, EpochsAhead: math.MaxUint32}},
		{"more than there is", "balance::ENotEnough", w, &blobv1.MsgAddSubsidy{Sender: me, Amount: chaintest.Funds + 1, EpochsAhead: 1}},
		{"the most", "arith::EOverflow", w, &blobv1.MsgAddSubsidy{Sender: me, Amount: math.MaxUint64, EpochsAhead: 1}},
		{"too many epochs", epochs, w, &blobv1.MsgAddPerEpochSubsidies{Sender: me, Amounts: make([]uint64, 54)}},
		{"more than there is", "balance::ENotEnough", w, &blobv1.MsgAddPerEpochSubsidies{Sender: me, Amounts: []uint64{chaintest.Funds, 1}}},
		{"more than can be", "arith::EOverflow", w, &blobv1.MsgAddPerEpochSubsidies{Sender: me, Amounts: []uint64{math.MaxUint64}}},
		{"more than there is", "balance::ENotEnough", w, &blobv1.MsgFundSubsidies{Sender: me, Amount: math.MaxUint64}},
		{"by a stranger", "walrus_subsidies::EUnauthorizedAdminCap", w, &blobv1.MsgSetSubsidies{Authority: me}},
	})
}
