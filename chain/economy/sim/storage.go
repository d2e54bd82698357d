package sim

import (
	"encoding/binary"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/committee"
)

// A Blob is a blob with its attributes.
type Blob struct {
	storage.Blob
	Attributes storage.Attributes
}

// A CertifyOptions describes the certificate that a certification stands for.
type CertifyOptions struct {
	Deletable   bool // what the certificate says
	WrongObject bool // the certificate is for another object
}

// objectID is the object ID that certificates name for a handle.
func objectID(h Handle) (id blob.ObjectID) {
	binary.BigEndian.PutUint64(id[len(id)-8:], uint64(h))
	return id
}

// Reserve buys storage for the coming epochs and returns its handle, itself and the cost.
func (w *World) Reserve(size uint64, epochs uint32, budget uint64) (Handle, storage.Resource, uint64, error) {
	span, cost, err := w.Market.ReserveSpace(size, epochs, w.budget(budget))
	if err != nil {
		return 0, storage.Resource{}, 0, err
	}
	w.External -= cost
	r := storage.NewResource(span, size)
	return w.Storage.Put(r), r, cost, nil
}

// ReserveForEpochs buys storage for [start, end).
func (w *World) ReserveForEpochs(size uint64, start, end committee.Epoch, budget uint64) (Handle, storage.Resource, uint64, error) {
	span, cost, err := w.Market.ReserveSpaceForEpochs(size, start, end, w.budget(budget))
	if err != nil {
		return 0, storage.Resource{}, 0, err
	}
	w.External -= cost
	r := storage.NewResource(span, size)
	return w.Storage.Put(r), r, cost, nil
}

// SplitByEpoch cuts a resource and returns the later part.
func (w *World) SplitByEpoch(h Handle, e committee.Epoch) (Handle, error) {
	return w.split(h, func(r *storage.Resource) (storage.Resource, error) { return r.SplitByEpoch(e) })
}

// SplitBySize cuts a resource and returns what is above size.
func (w *World) SplitBySize(h Handle, size uint64) (Handle, error) {
	return w.split(h, func(r *storage.Resource) (storage.Resource, error) { return r.SplitBySize(size) })
}

func (w *World) split(h Handle, cut func(*storage.Resource) (storage.Resource, error)) (Handle, error) {
	r, err := w.Storage.Get(h)
	if err != nil {
		return 0, err
	}
	rest, err := cut(r)
	if err != nil {
		return 0, err
	}
	return w.Storage.Put(rest), nil
}

// Fuse joins other to h and returns the result.
func (w *World) Fuse(h, other Handle) (storage.Resource, error) {
	return w.fuse(h, other, (*storage.Resource).Fuse)
}

// FusePeriods joins other to h by period and returns the result.
func (w *World) FusePeriods(h, other Handle) (storage.Resource, error) {
	return w.fuse(h, other, (*storage.Resource).FusePeriods)
}

// FuseAmount joins other to h by size and returns the result.
func (w *World) FuseAmount(h, other Handle) (storage.Resource, error) {
	return w.fuse(h, other, (*storage.Resource).FuseAmount)
}

func (w *World) fuse(h, other Handle, join func(*storage.Resource, storage.Resource) error) (storage.Resource, error) {
	r, err := w.Storage.Get(h)
	if err != nil {
		return storage.Resource{}, err
	}
	o, err := w.Storage.Get(other)
	if err != nil {
		return storage.Resource{}, err
	}
	if h == other {
		return storage.Resource{}, economy.ErrDynamicFieldFieldDoesNotExist
	}
	if err := join(r, *o); err != nil {
		return storage.Resource{}, err
	}
	w.Storage.Delete(other)
	return *r, nil
}

// RegisterBlob registers a blob on a resource and returns it with its encoded size and fee.
func (w *World) RegisterBlob(h Handle, claim storage.Claim, budget uint64) (Handle, storage.Blob, uint64, uint64, error) {
	r, err := w.Storage.Get(h)
	if err != nil {
		return 0, storage.Blob{}, 0, 0, err
	}
	b, encoded, fee, err := storage.Register(&w.Market, *r, claim, w.budget(budget))
	if err != nil {
		return 0, storage.Blob{}, 0, 0, err
	}
	w.External -= fee
	w.Storage.Delete(h)
	w.emitRegistered(b)
	return w.Blobs.Put(Blob{Blob: b}), b, encoded, fee, nil
}

func (w *World) emitRegistered(b storage.Blob) {
	w.emit("BlobRegistered", "epoch", w.Epoch(), "blob_id", b.ID, "size", b.Size, "encoding_type", b.Encoding,
		"end_epoch", b.Storage.End, "deletable", b.Deletable)
}

func (w *World) emitCertified(b storage.Blob, extension bool) {
	w.emit("BlobCertified", "epoch", b.Since, "blob_id", b.ID, "end_epoch", b.Storage.End,
		"deletable", b.Deletable, "is_extension", extension)
}

// CertifyBlob certifies a blob with the certificate that o describes.
func (w *World) CertifyBlob(h Handle, o CertifyOptions) error {
	b, err := w.Blobs.Get(h)
	if err != nil {
		return err
	}
	if err := b.Certify(w.Epoch(), objectID(h), certificate(b.ID, h, o)); err != nil {
		return err
	}
	w.emitCertified(b.Blob, false)
	return nil
}

func certificate(id blob.ID, h Handle, o CertifyOptions) storage.Certificate {
	c := storage.Certificate{ID: id, Deletable: o.Deletable, Object: objectID(h)}
	if o.WrongObject {
		c.Object[0] ^= 0xff
	}
	return c
}

// DeleteBlob deletes a blob and returns its storage.
func (w *World) DeleteBlob(h Handle) (Handle, storage.Resource, error) {
	b, err := w.Blobs.Get(h)
	if err != nil {
		return 0, storage.Resource{}, err
	}
	r, err := b.Delete(w.Epoch())
	if err != nil {
		return 0, storage.Resource{}, err
	}
	w.Blobs.Delete(h)
	w.emit("BlobDeleted", "epoch", w.Epoch(), "blob_id", b.ID, "end_epoch", r.End, "was_certified", b.Certified)
	return w.Storage.Put(r), r, nil
}

// BurnBlob forgets a blob with its storage.
func (w *World) BurnBlob(h Handle) error {
	if _, err := w.Blobs.Get(h); err != nil {
		return err
	}
	w.Blobs.Delete(h)
	return nil
}

// ExtendBlob buys epochs for a blob and returns the cost and the new end.
func (w *World) ExtendBlob(h Handle, epochs uint32, budget uint64) (uint64, committee.Epoch, error) {
	b, err := w.Blobs.Get(h)
	if err != nil {
		return 0, 0, err
	}
	cost, err := b.Extend(&w.Market, epochs, w.budget(budget))
	if err != nil {
		return 0, 0, err
	}
	w.External -= cost
	w.emitCertified(b.Blob, true)
	return cost, b.Storage.End, nil
}

// ExtendBlobWithResource extends a blob by a resource and returns the new end.
func (w *World) ExtendBlobWithResource(h, resource Handle) (committee.Epoch, error) {
	b, err := w.Blobs.Get(h)
	if err != nil {
		return 0, err
	}
	r, err := w.Storage.Get(resource)
	if err != nil {
		return 0, err
	}
	if err := b.ExtendWith(w.Epoch(), *r); err != nil {
		return 0, err
	}
	w.Storage.Delete(resource)
	w.emitCertified(b.Blob, true)
	return b.Storage.End, nil
}

// ShareBlob shares a blob for good, with funds.
func (w *World) ShareBlob(h Handle, funds uint64) (Handle, error) {
	b, err := w.Blobs.Get(h)
	if err != nil {
		return 0, err
	}
	if err := w.take(funds); err != nil {
		return 0, err
	}
	w.Blobs.Delete(h)
	return w.Shared.Put(storage.SharedBlob{Blob: b.Blob, Funds: funds}), nil
}

// FundShared adds to the funds of a shared blob and returns them.
func (w *World) FundShared(h Handle, amount uint64) (uint64, error) {
	s, err := w.Shared.Get(h)
	if err != nil {
		return 0, err
	}
	if amount > w.External {
		return 0, economy.ErrBalanceNotEnough
	}
	if err := s.Fund(amount); err != nil {
		return 0, err
	}
	w.External -= amount
	return s.Funds, nil
}

// ExtendShared extends a shared blob from its funds; it returns the cost and the blob.
func (w *World) ExtendShared(h Handle, epochs uint32) (uint64, storage.SharedBlob, error) {
	s, err := w.Shared.Get(h)
	if err != nil {
		return 0, storage.SharedBlob{}, err
	}
	cost, err := s.Extend(&w.Market, epochs)
	if err != nil {
		return 0, storage.SharedBlob{}, err
	}
	w.emitCertified(s.Blob, true)
	return cost, *s, nil
}
