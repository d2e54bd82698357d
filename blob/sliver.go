package blob

import (
	"fmt"

	"github.com/walrus-go/walrus/bcs"
	"github.com/walrus-go/walrus/redstuff"
)

// A Sliver is a stored row or column of a blob.
type Sliver struct {
	Axis Axis
	// Index is the sliver's own, not that of its pair.
	Index SliverIndex
	// SymbolSize is the length of each symbol in Data.
	SymbolSize uint16
	// Data is the symbols end to end. It is often shared: do not change it.
	Data []byte
}

// NewSliver returns a sliver of an encoded blob. i must be below the number of shards.
func NewSliver(e *redstuff.Encoding, axis Axis, i SliverIndex) *Sliver {
	return &Sliver{axis, i, uint16(e.SymbolSize), e.Sliver(axis, int(i))}
}

// ID returns the sliver's axis and index.
func (s *Sliver) ID() SliverID { return SliverID{s.Axis, s.Index} }

// Pair returns the pair that the sliver belongs to, for n shards. Errors: [ErrIndex].
func (s *Sliver) Pair(n int) (PairIndex, error) {
	return s.Index.Pair(s.Axis, n), checkIndex(s.Axis.String()+" sliver", s.Index, n)
}

// VerifyShape checks index and sizes against metadata, which is cheap. Errors: as for [Sliver.Verify],
// except [ErrCorrupt].
func (s *Sliver) VerifyShape(m *Metadata) error {
	if s.Axis > Secondary {
		return fmt.Errorf("%w: %d", redstuff.ErrAxis, s.Axis)
	}
	if err := checkIndex(s.Axis.String()+" sliver", s.Index, m.Shards()); err != nil {
		return err
	}
	c, err := m.Code()
	if err != nil {
		return err
	}
	size, err := c.SymbolSize(m.Size)
	if err != nil {
		return err
	}
	if want := c.SliverSize(s.Axis, size); len(s.Data) != want {
		return fmt.Errorf("%w: %v: %d bytes, want %d", ErrSliverSize, s.ID(), len(s.Data), want)
	}
	if int(s.SymbolSize) != size {
		return fmt.Errorf("%w: %v: %d bytes, want %d", ErrSymbolSize, s.ID(), s.SymbolSize, size)
	}
	return nil
}

// Verify checks the sliver against verified metadata. A node must also check that the sliver is of
// the pair it asked or was asked for; see [Sliver.Pair].
//
// Errors: [ErrIndex], [ErrSliverSize], [ErrSymbolSize]; [ErrCorrupt] if, all that being right, the
// root is another. Source: spec: encoding.md section 7.2.
func (s *Sliver) Verify(m *Metadata) error {
	if err := s.VerifyShape(m); err != nil {
		return err
	}
	c, err := m.Code()
	if err != nil {
		return err
	}
	root, err := c.SliverRoot(s.Axis, s.Data)
	if err != nil {
		return err
	}
	if want, _ := m.Hash(s.Axis, s.Index); root != want {
		return fmt.Errorf("%w: %v has root %v, want %v", ErrCorrupt, s.ID(), root, want)
	}
	return nil
}

// AppendBCS appends the sliver without its axis, as SliverData. Source: spec: encoding.md section 6.4.
func (s *Sliver) AppendBCS(b []byte) []byte {
	b = bcs.AppendBytes(b, s.Data)
	b = bcs.AppendU16(b, s.SymbolSize)
	return bcs.AppendU16(b, uint16(s.Index))
}

// SizeBCS returns how many bytes [Sliver.AppendBCS] appends.
func (s *Sliver) SizeBCS() int { return bcs.LenSize(len(s.Data)) + len(s.Data) + 4 }

// ReadSliver reads what [Sliver.AppendBCS] wrote. Data is part of the input.
func ReadSliver(r *bcs.Reader, axis Axis) *Sliver {
	s := &Sliver{Axis: axis, Data: r.Bytes(), SymbolSize: r.U16(), Index: SliverIndex(r.U16())}
	if r.Err() == nil && s.SymbolSize == 0 {
		r.Fail(fmt.Errorf("%w: zero", ErrSymbolSize))
	}
	return s
}

// ParseSliver reads the bytes of a SliverData. Errors: those of bcs, [ErrSymbolSize].
func ParseSliver(axis Axis, b []byte) (*Sliver, error) {
	r := bcs.NewReader(b)
	s := ReadSliver(r, axis)
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("blob: sliver: %w", err)
	}
	return s, nil
}

// AppendBCSWithAxis appends the axis and the sliver, as Sliver.
func (s *Sliver) AppendBCSWithAxis(b []byte) []byte { return s.AppendBCS(appendAxis(b, s.Axis)) }

// ReadSliverWithAxis reads what [Sliver.AppendBCSWithAxis] wrote.
func ReadSliverWithAxis(r *bcs.Reader) *Sliver { return ReadSliver(r, readAxis(r)) }

// ParseSliverWithAxis reads the bytes of a Sliver. Errors: as for [ParseSliver].
func ParseSliverWithAxis(b []byte) (*Sliver, error) {
	r := bcs.NewReader(b)
	s := ReadSliverWithAxis(r)
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("blob: sliver: %w", err)
	}
	return s, nil
}

// A SliverPair is the two slivers of one pair.
type SliverPair struct {
	Primary, Secondary *Sliver
}

// NewSliverPair returns pair p of an encoded blob. p must be below the number of shards.
func NewSliverPair(e *redstuff.Encoding, p PairIndex) SliverPair {
	return SliverPair{
		Primary:   NewSliver(e, Primary, p.Sliver(Primary, e.Shards)),
		Secondary: NewSliver(e, Secondary, p.Sliver(Secondary, e.Shards)),
	}
}

// AppendBCS appends both slivers, as SliverPair.
func (p SliverPair) AppendBCS(b []byte) []byte { return p.Secondary.AppendBCS(p.Primary.AppendBCS(b)) }
