package blob

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/walrus-go/walrus/redstuff"
)

// New encodes a blob for n shards and returns its encoding, metadata and ID. Options are redstuff's
// and may be nil.
//
// Errors: [redstuff.ErrShards], [redstuff.ErrBlobTooLarge].
func New(data []byte, n int, o *redstuff.Options) (*redstuff.Encoding, *Metadata, ID, error) {
	c, err := codeFor(n)
	if err != nil {
		return nil, nil, ID{}, err
	}
	e, err := c.Encode(data, o)
	if err != nil {
		return nil, nil, ID{}, err
	}
	m := NewMetadata(&e.Commitment)
	return e, m, m.ID(), nil
}

// A Consistency says how much of a decoded blob is checked against its metadata.
type Consistency uint8

const (
	// Default checks the systematic primary slivers: every reader that does so gets the same bytes.
	Default Consistency = iota
	// Strict encodes the blob again and wants the same ID: nothing about the blob is inconsistent.
	Strict
	// Skip checks nothing beyond the slivers that were read.
	Skip
)

// String returns the name of the check.
func (c Consistency) String() string {
	switch c {
	case Default:
		return "default"
	case Strict:
		return "strict"
	case Skip:
		return "skip"
	}
	return fmt.Sprintf("consistency(%d)", uint8(c))
}

// ErrInconsistent: a blob decoded from valid slivers that is not what its metadata commits to. It
// matches [ErrCorrupt] too.
var ErrInconsistent = fmt.Errorf("blob: inconsistent encoding: %w", ErrCorrupt)

// Decode brings back the blob from verified slivers of one axis, in the order they came: slivers of
// another axis, index or size than the metadata allows, and repeated ones, are passed over; once there
// are enough, the others are ignored. The result is checked as asked.
//
// dst is used if it has the room; see [redstuff.Code.Decode].
//
// Errors: [redstuff.ErrTooFewSlivers], [ErrInconsistent]. Source: spec: encoding.md sections 9 and 10.
func (m *Metadata) Decode(dst []byte, axis Axis, slivers []*Sliver, check Consistency) ([]byte, error) {
	c, err := m.Code()
	if err != nil {
		return nil, err
	}
	used, have := m.usable(c, axis, slivers)
	data, err := c.Decode(dst, axis, m.Size, used)
	if err != nil {
		return nil, fmt.Errorf("blob: not decoded: %w", err)
	}
	if axis != Primary {
		clear(have)
	}
	if err := m.checkData(c, data, check, have); err != nil {
		return nil, err
	}
	return data, nil
}

// Rows is [Metadata.Decode] from primary slivers within their own memory, so that there is no second copy of
// the blob. The blob is the rows end to end; [redstuff.Code.Rows] says which memory they are in. The slivers
// belong to them and must not be used again, not even after an error.
//
// All rows have been checked as asked when it returns. The strict check needs at most 64 MB for it and 32
// bytes for each symbol of the extended matrix.
//
// Errors: as for [Metadata.Decode].
func (m *Metadata) Rows(slivers []*Sliver, check Consistency) ([][]byte, error) {
	c, err := m.Code()
	if err != nil {
		return nil, err
	}
	used, have := m.usable(c, Primary, slivers)
	runs, err := c.Rows(Primary, m.Size, used)
	if err != nil {
		return nil, fmt.Errorf("blob: not decoded: %w", err)
	}
	var rows, whole [][]byte
	for run := range runs {
		for _, row := range run {
			rows, whole = append(rows, row), append(whole, row[:cap(row)])
		}
	}
	if err := m.check(c, whole, check, have, 0); err != nil {
		return nil, err
	}
	return rows, nil
}

// usable returns the slivers that the blob is decoded from, and marks their indices.
func (m *Metadata) usable(c *redstuff.Code, axis Axis, slivers []*Sliver) (used []redstuff.Sliver, have []bool) {
	used = make([]redstuff.Sliver, 0, c.Source(axis))
	have = make([]bool, m.Shards())
	for _, s := range slivers {
		if s.Axis != axis || s.VerifyShape(m) != nil || have[s.Index] || len(used) == cap(used) {
			continue
		}
		have[s.Index] = true
		used = append(used, redstuff.Sliver{Index: int(s.Index), Data: s.Data})
	}
	return used, have
}

// Check compares a whole blob with its verified metadata, as if it had been decoded from secondary
// slivers. Errors: [ErrInconsistent].
func (m *Metadata) Check(data []byte, check Consistency) error {
	c, err := m.Code()
	if err != nil {
		return err
	}
	if uint64(len(data)) != m.Size {
		return fmt.Errorf("%w: %d bytes, want %d", ErrInconsistent, len(data), m.Size)
	}
	return m.checkData(c, data, check, make([]bool, m.Shards()))
}

func (m *Metadata) checkData(c *redstuff.Code, data []byte, check Consistency, trusted []bool) error {
	rows, err := c.Systematic(data)
	if err != nil {
		return err
	}
	return m.check(c, rows, check, trusted, math.MaxInt64)
}

// check compares the whole rows of a blob with its metadata. trusted marks those that need no check of
// their own; memory is that of [redstuff.Options].
func (m *Metadata) check(c *redstuff.Code, rows [][]byte, check Consistency, trusted []bool, memory int64) error {
	switch check {
	case Skip:
		return nil
	case Strict:
		got, err := c.CommitFrom(readerAt(rows), int64(m.Size), &redstuff.Options{Memory: memory})
		if err != nil {
			return err
		}
		if again := NewMetadata(got); again.ID() != m.ID() {
			return fmt.Errorf("%w: it encodes to %v, want %v", ErrInconsistent, again.ID(), m.ID())
		}
		return nil
	case Default:
		return m.checkRows(c, rows, trusted)
	}
	return errors.New("blob: unknown consistency check")
}

// A readerAt reads rows of one size end to end.
type readerAt [][]byte

func (rows readerAt) ReadAt(b []byte, at int64) (n int, err error) {
	for size := int64(len(rows[0])); n < len(b); {
		row := (at + int64(n)) / size
		if row >= int64(len(rows)) {
			return n, io.EOF
		}
		n += copy(b[n:], rows[row][(at+int64(n))%size:])
	}
	return n, nil
}

func (m *Metadata) checkRows(c *redstuff.Code, rows [][]byte, trusted []bool) error {
	var indices []SliverIndex
	var rest [][]byte
	for i, row := range rows {
		if !trusted[i] {
			indices = append(indices, SliverIndex(i))
			rest = append(rest, row)
		}
	}
	roots, err := c.SliverRoots(Primary, rest)
	if err != nil {
		return err
	}
	for i, root := range roots {
		if want, _ := m.Hash(Primary, indices[i]); root != want {
			return fmt.Errorf("%w: primary sliver %d of the blob has root %v, want %v", ErrInconsistent, indices[i], root, want)
		}
	}
	return nil
}
