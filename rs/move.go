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

// pieces returns where the three pieces of the first row begin, given their offsets and where the last
// row ends: all must lie in b. low and high do not matter to rows without tail.
func pieces(b []byte, whole, low, high, end int) [3]*byte {
	b = b[:end]
	if low >= end || high >= end {
		low, high = whole, whole
	}
	return [3]*byte{&b[whole], &b[low], &b[high]}
}
