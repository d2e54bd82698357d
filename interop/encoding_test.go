package interop

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/redstuff"
)

// source returns randomness whose seed is in the log; WALRUS_SEED repeats it.
func source(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("WALRUS_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("WALRUS_SEED: %v", err)
		}
	}
	t.Logf("WALRUS_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// random returns size bytes.
func random(r *rand.Rand, size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// sizes picks lengths around every edge there is for n shards: nothing, one byte, one symbol, exactly
// one matrix of the smallest symbols, one byte more, a step of the symbol size, and some at random.
func sizes(r *rand.Rand, n int) []int {
	f := (n - 1) / 3
	cells := (n - 2*f) * (n - f)
	s := []int{0, 1, 2, 2 * cells, 2*cells + 1, 1 + r.IntN(2*cells)}
	if n <= 100 {
		s = append(s, 64*cells, 1+r.IntN(62*cells), 1+r.IntN(300_000))
	}
	return s
}

// encoded is the answer of the driver's encode.
type encoded struct {
	BlobID             blob.ID
	RootHash, Metadata []byte
	Primary, Secondary [][]byte // by sliver pair
}

// sliver returns the official canonical bytes of a sliver.
func (e *encoded) sliver(axis blob.Axis, p int) []byte {
	if axis == blob.Primary {
		return e.Primary[p]
	}
	return e.Secondary[p]
}

// TestEncoding holds our encoder against the official one, and each decoder against the other's slivers.
func TestEncoding(t *testing.T) {
	d := start(t)
	for _, n := range []int{4, 5, 7, 10, 13, 31, 64, 100, 331, 1000} {
		t.Run(fmt.Sprintf("%d shards", n), func(t *testing.T) {
			r := source(t)
			for _, size := range sizes(r, n) {
				compare(t, d, r, n, random(r, size))
			}
		})
	}
}

func compare(t *testing.T, d *driver, r *rand.Rand, n int, data []byte) {
	t.Helper()
	var theirs encoded
	d.call(t, "encode", map[string]any{"shards": n, "blob": data}, &theirs)
	encoding, metadata, id, err := blob.New(data, n, nil)
	if err != nil {
		t.Fatalf("n %d, %d bytes: %v", n, len(data), err)
	}
	if id != theirs.BlobID {
		t.Fatalf("n %d, %d bytes: blob ID %v, the official one is %v", n, len(data), id, theirs.BlobID)
	}
	if root := metadata.Root(); !bytes.Equal(root[:], theirs.RootHash) {
		t.Errorf("n %d, %d bytes: root %v, the official one is %x", n, len(data), root, theirs.RootHash)
	}
	if got := metadata.AppendBCS(nil); !bytes.Equal(got, theirs.Metadata) {
		t.Errorf("n %d, %d bytes: metadata differs", n, len(data))
	}
	for p := range n {
		pair := blob.NewSliverPair(encoding, blob.PairIndex(p))
		for _, ours := range []*blob.Sliver{pair.Primary, pair.Secondary} {
			if !bytes.Equal(ours.AppendBCS(nil), theirs.sliver(ours.Axis, p)) {
				t.Fatalf("n %d, %d bytes: %v sliver of pair %d differs", n, len(data), ours.Axis, p)
			}
		}
	}
	identify(t, d, n, data, id)
	decodeOurs(t, d, r, encoding, id, data)
	decodeTheirs(t, r, metadata, &theirs, data)
}

// identify compares the blob ID alone, for which the packages have a path of their own.
func identify(t *testing.T, d *driver, n int, data []byte, want blob.ID) {
	t.Helper()
	var got struct {
		BlobID   blob.ID
		RootHash []byte
		Size     int
	}
	d.call(t, "identify", map[string]any{"shards": n, "blob": data}, &got)
	if got.BlobID != want || got.Size != len(data) {
		t.Errorf("n %d: identified as %v of %d bytes, want %v of %d", n, got.BlobID, got.Size, want, len(data))
	}
}

// decodeOurs gives the official decoder as many of our primary slivers as it needs, any of them.
func decodeOurs(t *testing.T, d *driver, r *rand.Rand, e *redstuff.Encoding, id blob.ID, data []byte) {
	t.Helper()
	n := e.Shards
	k1 := n - 2*((n-1)/3)
	var slivers [][]byte
	for _, i := range r.Perm(n)[:k1] {
		slivers = append(slivers, blob.NewSliver(e, blob.Primary, blob.SliverIndex(i)).AppendBCS(nil))
	}
	var got struct{ Blob []byte }
	d.call(t, "decode", map[string]any{"shards": n, "blobId": id, "size": len(data), "slivers": slivers}, &got)
	if !bytes.Equal(got.Blob, data) {
		t.Errorf("n %d, %d bytes: the official decoder brings back something else from our slivers", n, len(data))
	}
}

// decodeTheirs gives our decoder official slivers of each axis, with the strict check.
func decodeTheirs(t *testing.T, r *rand.Rand, m *blob.Metadata, theirs *encoded, data []byte) {
	t.Helper()
	code, err := m.Code()
	if err != nil {
		t.Fatal(err)
	}
	for _, axis := range []blob.Axis{blob.Primary, blob.Secondary} {
		var slivers []*blob.Sliver
		for _, p := range r.Perm(m.Shards())[:code.Source(axis)] {
			s, err := blob.ParseSliver(axis, theirs.sliver(axis, p))
			if err == nil {
				err = s.Verify(m)
			}
			if err != nil {
				t.Fatalf("official %v sliver of pair %d: %v", axis, p, err)
			}
			slivers = append(slivers, s)
		}
		got, err := m.Decode(nil, axis, slivers, blob.Strict)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("n %d, %d bytes: from official %v slivers: %v, equal: %v", m.Shards(), len(data), axis, err, bytes.Equal(got, data))
		}
	}
}

// TestRotation compares which shard keeps which sliver pair.
func TestRotation(t *testing.T) {
	d := start(t)
	r := source(t)
	for _, n := range []int{4, 7, 100, 1000} {
		var id blob.ID
		copy(id[:], random(r, len(id)))
		var got struct{ ShardOf []blob.Shard }
		d.call(t, "rotate", map[string]any{"shards": n, "blobId": id}, &got)
		for p, shard := range got.ShardOf {
			if ours := id.Shard(blob.PairIndex(p), n); ours != shard {
				t.Errorf("n %d, blob %v: pair %d lies on shard %d, officially on %d", n, id, p, ours, shard)
			}
		}
	}
}

// TestDriverErrors makes sure that a failure in the packages does not pass for success.
func TestDriverErrors(t *testing.T) {
	d := start(t)
	err := d.try("encode", map[string]any{"shards": 0, "blob": []byte{1}}, &encoded{})
	var remote *remoteError
	if !errors.As(err, &remote) {
		t.Errorf("encoding for 0 shards: %v, want a remote error", err)
	}
}
