package sim

import (
	"slices"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/committee"
)

// A Pool is a storage pool with its blobs, in order of registration.
type Pool struct {
	storage.Pool
	Content []PooledBlob
}

// A PooledBlob is a blob in a pool with the handle of its object.
type PooledBlob struct {
	Object Handle
	storage.PooledBlob
}

func (p *Pool) find(id blob.ID) int {
	return slices.IndexFunc(p.Content, func(b PooledBlob) bool { return b.ID == id })
}

// CreateStoragePool buys a pool and returns it with the cost.
func (w *World) CreateStoragePool(size uint64, epochs uint32, budget uint64) (Handle, storage.Pool, uint64, error) {
	p, cost, err := storage.CreatePool(&w.Market, size, epochs, w.budget(budget))
	if err != nil {
		return 0, storage.Pool{}, 0, err
	}
	w.External -= cost
	return w.putPool(p), p, cost, nil
}

// CreateStoragePoolWithStorage makes a pool of a resource.
func (w *World) CreateStoragePoolWithStorage(resource Handle) (Handle, storage.Pool, error) {
	r, err := w.Storage.Get(resource)
	if err != nil {
		return 0, storage.Pool{}, err
	}
	p, err := storage.CreatePoolWith(w.Epoch(), *r)
	if err != nil {
		return 0, storage.Pool{}, err
	}
	w.Storage.Delete(resource)
	return w.putPool(p), p, nil
}

func (w *World) putPool(p storage.Pool) Handle {
	w.emit("StoragePoolCreated", "epoch", w.Epoch(), "reserved_encoded_capacity_bytes", p.Storage.Size,
		"start_epoch", p.Storage.Start, "end_epoch", p.Storage.End)
	return w.Pools.Put(Pool{Pool: p})
}

// RegisterPooledBlob adds a blob to a pool and returns its encoded size and fee.
func (w *World) RegisterPooledBlob(h Handle, claim storage.Claim, budget uint64) (encoded, fee uint64, err error) {
	p, err := w.Pools.Get(h)
	if err != nil {
		return 0, 0, err
	}
	b, encoded, fee, err := p.Register(&w.Market, claim, p.find(claim.ID) >= 0, w.budget(budget))
	if err != nil {
		return 0, 0, err
	}
	w.External -= fee
	w.Pools.last++
	p.Content = append(p.Content, PooledBlob{Object: w.Pools.last, PooledBlob: b})
	w.emit("PooledBlobRegistered", "epoch", w.Epoch(), "blob_id", b.ID, "unencoded_size", b.Size,
		"encoding_type", b.Encoding, "deletable", b.Deletable)
	return encoded, fee, nil
}

// CertifyPooledBlob certifies a blob in a pool with the certificate that o describes.
func (w *World) CertifyPooledBlob(h Handle, id blob.ID, o CertifyOptions) error {
	p, err := w.Pools.Get(h)
	if err != nil {
		return err
	}
	i := p.find(id)
	if i < 0 {
		return economy.ErrDynamicFieldFieldDoesNotExist
	}
	b := &p.Content[i]
	if err := p.Certify(&b.PooledBlob, w.Epoch(), objectID(b.Object), certificate(id, b.Object, o)); err != nil {
		return err
	}
	w.emit("PooledBlobCertified", "epoch", w.Epoch(), "blob_id", id, "deletable", b.Deletable)
	return nil
}

// DeletePooledBlob deletes a blob from a pool and returns what the pool still uses.
func (w *World) DeletePooledBlob(h Handle, id blob.ID) (uint64, error) {
	p, err := w.Pools.Get(h)
	if err != nil {
		return 0, err
	}
	if err := p.CheckDelete(w.Epoch()); err != nil {
		return 0, err
	}
	i := p.find(id)
	if i < 0 {
		return 0, economy.ErrDynamicFieldFieldDoesNotExist
	}
	b := p.Content[i]
	if err := p.Delete(b.PooledBlob, w.Epoch(), w.Market.Shards); err != nil {
		return 0, err
	}
	p.Content = slices.Delete(p.Content, i, i+1)
	w.emit("PooledBlobDeleted", "epoch", w.Epoch(), "blob_id", id, "was_certified", b.Certified)
	return p.Used, nil
}

// BurnExpiredPooledBlob forgets a blob in an expired pool and returns what the pool still uses.
func (w *World) BurnExpiredPooledBlob(h Handle, id blob.ID) (uint64, error) {
	p, err := w.Pools.Get(h)
	if err != nil {
		return 0, err
	}
	if err := p.CheckBurn(w.Epoch()); err != nil {
		return 0, err
	}
	i := p.find(id)
	if i < 0 {
		return 0, economy.ErrDynamicFieldFieldDoesNotExist
	}
	if err := p.BurnExpired(p.Content[i].PooledBlob, w.Epoch(), w.Market.Shards); err != nil {
		return 0, err
	}
	p.Content = slices.Delete(p.Content, i, i+1)
	return p.Used, nil
}

// ExtendStoragePool buys epochs for a pool and returns the cost and the new end.
func (w *World) ExtendStoragePool(h Handle, epochs uint32, budget uint64) (uint64, committee.Epoch, error) {
	p, err := w.Pools.Get(h)
	if err != nil {
		return 0, 0, err
	}
	cost, err := p.Extend(&w.Market, epochs, w.budget(budget))
	if err != nil {
		return 0, 0, err
	}
	w.External -= cost
	w.emit("StoragePoolExtended", "epoch", w.Epoch(), "new_end_epoch", p.Storage.End)
	return cost, p.Storage.End, nil
}

// IncreaseStoragePool buys bytes for a pool and returns the cost and the new size.
func (w *World) IncreaseStoragePool(h Handle, size, budget uint64) (uint64, uint64, error) {
	p, err := w.Pools.Get(h)
	if err != nil {
		return 0, 0, err
	}
	cost, err := p.Increase(&w.Market, size, w.budget(budget))
	if err != nil {
		return 0, 0, err
	}
	w.External -= cost
	return cost, p.Storage.Size, nil
}

// IncreaseStoragePoolWithStorage adds a resource to a pool and returns the new size.
func (w *World) IncreaseStoragePoolWithStorage(h, resource Handle) (uint64, error) {
	p, err := w.Pools.Get(h)
	if err != nil {
		return 0, err
	}
	r, err := w.Storage.Get(resource)
	if err != nil {
		return 0, err
	}
	if err := p.IncreaseWith(w.Epoch(), *r); err != nil {
		return 0, err
	}
	w.Storage.Delete(resource)
	return p.Storage.Size, nil
}

// DecreaseStoragePoolBySize takes bytes out of a pool; it returns them and the new size.
func (w *World) DecreaseStoragePoolBySize(h Handle, size uint64) (Handle, uint64, uint64, error) {
	return w.decrease(h, func(p *Pool) (storage.Resource, error) { return p.DecreaseBySize(w.Epoch(), size) })
}

// DecreaseStoragePoolByPercent takes a part of the unused bytes out of a pool.
func (w *World) DecreaseStoragePoolByPercent(h Handle, percent uint8) (Handle, uint64, uint64, error) {
	return w.decrease(h, func(p *Pool) (storage.Resource, error) {
		return p.DecreaseUnusedByPercent(w.Epoch(), percent)
	})
}

func (w *World) decrease(h Handle, take func(*Pool) (storage.Resource, error)) (Handle, uint64, uint64, error) {
	p, err := w.Pools.Get(h)
	if err != nil {
		return 0, 0, 0, err
	}
	r, err := take(p)
	if err != nil {
		return 0, 0, 0, err
	}
	return w.Storage.Put(r), r.Size, p.Storage.Size, nil
}

// DestroyStoragePool dissolves an empty pool and returns its storage.
func (w *World) DestroyStoragePool(h Handle) (Handle, storage.Resource, error) {
	p, err := w.Pools.Get(h)
	if err != nil {
		return 0, storage.Resource{}, err
	}
	r, err := p.Destroy()
	if err != nil {
		return 0, storage.Resource{}, err
	}
	w.Pools.Delete(h)
	return w.Storage.Put(r), r, nil
}
