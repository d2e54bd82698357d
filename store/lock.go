package store

import "sync"

// keyedLocks is a lock for each key, in memory only while someone holds it or waits for it. The zero
// value is ready.
type keyedLocks[K comparable] struct {
	mu    sync.Mutex
	locks map[K]*keyedLock // guarded by mu
}

type keyedLock struct {
	sync.RWMutex
	users int // guarded by keyedLocks.mu
}

// lock locks key for writing, and returns the unlocking.
func (k *keyedLocks[K]) lock(key K) func() {
	l := k.take(key)
	l.Lock()
	return func() {
		l.Unlock()
		k.drop(key, l)
	}
}

// rlock locks key for reading, and returns the unlocking.
func (k *keyedLocks[K]) rlock(key K) func() {
	l := k.take(key)
	l.RLock()
	return func() {
		l.RUnlock()
		k.drop(key, l)
	}
}

func (k *keyedLocks[K]) take(key K) *keyedLock {
	k.mu.Lock()
	defer k.mu.Unlock()
	l := k.locks[key]
	if l == nil {
		if k.locks == nil {
			k.locks = make(map[K]*keyedLock)
		}
		l = new(keyedLock)
		k.locks[key] = l
	}
	l.users++
	return l
}

func (k *keyedLocks[K]) drop(key K, l *keyedLock) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if l.users--; l.users == 0 {
		delete(k.locks, key)
	}
}
