package rs

import "encoding/binary"

// moves is the copying of count symbols between their wire form and a work area, or from wire form to
// wire form. Each symbol is three pieces.
type moves struct {
	kernel           string
	dst, src         [3]*byte // the pieces of the first symbol
	dstStep, srcStep int      // distance of symbols
	count            int      // symbols, at least one
	whole            int      // bytes of whole blocks
	tail             int      // elements beyond, below 32: bytes of each half
}

// pieces are the places in memory of a symbol's whole blocks, and of the low and the high bytes of its
// tail. Places of pieces that a symbol does not have are any places.
type pieces [3]int

// in returns the addresses of pieces that lie in b.
func (p pieces) in(b []byte) [3]*byte { return [3]*byte{&b[p[0]], &b[p[1]], &b[p[2]]} }

// add moves on by n bytes.
func (p *pieces) add(n int) {
	p[0] += n
	p[1] += n
	p[2] += n
}

// run carries out moves from src to dst, where the first symbol's pieces are at from and to.
func (m *moves) run(dst, src []byte, to, from pieces) {
	m.dst, m.src = to.in(dst), from.in(src)
	if moveRows(m) {
		return
	}
	for r := range m.count {
		d, s := r*m.dstStep, r*m.srcStep
		if m.whole > 0 {
			copy(dst[d+to[0]:][:m.whole], src[s+from[0]:])
		}
		if m.tail > 0 {
			move(dst[d+to[1]:], src[s+from[1]:], m.tail)
			move(dst[d+to[2]:], src[s+from[2]:], m.tail)
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
