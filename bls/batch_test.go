package bls

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// signedBy returns n messages signed by keys in turns.
func signedBy(t testing.TB, keys []*PrivateKey, n int) []Signed {
	t.Helper()
	out := make([]Signed, n)
	for i := range out {
		k := keys[i%len(keys)]
		m := fmt.Appendf(nil, "message %d", i)
		out[i] = Signed{Key: k.Public(), Message: m, Signature: k.Sign(m)}
	}
	return out
}

func batchKeys(t testing.TB, n int) []*PrivateKey {
	t.Helper()
	out := make([]*PrivateKey, n)
	for i := range out {
		var err error
		if out[i], err = ParsePrivateKey(append(make([]byte, PrivateKeySize-1), byte(i+1))); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestVerifyBatch(t *testing.T) {
	t.Parallel()
	keys := batchKeys(t, 3)
	for _, n := range []int{0, 1, 2, 3, 7, 40} {
		for _, some := range [][]*PrivateKey{keys[:1], keys} {
			if err := VerifyBatch(signedBy(t, some, n)); err != nil {
				t.Errorf("%d signatures of %d keys: %v", n, len(some), err)
			}
		}
	}
	good := signedBy(t, keys, 9)
	// Errors that cancel out where equations are added up as they are.
	swapped := slices.Clone(good)
	swapped[0].Signature, swapped[3].Signature = swapped[3].Signature, swapped[0].Signature
	for _, c := range []struct {
		name string
		list []Signed
	}{
		{"two signatures swapped", swapped},
		{"another message", change(good, func(s *Signed) { s.Message = []byte("another") })},
		{"another key", change(good, func(s *Signed) { s.Key = keys[1].Public() })},
		{"another key's signature", change(good, func(s *Signed) { s.Signature = keys[1].Sign(s.Message) })},
		{"no key", change(good, func(s *Signed) { s.Key = PublicKey{} })},
		{"no signature", change(good, func(s *Signed) { s.Signature = Signature{} })},
		{"one, wrong", []Signed{{keys[0].Public(), []byte("m"), keys[0].Sign([]byte("n"))}}},
	} {
		if err := VerifyBatch(c.list); !errors.Is(err, ErrVerify) {
			t.Errorf("%s: got %v, want %v", c.name, err, ErrVerify)
		}
	}
}

// change returns a copy with one element changed, neither the first nor the last.
func change(list []Signed, f func(*Signed)) []Signed {
	out := slices.Clone(list)
	f(&out[len(out)/3*2])
	return out
}

func BenchmarkVerifyBatch(b *testing.B) {
	keys := batchKeys(b, 1)
	for _, n := range []int{1, 10, 100, 200} {
		list := signedBy(b, keys, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if err := VerifyBatch(list); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "us/signature")
		})
	}
	b.Run("each", func(b *testing.B) {
		list := signedBy(b, keys, 1)
		for b.Loop() {
			if err := list[0].Key.Verify(list[0].Message, list[0].Signature); err != nil {
				b.Fatal(err)
			}
		}
	})
}
