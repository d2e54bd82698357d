package blob

import (
	"bytes"
	"testing"

	"github.com/walrus-go/walrus/bcs"
)

// Fuzz targets want of every decoder of outside bytes: no panic, and formatting undoes parsing. What
// parses is verified against some metadata too, which must not panic either.

func FuzzParseID(f *testing.F) {
	for _, s := range []string{"", "4y-eA8WOOSeDQPTfQS46rxrqcTXX9eNcc1pprDS9K2o", "17-21", "256", "0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := ParseID(s); err == nil && id.String() != s {
			t.Errorf("ID %q is written %v", s, id)
		}
		if id, err := ParseDecimal(s); err == nil && id.Decimal() != s {
			t.Errorf("decimal ID %q is written %v", s, id.Decimal())
		}
		if id, err := ParseSymbolID(s); err == nil && id.String() != s {
			t.Errorf("symbol ID %q is written %v", s, id)
		}
	})
}

func FuzzParseMetadata(f *testing.F) {
	_, _, m, id := sample(f, 4, 10)
	f.Add(m.AppendBCSWithID(nil, id))
	f.Add(make([]byte, 60))
	f.Fuzz(func(t *testing.T, b []byte) {
		id, m, err := ParseMetadataWithID(b)
		if err != nil {
			return
		}
		if out := m.AppendBCSWithID(nil, id); !bytes.Equal(out, b) {
			t.Errorf("%x is written %x", b, out)
		}
		if m.Verify(id, m.Shards()) == nil && m.ID() != id {
			t.Errorf("metadata of %v verifies as that of %v", m.ID(), id)
		}
	})
}

func FuzzParseSliver(f *testing.F) {
	_, e, m, _ := sample(f, 4, 10)
	f.Add(NewSliver(e, Primary, 1).AppendBCSWithAxis(nil))
	f.Add(NewSliver(e, Secondary, 3).AppendBCSWithAxis(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseSliverWithAxis(b)
		if err != nil {
			return
		}
		if out := s.AppendBCSWithAxis(nil); !bytes.Equal(out, b) {
			t.Errorf("%x is written %x", b, out)
		}
		_ = s.Verify(m)
		_, _ = s.Expand(4)
		_, _ = s.Decoding(1)
	})
}

func FuzzParseSymbol(f *testing.F) {
	_, e, m, _ := sample(f, 4, 10)
	x, err := NewSliver(e, Primary, 1).Expand(4)
	if err != nil {
		f.Fatal(err)
	}
	symbol, err := x.Recovery(2)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(symbol.AppendBCS(nil))
	f.Add(EitherDecodingSymbol{Secondary, symbol.DecodingSymbol}.AppendBCS(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := ParseGeneralSymbol(b); err == nil {
			if out := s.AppendBCS(nil); !bytes.Equal(out, b) {
				t.Errorf("%x is written %x", b, out)
			}
			_ = s.Verify(m, SliverID{s.Target, s.TargetIndex})
		}
		r := bcs.NewReader(b)
		if s := ReadEitherDecodingSymbol(r); r.Done() == nil && !bytes.Equal(s.AppendBCS(nil), b) {
			t.Errorf("%x is written %x", b, s.AppendBCS(nil))
		}
	})
}

func FuzzParseInconsistencyProof(f *testing.F) {
	_, e, m, _ := sample(f, 4, 10)
	proof := &InconsistencyProof{Target: SliverID{Secondary, 2}}
	for i := range SliverIndex(2) {
		x, err := NewSliver(e, Primary, i).Expand(4)
		if err != nil {
			f.Fatal(err)
		}
		s, err := x.Recovery(2)
		if err != nil {
			f.Fatal(err)
		}
		proof.Symbols = append(proof.Symbols, s.RecoverySymbol)
	}
	f.Add(proof.AppendBCSWithAxis(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParseInconsistencyProofWithAxis(b)
		if err != nil {
			return
		}
		if out := p.AppendBCSWithAxis(nil); !bytes.Equal(out, b) {
			t.Errorf("%x is written %x", b, out)
		}
		if p.Verify(m) == nil {
			t.Errorf("%x proves a consistent blob inconsistent", b)
		}
	})
}
