package proof

import (
	"testing"

	"github.com/cosmos/gogoproto/proto"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/blob"
)

// The record counts blobs in pools that have ended, so they are no part of the status.
func TestPooledBlobsAreReportedApart(t *testing.T) {
	t.Parallel()
	id := blob.ID{1}
	certified := blobv1.Info{BlobId: id[:], CertifiedEnd: 9, CertifiedEvent: &blobv1.EventRef{TxHash: make([]byte, 32)}, InitialCertifiedEpoch: 2}
	pooled := blobv1.Info{BlobId: id[:], PooledTotal: 2, PooledCertified: 1, InitialCertifiedEpoch: 2}
	both := certified
	both.PooledTotal, both.PooledCertified = 2, 1
	for _, tc := range []struct {
		name   string
		info   blobv1.Info
		kind   blob.StatusKind
		pooled blob.DeletableCounts
	}{
		{"in pools", pooled, blob.Nonexistent, blob.DeletableCounts{Total: 2, Certified: 1}},
		{"outside", certified, blob.Permanent, blob.DeletableCounts{}},
		{"both", both, blob.Permanent, blob.DeletableCounts{Total: 2, Certified: 1}},
	} {
		info, err := proto.Marshal(&tc.info)
		if err != nil {
			t.Fatal(err)
		}
		epoch, err := proto.Marshal(&committeev1.Epoch{Number: 3})
		if err != nil {
			t.Fatal(err)
		}
		c := &Certification{id: id, info: record{Value: info}, epoch: record{Value: epoch}}
		r := Result{BlobID: id}
		if err := c.read(&r); err != nil || r.Status.Kind != tc.kind || r.Status.Counts != (blob.DeletableCounts{}) || r.Pooled != tc.pooled {
			t.Errorf("%s: got %+v, %v", tc.name, r, err)
		}
	}
}
