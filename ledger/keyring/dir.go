package keyring

import (
	"errors"
	"os"

	store "github.com/99designs/keyring"
)

// unmade is a directory of keys that is not made before there is a key to put into it: the store below makes it as
// soon as it is asked for one.
type unmade struct {
	store.Keyring
	dir string
}

// missing tells whether there is no directory.
func (u unmade) missing() bool {
	_, err := os.Stat(u.dir)
	return errors.Is(err, os.ErrNotExist)
}

// Get implements [store.Keyring].
func (u unmade) Get(key string) (store.Item, error) {
	if u.missing() {
		return store.Item{}, store.ErrKeyNotFound
	}
	return u.Keyring.Get(key)
}

// GetMetadata implements [store.Keyring].
func (u unmade) GetMetadata(key string) (store.Metadata, error) {
	if u.missing() {
		return store.Metadata{}, store.ErrKeyNotFound
	}
	return u.Keyring.GetMetadata(key)
}

// Keys implements [store.Keyring].
func (u unmade) Keys() ([]string, error) {
	if u.missing() {
		return nil, nil
	}
	return u.Keyring.Keys()
}
