package blob

import (
	"errors"
	"fmt"
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
	used := make([]redstuff.Sliver, 0, c.Source(axis))
	seen := make([]bool, m.Shards())
	for _, s := range slivers {
		if s.Axis != axis || s.VerifyShape(m) != nil || seen[s.Index] || len(used) == cap(used) {
			continue
		}
		seen[s.Index] = true
		used = append(used, redstuff.Sliver{Index: int(s.Index), Data: s.Data})
	}
	data, err := c.Decode(dst, axis, m.Size, used)
	if err != nil {
		return nil, fmt.Errorf("blob: not decoded: %w", err)
	}
	if axis != Primary {
		clear(seen)
	}
	if err := m.check(c, data, check, seen); err != nil {
		return nil, err
	}
	return data, nil
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
	return m.check(c, data, check, make([]bool, m.Shards()))
}

// check compares a blob with its metadata; trusted marks primary slivers that need no check.
func (m *Metadata) check(c *redstuff.Code, data []byte, check Consistency, trusted []bool) error {
	switch check {
	case Skip:
		return nil
	case Strict:
		got, err := c.Commit(data, &redstuff.Options{Memory: math.MaxInt64})
		if err != nil {
			return err
		}
		if again := NewMetadata(got); again.ID() != m.ID() {
			return fmt.Errorf("%w: it encodes to %v, want %v", ErrInconsistent, again.ID(), m.ID())
		}
		return nil
	case Default:
		return m.checkSystematic(c, data, trusted)
	}
	return errors.New("blob: unknown consistency check")
}

func (m *Metadata) checkSystematic(c *redstuff.Code, data []byte, trusted []bool) error {
	slivers, err := c.Systematic(data)
	if err != nil {
		return err
	}
	var indices []SliverIndex
	rest := slivers[:0]
	for i, s := range slivers {
		if !trusted[i] {
			indices = append(indices, SliverIndex(i))
			rest = append(rest, s)
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
