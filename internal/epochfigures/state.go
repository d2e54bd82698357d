package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/cosmos/gogoproto/proto"
	"golang.org/x/crypto/blake2b"

	blobv1 "github.com/walrus-go/walrus/api/blob/v1"
	committeev1 "github.com/walrus-go/walrus/api/committee/v1"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// How much goes into one transaction and block: the limits of blocks allow for little more.
const (
	stakesAtOnce = 500
	blobsAtOnce  = 200
	blockGas     = 95_000_000
)

// placeStakes places stakes until there are n, on all nodes in turn, and not all of the same size.
func (f *figures) placeStakes(ctx context.Context, n int) error {
	w := f.Wallet(0)
	for f.placed < n {
		var messages []proto.Message
		for len(messages) < stakesAtOnce && f.placed < n {
			node := f.Nodes[f.placed%len(f.Nodes)].ID
			messages = append(messages, &committeev1.MsgStake{
				Owner: w.Address().String(), NodeId: node[:], Amount: uint64(1+f.placed%7) * ledger.FrostPerWAL,
			})
			f.placed++
		}
		if err := f.send(ctx, w, messages...); err != nil {
			return err
		}
	}
	return nil
}

// registerBlobs registers blobs until there are n.
func (f *figures) registerBlobs(ctx context.Context, n int) error {
	w := f.Wallet(1)
	for f.registered < n {
		m := &blobv1.MsgRegisterBlobs{Owner: w.Address().String()}
		for len(m.Blobs) < blobsAtOnce && f.registered < n {
			m.Blobs = append(m.Blobs, f.claim())
		}
		if err := f.send(ctx, w, m); err != nil {
			return err
		}
	}
	return nil
}

// claim makes up the next blob.
func (f *figures) claim() blobv1.Registration {
	f.registered++
	size := uint64(1 + f.registered%1_000_000)
	root := sha256.Sum256(fmt.Appendf(nil, "root %d", f.registered))
	id := blake2b.Sum256(append(binary.LittleEndian.AppendUint64([]byte{1}, size), root[:]...))
	return blobv1.Registration{
		BlobId: id[:], RootHash: root[:], Size_: size, EncodingType: 1, EpochsAhead: 53, Deletable: f.registered%2 == 0,
	}
}

// send makes a block of one transaction.
func (f *figures) send(ctx context.Context, w *rpc.Wallet, messages ...proto.Message) error {
	tx, err := w.Sign(ctx, blockGas, messages...)
	if err != nil {
		return err
	}
	return f.deliver([][]byte{tx})
}

func (f *figures) deliver(txs [][]byte) error {
	results, err := f.Deliver(txs...)
	if err != nil {
		return err
	}
	for _, r := range results {
		if r.Code != 0 {
			return rpc.Rejected(r.Codespace, r.Code, r.Log)
		}
	}
	return nil
}

// mixed are the transactions of an ordinary block: stakes and registrations.
func (f *figures) mixed(ctx context.Context, n int) (txs [][]byte, err error) {
	w := f.Wallet(1)
	for i := range n {
		node := f.Nodes[(f.registered+i)%len(f.Nodes)].ID
		var m proto.Message = &committeev1.MsgStake{Owner: w.Address().String(), NodeId: node[:], Amount: ledger.FrostPerWAL}
		if i%2 == 0 {
			m = &blobv1.MsgRegisterBlobs{Owner: w.Address().String(), Blobs: []blobv1.Registration{f.claim()}}
		}
		tx, err := w.Sign(ctx, rpc.GasLimit(2), m)
		if err != nil {
			return nil, err
		}
		txs = append(txs, tx)
	}
	return txs, nil
}
