package redstuff

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"testing"
)

// clones returns slivers of an encoding in memory of their own.
func clones(e *Encoding, axis Axis, indices []int) []Sliver {
	slivers := make([]Sliver, len(indices))
	for i, index := range indices {
		slivers[i] = Sliver{index, bytes.Clone(e.Sliver(axis, index))}
	}
	return slivers
}

// write is what a reader does with rows. It returns how many bytes w took.
func write(w io.Writer, rows iter.Seq[[][]byte]) (written int, err error) {
	for run := range rows {
		for _, row := range run {
			n, err := w.Write(row)
			written += n
			if err != nil {
				return written, err
			}
		}
	}
	return written, nil
}

// TestRowsEqualDecode: end to end, rows are what Decode returns, whichever slivers they come from.
func TestRowsEqualDecode(t *testing.T) {
	rng := seeded(t)
	for _, n := range []int{7, 10, 100, 1000} {
		c := code(t, n)
		m := int(c.cells())
		sizes := []int{1, 2 * m, 2*m + 1}
		if n < 1000 {
			sizes = append(sizes, 0, 62*m, 66*m-3)
		}
		if n == 100 {
			sizes = append(sizes, 3*tileBytes+1)
		}
		for _, size := range sizes {
			blob := random(rng, size)
			e, err := c.Encode(blob, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, axis := range []Axis{Primary, Secondary} {
				worst := make([]int, n)
				for i := range worst {
					worst[i] = n - 1 - i
				}
				for name, order := range map[string][]int{"systematic": slices.Sorted(slices.Values(worst)), "worst": worst, "mixed": rng.Perm(n)} {
					slivers := clones(e, axis, order[:c.Source(axis)])
					rows, err := c.Rows(axis, uint64(size), slivers)
					if err != nil {
						t.Fatal(err)
					}
					checkRows(t, fmt.Sprintf("n=%d size=%d %v %s", n, size, axis, name), e, axis, slivers, rows)
					// A second look shows the same rows.
					var got bytes.Buffer
					if _, err := write(&got, rows); err != nil || !bytes.Equal(got.Bytes(), blob) {
						t.Errorf("n=%d size=%d %v %s: another blob at second sight, %v", n, size, axis, name, err)
					}
				}
			}
		}
	}
}

// checkRows compares rows with the primary slivers of their encoding, and where they are with what Rows
// promises.
func checkRows(t *testing.T, name string, e *Encoding, axis Axis, slivers []Sliver, rows iter.Seq[[][]byte]) {
	t.Helper()
	memory := make(map[*byte]bool)
	for _, s := range slivers {
		memory[&s.Data[0]] = true
	}
	i, left := 0, int(e.Size)
	for run := range rows {
		for _, row := range run {
			whole := row[:cap(row)]
			if !bytes.Equal(whole, e.Sliver(Primary, i)) {
				t.Errorf("%s: row %d differs", name, i)
			}
			if want := min(left, len(whole)); len(row) != want {
				t.Errorf("%s: row %d has %d bytes, want %d", name, i, len(row), want)
			}
			if memory[&whole[0]] != (axis == Primary) {
				t.Errorf("%s: row %d is in the wrong memory", name, i)
			}
			left -= len(row)
			i++
		}
	}
	if i != e.code.Source(Primary) || left != 0 {
		t.Errorf("%s: %d rows, %d bytes missing", name, i, left)
	}
	for _, s := range slivers {
		if axis == Secondary && !bytes.Equal(s.Data, e.Sliver(axis, s.Index)) {
			t.Errorf("%s: sliver %d was changed", name, s.Index)
		}
	}
}

// A quota is a writer that fails when it has taken so many bytes.
type quota int

var errFull = errors.New("full")

func (q *quota) Write(b []byte) (int, error) {
	n := min(len(b), int(*q))
	*q -= quota(n)
	if n < len(b) {
		return n, errFull
	}
	return n, nil
}

// TestRowsStop: a writer that fails ends the work, and where it fails before the first missing row,
// nothing has been decoded.
func TestRowsStop(t *testing.T) {
	c := code(t, 100) // k1 = 34, k2 = 67
	const size = 3 * tileBytes
	blob := random(seeded(t), size)
	e, err := c.Encode(blob, nil)
	if err != nil {
		t.Fatal(err)
	}
	row := c.SliverSize(Primary, e.SymbolSize)
	primary := make([]int, 0, c.Source(Primary)) // row 10 is missing
	for i := 99; len(primary) < cap(primary); i = (i + 1) % 100 {
		if i != 10 {
			primary = append(primary, i)
		}
	}
	secondary := make([]int, c.Source(Secondary))
	for i := range secondary {
		secondary[i] = 99 - i
	}
	for _, x := range []struct {
		axis    Axis
		indices []int
		room    int
		decoded bool
	}{
		{Primary, primary, 10 * row, true}, // row 10 is asked for
		{Primary, primary, 10*row - 1, false},
		{Primary, primary, 0, false},
		{Primary, primary, size - 1, true},
		{Secondary, secondary, 1, false},
		{Secondary, secondary, size / 2, false},
	} {
		slivers := clones(e, x.axis, x.indices)
		rows, err := c.Rows(x.axis, size, slivers)
		if err != nil {
			t.Fatal(err)
		}
		q := quota(x.room)
		if n, err := write(&q, rows); n != x.room || !errors.Is(err, errFull) {
			t.Errorf("%v, room for %d bytes: %d written, %v", x.axis, x.room, n, err)
		}
		changed := false
		for _, s := range slivers {
			changed = changed || !bytes.Equal(s.Data, e.Sliver(x.axis, s.Index))
		}
		if changed != x.decoded {
			t.Errorf("%v, room for %d bytes: slivers changed: %t, want %t", x.axis, x.room, changed, x.decoded)
		}
	}
}
