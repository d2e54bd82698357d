package rpc

import (
	"context"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/ledger"
)

// gasObject is the limit of gas of a message about one object of the storage market.
const gasObject = 400_000

// A SharedBlob is a blob that nobody owns. Anyone may add to its funds, and extend it with them.
type SharedBlob struct {
	ID    blob.ObjectID
	Blob  ledger.Blob // without an owner
	Funds uint64      // FROST
}

func sharedOf(r *blobv1.QuerySharedBlobResponse) (out SharedBlob, err error) {
	if out.ID, err = hashOf("shared blob ID", r.Shared.Id); err != nil {
		return out, err
	}
	out.Funds = r.Shared.Funds
	out.Blob, err = blobOf(&r.Blob)
	return out, err
}

// SharedBlob returns a shared blob. Errors are those of [ledger.Reader].
func (c *Client) SharedBlob(ctx context.Context, id blob.ObjectID) (SharedBlob, error) {
	var out blobv1.QuerySharedBlobResponse
	if err := c.query(ctx, blobQuery+"SharedBlob", &blobv1.QuerySharedBlobRequest{SharedId: id.String()}, &out); err != nil {
		return SharedBlob{}, err
	}
	return sharedOf(&out)
}

// SharedBlobs lists all shared blobs; cursor is nil at the end.
func (c *Client) SharedBlobs(ctx context.Context, page ledger.Page) (list []SharedBlob, cursor []byte, err error) {
	var out blobv1.QuerySharedBlobsResponse
	req := &blobv1.QuerySharedBlobsRequest{After: page.Cursor, Limit: limitOf(page.Limit)}
	if err := c.query(ctx, blobQuery+"SharedBlobs", req, &out); err != nil {
		return nil, nil, err
	}
	list, err = convert(out.Shared, sharedOf)
	return list, next(out.Next), err
}

// Share gives a blob up for good, so that anyone may extend it, with funds FROST to begin with. A blob that
// is not certified yet never will be, nor extended. It returns the ID of the shared blob.
func (w *Wallet) Share(ctx context.Context, object blob.ObjectID, funds uint64) (blob.ObjectID, error) {
	var out blobv1.MsgShareBlobResponse
	m := &blobv1.MsgShareBlob{Owner: w.Address().String(), ObjectId: object[:], Funds: funds}
	if err := w.Execute(ctx, gasObject, m, &out); err != nil {
		return blob.ObjectID{}, err
	}
	return one(hashOf("shared blob ID", out.Shared.Id))
}

// FundShared adds amount FROST to the funds of a shared blob and returns them. Nobody can take them out.
func (w *Wallet) FundShared(ctx context.Context, shared blob.ObjectID, amount uint64) (uint64, error) {
	var out blobv1.MsgFundSharedBlobResponse
	m := &blobv1.MsgFundSharedBlob{Sender: w.Address().String(), SharedId: shared[:], Amount: amount}
	err := w.Execute(ctx, gasObject, m, &out)
	return out.Funds, err
}

// ExtendShared buys epochs for a shared blob from its funds. It returns its new end and the funds left.
func (w *Wallet) ExtendShared(ctx context.Context, shared blob.ObjectID, epochs uint32) (committee.Epoch, uint64, error) {
	var out blobv1.MsgExtendSharedBlobResponse
	m := &blobv1.MsgExtendSharedBlob{Sender: w.Address().String(), SharedId: shared[:], Epochs: epochs}
	err := w.buy(ctx, gasObject, m, &out)
	return epochOf(out.EndEpoch), out.Funds, err
}

// Transfer gives an object to another account: a storage resource, a blob, a storage pool, or the
// capability of a blob bucket.
func (w *Wallet) Transfer(ctx context.Context, object blob.ObjectID, to ledger.Address) error {
	m := &blobv1.MsgTransfer{Owner: w.Address().String(), ObjectId: object[:], Recipient: to.String()}
	return w.Execute(ctx, gasObject, m, &blobv1.MsgTransferResponse{})
}

// one marks an error about the result of a transaction like [committed], for results that are no list.
func one[T any](v T, err error) (T, error) {
	_, err = committed([]T{v}, err)
	return v, err
}
