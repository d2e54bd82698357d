package store

import (
	"fmt"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
)

// A Change is what one event of the chain does: to the records of one blob ID ([Register], [Certify],
// [Extend], [Delete], [Invalidate], [RegisterPooled], [CertifyPooled], [DeletePooled]), to that of a storage
// pool ([KeepPool]), or to those blob IDs that are denied ([Deny]). Source: spec storage-node.md sections 4.4 and 4.7.
type Change interface{ change() }

// blobChange is what a change of a blob's records does.
type blobChange interface {
	Change
	blobID() blob.ID
	// info changes the record, which is not that of an invalid blob. It refuses, with the reason, what
	// cannot follow from the record; the chain does not do that.
	info(i *Info) error
	// object returns the registration that changes and how: nil for one that ends.
	object(get func(blob.ObjectID) (*Object, error)) (id *blob.ObjectID, o *Object, err error)
	// creates tells whether the change makes sense without a record.
	creates() bool
}

// Register counts a new registration, of a blob of Size bytes.
type Register struct {
	Blob      blob.ID
	Object    blob.ObjectID
	Epoch     committee.Epoch
	End       committee.Epoch
	Size      uint64
	Deletable bool
	Ref       blob.EventRef
}

// Certify counts a registration as certified in Epoch.
type Certify struct {
	Blob      blob.ID
	Object    blob.ObjectID
	Epoch     committee.Epoch
	End       committee.Epoch
	Deletable bool
	Ref       blob.EventRef
}

// Extend gives a certified registration a later end.
type Extend struct {
	Blob      blob.ID
	Object    blob.ObjectID
	End       committee.Epoch
	Deletable bool
	Ref       blob.EventRef
}

// Delete takes a deletable registration back.
type Delete struct {
	Blob         blob.ID
	Object       blob.ObjectID
	WasCertified bool
}

// Invalidate records that the blob was proved inconsistent.
type Invalidate struct {
	Blob  blob.ID
	Epoch committee.Epoch
	Ref   blob.EventRef
}

// Deny records that no node is to keep the blob's data, however it is registered.
type Deny struct{ Blob blob.ID }

func (Register) change()   {}
func (Certify) change()    {}
func (Extend) change()     {}
func (Delete) change()     {}
func (Invalidate) change() {}
func (Deny) change()       {}

func (c Register) blobID() blob.ID   { return c.Blob }
func (c Certify) blobID() blob.ID    { return c.Blob }
func (c Extend) blobID() blob.ID     { return c.Blob }
func (c Delete) blobID() blob.ID     { return c.Blob }
func (c Invalidate) blobID() blob.ID { return c.Blob }

func (Register) creates() bool   { return true }
func (Certify) creates() bool    { return false }
func (Extend) creates() bool     { return false }
func (Delete) creates() bool     { return false }
func (Invalidate) creates() bool { return true }

// add counts a registration that ends at end.
func (p *Permanent) add(end committee.Epoch, ref blob.EventRef) {
	p.Count++
	p.raise(end, ref)
}

// raise notes an end epoch if it is the largest.
func (p *Permanent) raise(end committee.Epoch, ref blob.EventRef) {
	if p.Count > 0 && end > p.End {
		p.End, p.Ref = end, ref
	}
}

func (c Register) info(i *Info) error {
	i.Size = c.Size
	if c.Deletable {
		i.DeletableTotal++
		i.DeletableEnd = max(i.DeletableEnd, c.End)
		return nil
	}
	i.PermanentTotal.add(c.End, c.Ref)
	return nil
}

func (c Certify) info(i *Info) error {
	before := i.Certified(c.Epoch)
	if c.Deletable {
		if i.DeletableTotal <= i.DeletableCertified {
			return fmt.Errorf("all %d deletable registrations are certified", i.DeletableTotal)
		}
		i.DeletableCertified++
		i.DeletableCertifiedEnd = max(i.DeletableCertifiedEnd, c.End)
	} else {
		if i.PermanentTotal.Count <= i.PermanentCertified.Count {
			return fmt.Errorf("all %d permanent registrations are certified", i.PermanentTotal.Count)
		}
		if c.End > i.PermanentTotal.End {
			return fmt.Errorf("end epoch %d is beyond every registration's, %d", c.End, i.PermanentTotal.End)
		}
		i.PermanentCertified.add(c.End, c.Ref)
	}
	i.mark(c.Epoch, before)
	return nil
}

func (c Extend) info(i *Info) error {
	if c.Deletable {
		if i.DeletableCertified == 0 {
			return fmt.Errorf("no deletable registration is certified")
		}
		i.DeletableEnd = max(i.DeletableEnd, c.End)
		i.DeletableCertifiedEnd = max(i.DeletableCertifiedEnd, c.End)
		return nil
	}
	if i.PermanentCertified.Count == 0 {
		return fmt.Errorf("no permanent registration is certified")
	}
	i.PermanentTotal.raise(c.End, c.Ref)
	i.PermanentCertified.raise(c.End, c.Ref)
	return nil
}

func (c Delete) info(i *Info) error {
	if i.DeletableTotal == 0 {
		return fmt.Errorf("no deletable registration is left")
	}
	i.DeletableTotal--
	if c.WasCertified && i.DeletableCertified > 0 {
		i.DeletableCertified--
	}
	if i.DeletableTotal == 0 {
		i.DeletableEnd = 0
	}
	if i.DeletableCertified == 0 {
		i.DeletableCertifiedEnd = 0
	}
	i.unmark()
	return nil
}

func (c Invalidate) info(i *Info) error {
	*i = Info{Invalid: true, InvalidSince: c.Epoch, Ref: c.Ref, MetadataStored: i.MetadataStored}
	return nil
}

// objects reads a registration by its ID.
type objects = func(blob.ObjectID) (*Object, error)

func (c Register) object(objects) (*blob.ObjectID, *Object, error) {
	return &c.Object, &Object{Blob: c.Blob, Registered: c.Epoch, End: c.End, Deletable: c.Deletable, Ref: c.Ref}, nil
}

func (c Certify) object(get objects) (*blob.ObjectID, *Object, error) {
	o, err := get(c.Object)
	if err != nil {
		return nil, nil, err
	}
	epoch := c.Epoch
	o.Certified, o.End, o.Ref = &epoch, c.End, c.Ref
	return &c.Object, o, nil
}

func (c Extend) object(get objects) (*blob.ObjectID, *Object, error) {
	o, err := get(c.Object)
	if err != nil {
		return nil, nil, err
	}
	o.End, o.Ref = max(o.End, c.End), c.Ref
	return &c.Object, o, nil
}

func (c Delete) object(objects) (*blob.ObjectID, *Object, error)     { return &c.Object, nil, nil }
func (c Invalidate) object(objects) (*blob.ObjectID, *Object, error) { return nil, nil, nil }
