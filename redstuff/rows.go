package redstuff

import "iter"

// Rows is [Code.Decode] without room for a second copy of the blob: it hands out the rows of the matrix,
// from the first to the last, in runs of as many as are ready together. End to end they are the blob.
// All have Source(Secondary) symbols, except that they are cut where the blob ends. Since it is an iterator,
// rows can be checked before they go further, and stopping it stops the work:
//
//	for run := range rows {
//		for _, row := range run {
//			if _, err := w.Write(row); err != nil {
//				return err
//			}
//		}
//	}
//
// Nothing is verified. A row is a primary sliver, which [Code.SliverRoots] can compare with a commitment:
// up to its capacity, that of a whole row, a decoded row goes on with zeros and a received one with what it
// came with.
//
// From primary slivers, those that are rows are handed out as they are, and what comes before the first
// missing row leaves before anything is decoded. Missing rows are decoded into the slivers that are not
// rows, of which there are as many. So the slivers must be memory of the caller's own; they become the
// rows, which stay good.
//
// From secondary slivers, which are left alone, about 4 MB of rows, at least one, are decoded at a time.
// They are overwritten when the next run is asked for.
//
// Beyond that it needs about 2 MB for each of up to GOMAXPROCS goroutines, none of which runs while a
// run is being looked at.
//
// Errors: those of [Code.Decode], all of them before the first row. Source: spec: encoding.md section 9.
func (c *Code) Rows(axis Axis, size uint64, slivers []Sliver) (iter.Seq[[][]byte], error) {
	in, err := c.known(axis, size, slivers)
	if err != nil {
		return nil, err
	}
	if axis == Primary {
		return in.inPlace(size), nil
	}
	return in.tiles(size), nil
}

// inPlace returns the rows of a blob of which the lines are columns.
func (in *lines) inPlace(size uint64) iter.Seq[[][]byte] {
	k, missing := len(in.data), in.Missing()
	rows, free := make([][]byte, k), missing
	in.out, in.step = make([][]byte, k), in.s
	for i, p := range in.positions {
		if p >= k { // no row: a missing one takes its memory
			p, free = free[0], free[1:]
			in.out[p] = in.data[i]
		}
		rows[p] = in.data[i]
	}
	cut(rows, in.count*in.s, size)
	ready := k // so many rows can be handed out
	if len(missing) > 0 {
		ready = missing[0]
	}
	return func(yield func([][]byte) bool) {
		if ready > 0 && !yield(rows[:ready]) || ready == k {
			return
		}
		in.decode()
		for _, m := range missing {
			clear(in.out[m][len(rows[m]):])
		}
		first := ready
		ready = k
		yield(rows[first:])
	}
}

// tileBytes is about how much is decoded at a time where rows have no place yet.
const tileBytes = 4 << 20

// tiles returns the rows of a blob of which the lines are these rows.
func (in *lines) tiles(size uint64) iter.Seq[[][]byte] {
	return func(yield func([][]byte) bool) {
		row := len(in.data) * in.s
		height := min(in.count, max(1, tileBytes/row))
		tile := make([]byte, height*row)
		left := size
		for top := 0; top < in.count; top += height {
			part := in.between(top, min(top+height, in.count))
			part.out, part.step = split(tile, in.s, len(in.data)), row
			part.decode()
			clear(tile[min(left, uint64(len(tile))):])
			rows := split(tile, row, part.count)
			left = cut(rows, row, left)
			if !yield(rows) {
				return
			}
		}
	}
}

// between returns the lines [first, end).
func (in *lines) between(first, end int) *lines {
	part := *in
	part.count, part.data = end-first, make([][]byte, len(in.data))
	for i, data := range in.data {
		part.data[i] = data[first*in.s : end*in.s]
	}
	return &part
}

// cut shortens rows of size bytes to what the blob has of them, of which left bytes are left, and returns
// how many are left after them.
func cut(rows [][]byte, size int, left uint64) uint64 {
	for i, row := range rows {
		have := min(uint64(size), left)
		rows[i] = row[:have:size]
		left -= have
	}
	return left
}
