package rs

import "encoding/binary"

// moves is the copying of columns of symbols between their wire form and a work area, or from wire form to
// wire form. Each symbol is three pieces.
type moves struct {
	*Layout                 // of which the shape of symbols counts
	dst, src         []byte // memory that symbols lie in
	dstStep, srcStep int    // distance of symbols in a column
	rows, cols       int    // symbols in a column and columns, at least one
}

// pieces are the places in memory of a symbol's whole blocks, and of the low and the high bytes of its
// tail. Places of pieces that a symbol does not have are any places.
type pieces struct{ whole, low, high int }

// A step is how far the whole blocks and the tail of a column are from those of the next one.
type step struct{ whole, tail int }

// add moves on by n steps.
func (p pieces) add(s step, n int) pieces {
	return pieces{p.whole + n*s.whole, p.low + n*s.tail, p.high + n*s.tail}
}

// run carries out moves, where the first symbol's pieces are at from and to.
func (m *moves) run(to, from pieces, toStep, fromStep step) {
	if m.runVectors(to, from, toStep, fromStep) {
		return
	}
	for c := range m.cols {
		to, from := to.add(toStep, c), from.add(fromStep, c)
		for r := range m.rows {
			d, s := r*m.dstStep, r*m.srcStep
			if m.whole > 0 {
				copy(m.dst[d+to.whole:][:m.whole], m.src[s+from.whole:])
			}
			if m.tail > 0 {
				move(m.dst[d+to.low:], m.src[s+from.low:], m.tail)
				move(m.dst[d+to.high:], m.src[s+from.high:], m.tail)
			}
		}
	}
}

// move copies n bytes, 1 to 31, faster than copy does.
func move(dst, src []byte, n int) {
	dst, src = dst[:n], src[:n]
	switch {
	case n >= 16:
		a, b := *(*[16]byte)(src), *(*[16]byte)(src[n-16:])
		*(*[16]byte)(dst), *(*[16]byte)(dst[n-16:]) = a, b
	case n >= 8:
		a, b := binary.LittleEndian.Uint64(src), binary.LittleEndian.Uint64(src[n-8:])
		binary.LittleEndian.PutUint64(dst, a)
		binary.LittleEndian.PutUint64(dst[n-8:], b)
	case n >= 4:
		a, b := binary.LittleEndian.Uint32(src), binary.LittleEndian.Uint32(src[n-4:])
		binary.LittleEndian.PutUint32(dst, a)
		binary.LittleEndian.PutUint32(dst[n-4:], b)
	default:
		a, b, c := src[0], src[n/2], src[n-1]
		dst[0], dst[n/2], dst[n-1] = a, b, c
	}
}
