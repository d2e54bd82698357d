package rpc

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/walrus-go/walrus/ledger"
)

func TestKeyHasTheEthereumAddress(t *testing.T) {
	t.Parallel()
	// The first key that development tools for Ethereum hand out, with its well-known address.
	secret, err := hex.DecodeString("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParseKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	address := key.Address()
	if got := hex.EncodeToString(address[:]); got != "f39fd6e51aad88f6f4ce6ab8827279cfffb92266" {
		t.Errorf("address %s", got)
	}
	if !bytes.Equal(key.Bytes(), secret) {
		t.Error("secret changed")
	}
	if got := key.String(); got != address.String() {
		t.Errorf("prints as %q, want its address", got)
	}
}

func TestKeysOutOfRange(t *testing.T) {
	t.Parallel()
	order, _ := new(big.Int).SetString("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16)
	for name, secret := range map[string][]byte{
		"nothing": nil, "short": make([]byte, 31), "long": make([]byte, 33), "zero": make([]byte, 32), "the order": order.Bytes(),
	} {
		if _, err := ParseKey(secret); err == nil {
			t.Errorf("%s: read as a key", name)
		}
	}
	if _, err := GenerateKey(bytes.NewReader(nil)); err == nil {
		t.Error("key made of nothing")
	}
	if _, err := GenerateKey(rand.Reader); err != nil {
		t.Error(err)
	}
}

func TestDeadlinesAreUnique(t *testing.T) {
	t.Parallel()
	frozen := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w := &Wallet{lifetime: time.Minute, now: func() time.Time { return frozen }}
	var mu sync.Mutex
	seen := map[time.Time]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				d, err := w.deadline()
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				if seen[d] {
					t.Errorf("deadline %s twice", d)
				}
				seen[d] = true
				mu.Unlock()
				if late := d.Sub(frozen); late < 58*time.Second || late > 61*time.Second {
					t.Errorf("deadline %s after now, want about a minute", late)
				}
			}
		})
	}
	wg.Wait()
}

func TestPrices(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		gas  uint64
		fee  uint64
		err  bool
	}{
		{"", 1000, 0, false},
		{"0.001frost", 1000, 1, false},
		{"0.001frost", 1001, 2, false},
		{"0.000000000000000001frost", 1, 1, false},
		{"2frost", 10, 20, false},
		{"2", 0, 0, true},
		{"frost", 0, 0, true},
		{"-1frost", 0, 0, true},
		{"1wal", 0, 0, true},
		{"99999999999999999999frost", 0, 0, true},
	} {
		price, err := parsePrice(test.text)
		if test.err {
			if !errors.Is(err, ledger.ErrUnavailable) {
				t.Errorf("%q: got %v, want an error", test.text, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%q: %v", test.text, err)
		}
		if fee, err := feeFor(price, test.gas); err != nil || fee != test.fee {
			t.Errorf("%q for %d gas: got %d, %v, want %d", test.text, test.gas, fee, err, test.fee)
		}
	}
}
