//go:build purego || !amd64

package rs

// runVectors reports that there is no faster way to carry out m.
func (*moves) runVectors(_, _ pieces, _, _ step) bool { return false }
