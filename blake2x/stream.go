package blake2x

import "fmt"

// BlockSize is what the hash takes at a time, in bytes.
const BlockSize = 128

// A Part is messages, or pieces of them, that a grid places in Src, and their digests, which it places in Dst and only
// [Stream.Sum] writes.
type Part struct {
	Dst, Src []byte
	Grid     Grid

	// Copy, if not nil, is where [Stream.Write] copies pieces to, which takes less time beside hashing them than by
	// itself: that of row r, column c to r*CopyRow + c*CopyCol. It must not overlap with anything. Sum ignores it.
	Copy             []byte
	CopyRow, CopyCol int
}

// A Stream hashes prefixed messages of one length piece by piece: the first bytes of all of them, then the next. So
// messages need never be in memory as a whole.
//
// [Stream.Reset] begins messages, any number of calls of [Stream.Write] go on with them and [Stream.Sum] ends them. A Stream
// keeps memory of its own from one use to the next, about 90 bytes for each message, or 500 where the kernel has no
// lanes, but no slices of others. It is not safe for concurrent use.
type Stream struct {
	kernel *kernel
	count  int // messages
	total  int // bytes of each that have been hashed, with the prefix
	prefix byte

	parts   []Part    // of the call under way
	waste   []byte    // where pieces go that others are copied beside
	hashers []*hasher // of the generic kernel
	vectors
}

// Reset begins count messages that each have the byte prefix put before them.
func (s *Stream) Reset(count int, prefix byte) { s.reset(active.Load(), count, prefix) }

func (s *Stream) reset(k *kernel, count int, prefix byte) {
	s.kernel, s.count, s.total, s.prefix = k, count, 0, prefix
	if !s.begin() {
		for len(s.hashers) < count {
			s.hashers = append(s.hashers, hashers.Get().(*hasher))
		}
		for _, h := range s.hashers[:count] {
			h.start(prefix)
		}
	}
}

// Write hashes the next n bytes of all messages, a multiple of [BlockSize], which are where parts say. The parts of all
// calls together place the same messages in the same order, row by row.
//
// It panics if there are more or fewer messages than the Stream has, or if one would fall outside its slice.
func (s *Stream) Write(n int, parts ...Part) {
	if n%BlockSize != 0 {
		panic(fmt.Sprintf("blake2x: a piece of %d bytes is not whole blocks", n))
	}
	s.run(n, true, parts)
}

// MinLast is the least length of a last piece, in bytes.
const MinLast = 32

// Sum hashes the last n bytes of all messages, at least [MinLast], and writes the digests.
//
// It panics as Write does.
func (s *Stream) Sum(n int, parts ...Part) {
	if n < MinLast {
		panic(fmt.Sprintf("blake2x: a last piece of %d bytes, which is too short", n))
	}
	s.run(n, false, parts)
}

func (s *Stream) run(n int, keep bool, parts []Part) {
	count, copying := 0, false
	for _, p := range parts {
		if keep {
			p.Grid.checkSource(p.Src, n)
			if p.Copy != nil {
				p.copies().checkSource(p.Copy, n)
				copying = true
			}
		} else {
			p.Grid.check(p.Dst, p.Src, n)
		}
		count += p.Grid.Rows * p.Grid.Cols
	}
	if count != s.count {
		panic(fmt.Sprintf("blake2x: %d pieces for %d messages", count, s.count))
	}
	if n == 0 {
		return
	}
	s.parts = append(s.parts[:0], parts...)
	if !s.resume(n, keep, copying) {
		s.resumeGeneric(n, keep)
	}
	s.total += n
	clear(s.parts)
}

// copies returns the grid that places copies as if they were messages.
func (p *Part) copies() Grid {
	return Grid{Rows: p.Grid.Rows, Cols: p.Grid.Cols, SrcRow: p.CopyRow, SrcCol: p.CopyCol}
}

// each calls do for all messages in their order with their part, row and column.
func (s *Stream) each(do func(i int, p *Part, r, c int)) {
	i := 0
	for at := range s.parts {
		p := &s.parts[at]
		for r := range p.Grid.Rows {
			for c := range p.Grid.Cols {
				do(i, p, r, c)
				i++
			}
		}
	}
}

// piece returns n bytes of a message.
func (p *Part) piece(r, c, n int) []byte { return p.Src[r*p.Grid.SrcRow+c*p.Grid.SrcCol:][:n] }

// digest returns the place of a digest.
func (p *Part) digest(r, c int) []byte { return p.Dst[r*p.Grid.DstRow+c*p.Grid.DstCol:][:Size] }

// copyTo returns the place of a copy.
func (p *Part) copyTo(r, c, n int) []byte { return p.Copy[r*p.CopyRow+c*p.CopyCol:][:n] }

func (s *Stream) resumeGeneric(n int, keep bool) {
	s.each(func(i int, p *Part, r, c int) {
		h, piece := s.hashers[i], p.piece(r, c, n)
		h.Write(piece)
		switch {
		case !keep:
			copy(p.digest(r, c), h.Sum(h.sum[:0]))
		case p.Copy != nil:
			copy(p.copyTo(r, c, n), piece)
		}
	})
}
