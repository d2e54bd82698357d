// Package blake2x computes BLAKE2b-256 of many messages of one length at once.
//
// The idea: BLAKE2b spends its time in a chain of additions and rotations that leaves most of a
// modern core idle. Equal-length messages need the same steps, so a kernel gives each of them one
// 64-bit lane of a vector register and runs 8 or 16 hashes in the time of one or two. A code's
// symbols and a Merkle tree's nodes are exactly such messages.
//
// Throughout, sizes and distances are bytes and digests are [Size] bytes long. Messages and digests
// sit in flat slices; a [Grid] says where. The hash is unkeyed BLAKE2b with a 32-byte digest
// and no salt or personalization, which is H of spec: encoding.md section 0; a prefix is one byte hashed
// before each message, as the leaves and inner nodes of section 4.1 want it.
//
// Start with [Sum], [SumPrefixed] and [Parents], which neither allocate nor keep a slice and may be called
// concurrently; a [Stream] is for messages that are not in memory as a whole. The fastest kernel the CPU has is chosen at
// start; see [KernelEnv] and [Kernel]. Source: RFC 7693.
package blake2x

import (
	"fmt"
	"math/bits"
)

// Size is the length of a digest.
const Size = 32

// A Grid places Rows times Cols messages and their digests in two slices.
//
// The message of row r, column c starts at r*SrcRow + c*SrcCol and its digest at
// r*DstRow + c*DstCol. Distances must not be negative. Messages may overlap one another; digests
// may not. Lanes fill across the ends of rows, so narrow grids are as fast as long ones.
type Grid struct {
	Rows, Cols     int
	SrcRow, SrcCol int
	DstRow, DstCol int
}

// List is the grid of count messages that start stride bytes apart, with their digests end to end.
func List(count, stride int) Grid {
	return Grid{Rows: 1, Cols: count, SrcCol: stride, DstCol: Size}
}

// Sum hashes the messages of n bytes that g places in src and writes their digests to dst.
//
// dst and src must not overlap. Sum panics if a message or a digest would fall outside its slice.
func Sum(dst, src []byte, n int, g Grid) {
	sum(dst, src, n, g, none)
}

// SumPrefixed is [Sum] of messages that each have the byte prefix put before them.
func SumPrefixed(dst, src []byte, prefix byte, n int, g Grid) {
	sum(dst, src, n, g, int(prefix))
}

// Parents folds one level of a Merkle tree: digest i of dst becomes the hash of the byte 0x01,
// digest 2i and digest 2i+1 of src, for as many pairs as src holds.
//
// dst must have room for half of src and may start where src starts, so that a tree folds in place;
// no other overlap is allowed. Parents panics if dst is too short or src is not made of pairs. For
// the levels of many trees at once, use [SumPrefixed] with prefix [NodePrefix], 64 and a grid.
//
// Source: spec: encoding.md section 4.1.
func Parents(dst, src []byte) {
	if len(src)%(2*Size) != 0 {
		panic(fmt.Sprintf("blake2x: %d bytes are not pairs of digests", len(src)))
	}
	SumPrefixed(dst, src, NodePrefix, 2*Size, List(len(src)/(2*Size), 2*Size))
}

// sum checks its arguments and hands them to a kernel.
func sum(dst, src []byte, n int, g Grid, prefix int) {
	g.check(dst, src, n)
	active.Load().sum(dst, src, n, g, prefix)
}

// Lanes returns how many messages the kernel in use hashes at once, 1 if it has no lanes.
func Lanes() int { return max(1, active.Load().lanes()) }

// The prefixes that keep a Merkle tree's leaves and inner nodes apart. They are part of every blob ID.
const (
	LeafPrefix = 0x00
	NodePrefix = 0x01
)

// none as a prefix means that there is none.
const none = -1

// check panics unless all of g's messages of n bytes lie in src and all digests in dst.
func (g Grid) check(dst, src []byte, n int) {
	g.checkSource(src, n)
	if end, ok := g.extent(g.DstRow, g.DstCol, Size); !ok || end > len(dst) {
		panic(fmt.Sprintf("blake2x: digests at %+v exceed the %d bytes given", g, len(dst)))
	}
}

// checkSource panics unless all of g's messages of n bytes lie in src.
func (g Grid) checkSource(src []byte, n int) {
	if n < 0 || g.Rows < 0 || g.Cols < 0 || g.SrcRow < 0 || g.SrcCol < 0 || g.DstRow < 0 || g.DstCol < 0 {
		panic(fmt.Sprintf("blake2x: negative size in %+v, messages of %d bytes", g, n))
	}
	if many, count := bits.Mul64(uint64(g.Rows), uint64(g.Cols)); many > 0 || count > 1<<(bits.UintSize-2) {
		panic(fmt.Sprintf("blake2x: too many messages in %+v", g))
	}
	if end, ok := g.extent(g.SrcRow, g.SrcCol, n); !ok || end > len(src) {
		panic(fmt.Sprintf("blake2x: messages of %d bytes at %+v exceed the %d bytes given", n, g, len(src)))
	}
}

// extent returns where the last of g's items of the given size ends, and whether that fits an int.
func (g Grid) extent(row, col, size int) (end int, ok bool) {
	if g.Rows == 0 || g.Cols == 0 {
		return 0, true
	}
	hi1, lo1 := bits.Mul64(uint64(g.Rows-1), uint64(row))
	hi2, lo2 := bits.Mul64(uint64(g.Cols-1), uint64(col))
	sum, carry1 := bits.Add64(lo1, lo2, 0)
	sum, carry2 := bits.Add64(sum, uint64(size), 0)
	const maxInt = uint64(^uint(0) >> 1)
	return int(sum), hi1|hi2|carry1|carry2 == 0 && sum <= maxInt
}
