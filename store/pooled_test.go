package store

import (
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
)

// poolWorld is what a chain would know of pools and the blobs in them.
type poolWorld struct {
	rng     *rand.Rand
	now     committee.Epoch
	pools   []committee.Epoch // by number, where each ends
	blobs   map[[2]byte]*Pooled
	objects byte
}

func poolID(i byte) blob.ObjectID { return blob.ObjectID{0xaa, 31: i} }
func poolBlob(i byte) blob.ID     { return blob.ID{i, 31: 0xff} }

// next makes something happen that a chain would allow.
func (w *poolWorld) next() Change {
	w.now += committee.Epoch(w.rng.IntN(8) / 7)
	if len(w.pools) < 3 || len(w.pools) < 30 && w.rng.IntN(8) == 0 {
		w.pools = append(w.pools, w.now+1+committee.Epoch(w.rng.IntN(4)))
		return KeepPool{poolID(byte(len(w.pools) - 1)), w.pools[len(w.pools)-1]}
	}
	pool, id := byte(w.rng.IntN(len(w.pools))), byte(w.rng.IntN(3))
	if w.pools[pool] <= w.now {
		return nil
	}
	if w.rng.IntN(8) == 0 {
		w.pools[pool]++
		return KeepPool{poolID(pool), w.pools[pool]}
	}
	p := w.blobs[[2]byte{id, pool}]
	switch {
	case p == nil:
		w.objects++
		p = &Pooled{Pool: poolID(pool), Object: blob.ObjectID{w.objects}, Deletable: w.rng.IntN(2) == 0}
		w.blobs[[2]byte{id, pool}] = p
		return RegisterPooled{Blob: poolBlob(id), Pool: p.Pool, Object: p.Object, Epoch: w.now, Size: 7, Deletable: p.Deletable}
	case p.Certified == nil:
		p.Certified = epochOf(w.now)
		return CertifyPooled{Blob: poolBlob(id), Pool: p.Pool, Object: p.Object, Epoch: w.now}
	case p.Deletable:
		delete(w.blobs, [2]byte{id, pool})
		return DeletePooled{Blob: poolBlob(id), Pool: p.Pool, Object: p.Object}
	}
	return nil
}

// compare looks for what the store has otherwise.
func (w *poolWorld) compare(s *Store) error {
	for id := range byte(3) {
		var total, certified uint64
		for pool, end := range w.pools {
			p := w.blobs[[2]byte{id, byte(pool)}]
			if p == nil || end <= w.now {
				continue
			}
			total++
			if p.Certified != nil {
				certified++
			}
			if o, err := s.Object(p.Object); err != nil || o.End != end || o.Deletable != p.Deletable || (o.Certified != nil) != (p.Certified != nil) {
				return fmt.Errorf("object %v is %+v (%w), want %+v until %d", p.Object, o, err, p, end)
			}
		}
		info, err := s.Info(poolBlob(id))
		if err != nil {
			info = new(Info)
		}
		status := info.Status(w.now)
		if status.Counts != (blob.DeletableCounts{Total: total, Certified: certified}) ||
			info.Registered(w.now) != (total > 0) || info.Certified(w.now) != (certified > 0) {
			return fmt.Errorf("blob %d in epoch %d: %+v (%w), want %d and %d of them certified", id, w.now, info, err, total, certified)
		}
	}
	return nil
}

// dump returns all records of a store.
func dump(t *testing.T, s *Store) map[string]string {
	t.Helper()
	it, err := s.db.NewIter(&pebble.IterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for ok := it.First(); ok; ok = it.Next() {
		all[string(it.Key())] = string(it.Value())
	}
	if err := it.Close(); err != nil {
		t.Fatal(err)
	}
	return all
}

func openMemory(t *testing.T, fs vfs.FS) *Store {
	t.Helper()
	s, err := Open("data", Identity{}, &Options{FS: fs, Create: true, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPooledHistories runs random histories of pools and compares with a list of what is in them. Then a
// second store is crashed now and then and replayed from what it remembers, and has to have the same
// records in the end.
func TestPooledHistories(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 0))
		w := &poolWorld{rng: rng, now: 1, blobs: make(map[[2]byte]*Pooled)}
		s := openMemory(t, vfs.NewMem())
		var log []Change
		for range 300 {
			c := w.next()
			log = append(log, c)
			if err := s.Apply(uint64(len(log)-1), c); err != nil {
				t.Fatal(err)
			}
			if err := w.compare(s); err != nil {
				t.Fatalf("seed %d, after event %d, %+v: %v", seed, len(log)-1, c, err)
			}
		}
		if n := uint64(len(w.pools)); n < 10 || w.now < 10 {
			t.Fatalf("seed %d: %d pools, %d epochs: the history is too thin", seed, n, w.now)
		}
		memory := vfs.NewCrashableMem()
		other := openMemory(t, memory)
		for next := uint64(0); next < uint64(len(log)); {
			if rng.IntN(20) == 0 {
				crashed := memory.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
				if err := other.Close(); err != nil {
					t.Fatal(err)
				}
				memory, other = crashed, openMemory(t, crashed)
				var err error
				if next, err = other.Next(); err != nil {
					t.Fatal(err)
				}
				next -= min(next, uint64(rng.IntN(5))) // consequences are repeated, and their events
			}
			if err := other.Apply(next, log[next]); err != nil {
				t.Fatal(err)
			}
			next++
			if rng.IntN(10) == 0 {
				if err := other.db.LogData(nil, pebble.Sync); err != nil {
					t.Fatal(err)
				}
			}
		}
		if a, b := dump(t, s), dump(t, other); !maps.Equal(a, b) {
			t.Errorf("seed %d: %d records after a replay, want %d, or not the same ones", seed, len(b), len(a))
		}
		if err := other.Close(); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
