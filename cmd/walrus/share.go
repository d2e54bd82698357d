package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/cosmos/gogoproto/proto"
	"github.com/spf13/cobra"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// sharedJSON is a shared blob.
type sharedJSON struct {
	ID    blob.ObjectID `json:"id"`
	Funds uint64        `json:"funds"` // FROST
	Blob  blobJSON      `json:"blob"`
}

func newSharedJSON(s rpc.SharedBlob) sharedJSON {
	return sharedJSON{s.ID, s.Funds, newBlobJSON(s.Blob)}
}

// newShare makes the share command.
func newShare(d *deps) *cobra.Command {
	var object, amount string
	cmd := &cobra.Command{
		Use:   "share --blob-obj-id OBJECT_ID",
		Short: "Give a certified blob to everyone",
		Long: `Share gives a registration up for good and makes a shared blob of it, which anyone can extend with its funds and to whose
funds anyone can add. The blob must be certified, and should be permanent. JSON: {"sharedBlobObjectId","amount","txDigest"}.` +
			exits("with --exit-codes=detailed 4 not enough WAL"),
		Example: `  walrus share --amount 1WAL --blob-obj-id "$(walrus list-blobs --json | jq -r '.[0].id')"`,
		Args:    cobra.NoArgs,
		RunE:    d.does(func(ctx context.Context, _ []string) error { return runShare(ctx, d, object, amount) }),
	}
	f := cmd.Flags()
	f.StringVar(&object, "blob-obj-id", "", "`ID` of the registration, see walrus list-blobs")
	f.StringVar(&amount, "amount", "0", "`AMOUNT` of FROST, or like 1WAL, to begin its funds with")
	required(cmd, "blob-obj-id")
	return cmd
}

func runShare(ctx context.Context, d *deps, object, amount string) error {
	id, funds, err := parseBoth(object, parseObject, amount, parseWAL)
	if err != nil {
		return err
	}
	return d.withWallet(ctx, func(s *session) error {
		b, err := s.reader.Blob(ctx, id)
		if err != nil {
			return err
		}
		if b.Certified == nil {
			return &hinted{err: fmt.Errorf("object %v is not certified, and would never be once it is shared", id), code: "NOT_CERTIFIED", exit: exitFailure, hint: "store the blob again first: what is paid for will be used"}
		}
		ids, receipt, err := s.share(ctx, funds, id)
		if err != nil {
			return err
		}
		return d.printSent(receipt, fields{"sharedBlobObjectId": ids[0], "amount": funds}, "%v is shared as %v, with funds of %s\n", b.BlobID, ids[0], formatWAL(funds))
	})
}

// share makes shared blobs of registrations, each with some funds.
func (s *session) share(ctx context.Context, funds uint64, objects ...blob.ObjectID) ([]blob.ObjectID, *rpc.Receipt, error) {
	messages := convert(objects, func(id blob.ObjectID) proto.Message {
		return &blobv1.MsgShareBlob{Owner: s.self(), ObjectId: id[:], Funds: funds}
	})
	receipt, answers, err := callAll[blobv1.MsgShareBlobResponse](ctx, s, messages)
	if err != nil {
		return nil, nil, err
	}
	return convert(answers, func(a blobv1.MsgShareBlobResponse) (id blob.ObjectID) {
		copy(id[:], a.Shared.Id)
		return id
	}), receipt, nil
}

// shareStored shares what was newly stored, and says as what, by place.
func (s *session) shareStored(ctx context.Context, stored []client.Stored) (map[int]blob.ObjectID, error) {
	var objects []blob.ObjectID
	var places []int
	for i := range stored {
		if stored[i].Err == nil && stored[i].Operation != client.AlreadyCertified && stored[i].Object != nil {
			objects, places = append(objects, stored[i].Object.ID), append(places, i)
		}
	}
	if len(objects) == 0 {
		return nil, nil
	}
	ids, _, err := s.share(ctx, 0, objects...)
	if err != nil {
		return nil, fmt.Errorf("stored, but not shared: %w", err)
	}
	as := map[int]blob.ObjectID{}
	for i, place := range places {
		as[place] = ids[i]
	}
	return as, nil
}

// newFundShared makes the fund-shared-blob command.
func newFundShared(d *deps) *cobra.Command {
	var object, amount string
	cmd := &cobra.Command{
		Use:   "fund-shared-blob --shared-blob-obj-id ID --amount AMOUNT",
		Short: "Add to the funds of a shared blob",
		Long: `Fund-shared-blob adds WAL of the account to the funds with which anyone can extend a shared blob. Nobody can take them out.
JSON: {"amount","funds","txDigest"}.` + exits("with --exit-codes=detailed 4 not enough WAL"),
		Example: `  walrus fund-shared-blob --amount 1WAL --shared-blob-obj-id "$(walrus shared-blobs --json | jq -r '.[0].id')"`,
		Args:    cobra.NoArgs,
		RunE: d.does(func(ctx context.Context, _ []string) error {
			id, frost, err := parseBoth(object, parseObject, amount, parseWAL)
			if err != nil {
				return err
			}
			if frost == 0 {
				return usagef("--amount: nothing to add")
			}
			return d.withWallet(ctx, func(s *session) error {
				var out blobv1.MsgFundSharedBlobResponse
				receipt, err := s.call(ctx, &blobv1.MsgFundSharedBlob{Sender: s.self(), SharedId: id[:], Amount: frost}, &out)
				if err != nil {
					return err
				}
				return d.printSent(receipt, fields{"amount": frost, "funds": out.Funds}, "%s added; the funds of %v are %s\n", formatWAL(frost), id, formatWAL(out.Funds))
			})
		}),
	}
	f := cmd.Flags()
	f.StringVar(&object, "shared-blob-obj-id", "", "`ID` of the shared blob")
	f.StringVar(&amount, "amount", "", "`AMOUNT` of FROST, or like 1WAL")
	required(cmd, "shared-blob-obj-id", "amount")
	return cmd
}

// newSharedBlobs makes the shared-blobs command.
func newSharedBlobs(d *deps) *cobra.Command {
	return &cobra.Command{
		Use:     "shared-blobs [ID...]",
		Short:   "List shared blobs",
		Long:    `Shared-blobs lists all shared blobs, or some, with their funds. JSON: [{"id","funds","blob"}].` + exits("with --exit-codes=detailed 3 no such shared blob"),
		Example: "  walrus shared-blobs",
		RunE:    d.reads(runSharedBlobs),
	}
}

func runSharedBlobs(ctx context.Context, s *session, args []string) (err error) {
	var list []rpc.SharedBlob
	if len(args) > 0 {
		list, err = tryConvert(args, func(text string) (rpc.SharedBlob, error) { return s.sharedBlob(ctx, text) })
	} else {
		list, err = pages(func(after []byte) ([]rpc.SharedBlob, []byte, error) {
			return s.reader.SharedBlobs(ctx, ledger.Page{Cursor: after, Limit: pageSize})
		})
	}
	if err != nil {
		return err
	}
	return printList(s.deps, convert(list, newSharedJSON), cells{"Shared ID", "Funds", "Blob ID", "Size", "Exp. epoch"}, func(b sharedJSON) cells {
		return cells{b.ID, formatWAL(b.Funds), b.Blob.BlobID, formatSize(b.Blob.Size), b.Blob.Storage.EndEpoch}
	})
}

func (s *session) sharedBlob(ctx context.Context, text string) (rpc.SharedBlob, error) {
	id, err := parseObject(text)
	if err != nil {
		return rpc.SharedBlob{}, err
	}
	b, err := s.reader.SharedBlob(ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		err = &hinted{err: err, code: "NOT_FOUND", exit: exitNotFound, hint: `"walrus shared-blobs" lists them`}
	}
	return b, err
}
