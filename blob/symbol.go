package blob

import (
	"fmt"

	"github.com/walrus-go/walrus/bcs"
	"github.com/walrus-go/walrus/merkle"
	"github.com/walrus-go/walrus/redstuff"
)

// A DecodingSymbol is a symbol without proof, taken from a source sliver to help rebuild a target
// sliver of the other axis.
type DecodingSymbol struct {
	// Index is that of the source sliver.
	Index SliverIndex
	Data  []byte
}

// AppendBCS appends index and data. Source: spec: encoding.md section 6.5.
func (s DecodingSymbol) AppendBCS(b []byte) []byte {
	return bcs.AppendBytes(bcs.AppendU16(b, uint16(s.Index)), s.Data)
}

// ReadDecodingSymbol reads what [DecodingSymbol.AppendBCS] wrote. Data is part of the input.
func ReadDecodingSymbol(r *bcs.Reader) DecodingSymbol {
	return DecodingSymbol{SliverIndex(r.U16()), r.BytesMax(redstuff.MaxSymbolSize)}
}

// An EitherDecodingSymbol is a DecodingSymbol that says which axis it is for.
type EitherDecodingSymbol struct {
	// Target is the axis of the sliver to rebuild.
	Target Axis
	DecodingSymbol
}

// AppendBCS appends the target's axis and the symbol.
func (s EitherDecodingSymbol) AppendBCS(b []byte) []byte {
	return s.DecodingSymbol.AppendBCS(appendAxis(b, s.Target))
}

// ReadEitherDecodingSymbol reads what [EitherDecodingSymbol.AppendBCS] wrote.
func ReadEitherDecodingSymbol(r *bcs.Reader) EitherDecodingSymbol {
	return EitherDecodingSymbol{readAxis(r), ReadDecodingSymbol(r)}
}

// A RecoverySymbol is a symbol with the proof that it is the source sliver's. Axis and index of the
// target are known from context.
type RecoverySymbol struct {
	DecodingSymbol
	// Proof is the path of the target's index in the tree of the source sliver.
	Proof merkle.Proof
}

// AppendBCS appends symbol and proof.
func (s RecoverySymbol) AppendBCS(b []byte) []byte {
	return s.Proof.AppendBCS(s.DecodingSymbol.AppendBCS(b))
}

// ReadRecoverySymbol reads what [RecoverySymbol.AppendBCS] wrote.
func ReadRecoverySymbol(r *bcs.Reader) RecoverySymbol {
	return RecoverySymbol{ReadDecodingSymbol(r), merkle.ReadProof(r)}
}

// Verify checks the symbol, for the target sliver, against verified metadata.
//
// Errors: [ErrIndex], [ErrSymbolSize], [ErrCorrupt] for a proof that does not hold. Source: spec:
// encoding.md section 11.3.
func (s RecoverySymbol) Verify(m *Metadata, target SliverID) error {
	n := m.Shards()
	source := SliverID{target.Axis.Other(), s.Index}
	if err := checkIndex("source sliver", s.Index, n); err != nil {
		return err
	}
	if err := checkIndex("target sliver", target.Index, n); err != nil {
		return err
	}
	size, err := m.SymbolSize()
	if err != nil {
		return err
	}
	if len(s.Data) != size {
		return fmt.Errorf("%w: symbol of %v: %d bytes, want %d", ErrSymbolSize, source, len(s.Data), size)
	}
	root, err := m.Hash(source.Axis, source.Index)
	if err != nil {
		return err
	}
	if err := s.Proof.Verify(root, s.Data, int(target.Index), n); err != nil {
		return fmt.Errorf("%w: symbol %d of %v: %w", ErrCorrupt, target.Index, source, err)
	}
	return nil
}

// A GeneralSymbol is a RecoverySymbol that says what it is a symbol of; the wire calls it
// GeneralRecoverySymbol.
type GeneralSymbol struct {
	// Target is the axis of the sliver that the symbol helps rebuild, and TargetIndex its index. The
	// source sliver, whose tree the proof is in, lies on the other axis.
	Target      Axis
	TargetIndex SliverIndex
	RecoverySymbol
}

// AppendBCS appends the axis, the symbol, the target's index and the proof.
func (s GeneralSymbol) AppendBCS(b []byte) []byte {
	b = s.DecodingSymbol.AppendBCS(appendAxis(b, s.Target))
	return s.Proof.AppendBCS(bcs.AppendU16(b, uint16(s.TargetIndex)))
}

// ReadGeneralSymbol reads what [GeneralSymbol.AppendBCS] wrote.
func ReadGeneralSymbol(r *bcs.Reader) (s GeneralSymbol) {
	s.Target = readAxis(r)
	s.DecodingSymbol = ReadDecodingSymbol(r)
	s.TargetIndex = SliverIndex(r.U16())
	s.Proof = merkle.ReadProof(r)
	return s
}

// ParseGeneralSymbol reads the bytes of a GeneralRecoverySymbol. Errors: those of bcs.
func ParseGeneralSymbol(b []byte) (GeneralSymbol, error) {
	r := bcs.NewReader(b)
	s := ReadGeneralSymbol(r)
	if err := r.Done(); err != nil {
		return GeneralSymbol{}, fmt.Errorf("blob: symbol: %w", err)
	}
	return s, nil
}

// SymbolID returns the symbol's place in the extended matrix.
func (s GeneralSymbol) SymbolID() SymbolID {
	if s.Target == Primary {
		return SymbolID{s.TargetIndex, s.Index}
	}
	return SymbolID{s.Index, s.TargetIndex}
}

// Verify checks the symbol against verified metadata, and that it is of use for rebuilding target:
// because it was made for it, or because its source is the target itself.
//
// Errors: [ErrUnusable], and those of [RecoverySymbol.Verify]. Source: spec: encoding.md section 11.4.
func (s GeneralSymbol) Verify(m *Metadata, target SliverID) error {
	made := s.Target == target.Axis && s.TargetIndex == target.Index
	own := s.Target.Other() == target.Axis && s.Index == target.Index
	if !made && !own {
		return fmt.Errorf("%w: symbol %v for %v", ErrUnusable, s.SymbolID(), target)
	}
	return s.RecoverySymbol.Verify(m, SliverID{s.Target, s.TargetIndex})
}

// For returns the symbol as it is used to rebuild a sliver of the given axis.
func (s GeneralSymbol) For(axis Axis) DecodingSymbol {
	if s.Target == axis {
		return s.DecodingSymbol
	}
	return DecodingSymbol{s.TargetIndex, s.Data}
}
