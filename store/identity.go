package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/walrus-go/walrus/committee"
)

// Errors about whose a directory is.
var (
	// ErrIdentity means that the directory belongs to another node, another chain or something else.
	ErrIdentity = errors.New("store: directory is not this node's")
	// ErrNoStore means that there is no store in the directory and none may be begun.
	ErrNoStore = errors.New("store: no store here")
	// ErrInUse means that another process, or another part of this one, has the store open.
	ErrInUse = errors.New("store: in use")
	// ErrVersion means that a later version of this program wrote the store.
	ErrVersion = errors.New("store: of an unknown version")
)

// An Identity says whose store a directory holds.
type Identity struct {
	Chain string // the chain's ID
	Node  committee.NodeID
}

// version is that of the layout on disk; a store of another is refused.
const version = 1

// identityFile is what lies beside the database.
type identityFile struct {
	Version int              `json:"version"`
	Chain   string           `json:"chain"`
	Node    committee.NodeID `json:"node"`
	// Complete is set once the database has been made. From then on, that it is missing is a loss.
	Complete bool `json:"complete"`
}

const identityName = "identity.json"

// claim checks that dir is id's, or begins a store there if that is allowed. begun means that the
// database has not been made, or at least not for certain.
func claim(fs vfs.FS, dir string, id Identity, create bool) (begun bool, err error) {
	f, err := readIdentity(fs, dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return true, begin(fs, dir, id, create)
	case err != nil:
		return false, err
	case f.Version != version:
		return false, fmt.Errorf("%w: %d, this program knows %d", ErrVersion, f.Version, version)
	case f.Node != id.Node:
		return false, fmt.Errorf("%w: it is node %v's, not %v's", ErrIdentity, f.Node, id.Node)
	case f.Chain != id.Chain:
		return false, fmt.Errorf("%w: it is of chain %q, not %q", ErrIdentity, f.Chain, id.Chain)
	}
	return !f.Complete, nil
}

func begin(fs vfs.FS, dir string, id Identity, create bool) error {
	names, err := fs.List(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, name := range names {
		// A crash may leave the first file half written; a mount point may bring its own directory.
		if name != identityName+temporary && name != "lost+found" {
			return fmt.Errorf("%w: it has %q and no %s", ErrIdentity, name, identityName)
		}
	}
	if !create {
		return fmt.Errorf("%w: is the right disk mounted?", ErrNoStore)
	}
	if err := makeDir(fs, dir); err != nil {
		return err
	}
	return writeIdentity(fs, dir, id, false)
}

// makeDir makes a directory and those above it for good: it syncs the parents of all that are new.
func makeDir(fs vfs.FS, dir string) error {
	parents := []string{fs.PathDir(dir)}
	for parent := parents[0]; fs.PathDir(parent) != parent; parent = fs.PathDir(parent) {
		if _, err := fs.Stat(parent); err == nil {
			break
		}
		parents = append(parents, fs.PathDir(parent))
	}
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, parent := range parents {
		if err := syncDir(fs, parent); err != nil {
			return err
		}
	}
	return nil
}

// complete records that the directory has all its parts.
func complete(fs vfs.FS, dir string, id Identity) error { return writeIdentity(fs, dir, id, true) }

func writeIdentity(fs vfs.FS, dir string, id Identity, complete bool) error {
	raw, err := json.Marshal(identityFile{version, id.Chain, id.Node, complete})
	if err != nil {
		return err
	}
	return writeFile(fs, dir, identityName, append(raw, '\n'))
}

func readIdentity(fs vfs.FS, dir string) (f identityFile, err error) {
	file, err := fs.Open(fs.PathJoin(dir, identityName))
	if err != nil {
		return f, err
	}
	defer func() { _ = file.Close() }() // read only
	const longest = 4 << 10
	raw, err := io.ReadAll(io.LimitReader(file, longest))
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return f, fmt.Errorf("%w: %s: %w", ErrCorrupt, identityName, err)
	}
	return f, nil
}
