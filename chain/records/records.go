package records

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"golang.org/x/crypto/blake2b"
)

// ErrCorrupt means that a file of records is damaged, of another genesis or of something else.
var ErrCorrupt = errors.New("records: corrupt file")

const (
	magic   = "walrus records 1\n"
	maxPart = 1 << 20 // bounds what a reader allocates before it knows that the file is the right one
)

// A Digest says what a file holds, to the bit.
type Digest struct {
	Hash string `json:"hash"`        // BLAKE2b-256 of the whole file, in hex
	Size int64  `json:"size,string"` // bytes
}

// A Writer writes a file of records.
type Writer struct {
	out  *bufio.Writer
	hash hash.Hash
	size int64
}

// NewWriter returns a writer to w. The caller ends it with [Writer.Finish], and closes w.
func NewWriter(w io.Writer) (*Writer, error) {
	sum := newHash()
	out := &Writer{out: bufio.NewWriterSize(io.MultiWriter(w, sum), 1<<16), hash: sum}
	return out, out.write([]byte(magic))
}

// Write writes a part of a module's genesis, which may be empty. Parts of a module follow each other.
func (w *Writer) Write(module string, part []byte) error {
	if len(module) == 0 || len(module) > 255 || len(part) > maxPart {
		return fmt.Errorf("records: part of %d bytes of module %q, at most %d", len(part), module, maxPart)
	}
	head := append([]byte{byte(len(module))}, module...)
	head = binary.BigEndian.AppendUint32(head, uint32(len(part)))
	return errors.Join(w.write(head), w.write(part))
}

func (w *Writer) write(p []byte) error {
	w.size += int64(len(p))
	if _, err := w.out.Write(p); err != nil {
		return fmt.Errorf("records: write: %w", err)
	}
	return nil
}

// Finish writes what is buffered and says what was written. Nothing may be written afterwards.
func (w *Writer) Finish() (Digest, error) {
	if err := w.out.Flush(); err != nil {
		return Digest{}, fmt.Errorf("records: write: %w", err)
	}
	return Digest{Hash: hex.EncodeToString(w.hash.Sum(nil)), Size: w.size}, nil
}

// A Reader reads a file of records.
type Reader struct {
	in     *bufio.Reader
	hash   hash.Hash
	size   int64
	module string // of the part that comes next, "" after the last one
	part   []byte
}

// NewReader returns a reader of r, which the caller closes. Errors: [ErrCorrupt].
func NewReader(r io.Reader) (*Reader, error) {
	in := &Reader{hash: newHash()}
	in.in = bufio.NewReaderSize(io.TeeReader(r, in.hash), 1<<16)
	head := make([]byte, len(magic))
	if err := in.read(head); err != nil {
		return nil, err
	}
	if string(head) != magic {
		return nil, fmt.Errorf("%w: it does not begin as one", ErrCorrupt)
	}
	return in, in.readModule()
}

// Next returns the next part of a module's genesis, which is valid until the next call. Once the next part
// is another module's, or there are no more, it returns [io.EOF].
//
// Parts come before it is known whether the file is the right one, see [Reader.Finish]. Errors: [ErrCorrupt].
func (r *Reader) Next(module string) ([]byte, error) {
	if r.module == "" || r.module != module {
		return nil, io.EOF
	}
	var head [4]byte
	if err := r.read(head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > maxPart {
		return nil, fmt.Errorf("%w: part of %d bytes, at most %d", ErrCorrupt, n, maxPart)
	}
	if int(n) > cap(r.part) {
		r.part = make([]byte, n)
	}
	r.part = r.part[:n]
	if err := r.read(r.part); err != nil {
		return nil, err
	}
	return r.part, r.readModule()
}

// Finish checks that all parts were read and that the file is the wanted one. Errors: [ErrCorrupt].
func (r *Reader) Finish(want Digest) error {
	if r.module != "" {
		return fmt.Errorf("%w: a part of module %q, which is unknown or out of order", ErrCorrupt, r.module)
	}
	if got := (Digest{Hash: hex.EncodeToString(r.hash.Sum(nil)), Size: r.size}); got != want {
		return fmt.Errorf("%w: %d bytes with hash %s, want %d with %s", ErrCorrupt, got.Size, got.Hash, want.Size, want.Hash)
	}
	return nil
}

// readModule reads the name of the module of the next part.
func (r *Reader) readModule() error {
	r.module = ""
	n, err := r.in.ReadByte()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("records: read: %w", err)
	}
	r.size++
	name := make([]byte, n)
	if err := r.read(name); err != nil {
		return err
	}
	if r.module = string(name); n == 0 {
		return fmt.Errorf("%w: part of no module", ErrCorrupt)
	}
	return nil
}

func (r *Reader) read(p []byte) error {
	n, err := io.ReadFull(r.in, p)
	r.size += int64(n)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends after %d bytes", ErrCorrupt, r.size)
	}
	if err != nil {
		return fmt.Errorf("records: read: %w", err)
	}
	return nil
}

func newHash() hash.Hash {
	h, err := blake2b.New256(nil)
	if err != nil {
		panic("records: " + err.Error()) // a bug of ours: without a key there is nothing to refuse
	}
	return h
}
