package kvdb

import (
	"errors"
	"runtime"

	cmtdb "github.com/cometbft/cometbft-db"
	dbm "github.com/cosmos/cosmos-db"
)

// Compile-time proof that the views are what the two libraries want.
var (
	_ dbm.DB   = AppDB{}
	_ cmtdb.DB = ConsensusDB{}
)

// AppDB is a store as the application's tree sees it.
type AppDB struct{ *Store }

// App returns the store as the application's tree sees it.
func (s *Store) App() AppDB { return AppDB{s} }

// Iterator walks [start, end) in ascending order.
func (d AppDB) Iterator(start, end []byte) (dbm.Iterator, error) {
	return view[dbm.Iterator](d.iterate(start, end, true))
}

// ReverseIterator walks [start, end) in descending order.
func (d AppDB) ReverseIterator(start, end []byte) (dbm.Iterator, error) {
	return view[dbm.Iterator](d.iterate(start, end, false))
}

// NewBatch returns an empty batch.
func (d AppDB) NewBatch() dbm.Batch { return d.newBatch(0) }

// NewBatchWithSize returns an empty batch with room for size bytes.
func (d AppDB) NewBatchWithSize(size int) dbm.Batch { return d.newBatch(size) }

// ConsensusDB is a store as the consensus engine sees it.
//
// A goroutine that reads a value after the store was closed ends there. The engine does not wait for those
// which gossip with its peers when it stops, and what they do with an error is panic.
type ConsensusDB struct{ *Store }

// Consensus returns the store as the consensus engine sees it.
func (s *Store) Consensus() ConsensusDB { return ConsensusDB{s} }

// Get is [Store.Get]; after [Store.Close] it does not return.
func (d ConsensusDB) Get(key []byte) ([]byte, error) { return unlessClosed(d.Store.Get(key)) }

// Has is [Store.Has]; after [Store.Close] it does not return.
func (d ConsensusDB) Has(key []byte) (bool, error) { return unlessClosed(d.Store.Has(key)) }

// unlessClosed returns what a store returned, but ends the goroutine if the store is closed.
func unlessClosed[T any](value T, err error) (T, error) {
	if errors.Is(err, ErrClosed) {
		runtime.Goexit()
	}
	return value, err
}

// Iterator walks [start, end) in ascending order.
func (d ConsensusDB) Iterator(start, end []byte) (cmtdb.Iterator, error) {
	return view[cmtdb.Iterator](d.iterate(start, end, true))
}

// ReverseIterator walks [start, end) in descending order.
func (d ConsensusDB) ReverseIterator(start, end []byte) (cmtdb.Iterator, error) {
	return view[cmtdb.Iterator](d.iterate(start, end, false))
}

// NewBatch returns an empty batch.
func (d ConsensusDB) NewBatch() cmtdb.Batch { return d.newBatch(0) }

// view keeps a nil iterator from becoming an interface that is not nil.
func view[I any](it *Iterator, err error) (I, error) {
	if err != nil {
		var none I
		return none, err
	}
	return any(it).(I), nil
}
