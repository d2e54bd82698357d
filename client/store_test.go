package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/wire"
)

// randomBytes returns the same bytes for the same seed.
func randomBytes(seed uint64, size int) []byte {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(b) // never fails
	return b
}

func TestStoreAndRead(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, 10, 100)
	c := net.newClient(t, nil)
	for _, size := range []int{0, 1, 1000, 100_000, 5 << 20} {
		for _, deletable := range []bool{false, true} {
			data := randomBytes(uint64(size), size)
			stored, err := c.Store(context.Background(), [][]byte{data}, &client.StoreOptions{Epochs: 3, Deletable: deletable})
			if err != nil {
				t.Fatalf("%d bytes: %v", size, err)
			}
			s := stored[0]
			if s.Object == nil || s.Object.Certified == nil || s.End != 10 || s.Object.Deletable != deletable || s.Operation != client.RegisterFromScratch {
				t.Fatalf("%d bytes: stored as %+v", size, s)
			}
			got, err := c.ReadAll(context.Background(), s.BlobID, nil)
			if err != nil || !bytes.Equal(got, data) {
				t.Fatalf("%d bytes: read %d bytes, %v", size, len(got), err)
			}
		}
	}
}

// options are those of most stores here.
var options = client.StoreOptions{Epochs: 3}

func mustStore(t *testing.T, c *client.Client, o client.StoreOptions, blobs ...[]byte) []client.Stored {
	t.Helper()
	stored, err := c.Store(context.Background(), blobs, &o)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range stored {
		if s.Object == nil && s.Event == nil {
			t.Fatalf("blob %d stored without a registration: %+v", i, s)
		}
	}
	return stored
}

func TestStoreManyInTwoTransactions(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, 4, 8)
	c := net.newClient(t, func(o *client.Options) { o.PendingSize = 5000 })
	blobs := [][]byte{randomBytes(1, 10), randomBytes(2, 20_000), randomBytes(1, 10), randomBytes(3, 3000)}
	var last client.StoreProgress
	o := options
	o.Progress = func(p client.StoreProgress) { last = p }
	stored := mustStore(t, c, o, blobs...)
	for _, method := range []string{"Register", "Certify"} {
		if got := net.chain.count(method); got != 1 {
			t.Errorf("%d transactions %s, want 1", got, method)
		}
	}
	if len(net.chain.blobs) != 3 {
		t.Errorf("%d registrations, want 3 of 4 blobs, two being the same", len(net.chain.blobs))
	}
	if stored[2].BlobID != stored[0].BlobID || stored[2].Object.ID != stored[0].Object.ID || stored[2].Cost != 0 {
		t.Errorf("the same blob again: %+v, first %+v", stored[2], stored[0])
	}
	for i, s := range stored {
		got, err := c.ReadAll(context.Background(), s.BlobID, nil)
		if err != nil || !bytes.Equal(got, blobs[i]) {
			t.Errorf("blob %d: %d bytes, %v", i, len(got), err)
		}
		if s.Confirmed != 8 || len(s.Lagging) > 0 {
			t.Errorf("blob %d: %d shards confirmed, lagging %v", i, s.Confirmed, s.Lagging)
		}
	}
	if last.Phase != client.PhaseDone || last.Blobs != 4 || last.Encoded != 4 || last.Registered != 4 || last.Certified != 4 ||
		last.BytesSent != last.BytesTotal || last.ShardsConfirmed < last.ShardsNeeded || last.ShardsNeeded != 18 {
		t.Errorf("progress at the end: %+v", last)
	}
}

// TestStoreAgain: what is there already is used, and costs no more than it must.
func TestStoreAgain(t *testing.T) {
	t.Parallel()
	data := randomBytes(1, 1000)
	long, deletable, force, fresh := options, options, options, options
	long.Epochs, deletable.Deletable, force.Force, fresh.IgnoreResources = 5, true, true, true
	for _, tc := range []struct {
		name          string
		before, again client.StoreOptions
		stranger      bool // the first registration is not ours
		operation     client.Operation
		objects       int
		end           uint32
	}{
		{"permanent and long enough", options, options, false, client.AlreadyCertified, 1, 10},
		{"somebody else's, long enough", options, options, true, client.AlreadyCertified, 1, 10},
		{"somebody else's, too short", options, long, true, client.RegisterFromScratch, 2, 12},
		{"too short", options, long, false, client.ReuseAndExtend, 1, 12},
		{"too short, resources ignored", options, client.StoreOptions{Epochs: 5, IgnoreResources: true}, false, client.RegisterFromScratch, 2, 12},
		{"forced", options, force, false, client.RegisterFromScratch, 2, 10},
		{"deletable, our own", deletable, deletable, false, client.AlreadyCertified, 1, 10},
		{"deletable, somebody else's", deletable, deletable, true, client.RegisterFromScratch, 2, 10},
		{"deletable, wanted permanent", deletable, options, false, client.RegisterFromScratch, 2, 10},
		{"permanent, wanted deletable", options, deletable, false, client.RegisterFromScratch, 2, 10},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			net := newNetwork(t, 4, 8)
			c := net.newClient(t, nil)
			first := mustStore(t, c, tc.before, data)[0]
			if tc.stranger {
				net.chain.blobs[0].Owner[5] = 9
			}
			again := mustStore(t, c, tc.again, data)[0]
			if again.Operation != tc.operation || len(net.chain.blobs) != tc.objects || uint32(again.End) != tc.end {
				t.Errorf("%v, %d objects, end %d; want %v, %d, %d", again.Operation, len(net.chain.blobs), again.End, tc.operation, tc.objects, tc.end)
			}
			if again.Operation == client.AlreadyCertified && again.Cost != 0 || again.Operation != client.AlreadyCertified && again.Cost == 0 {
				t.Errorf("%v cost %d FROST", again.Operation, again.Cost)
			}
			if tc.operation == client.ReuseAndExtend && again.Cost >= first.Cost {
				t.Errorf("extending by 2 cost %d, storing for 3 cost %d", again.Cost, first.Cost)
			}
		})
	}
}

// TestStoreUsesCertifiedData: when the network holds a blob already, a second registration only
// collects signatures.
func TestStoreUsesCertifiedData(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, 4, 8)
	c := net.newClient(t, nil)
	data := randomBytes(1, 50_000)
	mustStore(t, c, options, data)
	before := net.requests()
	o := options
	o.Force = true
	mustStore(t, c, o, data)
	if asked := net.requests() - before; asked != 4 {
		t.Errorf("%d requests to 4 nodes, want one confirmation each", asked)
	}
}

// TestStoreUsesOwnStorage: the smallest storage that is large and long enough is used.
func TestStoreUsesOwnStorage(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, 4, 8)
	net.chain.storages = []ledger.Storage{
		{ID: blob.ObjectID{9, 1}, Start: 1, End: 20, Size: 1 << 40},
		{ID: blob.ObjectID{9, 2}, Start: 1, End: 9, Size: 1 << 20},
		{ID: blob.ObjectID{9, 3}, Start: 1, End: 11, Size: 1 << 20},
		{ID: blob.ObjectID{9, 4}, Start: 9, End: 20, Size: 1 << 20},
		{ID: blob.ObjectID{9, 5}, Start: 1, End: 20, Size: 10},
	}
	s := mustStore(t, net.newClient(t, nil), options, randomBytes(1, 1000))[0]
	if s.Operation != client.ReuseStorage || s.Object.Storage.ID != (blob.ObjectID{9, 3}) || s.End != 11 || s.Cost != 50 {
		t.Errorf("%v with storage %v, end %d, cost %d", s.Operation, s.Object.Storage.ID, s.End, s.Cost)
	}
}

// TestStoreCutsStorage: of storage that is much too large only what is needed is used.
func TestStoreCutsStorage(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, 4, 8)
	net.chain.storages = []ledger.Storage{{ID: blob.ObjectID{9}, Start: 1, End: 20, Size: 1 << 30}}
	c := net.newClient(t, nil)
	for seed := range uint64(2) {
		s := mustStore(t, c, options, randomBytes(seed, 1000))[0]
		if s.Operation != client.ReuseStorage || s.Object.Storage.Size != s.EncodedSize {
			t.Errorf("%v with %d bytes of storage, want %d", s.Operation, s.Object.Storage.Size, s.EncodedSize)
		}
	}
}

// TestStoreResumes: whatever ended a store after its registration, the next one uses it.
func TestStoreResumes(t *testing.T) {
	t.Parallel()
	failing := func() error { return ledger.ErrRejected }
	for name, breakIt := range map[string]func(net *memoryNetwork) (repair func()){
		"nodes down": func(net *memoryNetwork) func() {
			refuse := func(http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _ = wire.WriteError(w, wire.ErrInvalidMetadata, "") })
			}
			for _, n := range net.nodes[:2] {
				n.put(refuse)
			}
			return func() {
				for _, n := range net.nodes {
					n.put(nil)
				}
			}
		},
		"chain refuses the certificate": func(net *memoryNetwork) func() {
			net.chain.before["Certify"] = failing
			return func() { delete(net.chain.before, "Certify") }
		},
	} {
		for _, deletable := range []bool{false, true} {
			for _, ignore := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, deletable %v, resources ignored %v", name, deletable, ignore), func(t *testing.T) {
					t.Parallel()
					net := newNetwork(t, 4, 8)
					c := net.newClient(t, nil)
					data, o := randomBytes(1, 10_000), client.StoreOptions{Epochs: 2, Deletable: deletable, IgnoreResources: ignore}
					repair := breakIt(net)
					_, err := c.Store(context.Background(), [][]byte{data}, &o)
					var failed *client.StoreError
					if !errors.As(err, &failed) || failed.Object == nil || failed.Certified || failed.Hint() == "" {
						t.Fatalf("store with a fault: %v", err)
					}
					repair()
					balance := net.chain.balance
					s := mustStore(t, c, o, data)[0]
					if s.Operation != client.ReuseRegistration || s.Object.ID != *failed.Object || net.chain.balance != balance || s.Cost != 0 {
						t.Errorf("%v of object %v, want %v; paid %d", s.Operation, s.Object.ID, failed.Object, balance-net.chain.balance)
					}
				})
			}
		}
	}
}

// TestStoreChecksBeforePaying: what can be known beforehand costs nothing.
func TestStoreChecksBeforePaying(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		size   int
		epochs uint32
		change func(net *memoryNetwork)
		want   error
	}{
		{"no epochs", 1, 0, nil, client.ErrEpochs},
		{"too many epochs", 1, 54, nil, client.ErrEpochs},
		{"too large for the code", 4*6*65534 + 1, 1, nil, client.ErrTooLarge},
		{"too much at once", 5000, 1, nil, client.ErrTooLarge},
		{"no money", 1, 1, func(net *memoryNetwork) { net.chain.balance = 149 }, client.ErrFunds},
		{"no space", 1, 1, func(net *memoryNetwork) { net.chain.system.UsedCapacity = 1<<50 - 100 }, client.ErrCapacity},
		{"a price beyond all money", 1, 50, func(net *memoryNetwork) { net.chain.system.StoragePrice = 1 << 63 }, client.ErrFunds},
		{"chain not there", 1, 1, func(net *memoryNetwork) {
			net.chain.before["BlobStatus"] = func() error { return errors.New("no such host") }
		}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			net := newNetwork(t, 4, 8)
			if tc.change != nil {
				tc.change(net)
			}
			c := net.newClient(t, func(o *client.Options) { o.BatchSize = 4 * 6 * 65534 })
			blobs := [][]byte{make([]byte, tc.size)}
			if tc.size == 5000 {
				blobs = append(blobs, make([]byte, 4*6*65534-4999))
			}
			_, err := c.Store(context.Background(), blobs, &client.StoreOptions{Epochs: tc.epochs})
			if err == nil || tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("%v, want %v", err, tc.want)
			}
			if n := net.chain.count("Register"); n > 0 {
				t.Errorf("registered %d times", n)
			}
			if n := net.requests(); n > 0 {
				t.Errorf("%d requests to nodes", n)
			}
		})
	}
	if _, err := mustNew(t, newNetwork(t, 4, 8).chain, nil).Store(context.Background(), nil, &options); !errors.Is(err, client.ErrNoWallet) {
		t.Errorf("without a wallet: %v", err)
	}
}

func mustNew(t *testing.T, r ledger.Reader, o *client.Options) *client.Client {
	t.Helper()
	c, err := client.New(r, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// TestTransactionsOfUnknownFate: a transaction that may or may not have happened is looked for.
func TestTransactionsOfUnknownFate(t *testing.T) {
	t.Parallel()
	unknown := func() error { return fmt.Errorf("%w: timeout", ledger.ErrUnknown) }
	for _, method := range []string{"Register", "Certify", "Extend"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			net := newNetwork(t, 4, 8)
			c := net.newClient(t, nil)
			data := randomBytes(1, 1000)
			o := options
			if method == "Extend" {
				mustStore(t, c, o, data)
				o.Epochs++
			}
			net.chain.after[method] = unknown
			s := mustStore(t, c, o, data)[0]
			b, err := net.chain.Blob(context.Background(), s.Object.ID)
			if err != nil || b.Certified == nil || b.Storage.End != s.End || net.chain.count(method) != 1 {
				t.Errorf("%+v, %v, after %d calls", b, err, net.chain.count(method))
			}
		})
	}
}

// TestStoreRetriesTheChain: a chain that cannot be reached for a moment is asked again.
func TestStoreRetriesTheChain(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"System", "Committees", "BlobStatus", "Balance", "Register", "Certify"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			net := newNetwork(t, 4, 8)
			var once sync.Once
			net.chain.before[method] = func() (err error) {
				once.Do(func() { err = fmt.Errorf("%w: connection refused", ledger.ErrUnavailable) })
				return err
			}
			mustStore(t, net.newClient(t, nil), options, []byte("x"))
			if got := net.chain.count(method); got < 2 {
				t.Errorf("asked %d times", got)
			}
		})
	}
}

// TestStoreOneOfMany: one blob that cannot be certified does not keep the others from it.
func TestStoreOneOfMany(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, 4, 8)
	bad := []byte("bad")
	_, _, badID, err := blob.New(bad, 8, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range net.nodes {
		n.put(func(honest http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, badID.String()) {
					_ = wire.WriteError(w, wire.ErrInvalidMetadata, "")
					return
				}
				honest.ServeHTTP(w, r)
			})
		})
	}
	stored, err := net.newClient(t, nil).Store(context.Background(), [][]byte{[]byte("good"), bad, []byte("fine")}, &options)
	if !errors.Is(err, client.ErrNotEnoughConfirmations) || stored[0].Err != nil || stored[2].Err != nil || stored[1].Err == nil {
		t.Fatalf("%v; results %+v", err, stored)
	}
	if stored[0].Object.Certified == nil || stored[2].Object.Certified == nil {
		t.Errorf("good blobs are not certified: %+v", stored)
	}
}

// TestStoreEndsWithItsContext: a store that is broken off says what it paid for.
func TestStoreEndsWithItsContext(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, 4, 8)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, n := range net.nodes {
		n.put(func(honest http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "/confirmation/") {
					cancel()
					<-r.Context().Done()
					return
				}
				honest.ServeHTTP(w, r)
			})
		})
	}
	_, err := net.newClient(t, nil).Store(ctx, [][]byte{[]byte("x")}, &options)
	var failed *client.StoreError
	if !errors.Is(err, context.Canceled) || !errors.As(err, &failed) || failed.Object == nil {
		t.Errorf("%v", err)
	}
}

// TestPendingUpload: a small blob is with the nodes before its registration is done.
func TestPendingUpload(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, 4, 8)
	data := []byte("small")
	_, _, id, err := blob.New(data, 8, nil)
	if err != nil {
		t.Fatal(err)
	}
	net.chain.before["Register"] = func() error {
		for _, n := range net.nodes {
			eventually(t, "nodes hold the slivers", func() bool { return n.complete(id) })
		}
		return nil
	}
	mustStore(t, net.newClient(t, nil), options, data)
}

// TestPendingUploadOfMany: only so many of many blobs are sent before they are registered.
func TestPendingUploadOfMany(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, 4, 8)
	var blobs [][]byte
	for i := range 12 {
		blobs = append(blobs, randomBytes(uint64(i), 100))
	}
	node := net.nodes[0]
	count := func() int {
		node.mu.Lock()
		defer node.mu.Unlock()
		return len(node.metadata)
	}
	net.chain.before["Register"] = func() error {
		eventually(t, "the first are on their way", func() bool { return count() >= 8 })
		if n := count(); n != 8 {
			t.Errorf("%d blobs are on their way before the registration, want 8", n)
		}
		return nil
	}
	for i, s := range mustStore(t, net.newClient(t, nil), options, blobs...) {
		if s.Confirmed != 8 {
			t.Errorf("blob %d: %d shards confirmed", i, s.Confirmed)
		}
	}
}

// TestPendingUploadRefused: nodes that hold nothing before a registration are sent everything after it.
func TestPendingUploadRefused(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, 4, 8)
	for _, n := range net.nodes {
		n.put(func(honest http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if pending, err := wire.ParsePending(r.URL.RawQuery); r.Method == http.MethodPut && (pending || err != nil) {
					_ = wire.WriteError(w, wire.ErrCacheSaturated, "")
					return
				}
				honest.ServeHTTP(w, r)
			})
		})
	}
	mustStore(t, net.newClient(t, nil), options, []byte("small"))
}

// TestNodesThatForget: a node that accepted slivers and has not got them is sent them again.
func TestNodesThatForget(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, 4, 8)
	for _, n := range net.nodes {
		var once sync.Once
		n.put(func(honest http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "/confirmation/") {
					once.Do(func() {
						n.mu.Lock()
						defer n.mu.Unlock()
						clear(n.metadata)
						clear(n.slivers)
					})
				}
				honest.ServeHTTP(w, r)
			})
		})
	}
	if s := mustStore(t, net.newClient(t, nil), options, randomBytes(1, 100_000))[0]; s.Confirmed != 8 {
		t.Errorf("%d shards confirmed, want 8: %v", s.Confirmed, s.Lagging)
	}
}

// TestStoreFollowsTheCommittee: when the epoch changes during an upload, the blob is certified by the
// new committee, and paid for once.
func TestStoreFollowsTheCommittee(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, 4, 8)
	var once sync.Once
	net.chain.after["Register"] = func() error { // with mu held
		once.Do(func() {
			com, err := committee.New(8, 8, net.chain.com.Members())
			if err != nil {
				t.Error(err)
				return
			}
			net.chain.com, net.chain.system.Epoch = com, 8
		})
		return nil
	}
	c := net.newClient(t, nil)
	var prices [2]client.Cost // of an epoch, and of all
	for i, epochs := range []uint32{1, options.Epochs} {
		var err error
		if prices[i], err = c.Cost(t.Context(), 1, epochs); err != nil {
			t.Fatal(err)
		}
	}
	_, _, old, err := blob.New([]byte("y"), 8, nil)
	if err != nil {
		t.Fatal(err)
	}
	st := ledger.Storage{ID: blob.ObjectID{9}, Size: prices[0].EncodedSize, Start: 6, End: 9} // an epoch short
	net.chain.blobs = []ledger.Blob{{ID: blob.ObjectID{8}, Owner: net.chain.Address(), BlobID: old, Size: 1, Storage: st}}
	net.chain.balance = prices[1].Total() + prices[0].Storage // what is paid before the change need not be there again
	s := mustStore(t, c, options, []byte("x"), []byte("y"))
	if len(net.chain.blobs) != 2 || net.chain.balance != 0 {
		t.Errorf("%d FROST left; on chain %+v", net.chain.balance, net.chain.blobs)
	}
	for i, cost := range []uint64{prices[1].Total(), prices[0].Storage} {
		if *s[i].Object.Certified != 8 || s[i].End != 10 || s[i].Cost != cost {
			t.Errorf("blob %d: %+v, want cost %d", i, s[i], cost)
		}
	}
}

// requests counts what all nodes have been asked.
func (net *memoryNetwork) requests() (total int64) {
	for _, n := range net.nodes {
		total += n.served.Load()
	}
	return total
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ticker, limit := time.NewTicker(5*time.Millisecond), time.NewTimer(20*time.Second)
	defer ticker.Stop()
	defer limit.Stop()
	for !ok() {
		select {
		case <-ticker.C:
		case <-limit.C:
			t.Error("waited in vain until " + what)
			return
		}
	}
}
