package store

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/walrus-go/walrus/bcs"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
)

// Registrations in storage pools all end where their pool does, which one event may move. So each names
// its pool, whose end is recorded once and looked up whenever it matters.

// Pooled is a registration in a storage pool, in which a blob ID occurs once. Source: spec
// storage-node.md section 4.5.
type Pooled struct {
	Pool      blob.ObjectID
	Object    blob.ObjectID
	Certified *committee.Epoch // nil until certified
	Deletable bool
	End       committee.Epoch // of the pool, as it is now; 0 if there is none
}

// KeepPool says where a storage pool ends that was made or extended.
type KeepPool struct {
	Pool blob.ObjectID
	End  committee.Epoch
}

// RegisterPooled counts a new registration, of a blob of Size bytes, in a storage pool. Registrations
// of the same blob in pools that have ended by Epoch are forgotten.
type RegisterPooled struct {
	Blob      blob.ID
	Pool      blob.ObjectID
	Object    blob.ObjectID
	Epoch     committee.Epoch
	Size      uint64
	Deletable bool
	Ref       blob.EventRef
}

// CertifyPooled counts a registration in a storage pool as certified in Epoch.
type CertifyPooled struct {
	Blob   blob.ID
	Pool   blob.ObjectID
	Object blob.ObjectID
	Epoch  committee.Epoch
	Ref    blob.EventRef
}

// DeletePooled takes a registration in a storage pool back.
type DeletePooled struct {
	Blob   blob.ID
	Pool   blob.ObjectID
	Object blob.ObjectID
}

func (KeepPool) change()       {}
func (RegisterPooled) change() {}
func (CertifyPooled) change()  {}
func (DeletePooled) change()   {}

func (c RegisterPooled) blobID() blob.ID { return c.Blob }
func (c CertifyPooled) blobID() blob.ID  { return c.Blob }
func (c DeletePooled) blobID() blob.ID   { return c.Blob }

func (RegisterPooled) creates() bool { return true }
func (CertifyPooled) creates() bool  { return false }
func (DeletePooled) creates() bool   { return false }

// countPooled counts the registrations in pools that last beyond epoch e.
func (i *Info) countPooled(e committee.Epoch) (total, certified uint64) {
	for _, p := range i.Pooled {
		if p.End <= e {
			continue
		}
		total++
		if p.Certified != nil {
			certified++
		}
	}
	return total, certified
}

// pool returns where the registration in a pool is, or would be, among all.
func (i *Info) pool(id blob.ObjectID) (at int, found bool) {
	return slices.BinarySearchFunc(i.Pooled, id, func(p Pooled, id blob.ObjectID) int { return bytes.Compare(p.Pool[:], id[:]) })
}

// pooledObject is pool for a registration that must be there.
func (i *Info) pooledObject(pool, object blob.ObjectID) (at int, err error) {
	at, found := i.pool(pool)
	if !found || i.Pooled[at].Object != object {
		return at, fmt.Errorf("object %v is not in pool %v", object, pool)
	}
	return at, nil
}

func (c RegisterPooled) info(i *Info) error {
	if _, found := i.pool(c.Pool); found {
		return fmt.Errorf("pool %v has the blob already", c.Pool)
	}
	i.Size = c.Size
	i.Pooled = slices.DeleteFunc(i.Pooled, func(p Pooled) bool { return p.End <= c.Epoch })
	i.unmark()
	at, _ := i.pool(c.Pool)
	i.Pooled = slices.Insert(i.Pooled, at, Pooled{Pool: c.Pool, Object: c.Object, Deletable: c.Deletable})
	return nil
}

func (c CertifyPooled) info(i *Info) error {
	at, err := i.pooledObject(c.Pool, c.Object)
	if err != nil {
		return err
	}
	if i.Pooled[at].Certified != nil {
		return fmt.Errorf("object %v is certified already", c.Object)
	}
	before := i.Certified(c.Epoch)
	epoch := c.Epoch
	i.Pooled[at].Certified = &epoch
	i.mark(c.Epoch, before)
	return nil
}

func (c DeletePooled) info(i *Info) error {
	at, err := i.pooledObject(c.Pool, c.Object)
	if err != nil {
		return err
	}
	i.Pooled = slices.Delete(i.Pooled, at, at+1)
	i.unmark()
	return nil
}

func (c RegisterPooled) object(objects) (*blob.ObjectID, *Object, error) {
	return &c.Object, &Object{Blob: c.Blob, Registered: c.Epoch, Deletable: c.Deletable, Ref: c.Ref, Pool: &c.Pool}, nil
}

func (c CertifyPooled) object(get objects) (*blob.ObjectID, *Object, error) {
	o, err := get(c.Object)
	if err != nil {
		return nil, nil, err
	}
	epoch := c.Epoch
	o.Certified, o.Ref = &epoch, c.Ref
	return &c.Object, o, nil
}

func (c DeletePooled) object(objects) (*blob.ObjectID, *Object, error) { return &c.Object, nil, nil }

func (p *Pooled) appendTo(b []byte) []byte {
	b = bcs.AppendU8(b, infoVersion)
	b = append(b, p.Object[:]...)
	b = appendEpoch(b, p.Certified)
	return bcs.AppendBool(b, p.Deletable)
}

func parsePooled(b []byte) (p Pooled, err error) {
	r := bcs.NewReader(b)
	if v := r.U8(); v != infoVersion {
		r.Fail(fmt.Errorf("%w: record of version %d", ErrVersion, v))
	}
	copy(p.Object[:], r.Fixed(len(p.Object)))
	p.Certified = readEpoch(r)
	p.Deletable = r.Bool()
	if err := r.Done(); err != nil {
		return p, fmt.Errorf("%w: record of a registration in a pool: %w", ErrCorrupt, err)
	}
	return p, nil
}

// stagePool adds the new end of a pool to a batch.
func (s *Store) stagePool(b *pebble.Batch, c KeepPool) error {
	end, err := poolEnd(s.db, c.Pool)
	if err != nil {
		return err
	}
	return b.Set(poolKey(c.Pool), bcs.AppendU32(nil, uint32(max(end, c.End))), nil)
}

// stagePooled adds what became of a blob's registrations in pools to a batch. Those that are gone take
// their objects with them.
func stagePooled(b *pebble.Batch, id blob.ID, before, after []Pooled) error {
	old := make(map[blob.ObjectID]Pooled, len(before))
	for _, p := range before {
		old[p.Pool] = p
	}
	for _, p := range after {
		was, there := old[p.Pool]
		delete(old, p.Pool)
		if record := p.appendTo(nil); !there || !bytes.Equal(record, was.appendTo(nil)) {
			if err := b.Set(pooledKey(id, p.Pool), record, nil); err != nil {
				return err
			}
		}
	}
	for _, p := range old {
		if err := errors.Join(b.Delete(pooledKey(id, p.Pool), nil), b.Delete(objectKey(p.Object), nil)); err != nil {
			return err
		}
	}
	return nil
}

// poolEnd returns where a pool ends; 0 for one that is not known.
func poolEnd(from pebble.Reader, pool blob.ObjectID) (committee.Epoch, error) {
	raw, err := get(from, poolKey(pool))
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	r := bcs.NewReader(raw)
	end := committee.Epoch(r.U32())
	if err := r.Done(); err != nil {
		return 0, fmt.Errorf("%w: record of pool %v: %w", ErrCorrupt, pool, err)
	}
	return end, nil
}

// listPooled returns a blob's registrations in pools, ordered by pool. There are as many as pools that
// were running when the last was registered: each is paid for.
func listPooled(from pebble.Reader, id blob.ID) ([]Pooled, error) {
	prefix := pooledPrefix(id)
	beyond := append(slices.Clone(prefix), bytes.Repeat([]byte{0xff}, len(blob.ObjectID{})+1)...)
	it, err := from.NewIter(&pebble.IterOptions{LowerBound: prefix, UpperBound: beyond})
	if err != nil {
		return nil, readError(err)
	}
	var list []Pooled
	for ok := it.First(); ok && err == nil; ok = it.Next() {
		var p Pooled
		if p, err = parsePooled(it.Value()); err != nil {
			break
		}
		if copy(p.Pool[:], it.Key()[len(prefix):]) < len(p.Pool) {
			err = fmt.Errorf("%w: key of %d bytes", ErrCorrupt, len(it.Key()))
			break
		}
		p.End, err = poolEnd(from, p.Pool)
		list = append(list, p)
	}
	if cerr := it.Close(); cerr != nil && err == nil {
		err = readError(cerr)
	}
	if err != nil {
		return nil, fmt.Errorf("store: blob %v in pools: %w", id, err)
	}
	return list, nil
}
