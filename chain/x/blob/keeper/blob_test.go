package keeper_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/chain/chaintest"
	"github.com/walrus-go/walrus/chain/x/blob/types"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/ledgertest"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// TestForgedCertificates shows the chain everything that is almost a certificate.
// Source: spec: control-plane.md section 4.4.
func TestForgedCertificates(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := chaintest.New(t, &chaintest.Options{Nodes: 9, Shards: 18}) // weight 2 each, quorum 13
	u := user{c.Wallet(0), t, c}
	blobs, err := u.Register(ctx, []ledger.Registration{ledgertest.Claim(1, 1, false)})
	if err != nil {
		t.Fatal(err)
	}
	b := blobs[0]
	committees, err := c.Client().Committees(ctx)
	if err != nil {
		t.Fatal(err)
	}
	current := committees.Current
	message := attest.Confirmation{Epoch: current.Epoch(), Blob: b.BlobID}.Message()
	sign := func(message []byte, positions ...int) attest.Certificate {
		cert, err := c.Committee.Certify(current, message, positions...)
		if err != nil {
			t.Fatal(err)
		}
		return cert
	}
	changed := func(i int, v byte) []byte {
		out := bytes.Clone(message)
		out[i] = v
		return out
	}
	with := func(a attest.Certificate, change func(*attest.Certificate)) attest.Certificate {
		a.Message, a.Signers, a.Signature = bytes.Clone(a.Message), slices.Clone(a.Signers), bytes.Clone(a.Signature)
		change(&a)
		return a
	}
	infinity := append([]byte{0xc0}, make([]byte, bls.SignatureSize-1)...)
	quorum := []int{0, 1, 2, 3, 4, 5, 6}
	for _, test := range []struct {
		name string
		cert attest.Certificate
		rule string
	}{
		{"one signer short", sign(message, quorum[:6]...), "bls_aggregate::ENotEnoughStake"},
		{"nobody signed", with(sign(message), func(a *attest.Certificate) { a.Signers = nil }), "bls_aggregate::ENotEnoughStake"},
		{"a signer added who did not sign", with(sign(message, quorum...), func(a *attest.Certificate) { a.Signers[0] |= 1 << 7 }), "bls_aggregate::ESigVerification"},
		{"a signer left out who did sign", with(sign(message), func(a *attest.Certificate) { a.Signers[0] &^= 1 }), "bls_aggregate::ESigVerification"},
		{"bit beyond the committee", with(sign(message), func(a *attest.Certificate) { a.Signers[1] |= 1 << 1 }), "bls_aggregate::EInvalidBitmap"},
		{"bitmap one byte too long", with(sign(message), func(a *attest.Certificate) { a.Signers = append(a.Signers, 0) }), "bls_aggregate::EInvalidBitmap"},
		{"signature at infinity", with(sign(message), func(a *attest.Certificate) { a.Signature = infinity }), "bls_aggregate::ESigVerification"},
		{"signature cut off", with(sign(message), func(a *attest.Certificate) { a.Signature = a.Signature[:95] }), "bls_aggregate::ESigVerification"},
		{"signature of nothing", with(sign(message), func(a *attest.Certificate) { a.Signature = nil }), "bls_aggregate::ESigVerification"},
		{"signature off the curve", with(sign(message), func(a *attest.Certificate) { a.Signature[95] ^= 1 }), "bls_aggregate::ESigVerification"},
		{"message changed after signing", with(sign(message), func(a *attest.Certificate) { a.Message[39] ^= 1 }), "bls_aggregate::ESigVerification"},
		{"another version", sign(changed(1, 1)), "messages::EIncorrectIntentVersion"},
		{"another application", sign(changed(2, 4)), "messages::EIncorrectAppId"},
		{"the epoch before", sign(changed(3, 0)), "messages::EIncorrectEpoch"},
		{"the epoch after", sign(changed(3, 2)), "messages::EIncorrectEpoch"},
		{"another type", sign(attest.InvalidBlob(current.Epoch(), b.BlobID)), "messages::EInvalidMsgType"},
		{"unknown persistence", sign(changed(39, 2)), "messages::EInvalidBlobPersistenceType"},
		{"deletable without object", sign(changed(39, 1)), "bcs::EOutOfRange"},
		{"body cut off", sign(message[:38]), "bcs::EOutOfRange"},
		{"header cut off", sign(message[:6]), "bcs::EOutOfRange"},
		{"absurdly long", sign(append(bytes.Clone(message), make([]byte, 300)...)), "messages::EInvalidMsgType"},
	} {
		t.Log(test.name)
		wantRule(t, u.Certify(ctx, []ledger.Certification{{Object: b.ID, Certificate: test.cert}}), test.rule)
	}
	if got, err := c.Client().Blob(ctx, b.ID); err != nil || got.Certified != nil {
		t.Errorf("after the forgeries: %+v, %v", got, err)
	}
	// A bare quorum with a bitmap as short as it can be, and a message with more behind it than this
	// version knows: accepted.
	longer := append(bytes.Clone(message), 1, 2, 3)
	good := with(sign(longer, quorum...), func(a *attest.Certificate) { a.Signers = a.Signers[:1] })
	if err := u.Certify(ctx, []ledger.Certification{{Object: b.ID, Certificate: good}}); err != nil {
		t.Errorf("a bare quorum: %v", err)
	}
}

func TestInvalidBlobID(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := chaintest.New(t, &chaintest.Options{Nodes: 9, Shards: 18}) // one correct node needs 7
	u := user{c.Wallet(0), t, c}
	committees, err := c.Client().Committees(ctx)
	if err != nil {
		t.Fatal(err)
	}
	id := blob.ID{7}
	send := func(epoch committee.Epoch, positions ...int) error {
		a, err := c.Committee.Certify(committees.Current, attest.InvalidBlob(epoch, id), positions...)
		if err != nil {
			t.Fatal(err)
		}
		return u.try(&blobv1.MsgInvalidateBlobID{Sender: u.owner(), Certificate: blobv1.Certificate{
			Message: a.Message, Signers: a.Signers, Signature: a.Signature,
		}}, &blobv1.MsgInvalidateBlobIDResponse{})
	}
	wantRule(t, send(1, 0, 1, 2), "bls_aggregate::ENotEnoughStake")
	wantRule(t, send(2, 0, 1, 2, 3), "messages::EIncorrectEpoch")
	if err := send(1, 0, 1, 2, 3); err != nil {
		t.Fatal(err)
	}
	if s, err := c.Client().BlobStatus(ctx, id); err != nil || s.Kind != blob.Invalid {
		t.Errorf("got %+v, %v, want invalid", s, err)
	}
	events, err := c.Client().Events(ctx, 0, 10)
	if err != nil || len(events) != 1 || events[0].Body != (ledger.InvalidBlobID{Epoch: 1, BlobID: id}) {
		t.Errorf("events: %+v, %v", events, err)
	}
}

func TestAttributes(t *testing.T) {
	t.Parallel()
	c, users := newUsers(t)
	u := users[0]
	blobs, err := u.Register(context.Background(), []ledger.Registration{ledgertest.Claim(1, 1, true)})
	if err != nil {
		t.Fatal(err)
	}
	id := blobs[0].ID[:]
	set := func(m *blobv1.MsgSetAttributes) error {
		m.Owner, m.ObjectId = u.owner(), id
		return u.try(m, &blobv1.MsgSetAttributesResponse{})
	}
	pairs := func(list ...string) (out []blobv1.Attribute) {
		for i := 0; i < len(list); i += 2 {
			out = append(out, blobv1.Attribute{Key: list[i], Value: list[i+1]})
		}
		return out
	}
	wantRule(t, set(&blobv1.MsgSetAttributes{Remove: []string{"a"}}), "blob::EMissingMetadata")
	for _, m := range []*blobv1.MsgSetAttributes{
		{Set: pairs("a", "1", "b", "2", "c", "3")},
		{Set: pairs("a", "4"), Remove: []string{"b"}}, // a changed pair moves to the end
	} {
		if err := set(m); err != nil {
			t.Fatal(err)
		}
	}
	wantRule(t, set(&blobv1.MsgSetAttributes{Remove: []string{"b"}}), "vec_map::EKeyDoesNotExist")
	if err := set(&blobv1.MsgSetAttributes{Set: pairs("big", string(make([]byte, 9000)))}); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("too large: got %v, want a refusal", err)
	}
	many := make([]string, 2*(types.MaxAttributes+1)) // all of one key: few in the end, but much work
	if err := set(&blobv1.MsgSetAttributes{Set: pairs(many...)}); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("too many changes: got %v, want a refusal", err)
	}
	if got := fmt.Sprint(attributes(t, c, blobs[0].ID)); got != "[{c 3} {a 4}]" {
		t.Errorf("got %s, want c=3, a=4", got)
	}
	if err := set(&blobv1.MsgSetAttributes{Clear: true}); err != nil {
		t.Fatal(err)
	}
	if got := attributes(t, c, blobs[0].ID); len(got) != 0 {
		t.Errorf("got %v, want none", got)
	}
}

// attributes asks the chain for what a blob is labelled with.
func attributes(t *testing.T, c *chaintest.Chain, id blob.ObjectID) []blobv1.Attribute {
	t.Helper()
	in, err := (&blobv1.QueryBlobRequest{ObjectId: id.String()}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := c.Query(context.Background(), "/walrus.blob.v1.Query/Blob", in)
	if err != nil {
		t.Fatal(err)
	}
	var out blobv1.QueryBlobResponse
	if err := out.Unmarshal(raw); err != nil {
		t.Fatal(err)
	}
	return out.Attributes
}

func TestBurnedBlobIsStillKept(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c, users := newUsers(t)
	u := users[0]
	blobs, err := u.Register(ctx, []ledger.Registration{ledgertest.Claim(1, 3, false)})
	if err != nil {
		t.Fatal(err)
	}
	certify(t, c, u, blobs[0])
	u.do(&blobv1.MsgBurnBlob{Owner: u.owner(), ObjectId: blobs[0].ID[:]}, &blobv1.MsgBurnBlobResponse{})
	if _, err := c.Client().Blob(ctx, blobs[0].ID); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("got %v, want %v", err, ledger.ErrNotFound)
	}
	if s, err := c.Client().BlobStatus(ctx, blobs[0].BlobID); err != nil || !s.Certified || s.End != 4 {
		t.Errorf("status: %+v, %v", s, err)
	}
}

// TestGas holds the limits that wallets set against what transactions use.
func TestGas(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := chaintest.New(t, &chaintest.Options{Nodes: 100, Shards: 1000})
	u := user{c.Wallet(0), t, c}
	used := func() int64 {
		head, err := c.Head(ctx)
		if err != nil {
			t.Fatal(err)
		}
		b, err := c.Block(ctx, head.Height)
		if err != nil {
			t.Fatal(err)
		}
		return b.Txs[0].GasUsed
	}
	for _, n := range []int{1, 10, 30} {
		var claims []ledger.Registration
		for range n {
			claims = append(claims, ledgertest.Claim(1_000_000, 2, true))
		}
		blobs, err := u.Register(ctx, claims)
		if err != nil {
			t.Fatal(err)
		}
		register := used()
		var certs []ledger.Certification
		var ids []blob.ObjectID
		for _, b := range blobs {
			certs = append(certs, certification(t, c, b))
			ids = append(ids, b.ID)
		}
		if err := u.Certify(ctx, certs); err != nil {
			t.Fatal(err)
		}
		certified := used()
		freed, err := u.Delete(ctx, ids)
		if err != nil {
			t.Fatal(err)
		}
		deleted := used()
		var parts []ledger.Registration
		for i := range freed {
			part := ledgertest.Claim(1, 0, true)
			part.Storage, part.StorageSize = &freed[i].ID, freed[i].Size-1
			parts = append(parts, part)
		}
		if _, err := u.Register(ctx, parts); err != nil {
			t.Fatal(err)
		}
		cut := used()
		t.Logf("%d blobs: register %d gas each, certify %d, delete %d, register on parts %d", n, register/int64(n), certified/int64(n), deleted/int64(n), cut/int64(n))
		for _, x := range []struct {
			what  string
			gas   int64
			limit uint64
		}{
			{"register", register, rpc.RegisterGas(claims)}, {"register on parts", cut, rpc.RegisterGas(parts)},
			{"certify", certified, rpc.CertifyGas(certs)}, {"delete", deleted, rpc.GasLimit(n)},
		} {
			if x.gas > int64(x.limit)*3/4 {
				t.Errorf("%s of %d blobs uses %d gas, above three quarters of the limit %d", x.what, n, x.gas, x.limit)
			}
		}
	}
}
