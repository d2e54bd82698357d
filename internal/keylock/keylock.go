// Package keylock locks things by name.
package keylock

import "sync"

// Locks is a lock for each key, in memory only while someone holds it or waits for it. The zero value
// is ready. Safe for concurrent use.
type Locks[K comparable] struct {
	mu    sync.Mutex
	locks map[K]*entry // guarded by mu
}

type entry struct {
	sync.RWMutex
	users int // guarded by Locks.mu
}

// Lock locks key for writing, and returns the unlocking.
func (k *Locks[K]) Lock(key K) func() {
	l := k.take(key)
	l.Lock()
	return func() {
		l.Unlock()
		k.drop(key, l)
	}
}

// RLock locks key for reading, and returns the unlocking.
func (k *Locks[K]) RLock(key K) func() {
	l := k.take(key)
	l.RLock()
	return func() {
		l.RUnlock()
		k.drop(key, l)
	}
}

func (k *Locks[K]) take(key K) *entry {
	k.mu.Lock()
	defer k.mu.Unlock()
	l := k.locks[key]
	if l == nil {
		if k.locks == nil {
			k.locks = make(map[K]*entry)
		}
		l = new(entry)
		k.locks[key] = l
	}
	l.users++
	return l
}

func (k *Locks[K]) drop(key K, l *entry) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if l.users--; l.users == 0 {
		delete(k.locks, key)
	}
}
