package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/redstuff"
	"github.com/walrus-go/walrus/wire"
)

// TestReadFromAnyNodes: every set of nodes that leaves n-2f shards serves a read, whichever slivers
// they are.
func TestReadFromAnyNodes(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, 6, 12) // f is 3, so 6 shards of 3 nodes are needed
	data := randomBytes(1, 20_000)
	id := mustStore(t, net.newClient(t, nil), options, data)[0].BlobID
	for set := range 1 << 6 {
		up := 0
		for i, n := range net.nodes {
			if set>>i&1 == 1 {
				up++
				n.put(nil)
				continue
			}
			n.put(func(http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _ = wire.WriteError(w, wire.ErrEpoch, "") })
			})
		}
		for _, check := range []blob.Consistency{blob.Default, blob.Strict, blob.Skip} {
			got, err := net.newClient(t, nil).ReadAll(context.Background(), id, &client.ReadOptions{Check: check})
			if ok := err == nil && bytes.Equal(got, data); ok != (up >= 3) {
				t.Errorf("nodes %06b, %v check: %d bytes, %v", set, check, len(got), err)
			}
			if up < 3 && !errors.Is(err, client.ErrNotEnoughSlivers) && !errors.Is(err, client.ErrNoMetadata) {
				t.Errorf("nodes %06b: %v", set, err)
			}
		}
	}
}

func TestReadOfNothing(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, 4, 8)
	c := net.newClient(t, nil)
	if got, err := c.ReadAll(context.Background(), blob.ID{1}, nil); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("unknown blob: %d bytes, %v", len(got), err)
	}
	// The nodes' word is enough when the chain is not there to ask.
	net.chain.mu.Lock()
	net.chain.before["BlobStatus"] = func() error { return ledger.ErrUnavailable }
	net.chain.mu.Unlock()
	if got, err := c.ReadAll(context.Background(), blob.ID{1}, nil); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("unknown blob, chain away: %d bytes, %v", len(got), err)
	}
	id := mustStoreAway(t, net)
	if got, err := c.ReadAll(context.Background(), id, nil); err != nil || string(got) != "x" {
		t.Errorf("chain away: read %q, %v", got, err)
	}
}

// mustStoreAway stores a blob while the chain does not answer questions of status afterwards.
func mustStoreAway(t *testing.T, net *memoryNetwork) blob.ID {
	t.Helper()
	net.chain.mu.Lock()
	fault := net.chain.before["BlobStatus"]
	delete(net.chain.before, "BlobStatus")
	net.chain.mu.Unlock()
	id := mustStore(t, net.newClient(t, nil), options, []byte("x"))[0].BlobID
	net.chain.mu.Lock()
	net.chain.before["BlobStatus"] = fault
	net.chain.mu.Unlock()
	return id
}

func TestReadOptions(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, 4, 8)
	c := net.newClient(t, nil)
	data := randomBytes(1, 5000)
	id := mustStore(t, c, options, data)[0].BlobID
	if _, err := c.ReadAll(context.Background(), id, &client.ReadOptions{MaxSize: 4999}); !errors.Is(err, client.ErrTooLarge) {
		t.Errorf("limit below the size: %v", err)
	}
	var seen []client.ReadProgress
	var out bytes.Buffer
	n, err := c.Read(context.Background(), id, &out, &client.ReadOptions{MaxSize: 5000, Progress: func(p client.ReadProgress) { seen = append(seen, p) }})
	if err != nil || n != 5000 || !bytes.Equal(out.Bytes(), data) {
		t.Errorf("read %d bytes, %v", n, err)
	}
	last := seen[len(seen)-1]
	if last.Size != 5000 || last.Slivers != 4 || last.SliversNeeded != 4 || last.Bytes < 5000 {
		t.Errorf("progress at the end: %+v", last)
	}
	if _, err := c.Read(context.Background(), id, brokenWriter{}, nil); !errors.Is(err, errBroken) {
		t.Errorf("writer that fails: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.ReadAll(ctx, id, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("context that has ended: %v", err)
	}
}

var errBroken = errors.New("broken pipe")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

// TestReadOfInconsistentBlob: a writer who committed to slivers that do not fit together is found out,
// whichever slivers are read.
func TestReadOfInconsistentBlob(t *testing.T) {
	t.Parallel()
	const shards = 8
	net := newNetwork(t, 4, shards)
	id := plantLie(t, net, shards)
	for _, check := range []blob.Consistency{blob.Default, blob.Strict} {
		got, err := net.newClient(t, nil).ReadAll(context.Background(), id, &client.ReadOptions{Check: check})
		// With all systematic slivers at hand, the default check has nothing to object to: every reader
		// who gets these gets the same bytes.
		if check == blob.Strict && !errors.Is(err, client.ErrInconsistent) {
			t.Errorf("%v check: %d bytes, %v", check, len(got), err)
		}
	}
	net.nodes[int(id.Shard(0, shards))%4].stop() // one of the systematic slivers is gone
	for _, check := range []blob.Consistency{blob.Default, blob.Strict} {
		got, err := net.newClient(t, nil).ReadAll(context.Background(), id, &client.ReadOptions{Check: check})
		if !errors.Is(err, client.ErrInconsistent) {
			t.Errorf("without a systematic sliver, %v check: %d bytes, %v", check, len(got), err)
		}
	}
}

// plantLie puts a blob on all nodes whose recovery slivers are those of another blob.
func plantLie(t *testing.T, net *memoryNetwork, shards int) blob.ID {
	t.Helper()
	honest, meta, _, err := blob.New(randomBytes(1, 3000), shards, nil)
	if err != nil {
		t.Fatal(err)
	}
	other, otherMeta, _, err := blob.New(randomBytes(2, 3000), shards, nil)
	if err != nil {
		t.Fatal(err)
	}
	const systematic = 4
	lie := &blob.Metadata{Encoding: meta.Encoding, Size: meta.Size, Hashes: slices.Clone(meta.Hashes)}
	for p := systematic; p < shards; p++ {
		lie.Hashes[p].Primary = otherMeta.Hashes[p].Primary
	}
	id := lie.ID()
	for p := range shards {
		from := honest
		if p >= systematic {
			from = other
		}
		n := net.nodes[int(id.Shard(blob.PairIndex(p), shards))%len(net.nodes)]
		n.metadata[id] = lie
		n.slivers[sliverKey{id, redstuff.Primary, p}] = blob.NewSliver(from, redstuff.Primary, blob.SliverIndex(p))
	}
	epoch := committee.Epoch(7)
	net.chain.blobs = append(net.chain.blobs, ledger.Blob{BlobID: id, Size: 3000, Certified: &epoch, Storage: ledger.Storage{End: 20}})
	return id
}

// TestReadDuringEpochChange: while shards move, what was certified before is read from the committee
// that still has it, and what is stored goes to the one that takes over.
func TestReadDuringEpochChange(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, 4, 8)
	data := randomBytes(1, 20_000)
	old := mustStore(t, net.newClient(t, nil), options, data)[0].BlobID
	successors := newNetwork(t, 4, 8)
	chain := net.chain
	com, err := committee.New(8, 8, successors.chain.members().Members())
	if err != nil {
		t.Fatal(err)
	}
	chain.mu.Lock()
	chain.previous, chain.com, chain.system.Epoch = chain.com, com, 8
	chain.mu.Unlock()
	for _, n := range successors.nodes {
		n.chain = chain
	}
	c := net.newClient(t, nil)
	if got, err := c.ReadAll(context.Background(), old, nil); err != nil || !bytes.Equal(got, data) {
		t.Errorf("blob of the epoch before: %d bytes, %v", len(got), err)
	}
	before := net.requests()
	fresh := mustStore(t, c, options, []byte("fresh"))[0]
	if got, err := c.ReadAll(context.Background(), fresh.BlobID, nil); err != nil || string(got) != "fresh" {
		t.Errorf("blob of this epoch: %q, %v", got, err)
	}
	if asked := net.requests() - before; asked != 0 || *fresh.Object.Certified != 8 {
		t.Errorf("%d requests to nodes that leave; certified in epoch %d", asked, *fresh.Object.Certified)
	}
	if _, err := c.ReadAll(context.Background(), blob.ID{1}, nil); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("unknown blob: %v", err)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	epoch := committee.Epoch(7)
	certified := blob.Status{Kind: blob.Permanent, Certified: true, End: 10, InitialCertified: &epoch}
	silent := blob.Status{Kind: 99} // has no form in JSON; answers of five nodes are a quorum
	ours := func(counts ...uint64) blob.Status {
		s := blob.Status{Kind: blob.Deletable, InitialCertified: &epoch}
		s.Counts.Total, s.Counts.Certified = counts[0], counts[1]
		return s
	}
	for _, tc := range []struct {
		name  string
		says  []blob.Status // of 7 nodes of 4 shards each, of 28; f is 9
		chain *blob.Status  // nil for a chain that does not answer
		want  *blob.Status  // nil for none
	}{
		{"all agree", many(7, certified), nil, &certified},
		{"none knows it", many(7, blob.Status{}), nil, &blob.Status{}},
		{"two liars say invalid", append(many(2, blob.Status{Kind: blob.Invalid}), many(5, certified)...), &certified, &certified},
		{"two say invalid, and the chain does", append(many(2, blob.Status{Kind: blob.Invalid}), append(many(4, certified), silent)...),
			&blob.Status{Kind: blob.Invalid}, &blob.Status{Kind: blob.Invalid}},
		{"two liars say it is gone", append(many(2, blob.Status{}), many(5, certified)...), nil, &certified},
		{"two liars say it is kept for ever", append(many(2, blob.Status{Kind: blob.Permanent, Certified: true, End: 1000}), many(5, certified)...),
			&certified, &certified},
		{"counts differ by what has not arrived yet", []blob.Status{ours(5, 2), ours(5, 2), ours(4, 2), ours(4, 1), ours(3, 1), ours(3, 1), ours(3, 0)}, nil,
			ptr(ours(4, 1))},
		{"three say it is gone, and the chain does not", append(many(3, blob.Status{}), many(4, certified)...), &certified, &certified},
		{"no two agree", []blob.Status{
			{Kind: blob.Permanent, End: 1}, {Kind: blob.Permanent, End: 2}, {Kind: blob.Permanent, End: 3}, {Kind: blob.Permanent, End: 4},
			{Kind: blob.Permanent, End: 5}, {Kind: blob.Permanent, End: 6}, {}}, nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			net := newNetwork(t, 7, 28)
			for i, n := range net.nodes {
				n.put(func(http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _ = wire.WriteData(w, http.StatusOK, tc.says[i]) })
				})
			}
			chain := &statusChain{memoryChain: net.chain, says: tc.chain}
			c := mustNew(t, chain, nil)
			got, err := c.Status(context.Background(), blob.ID{1})
			switch {
			case tc.want == nil:
				if !errors.Is(err, client.ErrNoStatus) {
					t.Errorf("%+v, %v; want %v", got, err, client.ErrNoStatus)
				}
			case err != nil || got.Kind != tc.want.Kind || got.End != tc.want.End || got.Certified != tc.want.Certified:
				t.Errorf("%+v, %v; want %+v", got, err, *tc.want)
			case got.Kind == blob.Deletable && (got.Counts.Total < tc.want.Counts.Total-1 || got.Counts.Total > tc.want.Counts.Total):
				t.Errorf("counts %+v; want about %+v", got.Counts, tc.want.Counts)
			}
			if asked := chain.asked.Load(); asked > 1 {
				t.Errorf("chain asked %d times about one blob", asked)
			}
		})
	}
}

func many(n int, s blob.Status) []blob.Status { return slices.Repeat([]blob.Status{s}, n) }

func ptr[T any](v T) *T { return &v }

// statusChain answers questions of status as it is told.
type statusChain struct {
	*memoryChain
	says  *blob.Status
	asked atomic.Int64
}

func (c *statusChain) BlobStatus(context.Context, blob.ID) (blob.Status, error) {
	c.asked.Add(1)
	if c.says == nil {
		return blob.Status{}, ledger.ErrUnavailable
	}
	return *c.says, nil
}

func TestHealth(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, 4, 8)
	net.nodes[1].stop()
	health, err := net.newClient(t, nil).Health(context.Background(), true)
	if err != nil || len(health) != 4 {
		t.Fatalf("%d nodes, %v", len(health), err)
	}
	for i, h := range health {
		if (h.Err != nil) != (i == 1) || (h.Info == nil) != (i == 1) || h.Node.ID != net.nodes[i].member.ID || h.RoundTrip <= 0 {
			t.Errorf("node %d: %+v", i, h)
		}
	}
}

// TestThousandShards: a network of the real size, with small slivers and many requests.
func TestThousandShards(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of requests")
	}
	t.Parallel()
	net := newNetwork(t, 20, 1000)
	c := net.newClient(t, nil)
	data := randomBytes(1, 1000)
	s := mustStore(t, c, client.StoreOptions{Epochs: 1}, data)[0]
	if s.Confirmed != 1000 {
		t.Errorf("%d shards confirmed: %v", s.Confirmed, s.Lagging)
	}
	for _, n := range net.nodes[:6] { // 300 of 1000 shards
		n.stop()
	}
	got, err := c.ReadAll(context.Background(), s.BlobID, nil)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
}

func ExampleQuorumError() {
	err := error(&client.QuorumError{
		Kind: client.ErrNotEnoughConfirmations, Have: 62, Need: 67,
		Failed: []*client.NodeError{{Name: "walrus-3", Address: "198.51.100.7:9185", Shards: []committee.Shard{1, 2, 3, 9}, Err: errors.New("connection refused")}},
	})
	fmt.Println(err)
	var q *client.QuorumError
	if errors.As(err, &q) {
		fmt.Println("hint:", q.Hint())
	}
	// Output:
	// client: not enough confirmations: blob AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA: 62 of 67 shards; node walrus-3 at 198.51.100.7:9185 (shards 1-3, 9): connection refused
	// hint: 1 node with 4 shards did not help; see "walrus health --committee", and store the blob again: the registration is paid for and will be used
}
