package store

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
)

func epochOf(e committee.Epoch) *committee.Epoch { return &e }

// step applies changes to a record as the store does.
func step(t *testing.T, i *Info, changes ...Change) {
	t.Helper()
	for _, c := range changes {
		if i.Invalid {
			return
		}
		if err := c.(blobChange).info(i); err != nil {
			t.Fatalf("%T: %v", c, err)
		}
	}
}

func TestStatus(t *testing.T) {
	first, second := blob.EventRef{Seq: 1}, blob.EventRef{Seq: 2}
	for _, tc := range []struct {
		name                  string
		changes               []Change
		pools                 committee.Epoch // where all pools end
		epoch                 committee.Epoch
		want                  blob.Status
		registered, certified bool
	}{
		{name: "nothing", epoch: 1},
		{name: "registered for good", epoch: 4, registered: true,
			changes: []Change{Register{Epoch: 1, End: 5, Ref: first}},
			want:    blob.Status{Kind: blob.Permanent, End: 5, Event: first}},
		{name: "expired", epoch: 5, changes: []Change{Register{Epoch: 1, End: 5, Ref: first}}},
		{name: "the longest registration counts", epoch: 4, registered: true,
			changes: []Change{Register{Epoch: 1, End: 5, Ref: first}, Register{Epoch: 1, End: 4, Ref: second}},
			want:    blob.Status{Kind: blob.Permanent, End: 5, Event: first}},
		{name: "the certified one counts more", epoch: 2, registered: true, certified: true,
			changes: []Change{Register{Epoch: 1, End: 9, Ref: first}, Certify{Epoch: 2, End: 5, Ref: second}},
			want:    blob.Status{Kind: blob.Permanent, End: 5, Certified: true, Event: second, InitialCertified: epochOf(2)}},
		{name: "not yet certified in an earlier epoch", epoch: 1, registered: true,
			changes: []Change{Register{Epoch: 1, End: 9, Ref: first}, Certify{Epoch: 2, End: 5, Ref: second}},
			want:    blob.Status{Kind: blob.Permanent, End: 5, Certified: true, Event: second, InitialCertified: epochOf(2)}},
		{name: "extended", epoch: 7, registered: true, certified: true,
			changes: []Change{Register{Epoch: 1, End: 5, Ref: first}, Certify{Epoch: 1, End: 5, Ref: first}, Extend{End: 8, Ref: second}},
			want:    blob.Status{Kind: blob.Permanent, End: 8, Certified: true, Event: second, InitialCertified: epochOf(1)}},
		{name: "deletable", epoch: 1, registered: true,
			changes: []Change{Register{Epoch: 1, End: 5, Deletable: true}},
			want:    blob.Status{Kind: blob.Deletable, Counts: blob.DeletableCounts{Total: 1}}},
		{name: "deletable and certified", epoch: 1, registered: true, certified: true,
			changes: []Change{Register{Epoch: 1, End: 5, Deletable: true}, Certify{Epoch: 1, End: 5, Deletable: true}},
			want:    blob.Status{Kind: blob.Deletable, Counts: blob.DeletableCounts{Total: 1, Certified: 1}, InitialCertified: epochOf(1)}},
		{name: "deletable expired", epoch: 5,
			changes: []Change{Register{Epoch: 1, End: 5, Deletable: true}, Certify{Epoch: 1, End: 5, Deletable: true}}},
		{name: "deletable extended", epoch: 5, registered: true, certified: true,
			changes: []Change{Register{Epoch: 1, End: 5, Deletable: true}, Certify{Epoch: 1, End: 5, Deletable: true}, Extend{End: 6, Deletable: true}},
			want:    blob.Status{Kind: blob.Deletable, Counts: blob.DeletableCounts{Total: 1, Certified: 1}, InitialCertified: epochOf(1)}},
		{name: "deleted", epoch: 1,
			changes: []Change{Register{Epoch: 1, End: 5, Deletable: true}, Certify{Epoch: 1, End: 5, Deletable: true}, Delete{WasCertified: true}}},
		{name: "both kinds", epoch: 1, registered: true,
			changes: []Change{Register{Epoch: 1, End: 5, Deletable: true}, Register{Epoch: 1, End: 3, Ref: second}},
			want:    blob.Status{Kind: blob.Permanent, End: 3, Event: second, Counts: blob.DeletableCounts{Total: 1}}},
		{name: "certified again after an expiry", epoch: 9, registered: true, certified: true,
			changes: []Change{Register{Epoch: 1, End: 3}, Certify{Epoch: 1, End: 3}, Register{Epoch: 8, End: 12, Ref: first}, Certify{Epoch: 8, End: 12, Ref: second}},
			want:    blob.Status{Kind: blob.Permanent, End: 12, Certified: true, Event: second, InitialCertified: epochOf(8)}},
		{name: "certified twice keeps the first epoch", epoch: 3, registered: true, certified: true,
			changes: []Change{Register{Epoch: 1, End: 9, Ref: first}, Register{Epoch: 1, End: 9}, Certify{Epoch: 1, End: 9, Ref: first}, Certify{Epoch: 2, End: 9}},
			want:    blob.Status{Kind: blob.Permanent, End: 9, Certified: true, Event: first, InitialCertified: epochOf(1)}},
		{name: "in a pool", epoch: 1, pools: 5, registered: true,
			changes: []Change{RegisterPooled{Epoch: 1}},
			want:    blob.Status{Kind: blob.Deletable, Counts: blob.DeletableCounts{Total: 1}}},
		{name: "certified in a pool", epoch: 4, pools: 5, registered: true, certified: true,
			changes: []Change{RegisterPooled{Epoch: 1, Deletable: true}, CertifyPooled{Epoch: 2}},
			want:    blob.Status{Kind: blob.Deletable, Counts: blob.DeletableCounts{Total: 1, Certified: 1}, InitialCertified: epochOf(2)}},
		{name: "in a pool that ended", epoch: 5, pools: 5,
			changes: []Change{RegisterPooled{Epoch: 1}, CertifyPooled{Epoch: 2}}},
		{name: "taken out of a pool", epoch: 1, pools: 5,
			changes: []Change{RegisterPooled{Epoch: 1}, CertifyPooled{Epoch: 1}, DeletePooled{}}},
		{name: "in a pool and for good", epoch: 1, pools: 5, registered: true, certified: true,
			changes: []Change{Register{Epoch: 1, End: 3, Ref: first}, RegisterPooled{Epoch: 1}, CertifyPooled{Epoch: 1}},
			want: blob.Status{Kind: blob.Permanent, End: 3, Event: first, Counts: blob.DeletableCounts{Total: 1, Certified: 1},
				InitialCertified: epochOf(1)}},
		{name: "invalid, in a pool", epoch: 1, pools: 5,
			changes: []Change{RegisterPooled{Epoch: 1}, Invalidate{Epoch: 1, Ref: second}},
			want:    blob.Status{Kind: blob.Invalid, Event: second}},
		{name: "invalid", epoch: 1,
			changes: []Change{Register{Epoch: 1, End: 5}, Invalidate{Epoch: 1, Ref: second}, Register{Epoch: 1, End: 9}},
			want:    blob.Status{Kind: blob.Invalid, Event: second}},
	} {
		info := new(Info)
		step(t, info, tc.changes...)
		for k := range info.Pooled {
			info.Pooled[k].End = tc.pools
		}
		if got := info.Status(tc.epoch); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: status %+v, want %+v", tc.name, got, tc.want)
		}
		if r, c := info.Registered(tc.epoch), info.Certified(tc.epoch); r != tc.registered || c != tc.certified {
			t.Errorf("%s: registered %v, certified %v; want %v, %v", tc.name, r, c, tc.registered, tc.certified)
		}
	}
}

func TestChangesRefuse(t *testing.T) {
	for _, tc := range []struct {
		name   string
		before []Change
		change Change
	}{
		{"certify without registration", nil, Certify{End: 5}},
		{"certify more than registered", []Change{Register{End: 5}, Certify{End: 5}}, Certify{End: 5}},
		{"certify beyond the end", []Change{Register{End: 5}}, Certify{End: 6}},
		{"certify the other kind", []Change{Register{End: 5}}, Certify{End: 5, Deletable: true}},
		{"extend what is not certified", []Change{Register{End: 5}}, Extend{End: 6}},
		{"extend the other kind", []Change{Register{End: 5}, Certify{End: 5}}, Extend{End: 6, Deletable: true}},
		{"delete what is permanent", []Change{Register{End: 5}}, Delete{}},
		{"register in a pool twice", []Change{RegisterPooled{}}, RegisterPooled{Object: blob.ObjectID{1}}},
		{"certify in another pool", []Change{RegisterPooled{}}, CertifyPooled{Pool: blob.ObjectID{1}}},
		{"certify another object of a pool", []Change{RegisterPooled{}}, CertifyPooled{Object: blob.ObjectID{1}}},
		{"certify in a pool twice", []Change{RegisterPooled{}, CertifyPooled{}}, CertifyPooled{Epoch: 3}},
		{"delete another object of a pool", []Change{RegisterPooled{}}, DeletePooled{Object: blob.ObjectID{1}}},
	} {
		info := new(Info)
		step(t, info, tc.before...)
		before := *info
		if err := tc.change.(blobChange).info(info); err == nil || !reflect.DeepEqual(*info, before) {
			t.Errorf("%s: error %v, record %+v, want it unchanged: %+v", tc.name, err, *info, before)
		}
	}
}

// TestInfoHistories runs random histories of registrations and compares with a list of them.
func TestInfoHistories(t *testing.T) {
	const seed = 7
	rng := rand.New(rand.NewPCG(seed, 0))
	type registration struct {
		end                  committee.Epoch
		deletable, certified bool
	}
	for history := range 300 {
		info := new(Info)
		var live []registration
		now := committee.Epoch(1)
		for range 40 {
			now += committee.Epoch(rng.IntN(2))
			if len(live) == 0 || rng.IntN(3) == 0 {
				r := registration{end: now + 1 + committee.Epoch(rng.IntN(5)), deletable: rng.IntN(2) == 0}
				step(t, info, Register{Epoch: now, End: r.end, Deletable: r.deletable})
				live = append(live, r)
				continue
			}
			k := rng.IntN(len(live))
			switch r := &live[k]; {
			case r.end <= now: // the chain takes nothing more for it
			case !r.certified:
				step(t, info, Certify{Epoch: now, End: r.end, Deletable: r.deletable})
				r.certified = true
			case rng.IntN(2) == 0:
				r.end += committee.Epoch(rng.IntN(3))
				step(t, info, Extend{End: r.end, Deletable: r.deletable})
			case r.deletable:
				step(t, info, Delete{WasCertified: true})
				live = append(live[:k], live[k+1:]...)
			}
			registered, certified, anyCertified := false, false, false
			for _, r := range live {
				registered = registered || r.end > now
				certified = certified || r.certified && r.end > now
				anyCertified = anyCertified || r.certified
			}
			// The record may answer for longer than the list, never for shorter: ends are not lowered.
			if registered && !info.Registered(now) || certified && !info.Certified(now) {
				t.Fatalf("seed %d, history %d: %+v at %d forgets %+v", seed, history, info, now, live)
			}
			if info.PermanentCertified.Count > info.PermanentTotal.Count || info.DeletableCertified > info.DeletableTotal ||
				info.PermanentCertified.End > info.PermanentTotal.End || (info.InitialCertified != nil) != anyCertified {
				t.Fatalf("seed %d, history %d: %+v breaks an invariant, %+v", seed, history, info, live)
			}
			if back, err := parseInfo(info.appendTo(nil)); err != nil || !reflect.DeepEqual(back, info) {
				t.Fatalf("seed %d: %+v reads back as %+v, %v", seed, info, back, err)
			}
		}
	}
}

func FuzzRecords(f *testing.F) {
	f.Add((&Info{DeletableTotal: 1, InitialCertified: epochOf(3)}).appendTo(nil))
	f.Add((&Object{Certified: epochOf(3), End: 9}).appendTo(nil))
	f.Add((&Info{pooled: 2}).appendTo(nil))
	f.Add((&Object{Pool: &blob.ObjectID{1}}).appendTo(nil))
	f.Add((&Pooled{Certified: epochOf(3), Deletable: true}).appendTo(nil))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if p, err := parsePooled(raw); err == nil && !bytes.Equal(p.appendTo(nil), raw) {
			t.Errorf("%x reads as %+v, which is written otherwise", raw, p)
		}
		if info, err := parseInfo(raw); err == nil && !bytes.Equal(info.appendTo(nil), raw) {
			t.Errorf("%x reads as %+v, which is written otherwise", raw, info)
		}
		if o, err := parseObject(raw); err == nil && !bytes.Equal(o.appendTo(nil), raw) {
			t.Errorf("%x reads as %+v, which is written otherwise", raw, o)
		}
		if _, _, err := parseFileRecord(raw); err == nil && len(raw) != 13 {
			t.Errorf("%x passes for the record of a file", raw)
		}
	})
}

func TestFileNames(t *testing.T) {
	for _, key := range []SliverKey{{Shard: 0}, {Shard: 65535, Axis: 1, Blob: blob.ID{0xff, 31: 1}}} {
		name := fileName(key)
		if got, temp, ok := parseName(name); got != key || temp || !ok {
			t.Errorf("%s reads as %v, %v, %v", name, got, temp, ok)
		}
		if got, temp, ok := parseName(name + temporary); got != key || !temp || !ok {
			t.Errorf("%s with %s reads as %v, %v, %v", name, temporary, got, temp, ok)
		}
	}
	for _, bad := range []string{"", "1-p-", "1-p-00", "x-p-" + string(bytes.Repeat([]byte("00"), 32)), "1-q-" + string(bytes.Repeat([]byte("00"), 32))} {
		if key, _, ok := parseName(bad); ok {
			t.Errorf("%q reads as %v", bad, key)
		}
	}
}
