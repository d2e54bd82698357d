package store

import (
	"errors"
	"fmt"
	"slices"

	"github.com/walrus-go/walrus/bcs"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
)

// Info sums up what the chain said of a blob ID, over all its registrations, and whether its metadata
// is here. Source: spec storage-node.md section 4.4.
//
// Certified counts never exceed total counts, and InitialCertified is set if and only if a certified
// count is positive, or a registration in a pool certified.
type Info struct {
	// Invalid is set for good once the blob was proved inconsistent; then only Ref and InvalidSince
	// mean anything else.
	Invalid      bool
	InvalidSince committee.Epoch
	Ref          blob.EventRef // the event that made it invalid

	MetadataStored bool
	// Size is the length of the blob in bytes as the chain knows it.
	Size uint64

	PermanentTotal     Permanent
	PermanentCertified Permanent
	DeletableTotal     uint64
	DeletableCertified uint64
	// The largest end epochs of the deletable registrations counted above; 0 if there are none.
	DeletableEnd          committee.Epoch
	DeletableCertifiedEnd committee.Epoch

	InitialCertified *committee.Epoch

	// Pooled are the registrations in storage pools, ordered by pool: at most one in each. They are
	// recorded beside the rest, which only knows their number.
	Pooled []Pooled
	pooled uint64
}

// Permanent counts permanent registrations of a blob ID. Count is 0 or the rest means something.
type Permanent struct {
	Count uint64
	End   committee.Epoch // the largest seen
	Ref   blob.EventRef   // the event that set End
}

// after tells whether there is a registration that lasts beyond epoch e.
func (p Permanent) after(e committee.Epoch) bool { return p.Count > 0 && p.End > e }

// Registered tells whether the network has to keep the blob in epoch e. Source: spec storage-node.md
// section 4.6, as for the other decisions.
func (i *Info) Registered(e committee.Epoch) bool {
	total, _ := i.countPooled(e)
	return !i.Invalid && (i.PermanentTotal.after(e) || i.DeletableTotal > 0 && i.DeletableEnd > e || total > 0)
}

// Certified tells whether the network answers for the blob in epoch e.
func (i *Info) Certified(e committee.Epoch) bool {
	_, certified := i.countPooled(e)
	return !i.Invalid && i.InitialCertified != nil && *i.InitialCertified <= e &&
		(i.PermanentCertified.after(e) || i.DeletableCertified > 0 && i.DeletableCertifiedEnd > e || certified > 0)
}

// Status is the answer to those who ask for the blob's status in epoch e. Registrations in pools are
// counted with the deletable ones, whatever they are.
func (i *Info) Status(e committee.Epoch) blob.Status {
	if i.Invalid {
		return blob.Status{Kind: blob.Invalid, Event: i.Ref}
	}
	var counts blob.DeletableCounts
	if i.DeletableEnd > e {
		counts.Total = i.DeletableTotal
	}
	if i.DeletableCertifiedEnd > e {
		counts.Certified = i.DeletableCertified
	}
	total, certified := i.countPooled(e)
	counts.Total += total
	counts.Certified += certified
	status := blob.Status{Counts: counts, InitialCertified: i.InitialCertified}
	switch {
	case i.PermanentCertified.after(e):
		status.Kind, status.Certified = blob.Permanent, true
		status.End, status.Event = i.PermanentCertified.End, i.PermanentCertified.Ref
	case i.PermanentTotal.after(e):
		status.Kind = blob.Permanent
		status.End, status.Event = i.PermanentTotal.End, i.PermanentTotal.Ref
	case counts != (blob.DeletableCounts{}):
		status.Kind = blob.Deletable
	default:
		return blob.Status{}
	}
	return status
}

// empty tells whether no registration is counted. The record of an invalid blob is kept for ever.
func (i *Info) empty() bool {
	return !i.Invalid && i.PermanentTotal.Count == 0 && i.PermanentCertified.Count == 0 &&
		i.DeletableTotal == 0 && i.DeletableCertified == 0 && len(i.Pooled) == 0
}

// mark notes that a registration was certified in an epoch. before tells whether the blob was then.
func (i *Info) mark(epoch committee.Epoch, before bool) {
	if !before || i.InitialCertified == nil || epoch < *i.InitialCertified {
		i.InitialCertified = &epoch
	}
}

// unmark forgets since when the blob is certified if no registration is any more.
func (i *Info) unmark() {
	if i.PermanentCertified.Count == 0 && i.DeletableCertified == 0 &&
		!slices.ContainsFunc(i.Pooled, func(p Pooled) bool { return p.Certified != nil }) {
		i.InitialCertified = nil
	}
}

// Each record starts with one of these.
const (
	infoVersion   = 1
	pooledVersion = 2 // about registrations in pools too, or one of those
)

func (i *Info) appendTo(b []byte) []byte {
	if i.pooled > 0 {
		b = bcs.AppendU64(bcs.AppendU8(b, pooledVersion), i.pooled)
	} else {
		b = bcs.AppendU8(b, infoVersion)
	}
	b = bcs.AppendBool(b, i.Invalid)
	b = bcs.AppendU32(b, uint32(i.InvalidSince))
	b = appendRef(b, i.Ref)
	b = bcs.AppendBool(b, i.MetadataStored)
	b = bcs.AppendU64(b, i.Size)
	for _, p := range []Permanent{i.PermanentTotal, i.PermanentCertified} {
		b = bcs.AppendU64(b, p.Count)
		b = bcs.AppendU32(b, uint32(p.End))
		b = appendRef(b, p.Ref)
	}
	b = bcs.AppendU64(b, i.DeletableTotal)
	b = bcs.AppendU64(b, i.DeletableCertified)
	b = bcs.AppendU32(b, uint32(i.DeletableEnd))
	b = bcs.AppendU32(b, uint32(i.DeletableCertifiedEnd))
	return appendEpoch(b, i.InitialCertified)
}

func parseInfo(b []byte) (*Info, error) {
	r := bcs.NewReader(b)
	i := new(Info)
	switch v := r.U8(); v {
	case infoVersion:
	case pooledVersion:
		if i.pooled = r.U64(); i.pooled == 0 {
			r.Fail(errors.New("no registration in a pool"))
		}
	default:
		r.Fail(fmt.Errorf("%w: record of version %d", ErrVersion, v))
	}
	i.Invalid = r.Bool()
	i.InvalidSince = committee.Epoch(r.U32())
	i.Ref = readRef(r)
	i.MetadataStored = r.Bool()
	i.Size = r.U64()
	for _, p := range []*Permanent{&i.PermanentTotal, &i.PermanentCertified} {
		p.Count = r.U64()
		p.End = committee.Epoch(r.U32())
		p.Ref = readRef(r)
	}
	i.DeletableTotal = r.U64()
	i.DeletableCertified = r.U64()
	i.DeletableEnd = committee.Epoch(r.U32())
	i.DeletableCertifiedEnd = committee.Epoch(r.U32())
	i.InitialCertified = readEpoch(r)
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("%w: record of a blob: %w", ErrCorrupt, err)
	}
	return i, nil
}

// Object is one registration. Source: spec storage-node.md section 4.5.
type Object struct {
	Blob       blob.ID
	Registered committee.Epoch
	Certified  *committee.Epoch // nil until certified
	End        committee.Epoch  // of one in a pool: where the pool ends now
	Deletable  bool
	Ref        blob.EventRef  // the last event that changed it
	Pool       *blob.ObjectID // the storage pool that it is in; nil for none
}

// RegisteredAt tells whether the registration is alive in epoch e.
func (o *Object) RegisteredAt(e committee.Epoch) bool { return o.End > e }

// appendTo writes a registration; its pool instead of its end if it is in one.
func (o *Object) appendTo(b []byte) []byte {
	version := uint8(infoVersion)
	if o.Pool != nil {
		version = pooledVersion
	}
	b = bcs.AppendU8(b, version)
	b = append(b, o.Blob[:]...)
	b = bcs.AppendU32(b, uint32(o.Registered))
	b = appendEpoch(b, o.Certified)
	if o.Pool != nil {
		b = append(b, o.Pool[:]...)
	} else {
		b = bcs.AppendU32(b, uint32(o.End))
	}
	b = bcs.AppendBool(b, o.Deletable)
	return appendRef(b, o.Ref)
}

func parseObject(b []byte) (*Object, error) {
	r := bcs.NewReader(b)
	version := r.U8()
	if version != infoVersion && version != pooledVersion {
		r.Fail(fmt.Errorf("%w: record of version %d", ErrVersion, version))
	}
	o := new(Object)
	copy(o.Blob[:], r.Fixed(len(o.Blob)))
	o.Registered = committee.Epoch(r.U32())
	o.Certified = readEpoch(r)
	if version == pooledVersion {
		o.Pool = new(blob.ObjectID)
		copy(o.Pool[:], r.Fixed(len(o.Pool)))
	} else {
		o.End = committee.Epoch(r.U32())
	}
	o.Deletable = r.Bool()
	o.Ref = readRef(r)
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("%w: record of an object: %w", ErrCorrupt, err)
	}
	return o, nil
}

func appendRef(b []byte, ref blob.EventRef) []byte {
	return bcs.AppendU64(append(b, ref.Tx[:]...), ref.Seq)
}

func readRef(r *bcs.Reader) (ref blob.EventRef) {
	copy(ref.Tx[:], r.Fixed(len(ref.Tx)))
	ref.Seq = r.U64()
	return ref
}

func appendEpoch(b []byte, e *committee.Epoch) []byte {
	if e == nil {
		return bcs.AppendBool(b, false)
	}
	return bcs.AppendU32(bcs.AppendBool(b, true), uint32(*e))
}

func readEpoch(r *bcs.Reader) *committee.Epoch {
	if !r.Bool() {
		return nil
	}
	e := committee.Epoch(r.U32())
	return &e
}
