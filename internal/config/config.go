// Package config reads and writes the two files that programs start from: what a client needs to find
// a network and its wallet ([Client]), and what one storage node needs to run ([Node]).
//
// Both are YAML. A client's file is shared between tools and machines, so it may hold one
// configuration or several named contexts, and a key that this program does not know earns a warning.
// A node's file belongs to this program alone, and there an unknown key is an error.
//
// Relative paths in a file are taken from the file's directory, and ~ is the home directory. Start with
// [LoadClient] and [LoadNode]. Source: spec client.md section 5.
package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Errors that callers decide on.
var (
	// ErrNotFound means that there is no file where one was named or looked for.
	ErrNotFound = errors.New("config: not found")
	// ErrInvalid means that a file is not a configuration.
	ErrInvalid = errors.New("config: invalid")
)

// maxSize bounds a configuration file; real ones are a few hundred bytes.
const maxSize = 1 << 20

// read returns a file's bytes.
func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNotFound, path)
	}
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	if info.Size() > maxSize {
		return nil, fmt.Errorf("%w: %s has %d bytes, more than %d", ErrInvalid, path, info.Size(), maxSize)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	return raw, nil
}

// Expand replaces a leading ~ by the home directory and takes a relative path from dir. An empty path
// stays empty.
func Expand(path, dir string) string {
	if path == "" {
		return ""
	}
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || rest[0] == '/' || rest[0] == filepath.Separator) {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// write puts a file in place whole, readable by its owner alone, or leaves what was there.
func write(path string, raw []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".config-*")
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	defer os.Remove(tmp.Name()) // gone after the rename
	_, err = tmp.Write(raw)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	return nil
}
