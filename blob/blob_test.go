package blob

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/walrus-go/walrus/bcs"
	"github.com/walrus-go/walrus/merkle"
	"github.com/walrus-go/walrus/redstuff"
)

// sample encodes size random bytes over n shards.
func sample(t testing.TB, n, size int) ([]byte, *redstuff.Encoding, *Metadata, ID) {
	t.Helper()
	seed := rand.Uint64()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	rng := rand.New(rand.NewPCG(seed, 0))
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	e, m, id, err := New(data, n, nil)
	if err != nil {
		t.Fatal(err)
	}
	return data, e, m, id
}

// TestKnownIDs: spec: encoding.md section 4.6.
func TestKnownIDs(t *testing.T) {
	_, _, id, err := New([]byte("walrus blob id v1 regression test"), 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := "RcU82Mwf-CFkv1LaI_2qcpANwpGUuG3TMwnVzZxD2kY"; id.String() != want {
		t.Errorf("got %v, want %s", id, want)
	}
}

func TestParseIDRefuses(t *testing.T) {
	good := "4y-eA8WOOSeDQPTfQS46rxrqcTXX9eNcc1pprDS9K2o"
	for name, s := range map[string]string{
		"padding":              good + "=",
		"a character too many": good + "A",
		"a character too few":  good[1:],
		"the other alphabet":   strings.Replace(good, "-", "+", 1),
		"stray bits":           good[:42] + "p",
		"a line break":         good[:42] + "\n",
		"nothing":              "",
	} {
		if _, err := ParseID(s); !errors.Is(err, ErrID) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for name, s := range map[string]string{
		"a sign": "+1", "a minus": "-1", "a leading zero": "01", "nothing": "", "hex": "0x1", "an underscore": "1_0",
		"2^256": "115792089237316195423570985008687907853269984665640564039457584007913129639936",
	} {
		if _, err := ParseDecimal(s); !errors.Is(err, ErrID) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if id, err := ParseDecimal("0"); err != nil || id != (ID{}) {
		t.Errorf("zero: got %v, %v", id, err)
	}
	if id, err := ParseDecimal("256"); err != nil || id != (ID{1: 1}) {
		t.Errorf("256: got %v, %v", id, err)
	}
}

// TestRotation: spec: encoding.md section 2.5.
func TestRotation(t *testing.T) {
	for _, c := range []struct {
		value byte
		pair  PairIndex
		shard Shard
	}{{15, 0, 1}, {15, 5, 6}, {15, 6, 0}, {16, 5, 0}, {16, 6, 1}, {16, 4, 6}} {
		id := ID{31: c.value}
		if got := id.Shard(c.pair, 7); got != c.shard {
			t.Errorf("ID %d: pair %d is on shard %d, want %d", c.value, c.pair, got, c.shard)
		}
		if got := id.Pair(c.shard, 7); got != c.pair {
			t.Errorf("ID %d: shard %d has pair %d, want %d", c.value, c.shard, got, c.pair)
		}
	}
}

func TestTextForms(t *testing.T) {
	type form struct {
		Encoding EncodingType
		Axis     Axis
		ID       ID
		Symbol   SymbolID
		Sliver   []SliverID
	}
	in := form{RS2, Secondary, ID{1}, SymbolID{17, 21}, []SliverID{{Primary, 3}, {Secondary, 0}}}
	want := `{"Encoding":"RS2","Axis":"secondary","ID":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","Symbol":"17-21","Sliver":[{"Primary":3},{"Secondary":0}]}`
	got, err := json.Marshal(in)
	if err != nil || string(got) != want {
		t.Fatalf("got %s, %v", got, err)
	}
	var out form
	if err := json.Unmarshal(got, &out); err != nil {
		t.Fatal(err)
	}
	if out.ID != in.ID || out.Symbol != in.Symbol || !slices.Equal(out.Sliver, in.Sliver) || out.Axis != in.Axis || out.Encoding != in.Encoding {
		t.Errorf("got %+v, want %+v", out, in)
	}
	for _, s := range []string{"", "1", "1-", "-1", "1-2-3", "01-2", "1-65536", "+1-2", "1- 2"} {
		if _, err := ParseSymbolID(s); !errors.Is(err, ErrSymbolID) {
			t.Errorf("symbol ID %q: got %v", s, err)
		}
	}
	for _, s := range []string{"rs2", "RS2", "Reed-Solomon", "redstuff/reed-solomon"} {
		if e, err := ParseEncodingType(s); err != nil || e != RS2 {
			t.Errorf("encoding type %q: got %v, %v", s, e, err)
		}
	}
	if _, err := ParseEncodingType("raptorq"); !errors.Is(err, ErrEncoding) {
		t.Errorf("raptorq: got %v", err)
	}
	for _, s := range []string{`{}`, `{"Primary":1,"Secondary":2}`, `{"Primary":65536}`, `3`} {
		if err := new(SliverID).UnmarshalJSON([]byte(s)); err == nil {
			t.Errorf("sliver ID %s was accepted", s)
		}
	}
}

func TestMetadataRefuses(t *testing.T) {
	_, _, m, id := sample(t, 5, 100)
	raw := m.AppendBCS(nil)
	change := func(at int, b byte) []byte {
		out := bytes.Clone(raw)
		out[at] = b
		return out
	}
	empty := append(bytes.Clone(raw[:11]), 0)
	empty = append(empty, raw[11+33:]...)
	for _, c := range []struct {
		name string
		in   []byte
		want error
	}{
		{"another version", change(0, 1), bcs.ErrVariant},
		{"the retired encoding", change(1, 0), ErrEncoding},
		{"an unknown encoding", change(1, 2), bcs.ErrVariant},
		{"an empty node", empty, ErrMetadata},
		{"a hash too few", raw[:len(raw)-66], bcs.ErrTruncated},
		{"a byte too many", append(bytes.Clone(raw), 0), bcs.ErrTrailing},
		{"many hashes that are not there", append(bytes.Clone(raw[:10]), 0xff, 0xff, 3), bcs.ErrTruncated},
	} {
		if _, err := ParseMetadata(c.in); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	for _, c := range []struct {
		name   string
		change func(*Metadata)
		n      int
		want   error
	}{
		{"another number of shards", func(*Metadata) {}, 6, ErrMetadata},
		{"another size", func(m *Metadata) { m.Size++ }, 5, ErrCorrupt},
		{"an impossible size", func(m *Metadata) { m.Size = 1 << 40 }, 5, redstuff.ErrBlobTooLarge},
		{"another hash", func(m *Metadata) { m.Hashes[4].Secondary[31] ^= 1 }, 5, ErrCorrupt},
		{"another encoding", func(m *Metadata) { m.Encoding = 0 }, 5, ErrEncoding},
		{"three shards", func(m *Metadata) { m.Hashes = m.Hashes[:3] }, 3, redstuff.ErrShards},
	} {
		lie := *m
		lie.Hashes = slices.Clone(m.Hashes)
		c.change(&lie)
		if err := lie.Verify(id, c.n); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	if err := m.Verify(id, 5); err != nil {
		t.Error(err)
	}
}

func TestSliverRefuses(t *testing.T) {
	_, e, m, _ := sample(t, 7, 200)
	for _, axis := range []Axis{Primary, Secondary} {
		for _, c := range []struct {
			name   string
			change func(*Sliver)
			want   error
		}{
			{"an index beyond n", func(s *Sliver) { s.Index = 7 }, ErrIndex},
			{"another index", func(s *Sliver) { s.Index++ }, ErrCorrupt},
			{"a short sliver", func(s *Sliver) { s.Data = s.Data[2:] }, ErrSliverSize},
			{"another symbol size", func(s *Sliver) { s.SymbolSize += 2 }, ErrSymbolSize},
			{"no axis", func(s *Sliver) { s.Axis = 2 }, redstuff.ErrAxis},
		} {
			s := *NewSliver(e, axis, 5)
			c.change(&s)
			if err := s.Verify(m); !errors.Is(err, c.want) {
				t.Errorf("%v, %s: got %v, want %v", axis, c.name, err, c.want)
			}
		}
	}
	if _, err := ParseSliver(Primary, []byte{2, 1, 2, 0, 0, 1, 0}); !errors.Is(err, ErrSymbolSize) {
		t.Errorf("zero symbol size: got %v", err)
	}
	if _, err := ParseSliver(Primary, []byte{0xff, 0xff, 0xff, 0xff, 7, 1}); !errors.Is(err, bcs.ErrTruncated) {
		t.Errorf("data that is not there: got %v", err)
	}
}

// TestEveryFlippedBitIsCaught flips each bit of slivers, symbols and metadata of a small blob.
func TestEveryFlippedBitIsCaught(t *testing.T) {
	const n = 5
	_, e, m, id := sample(t, n, 20)
	flips(m.AppendBCS(nil), func(b []byte, at int) {
		if got, err := ParseMetadata(b); err == nil && got.Verify(id, n) == nil {
			t.Errorf("metadata with bit %d flipped verifies", at)
		}
	})
	for _, axis := range []Axis{Primary, Secondary} {
		s := NewSliver(e, axis, 3)
		flips(s.AppendBCS(nil), func(b []byte, at int) {
			if got, err := ParseSliver(axis, b); err == nil && got.Verify(m) == nil {
				t.Errorf("%v with bit %d flipped verifies", s.ID(), at)
			}
		})
		x, err := s.Expand(n)
		if err != nil {
			t.Fatal(err)
		}
		symbol, err := x.Recovery(4)
		if err != nil {
			t.Fatal(err)
		}
		target := SliverID{axis.Other(), 4}
		if err := symbol.Verify(m, target); err != nil {
			t.Fatal(err)
		}
		flips(symbol.AppendBCS(nil), func(b []byte, at int) {
			if got, err := ParseGeneralSymbol(b); err == nil && got.Verify(m, target) == nil {
				t.Errorf("symbol of %v with bit %d flipped verifies", s.ID(), at)
			}
		})
	}
}

// flips calls f with each bit of b flipped in turn.
func flips(b []byte, f func(b []byte, at int)) {
	for at := range 8 * len(b) {
		b[at/8] ^= 1 << (at % 8)
		f(bytes.Clone(b), at)
		b[at/8] ^= 1 << (at % 8)
	}
}

func TestSymbolRefuses(t *testing.T) {
	_, e, m, _ := sample(t, 7, 200)
	x, err := NewSliver(e, Secondary, 2).Expand(7)
	if err != nil {
		t.Fatal(err)
	}
	good, err := x.Recovery(4)
	if err != nil {
		t.Fatal(err)
	}
	target := SliverID{Primary, 4}
	for _, c := range []struct {
		name   string
		change func(*GeneralSymbol)
		want   error
	}{
		{"a source beyond n", func(s *GeneralSymbol) { s.Index = 7 }, ErrIndex},
		{"another source", func(s *GeneralSymbol) { s.Index = 3 }, ErrCorrupt},
		{"another target", func(s *GeneralSymbol) { s.TargetIndex = 3 }, ErrUnusable},
		{"the other axis", func(s *GeneralSymbol) { s.Target = Secondary }, ErrUnusable},
		{"a short symbol", func(s *GeneralSymbol) { s.Data = s.Data[2:] }, ErrSymbolSize},
		{"a short proof", func(s *GeneralSymbol) { s.Proof = s.Proof[1:] }, ErrCorrupt},
	} {
		s := good
		c.change(&s)
		if err := s.Verify(m, target); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	// The symbol also lies on the source's own line, where it sits at the target's index.
	if got := good.For(Secondary); got.Index != 4 || !bytes.Equal(got.Data, good.Data) {
		t.Errorf("for the source: got %+v", got)
	}
	if _, err := x.Recovery(7); !errors.Is(err, redstuff.ErrIndex) {
		t.Errorf("target 7: got %v", err)
	}
	if _, err := NewSliver(e, Secondary, 2).Decoding(3); !errors.Is(err, ErrIndex) {
		t.Errorf("a symbol that is not stored: got %v", err)
	}
	if s, err := NewSliver(e, Secondary, 2).Decoding(1); err != nil || s.Target != Primary || s.Index != 2 {
		t.Errorf("a stored symbol: got %+v, %v", s, err)
	}
}

// liar commits to a blob but with the root of one sliver replaced.
func liar(m *Metadata, lie SliverID) *Metadata {
	out := *m
	out.Hashes = slices.Clone(m.Hashes)
	pair := &out.Hashes[lie.Index.Pair(lie.Axis, m.Shards())]
	if lie.Axis == Primary {
		pair.Primary = merkle.Hash{1}
	} else {
		pair.Secondary = merkle.Hash{1}
	}
	return &out
}

func TestInconsistencyProof(t *testing.T) {
	const n = 7
	_, e, m, _ := sample(t, n, 200)
	for _, axis := range []Axis{Primary, Secondary} {
		target := SliverID{axis, 4}
		proof := &InconsistencyProof{Target: target}
		var symbols []DecodingSymbol
		code, err := m.Code()
		if err != nil {
			t.Fatal(err)
		}
		for i := range code.Symbols(axis) {
			x, err := NewSliver(e, axis.Other(), SliverIndex(i+1)).Expand(n)
			if err != nil {
				t.Fatal(err)
			}
			s, err := x.Recovery(target.Index)
			if err != nil {
				t.Fatal(err)
			}
			proof.Symbols = append(proof.Symbols, s.RecoverySymbol)
			symbols = append(symbols, s.For(axis))
		}
		lie := liar(m, target)
		if _, err := lie.Recover(target, symbols); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%v: recovery under a lie: got %v", axis, err)
		}
		if got, err := m.Recover(target, symbols); err != nil || !bytes.Equal(got.Data, e.Sliver(axis, 4)) {
			t.Errorf("%v: recovery: %v", axis, err)
		}
		parsed, err := ParseInconsistencyProofWithAxis(proof.AppendBCSWithAxis(nil))
		if err != nil {
			t.Fatal(err)
		}
		if err := parsed.Verify(lie); err != nil {
			t.Errorf("%v: a lie: got %v", axis, err)
		}
		if err := parsed.Verify(m); !errors.Is(err, ErrConsistent) {
			t.Errorf("%v: the truth: got %v", axis, err)
		}
		for _, c := range []struct {
			name   string
			change func(*InconsistencyProof)
			want   error
		}{
			{"a symbol too many", func(p *InconsistencyProof) { p.Symbols = append(p.Symbols, p.Symbols[0]) }, ErrSymbolCount},
			{"a symbol too few", func(p *InconsistencyProof) { p.Symbols = p.Symbols[1:] }, ErrSymbolCount},
			{"a symbol twice", func(p *InconsistencyProof) { p.Symbols[0] = p.Symbols[1] }, redstuff.ErrDuplicate},
			{"a false symbol", func(p *InconsistencyProof) { p.Symbols[0].Data = make([]byte, len(p.Symbols[0].Data)) }, ErrCorrupt},
			{"another target", func(p *InconsistencyProof) { p.Target.Index = 5 }, ErrCorrupt},
			{"a target beyond n", func(p *InconsistencyProof) { p.Target.Index = 7 }, ErrIndex},
		} {
			p := *proof
			p.Symbols = slices.Clone(proof.Symbols)
			c.change(&p)
			if err := p.Verify(lie); !errors.Is(err, c.want) {
				t.Errorf("%v, %s: got %v, want %v", axis, c.name, err, c.want)
			}
		}
	}
}

func TestDecodeAndChecks(t *testing.T) {
	const n = 7
	data, e, m, _ := sample(t, n, 200)
	for _, axis := range []Axis{Primary, Secondary} {
		var slivers []*Sliver
		for i := n - 1; i >= 0; i-- {
			good := NewSliver(e, axis, SliverIndex(i))
			short := *good
			short.Data = short.Data[2:]
			slivers = append(slivers, &short, NewSliver(e, axis.Other(), 0), good, good)
		}
		for _, check := range []Consistency{Default, Strict, Skip} {
			got, err := m.Decode(nil, axis, slivers, check)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%v, %v: got %x, %v", axis, check, got, err)
			}
			if axis == Primary {
				rows, err := m.Rows(clones(slivers), check)
				if got := bytes.Join(rows, nil); err != nil || len(rows) != 3 || !bytes.Equal(got, data) {
					t.Errorf("rows, %v: got %x, %v", check, got, err)
				}
			}
		}
		if _, err := m.Decode(nil, axis, slivers[:8], Skip); !errors.Is(err, redstuff.ErrTooFewSlivers) {
			t.Errorf("two %v slivers: got %v", axis, err)
		}
		if _, err := m.Rows(slivers[:8], Skip); !errors.Is(err, redstuff.ErrTooFewSlivers) {
			t.Errorf("rows of two %v slivers: got %v", axis, err)
		}
	}
}

// clones returns slivers in memory of their own.
func clones(slivers []*Sliver) []*Sliver {
	copies := make([]*Sliver, len(slivers))
	for i, s := range slivers {
		own := *s
		own.Data = bytes.Clone(s.Data)
		copies[i] = &own
	}
	return copies
}

// TestRowsOfAnySize checks blobs that end in a row, at the end of one and of all, and with rows to spare.
func TestRowsOfAnySize(t *testing.T) {
	const n = 10 // k1 = 4, k2 = 7
	for _, size := range []int{0, 1, 14, 15, 55, 56, 57, 4_000} {
		data, e, m, _ := sample(t, n, size)
		for _, check := range []Consistency{Default, Strict, Skip} {
			for _, indices := range [][]SliverIndex{{0, 1, 2, 3}, {9, 8, 7, 6}, {7, 2, 0, 9}} {
				var slivers []*Sliver
				for _, i := range indices {
					slivers = append(slivers, NewSliver(e, Primary, i))
				}
				rows, err := m.Rows(clones(slivers), check)
				if got := bytes.Join(rows, nil); err != nil || !bytes.Equal(got, data) {
					t.Errorf("%d bytes from %v, %v check: got %d, %v", size, indices, check, len(got), err)
				}
			}
		}
	}
}

// TestPaddingIsNotTheBlobs: what a writer left after the end of a blob is never read, and found out by whoever
// has to decode it.
func TestPaddingIsNotTheBlobs(t *testing.T) {
	data, e, m, _ := sample(t, 10, 56) // exactly the matrix
	short := *m
	short.Size = 50
	for _, c := range []struct {
		indices []SliverIndex
		check   Consistency
		want    error
	}{
		{[]SliverIndex{0, 1, 2, 3}, Default, nil},
		{[]SliverIndex{0, 1, 2, 3}, Strict, ErrInconsistent},
		{[]SliverIndex{0, 1, 2, 4}, Default, ErrInconsistent},
		{[]SliverIndex{4, 1, 2, 3}, Default, nil},
	} {
		var slivers []*Sliver
		for _, i := range c.indices {
			slivers = append(slivers, NewSliver(e, Primary, i))
		}
		got, err := short.Decode(nil, Primary, slivers, c.check)
		rows, rowsErr := short.Rows(clones(slivers), c.check)
		if !errors.Is(err, c.want) || !errors.Is(rowsErr, c.want) {
			t.Errorf("slivers %v, %v check: got %v and %v, want %v", c.indices, c.check, err, rowsErr, c.want)
		}
		if c.want == nil && (!bytes.Equal(got, data[:50]) || !bytes.Equal(bytes.Join(rows, nil), data[:50])) {
			t.Errorf("slivers %v, %v check: got %x and %x, want %x", c.indices, c.check, got, rows, data[:50])
		}
	}
}

// TestChecksCatchLies: what each check must and need not notice; spec: encoding.md section 10.
func TestChecksCatchLies(t *testing.T) {
	const n = 7 // k1 = 3, k2 = 5
	data, e, m, _ := sample(t, n, 200)
	for _, c := range []struct {
		lie  SliverID
		want map[Consistency]bool // noticed
	}{
		{SliverID{Primary, 1}, map[Consistency]bool{Default: true, Strict: true, Skip: false}},
		{SliverID{Primary, 5}, map[Consistency]bool{Default: false, Strict: true, Skip: false}},
		{SliverID{Secondary, 1}, map[Consistency]bool{Default: false, Strict: true, Skip: false}},
	} {
		lie := liar(m, c.lie)
		for check, noticed := range c.want {
			err := lie.Check(data, check)
			if errors.Is(err, ErrInconsistent) != noticed || errors.Is(err, ErrCorrupt) != noticed || !noticed && err != nil {
				t.Errorf("false root of %v, check %v: got %v", c.lie, check, err)
			}
		}
		// A reader that got primary sliver 1 by other means need not look at it again.
		var slivers []*Sliver
		for _, i := range []SliverIndex{1, 5, 6} {
			slivers = append(slivers, NewSliver(e, Primary, i))
		}
		_, err := lie.Decode(nil, Primary, slivers, Default)
		if err != nil {
			t.Errorf("false root of %v, trusted slivers: got %v", c.lie, err)
		}
		if _, err := lie.Rows(clones(slivers), Default); err != nil {
			t.Errorf("false root of %v, rows of trusted slivers: got %v", c.lie, err)
		}
		for check, noticed := range c.want {
			rows, err := lie.Rows(clones([]*Sliver{NewSliver(e, Primary, 0), slivers[1], slivers[2]}), check)
			if errors.Is(err, ErrInconsistent) != noticed || noticed && rows != nil || !noticed && err != nil {
				t.Errorf("false root of %v, check %v of rows: got %v", c.lie, check, err)
			}
		}
	}
	if err := m.Check(data[1:], Default); !errors.Is(err, ErrInconsistent) {
		t.Errorf("a short blob: got %v", err)
	}
	if err := m.Check(data, Strict); err != nil {
		t.Error(err)
	}
}

func TestPairs(t *testing.T) {
	_, e, m, _ := sample(t, 5, 50)
	for p := range PairIndex(5) {
		pair := NewSliverPair(e, p)
		for _, s := range []*Sliver{pair.Primary, pair.Secondary} {
			if got, err := s.Pair(5); err != nil || got != p {
				t.Errorf("%v is of pair %d, %v; want %d", s.ID(), got, err, p)
			}
			if err := s.Verify(m); err != nil {
				t.Error(err)
			}
			if got := len(s.AppendBCS(nil)); got != s.SizeBCS() {
				t.Errorf("%v has %d bytes, SizeBCS says %d", s.ID(), got, s.SizeBCS())
			}
			again, err := ParseSliverWithAxis(s.AppendBCSWithAxis(nil))
			if err != nil || again.ID() != s.ID() || !bytes.Equal(again.Data, s.Data) {
				t.Errorf("%v came back as %+v, %v", s.ID(), again, err)
			}
		}
		if got := pair.AppendBCS(nil); len(got) != pair.Primary.SizeBCS()+pair.Secondary.SizeBCS() {
			t.Errorf("pair %d has %d bytes", p, len(got))
		}
	}
	if _, err := (&Sliver{Index: 5}).Pair(5); !errors.Is(err, ErrIndex) {
		t.Errorf("sliver 5 of 5: got %v", err)
	}
	id := SliverID{Secondary, 3}
	if r := bcs.NewReader(id.AppendBCS(nil)); ReadSliverID(r) != id || r.Done() != nil {
		t.Errorf("%v did not come back", id)
	}
	symbol := SymbolID{17, 21}
	if b := symbol.AppendBCS(nil); !bytes.Equal(b, []byte{17, 0, 21, 0}) || ReadSymbolID(bcs.NewReader(b)) != symbol {
		t.Errorf("%v has bytes %x", symbol, b)
	}
}
