package cert

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/bls"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/committee"
)

const epoch = 5

// network returns a committee of ten members with one shard each, and their keys.
func network(t testing.TB) (*committee.Committee, []*bls.PrivateKey) {
	t.Helper()
	var members []committee.Member
	var keys []*bls.PrivateKey
	for i := range 10 {
		secret := make([]byte, bls.PrivateKeySize)
		secret[31] = byte(i + 1)
		key, err := bls.ParsePrivateKey(secret)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
		members = append(members, committee.Member{
			ID:     committee.NodeID{byte(i)},
			Key:    key.Public(),
			Shards: []committee.Shard{committee.Shard(i)},
		})
	}
	c, err := committee.New(epoch, 10, members)
	if err != nil {
		t.Fatal(err)
	}
	return c, keys
}

// sign returns a certificate of the first n members over message.
func sign(t testing.TB, c *committee.Committee, keys []*bls.PrivateKey, message []byte, n int) attest.Certificate {
	t.Helper()
	collector := attest.NewCollector(c, message)
	for i := range n {
		collector.Add(i, keys[i].Sign(message))
	}
	a, err := collector.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestMessagesOfTheChain(t *testing.T) {
	t.Parallel()
	c, keys := network(t)
	list := DenyListUpdate{Node: committee.NodeID{7}, List: storage.DenyList{Root: [32]byte{1}, Sequence: 2, Size: 3}}
	version := ProtocolVersion{Start: 6, Version: 1 << 40}
	id := blob.ID{9}

	if got, err := DenyList(sign(t, c, keys, list.Message(epoch), 7), c); err != nil || got != list {
		t.Errorf("deny list: %v, %v", got, err)
	}
	if got, err := Protocol(sign(t, c, keys, version.Message(epoch), 7), c); err != nil || got != version {
		t.Errorf("protocol: %v, %v", got, err)
	}
	if got, err := DenyListDeleted(sign(t, c, keys, DenyListDeletedMessage(epoch, id), 4), c); err != nil || got != id {
		t.Errorf("deleted: %v, %v", got, err)
	}
	if got, err := InvalidBlob(sign(t, c, keys, attest.InvalidBlob(epoch, id), 4), c); err != nil || got != id {
		t.Errorf("invalid: %v, %v", got, err)
	}
	trailing := append(list.Message(epoch), 1, 2, 3)
	if got, err := DenyList(sign(t, c, keys, trailing, 7), c); err != nil || got != list {
		t.Errorf("deny list with more behind it: %v, %v", got, err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	c, keys := network(t)
	version := ProtocolVersion{Start: 6, Version: 7}
	message := version.Message(epoch)
	tests := map[string]struct {
		a    attest.Certificate
		want error
	}{
		"too few":     {sign(t, c, keys, message, 6), economy.ErrBlsAggregateNotEnoughStake},
		"cut off":     {sign(t, c, keys, message[:18], 7), economy.ErrBcsOutOfRange},
		"no header":   {sign(t, c, keys, message[:6], 7), economy.ErrBcsOutOfRange},
		"one byte":    {sign(t, c, keys, message[:1], 7), economy.ErrBcsOutOfRange},
		"old and cut": {sign(t, c, keys, []byte{6, 1}, 7), economy.ErrMessagesIncorrectIntentVersion},
		"app and cut": {sign(t, c, keys, []byte{6, 0, 2, 5}, 7), economy.ErrMessagesIncorrectAppId},
		"stale":       {sign(t, c, keys, version.Message(epoch-1), 7), economy.ErrMessagesIncorrectEpoch},
		"other type":  {sign(t, c, keys, attest.InvalidBlob(epoch, blob.ID{}), 7), economy.ErrMessagesInvalidMsgType},
		"no bits":     {attest.Certificate{Message: message}, economy.ErrBlsAggregateNotEnoughStake},
		"no sense":    {attest.Certificate{Message: message, Signers: attest.Signers{0xff, 3}}, economy.ErrBlsAggregateSigVerification},
		"stray bit":   {attest.Certificate{Message: message, Signers: attest.Signers{0xff, 7}}, economy.ErrBlsAggregateInvalidBitmap},
		"many bits":   {attest.Certificate{Message: message, Signers: attest.Signers{0xff, 3, 0}}, economy.ErrBlsAggregateInvalidBitmap},
		"empty":       {attest.Certificate{}, economy.ErrBlsAggregateNotEnoughStake},
		"all is well": {sign(t, c, keys, message, 7), nil},
	}
	for name, tc := range tests {
		if _, err := Protocol(tc.a, c); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
}

// Another signer never spoils a certificate: invariant I-15.
func TestMoreSignersAreFine(t *testing.T) {
	t.Parallel()
	c, keys := network(t)
	message := attest.Confirmation{Epoch: epoch, Blob: blob.ID{1}}.Message()
	for n := 1; n <= 10; n++ {
		_, err := Blob(sign(t, c, keys, message, n), c)
		if (err == nil) != (n >= c.Quorum()) {
			t.Errorf("%d signers: %v", n, err)
		}
	}
}

// Many certificates together say and refuse what each says and refuses alone.
func TestBlobs(t *testing.T) {
	t.Parallel()
	c, keys := network(t)
	var good []attest.Certificate
	for i := range 2 * batchFrom {
		good = append(good, sign(t, c, keys, attest.Confirmation{Epoch: epoch, Blob: blob.ID{byte(i)}}.Message(), 7+i%3))
	}
	short, forged, other := sign(t, c, keys, good[0].Message, 6), good[1], sign(t, c, keys, attest.InvalidBlob(epoch, blob.ID{}), 7)
	forged.Message = good[2].Message
	for _, n := range []int{0, 1, batchFrom - 1, batchFrom, len(good)} {
		got, err := Blobs(good[:n], c)
		if err != nil || len(got) != n {
			t.Fatalf("%d certificates: %d, %v", n, len(got), err)
		}
		for i := range got {
			if got[i].ID != (blob.ID{byte(i)}) {
				t.Errorf("%d certificates: number %d is about %s", n, i, got[i].ID)
			}
		}
		if n < 2 {
			continue
		}
		for _, bad := range []struct {
			list []attest.Certificate
			want error
		}{
			{[]attest.Certificate{short, forged}, economy.ErrBlsAggregateNotEnoughStake},
			{[]attest.Certificate{forged, short}, economy.ErrBlsAggregateSigVerification},
			{[]attest.Certificate{other}, economy.ErrMessagesInvalidMsgType},
		} {
			list := append(append([]attest.Certificate{}, good[:n-1]...), bad.list...)
			if _, err := Blobs(list, c); !errors.Is(err, bad.want) {
				t.Errorf("%d certificates with a wrong one: %v, want %v", len(list), err, bad.want)
			}
		}
	}
}

// What comes before a wrong certificate is verified together, but for less than a batch.
func TestVerifiedBeforeWrong(t *testing.T) {
	t.Parallel()
	c, keys := network(t)
	var good []attest.Certificate
	for i := range 3*batchFrom + 1 {
		good = append(good, sign(t, c, keys, attest.Confirmation{Epoch: epoch, Blob: blob.ID{byte(i)}}.Message(), 7))
	}
	if got := verifiedBlobs(good, c); got != len(good) {
		t.Errorf("nothing wrong: %d verified", got)
	}
	for wrong := range good {
		list := slices.Clone(good)
		list[wrong].Signature = good[(wrong+1)%len(good)].Signature
		list[len(list)-1].Signers = nil // a later one does not matter
		if got := verifiedBlobs(list, c); got > wrong || got <= wrong-batchFrom {
			t.Errorf("number %d is wrong: %d verified", wrong, got)
		}
	}
}

func TestPossession(t *testing.T) {
	t.Parallel()
	_, keys := network(t)
	registrant := [32]byte{31: 1}
	key := keys[0].Public()
	sig := keys[0].Sign(attest.Possession(3, registrant, key)).Bytes()
	tests := map[string]struct {
		epoch      committee.Epoch
		registrant [32]byte
		key, sig   []byte
		want       error
	}{
		"good":            {3, registrant, key.Bytes(), sig, nil},
		"short key":       {3, registrant, key.Bytes()[1:], sig, economy.ErrMessagesInvalidKeyLength},
		"not a key":       {3, registrant, make([]byte, 48), sig, economy.ErrStakingPoolInvalidProofOfPossession},
		"not a signature": {3, registrant, key.Bytes(), nil, economy.ErrStakingPoolInvalidProofOfPossession},
		"another epoch":   {4, registrant, key.Bytes(), sig, economy.ErrStakingPoolInvalidProofOfPossession},
		"another sender":  {3, [32]byte{}, key.Bytes(), sig, economy.ErrStakingPoolInvalidProofOfPossession},
		"another key":     {3, registrant, keys[1].Public().Bytes(), sig, economy.ErrStakingPoolInvalidProofOfPossession},
	}
	for name, tc := range tests {
		if _, err := CheckPossession(tc.epoch, tc.registrant, tc.key, tc.sig); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
}

// Whatever a message says, reading it does not panic, a refusal has a name, and what was read is what the
// message begins with.
func FuzzMessages(f *testing.F) {
	f.Add(ProtocolVersion{}.Message(epoch))
	f.Add(DenyListUpdate{}.Message(epoch))
	f.Add(attest.Confirmation{Epoch: epoch}.Message())
	f.Add(attest.Confirmation{Epoch: epoch, Object: &blob.ObjectID{}}.Message())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, message []byte) {
		_, e, _ := attest.Header(message)
		check := func(again []byte, err error) {
			if err != nil && economy.NameOf(err) == "" {
				t.Errorf("%x: %v", message, err)
			}
			if err == nil && !bytes.HasPrefix(message, again) {
				t.Errorf("%x was read as %x", message, again)
			}
		}
		b, err := ParseBlob(message)
		confirmed := attest.Confirmation{Epoch: e, Blob: b.ID}
		if b.Deletable {
			confirmed.Object = &b.Object
		}
		check(confirmed.Message(), err)
		d, err := ParseDenyList(message)
		check(d.Message(e), err)
		v, err := ParseProtocol(message)
		check(v.Message(e), err)
	})
}
