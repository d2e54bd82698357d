package keeper

import (
	"context"
	"math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	eventv1 "github.com/walrus-go/walrus/api/event/v1"
	"github.com/walrus-go/walrus/attest"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/economy/market"
	"github.com/walrus-go/walrus/chain/economy/price"
	"github.com/walrus-go/walrus/chain/economy/storage"
	"github.com/walrus-go/walrus/chain/x/blob/types"
	"github.com/walrus-go/walrus/committee"
)

// checkBatch bounds the number of things in a message.
func checkBatch(n int) error {
	if n == 0 || n > types.MaxBatch {
		return sdkerrors.ErrInvalidRequest.Wrapf("blob: %d blobs in a message, want 1 to %d", n, types.MaxBatch)
	}
	return nil
}

// registerAll registers blobs in order, buying storage where none is given.
func (k Keeper) registerAll(ctx context.Context, owner sdk.AccAddress, list []blobv1.Registration) ([]blobv1.Blob, uint64, error) {
	if err := checkBatch(len(list)); err != nil {
		return nil, 0, err
	}
	m, err := k.market(ctx)
	if err != nil {
		return nil, 0, err
	}
	p := k.purse(ctx, owner)
	out := make([]blobv1.Blob, len(list))
	for i := range list {
		if out[i], err = k.register(ctx, m, p, &list[i]); err != nil {
			return nil, 0, err
		}
	}
	return out, p.paid, k.settle(ctx, m, p)
}

// register registers one blob. Source: spec: control-plane.md section 2.3.
func (k Keeper) register(ctx context.Context, m *market.Market, p *purse, r *blobv1.Registration) (blobv1.Blob, error) {
	claim, err := claimOf(r)
	if err != nil {
		return blobv1.Blob{}, err
	}
	space, err := k.space(ctx, m, p, r)
	if err != nil {
		return blobv1.Blob{}, err
	}
	value, _, fee, err := storage.Register(m, resource(space), claim, p.left)
	if err != nil {
		return blobv1.Blob{}, err
	}
	p.spend(fee)
	id, err := k.objects.NextObject(ctx)
	if err != nil {
		return blobv1.Blob{}, err
	}
	space.Owner = nil // the blob holds it
	b := blobv1.Blob{
		Id:              id[:],
		Owner:           p.owner,
		BlobId:          r.BlobId,
		Size_:           r.Size_,
		EncodingType:    r.EncodingType,
		Deletable:       r.Deletable,
		RegisteredEpoch: uint32(value.Registered),
		Storage:         space,
	}
	return b, k.noteRegistration(ctx, b)
}

// noteRegistration stores a new blob and tells the world.
func (k Keeper) noteRegistration(ctx context.Context, b blobv1.Blob) error {
	if err := k.putBlob(ctx, b); err != nil {
		return err
	}
	return k.tellRegistration(ctx, b)
}

// tellRegistration tells the world of a new blob.
func (k Keeper) tellRegistration(ctx context.Context, b blobv1.Blob) error {
	ref, err := k.log.Emit(ctx, &eventv1.BlobRegistered{
		Epoch:        b.RegisteredEpoch,
		BlobId:       b.BlobId,
		Size_:        b.Size_,
		EncodingType: b.EncodingType,
		EndEpoch:     b.Storage.EndEpoch,
		Deletable:    b.Deletable,
		ObjectId:     b.Id,
	})
	if err != nil {
		return err
	}
	return k.updateInfo(ctx, b.BlobId, func(info *blobv1.Info) { noteRegistered(info, &b, ref) })
}

func claimOf(r *blobv1.Registration) (storage.Claim, error) {
	id, err := hash("blob ID", r.BlobId)
	if err != nil {
		return storage.Claim{}, err
	}
	root, err := hash("root hash", r.RootHash)
	if err != nil {
		return storage.Claim{}, err
	}
	return storage.Claim{
		ID: blob.ID(id), Root: root, Size: r.Size_, Encoding: encodingOf(r.EncodingType), Deletable: r.Deletable,
	}, nil
}

// encodingOf reads an encoding type, which has a byte: all beyond are the last one, of which there is none, and
// are refused in their turn by the rules.
func encodingOf(t uint32) uint8 { return uint8(min(t, math.MaxUint8)) }

// space returns the storage for a registration: the resource it names, which is taken from its owner, or
// one of exactly the encoded size, bought now.
func (k Keeper) space(ctx context.Context, m *market.Market, p *purse, r *blobv1.Registration) (blobv1.Storage, error) {
	if len(r.StorageId) > 0 {
		if r.EpochsAhead != 0 {
			return blobv1.Storage{}, sdkerrors.ErrInvalidRequest.Wrap("blob: registration with both a resource and epochs to buy")
		}
		s, err := k.ownStorage(ctx, p.owner, r.StorageId)
		if err != nil {
			return blobv1.Storage{}, err
		}
		return s, k.takeStorage(ctx, s)
	}
	encoded, err := price.EncodedSize(m.Shards, r.Size_, encodingOf(r.EncodingType))
	if err != nil {
		return blobv1.Storage{}, err
	}
	span, cost, err := m.ReserveSpace(encoded, r.EpochsAhead, p.left)
	if err != nil {
		return blobv1.Storage{}, err
	}
	p.spend(cost)
	return k.newStorage(ctx, nil, storage.NewResource(span, encoded))
}

// certify certifies one blob. Source: spec: control-plane.md sections 2.3 and 4.4.
func (k Keeper) certify(ctx context.Context, owner sdk.AccAddress, object []byte, cert storage.Certificate) error {
	b, err := k.ownBlob(ctx, owner, object)
	if err != nil {
		return err
	}
	now, err := k.committee.Now(ctx)
	if err != nil {
		return err
	}
	value := blobValue(b)
	if err := value.Certify(now, blob.ObjectID(b.Id), cert); err != nil {
		return err
	}
	b = blobRecord(b, value)
	if err := k.blobs.Set(ctx, b.Id, b); err != nil {
		return err
	}
	return k.tellCertification(ctx, b, now)
}

// tellCertification tells the world that the network answers for a blob.
func (k Keeper) tellCertification(ctx context.Context, b blobv1.Blob, now committee.Epoch) error {
	ref, err := k.log.Emit(ctx, certified(&b, false))
	if err != nil {
		return err
	}
	return k.certifyInfo(ctx, b.BlobId, now, func(info *blobv1.Info) { noteCertified(info, &b, ref) })
}

func certified(b *blobv1.Blob, extension bool) *eventv1.BlobCertified {
	return &eventv1.BlobCertified{
		Epoch:       b.CertifiedEpoch,
		BlobId:      b.BlobId,
		EndEpoch:    b.Storage.EndEpoch,
		Deletable:   b.Deletable,
		ObjectId:    b.Id,
		IsExtension: extension,
	}
}

// delete takes a deletable blob back and returns its storage to the owner.
func (k Keeper) delete(ctx context.Context, owner sdk.AccAddress, id []byte) (blobv1.Storage, error) {
	b, err := k.ownBlob(ctx, owner, id)
	if err != nil {
		return blobv1.Storage{}, err
	}
	now, err := k.committee.Now(ctx)
	if err != nil {
		return blobv1.Storage{}, err
	}
	value := blobValue(b)
	freed, err := value.Delete(now)
	if err != nil {
		return blobv1.Storage{}, err
	}
	if err := k.takeBlob(ctx, b); err != nil {
		return blobv1.Storage{}, err
	}
	s := storageRecord(b.Storage.Id, owner, freed)
	if err := k.putStorage(ctx, s); err != nil {
		return blobv1.Storage{}, err
	}
	_, err = k.log.Emit(ctx, &eventv1.BlobDeleted{
		Epoch:        uint32(now),
		BlobId:       b.BlobId,
		EndEpoch:     b.Storage.EndEpoch,
		ObjectId:     b.Id,
		WasCertified: b.CertifiedEpoch != 0,
	})
	if err != nil {
		return blobv1.Storage{}, err
	}
	return s, k.updateInfo(ctx, b.BlobId, func(info *blobv1.Info) { noteDeleted(info, &b) })
}

// extend buys epochs for a certified blob.
func (k Keeper) extend(ctx context.Context, owner sdk.AccAddress, id []byte, more uint32) (end uint32, paid uint64, err error) {
	b, err := k.ownBlob(ctx, owner, id)
	if err != nil {
		return 0, 0, err
	}
	m, err := k.market(ctx)
	if err != nil {
		return 0, 0, err
	}
	p := k.purse(ctx, owner)
	value := blobValue(b)
	cost, err := value.Extend(m, more, p.left)
	if err != nil {
		return 0, 0, err
	}
	p.spend(cost)
	b = blobRecord(b, value)
	if err := k.noteExtension(ctx, b); err != nil {
		return 0, 0, err
	}
	return b.Storage.EndEpoch, p.paid, k.settle(ctx, m, p)
}

// extendWith adds a resource to a certified blob.
func (k Keeper) extendWith(ctx context.Context, owner sdk.AccAddress, id, storageID []byte) (end uint32, err error) {
	b, err := k.ownBlob(ctx, owner, id)
	if err != nil {
		return 0, err
	}
	s, err := k.ownStorage(ctx, owner, storageID)
	if err != nil {
		return 0, err
	}
	now, err := k.committee.Now(ctx)
	if err != nil {
		return 0, err
	}
	value := blobValue(b)
	if err := value.ExtendWith(now, resource(s)); err != nil {
		return 0, err
	}
	if err := k.takeStorage(ctx, s); err != nil {
		return 0, err
	}
	b = blobRecord(b, value)
	return b.Storage.EndEpoch, k.noteExtension(ctx, b)
}

// noteExtension stores a blob whose end moved and tells the world.
func (k Keeper) noteExtension(ctx context.Context, b blobv1.Blob) error {
	if err := k.blobs.Set(ctx, b.Id, b); err != nil {
		return err
	}
	ref, err := k.log.Emit(ctx, certified(&b, true))
	if err != nil {
		return err
	}
	return k.updateInfo(ctx, b.BlobId, func(info *blobv1.Info) { noteExtended(info, &b, ref) })
}

// invalidate records that a blob ID was proved inconsistent. Source: spec: control-plane.md section 2.11.
func (k Keeper) invalidate(ctx context.Context, cert blobv1.Certificate) error {
	id, err := k.committee.InvalidBlobCertificate(ctx, certificate(cert))
	if err != nil {
		return err
	}
	now, err := k.committee.Now(ctx)
	if err != nil {
		return err
	}
	return k.noteInvalid(ctx, now, id)
}

func certificate(c blobv1.Certificate) attest.Certificate {
	return attest.Certificate{Message: c.Message, Signers: c.Signers, Signature: c.Signature}
}

func (k Keeper) noteInvalid(ctx context.Context, epoch committee.Epoch, id blob.ID) error {
	ref, err := k.log.Emit(ctx, &eventv1.InvalidBlobID{Epoch: uint32(epoch), BlobId: id[:]})
	if err != nil {
		return err
	}
	return k.updateInfo(ctx, id[:], func(info *blobv1.Info) {
		if info.InvalidEvent == nil {
			info.InvalidEvent = eventRef(ref)
		}
	})
}
