//go:build !purego

package rs

import (
	"golang.org/x/sys/cpu"

	"github.com/walrus-go/walrus/gf"
)

//go:generate go run -C _asm . -out ../moves_amd64.s -stubs ../moves_amd64.go -pkg rs

// runVectors is run if there are the instructions to, and reports whether there are.
func (m *moves) runVectors(to, from pieces, toStep, fromStep step) bool {
	kernel := gf.Active().Name
	if kernel == "generic" {
		return false
	}
	// These panic where columns would not fit.
	d, dLow, dHigh := &m.dst[to.whole], &m.dst[to.low], &m.dst[to.high]
	s, sLow, sHigh := &m.src[from.whole], &m.src[from.low], &m.src[from.high]
	dEnd, sEnd := to.add(toStep, m.cols-1), from.add(fromStep, m.cols-1)
	_, _, _ = m.dst[dEnd.whole], m.dst[dEnd.low], m.dst[dEnd.high]
	_, _, _ = m.src[sEnd.whole], m.src[sEnd.low], m.src[sEnd.high]
	dBack, sBack := m.rows*m.dstStep, m.rows*m.srcStep
	if kernel == "avx512" && hasMasks {
		moveAVX512(d, dLow, dHigh, s, sLow, sHigh, m.dstStep, m.srcStep, m.rows, m.cols, m.whole, m.tail,
			toStep.whole-dBack, fromStep.whole-sBack, toStep.tail-dBack, fromStep.tail-sBack)
	} else {
		moveAVX2(d, dLow, dHigh, s, sLow, sHigh, m.dstStep, m.srcStep, m.rows, m.cols, m.whole, m.tail,
			toStep.whole-dBack, fromStep.whole-sBack, toStep.tail-dBack, fromStep.tail-sBack)
	}
	return true
}

var hasMasks = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL
