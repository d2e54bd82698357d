//go:build !purego

package blake2x

import "unsafe"

// vectors is what a Stream of a kernel with lanes needs.
type vectors struct {
	state  []byte // of each group of lanes, as for resumeAVX512
	places []int  // of each group of lanes: addresses of pieces, then of their digests or copies
}

// begin makes room for the state of all lanes. It reports whether the kernel has lanes.
func (s *Stream) begin() bool {
	lanes := s.kernel.lanes()
	if lanes == 0 {
		return false
	}
	groups := (s.count + lanes - 1) / lanes
	const words, align = 9, 64
	size := groups * words * 8 * lanes
	if cap(s.state) < size+align {
		s.state = make([]byte, size+align)
	}
	s.state = s.state[:size+align]
	s.state = s.state[-address(s.state)&(align-1):]
	if cap(s.places) < 2*groups*lanes {
		s.places = make([]int, 2*groups*lanes)
	}
	s.places = s.places[:2*groups*lanes]
	return true
}

// resume hashes the next n bytes of all messages, and copies them if any are to be copied. It reports whether the
// kernel has lanes.
func (s *Stream) resume(n int, keep, copying bool) bool {
	lanes := s.kernel.lanes()
	if lanes == 0 || s.count == 0 {
		return lanes > 0
	}
	if copying && len(s.waste) < n {
		s.waste = make([]byte, n)
	}
	// Lanes work from addresses, as parts lie in several slices. s.parts holds on to those, so that they are
	// on the heap, where nothing moves.
	s.each(func(i int, p *Part, r, c int) {
		at := s.places[i/lanes*2*lanes+i%lanes:]
		at[0] = address(p.piece(r, c, n))
		switch {
		case !keep:
			at[lanes] = address(p.digest(r, c))
		case p.Copy != nil:
			at[lanes] = address(p.copyTo(r, c, n))
		case copying:
			at[lanes] = address(s.waste)
		}
	})
	groups := (s.count + lanes - 1) / lanes
	for i := s.count; i < groups*lanes; i++ { // lanes beyond the last message repeat it
		at := s.places[i/lanes*2*lanes+i%lanes-1:]
		at[1], at[lanes+1] = at[0], at[lanes]
	}
	run := resumeAVX512
	if s.kernel == avx2 {
		run = resumeAVX2
	}
	run(&s.places[0], groups, 2*lanes*int(unsafe.Sizeof(s.places[0])), &s.state[0], uint64(n), uint64(s.total), flag(keep), flag(copying), uint64(s.prefix))
	return true
}

func address(b []byte) int { return int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }

func flag(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
