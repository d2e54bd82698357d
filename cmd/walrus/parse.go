package main

import "github.com/walrus-go/walrus/blob"

// parseObjectID reads the ID of an object from an argument or flag; hint says where to find it.
func parseObjectID(s, hint string) (blob.ObjectID, error) {
	id, err := blob.ParseObjectID(s)
	if err != nil {
		return id, &hinted{err: err, code: "INVALID_OBJECT_ID", exit: exitUsage, hint: hint}
	}
	return id, nil
}

// parseObject reads the ID of a blob's registration.
func parseObject(s string) (blob.ObjectID, error) {
	return parseObjectID(s, `"walrus list-blobs" shows the object IDs of an account's blobs`)
}

// parseStorage reads the ID of a storage resource.
func parseStorage(s string) (blob.ObjectID, error) {
	return parseObjectID(s, `"walrus storage" shows the IDs of an account's storage`)
}

// parsePool reads the ID of a storage pool.
func parsePool(s string) (blob.ObjectID, error) {
	return parseObjectID(s, `"walrus pool" shows the IDs of an account's storage pools`)
}

// parseBucket reads the ID of a bucket.
func parseBucket(s string) (blob.ObjectID, error) {
	return parseObjectID(s, `"walrus bucket" shows the IDs of an account's buckets`)
}

// parseStake reads the ID of a stake.
func parseStake(s string) (blob.ObjectID, error) {
	return parseObjectID(s, `"walrus stakes" shows the IDs of an account's stakes`)
}

// parseIDs reads blob IDs for a message.
func parseIDs(args []string) ([][]byte, error) {
	return tryConvert(args, func(text string) ([]byte, error) {
		id, err := parseID(text)
		return id[:], err
	})
}

// optional is parse where an empty text is the zero value.
func optional[T any](parse func(string) (T, error)) func(string) (T, error) {
	return func(s string) (v T, err error) {
		if s == "" {
			return v, nil
		}
		return parse(s)
	}
}

// parseBoth reads two texts, each in its own way.
func parseBoth[A, B any](a string, parseA func(string) (A, error), b string, parseB func(string) (B, error)) (first A, second B, err error) {
	if first, err = parseA(a); err != nil {
		return first, second, err
	}
	second, err = parseB(b)
	return first, second, err
}
