//go:build !purego && (amd64 || arm64)

package gf

// A lookups holds the lookups of every nibble in each of its four places. As multiplication is linear in
// either factor, the XOR of four of them is the lookup of any factor.
type lookups [4][16]lookup

var lookupWithin, lookupEnter, lookupLeave = buildLookups(within), buildLookups(enter), buildLookups(leave)

// A lookup is multiplication by a constant as tables for the four nibbles of an element, lowest
// first: the low bytes of the 16 products, then their high bytes.
type lookup = [16]uint64

// set makes l the tables of c.
func (t *lookups) set(l *lookup, c uint16) {
	p0, p1, p2, p3 := &t[0][c&15], &t[1][c>>4&15], &t[2][c>>8&15], &t[3][c>>12]
	for i := range l {
		l[i] = p0[i] ^ p1[i] ^ p2[i] ^ p3[i]
	}
}

// buildLookups fills the tables; each pair of words is 16 bytes in memory order.
func buildLookups(mul product) *lookups {
	var table lookups
	for place := range table {
		for nibble := range table[place] {
			c := uint16(nibble) << (4 * place)
			for i := range 4 * 16 {
				product := mul(c, uint16(i%16)<<(i/16*4))
				word, shift := i/16*4+i%16/8, i%8*8
				table[place][nibble][word] |= uint64(product&0xff) << shift
				table[place][nibble][word+2] |= uint64(product>>8) << shift
			}
		}
	}
	return &table
}
