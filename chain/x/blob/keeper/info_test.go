package keeper

import (
	"context"
	"encoding/binary"
	"testing"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/chain/x/blob/types"
	"github.com/walrus-go/walrus/committee"
)

// always is a committee in an epoch that does not end.
type always struct {
	Committee
	epoch committee.Epoch
}

func (a always) Now(context.Context) (committee.Epoch, error) { return a.epoch, nil }

// Whoever puts a blob ID into more pools of their own than anyone looks at, and lets them end, does not make
// the one that lasts disappear.
func TestEndedPoolsHideNothing(t *testing.T) {
	t.Parallel()
	key, temp := storetypes.NewKVStoreKey(types.ModuleName), storetypes.NewTransientStoreKey(types.TransientKey)
	ctx := testutil.DefaultContext(key, temp)
	k, err := NewKeeper(codec.NewProtoCodec(codectypes.NewInterfaceRegistry()), runtime.NewKVStoreService(key),
		runtime.NewTransientStoreService(temp), Dependencies{Committee: always{epoch: 7}})
	if err != nil {
		t.Fatal(err)
	}
	id := blob.ID{1}
	put := func(number, end uint32) {
		t.Helper()
		pool := blobv1.StoragePool{Id: make([]byte, 32), Owner: make([]byte, 20), Storage: blobv1.Storage{EndEpoch: end}}
		binary.BigEndian.PutUint32(pool.Id, number)
		b := blobv1.PooledBlob{Id: pool.Id, PoolId: pool.Id, BlobId: id[:], CertifiedEpoch: 5}
		if err := k.putPool(ctx, pool); err != nil {
			t.Fatal(err)
		}
		if err := k.putPooled(ctx, b); err != nil {
			t.Fatal(err)
		}
		err := k.updateInfo(ctx, id[:], func(info *blobv1.Info) {
			info.PooledTotal++
			info.PooledCertified++
			info.InitialCertifiedEpoch = 5
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	want := func(total uint64, certified bool) {
		t.Helper()
		out, err := NewQuerier(k).Info(ctx, &blobv1.QueryInfoRequest{BlobId: id.String()})
		if err != nil || out.Info.PooledTotal != total || out.Info.PooledCertified != total {
			t.Errorf("%+v, %v, want %d registrations", out, err, total)
		}
		info, err := k.info(ctx, id[:])
		if err != nil {
			t.Fatal(err)
		}
		if got, err := k.certifiedAt(ctx, info, 7); err != nil || got != certified {
			t.Errorf("certified is %v, %v, want %v", got, err, certified)
		}
	}
	for i := range uint32(fewPools) {
		put(i, 7)
	}
	want(0, false)
	for i := range uint32(manyPools - fewPools) {
		put(fewPools+i, 7)
	}
	want(0, true) // nobody pays for looking at all of them
	put(manyPools, 8)
	want(1, true)
}
