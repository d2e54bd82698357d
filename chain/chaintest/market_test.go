package chaintest_test

import (
	"context"
	"errors"
	"testing"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// encodedSize is what a blob of a byte takes on the default test chain of 10 shards.
const encodedSize = 10 * ((4+7)*2 + 64*10 + 32)

// pooled makes up a blob for a pool.
func pooled(size uint64, deletable bool) rpc.PooledRegistration {
	c := ledgertest.Claim(size, 1, deletable)
	return rpc.PooledRegistration{BlobID: c.BlobID, RootHash: c.RootHash, Size: c.Size, Deletable: c.Deletable}
}

// certificateOf is a certificate of all nodes that a blob is stored; object is nil for a permanent one.
func certificateOf(t *testing.T, c *chaintest.Chain, id blob.ID, object *blob.ObjectID, positions ...int) attest.Certificate {
	t.Helper()
	committees, err := c.Client().Committees(context.Background())
	ok(t, err)
	m := attest.Confirmation{Epoch: committees.Current.Epoch(), Blob: id, Object: object}
	cert, err := c.Certify(committees.Current, m.Message(), positions...)
	ok(t, err)
	return cert
}

func pooledCertification(t *testing.T, c *chaintest.Chain, b rpc.PooledBlob) rpc.PooledCertification {
	t.Helper()
	var object *blob.ObjectID
	if b.Deletable {
		object = &b.ID
	}
	return rpc.PooledCertification{BlobID: b.BlobID, Certificate: certificateOf(t, c, b.BlobID, object)}
}

// certified registers and certifies a permanent blob of a byte.
func certified(t *testing.T, c *chaintest.Chain, w *rpc.Wallet, epochs uint32) ledger.Blob {
	t.Helper()
	ctx := context.Background()
	blobs, err := w.Register(ctx, []ledger.Registration{ledgertest.Claim(1, epochs, false)})
	ok(t, err)
	cert := certificateOf(t, c, blobs[0].BlobID, nil)
	ok(t, w.Certify(ctx, []ledger.Certification{{Object: blobs[0].ID, Certificate: cert}}))
	return blobs[0]
}

// A shared blob belongs to nobody: anyone pays for it, and anyone extends it with what was paid.
func TestSharedBlob(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{})
	w, other := c.Wallet(0), c.Wallet(1)
	b := certified(t, c, w, 2)
	shared, err := w.Share(ctx, b.ID, 100_000)
	ok(t, err)
	funds, err := other.FundShared(ctx, shared, 150_000)
	ok(t, err)
	if funds != 250_000 {
		t.Errorf("funds of %d, want 250000", funds)
	}
	checkMoney(t, c)
	before, err := c.Client().Balance(ctx, other.Address())
	ok(t, err)
	end, left, err := other.ExtendShared(ctx, shared, 2)
	ok(t, err)
	if end != 5 || left != 50_000 {
		t.Errorf("end %d, %d left, want 5 and 50000", end, left)
	}
	after, err := c.Client().Balance(ctx, other.Address())
	ok(t, err)
	if after != before {
		t.Errorf("the sender paid %d", before-after)
	}
	checkMoney(t, c)
	s, err := c.Client().SharedBlob(ctx, shared)
	ok(t, err)
	if s.Funds != 50_000 || s.Blob.ID != b.ID || s.Blob.Storage.End != 5 || s.Blob.Owner != (ledger.Address{}) {
		t.Errorf("got %+v", s)
	}
	status, err := c.Client().BlobStatus(ctx, b.BlobID)
	ok(t, err)
	if status.End != 5 || !status.Certified {
		t.Errorf("status %+v", status)
	}
	_, _, err = other.ExtendShared(ctx, shared, 1)
	wantRule(t, err, "balance::ENotEnough")
	if err := w.Extend(ctx, b.ID, 1); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("extended by its former owner: %v", err)
	}
	if err := w.Transfer(ctx, b.ID, w.Address()); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("given away by its former owner: %v", err)
	}
	list, next, err := c.Client().SharedBlobs(ctx, ledger.Page{Limit: 1})
	ok(t, err)
	if len(list) != 1 || next != nil || list[0].ID != shared {
		t.Errorf("list %+v, %x", list, next)
	}
}

// A pool's life: bought, filled, certified, extended, grown, shrunk, emptied and dissolved.
func TestStoragePool(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{})
	w := c.Wallet(0)
	client := c.Client()
	pool, err := w.CreatePool(ctx, 3*encodedSize, 2)
	ok(t, err)
	claims := []rpc.PooledRegistration{pooled(1, true), pooled(1, false)}
	blobs, err := w.RegisterPooled(ctx, pool.ID, claims)
	ok(t, err)
	for i, b := range blobs {
		if b.BlobID != claims[i].BlobID || b.Pool != pool.ID || b.Deletable != claims[i].Deletable || b.Certified != nil {
			t.Errorf("blob %d: %+v", i, b)
		}
	}
	_, err = w.RegisterPooled(ctx, pool.ID, claims[:1])
	wantRule(t, err, "dynamic_field::EFieldAlreadyExists")
	_, err = w.RegisterPooled(ctx, pool.ID, []rpc.PooledRegistration{pooled(1, true), pooled(1, true)})
	wantRule(t, err, "storage_pool::EInsufficientCapacity")

	ok(t, w.CertifyPooled(ctx, pool.ID, []rpc.PooledCertification{pooledCertification(t, c, blobs[0]), pooledCertification(t, c, blobs[1])}))
	for _, b := range blobs {
		s, err := client.BlobStatus(ctx, b.BlobID)
		ok(t, err)
		if s.Kind != blob.Deletable || s.Counts.Total != 1 || s.Counts.Certified != 1 || s.InitialCertified == nil || *s.InitialCertified != 1 {
			t.Errorf("status of a pooled blob: %+v", s)
		}
	}
	end, err := w.ExtendPool(ctx, pool.ID, 3)
	ok(t, err)
	ok(t, w.GrowPool(ctx, pool.ID, 1000))
	extra, err := w.ShrinkPool(ctx, pool.ID, 400)
	ok(t, err)
	ok(t, w.GrowPoolWith(ctx, pool.ID, extra.ID))
	got, err := client.StoragePool(ctx, pool.ID)
	ok(t, err)
	if end != 6 || got.Storage.End != 6 || got.Storage.Size != 3*encodedSize+1000 || got.Used != 2*encodedSize || got.Blobs != 2 || got.Owner != w.Address() {
		t.Errorf("end %d, pool %+v", end, got)
	}
	wantRule(t, w.DeletePooled(ctx, pool.ID, []blob.ID{blobs[1].BlobID}), "storage_pool::EBlobNotDeletable")
	_, err = w.DestroyPool(ctx, pool.ID)
	wantRule(t, err, "storage_pool::EPoolNotEmpty")
	ok(t, w.DeletePooled(ctx, pool.ID, []blob.ID{blobs[0].BlobID}))
	if s, err := client.BlobStatus(ctx, blobs[0].BlobID); err != nil || s.Kind != blob.Nonexistent {
		t.Errorf("deleted: %+v, %v", s, err)
	}
	checkMoney(t, c)

	for range 5 { // to epoch 6, in which the pool has ended
		ok(t, c.NextEpoch(ctx))
	}
	if s, err := client.BlobStatus(ctx, blobs[1].BlobID); err != nil || s.Kind != blob.Nonexistent {
		t.Errorf("expired: %+v, %v", s, err)
	}
	wantRule(t, w.DeletePooled(ctx, pool.ID, []blob.ID{blobs[1].BlobID}), "system_state_inner::EInvalidEpochsAhead")
	ok(t, w.BurnPooled(ctx, pool.ID, []blob.ID{blobs[1].BlobID}))
	freed, err := w.DestroyPool(ctx, pool.ID)
	ok(t, err)
	if freed.ID != pool.Storage.ID || freed.Size != got.Storage.Size || freed.End != 6 || freed.Owner != w.Address() {
		t.Errorf("freed %+v", freed)
	}
	if _, err := client.StoragePool(ctx, pool.ID); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("destroyed pool: %v", err)
	}
	checkMoney(t, c)
}

// The network answers for a pooled blob for as long as its pool lasts, and afterwards no longer.
func TestCertificationLapsesWithThePool(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{})
	w := c.Wallet(0)
	claim := pooled(1, false)
	for range 2 { // the second pool takes the blob over after the first has ended
		pool, err := w.CreatePool(ctx, encodedSize, 1)
		ok(t, err)
		blobs, err := w.RegisterPooled(ctx, pool.ID, []rpc.PooledRegistration{claim})
		ok(t, err)
		ok(t, w.CertifyPooled(ctx, pool.ID, []rpc.PooledCertification{pooledCertification(t, c, blobs[0])}))
		s, err := c.Client().BlobStatus(ctx, claim.BlobID)
		ok(t, err)
		if s.Counts.Certified != 1 || s.InitialCertified == nil || *s.InitialCertified != blobs[0].Registered {
			t.Errorf("in epoch %d: %+v", blobs[0].Registered, s)
		}
		ok(t, c.NextEpoch(ctx))
	}
	list, next, err := c.Client().PooledRegistrations(ctx, claim.BlobID, ledger.Page{Limit: 1})
	ok(t, err)
	if len(list) != 1 || next == nil {
		t.Fatalf("first page %+v, %x", list, next)
	}
	rest, next, err := c.Client().PooledRegistrations(ctx, claim.BlobID, ledger.Page{Cursor: next, Limit: 1})
	ok(t, err)
	if len(rest) != 1 || next != nil || rest[0].Pool == list[0].Pool {
		t.Errorf("second page %+v, %x", rest, next)
	}
}

// A pool made of a resource changes hands with all its blobs; their labels are the new owner's to change.
func TestPoolChangesHands(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{})
	from, to := c.Wallet(0), c.Wallet(1)
	var bought blobv1.MsgReserveSpaceResponse
	ok(t, from.Execute(ctx, 1_000_000, &blobv1.MsgReserveSpace{Owner: from.Address().String(), Size_: 2 * encodedSize, EpochsAhead: 3}, &bought))
	pool, err := from.CreatePoolWith(ctx, blob.ObjectID(bought.Storage.Id))
	ok(t, err)
	b, err := from.RegisterPooled(ctx, pool.ID, []rpc.PooledRegistration{pooled(1, true), pooled(1, true)})
	ok(t, err)
	ok(t, from.Transfer(ctx, pool.ID, to.Address()))
	if err := from.DeletePooled(ctx, pool.ID, []blob.ID{b[0].BlobID}); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("deleted by the former owner: %v", err)
	}
	label := func(w *rpc.Wallet, m *blobv1.MsgSetPooledAttributes) error {
		m.Owner, m.PoolId, m.BlobId = w.Address().String(), pool.ID[:], b[0].BlobID[:]
		return execute(ctx, w, m)
	}
	pair := []blobv1.Attribute{{Key: "a", Value: "1"}}
	if err := label(from, &blobv1.MsgSetPooledAttributes{Set: pair}); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("labelled by the former owner: %v", err)
	}
	wantRule(t, label(to, &blobv1.MsgSetPooledAttributes{Take: true}), "storage_pool::EMissingMetadata")
	ok(t, label(to, &blobv1.MsgSetPooledAttributes{Add: true, Set: pair}))
	wantRule(t, label(to, &blobv1.MsgSetPooledAttributes{Add: true}), "storage_pool::EDuplicateMetadata")
	ok(t, label(to, &blobv1.MsgSetPooledAttributes{Discard: []string{"b"}}))
	var got blobv1.QueryPooledBlobResponse
	ask := &blobv1.QueryPooledBlobRequest{PoolId: pool.ID.String(), BlobId: b[0].BlobID.String()}
	ok(t, c.Ask(ctx, "/walrus.blob.v1.Query/PooledBlob", ask, &got))
	if len(got.Attributes) != 1 || got.Attributes[0] != pair[0] || got.EndEpoch != 4 {
		t.Errorf("got %+v", got)
	}
	list, next, err := c.Client().PooledBlobs(ctx, pool.ID, ledger.Page{Limit: 1})
	ok(t, err)
	rest, end, err := c.Client().PooledBlobs(ctx, pool.ID, ledger.Page{Limit: 1, Cursor: next})
	ok(t, err)
	if len(list) != 1 || len(rest) != 1 || end != nil || list[0].ID == rest[0].ID {
		t.Errorf("pages %+v and %+v, %x", list, rest, end)
	}
	for _, w := range []*rpc.Wallet{from, to} {
		pools, _, err := c.Client().StoragePools(ctx, w.Address(), ledger.Page{})
		ok(t, err)
		if owns := len(pools) == 1; owns != (w == to) {
			t.Errorf("%s has %d pools", w.Address(), len(pools))
		}
	}
}

// Who has the capability of a bucket fills it; anyone certifies what is in it.
func TestBlobBucket(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{})
	w, other := c.Wallet(0), c.Wallet(1)
	right, err := w.CreateBucket(ctx, 2*encodedSize, 2)
	ok(t, err)
	second, err := w.CreateBucket(ctx, encodedSize, 1)
	ok(t, err)
	blobs, err := w.RegisterInBucket(ctx, right, []rpc.PooledRegistration{pooled(1, true)})
	ok(t, err)
	ok(t, other.CertifyInBucket(ctx, right.Bucket, []rpc.PooledCertification{pooledCertification(t, c, blobs[0])}))
	bucket, err := c.Client().Bucket(ctx, right.Bucket)
	ok(t, err)
	if bucket.Pool.Blobs != 1 || bucket.Pool.Owner != (ledger.Address{}) {
		t.Errorf("bucket %+v", bucket)
	}
	// The pool inside is nobody's, and its capability opens no other bucket.
	if _, err := w.ExtendPool(ctx, bucket.Pool.ID, 1); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("the pool of a bucket was extended as a pool: %v", err)
	}
	crossed := rpc.BucketCap{ID: second.ID, Bucket: right.Bucket}
	_, err = w.ExtendBucket(ctx, crossed, 1)
	wantRule(t, err, "blob_bucket::EInvalidBlobBucketCap")

	ok(t, w.Transfer(ctx, right.ID, other.Address()))
	if _, err := w.ExtendBucket(ctx, right, 1); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("extended without the capability: %v", err)
	}
	end, err := other.ExtendBucket(ctx, right, 1)
	ok(t, err)
	ok(t, other.GrowBucket(ctx, right, encodedSize))
	ok(t, other.DeleteInBucket(ctx, right, []blob.ID{blobs[0].BlobID}))
	if end != 4 {
		t.Errorf("end %d, want 4", end)
	}
	caps, _, err := c.Client().BucketCaps(ctx, other.Address(), ledger.Page{})
	ok(t, err)
	if len(caps) != 1 || caps[0].ID != right.ID || caps[0].Bucket != right.Bucket {
		t.Errorf("capabilities %+v", caps)
	}
	list, next, err := c.Client().Buckets(ctx, ledger.Page{Limit: 1})
	ok(t, err)
	if len(list) != 1 || next == nil {
		t.Errorf("first page %+v, %x", list, next)
	}
	ok(t, c.NextEpoch(ctx))
	_, err = w.RegisterInBucket(ctx, second, []rpc.PooledRegistration{pooled(1, true)})
	wantRule(t, err, "blob_bucket_inner::EBlobBucketStorageExpired")
	checkMoney(t, c)
}

// The limits of gas that wallets set are enough for the largest batches.
func TestBatchesInAPoolFitTheirGas(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := newEpochs(t, chaintest.Options{})
	w := c.Wallet(0)
	pool, err := w.CreatePool(ctx, 200*encodedSize, 1)
	ok(t, err)
	claims := make([]rpc.PooledRegistration, 200)
	for i := range claims {
		claims[i] = pooled(1, true)
	}
	blobs, err := w.RegisterPooled(ctx, pool.ID, claims)
	ok(t, err)
	var certs []rpc.PooledCertification
	var ids []blob.ID
	for _, b := range blobs {
		ids = append(ids, b.BlobID)
		if len(certs) < 20 {
			certs = append(certs, pooledCertification(t, c, b))
		}
	}
	ok(t, w.CertifyPooled(ctx, pool.ID, certs))
	ok(t, w.DeletePooled(ctx, pool.ID, ids))
	_, err = w.DestroyPool(ctx, pool.ID)
	ok(t, err)
}
