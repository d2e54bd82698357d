package economy_test

import (
	"math/rand/v2"
	"testing"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/economy/price"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/redstuff"
)

// The chain charges for what the encoder makes.
func TestChainAndEncoderAgreeOnSizes(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(9, 9))
	for range 200 {
		n := redstuff.MinShards + rng.IntN(1200)
		code, err := redstuff.New(n)
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []uint64{0, 1, rng.Uint64N(1 << rng.IntN(40)), code.MaxBlobSize(), code.MaxBlobSize() + 1} {
			want, e1 := code.EncodedLength(size)
			got, e2 := price.EncodedSize(uint16(n), size, price.RS2)
			if got != want || (e1 == nil) != (e2 == nil) {
				t.Fatalf("%d bytes on %d shards: charged for %d (%v), encoded into %d (%v)", size, n, got, e2, want, e1)
			}
		}
	}
}

// The chain derives the blob ID that the metadata of the blob has.
func TestChainAndMetadataAgreeOnIDs(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(9, 10))
	for range 20 {
		m := &blob.Metadata{Encoding: blob.RS2, Size: rng.Uint64N(1 << 40), Hashes: make([]blob.PairHashes, 4+rng.IntN(50))}
		for i := range m.Hashes {
			m.Hashes[i].Primary[0] = byte(rng.Uint32())
			m.Hashes[i].Secondary[1] = byte(rng.Uint32())
		}
		if got, want := storage.DeriveID(m.Root(), m.Size, uint8(m.Encoding)), m.ID(); got != want {
			t.Fatalf("chain: %v, metadata: %v", got, want)
		}
	}
}
