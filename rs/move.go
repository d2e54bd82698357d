package rs

// moves is the copying of symbols, row by row, between their wire form and a work area. Each row is
// three pieces: whole blocks, and the low and the high bytes of the tail.
type moves struct {
	dst, src         [3]*byte // of the first row
	dstStep, srcStep int      // distance of rows
	count            int      // rows
	whole            int      // bytes of whole blocks
	tail             int      // elements beyond, below 32: bytes of each half
}

// pieces returns where the three pieces of a row begin, given the offset of each and the last row's
// end, which all must lie in b.
func pieces(b []byte, offsets [3]int, end int) (p [3]*byte) {
	_ = b[end-1]
	for i, at := range offsets {
		p[i] = &b[min(at, end-1)]
	}
	return p
}
