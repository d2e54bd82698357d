package rpc

import (
	"context"
	"fmt"

	bankv1beta1 "cosmossdk.io/api/cosmos/bank/v1beta1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/ledger"
)

// Limits of gas, generous: what is not used costs its fee all the same, but running out costs the whole
// transaction. A test holds them against what the operations use.
const (
	gasBase      = 150_000
	gasRegister  = 150_000 // per blob
	gasCertify   = 150_000
	gasDelete    = 150_000
	gasExtend    = 150_000
	encodingType = 1 // RS2, the only one
)

// Register implements [ledger.Wallet].
func (w *Wallet) Register(ctx context.Context, blobs []ledger.Registration) ([]ledger.Blob, error) {
	m := &blobv1.MsgRegisterBlobs{Owner: w.Address().String()}
	for _, r := range blobs {
		one := blobv1.Registration{
			BlobId: r.BlobID[:], RootHash: r.RootHash[:], Size_: r.Size,
			EncodingType: encodingType, Deletable: r.Deletable,
		}
		if r.Storage != nil {
			one.StorageId = r.Storage[:]
		} else {
			one.EpochsAhead = r.Epochs
		}
		m.Blobs = append(m.Blobs, one)
	}
	var out blobv1.MsgRegisterBlobsResponse
	if err := w.sendOne(ctx, gasBase+gasRegister*uint64(len(blobs)), m, &out); err != nil {
		return nil, err
	}
	if len(out.Blobs) != len(blobs) {
		return nil, fmt.Errorf("%w: %d blobs registered, asked for %d", ledger.ErrUnknown, len(out.Blobs), len(blobs))
	}
	return convert(out.Blobs, blobOf)
}

// Certify implements [ledger.Wallet].
func (w *Wallet) Certify(ctx context.Context, certs []ledger.Certification) error {
	m := &blobv1.MsgCertifyBlobs{Owner: w.Address().String()}
	for _, c := range certs {
		m.Blobs = append(m.Blobs, blobv1.Certification{
			ObjectId: c.Object[:],
			Certificate: blobv1.Certificate{
				Message: c.Certificate.Message, Signers: c.Certificate.Signers, Signature: c.Certificate.Signature,
			},
		})
	}
	return w.sendOne(ctx, gasBase+gasCertify*uint64(len(certs)), m, &blobv1.MsgCertifyBlobsResponse{})
}

// Delete implements [ledger.Wallet].
func (w *Wallet) Delete(ctx context.Context, objects []blob.ObjectID) ([]ledger.Storage, error) {
	m := &blobv1.MsgDeleteBlobs{Owner: w.Address().String()}
	for _, id := range objects {
		m.ObjectIds = append(m.ObjectIds, id[:])
	}
	var out blobv1.MsgDeleteBlobsResponse
	if err := w.sendOne(ctx, gasBase+gasDelete*uint64(len(objects)), m, &out); err != nil {
		return nil, err
	}
	return convert(out.Storages, storageOf)
}

// Extend implements [ledger.Wallet].
func (w *Wallet) Extend(ctx context.Context, object blob.ObjectID, epochs uint32) error {
	m := &blobv1.MsgExtendBlob{Owner: w.Address().String(), ObjectId: object[:], Epochs: epochs}
	return w.sendOne(ctx, gasBase+gasExtend, m, &blobv1.MsgExtendBlobResponse{})
}

// Send implements [ledger.Wallet].
func (w *Wallet) Send(ctx context.Context, to ledger.Address, amount uint64) error {
	if amount == 0 {
		return fmt.Errorf("ledger: send: amount of 0 FROST")
	}
	value, err := proto.Marshal(&bankv1beta1.MsgSend{
		FromAddress: w.Address().String(), ToAddress: to.String(), Amount: coins(amount),
	})
	if err != nil {
		return fmt.Errorf("ledger: send: %w", err)
	}
	_, err = w.send(ctx, gasBase, &anypb.Any{TypeUrl: "/cosmos.bank.v1beta1.MsgSend", Value: value})
	return err
}
