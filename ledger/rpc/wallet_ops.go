package rpc

import (
	"context"
	"fmt"
	"math/bits"

	bankv1beta1 "cosmossdk.io/api/cosmos/bank/v1beta1"
	gogoproto "github.com/cosmos/gogoproto/proto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/ledger"
)

// Limits of gas. What is not used is paid for all the same, and takes room in a block from others; but running
// out costs the whole transaction, so they leave a third or more. A test of the chain holds them against what
// transactions use.
const (
	gasBase        = 150_000
	gasEach        = 150_000 // blob, for whatever is done with it
	gasRegister    = 75_000  // blob
	gasSplit       = 30_000  // storage resource
	gasCertify     = 90_000  // blob
	gasCertificate = 50_000  // set of signers
	gasSigner      = 75
	gasEpoch       = 1_200 // epoch beyond usualEpochs for which the chain sells space
	usualEpochs    = 53
)

// saleGas is the limit for a transaction that buys something in the storage market. Whatever it buys, the chain
// writes the accounts of all epochs for which it sells space: of the usual number of them the limit gas takes care.
func (w *Wallet) saleGas(ctx context.Context, gas uint64) (uint64, error) {
	epochs, err := w.client.maxEpochsAhead(ctx)
	return gas + gasEpoch*uint64(max(epochs, usualEpochs)-usualEpochs), err
}

// buy executes a message that buys something in the storage market.
func (w *Wallet) buy(ctx context.Context, gas uint64, message, response gogoproto.Message) error {
	gas, err := w.saleGas(ctx, gas)
	if err != nil {
		return err
	}
	return w.Execute(ctx, gas, message, response)
}

// maxEpochsAhead returns for how many epochs the chain sells space, which never changes.
func (c *Client) maxEpochsAhead(ctx context.Context) (uint32, error) {
	if known := c.horizon.Load(); known > 0 {
		return known, nil
	}
	var system blobv1.QuerySystemResponse
	if err := c.query(ctx, blobQuery+"System", &blobv1.QuerySystemRequest{}, &system); err != nil {
		return 0, err
	}
	c.horizon.Store(system.Params.MaxEpochsAhead)
	return system.Params.MaxEpochsAhead, nil
}

// GasLimit is the limit that a wallet sets for a transaction about n blobs, where no tighter one is known and the
// chain sells space for the usual number of epochs.
func GasLimit(n int) uint64 { return gasBase + gasEach*uint64(n) }

// RegisterGas is the limit that a wallet sets for registering blobs, where the chain sells space for the usual
// number of epochs.
func RegisterGas(blobs []ledger.Registration) uint64 {
	gas := gasBase + gasRegister*uint64(len(blobs))
	for _, r := range blobs {
		if r.Storage != nil && r.StorageSize != 0 {
			gas += gasSplit
		}
	}
	return gas
}

// CertifyGas is the limit that a wallet sets for certificates. The chain charges for each, and for each set
// of signers by their number.
func CertifyGas(certs []ledger.Certification) uint64 {
	gas := gasBase + gasCertify*uint64(len(certs))
	seen := map[string]bool{}
	for _, c := range certs {
		signers := c.Certificate.Signers
		if seen[string(signers)] {
			continue
		}
		seen[string(signers)] = true
		gas += gasCertificate
		for _, b := range signers {
			gas += gasSigner * uint64(bits.OnesCount8(b))
		}
	}
	return gas
}

const encodingType = 1 // RS2, the only one

// Register implements [ledger.Wallet].
func (w *Wallet) Register(ctx context.Context, blobs []ledger.Registration) ([]ledger.Blob, error) {
	m := &blobv1.MsgRegisterBlobs{Owner: w.Address().String()}
	var messages []gogoproto.Message // the cuts come first: what is cut keeps its ID
	for _, r := range blobs {
		one := blobv1.Registration{
			BlobId: r.BlobID[:], RootHash: r.RootHash[:], Size_: r.Size,
			EncodingType: encodingType, Deletable: r.Deletable,
		}
		if r.Storage != nil {
			one.StorageId = r.Storage[:]
			if r.StorageSize != 0 {
				messages = append(messages, &blobv1.MsgSplitStorageBySize{Owner: m.Owner, StorageId: one.StorageId, Size_: r.StorageSize})
			}
		} else {
			one.EpochsAhead = r.Epochs
		}
		m.Blobs = append(m.Blobs, one)
	}
	cuts := len(messages)
	gas, err := w.saleGas(ctx, RegisterGas(blobs))
	if err != nil {
		return nil, err
	}
	receipt, err := w.Deliver(ctx, gas, append(messages, m)...)
	if err != nil {
		return nil, err
	}
	var out blobv1.MsgRegisterBlobsResponse
	if err := receipt.Response(cuts, &out); err != nil {
		return nil, err
	}
	if len(out.Blobs) != len(blobs) {
		return nil, fmt.Errorf("%w: %d blobs registered, asked for %d", ledger.ErrUnknown, len(out.Blobs), len(blobs))
	}
	return committed(convert(out.Blobs, blobOf))
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
	return w.Execute(ctx, CertifyGas(certs), m, &blobv1.MsgCertifyBlobsResponse{})
}

// Delete implements [ledger.Wallet].
func (w *Wallet) Delete(ctx context.Context, objects []blob.ObjectID) ([]ledger.Storage, error) {
	m := &blobv1.MsgDeleteBlobs{Owner: w.Address().String()}
	for _, id := range objects {
		m.ObjectIds = append(m.ObjectIds, id[:])
	}
	var out blobv1.MsgDeleteBlobsResponse
	if err := w.Execute(ctx, GasLimit(len(objects)), m, &out); err != nil {
		return nil, err
	}
	return committed(convert(out.Storages, StorageOf))
}

// committed marks an error about the result of a transaction that is in a block: to send it again would
// be to do it twice.
func committed[T any](out []T, err error) ([]T, error) {
	if err != nil {
		return nil, fmt.Errorf("%w: committed, but its result cannot be read: %w", ledger.ErrUnknown, err)
	}
	return out, nil
}

// Extend implements [ledger.Wallet].
func (w *Wallet) Extend(ctx context.Context, object blob.ObjectID, epochs uint32) error {
	m := &blobv1.MsgExtendBlob{Owner: w.Address().String(), ObjectId: object[:], Epochs: epochs}
	return w.buy(ctx, GasLimit(1), m, &blobv1.MsgExtendBlobResponse{})
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
