package blob

import (
	"errors"
	"fmt"

	"github.com/walrus-go/walrus/bcs"
)

// ErrConsistent: a proof of inconsistency whose symbols give just the sliver that the metadata
// commits to.
var ErrConsistent = errors.New("blob: sliver is not inconsistent")

// An InconsistencyProof shows that a blob's writer committed to slivers that do not form an encoding:
// the symbols, each proven to be part of its own sliver, decode to a target sliver that the metadata
// denies. Source: spec: encoding.md section 12.
type InconsistencyProof struct {
	Target  SliverID
	Symbols []RecoverySymbol
}

// Verify reports whether the proof holds against verified metadata: nil means that the blob is
// inconsistent.
//
// Errors: [ErrConsistent]; [ErrSymbolCount] unless there are exactly as many symbols as the target
// has; those of [RecoverySymbol.Verify]; redstuff.ErrDuplicate; [ErrIndex].
func (p *InconsistencyProof) Verify(m *Metadata) error {
	c, err := m.Code()
	if err != nil {
		return err
	}
	if want := c.Symbols(p.Target.Axis); len(p.Symbols) != want {
		return fmt.Errorf("%w: %d in the inconsistency proof of %v, want %d", ErrSymbolCount, len(p.Symbols), p.Target, want)
	}
	symbols := make([]DecodingSymbol, len(p.Symbols))
	for i, s := range p.Symbols {
		if err := s.Verify(m, p.Target); err != nil {
			return err
		}
		symbols[i] = s.DecodingSymbol
	}
	_, err = m.Recover(p.Target, symbols)
	switch {
	case err == nil:
		return fmt.Errorf("%w: %v", ErrConsistent, p.Target)
	case errors.Is(err, ErrCorrupt):
		return nil
	}
	return err
}

// AppendBCS appends the proof without the target's axis, which URLs tell. Source: spec: encoding.md
// section 6.6.
func (p *InconsistencyProof) AppendBCS(b []byte) []byte {
	b = bcs.AppendU16(b, uint16(p.Target.Index))
	b = bcs.AppendLen(b, len(p.Symbols))
	for _, s := range p.Symbols {
		b = s.AppendBCS(b)
	}
	return b
}

// AppendBCSWithAxis appends the target's axis and the proof.
func (p *InconsistencyProof) AppendBCSWithAxis(b []byte) []byte {
	return p.AppendBCS(appendAxis(b, p.Target.Axis))
}

// minSymbol is the length of the shortest RecoverySymbol: index, no data, no proof.
const minSymbol = 4

// ReadInconsistencyProof reads what [InconsistencyProof.AppendBCS] wrote.
func ReadInconsistencyProof(r *bcs.Reader, axis Axis) *InconsistencyProof {
	p := &InconsistencyProof{Target: SliverID{axis, SliverIndex(r.U16())}}
	p.Symbols = make([]RecoverySymbol, r.LenMax(minSymbol, maxShards))
	for i := range p.Symbols {
		p.Symbols[i] = ReadRecoverySymbol(r)
	}
	return p
}

// ParseInconsistencyProof reads the bytes of a proof without axis. Errors: those of bcs.
func ParseInconsistencyProof(axis Axis, b []byte) (*InconsistencyProof, error) {
	r := bcs.NewReader(b)
	p := ReadInconsistencyProof(r, axis)
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("blob: inconsistency proof: %w", err)
	}
	return p, nil
}

// ParseInconsistencyProofWithAxis reads the bytes of a proof with axis. Errors: those of bcs.
func ParseInconsistencyProofWithAxis(b []byte) (*InconsistencyProof, error) {
	r := bcs.NewReader(b)
	p := ReadInconsistencyProof(r, readAxis(r))
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("blob: inconsistency proof: %w", err)
	}
	return p, nil
}
