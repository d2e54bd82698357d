package store

import (
	"bytes"
	"errors"
	"testing"

	"github.com/walrus-go/walrus/committee"
)

func FuzzMembership(f *testing.F) {
	f.Add(Membership{Epoch: 1, Shards: 10, Owned: []committee.Shard{0, 9}}.appendTo(nil))
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 10, 0, 10})
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := parseMembership(raw)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatalf("%x: %v", raw, err)
			}
			return
		}
		if again := m.appendTo(nil); !bytes.Equal(again, raw) {
			t.Errorf("%x comes back as %x", raw, again)
		}
	})
}
