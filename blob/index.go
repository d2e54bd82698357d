package blob

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/walrus-go/walrus/bcs"
	"github.com/walrus-go/walrus/committee"
)

// A Shard is one of the n places that hold one sliver pair of every blob.
type Shard = committee.Shard

// A PairIndex numbers the sliver pairs of a blob. URLs and metadata go by it.
type PairIndex uint16

// A SliverIndex numbers the slivers of a blob on one axis: rows from the top, columns from the left.
// The code, slivers' bytes and symbol IDs go by it.
type SliverIndex uint16

// Sliver returns the index of the pair's sliver on an axis, for n shards. p must be below n.
// Source: spec: encoding.md section 2.4.
func (p PairIndex) Sliver(axis Axis, n int) SliverIndex {
	if axis == Primary {
		return SliverIndex(p)
	}
	return SliverIndex(n - 1 - int(p))
}

// Pair returns the pair that sliver i of an axis belongs to, for n shards. i must be below n.
func (i SliverIndex) Pair(axis Axis, n int) PairIndex {
	return PairIndex(PairIndex(i).Sliver(axis, n))
}

// checkIndex refuses indices that are not below n.
func checkIndex(what string, i SliverIndex, n int) error {
	if int(i) >= n {
		return fmt.Errorf("%w: %s %d of %d", ErrIndex, what, i, n)
	}
	return nil
}

// A SliverID names one sliver of a blob.
type SliverID struct {
	Axis  Axis
	Index SliverIndex
}

// String returns, for example, "primary sliver 3".
func (id SliverID) String() string { return fmt.Sprintf("%v sliver %d", id.Axis, id.Index) }

// AppendBCS appends the variant of the axis and the index.
func (id SliverID) AppendBCS(b []byte) []byte {
	return bcs.AppendU16(appendAxis(b, id.Axis), uint16(id.Index))
}

// ReadSliverID reads what [SliverID.AppendBCS] wrote.
func ReadSliverID(r *bcs.Reader) SliverID {
	return SliverID{Axis: readAxis(r), Index: SliverIndex(r.U16())}
}

// byAxis is how JSON tells an axis: an object with one of two members.
type byAxis struct {
	Primary   *SliverIndex `json:"Primary,omitempty"`
	Secondary *SliverIndex `json:"Secondary,omitempty"`
}

// MarshalJSON returns {"Primary":3} or {"Secondary":3}.
func (id SliverID) MarshalJSON() ([]byte, error) {
	if id.Axis == Primary {
		return json.Marshal(byAxis{Primary: &id.Index})
	}
	return json.Marshal(byAxis{Secondary: &id.Index})
}

// UnmarshalJSON reads what [SliverID.MarshalJSON] returns.
func (id *SliverID) UnmarshalJSON(b []byte) error {
	var v byAxis
	if err := json.Unmarshal(b, &v); err != nil {
		return fmt.Errorf("blob: sliver ID: %w", err)
	}
	switch {
	case v.Primary != nil && v.Secondary == nil:
		*id = SliverID{Primary, *v.Primary}
	case v.Secondary != nil && v.Primary == nil:
		*id = SliverID{Secondary, *v.Secondary}
	default:
		return errors.New("blob: sliver ID: neither Primary nor Secondary")
	}
	return nil
}

// appendAxis appends the variant of an axis.
func appendAxis(b []byte, axis Axis) []byte { return bcs.AppendVariant(b, int(axis)) }

// readAxis reads what appendAxis wrote.
func readAxis(r *bcs.Reader) Axis { return Axis(r.Variant(2)) }

// A SymbolID names a symbol of the extended matrix by the slivers that cross there.
type SymbolID struct {
	Primary, Secondary SliverIndex
}

// ErrSymbolID: text that is not the one form of a symbol ID.
var ErrSymbolID = errors.New("blob: not a symbol ID")

// String returns, for example, "17-21": the primary index first.
func (id SymbolID) String() string { return fmt.Sprintf("%d-%d", id.Primary, id.Secondary) }

// ParseSymbolID reads what [SymbolID.String] returns. Errors: [ErrSymbolID].
func ParseSymbolID(s string) (SymbolID, error) {
	first, second, _ := strings.Cut(s, "-")
	i, err1 := strconv.ParseUint(first, 10, 16)
	j, err2 := strconv.ParseUint(second, 10, 16)
	id := SymbolID{SliverIndex(i), SliverIndex(j)}
	if err1 != nil || err2 != nil || id.String() != s {
		return SymbolID{}, fmt.Errorf("%w: %.40q is not of the form 17-21", ErrSymbolID, s)
	}
	return id, nil
}

// MarshalText returns [SymbolID.String].
func (id SymbolID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads a symbol ID like [ParseSymbolID].
func (id *SymbolID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseSymbolID(string(text))
	return err
}

// AppendBCS appends the two indices.
func (id SymbolID) AppendBCS(b []byte) []byte {
	return bcs.AppendU16(bcs.AppendU16(b, uint16(id.Primary)), uint16(id.Secondary))
}

// ReadSymbolID reads what [SymbolID.AppendBCS] wrote.
func ReadSymbolID(r *bcs.Reader) SymbolID {
	return SymbolID{SliverIndex(r.U16()), SliverIndex(r.U16())}
}
