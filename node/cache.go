package node

import (
	"container/list"
	"sync"
)

// A cache keeps the values used last, up to a number of bytes. Safe for concurrent use.
type cache[K comparable, V any] struct {
	mu    sync.Mutex
	room  int64               // bytes left; guarded by mu, as is all below
	size  int64               // bytes in all
	items map[K]*list.Element // of cached[K, V]
	order list.List           // last used in front
}

type cached[K comparable, V any] struct {
	key   K
	value V
	bytes int64
}

func newCache[K comparable, V any](size int64) *cache[K, V] {
	return &cache[K, V]{room: size, size: size, items: make(map[K]*list.Element)}
}

func (c *cache[K, V]) get(key K) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.items[key]
	if !ok {
		return value, false
	}
	c.order.MoveToFront(e)
	return e.Value.(cached[K, V]).value, true
}

// put keeps a value of so many bytes, unless that is more than the whole cache.
func (c *cache[K, V]) put(key K, value V, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if bytes > c.size {
		return
	}
	c.remove(key)
	for c.room < bytes {
		c.remove(c.order.Back().Value.(cached[K, V]).key)
	}
	c.room -= bytes
	c.items[key] = c.order.PushFront(cached[K, V]{key, value, bytes})
}

// drop forgets the values whose keys match.
func (c *cache[K, V]) drop(match func(K) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.items {
		if match(key) {
			c.remove(key)
		}
	}
}

// remove forgets a value; mu is held.
func (c *cache[K, V]) remove(key K) {
	e, ok := c.items[key]
	if !ok {
		return
	}
	delete(c.items, key)
	c.order.Remove(e)
	c.room += e.Value.(cached[K, V]).bytes
}
