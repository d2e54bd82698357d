package kvdb

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Iterator walks the keys of a range. Not safe for concurrent use.
type Iterator struct {
	iter       *pebble.Iterator
	start, end []byte
	forward    bool
	valid      bool
}

func (s *Store) iterate(start, end []byte, forward bool) (*Iterator, error) {
	if (start != nil && len(start) == 0) || (end != nil && len(end) == 0) {
		return nil, ErrKeyEmpty
	}
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.use.RUnlock()
	iter, err := s.db.NewIter(&pebble.IterOptions{LowerBound: start, UpperBound: end})
	if err != nil {
		return nil, fmt.Errorf("kvdb: iterate: %w", err)
	}
	it := &Iterator{iter: iter, start: start, end: end, forward: forward}
	if forward {
		it.valid = iter.First()
	} else {
		it.valid = iter.Last()
	}
	return it, nil
}

// Domain returns the range: start inclusive, end exclusive, nil where it is open.
func (it *Iterator) Domain() (start, end []byte) { return it.start, it.end }

// Valid tells whether the iterator is at a key. Once it is not, it never will be again.
func (it *Iterator) Valid() bool { return it.valid }

// Next moves to the next key in the iterator's direction. It panics if the iterator is not valid.
func (it *Iterator) Next() {
	it.mustBeValid()
	if it.forward {
		it.valid = it.iter.Next()
	} else {
		it.valid = it.iter.Prev()
	}
}

// Key returns a copy of the key. It panics if the iterator is not valid.
func (it *Iterator) Key() []byte {
	it.mustBeValid()
	return append([]byte{}, it.iter.Key()...)
}

// Value returns a copy of the value, never nil. It panics if the iterator is not valid.
func (it *Iterator) Value() []byte {
	it.mustBeValid()
	return append([]byte{}, it.iter.Value()...)
}

// Error returns what ended the walk, or nil if it was the end of the range.
func (it *Iterator) Error() error { return it.iter.Error() }

// Close releases the iterator. Closing again does nothing.
func (it *Iterator) Close() error {
	if it.iter == nil {
		return nil
	}
	err := it.iter.Close()
	it.iter, it.valid = nil, false
	return err
}

func (it *Iterator) mustBeValid() {
	if !it.valid {
		panic("kvdb: iterator used past its end")
	}
}
