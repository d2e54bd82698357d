package storage

import (
	"slices"

	"github.com/walrus-go/walrus/chain/economy"
)

// A Pair is one attribute of a blob.
type Pair struct{ Key, Value string }

// Attributes is the optional attribute map of a blob: pairs with unique keys, in order of insertion. The
// zero value is no map, which is not the same as an empty one. Limits on sizes are the caller's.
// Source: spec: control-plane.md section 2.4.
type Attributes struct {
	Present bool
	Pairs   []Pair
}

// An AttributeRules names the errors of attribute operations, which differ between blobs and pools.
type AttributeRules struct{ Duplicate, Missing *economy.Error }

// The rules for blobs with an object of their own and for blobs in a storage pool.
var (
	BlobAttributes   = AttributeRules{economy.ErrBlobDuplicateMetadata, economy.ErrBlobMissingMetadata}
	PooledAttributes = AttributeRules{economy.ErrStoragePoolDuplicateMetadata, economy.ErrStoragePoolMissingMetadata}
)

// NewAttributes makes a map of pairs, which it copies. Errors: [economy.ErrVecMapKeyAlreadyExists].
func NewAttributes(pairs []Pair) (Attributes, error) {
	seen := make(map[string]bool, len(pairs))
	for _, p := range pairs {
		if seen[p.Key] {
			return Attributes{}, economy.ErrVecMapKeyAlreadyExists
		}
		seen[p.Key] = true
	}
	return Attributes{Present: true, Pairs: slices.Clone(pairs)}, nil
}

// Add sets the map where there is none. Errors: rules.Duplicate.
func (a *Attributes) Add(rules AttributeRules, m Attributes) error {
	if a.Present {
		return rules.Duplicate
	}
	*a = m
	return nil
}

// AddOrReplace sets the map and returns the one before, which may be none.
func (a *Attributes) AddOrReplace(m Attributes) Attributes {
	old := *a
	*a = m
	return old
}

// Take removes the map and returns it. Errors: rules.Missing.
func (a *Attributes) Take(rules AttributeRules) (Attributes, error) {
	if !a.Present {
		return Attributes{}, rules.Missing
	}
	old := *a
	*a = Attributes{}
	return old, nil
}

// Set makes value the value of key, creating the map where there is none. The pair becomes the last one.
func (a *Attributes) Set(key, value string) {
	a.Present = true
	a.RemoveIfExists(key)
	a.Pairs = append(slices.Clip(a.Pairs), Pair{key, value})
}

// Remove removes key and returns its value.
// Errors, in order: rules.Missing, [economy.ErrVecMapKeyDoesNotExist].
func (a *Attributes) Remove(rules AttributeRules, key string) (string, error) {
	if !a.Present {
		return "", rules.Missing
	}
	value, ok := a.RemoveIfExists(key)
	if !ok {
		return "", economy.ErrVecMapKeyDoesNotExist
	}
	return value, nil
}

// RemoveIfExists removes key and returns its value, if it is there.
func (a *Attributes) RemoveIfExists(key string) (string, bool) {
	i := slices.IndexFunc(a.Pairs, func(p Pair) bool { return p.Key == key })
	if i < 0 {
		return "", false
	}
	value := a.Pairs[i].Value
	a.Pairs = slices.Delete(slices.Clone(a.Pairs), i, i+1)
	return value, true
}
