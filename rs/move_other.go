//go:build purego || !amd64

package rs

// moveRows reports that there is no faster way to carry out m.
func moveRows(*moves) bool { return false }
