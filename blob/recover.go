package blob

import (
	"fmt"

	"github.com/walrus-go/walrus/redstuff"
)

// An Expanded is a sliver made ready to give symbols away. It is safe for concurrent use.
type Expanded struct {
	source SliverID
	*redstuff.Expanded
}

// Expand prepares the sliver of a blob encoded for n shards; do it once for many symbols. It keeps
// the sliver's data.
//
// Errors: [redstuff.ErrShards], [redstuff.ErrSliverSize], [redstuff.ErrSymbolSize], [ErrIndex].
func (s *Sliver) Expand(n int) (*Expanded, error) {
	c, err := codeFor(n)
	if err != nil {
		return nil, err
	}
	if err := checkIndex(s.Axis.String()+" sliver", s.Index, n); err != nil {
		return nil, err
	}
	x, err := c.Expand(s.Axis, s.Data)
	if err != nil {
		return nil, err
	}
	return &Expanded{s.ID(), x}, nil
}

// Recovery returns the symbol that helps rebuild sliver target of the other axis, with its proof.
//
// Errors: [redstuff.ErrIndex]. Source: spec: encoding.md section 11.2.
func (x *Expanded) Recovery(target SliverIndex) (GeneralSymbol, error) {
	data, err := x.Symbol(int(target))
	if err != nil {
		return GeneralSymbol{}, err
	}
	proof, err := x.Prove(int(target))
	if err != nil {
		return GeneralSymbol{}, err
	}
	symbol := RecoverySymbol{DecodingSymbol{x.source.Index, data}, proof}
	return GeneralSymbol{x.source.Axis.Other(), target, symbol}, nil
}

// Decoding returns the symbol that helps rebuild sliver target of the other axis, without proof. Only
// symbols that the sliver itself contains are available. It need not be expanded.
//
// Errors: [ErrIndex]. Source: spec: encoding.md section 11.5.
func (s *Sliver) Decoding(target SliverIndex) (EitherDecodingSymbol, error) {
	size := int(s.SymbolSize)
	if size == 0 || int(target) >= len(s.Data)/size {
		return EitherDecodingSymbol{}, fmt.Errorf("%w: symbol %d is not stored in %v", ErrIndex, target, s.ID())
	}
	at := int(target) * size
	return EitherDecodingSymbol{s.Axis.Other(), DecodingSymbol{s.Index, s.Data[at : at+size : at+size]}}, nil
}

// Recover rebuilds a sliver of the blob from decoding symbols and verifies it. The first as many as
// the sliver has symbols are used.
//
// Errors: [ErrCorrupt] if the sliver does not match verified metadata: given symbols with valid
// proofs the writer lied, see [InconsistencyProof]; given others one of them may be wrong. Others as
// for [redstuff.Code.Recover] and [Sliver.Verify]. Source: spec: encoding.md sections 11.5 and 11.6.
func (m *Metadata) Recover(target SliverID, symbols []DecodingSymbol) (*Sliver, error) {
	c, err := m.Code()
	if err != nil {
		return nil, err
	}
	size, err := c.SymbolSize(m.Size)
	if err != nil {
		return nil, err
	}
	in := make([]redstuff.Symbol, 0, len(symbols))
	for _, s := range symbols {
		if len(s.Data) != size {
			return nil, fmt.Errorf("%w: symbol of %d bytes for %v, want %d", ErrSymbolSize, len(s.Data), target, size)
		}
		in = append(in, redstuff.Symbol{Index: int(s.Index), Data: s.Data})
	}
	data, err := c.Recover(target.Axis, in)
	if err != nil {
		return nil, fmt.Errorf("blob: %v not recovered: %w", target, err)
	}
	sliver := &Sliver{target.Axis, target.Index, uint16(size), data}
	if err := sliver.Verify(m); err != nil {
		return nil, err
	}
	return sliver, nil
}
