package attest

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/committee"
)

// network makes a committee whose member i owns weights[i] shards, with the members' secrets.
func network(t testing.TB, epoch committee.Epoch, weights ...int) (*committee.Committee, []*bls.PrivateKey) {
	t.Helper()
	random := rand.NewChaCha8([32]byte{1})
	var keys []*bls.PrivateKey
	var members []committee.Member
	next := committee.Shard(0)
	for i, w := range weights {
		k, err := bls.GenerateKey(random)
		if err != nil {
			t.Fatal(err)
		}
		m := committee.Member{ID: committee.NodeID{byte(i)}, Key: k.Public()}
		for range w {
			m.Shards = append(m.Shards, next)
			next++
		}
		keys, members = append(keys, k), append(members, m)
	}
	c, err := committee.New(epoch, int(next), members)
	if err != nil {
		t.Fatal(err)
	}
	return c, keys
}

func collect(t testing.TB, c *committee.Committee, keys []*bls.PrivateKey, message []byte, who ...int) Certificate {
	t.Helper()
	col := NewCollector(c, message)
	for _, i := range who {
		col.Add(i, keys[i].Sign(message))
	}
	cert, err := col.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestMessageLayout(t *testing.T) {
	id := blob.ID(bytes.Repeat([]byte{0xaa}, 32))
	object := blob.ObjectID(bytes.Repeat([]byte{0xbb}, 32))
	aa, bb := hex.EncodeToString(id[:]), hex.EncodeToString(object[:])
	for _, tc := range []struct {
		name string
		got  []byte
		want string
	}{
		{"permanent", Confirmation{Epoch: 5, Blob: id}.Message(), "010003" + "05000000" + aa + "00"},
		{"deletable", Confirmation{Epoch: 0x01020304, Blob: id, Object: &object}.Message(), "010003" + "04030201" + aa + "01" + bb},
		{"invalid blob", InvalidBlob(7, id), "020003" + "07000000" + aa},
	} {
		if got := hex.EncodeToString(tc.got); got != tc.want {
			t.Errorf("%s:\n got %s\nwant %s", tc.name, got, tc.want)
		}
	}
}

func TestConfirmationRefuses(t *testing.T) {
	good := Confirmation{Epoch: 1, Object: &blob.ObjectID{}}.Message()
	with := func(i int, v byte) []byte { b := bytes.Clone(good); b[i] = v; return b }
	for name, tc := range map[string]struct {
		message []byte
		want    error
	}{
		"empty":               {nil, ErrMessage},
		"header only":         {good[:7], ErrMessage},
		"no persistence":      {good[:39], ErrMessage},
		"object cut off":      {good[:71], ErrMessage},
		"another type":        {with(0, 2), ErrType},
		"another version":     {with(1, 1), ErrVersion},
		"another application": {with(2, 0), ErrAppID},
		"persistence 2":       {with(39, 2), ErrPersistence},
	} {
		if _, _, err := ParseConfirmation(tc.message); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
	if _, rest, err := ParseConfirmation(append(bytes.Clone(good), 1, 2)); err != nil || len(rest) != 2 {
		t.Errorf("trailing bytes: %d, %v", len(rest), err)
	}
}

func TestCertificate(t *testing.T) {
	c, keys := network(t, 9, 1, 2, 3, 1) // n = 7, f = 2, quorum 5
	message := Confirmation{Epoch: 9, Blob: blob.ID{1}}.Message()
	good := collect(t, c, keys, message, 2, 1)
	if err := good.Verify(c, c.Quorum()); err != nil {
		t.Fatal(err)
	}
	short := collect(t, c, keys, message, 2, 0)
	stale := collect(t, c, keys, Confirmation{Epoch: 8}.Message(), 1, 2)
	claimed := good
	claimed.Signers = Signers{good.Signers[0] | 1}
	forged := good
	forged.Message = Confirmation{Epoch: 9, Blob: blob.ID{2}}.Message()
	garbage := good
	garbage.Signature = make([]byte, bls.SignatureSize)
	long := good
	long.Signers = append(bytes.Clone(good.Signers), 0)
	beyond := good
	beyond.Signers = Signers{good.Signers[0] | 0x10}
	for name, tc := range map[string]struct {
		cert Certificate
		want error
	}{
		"too little weight":        {short, ErrWeight},
		"a claimed signer":         {claimed, ErrSignature},
		"another message":          {forged, ErrSignature},
		"garbage signature":        {garbage, ErrSignature},
		"bitmap too long":          {long, ErrBitmap},
		"bit beyond the committee": {beyond, ErrBitmap},
		"another epoch":            {stale, ErrEpoch},
		"nothing":                  {Certificate{}, ErrWeight},
	} {
		if err := tc.cert.Verify(c, c.Quorum()); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
		other := collect(t, c, keys, message, 1, 2, 3)
		for _, list := range [][]Certificate{{tc.cert}, {good, other, tc.cert, good}} {
			if err := VerifyAll(list, c, c.Quorum()); !errors.Is(err, tc.want) {
				t.Errorf("%s, among %d: %v, want %v", name, len(list), err, tc.want)
			}
		}
		if err := VerifyAll([]Certificate{good, other, good}, c, c.Quorum()); err != nil {
			t.Errorf("good ones together: %v", err)
		}
	}
}

func TestCollectorCountsAMemberOnce(t *testing.T) {
	c, keys := network(t, 1, 2, 2)
	message := InvalidBlob(1, blob.ID{})
	col := NewCollector(c, message)
	for range 3 {
		col.Add(1, keys[1].Sign(message))
	}
	if col.Weight() != 2 {
		t.Fatalf("weight %d, want 2", col.Weight())
	}
	cert, err := col.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	col.Add(0, keys[0].Sign(message))
	if err := cert.Verify(c, 2); err != nil {
		t.Fatalf("after another signature: %v", err)
	}
}

func FuzzParseConfirmation(f *testing.F) {
	f.Add(Confirmation{Epoch: 3}.Message())
	f.Add(Confirmation{Epoch: 3, Object: &blob.ObjectID{1}}.Message())
	f.Fuzz(func(t *testing.T, b []byte) {
		c, rest, err := ParseConfirmation(b)
		if err != nil {
			return
		}
		if got := append(c.Message(), rest...); !bytes.Equal(got, b) {
			t.Fatalf("%x re-encodes as %x", b, got)
		}
		if again, _, err := ParseConfirmation(c.Message()); err != nil || !reflect.DeepEqual(again, c) {
			t.Fatalf("%+v reads back as %+v (%v)", c, again, err)
		}
	})
}
