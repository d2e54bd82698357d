package store

import (
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/walrus-go/walrus/blob"
	"github.com/walrus-go/walrus/committee"
	"github.com/walrus-go/walrus/redstuff"
)

// diskCategory labels our writes in the file system's statistics.
const diskCategory = vfs.DiskWriteCategory("walrus-sliver")

// temporary ends the names of files that are being written.
const temporary = ".tmp"

// writeChunk is how many bytes are written at once.
const writeChunk = 256 << 10

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum guards a file against the disk, not against people.
func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// writeFile puts data in dir/name for good: it writes a temporary file, syncs it, renames it over
// name and syncs dir. A crash at any instant leaves what was there before or data, whole.
func writeFile(fs vfs.FS, dir, name string, data []byte) error {
	path := fs.PathJoin(dir, name)
	if err := writeSynced(fs, path+temporary, data); err != nil {
		return errors.Join(err, ignoreMissing(fs.Remove(path+temporary)))
	}
	if err := fs.Rename(path+temporary, path); err != nil {
		return errors.Join(err, ignoreMissing(fs.Remove(path+temporary)))
	}
	return syncDir(fs, dir)
}

func writeSynced(fs vfs.FS, path string, data []byte) error {
	f, err := fs.Create(path, diskCategory)
	if err != nil {
		return err
	}
	// A vfs.File may scribble over what it is given to write, so it gets a copy, piece by piece.
	scratch := make([]byte, min(len(data), writeChunk))
	for rest := data; len(rest) > 0; {
		n := copy(scratch, rest)
		if _, err := f.Write(scratch[:n]); err != nil {
			return errors.Join(err, f.Close())
		}
		rest = rest[n:]
	}
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}

func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	if err := d.Sync(); err != nil {
		return errors.Join(err, d.Close())
	}
	return d.Close()
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// files is where large slivers live: one file each, spread over 256 directories.
type files struct {
	fs  vfs.FS
	dir string
}

// create makes the directories, once for the life of a store.
func (f files) create() error {
	if err := f.fs.MkdirAll(f.dir, 0o700); err != nil {
		return err
	}
	for i := range 256 {
		if err := f.fs.MkdirAll(f.fs.PathJoin(f.dir, hex.EncodeToString([]byte{byte(i)})), 0o700); err != nil {
			return err
		}
	}
	if err := syncDir(f.fs, f.dir); err != nil {
		return err
	}
	return syncDir(f.fs, f.fs.PathDir(f.dir))
}

// place returns the directory and the name of a sliver's file.
func (f files) place(key SliverKey) (dir, name string) {
	// All slivers of a blob share a directory, and IDs are hashes, so directories fill evenly.
	return f.fs.PathJoin(f.dir, hex.EncodeToString(key.Blob[:1])), fileName(key)
}

// fileName returns the name of a sliver's file, such as 41-p-9c….
func fileName(key SliverKey) string {
	return fmt.Sprintf("%d-%c-%s", key.Shard, key.Axis.String()[0], hex.EncodeToString(key.Blob[:]))
}

// parseName reads the name of a sliver's file; temp tells whether it is still being written.
func parseName(name string) (key SliverKey, temp, ok bool) {
	name, temp = strings.CutSuffix(name, temporary)
	parts := strings.Split(name, "-")
	if len(parts) != 3 {
		return key, temp, false
	}
	shard, err := strconv.ParseUint(parts[0], 10, 16)
	if err != nil {
		return key, temp, false
	}
	switch parts[1] {
	case "p":
		key.Axis = redstuff.Primary
	case "s":
		key.Axis = redstuff.Secondary
	default:
		return key, temp, false
	}
	id, err := hex.DecodeString(parts[2])
	if err != nil || len(id) != len(blob.ID{}) {
		return key, temp, false
	}
	key.Shard, key.Blob = committee.Shard(shard), blob.ID(id)
	return key, temp, true
}

func (f files) write(key SliverKey, data []byte) error {
	dir, name := f.place(key)
	return writeFile(f.fs, dir, name, data)
}

func (f files) remove(key SliverKey) error {
	dir, name := f.place(key)
	return ignoreMissing(f.fs.Remove(f.fs.PathJoin(dir, name)))
}

// reachable tells whether there is a directory for a sliver's file.
func (f files) reachable(key SliverKey) error {
	dir, _ := f.place(key)
	_, err := f.fs.Stat(dir)
	return err
}

// read returns the size bytes of a sliver's file, checked against sum.
func (f files) read(key SliverKey, size int, sum uint32) ([]byte, error) {
	dir, name := f.place(key)
	file, err := f.fs.Open(f.fs.PathJoin(dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: file %s is missing", ErrCorrupt, name)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // read only
	data := make([]byte, size)
	if _, err := io.ReadFull(file, data); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("%w: file %s is shorter than %d bytes", ErrCorrupt, name, size)
		}
		return nil, err
	}
	if checksum(data) != sum {
		return nil, fmt.Errorf("%w: file %s has another checksum", ErrCorrupt, name)
	}
	return data, nil
}
