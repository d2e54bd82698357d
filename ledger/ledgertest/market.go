package ledgertest

import (
	"context"
	"errors"
	"testing"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/ledger"
)

func testSystem(t *testing.T, ctx context.Context, l Ledger) {
	s, err := l.System(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if s.ChainID == "" || s.Shards == 0 || s.Epoch == 0 || s.MaxEpochsAhead == 0 || s.TotalCapacity == 0 || s.StoragePrice == 0 {
		t.Errorf("system has empty fields: %+v", s)
	}
	c, err := l.Committees(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if c.Current == nil || c.Current.Epoch() != s.Epoch || c.Current.Shards() != s.Shards || c.Transition {
		t.Errorf("committees do not fit the system: %+v, %+v", c, s)
	}
	for _, m := range c.Current.Members() {
		if m.Address == "" || m.Name == "" || m.Key.IsZero() || m.Weight() >= c.Current.Quorum() {
			t.Errorf("member %s lacks something, or is a quorum alone", m.ID)
		}
	}
}

func testPermanent(t *testing.T, ctx context.Context, l Ledger) {
	w := l.Wallets[0]
	claim := Claim(1000, 3, false)
	if s := l.status(t, ctx, claim.BlobID); s.Kind != blob.Nonexistent {
		t.Errorf("before registration: %+v", s)
	}
	before := l.balance(t, ctx, w)
	b := register(t, ctx, w, claim)
	system, err := l.System(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if b.BlobID != claim.BlobID || b.Owner != w.Address() || b.Size != 1000 || b.Deletable || b.Certified != nil ||
		b.Registered != system.Epoch || b.Storage.Start != system.Epoch || b.Storage.End != system.Epoch+3 {
		t.Errorf("registered blob: %+v", b)
	}
	units := (b.Storage.Size + ledger.StorageUnit - 1) / ledger.StorageUnit
	cost := units * (3*system.StoragePrice + system.WritePrice)
	if paid := before - l.balance(t, ctx, w); paid < cost || paid > cost+ledger.FrostPerWAL/100 {
		t.Errorf("paid %d FROST, want %d and a small fee", paid, cost)
	}
	if s := l.status(t, ctx, claim.BlobID); s.Kind != blob.Permanent || s.Certified || s.End != b.Storage.End {
		t.Errorf("registered: %+v", s)
	}
	l.certify(t, ctx, w, b)
	s := l.status(t, ctx, claim.BlobID)
	if s.Kind != blob.Permanent || !s.Certified || s.End != b.Storage.End || s.InitialCertified == nil || *s.InitialCertified != system.Epoch {
		t.Errorf("certified: %+v", s)
	}
	read, err := l.Blob(ctx, b.ID)
	if err != nil {
		t.Fatal(err)
	}
	if read.Certified == nil || *read.Certified != system.Epoch || read.Storage != b.Storage {
		t.Errorf("read back: %+v", read)
	}
	_, err = w.Delete(ctx, []blob.ObjectID{b.ID})
	wantRefusal(t, err, "blob::EBlobNotDeletable")
}

func testDeletable(t *testing.T, ctx context.Context, l Ledger) {
	w := l.Wallets[0]
	b := register(t, ctx, w, Claim(5000, 2, true))
	if s := l.status(t, ctx, b.BlobID); s.Kind != blob.Deletable || s.Counts.Total != 1 || s.Counts.Certified != 0 {
		t.Errorf("registered: %+v", s)
	}
	l.certify(t, ctx, w, b)
	if s := l.status(t, ctx, b.BlobID); s.Kind != blob.Deletable || s.Counts.Certified != 1 || s.InitialCertified == nil {
		t.Errorf("certified: %+v", s)
	}
	freed, err := w.Delete(ctx, []blob.ObjectID{b.ID})
	if err != nil {
		t.Fatal(err)
	}
	if len(freed) != 1 || freed[0].Size != b.Storage.Size || freed[0].End != b.Storage.End || freed[0].Owner != w.Address() {
		t.Errorf("freed: %+v", freed)
	}
	if s := l.status(t, ctx, b.BlobID); s.Kind != blob.Nonexistent {
		t.Errorf("deleted: %+v", s)
	}
	if _, err := l.Blob(ctx, b.ID); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("deleted blob: got %v, want %v", err, ledger.ErrNotFound)
	}
	again := Claim(5000, 0, true)
	again.Storage = &freed[0].ID
	c := register(t, ctx, w, again)
	if c.Storage.ID != freed[0].ID || c.Storage.End != freed[0].End {
		t.Errorf("registered on freed storage: %+v", c)
	}
	left, _, err := l.Storages(ctx, w.Address(), ledger.Page{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range left {
		if s.ID == freed[0].ID {
			t.Errorf("storage %s is attached and still listed", s.ID)
		}
	}
}

// testPartOfStorage: a registration can use a part of a resource, and the rest stays.
func testPartOfStorage(t *testing.T, ctx context.Context, l Ledger) {
	w := l.Wallets[0]
	b := register(t, ctx, w, Claim(5000, 2, true))
	freed, err := w.Delete(ctx, []blob.ObjectID{b.ID})
	if err != nil {
		t.Fatal(err)
	}
	before, _, err := l.Storages(ctx, w.Address(), ledger.Page{})
	if err != nil {
		t.Fatal(err)
	}
	part := Claim(1, 0, true)
	part.Storage, part.StorageSize = &freed[0].ID, freed[0].Size-1000
	if c := register(t, ctx, w, part); c.Storage.ID != freed[0].ID || c.Storage.Size != part.StorageSize || c.Storage.End != freed[0].End {
		t.Errorf("registered on a part of storage: %+v", c)
	}
	after, _, err := l.Storages(ctx, w.Address(), ledger.Page{})
	if err != nil {
		t.Fatal(err)
	}
	rest := 0
	for _, s := range after {
		if s.ID == freed[0].ID {
			t.Errorf("storage %s is attached and still listed", s.ID)
		}
		if s.Size == 1000 && s.End == freed[0].End {
			rest++
		}
	}
	if rest != 1 || len(after) != len(before) {
		t.Errorf("of storage %+v is left %+v", before, after)
	}
	part.StorageSize = freed[0].Size
	_, err = w.Register(ctx, []ledger.Registration{part})
	wantRefusal(t, err, "dynamic_field::EFieldDoesNotExist")
}

func testExtend(t *testing.T, ctx context.Context, l Ledger) {
	w := l.Wallets[0]
	b := register(t, ctx, w, Claim(1, 1, false))
	wantRefusal(t, w.Extend(ctx, b.ID, 2), "blob::ENotCertified")
	l.certify(t, ctx, w, b)
	if err := w.Extend(ctx, b.ID, 2); err != nil {
		t.Fatal(err)
	}
	if s := l.status(t, ctx, b.BlobID); s.End != b.Storage.End+2 || !s.Certified {
		t.Errorf("extended: %+v", s)
	}
	wantRefusal(t, w.Extend(ctx, b.ID, 100_000), "system_state_inner::EInvalidEpochsAhead")
}

func testBatch(t *testing.T, ctx context.Context, l Ledger) {
	w := l.Wallets[0]
	var claims []ledger.Registration
	for i := range uint64(20) {
		claims = append(claims, Claim(100*i, 1, i%2 == 0))
	}
	blobs, err := w.Register(ctx, claims)
	if err != nil {
		t.Fatal(err)
	}
	var certs []ledger.Certification
	for i, b := range blobs {
		if b.BlobID != claims[i].BlobID || b.Deletable != claims[i].Deletable {
			t.Errorf("blob %d is %+v, asked for %+v", i, b, claims[i])
		}
		certs = append(certs, l.certification(t, ctx, b))
	}
	if err := w.Certify(ctx, certs); err != nil {
		t.Fatal(err)
	}
	for _, b := range blobs {
		if s := l.status(t, ctx, b.BlobID); !s.IsCertified() {
			t.Errorf("blob %s: %+v", b.BlobID, s)
		}
	}
}

// testRefusals sends what the chain must refuse, and checks that neither the log nor the objects changed.
func testRefusals(t *testing.T, ctx context.Context, l Ledger) {
	w, stranger := l.Wallets[0], l.Wallets[1]
	b := register(t, ctx, w, Claim(10, 1, true))
	done := register(t, ctx, w, Claim(10, 1, false))
	l.certify(t, ctx, w, done)
	at := l.end(t, ctx)

	wrongRoot := Claim(10, 1, false)
	wrongRoot.RootHash[0] ^= 1
	wrongSize := Claim(10, 1, false)
	wrongSize.Size++
	for _, c := range []struct {
		name  string
		rule  string
		claim ledger.Registration
	}{
		{"ID of another root", "blob::EInvalidBlobId", wrongRoot},
		{"ID of another size", "blob::EInvalidBlobId", wrongSize},
		{"no epochs", "system_state_inner::EInvalidEpochsAhead", Claim(10, 0, false)},
		{"too many epochs", "system_state_inner::EInvalidEpochsAhead", Claim(10, 1_000_000, false)},
		{"too large a blob", "arith::EOverflow", Claim(1<<62, 1, false)},
	} {
		// The whole transaction fails: the good claim before the bad one has no effect either.
		_, err := w.Register(ctx, []ledger.Registration{Claim(10, 1, false), c.claim})
		t.Log(c.name)
		wantRefusal(t, err, c.rule)
	}

	good := l.certification(t, ctx, b)
	permanent := b
	permanent.Deletable = false
	short := l.certification(t, ctx, b, 0)
	forged := good
	forged.Certificate.Signers = short.Certificate.Signers
	forged.Certificate.Signers = append([]byte(nil), good.Certificate.Signers...)
	forged.Certificate.Signature = short.Certificate.Signature
	long := good
	long.Certificate.Signers = append(append([]byte(nil), good.Certificate.Signers...), 0)
	early := good
	early.Certificate, _ = l.Certify(confirmation(b, 0))
	for _, c := range []struct {
		name string
		rule string
		cert ledger.Certification
	}{
		{"another kind of persistence", "blob::EInvalidBlobPersistenceType", ledger.Certification{Object: b.ID, Certificate: l.certification(t, ctx, permanent).Certificate}},
		{"another blob", "blob::EInvalidBlobId", ledger.Certification{Object: b.ID, Certificate: l.certification(t, ctx, done).Certificate}},
		{"certified before", "blob::EAlreadyCertified", l.certification(t, ctx, done)},
		{"too few signers", "bls_aggregate::ENotEnoughStake", short},
		{"signature of others", "bls_aggregate::ESigVerification", forged},
		{"bitmap too long", "bls_aggregate::EInvalidBitmap", long},
		{"another epoch", "messages::EIncorrectEpoch", early},
		{"no such object", "dynamic_field::EFieldDoesNotExist", ledger.Certification{Object: blob.ObjectID{1}, Certificate: good.Certificate}},
	} {
		t.Log(c.name)
		wantRefusal(t, w.Certify(ctx, []ledger.Certification{c.cert}), c.rule)
	}
	if err := stranger.Certify(ctx, []ledger.Certification{good}); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("certified by a stranger: got %v, want a refusal", err)
	}
	if _, err := stranger.Delete(ctx, []blob.ObjectID{b.ID}); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("deleted by a stranger: got %v, want a refusal", err)
	}
	if got := l.end(t, ctx); got != at {
		t.Errorf("refused transactions left %d events", got-at)
	}
	if s := l.status(t, ctx, b.BlobID); s.Counts.Total != 1 || s.Counts.Certified != 0 {
		t.Errorf("after the refusals: %+v", s)
	}
}
