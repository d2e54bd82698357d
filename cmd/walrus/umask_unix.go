//go:build unix

package main

import (
	"io/fs"
	"syscall"
)

// umask returns the permissions that new files are not to have. There is no way to ask without setting,
// so it is for a moment the strictest one.
func umask() fs.FileMode {
	mask := syscall.Umask(0o077)
	syscall.Umask(mask)
	return fs.FileMode(mask)
}
