//go:build !purego

package rs

import "golang.org/x/sys/cpu"

//go:generate go run -C _asm . -out ../moves_amd64.s -stubs ../moves_amd64.go -pkg rs

// moveRows carries out m if it has the instructions to, and reports whether it did.
func moveRows(m *moves) bool {
	switch {
	case m.kernel == "generic":
		return false
	case m.kernel == "avx512" && hasMasks:
		moveAVX512(m.dst[0], m.dst[1], m.dst[2], m.src[0], m.src[1], m.src[2], m.dstStep, m.srcStep, m.count, m.whole, m.tail)
	default:
		moveAVX2(m.dst[0], m.dst[1], m.dst[2], m.src[0], m.src[1], m.src[2], m.dstStep, m.srcStep, m.count, m.whole, m.tail)
	}
	return true
}

var hasMasks = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL
