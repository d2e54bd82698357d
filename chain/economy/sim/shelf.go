package sim

import "github.com/walrus-go/walrus/chain/economy"

// A Handle names an object on a [Shelf]; handles are not used twice.
type Handle uint64

// A Shelf holds objects by handle, in an order that depends on nothing but the calls made.
type Shelf[T any] struct {
	last  Handle
	items []item[T]
	index map[Handle]int
}

type item[T any] struct {
	handle Handle
	value  *T
}

// Put adds an object and returns its handle.
func (s *Shelf[T]) Put(v T) Handle {
	if s.index == nil {
		s.index = make(map[Handle]int)
	}
	s.last++
	s.index[s.last] = len(s.items)
	s.items = append(s.items, item[T]{s.last, &v})
	return s.last
}

// Get returns an object. Errors: [economy.ErrDynamicFieldFieldDoesNotExist].
func (s *Shelf[T]) Get(h Handle) (*T, error) {
	i, ok := s.index[h]
	if !ok {
		return nil, economy.ErrDynamicFieldFieldDoesNotExist
	}
	return s.items[i].value, nil
}

// Delete removes an object; the last one takes its place.
func (s *Shelf[T]) Delete(h Handle) {
	i, ok := s.index[h]
	if !ok {
		return
	}
	last := len(s.items) - 1
	s.items[i] = s.items[last]
	s.index[s.items[i].handle] = i
	s.items[last] = item[T]{}
	s.items = s.items[:last]
	delete(s.index, h)
}

// Len returns the number of objects.
func (s *Shelf[T]) Len() int { return len(s.items) }

// Pick returns the handle of the object at place i of [0, Len).
func (s *Shelf[T]) Pick(i int) Handle { return s.items[i].handle }

func (s *Shelf[T]) values() []T {
	out := make([]T, len(s.items))
	for i, it := range s.items {
		out[i] = *it.value
	}
	return out
}
