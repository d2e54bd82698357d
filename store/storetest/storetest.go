// Package storetest says what a store is, as tests that any configuration of one must pass: on any
// file system, with slivers in the database, in files, or in both.
//
// Start with [Run].
package storetest

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/redstuff"
	"github.com/walrus-go/walrus/store"
)

// Open opens the store of the test it belongs to, the same one each time; the store before is closed.
type Open func() *store.Store

// Shards are the shards that the suite's stores are given storage for.
var Shards = []committee.Shard{0, 3, 258}

// Run runs the suite. fresh makes an empty store for each test, which is allowed to create it.
func Run(t *testing.T, fresh func(t *testing.T) Open) {
	for _, tc := range []struct {
		name string
		run  func(t *testing.T, open Open)
	}{
		{"what is put comes back, also after a restart", testRoundTrip},
		{"a second put adds nothing", testAgain},
		{"what is not there is not found", testMissing},
		{"slivers wait for metadata and shards", testOrder},
		{"events apply once and in order", testEvents},
		{"blobs of a shard are listed in byte order", testList},
		{"data of registered blobs is kept", testCollectRegistered},
		{"data of deleted blobs goes", testCollect},
		{"invalid blobs stay invalid", testInvalid},
		{"denied blobs are not kept", testDenied},
		{"shards keep their status", testShards},
		{"the last membership is kept", testMembership},
		{"many at once", testConcurrent},
		{"a closed store says so", testClosed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.run(t, fresh(t))
		})
	}
}

// ID returns a blob ID of the suite.
func ID(i byte) blob.ID { return blob.ID{0: i, 31: 1} }

// Data returns size bytes that differ with seed.
func Data(seed byte, size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i>>8) ^ byte(i)*31 ^ seed
	}
	return b
}

// sizes are those of slivers: nothing, small, and around what goes to files.
var sizes = []int{0, 1, 100, 4096, 64 << 10, 64<<10 + 1, 300_000}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

// register applies the next event, a registration of blob id until epoch 5.
func register(t *testing.T, s *store.Store, id blob.ID, object byte, deletable bool) {
	t.Helper()
	apply(t, s, store.Register{Blob: id, Object: blob.ObjectID{object}, Epoch: 1, End: 5, Size: 100, Deletable: deletable})
}

func apply(t *testing.T, s *store.Store, c store.Change) {
	t.Helper()
	next, err := s.Next()
	check(t, err)
	check(t, s.Apply(next, c))
}

// ready opens the store with its shards and the metadata of blob id.
func ready(t *testing.T, open Open, id blob.ID) *store.Store {
	t.Helper()
	s := open()
	check(t, s.SetShards(store.ShardActive, Shards...))
	register(t, s, id, id[0], true)
	_, err := s.PutMetadata(id, Data(id[0], 900))
	check(t, err)
	return s
}

// keys returns one sliver for each size, on different blobs.
func keys() []store.SliverKey {
	var keys []store.SliverKey
	for i := range sizes {
		keys = append(keys, store.SliverKey{Blob: ID(byte(i)), Shard: Shards[i%len(Shards)], Axis: redstuff.Axis(i % 2)})
	}
	return keys
}

func testRoundTrip(t *testing.T, open Open) {
	s := open()
	check(t, s.SetShards(store.ShardActive, Shards...))
	for i, key := range keys() {
		register(t, s, key.Blob, byte(i), false)
		added, err := s.PutMetadata(key.Blob, Data(byte(i), 900))
		if err != nil || !added {
			t.Fatalf("metadata %d: %v, %v", i, added, err)
		}
		added, err = s.PutSliver(key, Data(byte(i), sizes[i]))
		if err != nil || !added {
			t.Fatalf("%v: %v, %v", key, added, err)
		}
	}
	for range 2 {
		for i, key := range keys() {
			metadata, err := s.Metadata(key.Blob)
			if err != nil || !bytes.Equal(metadata, Data(byte(i), 900)) {
				t.Fatalf("metadata %d comes back as %d bytes, %v", i, len(metadata), err)
			}
			got, err := s.Sliver(key)
			if err != nil || !bytes.Equal(got, Data(byte(i), sizes[i])) {
				t.Fatalf("%v comes back as %d bytes, want %d, %v", key, len(got), sizes[i], err)
			}
			if n, err := s.SliverSize(key); err != nil || n != sizes[i] {
				t.Fatalf("%v has size %d, want %d, %v", key, n, sizes[i], err)
			}
			if there, err := s.HasSliver(key); err != nil || !there {
				t.Fatalf("%v: %v, %v", key, there, err)
			}
			info, err := s.Info(key.Blob)
			if err != nil || !info.MetadataStored || !info.Registered(4) || info.Registered(5) || info.Size != 100 {
				t.Fatalf("info %+v, %v", info, err)
			}
		}
		s = open()
	}
}

func testAgain(t *testing.T, open Open) {
	s := ready(t, open, ID(1))
	key := store.SliverKey{Blob: ID(1), Shard: 3, Axis: redstuff.Secondary}
	for _, size := range []int{200_000, 100} { // the other is not taken
		added, err := s.PutSliver(key, Data(7, size))
		if err != nil || added != (size == 200_000) {
			t.Fatalf("%d bytes: added %v, %v", size, added, err)
		}
	}
	if got, err := s.Sliver(key); err != nil || len(got) != 200_000 {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if added, err := s.PutMetadata(ID(1), Data(2, 10)); err != nil || added {
		t.Fatalf("metadata again: %v, %v", added, err)
	}
}

func testMissing(t *testing.T, open Open) {
	s := ready(t, open, ID(1))
	for _, key := range []store.SliverKey{{Blob: ID(1), Shard: 3}, {Blob: ID(2), Shard: 3}, {Blob: ID(1), Shard: 9}} {
		_, err := s.Sliver(key)
		wants(t, err, store.ErrNotFound)
		_, err = s.SliverSize(key)
		wants(t, err, store.ErrNotFound)
		if there, err := s.HasSliver(key); err != nil || there {
			t.Fatalf("%v: %v, %v", key, there, err)
		}
	}
	_, err := s.Metadata(ID(2))
	wants(t, err, store.ErrNotFound)
	_, err = s.Info(ID(2))
	wants(t, err, store.ErrNotFound)
	_, err = s.Object(blob.ObjectID{77})
	wants(t, err, store.ErrNotFound)
	wants(t, s.Purge(ID(2)), store.ErrNotFound)
}

func testOrder(t *testing.T, open Open) {
	s := open()
	check(t, s.SetShards(store.ShardActive, 3))
	key := store.SliverKey{Blob: ID(1), Shard: 3}
	_, err := s.PutMetadata(ID(1), Data(1, 10))
	wants(t, err, store.ErrNotFound)
	_, err = s.PutSliver(key, Data(1, 10))
	wants(t, err, store.ErrNoMetadata)
	register(t, s, ID(1), 1, false)
	_, err = s.PutSliver(key, Data(1, 10))
	wants(t, err, store.ErrNoMetadata)
	_, err = s.PutMetadata(ID(1), Data(1, 10))
	check(t, err)
	_, err = s.PutSliver(store.SliverKey{Blob: ID(1), Shard: 4}, Data(1, 10))
	wants(t, err, store.ErrNoShard)
	check(t, s.SetShards(store.ShardLockedToMove, 3))
	_, err = s.PutSliver(key, Data(1, 10))
	wants(t, err, store.ErrNoShard)
}

func testEvents(t *testing.T, open Open) {
	s := open()
	c := store.Register{Blob: ID(1), Object: blob.ObjectID{1}, Epoch: 1, End: 5, Deletable: true}
	wants(t, s.Apply(1, c), store.ErrGap)
	check(t, s.Apply(0, c))
	check(t, s.Apply(0, c)) // a replay
	check(t, s.Apply(1, nil))
	check(t, s.SetCursor(1))
	s = open()
	if next, err := s.Next(); err != nil || next != 2 {
		t.Fatalf("next event is %d, %v", next, err)
	}
	if cursor, err := s.Cursor(); err != nil || cursor != 1 {
		t.Fatalf("cursor is %d, %v", cursor, err)
	}
	if info, err := s.Info(ID(1)); err != nil || info.DeletableTotal != 1 {
		t.Fatalf("counted %+v, %v", info, err)
	}
	object, err := s.Object(blob.ObjectID{1})
	if err != nil || object.Blob != ID(1) || !object.Deletable || object.Certified != nil || object.RegisteredAt(5) || !object.RegisteredAt(4) {
		t.Fatalf("object %+v, %v", object, err)
	}
	apply(t, s, store.Certify{Blob: ID(1), Object: blob.ObjectID{1}, Epoch: 2, End: 5, Deletable: true})
	apply(t, s, store.Extend{Blob: ID(1), Object: blob.ObjectID{1}, End: 9, Deletable: true})
	if object, err = s.Object(blob.ObjectID{1}); err != nil || object.End != 9 || *object.Certified != 2 {
		t.Fatalf("object %+v, %v", object, err)
	}
	apply(t, s, store.Delete{Blob: ID(1), Object: blob.ObjectID{1}, WasCertified: true})
	_, err = s.Object(blob.ObjectID{1})
	wants(t, err, store.ErrNotFound)
}

func testList(t *testing.T, open Open) {
	s := open()
	check(t, s.SetShards(store.ShardActive, Shards...))
	order := []byte{0, 1, 127, 128, 255}
	for _, i := range []byte{128, 0, 255, 1, 127} {
		register(t, s, ID(i), i, false)
		_, err := s.PutMetadata(ID(i), Data(i, 10))
		check(t, err)
		for _, shard := range Shards {
			_, err = s.PutSliver(store.SliverKey{Blob: ID(i), Shard: shard, Axis: redstuff.Secondary}, Data(i, 10))
			check(t, err)
		}
	}
	var want []blob.ID
	for _, i := range order {
		want = append(want, ID(i))
	}
	got, err := s.Slivers(3, redstuff.Secondary, blob.ID{}, 100)
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v, %v", got, want, err)
	}
	if got, err = s.Slivers(258, redstuff.Secondary, ID(127), 2); err != nil || !slices.Equal(got, want[2:4]) {
		t.Fatalf("from the middle: got %v, want %v, %v", got, want[2:4], err)
	}
	if got, err = s.Slivers(3, redstuff.Primary, blob.ID{}, 100); err != nil || len(got) != 0 {
		t.Fatalf("another axis: got %v, %v", got, err)
	}
}

func testCollectRegistered(t *testing.T, open Open) {
	s := ready(t, open, ID(1))
	key := store.SliverKey{Blob: ID(1), Shard: 3}
	_, err := s.PutSliver(key, Data(1, 100_000))
	check(t, err)
	if collected, err := s.Collect(ID(1), 4); err != nil || collected {
		t.Fatalf("in its last epoch: %v, %v", collected, err)
	}
	_, err = s.Sliver(key)
	check(t, err)
}

func testCollect(t *testing.T, open Open) {
	s := ready(t, open, ID(1))
	register(t, s, ID(1), 2, true)
	key := store.SliverKey{Blob: ID(1), Shard: 3}
	put := func() {
		t.Helper()
		for axis, size := range []int{100_000, 100} {
			key.Axis = redstuff.Axis(axis)
			added, err := s.PutSliver(key, Data(1, size))
			if err != nil || !added {
				t.Fatalf("%v: %v, %v", key, added, err)
			}
		}
	}
	put()
	apply(t, s, store.Delete{Blob: ID(1), Object: blob.ObjectID{1}})
	if collected, err := s.Collect(ID(1), 1); err != nil || collected {
		t.Fatalf("with one registration left: %v, %v", collected, err)
	}
	apply(t, s, store.Delete{Blob: ID(1), Object: blob.ObjectID{2}})
	for range 2 { // it may be repeated
		if collected, err := s.Collect(ID(1), 1); err != nil || !collected {
			t.Fatalf("with none left: %v, %v", collected, err)
		}
	}
	_, err := s.Sliver(key)
	wants(t, err, store.ErrNotFound)
	_, err = s.Metadata(ID(1))
	wants(t, err, store.ErrNotFound)
	_, err = s.Info(ID(1))
	wants(t, err, store.ErrNotFound)
	// Registered again, it can be stored again.
	register(t, s, ID(1), 3, false)
	if added, err := s.PutMetadata(ID(1), Data(1, 10)); err != nil || !added {
		t.Fatalf("metadata after collection: %v, %v", added, err)
	}
	put()
	// Expired but counted: the data goes, the record stays, and says that the metadata is gone.
	if collected, err := s.Collect(ID(1), 5); err != nil || !collected {
		t.Fatalf("expired: %v, %v", collected, err)
	}
	if info, err := s.Info(ID(1)); err != nil || info.MetadataStored || info.PermanentTotal.Count != 1 {
		t.Fatalf("record %+v, %v", info, err)
	}
	if n, err := s.Sweep(t.Context()); err != nil || n != 0 {
		t.Fatalf("collection left %d files, %v", n, err)
	}
}

func testInvalid(t *testing.T, open Open) {
	s := ready(t, open, ID(1))
	key := store.SliverKey{Blob: ID(1), Shard: 3}
	_, err := s.PutSliver(key, Data(1, 100_000))
	check(t, err)
	apply(t, s, store.Invalidate{Blob: ID(1), Epoch: 2, Ref: blob.EventRef{Seq: 7}})
	check(t, s.Purge(ID(1)))
	check(t, s.Purge(ID(1)))
	_, err = s.Sliver(key)
	wants(t, err, store.ErrNotFound)
	register(t, s, ID(1), 2, false) // absorbed
	_, err = s.PutMetadata(ID(1), Data(1, 10))
	wants(t, err, store.ErrNotFound)
	_, err = s.PutSliver(key, Data(1, 10))
	wants(t, err, store.ErrNoMetadata)
	s = open()
	info, err := s.Info(ID(1))
	if err != nil || info.Registered(2) || info.Status(2).Kind != blob.Invalid || info.Status(2).Event.Seq != 7 {
		t.Fatalf("record %+v, %v", info, err)
	}
}

func testDenied(t *testing.T, open Open) {
	s := ready(t, open, ID(1))
	key := store.SliverKey{Blob: ID(1), Shard: 3}
	_, err := s.PutSliver(key, Data(1, 100_000))
	check(t, err)
	wants(t, s.Purge(ID(1)), store.ErrNotFound)
	apply(t, s, store.Deny{Blob: ID(1)})
	check(t, s.Purge(ID(1)))
	check(t, s.Purge(ID(1)))
	_, err = s.Sliver(key)
	wants(t, err, store.ErrNotFound)
	_, err = s.Metadata(ID(1))
	wants(t, err, store.ErrNotFound)
	register(t, s, ID(1), 2, false)
	_, err = s.PutMetadata(ID(1), Data(1, 10))
	wants(t, err, store.ErrNotFound)
	_, err = s.PutSliver(key, Data(1, 10))
	wants(t, err, store.ErrNoMetadata)
	apply(t, s, store.Deny{Blob: ID(7)}) // of which the chain said nothing else
	check(t, s.Purge(ID(7)))
	s = open()
	for i, want := range map[byte]bool{1: true, 2: false, 7: true} {
		if denied, err := s.Denied(ID(i)); err != nil || denied != want {
			t.Errorf("blob %d: denied %v, %v", i, denied, err)
		}
	}
	if info, err := s.Info(ID(1)); err != nil || !info.Registered(1) {
		t.Errorf("record %+v, %v", info, err)
	}
}

func testShards(t *testing.T, open Open) {
	s := open()
	check(t, s.SetShards(store.ShardActive, 1, 2))
	check(t, s.SetShards(store.ShardActiveRecover, 2, 300))
	s = open()
	got := s.Shards()
	if len(got) != 3 || got[1] != store.ShardActive || got[2] != store.ShardActiveRecover || got[300] != store.ShardActiveRecover {
		t.Fatalf("shards %v", got)
	}
	if _, ok := s.Shard(7); ok {
		t.Fatal("shard 7 has storage")
	}
}

func testMembership(t *testing.T, open Open) {
	s := open()
	_, err := s.Membership()
	wants(t, err, store.ErrNotFound)
	for _, want := range []store.Membership{
		{Epoch: 7, Shards: 1000, Owned: []committee.Shard{3, 258, 999}},
		{Epoch: 8, Shards: 1000},
	} {
		check(t, s.SetMembership(want))
		s = open()
		got, err := s.Membership()
		check(t, err)
		if got.Epoch != want.Epoch || got.Shards != want.Shards || !slices.Equal(got.Owned, want.Owned) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func testConcurrent(t *testing.T, open Open) {
	s := ready(t, open, ID(1))
	var wg sync.WaitGroup
	added := make(chan bool, 1000)
	for i := range 8 {
		for _, shard := range Shards {
			for _, axis := range []redstuff.Axis{redstuff.Primary, redstuff.Secondary} {
				wg.Go(func() {
					ok, err := s.PutSliver(store.SliverKey{Blob: ID(1), Shard: shard, Axis: axis}, Data(byte(shard), sizes[3+i%4]))
					if err != nil {
						t.Error(err)
					}
					added <- ok
				})
			}
		}
		wg.Go(func() {
			if _, err := s.Collect(ID(1), 1); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	close(added)
	n := 0
	for ok := range added {
		if ok {
			n++
		}
	}
	if want := 2 * len(Shards); n != want {
		t.Errorf("%d puts added a sliver, want %d", n, want)
	}
}

func testClosed(t *testing.T, open Open) {
	s := ready(t, open, ID(1))
	check(t, s.Close())
	check(t, s.Close())
	_, err := s.Sliver(store.SliverKey{Blob: ID(1)})
	wants(t, err, store.ErrClosed)
	_, err = s.PutMetadata(ID(1), nil)
	wants(t, err, store.ErrClosed)
	wants(t, s.Apply(0, nil), store.ErrClosed)
}
