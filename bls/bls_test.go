package bls

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"testing"
)

func testKey(t testing.TB, seed byte) *PrivateKey {
	t.Helper()
	k, err := GenerateKey(rand.NewChaCha8([32]byte{seed}))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// The published example of the Ethereum consensus tests ("sign_case") uses the POP tag, so a known
// answer for our tag is taken from the scheme's algebra instead: key 1 signs with the hash itself.
func TestKeyOneIsGenerator(t *testing.T) {
	one := make([]byte, 32)
	one[31] = 1
	k, err := ParsePrivateKey(one)
	if err != nil {
		t.Fatal(err)
	}
	const g1 = "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
	if got := hex.EncodeToString(k.Public().Bytes()); got != g1 {
		t.Fatalf("public key of 1 is %s, want the generator %s", got, g1)
	}
	h := hashToG2([]byte("m"))
	if want := h.Bytes(); !bytes.Equal(k.Sign([]byte("m")).Bytes(), want[:]) {
		t.Fatal("signature by key 1 is not the hash of the message")
	}
}

func TestSignVerify(t *testing.T) {
	k, other := testKey(t, 1), testKey(t, 2)
	msg := []byte("walrus")
	s := k.Sign(msg)
	if err := k.Public().Verify(msg, s); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"another message":   k.Public().Verify([]byte("walruS"), s),
		"another key":       other.Public().Verify(msg, s),
		"another signature": k.Public().Verify(msg, other.Sign(msg)),
		"zero signature":    k.Public().Verify(msg, Signature{}),
		"zero key":          PublicKey{}.Verify(msg, s),
	} {
		if !errors.Is(err, ErrVerify) {
			t.Errorf("%s: got %v, want ErrVerify", name, err)
		}
	}
}

func TestAggregate(t *testing.T) {
	msg := []byte("one message")
	var keys []PublicKey
	var sigs []Signature
	for i := range byte(7) {
		k := testKey(t, i)
		keys, sigs = append(keys, k.Public()), append(sigs, k.Sign(msg))
	}
	key, err := AggregateKeys(keys)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := AggregateSignatures(sigs)
	if err != nil {
		t.Fatal(err)
	}
	if err := key.Verify(msg, sig); err != nil {
		t.Fatal(err)
	}
	short, err := AggregateSignatures(sigs[1:])
	if err != nil {
		t.Fatal(err)
	}
	if key.Verify(msg, short) == nil {
		t.Fatal("an aggregate that lacks one signer verified")
	}
	if _, err := AggregateKeys(nil); !errors.Is(err, ErrEmpty) {
		t.Fatalf("no keys: %v", err)
	}
	if _, err := AggregateSignatures(nil); !errors.Is(err, ErrEmpty) {
		t.Fatalf("no signatures: %v", err)
	}
}

func TestEncodings(t *testing.T) {
	k := testKey(t, 3)
	back, err := ParsePrivateKey(k.Bytes())
	if err != nil || back.Public() != k.Public() {
		t.Fatalf("private key round trip: %v", err)
	}
	text, _ := k.Public().MarshalText()
	var pub PublicKey
	if err := pub.UnmarshalText(text); err != nil || pub != k.Public() {
		t.Fatalf("public key round trip: %v", err)
	}
	sig, err := ParseSignature(k.Sign(nil).Bytes())
	if err != nil || sig != k.Sign(nil) {
		t.Fatalf("signature round trip: %v", err)
	}
}

func TestRefusesBadPoints(t *testing.T) {
	infinity := func(n int) []byte { b := make([]byte, n); b[0] = 0xc0; return b }
	k := testKey(t, 4)
	flipped := k.Public().Bytes()
	flipped[20] ^= 1
	keys := map[string][]byte{
		"empty": nil, "short": make([]byte, 47), "zeros": make([]byte, 48), "ones": bytes.Repeat([]byte{0xff}, 48),
		"identity": infinity(48), "flipped": flipped,
	}
	for name, b := range keys {
		if _, err := ParsePublicKey(b); !errors.Is(err, ErrKey) {
			t.Errorf("key %s: %v", name, err)
		}
	}
	sigs := map[string][]byte{
		"empty": nil, "long": make([]byte, 97), "zeros": make([]byte, 96), "identity": infinity(96),
	}
	for name, b := range sigs {
		if _, err := ParseSignature(b); !errors.Is(err, ErrSignature) {
			t.Errorf("signature %s: %v", name, err)
		}
	}
	for name, b := range map[string][]byte{"zero": make([]byte, 32), "order and above": bytes.Repeat([]byte{0xff}, 32), "short": {1}} {
		if _, err := ParsePrivateKey(b); !errors.Is(err, ErrKey) {
			t.Errorf("private key %s: %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	k, err := GenerateKey(rand.NewChaCha8([32]byte{9}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(k.Public().Bytes())
	f.Add(k.Sign([]byte("x")).Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if key, err := ParsePublicKey(b); err == nil && !bytes.Equal(key.Bytes(), b) {
			t.Fatalf("key %x re-encodes as %x", b, key.Bytes())
		}
		if s, err := ParseSignature(b); err == nil && !bytes.Equal(s.Bytes(), b) {
			t.Fatalf("signature %x re-encodes as %x", b, s.Bytes())
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	k := testKey(b, 1)
	msg := []byte("walrus")
	s := k.Sign(msg)
	for b.Loop() {
		if err := k.Public().Verify(msg, s); err != nil {
			b.Fatal(err)
		}
	}
}
