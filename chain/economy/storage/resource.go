// Package storage has what people own on the chain: storage resources, blobs, storage pools, and what nodes
// say about blobs.
//
// The idea: a resource is a number of encoded bytes for a period of epochs. It can be cut and joined
// like a rectangle, moved, and attached to a blob, which then lives as long as the resource lasts. A
// storage pool attaches one resource to many blobs. Nothing here gives money back; what is deleted
// frees the resource, not the payment.
//
// Methods change their receiver only if they succeed. Ownership is the caller's business, and so is
// whatever must be stored or deleted besides the receiver.
//
// Start with [Resource] and [Register]. Source: spec: control-plane.md sections 2.2 to 2.11.
package storage

import (
	"github.com/walrus-go/walrus/chain/economy"
	"github.com/walrus-go/walrus/chain/economy/market"
	"github.com/walrus-go/walrus/committee"
)

// A Resource is Size encoded bytes for the epochs [Start, End).
type Resource struct {
	Start, End committee.Epoch
	Size       uint64
}

// NewResource makes the resource that a sale of size bytes over span bought.
func NewResource(span market.Span, size uint64) Resource {
	return Resource{Start: span.Start, End: span.End, Size: size}
}

// SplitByEpoch cuts r at epoch e: r keeps [Start, e), the result is [e, End).
//
// Errors: [economy.ErrStorageResourceInvalidEpoch]. Source: spec: control-plane.md section 2.2.
func (r *Resource) SplitByEpoch(e committee.Epoch) (Resource, error) {
	if e <= r.Start || e >= r.End {
		return Resource{}, economy.ErrStorageResourceInvalidEpoch
	}
	rest := Resource{Start: e, End: r.End, Size: r.Size}
	r.End = e
	return rest, nil
}

// SplitBySize cuts r at size: r keeps size bytes, the result is what is left, possibly nothing.
//
// Errors: [economy.ErrStorageResourceIncompatibleAmount]. Source: spec: control-plane.md section 2.2.
func (r *Resource) SplitBySize(size uint64) (Resource, error) {
	if r.Size < size {
		return Resource{}, economy.ErrStorageResourceIncompatibleAmount
	}
	rest := Resource{Start: r.Start, End: r.End, Size: r.Size - size}
	r.Size = size
	return rest, nil
}

// FusePeriods joins o, of the same size and just before or after, to r. The caller deletes o.
//
// Errors, in order: [economy.ErrStorageResourceIncompatibleAmount],
// [economy.ErrStorageResourceIncompatibleEpochs]. Source: spec: control-plane.md section 2.2.
func (r *Resource) FusePeriods(o Resource) error {
	if r.Size != o.Size {
		return economy.ErrStorageResourceIncompatibleAmount
	}
	switch {
	case r.End == o.Start:
		r.End = o.End
	case r.Start == o.End:
		r.Start = o.Start
	default:
		return economy.ErrStorageResourceIncompatibleEpochs
	}
	return nil
}

// FuseAmount joins o, of the same period, to r. The caller deletes o.
//
// Errors: [economy.ErrStorageResourceIncompatibleEpochs], [economy.ErrOverflow].
// Source: spec: control-plane.md section 2.2.
func (r *Resource) FuseAmount(o Resource) error {
	if r.Start != o.Start || r.End != o.End {
		return economy.ErrStorageResourceIncompatibleEpochs
	}
	sum, err := economy.Add(r.Size, o.Size)
	if err != nil {
		return err
	}
	r.Size = sum
	return nil
}

// Fuse joins o to r the way that fits: by amount if both start together, else by period. The caller
// deletes o. Source: spec: control-plane.md section 2.2.
func (r *Resource) Fuse(o Resource) error {
	if r.Start == o.Start {
		return r.FuseAmount(o)
	}
	return r.FusePeriods(o)
}
