package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/client"
	"github.com/walrus-go/walrus/ledger"
	"github.com/walrus-go/walrus/ledger/rpc"
)

// storeFor returns for how many epochs is stored and in which storage pool, if in any; then the client stores
// there from now on.
func (s *session) storeFor(ctx context.Context, opts *storeOptions) (epochs uint32, pool *blob.ObjectID, err error) {
	sys, err := s.reader.System(ctx)
	if err != nil {
		return 0, nil, err
	}
	var p rpc.StoragePool
	var right *rpc.BucketCap
	switch {
	case opts.pool != "":
		p, err = s.ownPool(ctx, opts.pool)
	case opts.bucket != "":
		p, right, err = s.ownBucket(ctx, opts.bucket)
	default:
		epochs, err = opts.lifetime.count(sys, s.now())
		return epochs, nil, err
	}
	if err != nil {
		return 0, nil, err
	}
	if p.Storage.End <= sys.Epoch {
		return 0, nil, &hinted{
			err: fmt.Errorf("storage pool %v ended with epoch %d", p.ID, p.Storage.End), code: "POOL_ENDED", exit: exitFailure,
			hint: `"walrus pool create" makes a new one`,
		}
	}
	return uint32(p.Storage.End - sys.Epoch), &p.ID, s.enterPool(p.ID, right)
}

// ownPool returns a storage pool, which has to be the account's if there is a wallet.
func (s *session) ownPool(ctx context.Context, text string) (rpc.StoragePool, error) {
	id, err := parsePool(text)
	if err != nil {
		return rpc.StoragePool{}, err
	}
	p, err := s.reader.StoragePool(ctx, id)
	if err == nil && s.account != nil && p.Owner != s.account.Address() {
		err = &hinted{
			err: fmt.Errorf("storage pool %v is not the account's own", id), code: "NOT_OWNER", exit: exitFailure,
			hint: `"walrus pool" shows the IDs of an account's storage pools`,
		}
	}
	return p, err
}

// ownBucket returns the pool of a blob bucket, and the right to use it if there is a wallet.
func (s *session) ownBucket(ctx context.Context, text string) (p rpc.StoragePool, right *rpc.BucketCap, err error) {
	id, err := parseBucket(text)
	if err != nil {
		return p, nil, err
	}
	b, err := s.reader.Bucket(ctx, id)
	if err != nil || s.account == nil {
		return b.Pool, nil, err
	}
	c, err := s.bucketCap(ctx, id)
	return b.Pool, &c, err
}

// enterPool makes the client store in a storage pool, where space costs nothing: with a right to use its
// bucket, or as its owner. It does so without a wallet too, for the price.
func (s *session) enterPool(pool blob.ObjectID, right *rpc.BucketCap) error {
	var wallet ledger.Wallet
	switch {
	case s.account == nil:
	case right != nil:
		wallet = s.account.InBucket(*right, pool)
	default:
		wallet = s.account.InPool(pool)
	}
	inside, err := s.newClient(s.reader.InPool(pool), wallet)
	if err != nil {
		return err
	}
	s.client.Close()
	s.client = inside
	return nil
}

// poolFull adds to an error that a storage pool has no room what to do about it.
func poolFull(pool *blob.ObjectID, err error) error {
	if pool == nil || !errors.Is(err, client.ErrCapacity) {
		return err
	}
	return &hinted{
		err: fmt.Errorf("storage pool %v: %w", *pool, err), code: "POOL_FULL", exit: exitFailure,
		hint: `"walrus pool grow" makes it larger, "walrus pool delete" makes room in it; a bucket has "walrus bucket grow"`,
	}
}
