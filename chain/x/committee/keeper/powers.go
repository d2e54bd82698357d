package keeper

// A seat is a consensus key that has power or may get some.
type seat struct {
	weight int64 // shards in the current committee; 0 if it is to leave
	stood  int64 // shards it last stood for
	power  int64 // as the engine was told last
	proven bool  // is known to sign
}

// transition multiplies shards while validators change hands, so that even a committee of one shard can be
// outweighed in fine steps. Consensus.
const transition = 10_000

// nextPowers returns the powers of seats, in their order, such that those known to sign hold more than two
// thirds of all power at any time: the chain goes on even if none of the others ever shows up.
//
// In a settled committee a seat's power is its number of shards. When that many newcomers arrive that the
// rule would break, they begin with less than a third together, and those that leave stay on, until the
// newcomers have signed, which takes a few blocks. If nobody is known to sign, or nobody would be left,
// nothing changes. Source: docs/adr/0010-validators-follow.md.
func nextPowers(seats []seat) []int64 {
	out := make([]int64, len(seats))
	var known, unknown, newcomers, base int64
	for i, s := range seats {
		out[i] = s.power
		switch {
		case s.proven && s.weight > 0:
			known += s.weight
			base += s.weight
		case s.proven && s.power > 0:
			base += s.stood
		case s.weight > 0:
			unknown += s.weight
			newcomers++
		}
	}
	if known > 2*unknown {
		for i, s := range seats {
			out[i] = s.weight
		}
		return out
	}
	if base == 0 {
		return out
	}
	if unknown == 0 { // nobody in the committee validates: those before go on
		for i, s := range seats {
			if !s.proven {
				out[i] = 0
			}
		}
		return out
	}
	spare := (base*transition-1)/2 - newcomers
	for i, s := range seats {
		switch {
		case s.proven && s.weight > 0:
			out[i] = s.weight * transition
		case s.proven && s.power > 0:
			out[i] = s.stood * transition
		case s.weight > 0:
			out[i] = 1 + spare/unknown*s.weight
		default:
			out[i] = 0
		}
	}
	return out
}
